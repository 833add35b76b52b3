/*
 * Where unread bytes lie: chains are looked at in place, what was handed out
 * stays readable, and what is put in front comes first.
 */

#include <string.h>
#include "harness.h"
#include "unit_unread.h"

/* Order */

START_TEST(nothing_is_unread_at_first)
{
	struct unread unread;

	unread_init(&unread);
	ck_assert(unread_wants(&unread));
	unit_unread_expect_at(&unread, 0, "");
	unit_unread_expect(&unread, "");
	unread_settle(&unread);
	unread_free(&unread);
}
END_TEST

START_TEST(first_chain_is_shown_and_the_others_are_not)
{
	struct unread unread;

	unit_unread_begin(&unread, "abc de f");
	unit_unread_expect(&unread, "abcdef");
	unit_unread_expect_at(&unread, 0, "abc");
	unit_unread_expect_at(&unread, 2, "c");
	unit_unread_expect_at(&unread, 3, "");
	unread_free(&unread);
}
END_TEST

START_TEST(advancing_shows_the_next_chain_behind_what_is_kept)
{
	struct unread unread;

	unit_unread_begin(&unread, "abc de f");
	unread_consume(&unread, 1);
	ck_assert_int_eq(unread_advance(&unread, 2), 0);
	unit_unread_expect_at(&unread, 0, "bc");
	unit_unread_expect_at(&unread, 1, "c");
	unit_unread_expect_at(&unread, 2, "de");
	unit_unread_expect_at(&unread, 4, "");
	ck_assert_int_eq(unread_advance(&unread, 4), 0);
	unit_unread_expect_at(&unread, 0, "bcde");
	unit_unread_expect_at(&unread, 4, "f");
	unit_unread_expect(&unread, "bcdef");
	unread_free(&unread);
}
END_TEST

START_TEST(advancing_behind_the_last_chain_shows_nothing)
{
	static const char *const chains[] = { "a", "abc" };
	size_t len = strlen(chains[_i]);
	struct unread unread;

	unit_unread_begin(&unread, chains[_i]);
	ck_assert_int_eq(unread_advance(&unread, len), 0);
	ck_assert_int_eq(unit_chains(), 0);
	unit_unread_expect_at(&unread, 0, chains[_i]);
	unit_unread_expect_at(&unread, len, "");
	ck_assert_int_eq(unread_advance(&unread, len), 0);
	unit_unread_expect(&unread, chains[_i]);
	unread_free(&unread);
}
END_TEST

START_TEST(bytes_are_used_up_across_front_and_chain)
{
	struct unread unread;

	unit_unread_begin(&unread, "abc def");
	ck_assert_int_eq(unread_advance(&unread, 3), 0);
	unread_consume(&unread, 2);
	unit_unread_expect(&unread, "cdef");
	unread_consume(&unread, 2);
	unit_unread_expect(&unread, "ef");
	unit_unread_expect_at(&unread, 0, "ef");
	unread_consume(&unread, 2);
	unit_unread_expect(&unread, "");
	unit_unread_expect_at(&unread, 0, "");
	unread_free(&unread);
}
END_TEST

START_TEST(piece_is_no_longer_than_wanted_and_than_what_lies_together)
{
	struct unread unread;
	size_t len = 2;

	unit_unread_begin(&unread, "abc def");
	ck_assert_mem_eq(unread_piece(&unread, &len), "ab", 2);
	ck_assert_uint_eq(len, 2);
	len = 6;
	ck_assert_mem_eq(unread_piece(&unread, &len), "abc", 3);
	ck_assert_uint_eq(len, 3);
	unread_free(&unread);
}
END_TEST

START_TEST(first_bytes_in_one_piece_are_not_copied)
{
	struct unread unread;
	size_t len;
	long allocations;

	unit_unread_begin(&unread, "abc");
	allocations = harness_allocations();
	ck_assert_ptr_eq(unread_first(&unread, 3), unread_at(&unread, 0, &len));
	ck_assert_int_eq(harness_allocations(), allocations);
	unread_free(&unread);
}
END_TEST

START_TEST(first_bytes_in_two_pieces_are_put_together)
{
	struct unread unread;

	unit_unread_begin(&unread, "abc def");
	ck_assert_int_eq(unread_advance(&unread, 3), 0);
	ck_assert_mem_eq(unread_first(&unread, 5), "abcde", 5);
	unit_unread_expect_at(&unread, 0, "abcde");
	unit_unread_expect_at(&unread, 5, "f");
	unit_unread_expect(&unread, "abcdef");
	unread_free(&unread);
}
END_TEST

START_TEST(first_no_bytes_are_there_always)
{
	struct unread unread;

	unit_unread_begin(&unread, "");
	ck_assert_ptr_nonnull(unread_first(&unread, 0));
	unread_free(&unread);
}
END_TEST

START_TEST(more_is_wanted_when_all_chains_are_used_up_or_kept)
{
	struct unread unread;

	unit_unread_begin(&unread, "abc de");
	ck_assert(!unread_wants(&unread));
	unread_consume(&unread, 3);
	ck_assert(!unread_wants(&unread));
	ck_assert_int_eq(unread_advance(&unread, 0), 0);
	ck_assert_int_eq(unread_advance(&unread, 2), 0);
	ck_assert(unread_wants(&unread));
	unit_unread_take(&unread, "f");
	ck_assert(!unread_wants(&unread));
	unit_unread_expect(&unread, "def");
	unread_free(&unread);
}
END_TEST

START_TEST(all_bytes_may_be_dropped_before_they_are_shown)
{
	struct unread unread;

	unit_unread_begin(&unread, "abc de f");
	unread_consume(&unread, 6);
	unit_unread_expect_at(&unread, 0, "");
	unit_unread_expect(&unread, "");
	ck_assert(unread_wants(&unread));
	unread_settle(&unread);
	ck_assert_int_eq(unit_chains(), 0);
	unit_unread_take(&unread, "x");
	ck_assert_int_eq(unread_advance(&unread, 0), 0);
	unit_unread_expect_at(&unread, 0, "x");
	unread_free(&unread);
}
END_TEST

/* Putting in front */

START_TEST(bytes_put_in_front_come_first)
{
	struct unread unread;

	unit_unread_begin(&unread, "abc de");
	unread_consume(&unread, 1);
	ck_assert_int_eq(unread_insert(&unread, 0, "xy", 2), 0);
	unit_unread_expect_at(&unread, 0, "xy");
	unit_unread_expect_at(&unread, 2, "bc");
	ck_assert_int_eq(unread_insert(&unread, 0, "w", 1), 0);
	unit_unread_expect_at(&unread, 0, "wxy");
	unit_unread_expect(&unread, "wxybcde");
	unread_free(&unread);
}
END_TEST

/* front has "abc", and "de" is the first chain. */
START_TEST(bytes_are_inserted_behind_any_others)
{
	static const char *const expected[] = { "xyabcde", "axybcde",
	    "abxycde", "abcxyde", "abcdxye", "abcdexy" };
	struct unread unread;
	size_t at;

	for (at = 0; at <= 5; at++) {
		unit_unread_begin(&unread, "abc de");
		ck_assert_int_eq(unread_advance(&unread, 3), 0);
		ck_assert_int_eq(unread_insert(&unread, at, "xy", 2), 0);
		unit_unread_expect(&unread, expected[at]);
		unread_free(&unread);
	}
}
END_TEST

START_TEST(front_in_use_stays_readable_when_bytes_are_put_before_it)
{
	struct unread unread;
	const unsigned char *bytes;
	long blocks;

	unit_unread_begin(&unread, "abc de");
	ck_assert_int_eq(unread_advance(&unread, 3), 0);
	blocks = harness_blocks();
	bytes = unread_first(&unread, 3);
	unread_lend(&unread);
	unread_consume(&unread, 3);
	/* They may be those bytes themselves, more than once. */
	ck_assert_int_eq(unread_insert(&unread, 0, bytes + 1, 2), 0);
	ck_assert_int_eq(unread_insert(&unread, 0, bytes, 2), 0);
	ck_assert_mem_eq(bytes, "abc", 3);
	unit_unread_expect(&unread, "abbcde");
	unread_return(&unread);
	ck_assert_int_eq(harness_blocks(), blocks);
	unread_free(&unread);
}
END_TEST

START_TEST(front_not_in_use_is_given_back_when_bytes_are_put_before_it)
{
	struct unread unread;
	long blocks;

	unit_unread_begin(&unread, "abc");
	ck_assert_int_eq(unread_advance(&unread, 3), 0);
	blocks = harness_blocks();
	ck_assert_int_eq(unread_insert(&unread, 0, "x", 1), 0);
	ck_assert_int_eq(harness_blocks(), blocks);
	unread_lend(&unread);
	unread_return(&unread);
	ck_assert_int_eq(unread_insert(&unread, 0, "y", 1), 0);
	ck_assert_int_eq(harness_blocks(), blocks);
	unread_free(&unread);
}
END_TEST

START_TEST(freeing_gives_back_what_is_lent_as_well)
{
	struct unread unread;
	long blocks = harness_blocks();

	unit_unread_begin(&unread, "abc");
	ck_assert_int_eq(unread_advance(&unread, 3), 0);
	unread_lend(&unread);
	ck_assert_int_eq(unread_insert(&unread, 0, "x", 1), 0);
	unread_free(&unread);
	ck_assert_int_eq(harness_blocks(), blocks);
}
END_TEST

/* Received in place */

START_TEST(received_bytes_come_behind_those_in_front)
{
	struct unread unread;
	unsigned char *room;
	size_t len = 100;

	unit_unread_begin(&unread, "ab");
	ck_assert_int_eq(unread_advance(&unread, 2), 0);
	ck_assert(unread_wants(&unread));
	room = unread_reserve(&unread, &len);
	ck_assert_ptr_nonnull(room);
	ck_assert_uint_ge(len, 25);
	memset(room, 'x', len);
	memcpy(room, "cde", 3);
	unit_unread_expect(&unread, "ab");
	unread_commit(&unread, 3);
	unit_unread_expect(&unread, "abcde");
	unit_unread_expect_at(&unread, 1, "bcde");
	unread_consume(&unread, 4);
	unit_unread_take(&unread, "fg");
	unit_unread_expect(&unread, "efg");
	ck_assert(!unread_wants(&unread));
	unread_free(&unread);
}
END_TEST

/* As long as there is some, nothing is moved. */
START_TEST(what_is_free_is_used_first)
{
	struct unread unread;
	unsigned char *first, *second;
	size_t len = 100, least = 200;

	unread_init(&unread);
	first = unread_reserve(&unread, &len);
	ck_assert_ptr_nonnull(first);
	unread_commit(&unread, 10);
	second = unread_reserve(&unread, &least);
	ck_assert_ptr_eq(second, first + 10);
	ck_assert_uint_eq(least, len - 10);
	unread_commit(&unread, least - 1);
	len = 100;
	ck_assert_ptr_nonnull(unread_reserve(&unread, &len));
	ck_assert_uint_ge(len, 100);
	unread_free(&unread);
}
END_TEST

/* With front full, a length below four is still room for one byte and more. */
START_TEST(there_is_always_room_for_a_byte)
{
	struct unread unread;
	size_t len = 50, i;

	unread_init(&unread);
	for (i = 0; i < 200; i++) {
		ck_assert_ptr_nonnull(unread_reserve(&unread, &len));
		ck_assert_uint_gt(len, 0);
		unread_commit(&unread, len < 50 ? len : 50);
		len = 1 + i % 3;
	}
	unread_free(&unread);
}
END_TEST

START_TEST(without_memory_nothing_is_reserved)
{
	struct unread unread;
	size_t len = 1000;

	unit_unread_begin(&unread, "abc");
	ck_assert_int_eq(unread_advance(&unread, 3), 0);
	harness_fail_allocation(1);
	ck_assert_ptr_null(unread_reserve(&unread, &len));
	unit_unread_expect(&unread, "abc");
	unread_free(&unread);
}
END_TEST

static Suite *
unread_bytes_suite(void)
{
	Suite *suite = suite_create("unread_bytes");
	TCase *tc = harness_case(suite, "order");

	tcase_add_test(tc, nothing_is_unread_at_first);
	tcase_add_test(tc, first_chain_is_shown_and_the_others_are_not);
	tcase_add_test(tc, advancing_shows_the_next_chain_behind_what_is_kept);
	tcase_add_loop_test(tc, advancing_behind_the_last_chain_shows_nothing,
	    0, 2);
	tcase_add_test(tc, bytes_are_used_up_across_front_and_chain);
	tcase_add_test(tc,
	    piece_is_no_longer_than_wanted_and_than_what_lies_together);
	tcase_add_test(tc, first_bytes_in_one_piece_are_not_copied);
	tcase_add_test(tc, first_bytes_in_two_pieces_are_put_together);
	tcase_add_test(tc, first_no_bytes_are_there_always);
	tcase_add_test(tc, more_is_wanted_when_all_chains_are_used_up_or_kept);
	tcase_add_test(tc, all_bytes_may_be_dropped_before_they_are_shown);

	tc = harness_case(suite, "prepend");
	tcase_add_test(tc, bytes_put_in_front_come_first);
	tcase_add_test(tc, bytes_are_inserted_behind_any_others);
	tcase_add_test(tc,
	    front_in_use_stays_readable_when_bytes_are_put_before_it);
	tcase_add_test(tc,
	    front_not_in_use_is_given_back_when_bytes_are_put_before_it);
	tcase_add_test(tc, freeing_gives_back_what_is_lent_as_well);

	tc = harness_case(suite, "received");
	tcase_add_test(tc, received_bytes_come_behind_those_in_front);
	tcase_add_test(tc, what_is_free_is_used_first);
	tcase_add_test(tc, there_is_always_room_for_a_byte);
	tcase_add_test(tc, without_memory_nothing_is_reserved);
	return suite;
}

int
main(void)
{
	return harness_main(unread_bytes_suite());
}
