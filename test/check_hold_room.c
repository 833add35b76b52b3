/*
 * Held bytes that are written where they are held, and memory that is given
 * back while some are.
 */

#include <errno.h>
#include <string.h>
#include "../lib/hold.h"
#include "../lib/mem.h"
#include "harness.h"

static void
append(struct hold *hold, const char *text)
{
	ck_assert_int_eq(hold_append(hold, text, strlen(text)), 0);
}

static void
expect(const struct hold *hold, const char *text)
{
	ck_assert_uint_eq(hold_len(hold), strlen(text));
	ck_assert_mem_eq(hold_bytes(hold), text, strlen(text));
}

START_TEST(what_is_written_into_room_is_held_when_it_is_there)
{
	struct hold hold = { 0 };
	unsigned char *room;

	ck_assert_ptr_null(hold_room(&hold, 0));
	append(&hold, "abc");
	room = hold_reserve(&hold, 1000);
	ck_assert_ptr_nonnull(room);
	memset(room, 'x', 1000);
	expect(&hold, "abc");
	memcpy(room, "de", 2);
	hold_commit(&hold, 2);
	expect(&hold, "abcde");
	ck_assert_ptr_eq(hold_room(&hold, 998), room + 2);
	ck_assert_ptr_null(hold_room(&hold, hold.cap));
	hold_consume(&hold, 3);
	memcpy(hold_room(&hold, 1), "f", 1);
	hold_commit(&hold, 1);
	expect(&hold, "def");
	hold_free(&hold);
}
END_TEST

START_TEST(failing_reserve_changes_nothing)
{
	struct hold hold = { 0 };

	append(&hold, "abc");
	hold_consume(&hold, 1);
	harness_fail_allocation(1);
	errno = 0;
	ck_assert_ptr_null(hold_reserve(&hold, 1000));
	ck_assert_int_eq(errno, ENOMEM);
	expect(&hold, "bc");
	hold_free(&hold);
}
END_TEST

START_TEST(shrinking_keeps_few_bytes_in_little)
{
	static const size_t lens[] = { 0, 1, 100, 249, 250, 251, 1000 };
	struct hold hold = { 0 };
	size_t len = lens[_i];
	long blocks = harness_blocks();

	ck_assert_ptr_nonnull(hold_reserve(&hold, 1000));
	memset(hold.buf, 'x', 1000);
	hold_commit(&hold, 1000);
	hold_consume(&hold, 1000 - len);
	hold_shrink(&hold);
	ck_assert_uint_eq(hold_len(&hold), len);
	ck_assert_uint_le(hold.cap, len == 0 ? 0 : 4 * len + 64);
	if (len > 0)
		ck_assert_mem_eq(hold_bytes(&hold) + len - 1, "x", 1);
	hold_free(&hold);
	ck_assert_int_eq(harness_blocks(), blocks);
}
END_TEST

START_TEST(without_memory_nothing_shrinks)
{
	struct hold hold = { 0 };

	append(&hold, "abc");
	ck_assert_ptr_nonnull(hold_reserve(&hold, 1000));
	harness_fail_allocation(1);
	hold_shrink(&hold);
	harness_fail_allocation(0);
	expect(&hold, "abc");
	hold_free(&hold);
}
END_TEST

START_TEST(what_is_given_away_is_somebody_elses)
{
	struct hold hold = { 0 };
	unsigned char *buf;

	append(&hold, "abc");
	buf = hold.buf;
	hold_give_away(&hold);
	ck_assert_uint_eq(hold_len(&hold), 0);
	append(&hold, "de");
	ck_assert_ptr_ne(hold.buf, buf);
	ck_assert_mem_eq(buf, "abc", 3);
	expect(&hold, "de");
	hold_free(&hold);
	mem_free(buf);
}
END_TEST

static Suite *
hold_room_suite(void)
{
	Suite *suite = suite_create("hold_room");
	TCase *tc = harness_case(suite, "room");

	tcase_add_test(tc,
	    what_is_written_into_room_is_held_when_it_is_there);
	tcase_add_test(tc, failing_reserve_changes_nothing);
	tcase_add_loop_test(tc, shrinking_keeps_few_bytes_in_little, 0, 7);
	tcase_add_test(tc, without_memory_nothing_shrinks);
	tcase_add_test(tc, what_is_given_away_is_somebody_elses);
	return suite;
}

int
main(void)
{
	return harness_main(hold_room_suite());
}
