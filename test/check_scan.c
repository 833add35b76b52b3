/*
 * The scanner: no terminator, counts and framings.
 */

#include <string.h>
#include "../lib/framing.h"
#include "harness.h"
#include "unit_scan.h"

static enum scan_what
finish(struct scan *scan)
{
	struct scan_step found;

	return scan_finish(scan, &found);
}

static struct terminator
by_count(uint64_t count)
{
	return (struct terminator){ .kind = SCAN_COUNT, .count = count };
}

/* No terminator */

START_TEST(without_a_terminator_all_bytes_are_data)
{
	struct unit_scan stream;

	unit_scan_begin(&stream, (struct terminator){ .kind = SCAN_NONE },
	    "abc\r\n");
	ck_assert(!unit_scan_step(&stream, 3));
	ck_assert(!unit_scan_step(&stream, 3));
	ck_assert(!unit_scan_step(&stream, 5));
	unit_scan_finish(&stream);
	unit_scan_end(&stream, "collect:abc\\r\\n");
}
END_TEST

START_TEST(without_a_terminator_nothing_becomes_a_frame)
{
	struct scan scan;

	scan_init(&scan, &(struct terminator){ .kind = SCAN_NONE });
	scan_restart(&scan);
	ck_assert_int_eq(scan.terminator.kind, SCAN_NONE);
	ck_assert_int_eq(finish(&scan), SCAN_MORE);
	ck_assert_uint_eq(unit_scan_rest(&scan), 0);
}
END_TEST

/* Counts */

START_TEST(count_is_one_frame_at_every_cut)
{
	static const char bytes[] = "hello, world";
	struct unit_cuts cuts;
	struct unit_scan stream;
	size_t i;

	for (unit_cuts_init(&cuts, 12, 0); unit_cuts_next(&cuts);) {
		unit_scan_begin(&stream, by_count(5), bytes);
		for (i = 0; i < cuts.n; i++)
			unit_scan_to(&stream, cuts.end[i]);
		unit_scan_end(&stream, "collect:hello|found|collect:, world");
	}
}
END_TEST

START_TEST(count_says_how_many_bytes_remain)
{
	struct unit_scan stream;

	unit_scan_begin(&stream, by_count(5), "hello");
	ck_assert_uint_eq(stream.scan.remaining, 5);
	ck_assert(!unit_scan_step(&stream, 2));
	ck_assert_uint_eq(stream.scan.remaining, 3);
	ck_assert_uint_eq(stream.scan.terminator.count, 5);
	ck_assert(!unit_scan_step(&stream, 4));
	ck_assert(unit_scan_step(&stream, 5));
	ck_assert_uint_eq(stream.scan.remaining, 0);
	unit_scan_end(&stream, "collect:hello");
}
END_TEST

START_TEST(count_uses_no_byte_behind_its_frame)
{
	struct unit_scan stream;

	unit_scan_begin(&stream, by_count(5), "hello, world");
	ck_assert(unit_scan_step(&stream, 12));
	ck_assert_uint_eq(stream.scanned, 5);
	unit_scan_end(&stream, "collect:hello");
}
END_TEST

START_TEST(count_of_zero_ends_without_a_byte)
{
	struct unit_scan stream;

	unit_scan_begin(&stream, by_count(0), "abc");
	ck_assert(unit_scan_step(&stream, 0));
	unit_scan_end(&stream, "");

	unit_scan_begin(&stream, by_count(0), "abc");
	ck_assert(unit_scan_step(&stream, 3));
	ck_assert_uint_eq(stream.scanned, 0);
	unit_scan_end(&stream, "");
}
END_TEST

START_TEST(count_is_not_over_while_no_byte_came)
{
	struct unit_scan stream;

	unit_scan_begin(&stream, by_count(1), "abc");
	ck_assert(!unit_scan_step(&stream, 0));
	ck_assert_uint_eq(stream.scan.remaining, 1);
	unit_scan_end(&stream, "");
}
END_TEST

START_TEST(count_may_be_as_large_as_its_type)
{
	struct unit_scan stream;

	unit_scan_begin(&stream, by_count(UINT64_MAX), "abc");
	ck_assert(!unit_scan_step(&stream, 3));
	ck_assert_uint_eq(stream.scan.remaining, UINT64_MAX - 3);
	unit_scan_end(&stream, "collect:abc");

	unit_scan_begin(&stream, by_count((uint64_t)1 << 32), "abc");
	ck_assert(!unit_scan_step(&stream, 3));
	unit_scan_end(&stream, "collect:abc");
}
END_TEST

START_TEST(count_is_followed_by_no_terminator)
{
	struct scan scan;

	scan_init(&scan, &(struct terminator){ .kind = SCAN_COUNT, .count = 3 });
	scan_restart(&scan);
	ck_assert_int_eq(scan.terminator.kind, SCAN_NONE);
	ck_assert_uint_eq(scan.terminator.count, 0);
	ck_assert_uint_eq(scan.remaining, 0);
}
END_TEST

START_TEST(unfinished_count_holds_nothing_and_is_no_frame)
{
	struct unit_scan stream;

	unit_scan_begin(&stream, by_count(5), "hel");
	unit_scan_to(&stream, 3);
	ck_assert_int_eq(finish(&stream.scan), SCAN_MORE);
	unit_scan_finish(&stream);
	unit_scan_end(&stream, "collect:hel");
}
END_TEST

/* Framings */

START_TEST(framing_is_not_asked_about_no_bytes)
{
	/* It has no functions that could be called. */
	struct evchat_framing framing = { .ops = NULL };
	struct scan_step found = { .used = 99, .data = 99, .skip = 99 };
	struct scan_step none = { 0 };
	struct scan scan;

	scan_init(&scan, &(struct terminator){ .kind = SCAN_FRAMING,
	    .framing = &framing });
	ck_assert(!scan_next(&scan, (const unsigned char *)"a", 0, &found));
	ck_assert_int_eq(memcmp(&found, &none, sizeof(found)), 0);
}
END_TEST

START_TEST(scanner_begins_with_nothing_held)
{
	struct scan scan;

	memset(&scan, 0xa5, sizeof(scan));
	scan_init(&scan, &(struct terminator){ .kind = SCAN_NONE });
	ck_assert_uint_eq(scan.held, 0);
	ck_assert_uint_eq(scan.remaining, 0);
}
END_TEST

START_TEST(scanner_takes_the_reference_and_drops_it)
{
	long blocks = harness_blocks();
	struct terminator terminator = unit_scan_delimiter(";", 1);
	struct scan scan;

	framing_ref(terminator.framing);
	scan_init(&scan, &terminator);
	ck_assert_uint_eq(atomic_load(&terminator.framing->refs), 2);
	scan_release(&scan);
	ck_assert_int_eq(scan.terminator.kind, SCAN_NONE);
	ck_assert_ptr_null(scan.terminator.framing);
	ck_assert_uint_eq(atomic_load(&terminator.framing->refs), 1);
	evchat_framing_free(terminator.framing);
	ck_assert_int_eq(harness_blocks(), blocks);
}
END_TEST

START_TEST(framing_stays_for_the_next_frame)
{
	struct terminator terminator = unit_scan_delimiter("\n", 1);
	struct scan scan;

	scan_init(&scan, &terminator);
	scan.held = 1;
	scan_restart(&scan);
	ck_assert_int_eq(scan.terminator.kind, SCAN_FRAMING);
	ck_assert_ptr_eq(scan.terminator.framing, terminator.framing);
	ck_assert_uint_eq(scan.held, 0);
	scan_release(&scan);
}
END_TEST

START_TEST(held_bytes_are_given_back_once)
{
	struct unit_scan stream;

	unit_scan_begin(&stream, unit_scan_delimiter("\r\n\r\n", 4), "a\r\n\r");
	unit_scan_to(&stream, 4);
	ck_assert_uint_eq(unit_scan_rest(&stream.scan), 3);
	ck_assert_uint_eq(unit_scan_rest(&stream.scan), 0);
	unit_scan_end(&stream, "collect:a");
}
END_TEST

START_TEST(unterminated_rest_under_a_delimiter_may_be_a_frame)
{
	struct terminator terminator = unit_scan_delimiter("\n", 1);
	struct scan scan;

	scan_init(&scan, &terminator);
	ck_assert_int_eq(finish(&scan), SCAN_LAST);
	scan_release(&scan);
}
END_TEST

START_TEST(unterminated_rest_is_no_frame_where_the_framing_says_so)
{
	static const struct framing_ops ops = { .finish = NULL };
	struct evchat_framing framing;
	struct terminator terminator = { .kind = SCAN_FRAMING,
		.framing = &framing };
	struct scan scan;

	framing_init(&framing, &ops);
	scan_init(&scan, &terminator);
	ck_assert_int_eq(finish(&scan), SCAN_MORE);
}
END_TEST

static Suite *
scan_suite(void)
{
	Suite *suite = suite_create("scan");
	TCase *tc = harness_case(suite, "none");

	tcase_add_test(tc, without_a_terminator_all_bytes_are_data);
	tcase_add_test(tc, without_a_terminator_nothing_becomes_a_frame);

	tc = harness_case(suite, "count");
	tcase_add_test(tc, count_is_one_frame_at_every_cut);
	tcase_add_test(tc, count_says_how_many_bytes_remain);
	tcase_add_test(tc, count_uses_no_byte_behind_its_frame);
	tcase_add_test(tc, count_of_zero_ends_without_a_byte);
	tcase_add_test(tc, count_is_not_over_while_no_byte_came);
	tcase_add_test(tc, count_may_be_as_large_as_its_type);
	tcase_add_test(tc, count_is_followed_by_no_terminator);
	tcase_add_test(tc, unfinished_count_holds_nothing_and_is_no_frame);

	tc = harness_case(suite, "framing");
	tcase_add_test(tc, framing_is_not_asked_about_no_bytes);
	tcase_add_test(tc, scanner_begins_with_nothing_held);
	tcase_add_test(tc, scanner_takes_the_reference_and_drops_it);
	tcase_add_test(tc, framing_stays_for_the_next_frame);
	tcase_add_test(tc, held_bytes_are_given_back_once);
	tcase_add_test(tc,
	    unterminated_rest_under_a_delimiter_may_be_a_frame);
	tcase_add_test(tc,
	    unterminated_rest_is_no_frame_where_the_framing_says_so);
	return suite;
}

int
main(void)
{
	return harness_main(scan_suite());
}
