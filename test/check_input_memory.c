/*
 * The read side's memory: what it copies and keeps, that it gives all of it
 * back, and that a step which fails for want of it can be tried again.
 */

#include <stdlib.h>
#include <string.h>
#include "harness.h"
#include "unit_input.h"

#define LARGE 100000

static char *
rubbish(size_t len)
{
	char *bytes = malloc(len);

	ck_assert_ptr_nonnull(bytes);
	memset(bytes, 'x', len);
	return bytes;
}

/* What is copied, and what is kept */

/* The library's memory is what it copies to; libevent's is the chains. */
static size_t
begin_counting(struct unit_input *u, bool whole)
{
	unit_count_bytes();
	unit_input_begin(u, whole, "\r\n");
	return unit_bytes_most();
}

static void
end_counting(struct unit_input *u)
{
	unit_input_free(u);
	ck_assert_uint_eq(unit_bytes_now(), 0);
	ck_assert_int_eq(unit_chains(), 0);
	harness_memory_init();
}

START_TEST(pieces_are_not_copied)
{
	char *bytes = rubbish(LARGE);
	struct unit_input u;
	size_t i, before = begin_counting(&u, false);

	for (i = 0; i < 10; i++) {
		unit_input_feed(&u, bytes, LARGE);
		unit_input_feed_text(&u, "\r\nabc\r\n");
	}
	ck_assert_uint_eq(u.input.frames, 20);
	ck_assert_uint_eq(unit_bytes_most(), before);
	end_counting(&u);
	free(bytes);
}
END_TEST

START_TEST(whole_frame_in_one_chain_is_not_copied)
{
	struct unit_input u;
	size_t before = begin_counting(&u, true);

	unit_input_feed_text(&u, "ab\r\n\r\ncd\r\n");
	ck_assert_uint_eq(unit_bytes_most(), before);
	unit_expect(&u.text, "frame:ab:2@4|frame::0@6|frame:cd:2@10");
	end_counting(&u);
}
END_TEST

START_TEST(only_the_beginning_of_a_whole_frame_is_copied)
{
	char *bytes = rubbish(LARGE);
	struct unit_input u;
	size_t before = begin_counting(&u, true);

	memcpy(bytes + LARGE - 5, "\r\nabc", 5);
	unit_input_feed(&u, bytes, LARGE);
	unit_input_feed_text(&u, "d\r\n");
	ck_assert_uint_eq(u.input.frames, 2);
	ck_assert_uint_le(unit_bytes_most(), before + 64);
	end_counting(&u);
	free(bytes);
}
END_TEST

START_TEST(memory_follows_what_was_received_of_a_whole_frame)
{
	char *bytes = rubbish(1000);
	struct unit_input u;
	size_t held, most;

	unit_count_bytes();
	unit_input_init(&u, true, false);
	unit_input_count(&u, (uint64_t)1 << 40);
	input_set_max(&u.input, 0, EVCHAT_OVERSIZE_CLOSE);
	for (held = 1000; held <= LARGE * 10; held += 1000) {
		unit_input_feed(&u, bytes, 1000);
		most = unit_bytes_most();
		if (held > 32768 ? most > held * 9 / 4 : most > held * 3 + 64)
			ck_abort_msg("%zu bytes for %zu", most, held);
	}
	ck_assert_int_eq(unit_chains(), 0);
	end_counting(&u);
	free(bytes);
}
END_TEST

START_TEST(discarded_frame_keeps_nothing)
{
	char *bytes = rubbish(1000);
	struct unit_input u;
	size_t i, before = begin_counting(&u, true);

	input_set_max(&u.input, 100, EVCHAT_OVERSIZE_DISCARD);
	for (i = 0; i < 1000; i++)
		unit_input_feed(&u, bytes, 1000);
	ck_assert_uint_eq(unit_bytes_most(), before);
	ck_assert_int_eq(unit_chains(), 0);
	end_counting(&u);
	free(bytes);
}
END_TEST

START_TEST(truncated_frame_keeps_its_first_bytes_only)
{
	char *bytes = rubbish(1000);
	struct unit_input u;
	size_t i, before = begin_counting(&u, true);

	input_set_max(&u.input, 1500, EVCHAT_OVERSIZE_TRUNCATE);
	for (i = 0; i < 1000; i++)
		unit_input_feed(&u, bytes, 1000);
	ck_assert_uint_le(unit_bytes_most(), before + 3 * 1500);
	end_counting(&u);
	free(bytes);
}
END_TEST

/* The next frame has begun when a larger one ends. */
START_TEST(place_of_a_frame_is_not_kept_for_a_smaller_one)
{
	char *bytes = rubbish(LARGE);
	struct unit_input u;
	size_t len, before = begin_counting(&u, true);

	input_set_max(&u.input, 0, EVCHAT_OVERSIZE_CLOSE);
	for (len = 500; len <= LARGE; len *= 2) {
		unit_input_feed(&u, bytes, len);
		unit_input_feed_text(&u, "\r\nabc");
		ck_assert_uint_le(unit_bytes_now(), before + 256);
		unit_input_feed_text(&u, "\r\n");
	}
	ck_assert_uint_ge(u.input.frames, 2);
	end_counting(&u);
	free(bytes);
}
END_TEST

static void
feed_frames(struct unit_input *u, const char *bytes, size_t len)
{
	unit_input_feed(u, bytes, len / 2);
	unit_input_feed(u, bytes, len - len / 2);
	unit_input_feed_text(u, "\r");
	unit_input_feed_text(u, "\n");
}

START_TEST(memory_comes_back_when_all_is_delivered)
{
	char *bytes = rubbish(LARGE);
	struct unit_input u;
	long blocks;

	unit_input_begin(&u, _i % 2 != 0, "\r\n");
	if (_i > 1)
		input_set_max(&u.input, LARGE / 4, EVCHAT_OVERSIZE_TRUNCATE);
	blocks = harness_blocks();
	feed_frames(&u, bytes, LARGE);
	/* But for a small buffer, which the next frame needs again. */
	ck_assert_int_le(harness_blocks(), blocks + 1);
	ck_assert_uint_le(u.input.unread.front.cap, 256);
	ck_assert_uint_eq(u.input.cut.cap, 0);
	ck_assert_int_eq(unit_chains(), 0);
	ck_assert_uint_eq(u.input.frames, 1);
	unit_input_free(&u);
	free(bytes);
}
END_TEST

/* Nobody need ask for another step. */
START_TEST(settling_gives_back_what_the_last_step_lent)
{
	struct evbuffer *from = evbuffer_new();
	struct input_step step;
	struct unit_input u;
	char bytes[402] = { 0 };
	size_t len;

	/* A small buffer would stay. */
	unit_input_begin(&u, true, "\r\n");
	input_set_max(&u.input, 300, EVCHAT_OVERSIZE_TRUNCATE);
	memcpy(bytes + 400, "\r\n", 2);
	unit_add_chain(from, bytes, 402);
	ck_assert_int_eq(input_take(&u.input, from), 0);
	ck_assert_int_eq(input_next(&u.input, true, &step), INPUT_OVERSIZE);
	input_settle(&u.input);
	ck_assert_ptr_null(input_partial(&u.input, true, &len));
	ck_assert_int_eq(input_next(&u.input, true, &step), INPUT_FRAME);
	ck_assert_uint_gt(u.input.cut.cap, 0);
	input_settle(&u.input);
	ck_assert_uint_eq(u.input.cut.cap, 0);
	ck_assert_int_eq(unit_chains(), 0);
	evbuffer_free(from);
	unit_input_free(&u);
}
END_TEST

START_TEST(freeing_in_the_middle_gives_all_back)
{
	long blocks = harness_blocks();
	char *bytes = rubbish(LARGE);
	struct unit_input u;

	unit_input_begin(&u, _i % 2 != 0, "\r\n");
	if (_i > 1)
		input_set_max(&u.input, 10, EVCHAT_OVERSIZE_TRUNCATE);
	unit_input_feed(&u, bytes, LARGE / 2);
	unit_input_feed(&u, bytes, LARGE / 2);
	ck_assert_int_eq(input_unread(&u.input, "ab", 2), 0);
	unit_input_free(&u);
	ck_assert_int_eq(harness_blocks(), blocks);
	ck_assert_int_eq(unit_chains(), 0);
	free(bytes);
}
END_TEST

/* Without memory */

/* Run with the failing allocation; false if there are not so many. */
static bool
run_failing(long failing, const struct unit_cuts *cuts, const char *bytes,
    const char *expected)
{
	struct evbuffer **piece = calloc(cuts->n, sizeof(struct evbuffer *));
	struct unit_input u;
	size_t i, at;

	unit_input_begin(&u, true, "\r\n");
	input_set_max(&u.input, 80, EVCHAT_OVERSIZE_TRUNCATE);
	for (i = 0, at = 0; i < cuts->n; at = cuts->end[i++]) {
		piece[i] = evbuffer_new();
		unit_add_chain(piece[i], bytes + at, cuts->end[i] - at);
	}
	harness_fail_allocation(failing);
	for (i = 0; i < cuts->n; i++)
		unit_input_run(&u, piece[i]);
	unit_input_eof(&u);
	harness_fail_allocation(0);
	for (i = 0; i < cuts->n; i++)
		evbuffer_free(piece[i]);
	free(piece);
	if (strcmp(unit_text(&u.text), expected) != 0)
		ck_abort_msg("%ld fails, cut at%s\n  expected %s\n  got      %s",
		    failing, unit_cuts_text(cuts), expected,
		    unit_text(&u.text));
	failing = (long)u.no_memory;
	unit_input_free(&u);
	return failing > 0;
}

/* Frames of 70, 90 and 75 bytes, which do not fit into the smallest buffer. */
START_TEST(step_that_failed_can_be_tried_again)
{
	char bytes[70 + 2 + 90 + 2 + 75], expected[600];
	struct unit_cuts cuts;
	size_t failed = 0;
	long i;

	unit_random_bytes(bytes, sizeof(bytes), "abcdef");
	memcpy(bytes + 70, "\r\n", 2);
	memcpy(bytes + 162, "\r\n", 2);
	snprintf(expected, sizeof(expected), "frame:%.70s:70@72"
	    "|oversize:81:%.80s@72|frame:%.80s:90@164|eof:%.75s@164!",
	    bytes, bytes + 72, bytes + 72, bytes + 164);
	unit_cuts_init(&cuts, sizeof(bytes), unit_cases(500));
	while (unit_cuts_next(&cuts))
		for (i = 1; run_failing(i, &cuts, bytes, expected); i++)
			failed++;
	ck_assert_uint_gt(failed, unit_cases(500));
}
END_TEST

static Suite *
input_memory_suite(void)
{
	Suite *suite = suite_create("input_memory");
	TCase *tc = harness_case(suite, "kept");

	tcase_add_test(tc, pieces_are_not_copied);
	tcase_add_test(tc, whole_frame_in_one_chain_is_not_copied);
	tcase_add_test(tc, only_the_beginning_of_a_whole_frame_is_copied);
	tcase_add_test(tc,
	    memory_follows_what_was_received_of_a_whole_frame);
	tcase_add_test(tc, discarded_frame_keeps_nothing);
	tcase_add_test(tc, truncated_frame_keeps_its_first_bytes_only);
	tcase_add_test(tc, place_of_a_frame_is_not_kept_for_a_smaller_one);
	tcase_add_loop_test(tc, memory_comes_back_when_all_is_delivered, 0, 4);
	tcase_add_test(tc, settling_gives_back_what_the_last_step_lent);
	tcase_add_loop_test(tc, freeing_in_the_middle_gives_all_back, 0, 4);

	tc = harness_case(suite, "failure");
	tcase_add_test(tc, step_that_failed_can_be_tried_again);
	return suite;
}

int
main(void)
{
	return harness_main(input_memory_suite());
}
