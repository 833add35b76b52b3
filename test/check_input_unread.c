/*
 * Bytes that are given back to the read side between two steps, and bytes that
 * are dropped there.
 */

#include "harness.h"
#include "unit_input.h"

/* Giving back */

static void
give_back_once(struct unit_input *u, enum input_what what,
    const struct input_step *step)
{
	if ((what != INPUT_DATA && what != INPUT_FRAME) || u->count++ > 0)
		return;
	if (input_unread(&u->input, step->data, step->len) == -1)
		ck_abort_msg("no memory");
}

START_TEST(bytes_given_back_come_again)
{
	struct unit_input u;

	unit_input_begin(&u, false, "\r\n");
	u.act = give_back_once;
	unit_input_feed_text(&u, "ab\r\nc");
	unit_input_expect(&u, "collect:abab|found:4@4|collect:c");

	unit_input_begin(&u, false, "\r\n");
	u.act = give_back_once;
	unit_input_feed_text(&u, "ab\r");
	unit_input_feed_text(&u, "\nc");
	unit_input_expect(&u, "collect:abab|found:4@4|collect:c");

	unit_input_begin(&u, true, "\r\n");
	u.act = give_back_once;
	unit_input_feed_text(&u, "ab\r");
	unit_input_feed_text(&u, "\nc\r\n");
	unit_input_expect(&u, "frame:ab:2@4|frame:abc:3@7");
}
END_TEST

START_TEST(bytes_given_back_may_end_a_frame_together_with_held_ones)
{
	struct unit_input u;

	unit_input_begin(&u, false, "\r\n");
	unit_input_feed_text(&u, "ab\r\nc\r");
	ck_assert_int_eq(input_unread(&u.input, "x\r\ny\r\n", 6), 0);
	unit_input_run(&u, NULL);
	unit_input_feed_text(&u, "\n");
	unit_input_expect(&u, "collect:ab|found:2@4|collect:cx|found:2@3"
	    "|collect:y|found:1@6|found:0@8");
}
END_TEST

START_TEST(bytes_given_back_are_counted_again)
{
	struct unit_input u;

	unit_input_init(&u, false, false);
	unit_input_count(&u, 5);
	unit_input_feed_text(&u, "abc");
	ck_assert_uint_eq(u.input.scan.remaining, 2);
	ck_assert_int_eq(input_unread(&u.input, "x", 1), 0);
	ck_assert_uint_eq(u.input.scan.remaining, 2);
	unit_input_feed_text(&u, "defg");
	unit_input_expect(&u, "collect:abcxd|found:5@4|collect:efg");

	/* Whole, what was scanned is not delivered yet. */
	unit_input_init(&u, true, false);
	unit_input_count(&u, 5);
	unit_input_feed_text(&u, "abc");
	ck_assert_int_eq(input_unread(&u.input, "x", 1), 0);
	ck_assert_uint_eq(u.input.scan.remaining, 5);
	unit_input_feed_text(&u, "defg");
	unit_input_expect(&u, "frame:xabcd:5@5|collect:efg");
}
END_TEST

START_TEST(giving_back_nothing_changes_nothing)
{
	long allocations;
	struct unit_input u;

	unit_input_begin(&u, false, "\r\n");
	unit_input_feed_text(&u, "a\r");
	allocations = harness_allocations();
	ck_assert_int_eq(input_unread(&u.input, "", 0), 0);
	ck_assert_int_eq(harness_allocations(), allocations);
	ck_assert_uint_eq(u.input.scan.held, 1);
	unit_input_expect(&u, "collect:a");
}
END_TEST

START_TEST(offset_goes_back_but_not_below_the_stream_s_beginning)
{
	struct unit_input u;

	unit_input_begin(&u, false, "\n");
	unit_input_feed_text(&u, "abc");
	ck_assert_int_eq(input_unread(&u.input, "c", 1), 0);
	ck_assert_uint_eq(u.input.offset, 2);
	ck_assert_int_eq(input_unread(&u.input, "xyz\n", 4), 0);
	ck_assert_uint_eq(u.input.offset, 0);
	unit_input_run(&u, NULL);
	unit_input_expect(&u, "collect:abcxyz|found:6@4|collect:c");
}
END_TEST

/* Dropping */

START_TEST(discarding_begins_a_new_frame_of_the_same_kind)
{
	struct unit_input u;

	unit_input_begin(&u, false, "\r\n");
	unit_input_feed_text(&u, "abc\r");
	unit_input_discard(&u);
	ck_assert_uint_eq(u.input.offset, 4);
	unit_input_feed_text(&u, "\nd\r\n");
	unit_input_expect(&u, "collect:abc\\nd|found:2@8");

	unit_input_init(&u, true, false);
	unit_input_count(&u, 3);
	unit_input_feed_text(&u, "ab");
	unit_input_discard(&u);
	unit_input_feed_text(&u, "cdef");
	unit_input_expect(&u, "frame:cde:3@5|collect:f");
}
END_TEST

START_TEST(discarding_applies_the_next_terminator)
{
	long blocks = harness_blocks();
	struct unit_input u;

	unit_input_begin(&u, false, "\n");
	unit_input_feed_text(&u, "abc");
	unit_input_set_next(&u, ",");
	unit_input_discard(&u);
	unit_input_feed_text(&u, "d\n,e");
	unit_input_expect(&u, "collect:abcd\\n|found:2@6|collect:e");
	ck_assert_int_eq(harness_blocks(), blocks);
}
END_TEST

static void
discard(struct unit_input *u, enum input_what what,
    const struct input_step *step)
{
	(void)what;
	(void)step;
	unit_input_discard(u);
}

START_TEST(discarding_between_steps_drops_what_was_not_delivered)
{
	struct unit_input u;

	unit_input_begin(&u, true, "\n");
	u.act = discard;
	unit_input_feed_text(&u, "ab\ncd\n");
	unit_input_feed_text(&u, "ef\n");
	unit_input_expect(&u, "frame:ab:2@3|frame:ef:2@9");
}
END_TEST

static Suite *
input_unread_suite(void)
{
	Suite *suite = suite_create("input_unread");
	TCase *tc = harness_case(suite, "unread");

	tcase_add_test(tc, bytes_given_back_come_again);
	tcase_add_test(tc,
	    bytes_given_back_may_end_a_frame_together_with_held_ones);
	tcase_add_test(tc, bytes_given_back_are_counted_again);
	tcase_add_test(tc, giving_back_nothing_changes_nothing);
	tcase_add_test(tc, offset_goes_back_but_not_below_the_stream_s_beginning);

	tc = harness_case(suite, "discard");
	tcase_add_test(tc, discarding_begins_a_new_frame_of_the_same_kind);
	tcase_add_test(tc, discarding_applies_the_next_terminator);
	tcase_add_test(tc,
	    discarding_between_steps_drops_what_was_not_delivered);
	return suite;
}

int
main(void)
{
	return harness_main(input_unread_suite());
}
