/*
 * evchat_close_when_done(): all that is queued arrives, nothing but its own
 * ends is told any more, and other ends may come in between.
 */

#include <errno.h>
#include <string.h>
#include "feeder.h"
#include "harness.h"
#include "sink.h"

#define MEBI ((size_t)1 << 20)

/* Draining */

START_TEST(close_sends_everything_and_then_ends)
{
	struct harness *h = harness_streaming_on(_i);
	struct evbuffer *buf = evbuffer_new();
	struct feeder p, q;

	ck_assert_int_eq(evchat_push(h->chat, "a", 1), 0);
	feeder_push(&p, h, "p", "+b+c+.");
	harness_push_reference(h, "r", "d");
	harness_push_mark(h, "m");
	evbuffer_add(buf, "e", 1);
	ck_assert_int_eq(evchat_push_buffer(h->chat, buf), 0);
	evbuffer_free(buf);
	feeder_push(&q, h, "q", "f.");
	evchat_close_when_done(h->chat);
	harness_expect(h, "");
	harness_run_until_closed(h);
	harness_expect_received(h, "abcdef");
	ck_assert(h->peer_eof);
	ck_assert_int_eq(h->peer_errno, 0);
	harness_end(h,
	    "done:p:sent:2|cleanup:r|mark:m:sent|done:q:sent:1|closed:done");
}
END_TEST

START_TEST(close_waits_for_a_producer_that_has_nothing_now)
{
	struct harness *h = harness_streaming_on(_i);
	struct feeder p;

	feeder_push(&p, h, "p", "a~b~c.");
	evchat_close_when_done(h->chat);
	harness_expect_received(h, "a");
	feeder_resume(&p);
	harness_expect_received(h, "ab");
	harness_turn(h);
	ck_assert(!h->peer_eof);
	harness_expect(h, "");
	feeder_resume(&p);
	harness_run_until_closed(h);
	harness_expect_received(h, "abc");
	harness_end(h, "done:p:sent:3|closed:done");
}
END_TEST

START_TEST(close_waits_for_a_slow_reader)
{
	struct harness *h = harness_streaming_on(_i);
	struct flood flood;
	struct sink sink;

	sink_narrow(h);
	sink_start(&sink, h, 4000, true);
	flood_push(&flood, h, MEBI / 2, 0);
	evchat_close_when_done(h->chat);
	harness_run_until_closed(h);
	harness_run_until_peer_eof(h);
	ck_assert_uint_eq(sink.got, MEBI / 2);
	ck_assert_int_eq(h->peer_errno, 0);
	sink_stop(&sink);
	harness_end(h, "flood:sent|closed:done");
}
END_TEST

START_TEST(close_with_an_empty_queue_ends_from_the_loop)
{
	struct harness *h = harness_streaming_on(_i);

	harness_shake_hands(h);
	evchat_close_when_done(h->chat);
	evchat_close_when_done(h->chat);
	harness_expect(h, "");
	harness_run_until_closed(h);
	ck_assert(h->peer_eof);
	ck_assert_uint_eq(evbuffer_get_length(h->received), 0);
	harness_end(h, "closed:done");
}
END_TEST

START_TEST(close_after_all_was_sent_ends)
{
	struct harness *h = harness_streaming_on(_i);

	ck_assert_int_eq(evchat_push(h->chat, "abc", 3), 0);
	harness_expect_received(h, "abc");
	harness_turn(h);
	evchat_close_when_done(h->chat);
	harness_run_until_closed(h);
	harness_expect_received(h, "abc");
	ck_assert(h->peer_eof);
	harness_end(h, "closed:done");
}
END_TEST

START_TEST(closing_channel_that_is_never_connected_ends)
{
	struct harness *h = harness_streaming_on(HARNESS_UNCONNECTED);

	evchat_close_when_done(h->chat);
	harness_run_until_closed(h);
	harness_end(h, "closed:done");
}
END_TEST

/* What is told meanwhile */

START_TEST(no_hook_but_closed_runs_while_closing)
{
	struct harness *h = harness_streaming_on(_i);
	struct feeder p;
	struct sink sink;

	harness_shake_hands(h); /* which is output that may pass a mark, too */
	h->output_events = true;
	harness_crlf(h);
	ck_assert_int_eq(evchat_set_watermarks(h->chat, 100, 200), 0);
	harness_send(h, "ab\r\ncd", 6);
	sink_start(&sink, h, 100, false);
	feeder_push(&p, h, "p", "~a.");
	ck_assert_int_eq(evchat_push_printf(h->chat, "%02000d", 0), 0);
	evchat_close_when_done(h->chat);
	harness_turn(h);
	harness_send(h, "ef\r\n", 4);
	harness_send_eof(h);
	harness_turn(h);
	harness_expect(h, "");
	feeder_resume(&p);
	harness_run_until_closed(h);
	harness_run_until_peer_eof(h);
	ck_assert_uint_eq(sink.got, 2001);
	sink_stop(&sink);
	harness_end(h, "done:p:sent:1|closed:done");
}
END_TEST

START_TEST(pause_does_not_hold_closing_up)
{
	struct harness *h = harness_streaming_on(_i);
	struct feeder p;

	evchat_pause(h->chat);
	feeder_push(&p, h, "p", "a+b.");
	harness_send(h, "in", 2);
	evchat_close_when_done(h->chat);
	evchat_pause(h->chat);
	harness_run_until_closed(h);
	harness_expect_received(h, "ab");
	ck_assert(h->peer_eof);
	harness_end(h, "done:p:sent:2|closed:done");
}
END_TEST

static void
close_at(struct harness *h, enum evchat_event what)
{
	if ((int)what == h->count) {
		ck_assert_int_eq(evchat_push(h->chat, "bye", 3), 0);
		evchat_close_when_done(h->chat);
	}
}

START_TEST(close_in_drained_ends)
{
	struct harness *h = harness_streaming_on(_i);

	h->script.event = close_at;
	h->count = EVCHAT_EVENT_DRAINED;
	ck_assert_int_eq(evchat_push(h->chat, "good", 4), 0);
	harness_run_until_closed(h);
	harness_expect_received(h, "goodbye");
	harness_end(h, "closed:done");
}
END_TEST

START_TEST(close_in_writable_ends_without_drained)
{
	struct harness *h = harness_streaming_on(_i);

	h->output_events = true;
	h->script.event = close_at;
	h->count = EVCHAT_EVENT_WRITABLE;
	ck_assert_int_eq(evchat_set_watermarks(h->chat, 1, 2), 0);
	ck_assert_int_eq(evchat_push(h->chat, "good", 4), 0);
	harness_run_until_closed(h);
	harness_expect_received(h, "goodbye");
	harness_end(h, "event:writable|closed:done");
}
END_TEST

START_TEST(close_in_oversize_ends)
{
	struct harness *h = harness_streaming_on(_i);

	h->script.event = close_at;
	h->count = EVCHAT_EVENT_OVERSIZE;
	harness_crlf(h);
	ck_assert_int_eq(evchat_set_max_frame(h->chat, 2,
	    EVCHAT_OVERSIZE_DISCARD), 0);
	harness_feed(h, "abc\r\nd\r\n");
	harness_run_until_closed(h);
	harness_expect_received(h, "bye");
	harness_end(h, "collect:ab|event:oversize|closed:done");
}
END_TEST

static void
close_in_closed(struct harness *h, enum evchat_reason why)
{
	(void)why;
	evchat_close_when_done(h->chat);
}

START_TEST(close_in_closed_does_nothing)
{
	struct harness *h = harness_streaming_on(_i);

	h->script.closed = close_in_closed;
	evchat_free(h->chat);
	harness_turn(h);
	harness_end(h, "closed:freed");
}
END_TEST

START_TEST(closing_channel_can_be_detached_no_more)
{
	struct harness *h = harness_streaming_on(_i);

	evchat_close_when_done(h->chat);
	errno = 0;
	ck_assert(!harness_detach(h));
	ck_assert_int_eq(errno, EPIPE);
	harness_run_until_closed(h);
	harness_end(h, "closed:done");
}
END_TEST

/* Endings that come in between */

START_TEST(free_cuts_closing_short)
{
	struct harness *h = harness_streaming_on(_i);
	struct feeder p;

	feeder_push(&p, h, "p", "a~b.");
	harness_push_mark(h, "m");
	evchat_close_when_done(h->chat);
	harness_turn(h);
	evchat_free(h->chat);
	harness_end(h, "done:p:discarded:1|mark:m:discarded|closed:freed");
}
END_TEST

START_TEST(free_cuts_the_wait_for_the_peer_short)
{
	struct harness *h = harness_streaming_on(_i);

	h->rude = true;
	ck_assert_int_eq(evchat_push(h->chat, "bye", 3), 0);
	harness_push_mark(h, "m");
	evchat_close_when_done(h->chat);
	harness_run_until_peer_eof(h);
	harness_turn(h);
	if (h->chat != NULL)
		evchat_free(h->chat);
	harness_expect_received(h, "bye");
	ck_assert_int_eq(strncmp(harness_transcript(h), "mark:m:sent|closed:",
	    19), 0);
	harness_free(h);
}
END_TEST

START_TEST(discard_while_closing_ends_at_once)
{
	struct harness *h = harness_streaming_on(_i);
	struct feeder p;

	feeder_push(&p, h, "p", "a~b.");
	harness_push_mark(h, "m");
	evchat_close_when_done(h->chat);
	harness_expect_received(h, "a");
	evchat_discard_buffers(h->chat);
	harness_expect(h, "done:p:discarded:1|mark:m:discarded");
	harness_run_until_closed(h);
	harness_expect_received(h, "a");
	ck_assert(h->peer_eof);
	harness_end(h, "done:p:discarded:1|mark:m:discarded|closed:done");
}
END_TEST

START_TEST(reset_while_closing_is_the_reason_io)
{
	struct harness *h = harness_streaming_on(_i);
	struct flood flood;

	harness_peer_read(h, false);
	flood_push(&flood, h, 8 * MEBI, 0);
	evchat_close_when_done(h->chat);
	harness_turn(h);
	harness_reset(h);
	harness_run_until_closed(h);
	harness_end(h, "flood:failed|closed:io");
}
END_TEST

START_TEST(producer_that_fails_while_closing_is_the_reason)
{
	struct harness *h = harness_streaming_on(_i);
	struct feeder p, q;

	feeder_push(&p, h, "p", "a+!");
	feeder_push(&q, h, "q", "b.");
	evchat_close_when_done(h->chat);
	harness_run_until_closed(h);
	harness_end(h, "done:p:failed:1|done:q:failed:0|closed:producer");
}
END_TEST

static Suite *
closing_suite(void)
{
	Suite *suite = suite_create("closing");
	TCase *tc = harness_case(suite, "draining");

	sink_add(tc, close_sends_everything_and_then_ends);
	sink_add(tc, close_waits_for_a_producer_that_has_nothing_now);
	sink_add(tc, close_waits_for_a_slow_reader);
	sink_add(tc, close_with_an_empty_queue_ends_from_the_loop);
	sink_add(tc, close_after_all_was_sent_ends);
	tcase_add_test(tc, closing_channel_that_is_never_connected_ends);

	tc = harness_case(suite, "hooks");
	sink_add(tc, no_hook_but_closed_runs_while_closing);
	sink_add(tc, pause_does_not_hold_closing_up);
	sink_add(tc, close_in_drained_ends);
	sink_add(tc, close_in_writable_ends_without_drained);
	sink_add(tc, close_in_oversize_ends);
	sink_add(tc, close_in_closed_does_nothing);
	sink_add(tc, closing_channel_can_be_detached_no_more);

	tc = harness_case(suite, "cut short");
	sink_add(tc, free_cuts_closing_short);
	sink_add(tc, free_cuts_the_wait_for_the_peer_short);
	sink_add(tc, discard_while_closing_ends_at_once);
	sink_add_below(tc, reset_while_closing_is_the_reason_io,
	    HARNESS_PAIR);
	sink_add(tc, producer_that_fails_while_closing_is_the_reason);
	return suite;
}

int
main(void)
{
	return harness_main(closing_suite());
}
