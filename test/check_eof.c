/*
 * The peer's end: what was held is delivered, and the reason says whether a
 * frame was cut off.
 */

#include "harness.h"

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

/* Hooks that act */

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
	return suite;
}

int
main(void)
{
	return harness_main(eof_suite());
}
