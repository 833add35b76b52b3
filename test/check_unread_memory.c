/*
 * The memory of unread bytes: chains are taken whole, only what has to be is
 * copied, all of it comes back, and a call that fails changes nothing.
 */

#include <errno.h>
#include <string.h>
#include "harness.h"
#include "unit_unread.h"

/* Memory */

START_TEST(chains_are_taken_without_copying)
{
	struct evbuffer *buffer = evbuffer_new();
	static const char bytes[] = "abc";
	struct unread unread;
	size_t len;

	unit_unread_begin(&unread, "");
	ck_assert_int_eq(evbuffer_add_reference(buffer, bytes, 3, NULL, NULL),
	    0);
	ck_assert_int_eq(unread_take(&unread, buffer), 0);
	ck_assert_int_eq(unread_advance(&unread, 0), 0);
	ck_assert_ptr_eq(unread_at(&unread, 0, &len), bytes);
	evbuffer_free(buffer);
	unread_free(&unread);
}
END_TEST

START_TEST(used_up_chain_stays_until_all_is_settled)
{
	static const char *const chains[] = { "a", "abc" };
	size_t len = strlen(chains[_i]);
	struct unread unread;
	const unsigned char *bytes;

	unit_unread_begin(&unread, chains[_i]);
	bytes = unread_piece(&unread, &len);
	unread_consume(&unread, len);
	ck_assert_mem_eq(bytes, chains[_i], len);
	ck_assert_int_eq(unit_chains(), 1);
	unread_settle(&unread);
	ck_assert_int_eq(unit_chains(), 0);
	unread_free(&unread);
}
END_TEST

START_TEST(settling_keeps_what_is_unread)
{
	struct unread unread;

	unit_unread_begin(&unread, "abc de");
	unread_consume(&unread, 2);
	unread_settle(&unread);
	ck_assert_int_eq(unit_chains(), 2);
	unit_unread_expect_at(&unread, 0, "c");
	unit_unread_expect(&unread, "cde");
	unread_free(&unread);
}
END_TEST

START_TEST(settling_gives_a_large_front_back)
{
	struct unread unread;
	char large[1001] = "";
	long blocks;

	/* With the buffer for chains, which stays when it was needed once. */
	unit_unread_begin(&unread, "a");
	unread_consume(&unread, 1);
	unread_settle(&unread);
	blocks = harness_blocks();
	memset(large, 'x', 1000);
	unit_unread_take(&unread, large);
	ck_assert_int_eq(unread_advance(&unread, 0), 0);
	ck_assert_int_eq(unread_advance(&unread, 1000), 0);
	unit_unread_take(&unread, "ab");
	unread_lend(&unread);
	unread_consume(&unread, 1000);
	ck_assert_int_eq(unread_insert(&unread, 0, large, 1000), 0);
	unread_consume(&unread, 1002);
	unread_settle(&unread);
	ck_assert_int_eq(harness_blocks(), blocks);
	unread_free(&unread);
}
END_TEST

START_TEST(freeing_gives_all_chains_back)
{
	struct unread unread;
	long blocks = harness_blocks();

	unit_unread_begin(&unread, "abc de f");
	ck_assert_int_eq(unread_advance(&unread, 3), 0);
	unread_free(&unread);
	ck_assert_int_eq(unit_chains(), 0);
	ck_assert_int_eq(harness_blocks(), blocks);
}
END_TEST

/* Failure */

START_TEST(without_memory_nothing_is_taken)
{
	struct unread unread;
	long blocks = harness_blocks();
	struct evbuffer *from = evbuffer_new();

	ck_assert_int_eq(evbuffer_add(from, "abc", 3), 0);
	unread_init(&unread);
	harness_fail_allocation(1);
	errno = 0;
	ck_assert_int_eq(unread_take(&unread, from), -1);
	ck_assert_int_eq(errno, ENOMEM);
	ck_assert_uint_eq(evbuffer_get_length(from), 3);
	ck_assert_int_eq(unread_take(&unread, from), 0);
	ck_assert_uint_eq(unread_len(&unread), 3);
	unread_free(&unread);
	evbuffer_free(from);
	ck_assert_int_eq(harness_blocks(), blocks);
}
END_TEST

START_TEST(failing_calls_change_nothing_and_can_be_made_again)
{
	struct unread unread;

	unit_unread_begin(&unread, "abc def");
	harness_fail_allocation(1);
	errno = 0;
	ck_assert_int_eq(unread_advance(&unread, 3), -1);
	ck_assert_int_eq(errno, ENOMEM);
	unit_unread_expect_at(&unread, 0, "abc");
	ck_assert_int_eq(unread_advance(&unread, 3), 0);

	/* What fits into the front's first buffer needs no memory. */
	ck_assert_int_eq(unread_insert(&unread, 0, "xy", 2), 0);
	harness_fail_allocation(1);
	ck_assert_ptr_null(unread_first(&unread, 8));
	unit_unread_expect_at(&unread, 0, "xyabc");
	unit_unread_expect_at(&unread, 5, "def");
	ck_assert_mem_eq(unread_first(&unread, 8), "xyabcdef", 8);

	harness_fail_allocation(1);
	errno = 0;
	ck_assert_int_eq(unread_insert(&unread, 0, "z", 1), -1);
	ck_assert_int_eq(errno, ENOMEM);
	unit_unread_expect(&unread, "xyabcdef");
	unread_free(&unread);
}
END_TEST

START_TEST(copy_without_memory_fails_and_leaves_the_bytes)
{
	struct unread unread;
	struct evbuffer *out;
	long i;

	unit_unread_begin(&unread, "abc def");
	ck_assert_int_eq(unread_advance(&unread, 3), 0);
	for (i = 1;; i++) {
		out = evbuffer_new();
		harness_fail_allocation(i);
		if (unread_copy(&unread, out) == 0)
			break;
		ck_assert(harness_allocation_failed());
		evbuffer_free(out);
	}
	harness_fail_allocation(0);
	ck_assert_int_gt(i, 1);
	evbuffer_free(out);
	unit_unread_expect(&unread, "abcdef");
	unread_free(&unread);
}
END_TEST

START_TEST(without_memory_nothing_is_inserted)
{
	struct unread unread;
	long n;

	for (n = 1; n <= 2; n++) {
		unit_unread_begin(&unread, "abc de");
		ck_assert_int_eq(unread_advance(&unread, 3), 0);
		harness_fail_allocation(n);
		ck_assert_int_eq(unread_insert(&unread, 4, "xy", 2), -1);
		harness_fail_allocation(0);
		unit_unread_expect(&unread, "abcde");
		unread_free(&unread);
	}
}
END_TEST

/* Memory of the caller's */

static char room[64];

/* Some bytes come, of which the first is used up. */
static void
begin_borrowed(struct unread *unread)
{
	unread_init(unread);
	ck_assert(unread_borrow(unread, (unsigned char *)room, sizeof(room)));
	memcpy(room, "abcd", 4);
	unread_commit(unread, 4);
	unit_unread_expect(unread, "abcd");
	unread_consume(unread, 1);
}

static void
expect_gone(struct unread *unread, const char *text)
{
	memset(room, 'x', sizeof(room));
	unit_unread_expect(unread, text);
	unread_free(unread);
}

START_TEST(what_is_left_in_borrowed_memory_gets_its_own)
{
	struct unread unread;

	begin_borrowed(&unread);
	unread_settle(&unread);
	ck_assert_int_eq(unread_keep(&unread), 0);
	expect_gone(&unread, "bcd");
}
END_TEST

START_TEST(nothing_left_in_borrowed_memory_takes_none)
{
	struct unread unread;
	long allocations;

	begin_borrowed(&unread);
	allocations = harness_allocations();
	unread_consume(&unread, 3);
	if (_i == 0)
		unread_settle(&unread);
	ck_assert_int_eq(unread_keep(&unread), 0);
	ck_assert_int_eq(harness_allocations(), allocations);
	expect_gone(&unread, "");
}
END_TEST

START_TEST(without_memory_it_stays_borrowed)
{
	struct unread unread;

	begin_borrowed(&unread);
	harness_fail_allocation(1);
	ck_assert_int_eq(unread_keep(&unread), -1);
	harness_fail_allocation(0);
	ck_assert_int_eq(errno, ENOMEM);
	unit_unread_expect(&unread, "bcd");
	ck_assert_int_eq(unread_keep(&unread), 0);
	expect_gone(&unread, "bcd");
}
END_TEST

START_TEST(more_than_was_borrowed_is_received_elsewhere)
{
	size_t len = 1000;
	struct unread unread;
	unsigned char *more;

	begin_borrowed(&unread);
	ck_assert(!unread_borrow(&unread, (unsigned char *)room, 1));
	more = unread_reserve(&unread, &len);
	ck_assert_ptr_nonnull(more);
	ck_assert_uint_ge(len, 1000);
	memset(more, 'e', 2);
	unread_commit(&unread, 2);
	expect_gone(&unread, "bcdee");
}
END_TEST

/* Whoever was given bytes there goes on looking at them. */
START_TEST(before_what_is_borrowed_something_is_unread)
{
	struct unread unread;

	begin_borrowed(&unread);
	if (_i > 0)
		unread_lend(&unread);
	ck_assert_int_eq(unread_insert(&unread, _i == 2 ? 1 : 0, "yz", 2), 0);
	ck_assert_mem_eq(room, "abcd", 4);
	unread_return(&unread);
	expect_gone(&unread, _i == 2 ? "byzcd" : "yzbcd");
}
END_TEST

static Suite *
unread_memory_suite(void)
{
	Suite *suite = suite_create("unread_memory");
	TCase *tc = harness_case(suite, "memory");

	tcase_add_test(tc, chains_are_taken_without_copying);
	tcase_add_loop_test(tc, used_up_chain_stays_until_all_is_settled, 0, 2);
	tcase_add_test(tc, settling_keeps_what_is_unread);
	tcase_add_test(tc, settling_gives_a_large_front_back);
	tcase_add_test(tc, freeing_gives_all_chains_back);

	tc = harness_case(suite, "failure");
	tcase_add_test(tc, without_memory_nothing_is_taken);
	tcase_add_test(tc,
	    failing_calls_change_nothing_and_can_be_made_again);
	tcase_add_test(tc, without_memory_nothing_is_inserted);
	tcase_add_test(tc, copy_without_memory_fails_and_leaves_the_bytes);

	tc = harness_case(suite, "borrowed");
	tcase_add_test(tc, what_is_left_in_borrowed_memory_gets_its_own);
	tcase_add_loop_test(tc, nothing_left_in_borrowed_memory_takes_none, 0,
	    2);
	tcase_add_test(tc, without_memory_it_stays_borrowed);
	tcase_add_test(tc, more_than_was_borrowed_is_received_elsewhere);
	tcase_add_loop_test(tc, before_what_is_borrowed_something_is_unread, 0,
	    3);
	return suite;
}

int
main(void)
{
	return harness_main(unread_memory_suite());
}
