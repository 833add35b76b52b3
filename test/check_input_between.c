/*
 * What may be called between two steps of the read side: other terminators and
 * maxima. What a step has lent stays readable meanwhile, which is seen to in
 * unit_input.c.
 */

#include <string.h>
#include "harness.h"
#include "unit_input.h"

typedef void act_fn(struct unit_input *u, enum input_what what,
    const struct input_step *step);

/* Lines at every cut, in pieces and whole, with something done between. */
static void
prove(bool whole, const char *bytes, act_fn *act, const char *expected)
{
	struct unit_input u;
	struct unit_cuts cuts;
	size_t i, at;

	unit_cuts_init(&cuts, strlen(bytes), unit_cases(20));
	while (unit_cuts_next(&cuts)) {
		unit_input_init(&u, whole, false);
		u.act = act;
		unit_input_delimiter(&u, "\r\n", 2);
		for (i = 0, at = 0; i < cuts.n; at = cuts.end[i++])
			unit_input_feed(&u, bytes + at, cuts.end[i] - at);
		if (strcmp(unit_text(&u.text), expected) != 0)
			ck_abort_msg("cut at%s\n  expected %s\n  got      %s",
			    unit_cuts_text(&cuts), expected,
			    unit_text(&u.text));
		unit_input_free(&u);
	}
}

/* Terminators */

static void
count_three_then_lines(struct unit_input *u, enum input_what what,
    const struct input_step *step)
{
	(void)step;
	if (what != INPUT_FOUND && what != INPUT_FRAME)
		return;
	if (u->count++ % 2 == 0)
		unit_input_count(u, 3);
	else
		unit_input_delimiter(u, "\r\n", 2);
}

START_TEST(terminator_set_at_a_frame_s_end_is_for_the_next_byte)
{
	static const char bytes[] = "a\r\nbcdef\r\ng\r\nhi";

	prove(false, bytes, count_three_then_lines, "collect:a|found:1@3"
	    "|collect:bcd|found:3@6|collect:ef|found:2@10|collect:g\\r\\n"
	    "|found:3@13|collect:hi");
	prove(true, bytes, count_three_then_lines, "frame:a:1@3|frame:bcd:3@6"
	    "|frame:ef:2@10|frame:g\\r\\n:3@13");
}
END_TEST

static void
then_commas(struct unit_input *u, enum input_what what,
    const struct input_step *step)
{
	(void)step;
	if (what == INPUT_DATA && u->count++ == 0)
		unit_input_set_next(u, ",");
}

START_TEST(next_terminator_waits_for_the_frame_s_end)
{
	prove(false, "ab,c\r\nd,e\r\n,f", then_commas, "collect:ab,c|found:4@6"
	    "|collect:d|found:1@8|collect:e\\r\\n|found:3@12|collect:f");
}
END_TEST

START_TEST(last_next_terminator_counts)
{
	long blocks = harness_blocks();
	struct unit_input u;

	unit_input_begin(&u, false, "\n");
	unit_input_set_next(&u, ";");
	unit_input_set_next(&u, ",");
	unit_input_feed_text(&u, "a\nb;c,");
	unit_input_expect(&u, "collect:a|found:1@2|collect:b;c|found:3@6");
	ck_assert_int_eq(harness_blocks(), blocks);
}
END_TEST

START_TEST(terminator_set_at_once_makes_the_next_one_forgotten)
{
	long blocks = harness_blocks();
	struct unit_input u;

	unit_input_begin(&u, false, "\n");
	unit_input_set_next(&u, ";");
	unit_input_delimiter(&u, ",", 1);
	unit_input_feed_text(&u, "a;b\n,c,");
	unit_input_expect(&u, "collect:a;b\\n|found:4@5|collect:c|found:1@7");
	ck_assert_int_eq(harness_blocks(), blocks);
}
END_TEST

START_TEST(unused_next_terminator_is_given_back)
{
	long blocks = harness_blocks();
	struct unit_input u;

	unit_input_begin(&u, false, "\n");
	unit_input_set_next(&u, ";");
	unit_input_free(&u);
	ck_assert_int_eq(harness_blocks(), blocks);
}
END_TEST

START_TEST(terminator_set_meanwhile_is_for_what_is_held)
{
	struct unit_input u;

	unit_input_begin(&u, false, "\r\n");
	unit_input_feed_text(&u, "ab\r");
	unit_input_delimiter(&u, "\r", 1);
	unit_input_run(&u, NULL);
	unit_input_expect(&u, "collect:ab|found:0@3");
}
END_TEST

START_TEST(terminator_set_meanwhile_is_for_all_of_an_unfinished_frame)
{
	struct unit_input u;

	unit_input_begin(&u, true, "\r\n");
	unit_input_feed_text(&u, "a,b");
	unit_input_feed_text(&u, ",c");
	unit_input_delimiter(&u, ",", 1);
	unit_input_run(&u, NULL);
	unit_input_count(&u, 1);
	unit_input_run(&u, NULL);
	unit_input_expect(&u, "frame:a:1@2|frame:b:1@4|frame:c:1@5");
}
END_TEST

/* A frame that nobody is told of is followed by no terminator: still data. */
START_TEST(what_follows_a_dropped_count_is_delivered_at_once)
{
	struct unit_input u;

	unit_input_init(&u, true, false);
	input_set_max(&u.input, 1, EVCHAT_OVERSIZE_DISCARD);
	unit_input_count(&u, 2);
	unit_input_feed_text(&u, "abcd");
	unit_input_expect(&u, "oversize:2:@0|collect:cd");
}
END_TEST

static void
end_with_b(struct unit_input *u, enum input_what what,
    const struct input_step *step)
{
	(void)step;
	if ((what == INPUT_OVERSIZE || what == INPUT_EOF) && u->count++ == 0)
		unit_input_delimiter(u, "b", 1);
}

START_TEST(terminator_set_at_oversize_is_for_what_is_unread)
{
	struct unit_input u;

	unit_input_begin(&u, true, "\n");
	input_set_max(&u.input, 3, EVCHAT_OVERSIZE_DISCARD);
	u.act = end_with_b;
	unit_input_feed_text(&u, "aabaac\n");
	unit_input_feed_text(&u, "b");
	unit_input_expect(&u, "oversize:4:aab@0|frame:aa:2@3"
	    "|oversize:4:aac@3");
}
END_TEST

static void
give_back_and_ask_again(struct unit_input *u, enum input_what what,
    const struct input_step *step)
{
	const void *partial;
	size_t len;

	(void)step;
	if (what != INPUT_OVERSIZE)
		return;
	ck_assert_int_eq(input_unread(&u->input, "x", 1), 0);
	partial = input_partial(&u->input, true, &len);
	unit_note_bytes(&u->text, "again", partial, len);
}

START_TEST(first_bytes_of_an_oversize_frame_can_be_asked_for_again)
{
	struct unit_input u;

	unit_input_begin(&u, true, "\n");
	input_set_max(&u.input, 3, EVCHAT_OVERSIZE_DISCARD);
	u.act = give_back_and_ask_again;
	unit_input_feed_text(&u, "ab");
	unit_input_feed_text(&u, "cd");
	unit_input_expect(&u, "oversize:4:abc@0|again:abc");
}
END_TEST

START_TEST(nothing_is_shown_of_a_frame_that_declares_too_much)
{
	struct unit_input u;

	unit_input_begin(&u, true, "\n");
	input_set_max(&u.input, 3, EVCHAT_OVERSIZE_TRUNCATE);
	unit_input_feed_text(&u, "ab");
	unit_input_count(&u, 4);
	unit_input_run(&u, NULL);
	unit_input_feed_text(&u, "cde");
	unit_input_expect(&u, "oversize:4:@0|frame:abc:4@4|collect:e");
}
END_TEST

START_TEST(terminator_set_at_eof_is_for_what_is_unread)
{
	struct unit_input u;

	unit_input_begin(&u, true, "\n");
	u.act = end_with_b;
	unit_input_feed_text(&u, "aabac");
	unit_input_eof(&u);
	unit_input_expect(&u, "eof:aabac@0!|frame:aa:2@3");
}
END_TEST

/* The maximum */

static void
at_most_two(struct unit_input *u, enum input_what what,
    const struct input_step *step)
{
	(void)step;
	if (what == INPUT_DATA && u->count++ == 0)
		input_set_max(&u->input, 2, EVCHAT_OVERSIZE_TRUNCATE);
}

START_TEST(maximum_is_for_the_next_frame)
{
	prove(false, "abcd\r\nef\r\nghi\r\nj", at_most_two, "collect:abcd"
	    "|found:4@6|collect:ef|found:2@10|collect:gh|oversize:3:@12"
	    "|found:3@15|collect:j");
}
END_TEST

static Suite *
input_between_suite(void)
{
	Suite *suite = suite_create("input_between");
	TCase *tc = harness_case(suite, "terminator");

	tcase_add_test(tc,
	    terminator_set_at_a_frame_s_end_is_for_the_next_byte);
	tcase_add_test(tc, next_terminator_waits_for_the_frame_s_end);
	tcase_add_test(tc, last_next_terminator_counts);
	tcase_add_test(tc,
	    terminator_set_at_once_makes_the_next_one_forgotten);
	tcase_add_test(tc, unused_next_terminator_is_given_back);
	tcase_add_test(tc, terminator_set_meanwhile_is_for_what_is_held);
	tcase_add_test(tc,
	    terminator_set_meanwhile_is_for_all_of_an_unfinished_frame);
	tcase_add_test(tc, what_follows_a_dropped_count_is_delivered_at_once);
	tcase_add_test(tc, terminator_set_at_oversize_is_for_what_is_unread);
	tcase_add_test(tc,
	    first_bytes_of_an_oversize_frame_can_be_asked_for_again);
	tcase_add_test(tc,
	    nothing_is_shown_of_a_frame_that_declares_too_much);
	tcase_add_test(tc, terminator_set_at_eof_is_for_what_is_unread);

	tc = harness_case(suite, "maximum");
	tcase_add_test(tc, maximum_is_for_the_next_frame);
	return suite;
}

int
main(void)
{
	return harness_main(input_between_suite());
}
