/*
 * The queue's length, and what WRITABLE and DRAINED tell of it.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
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

/* The length */

START_TEST(length_is_what_was_pushed_and_has_not_left)
{
	struct harness *h = harness_frames_on(_i);
	struct evbuffer *buf = evbuffer_new();

	ck_assert_uint_eq(length(h), 0);
	push(h, 10);
	ck_assert_int_eq(evchat_push_reference(h->chat, much, 600, NULL, NULL),
	    0);
	ck_assert_int_eq(evchat_push_printf(h->chat, "%d", 123), 0);
	evbuffer_add(buf, "ab", 2);
	ck_assert_int_eq(evchat_push_buffer(h->chat, buf), 0);
	evbuffer_free(buf);
	ck_assert_uint_eq(length(h), 615);
	harness_run_until_received(h, 615);
	harness_turn(h);
	ck_assert_uint_eq(length(h), 0);
	harness_end(h, "");
}
END_TEST

START_TEST(length_falls_as_the_peer_reads)
{
	struct harness *h = harness_frames_on(_i);
	size_t before;

	harness_peer_read(h, false);
	push(h, MEBI);
	ck_assert_uint_eq(length(h), MEBI);
	harness_turn(h);
	before = length(h);
	ck_assert_uint_gt(before, 0);
	ck_assert_uint_le(before, MEBI);
	harness_peer_read(h, true);
	harness_run_until_received(h, MEBI);
	harness_turn(h);
	ck_assert_uint_eq(length(h), 0);
	harness_end(h, "");
}
END_TEST

START_TEST(producer_counts_at_least_512)
{
	struct harness *h = harness_frames_on(_i);
	struct feeder p;

	feeder_push(&p, h, "p", "abc~.");
	ck_assert_uint_eq(length(h), LEAST);
	harness_push_stuck(h, "s");
	ck_assert_uint_eq(length(h), 2 * LEAST);
	push(h, 10);
	ck_assert_uint_eq(length(h), 2 * LEAST + 10);
	harness_expect_received(h, "abc");
	harness_turn(h);
	ck_assert_uint_eq(length(h), 2 * LEAST + 10);
	feeder_resume(&p);
	harness_run_until_noted(h, "done:p");
	ck_assert_uint_eq(length(h), LEAST + 10);
	evchat_discard_buffers(h->chat);
	ck_assert_uint_eq(length(h), 0);
	harness_end(h, "done:p:sent:3|done:s:discarded:0");
}
END_TEST

START_TEST(producer_counts_what_it_holds_in_memory)
{
	struct harness *h = harness_frames_on(_i);
	struct evbuffer *buf = evbuffer_new();

	harness_push_stuck(h, "s");
	evbuffer_add(buf, much, 10000);
	ck_assert_int_eq(evchat_push_with_producer(h->chat,
	    evchat_producer_new_evbuffer(buf)), 0);
	ck_assert_uint_eq(length(h), LEAST + 10000);
	evchat_discard_buffers(h->chat);
	ck_assert_uint_eq(length(h), 0);
	harness_end(h, "done:s:discarded:0");
}
END_TEST

/* WRITABLE and DRAINED */

START_TEST(marks_that_cannot_work_are_refused)
{
	struct harness *h = harness_frames_on(_i);

	errno = 0;
	ck_assert_int_eq(evchat_set_watermarks(h->chat, 0, 0), -1);
	ck_assert_int_eq(errno, EINVAL);
	errno = 0;
	ck_assert_int_eq(evchat_set_watermarks(h->chat, 7, 7), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(evchat_set_watermarks(h->chat, 8, 7), -1);
	ck_assert_int_eq(evchat_set_watermarks(h->chat, 0, 1), 0);
	ck_assert_int_eq(evchat_set_watermarks(h->chat, SIZE_MAX - 1,
	    SIZE_MAX), 0);
	errno = 0;
	ck_assert_int_eq(evchat_set_buffer_sizes(h->chat, 0, 1), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(evchat_set_buffer_sizes(h->chat, 1, 0), -1);
	ck_assert_int_eq(evchat_set_buffer_sizes(h->chat, 1, SIZE_MAX), -1);
	harness_end(h, "");
}
END_TEST

START_TEST(drained_is_told_once_when_all_has_left)
{
	struct harness *h = harness_frames_on(_i);
	struct feeder p;

	h->output_events = true;
	harness_turn(h);
	push(h, 1);
	push(h, 2);
	feeder_push(&p, h, "p", "ab~c.");
	harness_run_until_received(h, 5);
	harness_turn(h);
	harness_expect(h, "");
	feeder_resume(&p);
	harness_run_until_noted(h, "drained");
	harness_turn(h);
	harness_expect(h, "done:p:sent:3|event:drained");
	push(h, 1);
	harness_run_until_received(h, 7);
	harness_turn(h);
	harness_end(h, "done:p:sent:3|event:drained|event:drained");
}
END_TEST

START_TEST(drained_waits_until_the_bytes_are_out)
{
	struct harness *h = harness_frames_on(_i);

	h->output_events = true;
	set_marks(h, 1, 2 * MEBI);
	harness_peer_read(h, false);
	push(h, MEBI);
	harness_turn(h);
	harness_expect(h, "");
	harness_peer_read(h, true);
	harness_run_until_noted(h, "drained");
	ck_assert_uint_eq(length(h), 0);
	harness_run_until_received(h, MEBI);
	harness_end(h, "event:drained");
}
END_TEST

/* The records of TLS take room, too. */
START_TEST(writable_is_told_once_for_each_crossing)
{
	struct harness *h = harness_frames_on(_i);
	size_t high = harness_has_tls(h) ? 21000 : 20000, more = high + 1;
	struct sink sink;

	h->output_events = true;
	harness_shake_hands(h);
	set_marks(h, 1000, high);
	sink_narrow(h);
	sink_start(&sink, h, 500, false);
	push(h, 20000);
	sink_run_until(&sink, 20000);
	harness_run_until_noted(h, "drained");
	harness_turn(h);
	harness_expect(h, "event:drained");
	push(h, more);
	push(h, 20000);
	sink_run_until(&sink, 40000 + more);
	harness_run_until_noted(h, "writable|event:drained");
	harness_turn(h);
	harness_expect(h, "event:drained|event:writable|event:drained");
	push(h, more);
	sink_run_until(&sink, 40000 + 2 * more);
	harness_run_until_noted(h, "drained|event:writable|event:drained"
	    "|event:writable|event:drained");
	sink_stop(&sink);
	harness_free(h);
}
END_TEST

START_TEST(writable_is_told_when_the_queue_is_at_the_low_mark)
{
	struct harness *h = harness_frames_on(_i);
	struct feeder p;

	h->output_events = true;
	set_marks(h, 10, 2000);
	feeder_push(&p, h, "p", "~.");
	push(h, 2000);
	set_marks(h, LEAST + 1999, 3000);
	harness_turn(h);
	harness_expect(h, "");
	set_marks(h, LEAST + 2000, 3000);
	harness_turn(h);
	harness_expect(h, "event:writable");
	feeder_resume(&p);
	harness_run_until_noted(h, "drained");
	harness_end(h, "event:writable|done:p:sent:0|event:drained");
}
END_TEST

START_TEST(events_of_output_are_told_while_paused)
{
	struct harness *h = harness_frames_on(_i);

	h->output_events = true;
	set_marks(h, 10, 20);
	evchat_pause(h->chat);
	push(h, 30);
	harness_run_until_received(h, 30);
	harness_run_until_noted(h, "drained");
	harness_end(h, "event:writable|event:drained");
}
END_TEST

START_TEST(writable_is_told_after_discard)
{
	struct harness *h = harness_frames_on(_i);

	h->output_events = true;
	set_marks(h, 10, 2000);
	harness_push_stuck(h, "p");
	push(h, 2000);
	evchat_discard_buffers(h->chat);
	harness_expect(h, "done:p:discarded:0");
	harness_run_until_noted(h, "event:writable");
	harness_free(h);
}
END_TEST

static void
push_more(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_WRITABLE && ++h->count < 10)
		push(h, 20001);
	else if (what == EVCHAT_EVENT_DRAINED && h->count == 10)
		evchat_close_when_done(h->chat);
}

/* The usual way to send much without a producer. */
START_TEST(pushing_on_in_writable_sends_all)
{
	struct harness *h = harness_frames_on(_i);

	h->script.event = push_more;
	set_marks(h, 1000, 20000);
	push(h, 20001);
	harness_run_until_closed(h);
	ck_assert_int_eq(h->count, 10);
	ck_assert_uint_eq(evbuffer_get_length(h->received), 200010);
	harness_end(h, "closed:done");
}
END_TEST

static Suite *
flow_suite(void)
{
	Suite *suite = suite_create("flow");
	TCase *tc = harness_case(suite, "length");

	sink_add(tc, length_is_what_was_pushed_and_has_not_left);
	sink_add(tc, length_falls_as_the_peer_reads);
	sink_add(tc, producer_counts_at_least_512);
	sink_add(tc, producer_counts_what_it_holds_in_memory);


	tc = harness_case(suite, "events");
	sink_add(tc, marks_that_cannot_work_are_refused);
	sink_add(tc, drained_is_told_once_when_all_has_left);
	sink_add(tc, drained_waits_until_the_bytes_are_out);
	sink_add(tc, writable_is_told_once_for_each_crossing);
	sink_add(tc, writable_is_told_when_the_queue_is_at_the_low_mark);
	sink_add(tc, events_of_output_are_told_while_paused);
	sink_add(tc, writable_is_told_after_discard);
	sink_add(tc, pushing_on_in_writable_sends_all);

	return suite;
}

int
main(void)
{
	return harness_main(flow_suite());
}
