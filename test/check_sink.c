/*
 * A channel stops, to the frame, while the queue of its sink is above the high
 * mark, and goes on when that is back at the low one.
 */

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

/* What is full before it is anybody's sink. */
static void
fill_from(struct relay *relay, int carrier, unsigned options)
{
	relay_start_with(relay, carrier, &harness_frames, options);
	harness_shake_hands(relay->from);
	harness_shake_hands(relay->to);
	ck_assert_int_eq(evchat_set_watermarks(relay->from->chat, 1, 2), 0);
	harness_push_stuck(relay->from, "stuck");
	harness_turn(relay->from);
}

START_TEST(it_stops_at_once_if_the_sink_is_full_already)
{
	struct relay relay;
	struct harness *to;

	fill_from(&relay, _i, IO);
	to = relay.to;
	ck_assert_int_ne(bufferevent_get_enabled(to->bev) & EV_READ, 0);
	ck_assert_int_eq(evchat_set_sink(to->chat, relay.from->chat), 0);
	ck_assert_int_eq(bufferevent_get_enabled(to->bev) & EV_READ, 0);
	harness_feed(to, "aaaaX");
	harness_expect(to, "");
	evchat_discard_buffers(relay.from->chat);
	harness_run_until_noted(to, "aaaa");
	relay_end(&relay, "done:stuck:discarded:0", "frame:aaaa");
}
END_TEST

static void
set_in_hook(struct harness *h, const void *data, size_t len)
{
	struct relay *relay = h->user;

	(void)data;
	(void)len;
	ck_assert_int_eq(evchat_set_sink(h->chat, relay->from->chat), 0);
}

START_TEST(no_frame_comes_behind_the_hook_that_sets_a_full_sink)
{
	struct relay relay;

	fill_from(&relay, _i, 0);
	relay.to->script.frame = set_in_hook;
	harness_feed(relay.to, MUCH);
	harness_expect(relay.to, "frame:aaaa");
	evchat_discard_buffers(relay.from->chat);
	harness_run_until_noted(relay.to, "eeee");
	relay_end(&relay, "done:stuck:discarded:0", ALL);
}
END_TEST

static void
set_and_fill(struct harness *h, const void *data, size_t len)
{
	struct relay *relay = h->user;

	set_in_hook(h, data, len);
	if (h->count++ == 0)
		harness_push_stuck(relay->from, "stuck");
}

START_TEST(no_frame_comes_behind_the_hook_that_sets_and_fills_a_sink)
{
	struct relay relay;

	fill_from(&relay, _i, 0);
	evchat_discard_buffers(relay.from->chat);
	harness_turn(relay.from);
	relay.to->script.frame = set_and_fill;
	harness_feed(relay.to, MUCH);
	harness_expect(relay.to, "frame:aaaa");
	evchat_discard_buffers(relay.from->chat);
	harness_run_until_noted(relay.to, "eeee");
	relay_end(&relay, "done:stuck:discarded:0|done:stuck:discarded:0",
	    ALL);
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

/* A pair's peer takes bytes before the channel's turn, TLS's at some time. */
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
	tcase_add_loop_test(tc,
	    no_frame_comes_behind_the_hook_that_sets_a_full_sink, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc,
	    no_frame_comes_behind_the_hook_that_sets_and_fills_a_sink, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc, between_the_marks_it_stays_as_it_was, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc, much_arrives_although_nothing_is_resumed, 0,
	    2 * HARNESS_WAITING);
	tcase_add_loop_test(tc, what_comes_meanwhile_is_left_to_the_system, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc, it_is_told_when_others_have_filled_the_sink,
	    0, HARNESS_WAITING);
	return suite;
}

int
main(void)
{
	return harness_main(sink_suite());
}
