/*
 * Half-closed connections, from both sides: what was queued still arrives.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "feeder.h"
#include "harness.h"
#include "sink.h"

#define MEBI ((size_t)1 << 20)

/* The peer does not answer an end with its own. */
static struct harness *
start_rude(int carrier)
{
	struct harness *h = harness_streaming_on(carrier);

	h->rude = true;
	return h;
}

static struct harness *
start_half_open(int carrier)
{
	struct harness *h = harness_new((enum harness_carrier)carrier);

	harness_start(h, &harness_streaming, EVCHAT_OPT_HALF_OPEN);
	return h;
}

static void
push(struct harness *h, const char *text)
{
	ck_assert_int_eq(evchat_push(h->chat, text, strlen(text)), 0);
}

static void
push_eof(struct harness *h)
{
	ck_assert_int_eq(evchat_push_eof(h->chat), 0);
}

static void
expect_epipe(struct harness *h)
{
	errno = 0;
	ck_assert_int_eq(evchat_push(h->chat, "no", 2), -1);
	ck_assert_int_eq(errno, EPIPE);
}

/* evchat_push_eof() */

START_TEST(push_eof_shuts_the_write_side_and_input_goes_on)
{
	struct harness *h = start_rude(_i);

	harness_crlf(h);
	push(h, "bye");
	push_eof(h);
	push_eof(h);
	expect_epipe(h);
	ck_assert(!h->peer_eof);
	harness_run_until_peer_eof(h);
	harness_expect_received(h, "bye");
	expect_epipe(h);
	push_eof(h);
	harness_feed(h, "ab\r\n");
	harness_turn(h);
	harness_end(h, "collect:ab|found");
}
END_TEST

START_TEST(push_eof_of_an_empty_queue_shuts_the_write_side)
{
	struct harness *h = start_rude(_i);

	harness_shake_hands(h);
	push_eof(h);
	harness_run_until_peer_eof(h);
	harness_feed(h, "ab");
	harness_end(h, "collect:ab");
}
END_TEST

START_TEST(push_eof_waits_for_producers)
{
	struct harness *h = start_rude(_i);
	struct feeder p, q;

	feeder_push(&p, h, "p", "a~b.");
	feeder_push(&q, h, "q", "c.");
	push_eof(h);
	harness_expect_received(h, "a");
	harness_turn(h);
	ck_assert(!h->peer_eof);
	feeder_resume(&p);
	harness_run_until_peer_eof(h);
	harness_expect_received(h, "abc");
	harness_end(h, "done:p:sent:2|done:q:sent:1");
}
END_TEST

START_TEST(push_eof_waits_for_a_slow_reader)
{
	struct harness *h = start_rude(_i);
	struct flood flood;
	struct sink sink;

	sink_narrow(h);
	sink_start(&sink, h, 4000, true);
	flood_push(&flood, h, MEBI / 4, 0);
	push_eof(h);
	harness_run_until_peer_eof(h);
	ck_assert_uint_eq(sink.got, MEBI / 4);
	sink_stop(&sink);
	harness_end(h, "flood:sent");
}
END_TEST

START_TEST(events_of_output_are_told_behind_push_eof)
{
	struct harness *h = start_rude(_i);

	h->output_events = true;
	ck_assert_int_eq(evchat_set_watermarks(h->chat, 1, 2), 0);
	push(h, "abc");
	push_eof(h);
	harness_run_until_noted(h, "drained");
	harness_run_until_peer_eof(h);
	harness_end(h, "event:writable|event:drained");
}
END_TEST

START_TEST(push_eof_goes_on_while_paused)
{
	struct harness *h = start_rude(_i);

	evchat_pause(h->chat);
	push(h, "bye");
	push_eof(h);
	harness_run_until_peer_eof(h);
	harness_expect_received(h, "bye");
	harness_end(h, "");
}
END_TEST

START_TEST(peer_that_answers_push_eof_with_its_own_ends_the_channel)
{
	struct harness *h = harness_streaming_on(_i);

	push(h, "bye");
	push_eof(h);
	harness_run_until_closed(h);
	harness_expect_received(h, "bye");
	harness_end(h, "event:eof|closed:eof");
}
END_TEST

START_TEST(close_behind_push_eof_ends)
{
	struct harness *h = harness_streaming_on(_i);

	push(h, "bye");
	push_eof(h);
	evchat_close_when_done(h->chat);
	errno = 0;
	ck_assert_int_eq(evchat_push_eof(h->chat), -1);
	ck_assert_int_eq(errno, EPIPE);
	harness_run_until_closed(h);
	harness_expect_received(h, "bye");
	harness_end(h, "closed:done");
}
END_TEST

START_TEST(close_after_the_write_side_was_shut_ends)
{
	struct harness *h = start_rude(_i);

	push(h, "bye");
	push_eof(h);
	harness_run_until_peer_eof(h);
	harness_feed(h, "ab");
	evchat_close_when_done(h->chat);
	harness_turn(h);
	harness_send_eof(h);
	harness_run_until_closed(h);
	harness_expect_received(h, "bye");
	harness_end(h, "collect:ab|closed:done");
}
END_TEST

/* The peer half-closes */

START_TEST(output_queued_at_eof_still_arrives)
{
	struct harness *h = harness_streaming_on(_i);
	struct flood flood;
	struct sink sink;

	sink_narrow(h);
	sink_start(&sink, h, 4000, true);
	flood_push(&flood, h, MEBI / 4, 0);
	harness_send_eof(h);
	harness_run_until_noted(h, "event:eof");
	harness_run_until_closed(h);
	harness_run_until_peer_eof(h);
	ck_assert_uint_eq(sink.got, MEBI / 4);
	sink_stop(&sink);
	harness_end(h, "event:eof|flood:sent|closed:eof");
}
END_TEST

START_TEST(producer_with_nothing_at_eof_is_waited_for)
{
	struct harness *h = harness_streaming_on(_i);
	struct feeder p;

	harness_crlf(h);
	feeder_push(&p, h, "p", "a~b.");
	harness_feed(h, "part");
	harness_feed_eof(h);
	harness_turn(h);
	harness_expect(h, "collect:part|event:eof");
	expect_epipe(h);
	feeder_resume(&p);
	harness_run_until_closed(h);
	harness_expect_received(h, "ab");
	harness_end(h,
	    "collect:part|event:eof|done:p:sent:2|closed:truncated");
}
END_TEST

static void
push_at_eof(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_EOF)
		push(h, "last");
}

START_TEST(what_is_pushed_in_eof_arrives)
{
	struct harness *h = harness_streaming_on(_i);

	h->script.event = push_at_eof;
	harness_feed_eof(h);
	harness_run_until_closed(h);
	harness_expect_received(h, "last");
	ck_assert(h->peer_eof);
	harness_end(h, "event:eof|closed:eof");
}
END_TEST

/* EVCHAT_OPT_HALF_OPEN */

START_TEST(half_open_channel_pushes_after_eof_and_ends_when_told)
{
	struct harness *h = start_half_open(_i);
	struct feeder p;

	harness_feed_eof(h);
	harness_turn(h);
	harness_expect(h, "event:eof");
	push(h, "ab");
	harness_expect_received(h, "ab");
	feeder_push(&p, h, "p", "c~d.");
	harness_expect_received(h, "abc");
	feeder_resume(&p);
	evchat_close_when_done(h->chat);
	harness_run_until_closed(h);
	harness_expect_received(h, "abcd");
	harness_end(h, "event:eof|done:p:sent:2|closed:done");
}
END_TEST

START_TEST(half_open_channel_ends_when_both_sides_are_shut)
{
	struct harness *h = start_half_open(_i);

	harness_crlf(h);
	harness_feed(h, "part");
	harness_feed_eof(h);
	push(h, "ab");
	push_eof(h);
	harness_run_until_closed(h);
	harness_expect_received(h, "ab");
	harness_end(h, "collect:part|event:eof|closed:truncated");
}
END_TEST

START_TEST(half_open_channel_that_was_shut_first_ends_at_eof)
{
	struct harness *h = start_half_open(_i);

	push(h, "ab");
	push_eof(h);
	harness_run_until_closed(h);
	harness_expect_received(h, "ab");
	harness_end(h, "event:eof|closed:eof");
}
END_TEST

static void
unread_and_pause(struct harness *h, enum evchat_event what)
{
	if (what != EVCHAT_EVENT_EOF || h->count++ > 0)
		return;
	ck_assert_int_eq(evchat_unread(h->chat, "xy", 2), 0);
	evchat_pause(h->chat);
}

START_TEST(bytes_unread_at_eof_are_delivered_before_the_end)
{
	struct harness *h = harness_new((enum harness_carrier)(_i / 2));

	harness_start(h, &harness_streaming,
	    _i % 2 ? EVCHAT_OPT_HALF_OPEN : 0);
	h->script.event = unread_and_pause;
	harness_shake_hands(h);
	push_eof(h);
	harness_feed_eof(h);
	harness_run_until_noted(h, "eof");
	harness_turn(h);
	harness_turn(h);
	harness_expect(h, "event:eof");
	evchat_resume(h->chat);
	harness_run_until_closed(h);
	harness_end(h, "event:eof|collect:xy|closed:eof");
}
END_TEST

START_TEST(half_open_channel_may_be_freed)
{
	struct harness *h = start_half_open(_i);

	harness_feed_eof(h);
	evchat_free(h->chat);
	harness_end(h, "event:eof|closed:freed");
}
END_TEST

static Suite *
half_suite(void)
{
	Suite *suite = suite_create("half");
	TCase *tc = harness_case(suite, "push eof");

	sink_add(tc, push_eof_shuts_the_write_side_and_input_goes_on);
	sink_add(tc, push_eof_of_an_empty_queue_shuts_the_write_side);
	sink_add(tc, push_eof_waits_for_producers);
	sink_add(tc, push_eof_waits_for_a_slow_reader);
	sink_add(tc, events_of_output_are_told_behind_push_eof);
	sink_add(tc, push_eof_goes_on_while_paused);
	sink_add(tc, peer_that_answers_push_eof_with_its_own_ends_the_channel);
	sink_add(tc, close_behind_push_eof_ends);
	sink_add(tc, close_after_the_write_side_was_shut_ends);


	tc = harness_case(suite, "eof");
	sink_add(tc, output_queued_at_eof_still_arrives);
	sink_add(tc, producer_with_nothing_at_eof_is_waited_for);
	sink_add(tc, what_is_pushed_in_eof_arrives);


	tc = harness_case(suite, "half open");
	sink_add(tc, half_open_channel_pushes_after_eof_and_ends_when_told);
	sink_add(tc, half_open_channel_ends_when_both_sides_are_shut);
	sink_add(tc, half_open_channel_that_was_shut_first_ends_at_eof);
	sink_add(tc, half_open_channel_may_be_freed);

	tcase_add_loop_test(tc,
	    bytes_unread_at_eof_are_delivered_before_the_end, 0,
	    2 * SINK_CARRIERS);
	return suite;
}

int
main(void)
{
	return harness_main(half_suite());
}
