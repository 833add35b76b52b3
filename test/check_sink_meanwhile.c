/*
 * While its sink has stopped a channel: what else may stop it, what is told,
 * and what waits.
 */

#include "relay.h"

#define MUCH "aaaaXbbbbXccccXddddXeeeeX"
#define THREE "frame:aaaa|frame:bbbb|frame:cccc"
#define ALL THREE "|frame:dddd|frame:eeee"
#define STOPPED "done:stopper:sent:0"

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
sink_meanwhile_suite(void)
{
	Suite *suite = suite_create("sink_meanwhile");
	TCase *tc = harness_case(suite, "meanwhile");

	tcase_add_loop_test(tc, pause_is_independent, 0, HARNESS_WAITING);
	tcase_add_loop_test(tc, own_queue_is_independent, 0,
	    HARNESS_WAITING);
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
	return harness_main(sink_meanwhile_suite());
}
