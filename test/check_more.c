/*
 * Any call from inside more: of the first of two producers, the first time.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "ending.h"

/* What is done there */

static void (*act)(struct harness *h);

static void
expect_busy(struct harness *h)
{
	errno = 0;
	ck_assert(!harness_detach(h));
	ck_assert_int_eq(errno, EBUSY);
}

static void
change_settings(struct harness *h)
{
	ck_assert_int_eq(evchat_set_watermarks(h->chat, 0, 1), 0);
	ck_assert_int_eq(evchat_set_buffer_sizes(h->chat, 1, 1), 0);
	ck_assert_int_eq(evchat_set_hooks(h->chat, &harness_frames, h), 0);
	harness_crlf(h);
	ck_assert_int_eq(evchat_push_frame(h->chat, "z", 1), 0);
}

/* Push p, which does it, and q behind it. */

static void
act_once(struct feeder *feeder)
{
	feeder->in_more = feeder->in_done = NULL;
	act(feeder->h);
}

static void
ask_and_act(struct harness *h, struct feeder *p, struct feeder *q,
    void (*function)(struct harness *h))
{
	act = function;
	feeder_push(p, h, "p", "ab+cd.");
	p->in_more = act_once;
	feeder_push(q, h, "q", "e.");
	harness_turn(h);
}

/* What is pushed there goes to the end. */
START_TEST(more_may_push)
{
	struct harness *h = harness_streaming_on(_i);
	struct feeder p, q;

	ask_and_act(h, &p, &q, ending_push_z);
	harness_run_until_noted(h, "done:q");
	harness_expect_received(h, "abcdez");
	harness_end(h, "done:p:sent:4|done:q:sent:1");
}
END_TEST

START_TEST(more_may_push_producers)
{
	struct harness *h = harness_streaming_on(_i);
	struct feeder p, q;

	ask_and_act(h, &p, &q, ending_push_producer);
	harness_run_until_noted(h, "mark:m");
	harness_expect_received(h, "abcdez");
	harness_end(h,
	    "done:p:sent:4|done:q:sent:1|done:r:sent:1|mark:m:sent");
}
END_TEST

START_TEST(more_may_discard_itself)
{
	struct harness *h = harness_streaming_on(_i);
	struct feeder p, q;

	ask_and_act(h, &p, &q, ending_discard_and_push);
	ck_assert_int_eq(p.asked, 1);
	ck_assert_int_eq(q.asked, 0);
	harness_expect_received(h, "z");
	harness_end(h, "done:p:discarded:0|done:q:discarded:0|discarded");
}
END_TEST

START_TEST(more_may_free_the_channel)
{
	struct harness *h = harness_streaming_on(_i);
	struct feeder p, q;

	ask_and_act(h, &p, &q, ending_free);
	ck_assert_int_eq(p.asked, 1);
	harness_run_until_peer_eof(h);
	ck_assert_uint_eq(evbuffer_get_length(h->received), 0);
	harness_end(h,
	    "done:p:discarded:0|done:q:discarded:0|closed:freed");
}
END_TEST

START_TEST(more_may_close_and_is_asked_on)
{
	struct harness *h = harness_streaming_on(_i);
	struct feeder p, q;

	ask_and_act(h, &p, &q, ending_finish);
	harness_run_until_closed(h);
	harness_expect_received(h, "abcde");
	ck_assert(h->peer_eof);
	harness_end(h, "done:p:sent:4|done:q:sent:1|closed:done");
}
END_TEST

START_TEST(more_may_push_eof_and_is_asked_on)
{
	struct harness *h = harness_streaming_on(_i);
	struct feeder p, q;

	ask_and_act(h, &p, &q, ending_shut);
	harness_run_until_peer_eof(h);
	harness_expect_received(h, "abcde");
	harness_feed(h, "in");
	harness_end(h, "done:p:sent:4|done:q:sent:1|collect:in");
}
END_TEST

START_TEST(more_may_pause_input)
{
	struct harness *h = harness_streaming_on(_i);
	struct feeder p, q;

	ask_and_act(h, &p, &q, ending_pause);
	harness_feed(h, "in");
	harness_run_until_noted(h, "done:q");
	harness_expect_received(h, "abcde");
	evchat_resume(h->chat);
	harness_turn(h);
	harness_end(h, "done:p:sent:4|done:q:sent:1|collect:in");
}
END_TEST

START_TEST(more_may_not_detach)
{
	struct harness *h = harness_streaming_on(_i);
	struct feeder p, q;

	ask_and_act(h, &p, &q, expect_busy);
	harness_run_until_noted(h, "done:q");
	harness_expect_received(h, "abcde");
	harness_end(h, "done:p:sent:4|done:q:sent:1");
}
END_TEST

START_TEST(more_may_change_settings)
{
	struct harness *h = harness_streaming_on(_i);
	struct feeder p, q;

	ask_and_act(h, &p, &q, change_settings);
	harness_run_until_noted(h, "done:q");
	harness_expect_received(h, "abcdez\r\n");
	ck_assert_uint_eq(q.want, 1);
	harness_feed(h, "in\r\n");
	harness_end(h, "done:p:sent:4|done:q:sent:1|frame:in");
}
END_TEST

static Suite *
more_suite(void)
{
	Suite *suite = suite_create("more");
	TCase *tc = harness_case(suite, "more");

	sink_add(tc, more_may_push);
	sink_add(tc, more_may_push_producers);
	sink_add(tc, more_may_discard_itself);
	sink_add(tc, more_may_free_the_channel);
	sink_add(tc, more_may_close_and_is_asked_on);
	sink_add(tc, more_may_push_eof_and_is_asked_on);
	sink_add(tc, more_may_pause_input);
	sink_add(tc, more_may_not_detach);
	sink_add(tc, more_may_change_settings);

	return suite;
}

int
main(void)
{
	return harness_main(more_suite());
}
