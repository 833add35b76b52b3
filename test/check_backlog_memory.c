/*
 * The memory of the queue's bytes follows them: it is taken at once where that
 * much was needed lately, is given back, and is copied only if it is little.
 */

#include <string.h>
#include "../lib/backlog.h"
#include "harness.h"
#include "unit.h"

static void
gather(struct backlog *backlog, size_t len)
{
	static const char few[100];

	for (; len > 0; len -= sizeof(few))
		ck_assert_int_eq(backlog_add(backlog, few, sizeof(few)), 0);
}

START_TEST(settling_gives_all_back)
{
	struct backlog backlog = { 0 };
	long blocks = harness_blocks();
	int i;

	for (i = 0; i < 10; i++) {
		gather(&backlog, 300);
		unit_add_chain(backlog_buffer(&backlog), "abc", 3);
		gather(&backlog, 10000);
		if (_i == 0)
			backlog_consume(&backlog, backlog_len(&backlog), NULL);
		else
			backlog_drop(&backlog);
		backlog_settle(&backlog);
		ck_assert_int_eq(harness_blocks(), blocks);
	}
	ck_assert_int_eq(unit_chains(), 0);
}
END_TEST

START_TEST(as_much_as_lately_is_reserved_at_once)
{
	struct backlog backlog = { 0 };
	long allocations;

	gather(&backlog, 10000);
	backlog_consume(&backlog, 10000, NULL);
	backlog_settle(&backlog);
	allocations = harness_allocations();
	gather(&backlog, 10000);
	ck_assert_int_eq(harness_allocations() - allocations, 1);
	backlog_free(&backlog);
}
END_TEST

START_TEST(what_is_gathered_becomes_a_chain_without_copying)
{
	struct backlog backlog = { 0 };
	const unsigned char *bytes;
	struct evbuffer_iovec vec;

	gather(&backlog, 4000);
	bytes = hold_bytes(&backlog.tail);
	ck_assert_ptr_nonnull(backlog_buffer(&backlog));
	ck_assert_int_eq(backlog_peek(&backlog, 4000, &vec, 1), 1);
	ck_assert_ptr_eq(vec.iov_base, bytes);
	backlog_free(&backlog);
}
END_TEST

/* A place for much, that few bytes are in, does not wait with them. */
START_TEST(chain_of_gathered_bytes_takes_little_more_than_they)
{
	struct backlog backlog = { 0 };

	unit_count_bytes();
	gather(&backlog, 50000);
	backlog_consume(&backlog, 50000, NULL);
	backlog_settle(&backlog);
	gather(&backlog, 3000);
	ck_assert_ptr_nonnull(backlog_buffer(&backlog));
	backlog_settle(&backlog);
	ck_assert_uint_le(unit_bytes_now(), 2 * 3000);
	backlog_free(&backlog);
	harness_memory_init();
}
END_TEST

START_TEST(tail_is_not_gathered_without_end)
{
	struct backlog backlog = { 0 };

	gather(&backlog, 1000000);
	ck_assert_uint_le(hold_len(&backlog.tail), 65536);
	ck_assert_int_le(backlog_pieces(&backlog), 17);
	ck_assert_uint_eq(backlog_len(&backlog), 1000000);
	backlog_free(&backlog);
}
END_TEST

/* Memory of the caller's */

static unsigned char room[4096];

/* A letter more each time, so much of it, gathered in what is borrowed. */
static void
begin_borrowed(struct backlog *backlog, size_t len)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz";

	*backlog = (struct backlog){ .usual = 0 };
	backlog_borrow(backlog, room, sizeof(room));
	for (; len > 0; len -= 10)
		ck_assert_int_eq(backlog_add(backlog,
		    letters + len / 10 % 16, 10), 0);
}

/* All of it is there, with the room gone; copied is what it was. */
static void
expect_kept(struct backlog *backlog, const unsigned char *copied, size_t len)
{
	struct evbuffer_iovec vec[2];
	size_t at = 0;
	int i, n;

	memset(room, '!', sizeof(room));
	ck_assert_uint_eq(backlog_len(backlog), len);
	n = backlog_peek(backlog, len, vec, 2);
	for (i = 0; i < n; at += vec[i++].iov_len)
		ck_assert_mem_eq(vec[i].iov_base, copied + at, vec[i].iov_len);
	ck_assert_uint_eq(at, len);
	backlog_free(backlog);
}

START_TEST(few_bytes_that_leave_take_no_memory)
{
	long allocations = harness_allocations();
	struct backlog backlog;

	begin_borrowed(&backlog, 3000);
	backlog_consume(&backlog, 3000, NULL);
	if (_i == 0)
		backlog_settle(&backlog);
	ck_assert_int_eq(backlog_keep(&backlog), 0);
	ck_assert_int_eq(harness_allocations(), allocations);
	ck_assert_uint_eq(backlog_len(&backlog), 0);
	ck_assert_ptr_null(backlog.tail.buf);
}
END_TEST

START_TEST(what_does_not_leave_gets_memory_of_its_own)
{
	unsigned char copied[3000];
	struct backlog backlog;
	size_t sent = 1000 * (size_t)_i;

	begin_borrowed(&backlog, 3000);
	memcpy(copied, room, 3000);
	backlog_consume(&backlog, sent, NULL);
	backlog_settle(&backlog);
	harness_fail_allocation(1);
	ck_assert_int_eq(backlog_keep(&backlog), -1);
	harness_fail_allocation(0);
	ck_assert_int_eq(backlog_keep(&backlog), 0);
	expect_kept(&backlog, copied + sent, 3000 - sent);
}
END_TEST

/* A chain must not refer to it. */
START_TEST(what_is_borrowed_is_copied_to_a_chain)
{
	unsigned char copied[4000];
	struct backlog backlog;

	begin_borrowed(&backlog, 4000);
	memcpy(copied, room, 4000);
	ck_assert_ptr_nonnull(backlog_buffer(&backlog));
	ck_assert_int_eq(backlog_keep(&backlog), 0);
	expect_kept(&backlog, copied, 4000);
}
END_TEST

START_TEST(more_than_was_borrowed_is_gathered_elsewhere)
{
	unsigned char copied[4000];
	struct backlog backlog;

	begin_borrowed(&backlog, 4000);
	memcpy(copied, room, 4000);
	ck_assert_int_eq(backlog_add(&backlog, copied, 100), 0);
	memset(room, '!', sizeof(room));
	backlog_consume(&backlog, 50, NULL);
	ck_assert_int_eq(backlog_keep(&backlog), 0);
	ck_assert_mem_eq(hold_bytes(&backlog.tail), copied + 50, 3950);
	ck_assert_mem_eq(hold_bytes(&backlog.tail) + 3950, copied, 100);
	backlog_free(&backlog);
}
END_TEST

START_TEST(where_much_came_lately_nothing_is_borrowed)
{
	struct backlog backlog = { 0 };

	gather(&backlog, 4100);
	backlog_borrow(&backlog, room, sizeof(room));
	ck_assert_ptr_ne(hold_bytes(&backlog.tail), room);
	backlog_consume(&backlog, 4100, NULL);
	backlog_settle(&backlog);
	backlog_borrow(&backlog, room, sizeof(room));
	ck_assert_ptr_null(backlog.tail.buf);
}
END_TEST

static Suite *
backlog_memory_suite(void)
{
	Suite *suite = suite_create("backlog_memory");
	TCase *tc = harness_case(suite, "memory");

	tcase_add_loop_test(tc, settling_gives_all_back, 0, 2);
	tcase_add_test(tc, as_much_as_lately_is_reserved_at_once);
	tcase_add_test(tc, what_is_gathered_becomes_a_chain_without_copying);
	tcase_add_test(tc,
	    chain_of_gathered_bytes_takes_little_more_than_they);
	tcase_add_test(tc, tail_is_not_gathered_without_end);

	tc = harness_case(suite, "borrowed");
	tcase_add_loop_test(tc, few_bytes_that_leave_take_no_memory, 0, 2);
	tcase_add_loop_test(tc, what_does_not_leave_gets_memory_of_its_own, 0,
	    3);
	tcase_add_test(tc, what_is_borrowed_is_copied_to_a_chain);
	tcase_add_test(tc, more_than_was_borrowed_is_gathered_elsewhere);
	tcase_add_test(tc, where_much_came_lately_nothing_is_borrowed);
	return suite;
}

int
main(void)
{
	return harness_main(backlog_memory_suite());
}
