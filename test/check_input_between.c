/*
 * What may be called between two steps of the read side: other terminators and
 * maxima, bytes given back and dropped. What a step has lent stays readable
 * meanwhile, which is seen to in unit_input.c.
 */

#include <stdlib.h>
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

static void
begin(struct unit_input *u, bool whole, const char *delimiter)
{
	unit_input_init(u, whole, false);
	unit_input_delimiter(u, delimiter, strlen(delimiter));
}

static void
set_next_delimiter(struct unit_input *u, const char *delimiter)
{
	struct terminator next = { .kind = SCAN_FRAMING };

	next.framing = evchat_framing_delimiter(delimiter, strlen(delimiter),
	    0);
	input_set_next(&u->input, &next);
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
		set_next_delimiter(u, ",");
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

	begin(&u, false, "\n");
	set_next_delimiter(&u, ";");
	set_next_delimiter(&u, ",");
	unit_input_feed_text(&u, "a\nb;c,");
	unit_input_expect(&u, "collect:a|found:1@2|collect:b;c|found:3@6");
	ck_assert_int_eq(harness_blocks(), blocks);
}
END_TEST

START_TEST(terminator_set_at_once_makes_the_next_one_forgotten)
{
	long blocks = harness_blocks();
	struct unit_input u;

	begin(&u, false, "\n");
	set_next_delimiter(&u, ";");
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

	begin(&u, false, "\n");
	set_next_delimiter(&u, ";");
	unit_input_free(&u);
	ck_assert_int_eq(harness_blocks(), blocks);
}
END_TEST

START_TEST(terminator_set_meanwhile_is_for_what_is_held)
{
	struct unit_input u;

	begin(&u, false, "\r\n");
	unit_input_feed_text(&u, "ab\r");
	unit_input_delimiter(&u, "\r", 1);
	unit_input_run(&u, NULL);
	unit_input_expect(&u, "collect:ab|found:0@3");
}
END_TEST

START_TEST(terminator_set_meanwhile_is_for_all_of_an_unfinished_frame)
{
	struct unit_input u;

	begin(&u, true, "\r\n");
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

	begin(&u, true, "\n");
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

	begin(&u, true, "\n");
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

	begin(&u, true, "\n");
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

	begin(&u, true, "\n");
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

	begin(&u, false, "\r\n");
	u.act = give_back_once;
	unit_input_feed_text(&u, "ab\r\nc");
	unit_input_expect(&u, "collect:abab|found:4@4|collect:c");

	begin(&u, false, "\r\n");
	u.act = give_back_once;
	unit_input_feed_text(&u, "ab\r");
	unit_input_feed_text(&u, "\nc");
	unit_input_expect(&u, "collect:abab|found:4@4|collect:c");

	begin(&u, true, "\r\n");
	u.act = give_back_once;
	unit_input_feed_text(&u, "ab\r");
	unit_input_feed_text(&u, "\nc\r\n");
	unit_input_expect(&u, "frame:ab:2@4|frame:abc:3@7");
}
END_TEST

START_TEST(bytes_given_back_may_end_a_frame_together_with_held_ones)
{
	struct unit_input u;

	begin(&u, false, "\r\n");
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

	begin(&u, false, "\r\n");
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

	begin(&u, false, "\n");
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

	begin(&u, false, "\r\n");
	unit_input_feed_text(&u, "abc\r");
	input_discard(&u.input);
	ck_assert_uint_eq(u.input.offset, 4);
	unit_input_feed_text(&u, "\nd\r\n");
	unit_input_expect(&u, "collect:abc\\nd|found:2@8");

	unit_input_init(&u, true, false);
	unit_input_count(&u, 3);
	unit_input_feed_text(&u, "ab");
	input_discard(&u.input);
	unit_input_feed_text(&u, "cdef");
	unit_input_expect(&u, "frame:cde:3@5|collect:f");
}
END_TEST

START_TEST(discarding_applies_the_next_terminator)
{
	long blocks = harness_blocks();
	struct unit_input u;

	begin(&u, false, "\n");
	unit_input_feed_text(&u, "abc");
	set_next_delimiter(&u, ",");
	input_discard(&u.input);
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
	input_discard(&u->input);
}

START_TEST(discarding_between_steps_drops_what_was_not_delivered)
{
	struct unit_input u;

	begin(&u, true, "\n");
	u.act = discard;
	unit_input_feed_text(&u, "ab\ncd\n");
	unit_input_feed_text(&u, "ef\n");
	unit_input_expect(&u, "frame:ab:2@3|frame:ef:2@9");
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

	tc = harness_case(suite, "unread");
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
	return harness_main(input_between_suite());
}
