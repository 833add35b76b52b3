/*
 * Any call from inside done, from cleanups and from marks that are SENT, with
 * more queued behind.
 */

#include <errno.h>
#include "ending.h"

START_TEST(done_may_push)
{
	struct harness *h = ending_start(_i);
	struct feeder p, q;

	ending_push(h, ending_kind(_i), &p, &q, ending_push_producer);
	harness_run_until_noted(h, ending_kinds[ending_kind(_i)].sent);
	harness_turn(h);
	feeder_resume(&q);
	harness_run_until_noted(h, "mark:m");
	harness_expect_received(h, "abcdz");
	ending_expect(h, ending_kinds[ending_kind(_i)].sent,
	    "done:q:sent:2|done:r:sent:1|mark:m:sent");
	harness_free(h);
}
END_TEST

START_TEST(done_may_discard_what_is_behind)
{
	struct harness *h = ending_start(_i);
	struct feeder p, q;

	ending_push(h, ending_kind(_i), &p, &q, ending_discard_and_push);
	harness_run_until_noted(h, "discarded");
	harness_expect_received(h, "abz");
	ending_expect(h, ending_kinds[ending_kind(_i)].sent,
	    "done:q:discarded:0|discarded");
	harness_free(h);
}
END_TEST

START_TEST(done_may_free_the_channel)
{
	struct harness *h = ending_start(_i);
	struct feeder p, q;

	ending_push(h, ending_kind(_i), &p, &q, ending_free);
	harness_run_until_closed(h);
	ending_expect(h, ending_kinds[ending_kind(_i)].sent,
	    "done:q:discarded:0|closed:freed");
	harness_free(h);
}
END_TEST

START_TEST(done_may_close)
{
	struct harness *h = ending_start(_i);
	struct feeder p, q;

	ending_push(h, ending_kind(_i), &p, &q, ending_finish);
	harness_run_until_noted(h, ending_kinds[ending_kind(_i)].sent);
	harness_turn(h);
	feeder_resume(&q);
	harness_run_until_closed(h);
	harness_expect_received(h, "abcd");
	ending_expect(h, ending_kinds[ending_kind(_i)].sent,
	    "done:q:sent:2|closed:done");
	harness_free(h);
}
END_TEST

START_TEST(done_may_push_eof)
{
	struct harness *h = ending_start(_i);
	struct feeder p, q;

	ending_push(h, ending_kind(_i), &p, &q, ending_shut);
	harness_run_until_noted(h, ending_kinds[ending_kind(_i)].sent);
	harness_turn(h);
	feeder_resume(&q);
	harness_run_until_peer_eof(h);
	harness_expect_received(h, "abcd");
	ending_expect(h, ending_kinds[ending_kind(_i)].sent, "done:q:sent:2");
	harness_free(h);
}
END_TEST

START_TEST(done_may_pause_input)
{
	struct harness *h = ending_start(_i);
	struct feeder p, q;

	ending_push(h, ending_kind(_i), &p, &q, ending_pause);
	harness_run_until_noted(h, ending_kinds[ending_kind(_i)].sent);
	harness_feed(h, "in");
	ending_expect(h, ending_kinds[ending_kind(_i)].sent, "");
	evchat_resume(h->chat);
	harness_turn(h);
	ending_expect(h, ending_kinds[ending_kind(_i)].sent, "collect:in");
	harness_free(h);
}
END_TEST

/* Without q, which would be in the way. */
START_TEST(done_may_detach)
{
	struct harness *h = ending_start(_i);
	struct feeder p;

	ending_push(h, ending_kind(_i), &p, NULL, ending_detach);
	harness_run_until_closed(h);
	ck_assert_ptr_nonnull(h->detached);
	ck_assert_int_eq(bufferevent_write(h->detached, "z", 1), 0);
	harness_expect_received(h, "abz");
	ending_expect(h, ending_kinds[ending_kind(_i)].sent, "closed:detached");
	harness_free(h);
}
END_TEST

/* While the channel ends: all calls fail, and no harm is done */

static void
free_other(struct harness *h)
{
	struct harness *other = h->user;

	evchat_free(other->chat);
	ck_assert_int_eq(other->closed, 1);
}

START_TEST(done_may_free_another_channel)
{
	struct harness *h = ending_start(_i);
	struct harness *other = harness_new_beside(h,
	    (enum harness_carrier)(_i / ENDING_KINDS));
	struct feeder p, q;

	harness_start(other, &harness_streaming, 0);
	h->user = other;
	ending_push(h, ending_kind(_i), &p, &q, free_other);
	harness_push_producer(other, "r", "ef");
	harness_push_stuck(other, "s");
	harness_run_until_noted(h, ending_kinds[ending_kind(_i)].sent);
	ck_assert_int_eq(other->closed, 1);
	ending_expect(h, ending_kinds[ending_kind(_i)].sent, "");
	harness_free(other);
	feeder_resume(&q);
	harness_run_until_noted(h, "done:q");
	harness_expect_received(h, "abcd");
	harness_free(h);
}
END_TEST

static Suite *
done_suite(void)
{
	Suite *suite = suite_create("done");
	TCase *tc = harness_case(suite, "sent");

	ending_add(tc, done_may_push);
	ending_add(tc, done_may_discard_what_is_behind);
	ending_add(tc, done_may_free_the_channel);
	ending_add(tc, done_may_close);
	ending_add(tc, done_may_push_eof);
	ending_add(tc, done_may_pause_input);
	ending_add(tc, done_may_detach);
	ending_add(tc, done_may_free_another_channel);
	return suite;
}

int
main(void)
{
	return harness_main(done_suite());
}
