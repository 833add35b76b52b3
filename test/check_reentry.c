/*
 * Any call from anywhere on the side of output: from inside more, done, cleanups
 * and marks.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "feeder.h"
#include "harness.h"
#include "sink.h"

static struct harness *
start(int carrier)
{
	return harness_start_new((enum harness_carrier)carrier,
	    &harness_streaming);
}

/* What is done inside of them: once, for none of them expects to be called on */

static void
push_z(struct harness *h)
{
	ck_assert_int_eq(evchat_push(h->chat, "z", 1), 0);
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

/* In more: the first of two times that p is asked, with q behind it */

static void (*act)(struct harness *h);

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
	struct harness *h = start(_i);
	struct feeder p, q;

	ask_and_act(h, &p, &q, push_z);
	harness_run_until_noted(h, "done:q");
	harness_expect_received(h, "abcdez");
	harness_end(h, "done:p:sent:4|done:q:sent:1");
}
END_TEST

static void
push_producer(struct harness *h)
{
	harness_push_producer(h, "r", "z");
	harness_push_mark(h, "m");
}

START_TEST(more_may_push_producers)
{
	struct harness *h = start(_i);
	struct feeder p, q;

	ask_and_act(h, &p, &q, push_producer);
	harness_run_until_noted(h, "mark:m");
	harness_expect_received(h, "abcdez");
	harness_end(h,
	    "done:p:sent:4|done:q:sent:1|done:r:sent:1|mark:m:sent");
}
END_TEST

START_TEST(more_may_discard_itself)
{
	struct harness *h = start(_i);
	struct feeder p, q;

	ask_and_act(h, &p, &q, discard_and_push);
	ck_assert_int_eq(p.asked, 1);
	ck_assert_int_eq(q.asked, 0);
	harness_expect_received(h, "z");
	harness_end(h, "done:p:discarded:0|done:q:discarded:0|discarded");
}
END_TEST

START_TEST(more_may_free_the_channel)
{
	struct harness *h = start(_i);
	struct feeder p, q;

	ask_and_act(h, &p, &q, end);
	ck_assert_int_eq(p.asked, 1);
	harness_run_until_peer_eof(h);
	ck_assert_uint_eq(evbuffer_get_length(h->received), 0);
	harness_end(h,
	    "done:p:discarded:0|done:q:discarded:0|closed:freed");
}
END_TEST

START_TEST(more_may_close_and_is_asked_on)
{
	struct harness *h = start(_i);
	struct feeder p, q;

	ask_and_act(h, &p, &q, finish);
	harness_run_until_closed(h);
	harness_expect_received(h, "abcde");
	ck_assert(h->peer_eof);
	harness_end(h, "done:p:sent:4|done:q:sent:1|closed:done");
}
END_TEST

START_TEST(more_may_push_eof_and_is_asked_on)
{
	struct harness *h = start(_i);
	struct feeder p, q;

	ask_and_act(h, &p, &q, shut);
	harness_run_until_peer_eof(h);
	harness_expect_received(h, "abcde");
	harness_feed(h, "in");
	harness_end(h, "done:p:sent:4|done:q:sent:1|collect:in");
}
END_TEST

START_TEST(more_may_pause_input)
{
	struct harness *h = start(_i);
	struct feeder p, q;

	ask_and_act(h, &p, &q, pause_it);
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
	struct harness *h = start(_i);
	struct feeder p, q;

	ask_and_act(h, &p, &q, expect_busy);
	harness_run_until_noted(h, "done:q");
	harness_expect_received(h, "abcde");
	harness_end(h, "done:p:sent:4|done:q:sent:1");
}
END_TEST

START_TEST(more_may_change_settings)
{
	struct harness *h = start(_i);
	struct feeder p, q;

	ask_and_act(h, &p, &q, change_settings);
	harness_run_until_noted(h, "done:q");
	harness_expect_received(h, "abcdez\r\n");
	ck_assert_uint_eq(q.want, 1);
	harness_feed(h, "in\r\n");
	harness_end(h, "done:p:sent:4|done:q:sent:1|frame:in");
}
END_TEST

/* In done, cleanups and marks that are SENT, with q queued behind them */

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
	return start(i / KINDS);
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

/* The same when they are DISCARDED */

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

/* And while the channel ends: all calls fail, and no harm is done */

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
reentry_suite(void)
{
	Suite *suite = suite_create("reentry");
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

	tc = harness_case(suite, "done");
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
	return harness_main(reentry_suite());
}
