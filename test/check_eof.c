/*
 * The peer's end: what was held is delivered, what is queued is still sent, and
 * the reason says whether a frame was cut off.
 */

#include <stdlib.h>
#include <string.h>
#include "harness.h"

#define MUCH (1 << 20) /* more than sockets hold */

static void
note_partial_at_eof(struct harness *h, enum evchat_event what)
{
	ck_assert_int_eq(what, EVCHAT_EVENT_EOF);
	harness_note_partial(h);
}

static void
note_partial_in_closed(struct harness *h, enum evchat_reason why)
{
	(void)why;
	harness_note_partial(h);
}

/* What is told, and the reason */

START_TEST(eof_between_frames_is_the_reason_eof)
{
	static const struct harness_scenario streaming = {
		.input = "ab\r\n", .eof = true, .start = harness_crlf,
		.expect = "collect:ab|found|event:eof|closed:eof"
	};
	static const struct harness_scenario frames = {
		.input = "ab\r\n\r\n", .eof = true, .start = harness_crlf,
		.hooks = &harness_frames,
		.expect = "frame:ab|frame:|event:eof|closed:eof"
	};
	static const struct harness_scenario nothing = {
		.eof = true, .start = harness_crlf,
		.expect = "event:eof|closed:eof"
	};

	harness_prove(&streaming);
	harness_prove(&frames);
	harness_prove(&nothing);
}
END_TEST

START_TEST(eof_inside_a_line_is_the_reason_truncated)
{
	static const struct harness_scenario streaming = {
		.input = "ab\r\ncd", .eof = true, .start = harness_crlf,
		.expect = "collect:ab|found|collect:cd|event:eof"
		    "|closed:truncated"
	};
	static const struct harness_scenario frames = {
		.input = "ab\r\ncd", .eof = true, .start = harness_crlf,
		.hooks = &harness_frames,
		.expect = "frame:ab|event:eof|closed:truncated"
	};

	harness_prove(&streaming);
	harness_prove(&frames);
}
END_TEST

START_TEST(held_prefix_is_delivered_at_eof)
{
	static const struct harness_scenario after_data = {
		.input = "ab\r", .eof = true, .start = harness_crlf,
		.expect = "collect:ab\\r|event:eof|closed:truncated"
	};
	static const struct harness_scenario alone = {
		.input = "ab\r\n\r", .eof = true, .start = harness_crlf,
		.expect = "collect:ab|found|collect:\\r|event:eof"
		    "|closed:truncated"
	};

	harness_prove(&after_data);
	harness_prove(&alone);
}
END_TEST

START_TEST(partial_frame_can_be_asked_for_at_eof_and_in_closed)
{
	static const struct harness_scenario delimiter = {
		.input = "ab\r\ncd\r", .eof = true, .start = harness_crlf,
		.hooks = &harness_frames,
		.script = { .event = note_partial_at_eof,
		    .closed = note_partial_in_closed },
		.expect = "frame:ab|event:eof|partial:cd\\r|closed:truncated"
		    "|partial:cd\\r"
	};
	static const struct harness_scenario count = {
		.input = "ab", .eof = true, .start = harness_count_three,
		.hooks = &harness_frames,
		.script = { .event = note_partial_at_eof,
		    .closed = note_partial_in_closed },
		.expect = "event:eof|partial:ab|closed:truncated|partial:ab"
	};
	static const struct harness_scenario nothing = {
		.input = "ab\r\n", .eof = true, .start = harness_crlf,
		.hooks = &harness_frames,
		.script = { .event = note_partial_at_eof,
		    .closed = note_partial_in_closed },
		.expect = "frame:ab|event:eof|partial:|closed:eof|partial:"
	};

	harness_prove(&delimiter);
	harness_prove(&count);
	harness_prove(&nothing);
}
END_TEST

START_TEST(count_that_waits_at_eof_is_truncated_even_without_a_byte)
{
	static const struct harness_scenario some = {
		.input = "ab", .eof = true, .start = harness_count_three,
		.expect = "collect:ab|event:eof|closed:truncated"
	};
	static const struct harness_scenario nothing = {
		.eof = true, .start = harness_count_three,
		.expect = "event:eof|closed:truncated"
	};
	static const struct harness_scenario frames = {
		.eof = true, .start = harness_count_three,
		.hooks = &harness_frames,
		.expect = "event:eof|closed:truncated"
	};
	static const struct harness_scenario set_in_found = {
		.input = "ab\r\n", .eof = true, .start = harness_crlf,
		.script.found = harness_count_three,
		.expect = "collect:ab|found|event:eof|closed:truncated"
	};

	harness_prove(&some);
	harness_prove(&nothing);
	harness_prove(&frames);
	harness_prove(&set_in_found);
}
END_TEST

START_TEST(count_that_was_met_is_not_truncated)
{
	static const struct harness_scenario s = {
		.input = "abcd", .eof = true, .start = harness_count_three,
		.expect = "collect:abc|found|collect:d|event:eof|closed:eof"
	};

	harness_prove(&s);
}
END_TEST

START_TEST(eof_under_none_is_the_reason_eof)
{
	static const struct harness_scenario streaming = {
		.input = "abc", .eof = true,
		.expect = "collect:abc|event:eof|closed:eof"
	};
	static const struct harness_scenario frames = {
		.input = "abc", .eof = true, .hooks = &harness_frames,
		.expect = "collect:abc|event:eof|closed:eof"
	};

	harness_prove(&streaming);
	harness_prove(&frames);
}
END_TEST

/* DELIVER_LAST */

START_TEST(deliver_last_makes_a_frame_of_the_rest)
{
	static const struct harness_scenario streaming = {
		.input = "ab\r\ncd", .eof = true, .start = harness_crlf,
		.options = EVCHAT_OPT_DELIVER_LAST,
		.expect = "collect:ab|found|collect:cd|found|event:eof|closed:eof"
	};
	static const struct harness_scenario frames = {
		.input = "ab\r\ncd\r", .eof = true, .start = harness_crlf,
		.options = EVCHAT_OPT_DELIVER_LAST, .hooks = &harness_frames,
		.expect = "frame:ab|frame:cd\\r|event:eof|closed:eof"
	};
	static const struct harness_scenario prefix = {
		.input = "\r", .eof = true, .start = harness_crlf,
		.options = EVCHAT_OPT_DELIVER_LAST,
		.expect = "collect:\\r|found|event:eof|closed:eof"
	};

	harness_prove(&streaming);
	harness_prove(&frames);
	harness_prove(&prefix);
}
END_TEST

START_TEST(deliver_last_makes_no_empty_frame)
{
	static const struct harness_scenario streaming = {
		.input = "ab\r\n", .eof = true, .start = harness_crlf,
		.options = EVCHAT_OPT_DELIVER_LAST,
		.expect = "collect:ab|found|event:eof|closed:eof"
	};
	static const struct harness_scenario frames = {
		.eof = true, .start = harness_crlf, .hooks = &harness_frames,
		.options = EVCHAT_OPT_DELIVER_LAST,
		.expect = "event:eof|closed:eof"
	};

	harness_prove(&streaming);
	harness_prove(&frames);
}
END_TEST

START_TEST(deliver_last_does_not_touch_counts)
{
	static const struct harness_scenario s = {
		.input = "ab", .eof = true, .start = harness_count_three,
		.options = EVCHAT_OPT_DELIVER_LAST, .hooks = &harness_frames,
		.expect = "event:eof|closed:truncated"
	};

	harness_prove(&s);
}
END_TEST

static void
count_zero_once(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	if (h->count++ == 0)
		harness_ok(h, evchat_set_terminator_count(h->chat, 0));
}

static void
count_three_after(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	harness_count_three(h);
}

static void
unread_once(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	if (h->count++ == 0)
		harness_ok(h, evchat_unread(h->chat, "x\r\ny", 4));
}

START_TEST(hook_of_the_last_frame_can_still_set_and_unread)
{
	static const struct harness_scenario zero = {
		.input = "ab", .eof = true, .start = harness_crlf,
		.options = EVCHAT_OPT_DELIVER_LAST, .hooks = &harness_frames,
		.script.frame = count_zero_once,
		.expect = "frame:ab|frame:|event:eof|closed:eof"
	};
	static const struct harness_scenario count = {
		.input = "ab", .eof = true, .start = harness_crlf,
		.options = EVCHAT_OPT_DELIVER_LAST, .hooks = &harness_frames,
		.script.frame = count_three_after,
		.expect = "frame:ab|event:eof|closed:truncated"
	};
	static const struct harness_scenario unread = {
		.input = "ab", .eof = true, .start = harness_crlf,
		.options = EVCHAT_OPT_DELIVER_LAST, .hooks = &harness_frames,
		.script.frame = unread_once,
		.expect = "frame:ab|frame:x|frame:y|event:eof|closed:eof"
	};

	harness_prove(&zero);
	harness_prove(&count);
	harness_prove(&unread);
}
END_TEST

/* HALF_OPEN */

START_TEST(half_open_channel_goes_on_after_eof)
{
	struct harness *h = harness_new((enum harness_carrier)_i);

	harness_start(h, &harness_frames, EVCHAT_OPT_HALF_OPEN);
	harness_crlf(h);
	harness_feed(h, "ab\r\ncd");
	harness_feed_eof(h);
	harness_turn(h);
	harness_expect(h, "frame:ab|event:eof");
	ck_assert_int_eq(evchat_push(h->chat, "bye", 3), 0);
	harness_expect_received(h, "bye");
	harness_turn(h);
	harness_expect(h, "frame:ab|event:eof");
	evchat_close_when_done(h->chat);
	harness_run_until_closed(h);
	harness_end(h, "frame:ab|event:eof|closed:done");
}
END_TEST

START_TEST(bytes_unread_after_eof_are_delivered)
{
	struct harness *h = harness_new((enum harness_carrier)_i);

	harness_start(h, &harness_frames, EVCHAT_OPT_HALF_OPEN);
	harness_crlf(h);
	harness_feed(h, "ab\r\n");
	harness_feed_eof(h);
	ck_assert_int_eq(evchat_unread(h->chat, "cd\r\n", 4), 0);
	harness_turn(h);
	harness_end(h, "frame:ab|event:eof|frame:cd");
}
END_TEST

/* Output */

static void
push_bye(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_EOF)
		harness_ok(h, evchat_push(h->chat, "bye", 3));
}

START_TEST(reply_pushed_at_eof_is_sent_before_the_end)
{
	static const struct harness_scenario s = {
		.input = "ab\r\n", .eof = true, .start = harness_crlf,
		.script.event = push_bye, .until_closed = true, .output = "bye",
		.expect = "collect:ab|found|event:eof|closed:eof"
	};

	harness_prove(&s);
}
END_TEST

START_TEST(queued_output_survives_the_peer_s_half_close)
{
	static char much[MUCH];
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);

	harness_crlf(h);
	harness_peer_read(h, false);
	ck_assert_int_eq(evchat_push(h->chat, much, MUCH), 0);
	harness_feed(h, "ab\r\ncd");
	harness_feed_eof(h);
	harness_expect(h, "collect:ab|found|collect:cd|event:eof");
	harness_peer_read(h, true);
	harness_run_until_received(h, MUCH);
	harness_run_until_closed(h);
	ck_assert_uint_eq(evbuffer_get_length(h->received), MUCH);
	harness_end(h,
	    "collect:ab|found|collect:cd|event:eof|closed:truncated");
}
END_TEST

/* Hooks that act */

static void
free_at_eof(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_EOF)
		evchat_free(h->chat);
}

static void
close_at_eof(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_EOF)
		evchat_close_when_done(h->chat);
}

START_TEST(eof_hook_may_end_the_channel)
{
	static const struct harness_scenario freeing = {
		.input = "ab", .eof = true, .start = harness_crlf,
		.script.event = free_at_eof,
		.expect = "collect:ab|event:eof|closed:freed"
	};
	static const struct harness_scenario closing = {
		.input = "ab", .eof = true, .start = harness_crlf,
		.script.event = close_at_eof, .until_closed = true,
		.expect = "collect:ab|event:eof|closed:done"
	};

	harness_prove(&freeing);
	harness_prove(&closing);
}
END_TEST

static void
end_with_comma_at_eof(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_EOF)
		harness_ok(h, evchat_set_terminator(h->chat, ",", 1));
}

START_TEST(framing_set_at_eof_is_used_for_the_rest)
{
	static const struct harness_scenario whole = {
		.input = "ab,c,", .eof = true, .start = harness_crlf,
		.script.event = end_with_comma_at_eof, .hooks = &harness_frames,
		.expect = "event:eof|frame:ab|frame:c|closed:eof"
	};
	static const struct harness_scenario rest = {
		.input = "ab,c", .eof = true, .start = harness_crlf,
		.script.event = end_with_comma_at_eof, .hooks = &harness_frames,
		.expect = "event:eof|frame:ab|closed:truncated"
	};

	harness_prove(&whole);
	harness_prove(&rest);
}
END_TEST

static void
pause_and_resume_later(struct harness *h)
{
	evchat_pause(h->chat);
	harness_later(h, harness_resume);
}

static void
pause_in_collect(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	pause_and_resume_later(h);
}

START_TEST(eof_waits_for_resume)
{
	static const struct harness_scenario prefix = {
		.input = "ab\r\ncd\r", .eof = true, .start = harness_crlf,
		.script = { .collect = pause_in_collect,
		    .found = pause_and_resume_later },
		.expect = "collect:ab|found|collect:cd\\r|event:eof"
		    "|closed:truncated"
	};
	static const struct harness_scenario last = {
		.input = "ab\r\ncd", .eof = true, .start = harness_crlf,
		.options = EVCHAT_OPT_DELIVER_LAST,
		.script = { .collect = pause_in_collect,
		    .found = pause_and_resume_later },
		.expect = "collect:ab|found|collect:cd|found|event:eof|closed:eof"
	};
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_frames);

	harness_crlf(h);
	evchat_pause(h->chat);
	harness_feed(h, "ab\r\ncd");
	harness_feed_eof(h);
	harness_expect(h, "");
	evchat_resume(h->chat);
	harness_expect(h, "");
	harness_turn(h);
	harness_end(h, "frame:ab|event:eof|closed:truncated");
	harness_prove_on(&prefix, (enum harness_carrier)_i);
	harness_prove_on(&last, (enum harness_carrier)_i);
}
END_TEST

static Suite *
eof_suite(void)
{
	Suite *suite = suite_create("eof");
	TCase *tc = harness_case(suite, "eof");

	tcase_add_test(tc, eof_between_frames_is_the_reason_eof);
	tcase_add_test(tc, eof_inside_a_line_is_the_reason_truncated);
	tcase_add_test(tc, held_prefix_is_delivered_at_eof);
	tcase_add_test(tc, partial_frame_can_be_asked_for_at_eof_and_in_closed);
	tcase_add_test(tc,
	    count_that_waits_at_eof_is_truncated_even_without_a_byte);
	tcase_add_test(tc, count_that_was_met_is_not_truncated);
	tcase_add_test(tc, eof_under_none_is_the_reason_eof);
	tcase_add_loop_test(tc, eof_waits_for_resume, 0, HARNESS_CARRIERS);

	tc = harness_case(suite, "deliver last");
	tcase_add_test(tc, deliver_last_makes_a_frame_of_the_rest);
	tcase_add_test(tc, deliver_last_makes_no_empty_frame);
	tcase_add_test(tc, deliver_last_does_not_touch_counts);
	tcase_add_test(tc, hook_of_the_last_frame_can_still_set_and_unread);

	tc = harness_case(suite, "after eof");
	tcase_add_loop_test(tc, half_open_channel_goes_on_after_eof, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc, bytes_unread_after_eof_are_delivered, 0,
	    HARNESS_CARRIERS);
	tcase_add_test(tc, reply_pushed_at_eof_is_sent_before_the_end);
	tcase_add_loop_test(tc, queued_output_survives_the_peer_s_half_close,
	    0, HARNESS_CARRIERS);
	tcase_add_test(tc, eof_hook_may_end_the_channel);
	tcase_add_test(tc, framing_set_at_eof_is_used_for_the_rest);
	return suite;
}

int
main(void)
{
	return harness_main(eof_suite());
}
