/*
 * The memory of the queue's bytes follows them: it is taken at once where that much
 * was needed lately, is given back, and is copied only if it is little.
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
	return suite;
}

int
main(void)
{
	return harness_main(backlog_memory_suite());
}
