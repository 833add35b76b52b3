/*
 * Behind the last byte of a channel that closes: the peer's late input does
 * not destroy the reply, and the wait for its end is bounded.
 */

#include "feeder.h"
#include "harness.h"
#include "sink.h"

#define MEBI ((size_t)1 << 20)
#define LINGER_SIZE ((size_t)64 << 10)

static const struct timeval hour = { 3600, 0 };
static const struct timeval short_time = { 0, 50000 };

/* The peer's input behind the close */

static void
send_junk(struct harness *h, size_t len)
{
	static char junk[LINGER_SIZE];

	harness_send_some(h, junk, len);
}

START_TEST(unread_input_does_not_destroy_a_long_reply)
{
	struct harness *h = harness_streaming_on(_i);
	struct flood flood;
	struct sink sink;

	h->rude = true;
	ck_assert_int_eq(evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_LINGER,
	    &hour), 0);
	send_junk(h, LINGER_SIZE / 4);
	sink_narrow(h);
	sink_start(&sink, h, 10000, true);
	flood_push(&flood, h, MEBI / 2, 0);
	evchat_close_when_done(h->chat);
	harness_turn(h);
	send_junk(h, LINGER_SIZE / 4);
	harness_run_until_peer_eof(h);
	ck_assert_int_eq(h->peer_errno, 0);
	ck_assert_uint_eq(sink.got, MEBI / 2);
	send_junk(h, 1000);
	harness_turn(h);
	harness_send_eof(h);
	harness_run_until_closed(h);
	sink_stop(&sink);
	harness_end(h, "flood:sent|closed:done");
}
END_TEST

/* What was dropped while output waited does not count towards the 64 KiB. */
START_TEST(input_before_the_last_byte_does_not_shorten_the_wait)
{
	static char junk[2 * LINGER_SIZE];
	struct harness *h = harness_streaming_on(_i);
	struct feeder p;

	h->rude = true;
	ck_assert_int_eq(evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_LINGER,
	    &hour), 0);
	feeder_push(&p, h, "p", "a~b.");
	evchat_close_when_done(h->chat);
	harness_send(h, junk, sizeof(junk));
	harness_turn(h);
	feeder_resume(&p);
	harness_run_until_peer_eof(h);
	harness_feed(h, "more");
	harness_expect(h, "done:p:sent:2");
	harness_send_eof(h);
	harness_run_until_closed(h);
	ck_assert_int_eq(h->peer_errno, 0);
	harness_expect_received(h, "ab");
	harness_end(h, "done:p:sent:2|closed:done");
}
END_TEST

START_TEST(reset_behind_the_last_byte_is_still_done)
{
	struct harness *h = harness_streaming_on(_i);

	h->rude = true;
	ck_assert_int_eq(evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_LINGER,
	    &hour), 0);
	ck_assert_int_eq(evchat_push(h->chat, "bye", 3), 0);
	evchat_close_when_done(h->chat);
	harness_run_until_peer_eof(h);
	harness_turn(h);
	harness_expect(h, "");
	harness_reset(h);
	harness_run_until_closed(h);
	harness_end(h, "closed:done");
}
END_TEST

START_TEST(linger_of_none_does_not_wait_for_the_peer)
{
	struct harness *h = harness_streaming_on(_i);

	h->rude = true;
	ck_assert_int_eq(evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_LINGER,
	    NULL), 0);
	ck_assert_int_eq(evchat_push(h->chat, "bye", 3), 0);
	evchat_close_when_done(h->chat);
	harness_run_until_closed(h);
	harness_expect_received(h, "bye");
	harness_end(h, "closed:done");
}
END_TEST

START_TEST(linger_begins_behind_the_last_byte)
{
	struct harness *h = harness_streaming_on((int)sink_kinds[_i]);
	struct feeder p;

	h->rude = true;
	ck_assert_int_eq(evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_LINGER,
	    &short_time), 0);
	feeder_push(&p, h, "p", "a~b.");
	evchat_close_when_done(h->chat);
	harness_wait(h, 150);
	harness_expect(h, "");
	feeder_resume(&p);
	harness_run_until_closed(h);
	harness_expect_received(h, "ab");
	harness_end(h, "done:p:sent:2|closed:done");
}
END_TEST

static Suite *
lingering_suite(void)
{
	Suite *suite = suite_create("lingering");
	TCase *tc = harness_case(suite, "lingering");

	sink_add_below(tc, unread_input_does_not_destroy_a_long_reply,
	    HARNESS_PAIR);
	sink_add_below(tc, input_before_the_last_byte_does_not_shorten_the_wait,
	    HARNESS_PAIR);
	sink_add_below(tc, reset_behind_the_last_byte_is_still_done,
	    HARNESS_PAIR);
	sink_add(tc, linger_of_none_does_not_wait_for_the_peer);
	tcase_add_loop_test(tc, linger_begins_behind_the_last_byte, 0,
	    SINK_KINDS);
	return suite;
}

int
main(void)
{
	return harness_main(lingering_suite());
}
