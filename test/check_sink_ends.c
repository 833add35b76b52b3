/*
 * A sink or its source ends, in any way: the other one goes on.
 */

#include <errno.h>
#include <string.h>
#include "relay.h"

#define MUCH "aaaaXbbbbXccccXddddXeeeeX"
#define THREE "frame:aaaa|frame:bbbb|frame:cccc"
#define ALL THREE "|frame:dddd|frame:eeee"
#define STOPPED "done:stopper:sent:0"
#define GONE "done:stopper:discarded:0|closed:freed"

static void
expect_refused(struct evchat *from, struct evchat *to, int error)
{
	errno = 0;
	ck_assert_int_eq(evchat_set_sink(from, to), -1);
	ck_assert_int_eq(errno, error);
}

/* Full, and three frames of five are delivered. */
static void
fill(struct relay *relay, int carrier)
{
	relay_start(relay, carrier);
	relay_stop(relay);
	harness_feed(relay->from, MUCH);
	harness_expect(relay->from, THREE);
}

/* The sink ends, or takes no more */

START_TEST(source_goes_on_when_its_sink_is_freed)
{
	struct relay relay;

	fill(&relay, _i);
	evchat_free(relay.to->chat);
	harness_expect(relay.from, THREE);
	harness_run_until_noted(relay.from, "eeee");
	relay_end(&relay, ALL, GONE);
}
END_TEST

START_TEST(source_goes_on_when_its_sink_closes)
{
	struct relay relay;

	fill(&relay, _i);
	evchat_close_when_done(relay.to->chat);
	harness_run_until_noted(relay.from, "eeee");
	relay_let_go(&relay);
	harness_run_until_closed(relay.to);
	harness_expect_received(relay.to, "aaaaXbbbbXccccX");
	relay_end(&relay, ALL, STOPPED "|closed:done");
}
END_TEST

START_TEST(source_goes_on_when_its_sink_is_to_be_shut)
{
	struct relay relay;

	fill(&relay, _i);
	ck_assert_int_eq(evchat_push_eof(relay.to->chat), 0);
	harness_run_until_noted(relay.from, "eeee");
	expect_refused(relay.from->chat, relay.to->chat, EPIPE);
	relay_let_go(&relay);
	harness_run_until_closed(relay.to);
	relay_end(&relay, ALL, STOPPED "|event:eof|closed:eof");
}
END_TEST

static void
fill_by_pushes(struct relay *relay)
{
	ck_assert_int_eq(evchat_set_watermarks(relay->to->chat, 1, 2), 0);
	ck_assert_int_eq(evchat_push(relay->to->chat, "xxx", 3), 0);
}

START_TEST(source_goes_on_when_its_sink_is_detached)
{
	struct relay relay;

	relay_start(&relay, _i);
	harness_shake_hands(relay.from);
	harness_shake_hands(relay.to);
	fill_by_pushes(&relay);
	harness_send(relay.from, MUCH, 10);
	ck_assert(harness_detach(relay.to));
	harness_run_until_noted(relay.from, "bbbb");
	relay_end(&relay, "frame:aaaa|frame:bbbb", "closed:detached");
}
END_TEST

/* Discarding is no end. */
START_TEST(source_goes_on_when_the_queue_is_discarded)
{
	struct relay relay;

	fill(&relay, _i);
	evchat_discard_buffers(relay.to->chat);
	harness_run_until_noted(relay.from, "eeee");
	relay_end(&relay, ALL, "done:stopper:discarded:0");
}
END_TEST

START_TEST(source_goes_on_without_its_sink)
{
	struct relay relay;

	fill(&relay, _i);
	ck_assert_int_eq(evchat_set_sink(relay.from->chat, NULL), 0);
	harness_expect(relay.from, THREE);
	harness_run_until_noted(relay.from, "eeee");
	ck_assert_int_eq(evchat_set_sink(relay.from->chat, NULL), 0);
	relay_end(&relay, ALL, "");
}
END_TEST

/* The source ends */

START_TEST(source_may_end_first)
{
	struct relay relay;

	fill(&relay, _i);
	evchat_free(relay.from->chat);
	relay_let_go(&relay);
	harness_expect_received(relay.to, "aaaaXbbbbXccccX");
	harness_turn(relay.to);
	relay_end(&relay, THREE "|closed:freed", STOPPED);
}
END_TEST

START_TEST(source_that_is_stopped_closes)
{
	struct relay relay;

	fill(&relay, _i);
	ck_assert_int_eq(evchat_push(relay.from->chat, "bye", 3), 0);
	evchat_close_when_done(relay.from->chat);
	harness_run_until_closed(relay.from);
	harness_expect_received(relay.from, "bye");
	relay_end(&relay, THREE "|closed:done", "");
}
END_TEST

START_TEST(source_that_closes_behind_a_frame_waits)
{
	struct relay relay;

	fill(&relay, _i);
	evchat_close_after_frame(relay.from->chat);
	harness_turn(relay.from);
	harness_expect(relay.from, THREE);
	relay_let_go(&relay);
	harness_run_until_closed(relay.from);
	relay_end(&relay, ALL "|event:last|closed:done", STOPPED);
}
END_TEST

START_TEST(source_that_is_stopped_is_detached)
{
	struct relay relay;

	fill(&relay, _i);
	ck_assert(harness_detach(relay.from));
	harness_note_left(relay.from);
	relay_end(&relay, THREE "|closed:detached|left:ddddXeeeeX", "");
}
END_TEST

/* Its peer is gone, which who writes finds out. */
START_TEST(source_whose_output_fails_ends_at_once)
{
	struct relay relay;

	fill(&relay, HARNESS_TCP);
	harness_reset(relay.from);
	harness_push_much(relay.from);
	harness_run_until_closed(relay.from);
	ck_assert_int_eq((int)relay.from->why, EVCHAT_REASON_IO);
	harness_free(relay.to);
	harness_free(relay.from);
}
END_TEST

static Suite *
sink_ends_suite(void)
{
	Suite *suite = suite_create("sink_ends");
	TCase *tc = harness_case(suite, "sink");

	tcase_add_loop_test(tc, source_goes_on_when_its_sink_is_freed, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc, source_goes_on_when_its_sink_closes, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc, source_goes_on_when_its_sink_is_to_be_shut, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc, source_goes_on_when_its_sink_is_detached, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc, source_goes_on_when_the_queue_is_discarded, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc, source_goes_on_without_its_sink, 0,
	    HARNESS_WAITING);

	tc = harness_case(suite, "source");
	tcase_add_loop_test(tc, source_may_end_first, 0, HARNESS_WAITING);
	tcase_add_loop_test(tc, source_that_is_stopped_closes, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc, source_that_closes_behind_a_frame_waits, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc, source_that_is_stopped_is_detached, 0,
	    HARNESS_WAITING);
	tcase_add_test(tc, source_whose_output_fails_ends_at_once);
	return suite;
}

int
main(void)
{
	return harness_main(sink_ends_suite());
}
