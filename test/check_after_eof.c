/*
 * Behind the peer's end: a half-open channel goes on, what is queued is still
 * sent, and the hook that is told may act.
 */

#include "harness.h"

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
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);

	harness_crlf(h);
	harness_peer_read(h, false);
	harness_push_much(h);
	harness_feed(h, "ab\r\ncd");
	harness_feed_eof(h);
	harness_expect(h, "collect:ab|found|collect:cd|event:eof");
	harness_peer_read(h, true);
	harness_run_until_received(h, HARNESS_MUCH);
	harness_run_until_closed(h);
	ck_assert_uint_eq(evbuffer_get_length(h->received), HARNESS_MUCH);
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

static Suite *
after_eof_suite(void)
{
	Suite *suite = suite_create("after_eof");
	TCase *tc = harness_case(suite, "after eof");

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
	return harness_main(after_eof_suite());
}
