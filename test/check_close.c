/*
 * evchat_close_when_done(), from hooks and from outside: nothing more is
 * parsed, and all that was pushed goes out.
 */

#include <errno.h>
#include "harness.h"

/* evchat_close_when_done() */

static void
say_bye(struct harness *h)
{
	harness_ok(h, evchat_push(h->chat, "bye", 3));
	evchat_close_when_done(h->chat);
	evchat_close_when_done(h->chat);
	ck_assert_int_eq(evchat_push(h->chat, "no", 2), -1);
	ck_assert_int_eq(errno, EPIPE);
}

static void
say_bye_with_data(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	say_bye(h);
}

static void
say_bye_in_event(struct harness *h, enum evchat_event what)
{
	(void)what;
	say_bye(h);
}

START_TEST(close_when_done_in_a_hook_stops_parsing_and_drains)
{
	static const struct harness_scenario collect = {
		.input = "a\r\nb\r\n", .start = harness_crlf,
		.script.collect = say_bye_with_data, .until_closed = true,
		.output = "bye", .expect = "collect:a|closed:done"
	};
	static const struct harness_scenario found = {
		.input = "ab\r\ncd\r\n", .start = harness_crlf,
		.script.found = say_bye, .until_closed = true, .output = "bye",
		.expect = "collect:ab|found|closed:done"
	};
	static const struct harness_scenario frame = {
		.input = "ab\r\ncd\r\n", .start = harness_crlf,
		.script.frame = say_bye_with_data, .until_closed = true,
		.hooks = &harness_frames, .output = "bye",
		.expect = "frame:ab|closed:done"
	};
	static const struct harness_scenario event = {
		.input = "ab", .start = harness_crlf, .eof = true,
		.script.event = say_bye_in_event, .until_closed = true,
		.hooks = &harness_frames, .output = "bye",
		.expect = "event:eof|closed:done"
	};

	harness_prove(&collect);
	harness_prove(&found);
	harness_prove(&frame);
	harness_prove(&event);
}
END_TEST

START_TEST(close_when_done_calls_no_hook_itself)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);

	harness_crlf(h);
	harness_feed(h, "ab");
	evchat_close_when_done(h->chat);
	harness_expect(h, "collect:ab");
	harness_feed(h, "cd\r\n");
	harness_run_until_closed(h);
	ck_assert(h->peer_eof);
	harness_end(h, "collect:ab|closed:done");
}
END_TEST

START_TEST(close_when_done_waits_for_producers)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);

	harness_push_producer(h, "p", "abc");
	harness_push_reference(h, "r", "def");
	harness_push_mark(h, "m");
	evchat_close_when_done(h->chat);
	harness_run_until_closed(h);
	harness_expect_received(h, "abcdef");
	harness_end(h, "done:p:sent:3|cleanup:r|mark:m:sent|closed:done");
}
END_TEST

START_TEST(free_ends_a_channel_that_is_closing)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);

	harness_push_stuck(h, "p");
	evchat_close_when_done(h->chat);
	harness_turn(h);
	harness_expect(h, "");
	evchat_free(h->chat);
	harness_end(h, "done:p:discarded:0|closed:freed");
}
END_TEST

static Suite *
close_suite(void)
{
	Suite *suite = suite_create("close");
	TCase *tc = harness_case(suite, "close when done");

	tcase_add_test(tc, close_when_done_in_a_hook_stops_parsing_and_drains);
	tcase_add_loop_test(tc, close_when_done_calls_no_hook_itself, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc, close_when_done_waits_for_producers, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc, free_ends_a_channel_that_is_closing, 0,
	    HARNESS_CARRIERS);
	return suite;
}

int
main(void)
{
	return harness_main(close_suite());
}
