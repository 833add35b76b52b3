/*
 * A channel stops, to the frame, while the queue of its sink is above the high
 * mark, and goes on when that is back at the low one; and all that a pause means
 * is so meanwhile.
 */

#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>
#include "relay.h"

#define IO ((unsigned)EVCHAT_OPT_BUFFEREVENT_IO)
#define MUCH "aaaaXbbbbXccccXddddXeeeeX"
#define THREE "frame:aaaa|frame:bbbb|frame:cccc"
#define ALL THREE "|frame:dddd|frame:eeee"
#define STOPPED "done:stopper:sent:0"

/* Where it stops and goes on */

START_TEST(frames_stop_behind_the_one_that_fills_the_sink)
{
	struct relay relay;

	relay_start_with(&relay, _i / 2, &harness_frames,
	    _i % 2 == 0 ? 0 : IO);
	relay_stop(&relay);
	harness_feed(relay.from, MUCH);
	harness_feed(relay.from, "ffffX");
	harness_expect(relay.from, THREE);
	ck_assert_uint_eq(relay_length(&relay), RELAY_LONG);
	relay_let_go(&relay);
	harness_run_until_noted(relay.from, "ffff");
	harness_expect_received(relay.to, MUCH "ffffX");
	relay_end(&relay, ALL "|frame:ffff", STOPPED);
}
END_TEST

START_TEST(pieces_stop_behind_the_one_that_fills_the_sink)
{
	struct relay relay;

	if (_i / 2 == HARNESS_FRAGMENT)
		return; /* where each byte is a piece */
	relay_start_with(&relay, _i / 2, &harness_streaming,
	    _i % 2 == 0 ? 0 : IO);
	relay_stop(&relay);
	relay.from->pieces = true;
	harness_feed(relay.from, "12345X67890Xabcdefg");
	harness_feed(relay.from, "hX");
	harness_expect(relay.from, "collect:12345|found|collect:67890|found|"
	    "collect:abcdefg");
	ck_assert_uint_eq(relay_length(&relay), 512 + 17);
	relay_let_go(&relay);
	harness_run_until_noted(relay.from, "collect:h|found");
	harness_expect_received(relay.to, "1234567890abcdefgh");
	relay_end(&relay, "collect:12345|found|collect:67890|found|"
	    "collect:abcdefg|collect:h|found", STOPPED);
}
END_TEST

/* Behind collect, too, though the frame has ended. */
START_TEST(found_waits_if_its_piece_has_filled_the_sink)
{
	struct relay relay;

	relay_start_pieces(&relay, _i);
	relay_stop(&relay);
	harness_feed(relay.from, "1234567890aX2X");
	harness_expect(relay.from, "collect:1234567890a");
	relay_let_go(&relay);
	harness_run_until_noted(relay.from, "collect:2|found");
	relay_end(&relay, "collect:1234567890a|found|collect:2|found",
	    STOPPED);
}
END_TEST

START_TEST(what_others_push_stops_it_as_well)
{
	struct relay relay;

	relay_start(&relay, _i);
	harness_turn(relay.from);
	relay_stop(&relay);
	ck_assert_int_eq(evchat_push(relay.to->chat, MUCH, 11), 0);
	harness_feed(relay.from, "aaaaX");
	harness_expect(relay.from, "");
	relay_let_go(&relay);
	harness_run_until_noted(relay.from, "aaaa");
	relay_end(&relay, "frame:aaaa", STOPPED);
}
END_TEST

START_TEST(it_stops_at_once_if_the_sink_is_full_already)
{
	struct relay relay;

	relay_start(&relay, _i);
	ck_assert_int_eq(evchat_set_sink(relay.from->chat, NULL), 0);
	relay_stop(&relay);
	ck_assert_int_eq(evchat_push(relay.to->chat, MUCH, 11), 0);
	ck_assert_int_eq(evchat_set_sink(relay.from->chat, relay.to->chat), 0);
	harness_feed(relay.from, "aaaaX");
	harness_expect(relay.from, "");
	relay_let_go(&relay);
	harness_run_until_noted(relay.from, "aaaa");
	relay_end(&relay, "frame:aaaa", STOPPED);
}
END_TEST

START_TEST(between_the_marks_it_stays_as_it_was)
{
	struct relay relay;
	struct feeder second;

	relay_start(&relay, _i);
	harness_shake_hands(relay.to);
	ck_assert_int_eq(evchat_set_watermarks(relay.to->chat, RELAY_LOW,
	    1024), 0);
	relay_stop(&relay);
	feeder_push(&second, relay.to, "second", "~.");
	harness_turn(relay.to);
	harness_feed(relay.from, "aaaaXbbbbX");
	harness_expect(relay.from, "frame:aaaa");
	relay_let_go(&relay);
	ck_assert_uint_eq(relay_length(&relay), 512 + 5);
	harness_expect(relay.from, "frame:aaaa");
	feeder_resume(&second);
	harness_run_until_noted(relay.from, "bbbb");
	relay_end(&relay, "frame:aaaa|frame:bbbb",
	    STOPPED "|done:second:sent:0");
}
END_TEST

/* A pair's peer takes bytes before the channel's turn, and TLS's at some time. */
START_TEST(much_arrives_although_nothing_is_resumed)
{
	struct relay relay;
	char frames[200 * 5 + 1];
	size_t i;

	relay_start_with(&relay, _i / 2, &harness_frames,
	    _i % 2 == 0 ? 0 : IO);
	harness_shake_hands(relay.to);
	ck_assert_int_eq(evchat_set_watermarks(relay.to->chat, 0, 1), 0);
	for (i = 0; i < sizeof(frames) - 1; i++)
		frames[i] = "abcdX"[i % 5];
	frames[i] = '\0';
	harness_send(relay.from, frames, i);
	harness_run_until_received(relay.to, i);
	harness_expect_received(relay.to, frames);
	harness_free(relay.to);
	harness_free(relay.from);
}
END_TEST

/* Reading stops, too */

static void
expect_waiting(struct harness *h, int len)
{
	int fd = bufferevent_getfd(h->bev), waiting = 0;

	if (fd == -1)
		return;
	ck_assert_int_eq(ioctl(fd, FIONREAD, &waiting), 0);
	if (harness_has_tls(h))
		ck_assert_int_gt(waiting, len);
	else
		ck_assert_int_eq(waiting, len);
}

START_TEST(what_comes_meanwhile_is_left_to_the_system)
{
	struct relay relay;

	relay_start(&relay, _i);
	relay_stop(&relay);
	harness_feed(relay.from, MUCH);
	harness_feed(relay.from, "hello");
	expect_waiting(relay.from, 5);
	relay_let_go(&relay);
	expect_waiting(relay.from, harness_has_tls(relay.from) ? -1 : 0);
	relay_end(&relay, ALL, STOPPED);
}
END_TEST

START_TEST(it_is_told_when_others_have_filled_the_sink)
{
	struct relay relay;

	relay_start(&relay, _i);
	harness_turn(relay.from);
	relay_stop(&relay);
	ck_assert_int_eq(evchat_push(relay.to->chat, MUCH, 11), 0);
	harness_turn(relay.from);
	harness_feed(relay.from, "hello");
	expect_waiting(relay.from, 5);
	relay_end(&relay, "", "");
}
END_TEST

/* What else stops */

START_TEST(pause_is_independent)
{
	struct relay relay;

	relay_start(&relay, _i);
	relay_stop(&relay);
	harness_feed(relay.from, MUCH);
	evchat_pause(relay.from->chat);
	evchat_resume(relay.from->chat);
	harness_turn(relay.from);
	harness_expect(relay.from, THREE);
	evchat_pause(relay.from->chat);
	relay_let_go(&relay);
	harness_expect(relay.from, THREE);
	evchat_resume(relay.from->chat);
	harness_run_until_noted(relay.from, "eeee");
	relay_end(&relay, ALL, STOPPED);
}
END_TEST

static void
answer_and_push(struct harness *h, const void *data, size_t len)
{
	ck_assert_int_eq(evchat_push(h->chat, data, len), 0);
	relay_frame(h, data, len);
}

/* Its own queue stops it, and then the sink's. */
START_TEST(own_queue_is_independent)
{
	struct relay relay;
	struct feeder own;

	relay_start(&relay, _i);
	harness_shake_hands(relay.from);
	feeder_push(&own, relay.from, "own", "~.");
	relay_stop(&relay);
	ck_assert_int_eq(evchat_set_watermarks(relay.from->chat, 4, 515), 0);
	relay.from->script.frame = answer_and_push;
	harness_feed(relay.from, MUCH);
	harness_expect(relay.from, "frame:aaaa");
	relay_let_go(&relay);
	harness_expect(relay.from, "frame:aaaa");
	feeder_resume(&own);
	harness_run_until_noted(relay.from, "eeee");
	relay_end(&relay, "frame:aaaa|done:own:sent:0|frame:bbbb|frame:cccc|"
	    "frame:dddd|frame:eeee", STOPPED);
}
END_TEST

/* Each is the other's sink: what is pushed into one stops the other alone. */
START_TEST(others_may_fill_the_own_queue)
{
	struct relay relay;
	struct feeder own;

	relay_start(&relay, _i);
	harness_shake_hands(relay.from);
	harness_shake_hands(relay.to);
	ck_assert_int_eq(evchat_set_sink(relay.to->chat, relay.from->chat), 0);
	feeder_push(&own, relay.from, "own", "~.");
	ck_assert_int_eq(evchat_set_watermarks(relay.from->chat, 4, 511), 0);
	harness_turn(relay.from);
	harness_feed(relay.to, "hello");
	harness_feed(relay.from, MUCH);
	harness_expect_received(relay.to, MUCH);
	feeder_resume(&own);
	harness_run_until_noted(relay.from, "done:own");
	harness_turn(relay.from);
	relay_end(&relay, ALL "|done:own:sent:0", "");
}
END_TEST

/* What is told */

START_TEST(writable_of_the_sink_is_told)
{
	struct relay relay;

	relay_start(&relay, _i);
	relay.to->output_events = true;
	relay_stop(&relay);
	harness_feed(relay.from, "aaaaXbbbbXccccX");
	relay_let_go(&relay);
	harness_run_until_noted(relay.to, "drained");
	relay_end(&relay, THREE, STOPPED "|event:writable|event:drained");
}
END_TEST

START_TEST(end_of_the_input_waits)
{
	struct relay relay;

	relay_start(&relay, _i);
	relay_stop(&relay);
	harness_feed(relay.from, "aaaaXbbbbXccccX");
	harness_feed_eof(relay.from);
	harness_expect(relay.from, THREE);
	relay_let_go(&relay);
	harness_run_until_closed(relay.from);
	relay_end(&relay, THREE "|event:eof|closed:eof", STOPPED);
}
END_TEST

static uint64_t
stops(struct harness *h)
{
	struct evchat_stats stats;

	evchat_get_stats(h->chat, &stats, sizeof(stats));
	return stats.stops;
}

START_TEST(each_stop_is_counted_once)
{
	struct relay relay;

	relay_start(&relay, _i);
	ck_assert_uint_eq(stops(relay.from), 0);
	relay_stop(&relay);
	harness_feed(relay.from, MUCH);
	harness_feed(relay.from, "ffffX");
	ck_assert_uint_eq(stops(relay.from), 1);
	relay_let_go(&relay);
	ck_assert_uint_eq(stops(relay.from), 1);
	relay_stop(&relay);
	ck_assert_int_eq(evchat_push(relay.to->chat, MUCH, 11), 0);
	harness_turn(relay.from);
	ck_assert_uint_eq(stops(relay.from), 2);
	ck_assert_uint_eq(stops(relay.to), 0);
	harness_free(relay.to);
	harness_free(relay.from);
}
END_TEST

static Suite *
sink_suite(void)
{
	Suite *suite = suite_create("sink");
	TCase *tc = harness_case(suite, "where");

	tcase_add_loop_test(tc, frames_stop_behind_the_one_that_fills_the_sink,
	    0, 2 * HARNESS_WAITING);
	tcase_add_loop_test(tc, pieces_stop_behind_the_one_that_fills_the_sink,
	    0, 2 * HARNESS_WAITING);
	tcase_add_loop_test(tc, found_waits_if_its_piece_has_filled_the_sink,
	    0, HARNESS_WAITING);
	tcase_add_loop_test(tc, what_others_push_stops_it_as_well, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc, it_stops_at_once_if_the_sink_is_full_already,
	    0, HARNESS_WAITING);
	tcase_add_loop_test(tc, between_the_marks_it_stays_as_it_was, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc, much_arrives_although_nothing_is_resumed, 0,
	    2 * HARNESS_WAITING);
	tcase_add_loop_test(tc, what_comes_meanwhile_is_left_to_the_system, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc, it_is_told_when_others_have_filled_the_sink,
	    0, HARNESS_WAITING);

	tc = harness_case(suite, "meanwhile");
	tcase_add_loop_test(tc, pause_is_independent, 0, HARNESS_WAITING);
	tcase_add_loop_test(tc, own_queue_is_independent, 0, HARNESS_WAITING);
	tcase_add_loop_test(tc, others_may_fill_the_own_queue, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc, writable_of_the_sink_is_told, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc, end_of_the_input_waits, 0, HARNESS_WAITING);
	tcase_add_loop_test(tc, each_stop_is_counted_once, 0,
	    HARNESS_WAITING);
	return suite;
}

int
main(void)
{
	return harness_main(sink_suite());
}
