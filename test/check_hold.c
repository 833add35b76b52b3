/*
 * Held bytes: what is appended, put in front and used up comes out in order,
 * whatever fails; and memory stays in proportion to what is held.
 */

#include <errno.h>
#include <string.h>
#include "../lib/hold.h"
#include "../lib/mem.h"
#include "harness.h"
#include "unit.h"

static void
append(struct hold *hold, const char *text)
{
	ck_assert_int_eq(hold_append(hold, text, strlen(text)), 0);
}

static void
prepend(struct hold *hold, const char *text)
{
	void *old;

	ck_assert_int_eq(hold_prepend(hold, text, strlen(text), &old), 0);
	mem_free(old);
}

static void
expect(const struct hold *hold, const char *text)
{
	ck_assert_uint_eq(hold_len(hold), strlen(text));
	ck_assert_mem_eq(hold_bytes(hold), text, strlen(text));
}

START_TEST(nothing_is_held_at_first)
{
	struct hold hold = { 0 };

	ck_assert_uint_eq(hold_len(&hold), 0);
	ck_assert_ptr_null(hold_bytes(&hold));
	hold_trim(&hold);
	hold_free(&hold);
}
END_TEST

START_TEST(appended_bytes_come_out_in_order)
{
	struct hold hold = { 0 };

	append(&hold, "ab");
	append(&hold, "");
	append(&hold, "c");
	expect(&hold, "abc");
	hold_consume(&hold, 2);
	expect(&hold, "c");
	append(&hold, "de");
	expect(&hold, "cde");
	hold_consume(&hold, 3);
	ck_assert_uint_eq(hold_len(&hold), 0);
	hold_free(&hold);
}
END_TEST

START_TEST(appending_nothing_allocates_nothing)
{
	struct hold hold = { 0 };
	long allocations = harness_allocations();

	ck_assert_int_eq(hold_append(&hold, NULL, 0), 0);
	ck_assert_int_eq(harness_allocations(), allocations);
}
END_TEST

START_TEST(bytes_put_in_front_come_first)
{
	struct hold hold = { 0 };

	prepend(&hold, "d");
	append(&hold, "e");
	prepend(&hold, "abc");
	expect(&hold, "abcde");
	hold_consume(&hold, 4);
	prepend(&hold, "xy");
	expect(&hold, "xye");
	append(&hold, "f");
	expect(&hold, "xyef");
	hold_free(&hold);
}
END_TEST

START_TEST(old_buffer_is_left_as_it_was_by_putting_in_front)
{
	struct hold hold = { 0 };
	const unsigned char *bytes;
	void *old;

	append(&hold, "abc");
	hold_consume(&hold, 1);
	bytes = hold_bytes(&hold);
	ck_assert_int_eq(hold_prepend(&hold, "x", 1, &old), 0);
	ck_assert_mem_eq(bytes, "bc", 2);
	ck_assert_ptr_eq((const unsigned char *)old + 1, bytes);
	mem_free(old);
	expect(&hold, "xbc");
	hold_free(&hold);
}
END_TEST

START_TEST(putting_in_front_of_nothing_has_no_old_buffer)
{
	struct hold hold = { 0 };
	void *old = &hold;

	ck_assert_int_eq(hold_prepend(&hold, "x", 1, &old), 0);
	ck_assert_ptr_null(old);
	hold_free(&hold);
}
END_TEST

START_TEST(used_up_bytes_stay_readable_until_the_next_append)
{
	struct hold hold = { 0 };
	const unsigned char *bytes;

	append(&hold, "abc");
	bytes = hold_bytes(&hold);
	hold_consume(&hold, 3);
	ck_assert_mem_eq(bytes, "abc", 3);
	hold_free(&hold);
}
END_TEST

/* Memory */

START_TEST(trimming_gives_a_large_empty_buffer_back)
{
	struct hold hold = { 0 };
	long blocks = harness_blocks();
	char large[257] = "";

	ck_assert_int_eq(hold_append(&hold, large, sizeof(large)), 0);
	hold_trim(&hold);
	ck_assert_uint_eq(hold_len(&hold), sizeof(large));
	hold_consume(&hold, sizeof(large));
	hold_trim(&hold);
	ck_assert_int_eq(harness_blocks(), blocks);
	append(&hold, "abc");
	expect(&hold, "abc");
	hold_free(&hold);
}
END_TEST

START_TEST(large_empty_buffer_is_not_kept_for_few_bytes)
{
	static char large[1 << 20];
	struct hold hold = { 0 };
	size_t len;

	for (len = 257; len <= sizeof(large); len *= 2) {
		ck_assert_int_eq(hold_append(&hold, large, len), 0);
		hold_consume(&hold, hold_len(&hold));
		append(&hold, "abc");
		expect(&hold, "abc");
		ck_assert_uint_le(hold.cap, 256);
	}
	hold_free(&hold);
}
END_TEST

START_TEST(trimming_keeps_a_small_empty_buffer_for_the_next_bytes)
{
	struct hold hold = { 0 };
	long allocations;
	size_t i;

	append(&hold, "abc");
	allocations = harness_allocations();
	for (i = 0; i < 1000; i++) {
		hold_consume(&hold, 3);
		hold_trim(&hold);
		append(&hold, "abc");
	}
	expect(&hold, "abc");
	ck_assert_int_eq(harness_allocations(), allocations);
	hold_free(&hold);
}
END_TEST

START_TEST(freeing_gives_everything_back_and_leaves_it_usable)
{
	struct hold hold = { 0 };
	long blocks = harness_blocks();

	append(&hold, "abc");
	hold_free(&hold);
	ck_assert_int_eq(harness_blocks(), blocks);
	ck_assert_uint_eq(hold_len(&hold), 0);
	append(&hold, "d");
	expect(&hold, "d");
	hold_free(&hold);
}
END_TEST

/* Bytes that run through, a few of them held at any time, need no more room. */
START_TEST(room_in_front_is_used_again)
{
	struct hold hold = { 0 };
	long allocations;
	size_t i;

	append(&hold, "abcdefghij");
	allocations = harness_allocations();
	for (i = 0; i < 10000; i++) {
		hold_consume(&hold, 5);
		append(&hold, "fghij");
		ck_assert_msg(hold.cap <= 64, "%zu of room", hold.cap);
	}
	ck_assert_int_eq(harness_allocations(), allocations);
	expect(&hold, "fghijfghij");
	hold_free(&hold);
}
END_TEST

START_TEST(room_is_used_up_to_its_end_and_from_its_middle)
{
	char bytes[64] = "";
	struct hold hold = { 0 };
	long allocations;

	append(&hold, "abcdefghij");
	allocations = harness_allocations();
	ck_assert_uint_eq(hold.cap, 64);
	ck_assert_int_eq(hold_append(&hold, bytes, 54), 0);
	hold_consume(&hold, 32);
	ck_assert_int_eq(hold_append(&hold, bytes, 32), 0);
	ck_assert_uint_eq(hold_len(&hold), 64);
	ck_assert_int_eq(harness_allocations(), allocations);
	hold_free(&hold);
}
END_TEST

START_TEST(large_bytes_that_run_through_need_bounded_room)
{
	struct hold hold = { 0 };
	char large[5000];
	size_t i;

	memset(large, 'x', sizeof(large));
	ck_assert_int_eq(hold_append(&hold, large, sizeof(large)), 0);
	for (i = 0; i < 1000; i++) {
		ck_assert_int_eq(hold_append(&hold, large, 1000), 0);
		hold_consume(&hold, 1000);
		ck_assert_uint_le(hold.cap, 3 * 6000);
	}
	hold_free(&hold);
}
END_TEST

START_TEST(memory_stays_below_a_multiple_of_the_bytes_while_it_grows)
{
	struct hold hold = { 0 };
	char piece[1000];
	size_t held, most;

	memset(piece, 'x', sizeof(piece));
	unit_count_bytes();
	for (held = 0; held < 4 << 20;) {
		ck_assert_int_eq(hold_append(&hold, piece, sizeof(piece)), 0);
		held += sizeof(piece);
		most = unit_bytes_most();
		if (held > 32768 && most > held * 9 / 4)
			ck_abort_msg("%zu bytes for %zu", most, held);
		ck_assert_uint_le(most, 3 * held + 64);
	}
	hold_free(&hold);
	ck_assert_uint_eq(unit_bytes_now(), 0);
	harness_memory_init();
}
END_TEST

START_TEST(growing_byte_by_byte_allocates_seldom)
{
	struct hold hold = { 0 };
	long allocations = harness_allocations();
	size_t i;

	for (i = 0; i < 1 << 20; i++)
		if (hold_append(&hold, "x", 1) == -1)
			ck_abort_msg("no memory");
	ck_assert_int_le(harness_allocations() - allocations, 40);
	hold_free(&hold);
}
END_TEST

/* Failure changes nothing */

START_TEST(failing_append_changes_nothing)
{
	struct hold hold = { 0 };
	char large[1000] = "";

	append(&hold, "abc");
	hold_consume(&hold, (size_t)_i);
	harness_fail_allocation(1);
	errno = 0;
	ck_assert_int_eq(hold_append(&hold, large, sizeof(large)), -1);
	ck_assert_int_eq(errno, ENOMEM);
	expect(&hold, &"abc"[_i]);
	append(&hold, "d");
	ck_assert_uint_eq(hold_len(&hold), 4 - (size_t)_i);
	hold_free(&hold);
}
END_TEST

START_TEST(failing_prepend_changes_nothing)
{
	struct hold hold = { 0 };
	void *old;

	append(&hold, "abc");
	harness_fail_allocation(1);
	errno = 0;
	ck_assert_int_eq(hold_prepend(&hold, "x", 1, &old), -1);
	ck_assert_int_eq(errno, ENOMEM);
	expect(&hold, "abc");
	hold_free(&hold);
}
END_TEST

START_TEST(absurd_lengths_are_no_memory)
{
	struct hold hold = { 0 };
	long allocations;
	void *old;

	append(&hold, "abc");
	allocations = harness_allocations();
	errno = 0;
	ck_assert_int_eq(hold_append(&hold, "", SIZE_MAX / 4 + 1), -1);
	ck_assert_int_eq(errno, ENOMEM);
	errno = 0;
	ck_assert_int_eq(hold_prepend(&hold, "", SIZE_MAX / 4 + 1, &old), -1);
	ck_assert_int_eq(errno, ENOMEM);
	ck_assert_int_eq(harness_allocations(), allocations);
	expect(&hold, "abc");
	hold_free(&hold);
}
END_TEST

static Suite *
hold_suite(void)
{
	Suite *suite = suite_create("hold");
	TCase *tc = harness_case(suite, "order");

	tcase_add_test(tc, nothing_is_held_at_first);
	tcase_add_test(tc, appended_bytes_come_out_in_order);
	tcase_add_test(tc, appending_nothing_allocates_nothing);
	tcase_add_test(tc, bytes_put_in_front_come_first);
	tcase_add_test(tc, old_buffer_is_left_as_it_was_by_putting_in_front);
	tcase_add_test(tc, putting_in_front_of_nothing_has_no_old_buffer);
	tcase_add_test(tc,
	    used_up_bytes_stay_readable_until_the_next_append);

	tc = harness_case(suite, "memory");
	tcase_add_test(tc, trimming_gives_a_large_empty_buffer_back);
	tcase_add_test(tc, large_empty_buffer_is_not_kept_for_few_bytes);
	tcase_add_test(tc,
	    trimming_keeps_a_small_empty_buffer_for_the_next_bytes);
	tcase_add_test(tc,
	    freeing_gives_everything_back_and_leaves_it_usable);
	tcase_add_test(tc, room_in_front_is_used_again);
	tcase_add_test(tc, room_is_used_up_to_its_end_and_from_its_middle);
	tcase_add_test(tc, large_bytes_that_run_through_need_bounded_room);
	tcase_add_test(tc,
	    memory_stays_below_a_multiple_of_the_bytes_while_it_grows);
	tcase_add_test(tc, growing_byte_by_byte_allocates_seldom);

	tc = harness_case(suite, "failure");
	tcase_add_loop_test(tc, failing_append_changes_nothing, 0, 3);
	tcase_add_test(tc, failing_prepend_changes_nothing);
	tcase_add_test(tc, absurd_lengths_are_no_memory);
	return suite;
}

int
main(void)
{
	return harness_main(hold_suite());
}
