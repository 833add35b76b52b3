/*
 * Back-pressure: where delivery stops while the queue is full, what lets it go
 * on, and what never stops it.
 */

#include "feeder.h"
#include "harness.h"
#include "sink.h"

#define MEBI ((size_t)1 << 20)
#define LEAST 512 /* what a producer adds to the queue */

static char much[MEBI];

static size_t
length(struct harness *h)
{
	return evchat_get_output_length(h->chat);
}

static void
set_marks(struct harness *h, size_t low, size_t high)
{
	ck_assert_int_eq(evchat_set_watermarks(h->chat, low, high), 0);
}

static void
push(struct harness *h, size_t len)
{
	ck_assert_int_eq(evchat_push(h->chat, much, len), 0);
}

/* Delivery stops */

/* With p in front nothing leaves: the queue grows by 600 with each frame. */
static void
answer(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	push(h, 600);
}

static void
stop_after_three(struct harness *h, struct feeder *p)
{
	harness_crlf(h);
	set_marks(h, 1000, 2000);
	feeder_push(p, h, "p", "~.");
	h->script.frame = h->script.collect = answer;
}

static const char nine[] = "1\r\n2\r\n3\r\n4\r\n5\r\n6\r\n7\r\n8\r\n9\r\n";

START_TEST(delivery_stops_behind_the_hook_that_fills_the_queue)
{
	struct harness *h = harness_frames_on(_i);
	struct feeder p;

	stop_after_three(h, &p);
	harness_feed(h, nine);
	harness_turn(h);
	harness_expect(h, "frame:1|frame:2|frame:3");
	evchat_resume(h->chat);
	harness_feed(h, "10\r\n");
	harness_expect(h, "frame:1|frame:2|frame:3");
	feeder_resume(&p);
	harness_run_until_noted(h, "frame:10");
	harness_run_until_received(h, 6000);
	harness_end(h, "frame:1|frame:2|frame:3|done:p:sent:0|frame:4|frame:5"
	    "|frame:6|frame:7|frame:8|frame:9|frame:10");
}
END_TEST

START_TEST(delivery_stops_between_collect_and_found)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);
	struct feeder p;

	stop_after_three(h, &p);
	set_marks(h, 1000, 1100);
	harness_feed(h, "a\r\nb\r\n");
	harness_turn(h);
	harness_expect(h, "collect:a");
	feeder_resume(&p);
	harness_run_until_noted(h, "collect:b|found");
	harness_end(h, "collect:a|done:p:sent:0|found|collect:b|found");
}
END_TEST

static void
push_at_oversize(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_OVERSIZE)
		push(h, 3000);
}

/* It is told of input, and would be told for as long as the peer sends. */
START_TEST(delivery_stops_behind_oversize_that_fills_the_queue)
{
	struct harness *h = harness_frames_on(_i);
	struct feeder p;

	stop_after_three(h, &p);
	ck_assert_int_eq(evchat_set_max_frame(h->chat, 2,
	    EVCHAT_OVERSIZE_DISCARD), 0);
	h->script.event = push_at_oversize;
	harness_feed(h, "a\r\nbcd\r\ne\r\n");
	harness_turn(h);
	harness_expect(h, "frame:a|event:oversize");
	feeder_resume(&p);
	harness_run_until_noted(h, "frame:e");
	harness_end(h, "frame:a|event:oversize|done:p:sent:0|frame:e");
}
END_TEST

START_TEST(queue_at_the_high_mark_does_not_stop_delivery)
{
	struct harness *h = harness_frames_on(_i);
	struct feeder p;

	stop_after_three(h, &p);
	set_marks(h, 1000, LEAST + 1200);
	harness_feed(h, nine);
	harness_expect(h, "frame:1|frame:2|frame:3");
	harness_free(h);
}
END_TEST

START_TEST(delivery_goes_on_at_the_low_mark)
{
	struct harness *h = harness_frames_on(_i);
	struct feeder p;

	stop_after_three(h, &p);
	harness_feed(h, nine);
	set_marks(h, LEAST + 1799, 3000);
	harness_turn(h);
	harness_expect(h, "frame:1|frame:2|frame:3");
	set_marks(h, LEAST + 1800, 3000);
	harness_turn(h);
	harness_expect(h, "frame:1|frame:2|frame:3|frame:4|frame:5");
	harness_free(h);
}
END_TEST

START_TEST(hook_that_pushes_to_a_full_queue_stops_delivery)
{
	struct harness *h = harness_frames_on(_i);
	struct feeder p;

	stop_after_three(h, &p);
	push(h, 2000);
	harness_feed(h, nine);
	harness_expect(h, "frame:1");
	harness_free(h);
}
END_TEST

static void
lower_marks(struct harness *h, const void *data, size_t len)
{
	(void)len;
	if (*(const char *)data == '2')
		set_marks(h, 100, 1000);
}

START_TEST(marks_that_a_hook_sets_stop_delivery_as_well)
{
	struct harness *h = harness_frames_on(_i);
	struct feeder p;

	stop_after_three(h, &p);
	h->script.frame = lower_marks;
	push(h, 1400);
	harness_feed(h, nine);
	harness_expect(h, "frame:1|frame:2");
	harness_free(h);
}
END_TEST

START_TEST(eof_waits_while_delivery_is_stopped)
{
	struct harness *h = harness_frames_on(_i);
	struct feeder p;

	stop_after_three(h, &p);
	harness_feed(h, "1\r\n2\r\n3\r\n");
	harness_feed_eof(h);
	harness_turn(h);
	harness_expect(h, "frame:1|frame:2|frame:3");
	feeder_resume(&p);
	harness_run_until_closed(h);
	harness_end(h,
	    "frame:1|frame:2|frame:3|done:p:sent:0|event:eof|closed:eof");
}
END_TEST

START_TEST(pause_is_independent_of_stopped_delivery)
{
	struct harness *h = harness_frames_on(_i);
	struct feeder p;

	stop_after_three(h, &p);
	harness_feed(h, nine);
	evchat_pause(h->chat);
	feeder_resume(&p);
	harness_run_until_noted(h, "done:p");
	harness_run_until_received(h, 1800);
	harness_turn(h);
	harness_expect(h, "frame:1|frame:2|frame:3|done:p:sent:0");
	evchat_resume(h->chat);
	harness_run_until_noted(h, "frame:9");
	harness_free(h);
}
END_TEST

START_TEST(discard_lets_delivery_go_on)
{
	struct harness *h = harness_frames_on(_i);
	struct feeder p;

	stop_after_three(h, &p);
	harness_feed(h, nine);
	evchat_discard_buffers(h->chat);
	harness_turn(h);
	harness_feed(h, "a\r\n");
	harness_run_until_noted(h, "frame:a");
	harness_free(h);
}
END_TEST

START_TEST(close_when_done_goes_on_while_delivery_is_stopped)
{
	struct harness *h = harness_frames_on(_i);
	struct feeder p;

	stop_after_three(h, &p);
	harness_feed(h, nine);
	evchat_close_when_done(h->chat);
	feeder_resume(&p);
	harness_run_until_closed(h);
	ck_assert_uint_eq(evbuffer_get_length(h->received), 1800);
	harness_end(h,
	    "frame:1|frame:2|frame:3|done:p:sent:0|closed:done");
}
END_TEST

/* It does not stop */

START_TEST(no_auto_pause_lets_delivery_go_on)
{
	struct harness *h = harness_new((enum harness_carrier)_i);
	struct feeder p;

	harness_start(h, &harness_frames, EVCHAT_OPT_NO_AUTO_PAUSE);
	stop_after_three(h, &p);
	harness_feed(h, nine);
	ck_assert_uint_eq(length(h), LEAST + 9 * 600);
	harness_end(h, "frame:1|frame:2|frame:3|frame:4|frame:5|frame:6"
	    "|frame:7|frame:8|frame:9");
}
END_TEST

START_TEST(hooks_that_do_not_push_are_never_stopped)
{
	struct harness *h = harness_frames_on(_i);

	harness_crlf(h);
	set_marks(h, 1000, 2000);
	harness_push_stuck(h, "p");
	push(h, MEBI);
	harness_feed(h, nine);
	harness_end(h, "frame:1|frame:2|frame:3|frame:4|frame:5|frame:6"
	    "|frame:7|frame:8|frame:9");
}
END_TEST

static void
push_when_drained(struct harness *h, enum evchat_event what)
{
	if (what != EVCHAT_EVENT_DRAINED)
		return;
	harness_push_stuck(h, "p");
	push(h, 3000);
}

START_TEST(event_of_output_that_pushes_stops_nothing)
{
	struct harness *h = harness_frames_on(_i);

	harness_crlf(h);
	set_marks(h, 1000, 2000);
	h->script.event = push_when_drained;
	push(h, 1);
	harness_run_until_received(h, 1);
	harness_turn(h);
	ck_assert_uint_eq(length(h), LEAST + 3000);
	harness_feed(h, "a\r\nb\r\n");
	harness_end(h, "frame:a|frame:b");
}
END_TEST

static void
push_to_other(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	push(h->user, 600);
}

START_TEST(pushing_to_another_channel_stops_neither)
{
	struct harness *h = harness_frames_on(_i);
	struct harness *other = harness_new_beside(h,
	    (enum harness_carrier)_i);

	harness_start(other, &harness_frames, 0);
	harness_crlf(h);
	harness_crlf(other);
	set_marks(h, 1000, 2000);
	set_marks(other, 1000, 2000);
	harness_push_stuck(other, "s");
	h->user = other;
	h->script.frame = push_to_other;
	harness_feed(h, "1\r\n2\r\n3\r\n4\r\n");
	harness_feed(other, "5\r\n");
	ck_assert_uint_eq(length(other), LEAST + 2400);
	harness_expect(other, "frame:5");
	harness_free(other);
	harness_end(h, "frame:1|frame:2|frame:3|frame:4");
}
END_TEST

static Suite *
stop_suite(void)
{
	Suite *suite = suite_create("stop");
	TCase *tc = harness_case(suite, "stop");

	sink_add(tc, delivery_stops_behind_the_hook_that_fills_the_queue);
	sink_add(tc, delivery_stops_between_collect_and_found);
	sink_add(tc, delivery_stops_behind_oversize_that_fills_the_queue);
	sink_add(tc, queue_at_the_high_mark_does_not_stop_delivery);
	sink_add(tc, delivery_goes_on_at_the_low_mark);
	sink_add(tc, hook_that_pushes_to_a_full_queue_stops_delivery);
	sink_add(tc, marks_that_a_hook_sets_stop_delivery_as_well);
	sink_add(tc, eof_waits_while_delivery_is_stopped);
	sink_add(tc, pause_is_independent_of_stopped_delivery);
	sink_add(tc, discard_lets_delivery_go_on);
	sink_add(tc, close_when_done_goes_on_while_delivery_is_stopped);

	tc = harness_case(suite, "no stop");
	sink_add(tc, no_auto_pause_lets_delivery_go_on);
	sink_add(tc, hooks_that_do_not_push_are_never_stopped);
	sink_add(tc, event_of_output_that_pushes_stops_nothing);
	sink_add(tc, pushing_to_another_channel_stops_neither);
	return suite;
}

int
main(void)
{
	return harness_main(stop_suite());
}
