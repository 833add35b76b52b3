/*
 * Framings of the application's own: when they are freed, and the state that
 * split gets.
 */

#include <errno.h>
#include "hashed.h"
#include "sink.h"

/* Freed once, after the last of those who hold it */

START_TEST(framing_is_freed_when_its_only_channel_ends)
{
	struct hashed hashed;
	struct harness *h = hashed_start(&hashed, sink_kinds[_i]);

	ck_assert_int_eq(hashed.freed, 0);
	evchat_free(h->chat);
	event_base_loop(h->base, EVLOOP_NONBLOCK);
	ck_assert_int_eq(hashed.freed, 1);
	harness_end(h, "closed:freed");
	ck_assert_int_eq(hashed.freed, 1);
}
END_TEST

START_TEST(framing_outlives_its_channels_with_the_caller)
{
	struct hashed hashed;
	struct evchat_framing *framing = hashed_new(&hashed, &hashed_ops);
	struct harness *h, *other;

	h = harness_streaming_on(HARNESS_SOCKET);
	other = harness_new_beside(h, HARNESS_PAIR);
	harness_start(other, &harness_frames, 0);
	ck_assert_int_eq(evchat_set_framing(h->chat, framing), 0);
	ck_assert_int_eq(evchat_set_output_framing(h->chat, framing), 0);
	ck_assert_int_eq(evchat_set_framing(other->chat, framing), 0);
	harness_free(other);
	ck_assert_int_eq(evchat_push_frame(h->chat, "a", 1), 0);
	harness_expect_received(h, "a#");
	harness_end(h, "");
	ck_assert_int_eq(hashed.freed, 0);
	evchat_framing_free(framing);
	ck_assert_int_eq(hashed.freed, 1);
}
END_TEST

START_TEST(framing_is_freed_by_the_last_of_two_channels)
{
	struct hashed hashed;
	struct harness *h = harness_streaming_on(HARNESS_PAIR);
	struct harness *other = harness_new_beside(h, HARNESS_SOCKET);
	struct evchat_framing *framing = hashed_new(&hashed, &hashed_ops);

	harness_start(other, &harness_frames, 0);
	ck_assert_int_eq(evchat_set_framing(h->chat, framing), 0);
	ck_assert_int_eq(evchat_set_output_framing(other->chat, framing), 0);
	evchat_framing_free(framing);
	harness_free(other);
	ck_assert_int_eq(hashed.freed, 0);
	ck_assert_ptr_eq(evchat_get_framing(h->chat), framing);
	ck_assert_int_eq(evchat_push_frame(h->chat, "a", 1), 0);
	harness_feed(h, "b#");
	harness_end(h, "collect:b|found");
	ck_assert_int_eq(hashed.freed, 1);
}
END_TEST

/* Neither a count nor none lets go of what frames are written with. */
START_TEST(framing_of_the_input_is_kept_until_another_is_set)
{
	struct hashed hashed;
	struct harness *h = harness_streaming_on(HARNESS_PAIR);
	struct evchat_framing *framing = hashed_new(&hashed, &hashed_ops);

	ck_assert_int_eq(evchat_set_framing(h->chat, framing), 0);
	evchat_framing_free(framing);
	harness_count_three(h);
	harness_turn(h);
	evchat_set_terminator_none(h->chat);
	harness_turn(h);
	ck_assert_int_eq(hashed.freed, 0);
	ck_assert_int_eq(evchat_push_frame(h->chat, "a", 1), 0);
	harness_crlf(h);
	harness_turn(h);
	ck_assert_int_eq(hashed.freed, 1);
	harness_expect_received(h, "a#");
	harness_end(h, "");
	ck_assert_int_eq(hashed.freed, 1);
}
END_TEST

START_TEST(output_framing_is_kept_until_it_is_taken_back)
{
	struct hashed hashed;
	struct harness *h = hashed_start(&hashed, HARNESS_PAIR);

	harness_crlf(h);
	ck_assert_int_eq(hashed.freed, 0);
	ck_assert_int_eq(evchat_push_frame(h->chat, "a", 1), 0);
	ck_assert_int_eq(evchat_set_output_framing(h->chat, NULL), 0);
	ck_assert_int_eq(hashed.freed, 1);
	harness_expect_received(h, "a#");
	harness_end(h, "");
}
END_TEST

static void
set_crlf_and_free(struct harness *h)
{
	ck_assert_int_eq(evchat_set_terminator(h->chat, "\r\n", 2), 0);
	evchat_framing_free(h->user);
	h->user = NULL;
}

START_TEST(framing_may_be_freed_in_its_own_hook)
{
	struct hashed hashed;
	struct harness *h = harness_start_new(sink_kinds[_i],
	    &harness_streaming);

	h->user = hashed_new(&hashed, &hashed_ops);
	ck_assert_int_eq(evchat_set_framing(h->chat, h->user), 0);
	h->script.found = set_crlf_and_free;
	harness_feed(h, "ab#cd");
	h->script.found = NULL;
	harness_turn(h);
	ck_assert_int_eq(hashed.freed, 1);
	harness_feed(h, "#\r\n");
	harness_end(h, "collect:ab|found|collect:cd#|found");
	ck_assert_int_eq(hashed.freed, 1);
}
END_TEST

/* State */

static void
note_error(struct harness *h, enum evchat_reason why)
{
	(void)why;
	harness_note(h, "%s", evchat_get_error(h->chat));
}

START_TEST(state_is_zeroed_for_each_channel)
{
	struct hashed hashed;
	struct harness *h = harness_frames_on(HARNESS_PAIR);
	struct harness *other = harness_new_beside(h, HARNESS_PAIR);
	struct evchat_framing *framing = hashed_new(&hashed, &hashed_ops);

	harness_start(other, &harness_frames, 0);
	ck_assert_int_eq(evchat_set_framing(h->chat, framing), 0);
	ck_assert_int_eq(evchat_set_framing(other->chat, framing), 0);
	evchat_framing_free(framing);
	harness_feed(h, "a#");
	harness_feed(other, "b#");
	harness_feed(h, "c#");
	harness_feed(other, "d#");
	other->script.closed = note_error;
	harness_feed(other, "e#");
	harness_end(other,
	    "frame:b|frame:d|event:malformed|closed:malformed|"
	    "a third frame");
	harness_end(h, "frame:a|frame:c");
	ck_assert_int_eq(hashed.dirty, 0);
	ck_assert_int_eq(hashed.freed, 1);
}
END_TEST

START_TEST(state_is_zeroed_whenever_the_framing_is_set)
{
	struct hashed hashed;
	struct harness *h = harness_start_new(sink_kinds[_i],
	    &harness_frames);
	struct evchat_framing *framing = hashed_new(&hashed, &hashed_ops);
	int i;

	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(evchat_set_framing(h->chat, framing), 0);
		harness_feed(h, "a#b#");
	}
	harness_crlf(h);
	harness_feed(h, "c\r\n");
	ck_assert_int_eq(evchat_set_framing(h->chat, framing), 0);
	harness_feed(h, "d#e#");
	evchat_framing_free(framing);
	harness_end(h, "frame:a|frame:b|frame:a|frame:b|frame:a|frame:b"
	    "|frame:c|frame:d|frame:e");
	ck_assert_int_eq(hashed.dirty, 0);
	ck_assert_int_eq(hashed.freed, 1);
}
END_TEST

/* Of what is dropped nothing may be left in it either. */
START_TEST(state_is_zeroed_when_unread_input_is_discarded)
{
	struct harness *h = harness_start_new(sink_kinds[_i], &harness_frames);
	struct hashed hashed;
	struct evchat_framing *framing = hashed_new(&hashed, &hashed_ops);

	ck_assert_int_eq(evchat_set_framing(h->chat, framing), 0);
	evchat_framing_free(framing);
	harness_feed(h, "a#b#cd");
	evchat_discard_buffers(h->chat);
	harness_feed(h, "e#f#");
	harness_end(h, "frame:a|frame:b|frame:e|frame:f");
	ck_assert_int_eq(hashed.dirty, 0);
	ck_assert_int_eq(hashed.freed, 1);
}
END_TEST

/* What cannot be set has changed nothing. @return whether it could not be */
static bool
set_without_memory(struct evchat_framing *framing, long n)
{
	struct harness *h = harness_frames_on(HARNESS_PAIR);
	bool failed;
	int set;

	harness_crlf(h);
	harness_fail_allocation(n);
	errno = 0;
	set = evchat_set_framing(h->chat, framing);
	failed = harness_allocation_failed();
	harness_fail_allocation(0);
	ck_assert(set == 0 || (failed && errno == ENOMEM));
	harness_feed(h, set == 0 ? "a#" : "a\r\n");
	harness_end(h, "frame:a");
	return set == -1;
}

START_TEST(without_memory_for_its_state_nothing_is_set)
{
	struct hashed hashed;
	struct evchat_framing *framing = hashed_new(&hashed, &hashed_ops);
	long n;

	for (n = 1; set_without_memory(framing, n); n++)
		continue;
	ck_assert_int_gt(n, 1);
	ck_assert_int_eq(hashed.freed, 0);
	ck_assert_int_eq(hashed.dirty, 0);
	evchat_framing_free(framing);
	ck_assert_int_eq(hashed.freed, 1);
}
END_TEST

static Suite *
custom_life_suite(void)
{
	Suite *suite = suite_create("custom_life");
	TCase *tc = harness_case(suite, "free");

	tcase_add_loop_test(tc, framing_is_freed_when_its_only_channel_ends, 0,
	    SINK_KINDS);
	tcase_add_test(tc, framing_outlives_its_channels_with_the_caller);
	tcase_add_test(tc, framing_is_freed_by_the_last_of_two_channels);
	tcase_add_test(tc, framing_of_the_input_is_kept_until_another_is_set);
	tcase_add_test(tc, output_framing_is_kept_until_it_is_taken_back);
	tcase_add_loop_test(tc, framing_may_be_freed_in_its_own_hook, 0,
	    SINK_KINDS);

	tc = harness_case(suite, "state");
	tcase_add_test(tc, state_is_zeroed_for_each_channel);
	tcase_add_loop_test(tc, state_is_zeroed_whenever_the_framing_is_set, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, state_is_zeroed_when_unread_input_is_discarded,
	    0, SINK_KINDS);
	tcase_add_test(tc, without_memory_for_its_state_nothing_is_set);
	return suite;
}

int
main(void)
{
	return harness_main(custom_life_suite());
}
