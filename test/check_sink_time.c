/*
 * Time stands still for a source that its sink has stopped, whoever has filled
 * that, and goes on where it was; the time of its output does not.
 */

#include "hourglass.h"
#include "relay.h"

#define READ DEADLINE_READ
#define FRAME DEADLINE_FRAME
#define RATE DEADLINE_RATE_IN

static void
start(struct relay *relay, int carrier)
{
	relay_start(relay, carrier);
	hourglass_set(relay->from, EVCHAT_TIMEOUT_READ, &hourglass_hour);
	hourglass_set(relay->from, EVCHAT_TIMEOUT_FRAME, &hourglass_hour);
	ck_assert_int_eq(evchat_set_min_rate(relay->from->chat, 1, 0,
	    &hourglass_hour), 0);
	relay_stop(relay);
	harness_feed(relay->from, "a");
}

static void
expect(struct relay *relay, enum deadline_state state)
{
	hourglass_expect(relay->from, READ, state);
	hourglass_expect(relay->from, FRAME, state);
	hourglass_expect(relay->from, RATE, state);
}

START_TEST(time_stands_still_when_others_fill_the_sink)
{
	struct relay relay;

	start(&relay, _i);
	expect(&relay, DEADLINE_RUNNING);
	hourglass_turn(relay.from, FRAME);
	ck_assert_int_eq(evchat_push(relay.to->chat, "0123456789a", 11), 0);
	harness_turn(relay.from);
	expect(&relay, DEADLINE_FROZEN);
	relay_let_go(&relay);
	expect(&relay, DEADLINE_RUNNING);
	hourglass_expect_minute(relay.from, FRAME);
	relay_end(&relay, "", "done:stopper:sent:0");
}
END_TEST

START_TEST(time_stands_still_behind_the_hook_that_fills_the_sink)
{
	struct relay relay;

	start(&relay, _i);
	harness_feed(relay.from, "aaaaaaaaaaaXb");
	hourglass_expect(relay.from, READ, DEADLINE_FROZEN);
	evchat_free(relay.to->chat);
	harness_turn(relay.from);
	hourglass_expect(relay.from, READ, DEADLINE_RUNNING);
	relay_end(&relay, "frame:aaaaaaaaaaaa",
	    "done:stopper:discarded:0|closed:freed");
}
END_TEST

START_TEST(output_is_timed_all_the_same)
{
	struct relay relay;

	start(&relay, _i);
	hourglass_set(relay.from, EVCHAT_TIMEOUT_STALL, &hourglass_hour);
	harness_feed(relay.from, "aaaaaaaaaaaX");
	harness_push_stuck(relay.from, "stuck");
	harness_turn(relay.from);
	hourglass_expect(relay.from, DEADLINE_STALL, DEADLINE_RUNNING);
	hourglass_run_out(relay.from, DEADLINE_STALL);
	relay_end(&relay, "frame:aaaaaaaaaaaa|done:stuck:failed:0|"
	    "closed:stall timeout", "");
}
END_TEST

static Suite *
sink_time_suite(void)
{
	Suite *suite = suite_create("sink_time");
	TCase *tc = harness_case(suite, "time");

	tcase_add_loop_test(tc, time_stands_still_when_others_fill_the_sink,
	    0, HARNESS_WAITING);
	tcase_add_loop_test(tc,
	    time_stands_still_behind_the_hook_that_fills_the_sink, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc, output_is_timed_all_the_same, 0,
	    HARNESS_WAITING);
	return suite;
}

int
main(void)
{
	return harness_main(sink_time_suite());
}
