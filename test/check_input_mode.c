/*
 * The read side: what is known of a frame in progress, frames that begin in
 * one mode and end in the other, and the maximum where nobody set one.
 */

#include <stdlib.h>
#include <string.h>
#include "harness.h"
#include "unit_input.h"

/* In progress */

/* Whoever times frames sees by this that it is another one. */
START_TEST(frames_are_counted_as_they_begin)
{
	struct unit_input u;

	unit_input_begin(&u, _i != 0, "\r\n");
	ck_assert_uint_eq(input_begun(&u.input), 0);
	unit_input_feed_text(&u, "a\r\nb");
	ck_assert_uint_eq(input_begun(&u.input), 2);
	unit_input_feed_text(&u, "c\r\n");
	ck_assert_uint_eq(input_begun(&u.input), 2);
	ck_assert(!input_in_frame(&u.input));
	unit_input_feed_text(&u, "\r");
	ck_assert_uint_eq(input_begun(&u.input), 3);
	ck_assert(input_in_frame(&u.input));
	unit_input_feed_text(&u, "d\r\ne\r");
	ck_assert_uint_eq(input_begun(&u.input), 4);
	ck_assert(input_in_frame(&u.input));
	unit_input_free(&u);
}
END_TEST

START_TEST(frame_in_progress_has_the_length_seen_so_far)
{
	struct unit_input u;

	unit_input_begin(&u, _i != 0, "\r\n");
	unit_input_feed_text(&u, "ab\r");
	ck_assert_uint_eq(input_frame_length(&u.input), 2);
	unit_input_feed_text(&u, "c");
	ck_assert_uint_eq(input_frame_length(&u.input), 4);
	ck_assert(input_incomplete(&u.input));
	unit_input_feed_text(&u, "\r\n");
	ck_assert_uint_eq(input_frame_length(&u.input), 0);
	ck_assert(!input_incomplete(&u.input));
	unit_input_count(&u, 7);
	unit_input_feed_text(&u, "ab");
	ck_assert_uint_eq(input_frame_length(&u.input), 7);
	ck_assert(input_incomplete(&u.input));
	unit_input_free(&u);
}
END_TEST

START_TEST(bytes_of_no_frame_are_none_in_progress)
{
	struct unit_input u;

	unit_input_init(&u, _i != 0, false);
	unit_input_feed_text(&u, "ab");
	ck_assert(!input_in_frame(&u.input));
	ck_assert(!input_incomplete(&u.input));
	unit_input_count(&u, 2);
	unit_input_run(&u, NULL);
	ck_assert(!input_in_frame(&u.input));
	ck_assert(input_incomplete(&u.input));
	unit_input_free(&u);
}
END_TEST

static void
note_what_is_partial(struct unit_input *u, enum input_what what,
    const struct input_step *step)
{
	size_t len = 99;
	const void *partial = input_partial(&u->input, u->whole, &len);

	(void)what;
	(void)step;
	ck_assert((partial == NULL) == (len == 0));
	unit_note_bytes(&u->text, "partial", partial, len);
}

START_TEST(in_pieces_only_what_is_held_is_partial)
{
	struct unit_input u;

	unit_input_begin(&u, false, "\r\n");
	u.act = note_what_is_partial;
	unit_input_feed_text(&u, "ab\r\nc\r");
	note_what_is_partial(&u, INPUT_MORE, NULL);
	unit_input_expect(&u, "collect:ab|partial:|found:2@4|partial:"
	    "|collect:c|partial:\\r|partial:\\r");
}
END_TEST

START_TEST(of_a_whole_frame_all_is_partial)
{
	struct unit_input u;

	unit_input_begin(&u, true, "\r\n");
	u.act = note_what_is_partial;
	unit_input_feed_text(&u, "ab\r\nc\r");
	note_what_is_partial(&u, INPUT_MORE, NULL);
	unit_input_feed_text(&u, "de");
	note_what_is_partial(&u, INPUT_MORE, NULL);
	unit_input_expect(&u, "frame:ab:2@4|partial:|partial:c\\r"
	    "|partial:c\\rde");
}
END_TEST

/* The maximum of whole frames where none was set */

START_TEST(without_a_maximum_whole_frames_have_one)
{
	const size_t most = 1 << 20;
	char *bytes = malloc(most + 1);
	struct unit_input u;

	memset(bytes, 'x', most + 1);
	unit_input_init(&u, true, false);
	unit_input_delimiter(&u, "\n", 1);
	unit_input_feed(&u, bytes, most);
	unit_input_feed_text(&u, "\n");
	ck_assert_uint_eq(u.input.frames, 1);
	ck_assert_uint_eq(u.input.last_len, most);
	unit_input_feed(&u, bytes, most + 1);
	ck_assert(u.over);
	ck_assert_uint_eq(input_frame_length(&u.input), most + 1);
	unit_input_free(&u);
	free(bytes);
}
END_TEST

START_TEST(without_a_maximum_pieces_are_unlimited)
{
	const size_t most = 1 << 20;
	char *bytes = malloc(most + 1);
	struct unit_input u;

	memset(bytes, 'x', most + 1);
	unit_input_init(&u, false, false);
	unit_input_delimiter(&u, "\n", 1);
	unit_input_feed(&u, bytes, most + 1);
	unit_input_feed_text(&u, "\n");
	ck_assert_uint_eq(u.input.last_len, most + 1);
	ck_assert_uint_eq(u.input.oversized, 0);
	unit_input_free(&u);
	free(bytes);
}
END_TEST

/* In both modes */

START_TEST(frame_begun_in_pieces_may_end_whole)
{
	struct unit_input u;

	unit_input_begin(&u, false, "\n");
	unit_input_feed_text(&u, "ab");
	u.whole = true;
	unit_input_feed_text(&u, "cd\nef\n");
	unit_input_expect(&u, "collect:ab|frame:cd:4@5|frame:ef:2@8");
}
END_TEST

START_TEST(frame_begun_whole_may_end_in_pieces)
{
	struct unit_input u;

	unit_input_begin(&u, true, "\n");
	unit_input_feed_text(&u, "ab");
	u.whole = false;
	unit_input_feed_text(&u, "cd\nef\n");
	unit_input_expect(&u, "collect:abcd|found:4@5|collect:ef|found:2@8");
}
END_TEST

START_TEST(truncated_frame_may_change_its_mode)
{
	struct unit_input u;

	unit_input_begin(&u, true, "\n");
	input_set_max(&u.input, 3, EVCHAT_OVERSIZE_TRUNCATE);
	unit_input_feed_text(&u, "abcd");
	u.whole = false;
	unit_input_feed_text(&u, "ef\ng");
	unit_input_expect(&u, "oversize:4:abc@0|collect:abc|found:6@7"
	    "|collect:g");

	unit_input_begin(&u, true, "\n");
	input_set_max(&u.input, 1, EVCHAT_OVERSIZE_TRUNCATE);
	unit_input_feed_text(&u, "ab");
	u.whole = false;
	unit_input_feed_text(&u, "\n");
	unit_input_expect(&u, "oversize:2:a@0|collect:a|found:2@3");

	unit_input_begin(&u, false, "\n");
	input_set_max(&u.input, 3, EVCHAT_OVERSIZE_TRUNCATE);
	unit_input_feed_text(&u, "abcd");
	u.whole = true;
	unit_input_feed_text(&u, "ef\ng\n");
	unit_input_expect(&u, "collect:abc|oversize:4:@3|frame::6@7"
	    "|frame:g:1@9");
}
END_TEST

/* Without a maximum of the application's, what is buffered is limited. */
START_TEST(default_maximum_counts_from_where_pieces_end)
{
	const size_t most = 1 << 20;
	char *bytes = malloc(most + 1);
	struct unit_input u;

	memset(bytes, 'x', most + 1);
	unit_input_begin(&u, false, "\n");
	unit_input_feed(&u, bytes, most);
	u.whole = true;
	unit_input_feed(&u, bytes, most);
	ck_assert(!u.over);
	unit_input_feed(&u, bytes, 1);
	ck_assert(u.over);
	unit_input_free(&u);
	free(bytes);
}
END_TEST

static Suite *
input_mode_suite(void)
{
	Suite *suite = suite_create("input_mode");
	TCase *tc = harness_case(suite, "progress");

	tcase_add_loop_test(tc, frames_are_counted_as_they_begin, 0, 2);
	tcase_add_loop_test(tc, frame_in_progress_has_the_length_seen_so_far, 0,
	    2);
	tcase_add_loop_test(tc, bytes_of_no_frame_are_none_in_progress, 0, 2);
	tcase_add_test(tc, in_pieces_only_what_is_held_is_partial);
	tcase_add_test(tc, of_a_whole_frame_all_is_partial);

	tc = harness_case(suite, "maximum");
	tcase_add_test(tc, without_a_maximum_whole_frames_have_one);
	tcase_add_test(tc, without_a_maximum_pieces_are_unlimited);
	tcase_add_test(tc, default_maximum_counts_from_where_pieces_end);

	tc = harness_case(suite, "mode");
	tcase_add_test(tc, frame_begun_in_pieces_may_end_whole);
	tcase_add_test(tc, frame_begun_whole_may_end_in_pieces);
	tcase_add_test(tc, truncated_frame_may_change_its_mode);
	return suite;
}

int
main(void)
{
	return harness_main(input_mode_suite());
}
