/*
 * Any call from inside done, from cleanups and from marks: those that are SENT,
 * those that are DISCARDED, and those of a channel that ends.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "feeder.h"
#include "harness.h"
#include "sink.h"

/* What is done there */

static void (*act)(struct harness *h);

static void
push_z(struct harness *h)
{
	ck_assert_int_eq(evchat_push(h->chat, "z", 1), 0);
}

static void
push_producer(struct harness *h)
{
	harness_push_producer(h, "r", "z");
	harness_push_mark(h, "m");
}

static void
discard(struct harness *h)
{
	evchat_discard_buffers(h->chat);
	harness_note(h, "discarded");
}

static void
discard_and_push(struct harness *h)
{
	discard(h);
	push_z(h);
}

static void
end(struct harness *h)
{
	evchat_free(h->chat);
	ck_assert_int_eq(h->closed, 1);
}

static void
finish(struct harness *h)
{
	evchat_close_when_done(h->chat);
	ck_assert_int_eq(evchat_push(h->chat, "no", 2), -1);
	ck_assert_int_eq(errno, EPIPE);
}

static void
shut(struct harness *h)
{
	h->rude = true;
	ck_assert_int_eq(evchat_push_eof(h->chat), 0);
	ck_assert_int_eq(evchat_push(h->chat, "no", 2), -1);
	ck_assert_int_eq(errno, EPIPE);
}

static void
pause_it(struct harness *h)
{
	evchat_pause(h->chat);
}

static void
detach(struct harness *h)
{
	ck_assert(harness_detach(h));
}

static void
act_once(struct feeder *feeder)
{
	feeder->in_more = feeder->in_done = NULL;
	act(feeder->h);
}

/* SENT, with q queued behind */

static void
act_in_cleanup(const void *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	harness_note(arg, "cleanup");
	act(arg);
}

static void
act_in_mark(struct evchat *chat, enum evchat_done how, void *arg)
{
	(void)chat;
	harness_note(arg, "mark:%s", harness_done_name(how));
	act(arg);
}

static void
push_feeder(struct harness *h, struct feeder *p)
{
	feeder_push(p, h, "p", "ab.");
	p->in_done = act_once;
}

static void
push_reference(struct harness *h, struct feeder *p)
{
	(void)p;
	ck_assert_int_eq(evchat_push_reference(h->chat, "ab", 2,
	    act_in_cleanup, h), 0);
}

static void
push_mark(struct harness *h, struct feeder *p)
{
	(void)p;
	ck_assert_int_eq(evchat_push(h->chat, "ab", 2), 0);
	ck_assert_int_eq(evchat_push_callback(h->chat, act_in_mark, h), 0);
}

/* Each test runs for each of these. */
static const struct {
	void (*push)(struct harness *h, struct feeder *p);
	const char *sent;
	const char *discarded;
} kinds[] = {
	{ push_feeder, "done:p:sent:2", "done:p:discarded:0" },
	{ push_reference, "cleanup", "cleanup" },
	{ push_mark, "mark:sent", "mark:discarded" }
};

#define KINDS ((int)(sizeof(kinds) / sizeof(kinds[0])))

/* A test's number says which, and over which carrier. */
static int
kind_of(int i)
{
	return i % KINDS;
}

static struct harness *
start_kind(int i)
{
	return harness_streaming_on(i / KINDS);
}

/* Push one, and q behind it that gives nothing before it is resumed. */
static void
push_and_act(struct harness *h, int kind, struct feeder *p, struct feeder *q,
    void (*function)(struct harness *h))
{
	act = function;
	kinds[kind].push(h, p);
	feeder_push(q, h, "q", "~cd.");
}

static void
expect(struct harness *h, const char *first, const char *rest)
{
	char expected[256];

	snprintf(expected, sizeof(expected), "%s%s%s", first,
	    rest[0] != '\0' ? "|" : "", rest);
	harness_expect(h, expected);
}

START_TEST(done_may_push)
{
	struct harness *h = start_kind(_i);
	struct feeder p, q;

	push_and_act(h, kind_of(_i), &p, &q, push_producer);
	harness_run_until_noted(h, kinds[kind_of(_i)].sent);
	harness_turn(h);
	feeder_resume(&q);
	harness_run_until_noted(h, "mark:m");
	harness_expect_received(h, "abcdz");
	expect(h, kinds[kind_of(_i)].sent,
	    "done:q:sent:2|done:r:sent:1|mark:m:sent");
	harness_free(h);
}
END_TEST

START_TEST(done_may_discard_what_is_behind)
{
	struct harness *h = start_kind(_i);
	struct feeder p, q;

	push_and_act(h, kind_of(_i), &p, &q, discard_and_push);
	harness_run_until_noted(h, "discarded");
	harness_expect_received(h, "abz");
	expect(h, kinds[kind_of(_i)].sent, "done:q:discarded:0|discarded");
	harness_free(h);
}
END_TEST

START_TEST(done_may_free_the_channel)
{
	struct harness *h = start_kind(_i);
	struct feeder p, q;

	push_and_act(h, kind_of(_i), &p, &q, end);
	harness_run_until_closed(h);
	expect(h, kinds[kind_of(_i)].sent, "done:q:discarded:0|closed:freed");
	harness_free(h);
}
END_TEST

START_TEST(done_may_close)
{
	struct harness *h = start_kind(_i);
	struct feeder p, q;

	push_and_act(h, kind_of(_i), &p, &q, finish);
	harness_run_until_noted(h, kinds[kind_of(_i)].sent);
	harness_turn(h);
	feeder_resume(&q);
	harness_run_until_closed(h);
	harness_expect_received(h, "abcd");
	expect(h, kinds[kind_of(_i)].sent, "done:q:sent:2|closed:done");
	harness_free(h);
}
END_TEST

START_TEST(done_may_push_eof)
{
	struct harness *h = start_kind(_i);
	struct feeder p, q;

	push_and_act(h, kind_of(_i), &p, &q, shut);
	harness_run_until_noted(h, kinds[kind_of(_i)].sent);
	harness_turn(h);
	feeder_resume(&q);
	harness_run_until_peer_eof(h);
	harness_expect_received(h, "abcd");
	expect(h, kinds[kind_of(_i)].sent, "done:q:sent:2");
	harness_free(h);
}
END_TEST

START_TEST(done_may_pause_input)
{
	struct harness *h = start_kind(_i);
	struct feeder p, q;

	push_and_act(h, kind_of(_i), &p, &q, pause_it);
	harness_run_until_noted(h, kinds[kind_of(_i)].sent);
	harness_feed(h, "in");
	expect(h, kinds[kind_of(_i)].sent, "");
	evchat_resume(h->chat);
	harness_turn(h);
	expect(h, kinds[kind_of(_i)].sent, "collect:in");
	harness_free(h);
}
END_TEST

/* Without q, which would be in the way. */
START_TEST(done_may_detach)
{
	struct harness *h = start_kind(_i);
	struct feeder p;

	act = detach;
	kinds[kind_of(_i)].push(h, &p);
	harness_run_until_closed(h);
	ck_assert_ptr_nonnull(h->detached);
	ck_assert_int_eq(bufferevent_write(h->detached, "z", 1), 0);
	harness_expect_received(h, "abz");
	expect(h, kinds[kind_of(_i)].sent, "closed:detached");
	harness_free(h);
}
END_TEST

/* DISCARDED */

START_TEST(done_may_push_while_all_is_discarded)
{
	struct harness *h = start_kind(_i);
	struct feeder p, q;

	push_and_act(h, kind_of(_i), &p, &q, push_z);
	evchat_discard_buffers(h->chat);
	expect(h, kinds[kind_of(_i)].discarded, "done:q:discarded:0");
	harness_expect_received(h, "z");
	expect(h, kinds[kind_of(_i)].discarded, "done:q:discarded:0");
	harness_free(h);
}
END_TEST

START_TEST(done_may_discard_while_all_is_discarded)
{
	struct harness *h = start_kind(_i);
	struct feeder p, q;

	push_and_act(h, kind_of(_i), &p, &q, discard);
	evchat_discard_buffers(h->chat);
	expect(h, kinds[kind_of(_i)].discarded,
	    "done:q:discarded:0|discarded");
	push_z(h);
	harness_expect_received(h, "z");
	harness_free(h);
}
END_TEST

START_TEST(done_may_free_the_channel_while_all_is_discarded)
{
	struct harness *h = start_kind(_i);
	struct feeder p, q;

	push_and_act(h, kind_of(_i), &p, &q, end);
	evchat_discard_buffers(h->chat);
	expect(h, kinds[kind_of(_i)].discarded,
	    "done:q:discarded:0|closed:freed");
	harness_free(h);
}
END_TEST

START_TEST(done_may_detach_while_all_is_discarded)
{
	struct harness *h = start_kind(_i);
	struct feeder p;

	act = detach;
	kinds[kind_of(_i)].push(h, &p);
	evchat_discard_buffers(h->chat);
	expect(h, kinds[kind_of(_i)].discarded, "closed:detached");
	ck_assert_int_eq(bufferevent_write(h->detached, "z", 1), 0);
	harness_expect_received(h, "z");
	harness_free(h);
}
END_TEST

/* While the channel ends: all calls fail, and no harm is done */

static void
try_all(struct harness *h)
{
	ck_assert_int_eq(evchat_push(h->chat, "z", 1), -1);
	ck_assert_int_eq(errno, EPIPE);
	ck_assert_int_eq(evchat_push_eof(h->chat), -1);
	ck_assert(!harness_detach(h));
	ck_assert_int_eq(errno, EPIPE);
	evchat_discard_buffers(h->chat);
	evchat_close_when_done(h->chat);
	evchat_pause(h->chat);
	evchat_resume(h->chat);
	evchat_free(h->chat);
	ck_assert_int_eq(h->closed, 0);
}

START_TEST(done_may_try_all_while_the_channel_ends)
{
	struct harness *h = start_kind(_i);
	struct feeder p, q;

	push_and_act(h, kind_of(_i), &p, &q, try_all);
	evchat_free(h->chat);
	expect(h, kinds[kind_of(_i)].discarded,
	    "done:q:discarded:0|closed:freed");
	harness_free(h);
}
END_TEST

static void
free_other(struct harness *h)
{
	struct harness *other = h->user;

	evchat_free(other->chat);
	ck_assert_int_eq(other->closed, 1);
}

START_TEST(done_may_free_another_channel)
{
	struct harness *h = start_kind(_i);
	struct harness *other = harness_new_beside(h,
	    (enum harness_carrier)(_i / KINDS));
	struct feeder p, q;

	harness_start(other, &harness_streaming, 0);
	h->user = other;
	push_and_act(h, kind_of(_i), &p, &q, free_other);
	harness_push_producer(other, "r", "ef");
	harness_push_stuck(other, "s");
	harness_run_until_noted(h, kinds[kind_of(_i)].sent);
	ck_assert_int_eq(other->closed, 1);
	expect(h, kinds[kind_of(_i)].sent, "");
	harness_free(other);
	feeder_resume(&q);
	harness_run_until_noted(h, "done:q");
	harness_expect_received(h, "abcd");
	harness_free(h);
}
END_TEST

static void
add(TCase *tc, const TTest *test)
{
	tcase_add_loop_test(tc, test, 0, SINK_CARRIERS * KINDS);
}

static Suite *
done_suite(void)
{
	Suite *suite = suite_create("done");
	TCase *tc = harness_case(suite, "done");

	add(tc, done_may_push);
	add(tc, done_may_discard_what_is_behind);
	add(tc, done_may_free_the_channel);
	add(tc, done_may_close);
	add(tc, done_may_push_eof);
	add(tc, done_may_pause_input);
	add(tc, done_may_detach);
	add(tc, done_may_free_another_channel);


	tc = harness_case(suite, "discarded");
	add(tc, done_may_push_while_all_is_discarded);
	add(tc, done_may_discard_while_all_is_discarded);
	add(tc, done_may_free_the_channel_while_all_is_discarded);
	add(tc, done_may_detach_while_all_is_discarded);
	add(tc, done_may_try_all_while_the_channel_ends);
	return suite;
}

int
main(void)
{
	return harness_main(done_suite());
}
