/*
 * Producers around producers on a channel: who is resumed, and who is told
 * what when it ends, whatever ends it.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "feeder.h"
#include "harness.h"
#include "sink.h"

#define NESTS 4

/* Two around each other in several ways; p is in, q perhaps behind it. */
static struct evchat_producer *
chain(struct evchat_producer *p, struct evchat_producer *q)
{
	struct evchat_producer *parts[2] = { p, q };

	return evchat_producer_new_chain(parts, 2);
}

static struct evchat_producer *
nest(int kind, struct evchat_producer *p, struct evchat_producer *q)
{
	struct evchat_producer *outer = chain(p, q);

	if (kind >= 1)
		outer = evchat_producer_new_chunked(outer, NULL, NULL);
	if (kind >= 2)
		outer = chain(outer, evchat_producer_new_chain(NULL, 0));
	if (kind == 3)
		outer = evchat_producer_new_chunked(outer, NULL, NULL);
	ck_assert_ptr_nonnull(outer);
	return outer;
}

/* What the peer gets of pieces "ab" and "cd". */
static const char *const wire[NESTS] = { "abcd",
    "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n", "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n",
    "7\r\n2\r\nab\r\n\r\n" "c\r\n2\r\ncd\r\n0\r\n\r\n\r\n" "0\r\n\r\n" };

struct nested {
	struct harness *h;
	struct feeder p, q;
	struct evchat_producer *outer;
};

static void
make(struct nested *n, int carrier, int kind, const char *p, const char *q)
{
	n->h = harness_streaming_on(carrier);
	feeder_init(&n->p, n->h, "p", p);
	feeder_init(&n->q, n->h, "q", q);
	n->p.pushed = n->q.pushed = true;
	n->p.user = n;
	n->outer = nest(kind, n->p.producer, n->q.producer);
}

static void
push(struct nested *n)
{
	ck_assert_int_eq(evchat_push_with_producer(n->h->chat, n->outer), 0);
}

/* Sent */

START_TEST(inner_ones_are_told_in_order_that_all_was_sent)
{
	int kind = _i % NESTS;
	struct nested n;

	make(&n, (int)sink_kinds[_i / NESTS], kind, "ab+.", "cd.");
	push(&n);
	harness_run_until_noted(n.h, "done:q");
	if (kind != 3)
		harness_expect_received(n.h, wire[kind]);
	harness_end(n.h, "done:p:sent:2|done:q:sent:2");
}
END_TEST

/* Resuming */

START_TEST(inner_one_is_resumed_from_outside)
{
	struct nested n;

	make(&n, HARNESS_SOCKET, _i, "ab~.", "~~cd.");
	push(&n);
	harness_turn(n.h);
	harness_turn(n.h);
	ck_assert_int_eq(n.p.asked, 1);
	/* Whoever resumes another one is not heard inside. */
	evchat_producer_resume(n.outer);
	feeder_resume(&n.q);
	harness_turn(n.h);
	ck_assert_int_eq(n.p.asked, 1);
	feeder_resume(&n.p);
	harness_turn(n.h);
	/* q says LATER twice, and was resumed for one of them. */
	ck_assert_int_eq(n.p.asked, 2);
	ck_assert_int_eq(n.q.asked, 2);
	harness_expect(n.h, "");
	feeder_resume(&n.q);
	harness_run_until_noted(n.h, "done:q");
	ck_assert_int_eq(n.q.asked, 3);
	harness_expect_received(n.h, wire[_i]);
	harness_end(n.h, "done:p:sent:2|done:q:sent:2");
}
END_TEST

START_TEST(resume_before_wrapping_and_before_pushing_is_remembered)
{
	struct harness *h = harness_streaming_on(HARNESS_SOCKET);
	struct feeder p, q;
	struct evchat_producer *outer;

	feeder_init(&p, h, "p", "ab~.");
	feeder_init(&q, h, "q", "~cd.");
	feeder_resume(&p);
	outer = nest(_i, p.producer, q.producer);
	feeder_resume(&q);
	ck_assert_int_eq(evchat_push_with_producer(h->chat, outer), 0);
	harness_run_until_noted(h, "done:q");
	harness_expect_received(h, wire[_i]);
	harness_end(h, "done:p:sent:2|done:q:sent:2");
}
END_TEST

static void
resume_self(struct feeder *feeder)
{
	feeder_resume(feeder);
}

START_TEST(inner_one_may_be_resumed_while_it_is_asked)
{
	struct nested n;

	make(&n, HARNESS_SOCKET, _i, "ab~.", "cd~.");
	n.p.in_more = n.q.in_more = resume_self;
	push(&n);
	harness_run_until_noted(n.h, "done:q");
	harness_end(n.h, "done:p:sent:2|done:q:sent:2");
}
END_TEST

/* Failing */

static void
note_error(struct harness *h, enum evchat_reason why)
{
	harness_note_error(h, why);
}

START_TEST(error_inside_ends_the_channel_with_its_errno)
{
	struct nested n;
	char expected[100];

	make(&n, HARNESS_SOCKET, _i, "ab!", "cd.");
	n.h->script.closed = note_error;
	n.p.error = ERANGE;
	push(&n);
	harness_run_until_closed(n.h);
	ck_assert_uint_eq(evbuffer_get_length(n.h->received), 0);
	snprintf(expected, sizeof(expected), "done:p:failed:0|done:q:failed:0"
	    "|closed:producer|error:%d", ERANGE);
	harness_end(n.h, expected);
}
END_TEST

/* Ended in the middle */

START_TEST(inner_ones_are_discarded_with_the_outer_one)
{
	struct nested n;

	make(&n, HARNESS_SOCKET, _i, "ab~.", "cd.");
	push(&n);
	harness_turn(n.h);
	evchat_discard_buffers(n.h->chat);
	harness_expect(n.h, "done:p:discarded:2|done:q:discarded:0");
	ck_assert_int_eq(evchat_push(n.h->chat, "x", 1), 0);
	harness_turn(n.h);
	evchat_free(n.h->chat);
	harness_end(n.h, "done:p:discarded:2|done:q:discarded:0|closed:freed");
}
END_TEST

START_TEST(never_pushed_ones_are_discarded)
{
	struct nested n;

	make(&n, HARNESS_SOCKET, _i, "ab.", "cd.");
	evchat_producer_free(n.outer);
	harness_end(n.h, "done:p:discarded:0|done:q:discarded:0");
}
END_TEST

static void
free_inside(struct feeder *feeder)
{
	evchat_free(feeder->h->chat);
	harness_note(feeder->h, "freed");
	/* What it was given to append to is still there. */
	evbuffer_add(feeder->out, "rest", 4);
}

static void
discard_inside(struct feeder *feeder)
{
	evchat_discard_buffers(feeder->h->chat);
	harness_note(feeder->h, "discarded");
	evbuffer_add(feeder->out, "rest", 4);
}

START_TEST(channel_may_end_inside_an_inner_more)
{
	static const char how[] = "+~.!";
	int kind = _i % NESTS, end = _i / NESTS % 4;
	bool frees = _i / NESTS / 4 == 0;
	char script[] = "ab+";
	struct nested n;

	script[2] = how[end];
	make(&n, HARNESS_SOCKET, kind, script, "cd.");
	n.p.in_more = frees ? free_inside : discard_inside;
	push(&n);
	harness_turn(n.h);
	if (frees) {
		harness_end(n.h, "done:p:discarded:0|done:q:discarded:0"
		    "|closed:freed|freed");
		return;
	}
	ck_assert_uint_eq(evbuffer_get_length(n.h->received), 0);
	evchat_free(n.h->chat);
	harness_end(n.h, "done:p:discarded:0|done:q:discarded:0|discarded"
	    "|closed:freed");
}
END_TEST

static void
resume_other(struct feeder *feeder)
{
	feeder_resume(&((struct nested *)feeder->user)->q);
}

START_TEST(done_of_one_may_resume_the_next)
{
	struct nested n;

	make(&n, HARNESS_SOCKET, _i, "ab~", "cd.");
	n.p.in_done = resume_other;
	push(&n);
	harness_turn(n.h);
	evchat_discard_buffers(n.h->chat);
	harness_turn(n.h);
	evchat_free(n.h->chat);
	harness_end(n.h, "done:p:discarded:2|done:q:discarded:0|closed:freed");
}
END_TEST

/* Ended by the cleanup of what was given, when that is copied */

static void
free_in_cleanup(const void *data, size_t len, void *arg)
{
	struct harness *h = arg;

	(void)data;
	(void)len;
	if (h->count++ > 0)
		return;
	harness_note(h, "cleanup");
	evchat_free(h->chat);
}

static void
add_reference(struct feeder *feeder)
{
	evbuffer_add_reference(feeder->out, "xy", 2, free_in_cleanup,
	    feeder->h);
}

START_TEST(cleanup_of_bytes_may_end_the_channel)
{
	struct harness *h = harness_streaming_on(HARNESS_SOCKET);
	struct evchat_producer *outer;
	struct feeder p;

	feeder_init(&p, h, "p", _i % 2 == 0 ? "+" : "~");
	p.in_more = add_reference;
	if (_i / 2 == 0)
		outer = evchat_producer_new_dot(p.producer);
	else if (evchat_has_deflate())
		outer = evchat_producer_new_deflate(p.producer,
		    EVCHAT_DEFLATE_GZIP, 1);
	else {
		evchat_producer_free(p.producer);
		harness_end(h, "done:p:discarded:0");
		return;
	}
	ck_assert_int_eq(evchat_push_with_producer(h->chat, outer), 0);
	harness_turn(h);
	ck_assert_uint_eq(evbuffer_get_length(h->received), 0);
	harness_end(h, "cleanup|done:p:discarded:2|closed:freed");
}
END_TEST

static int
free_in_trailers(struct evbuffer *out, void *arg)
{
	struct harness *h = arg;

	harness_note(h, "trailers");
	evchat_free(h->chat);
	return evbuffer_add_printf(out, "A: b\r\n") > 0 ? 0 : -1;
}

START_TEST(channel_may_end_inside_trailers)
{
	struct harness *h = harness_streaming_on(HARNESS_SOCKET);
	struct feeder p;

	feeder_init(&p, h, "p", "ab.");
	p.pushed = true;
	ck_assert_int_eq(evchat_push_with_producer(h->chat,
	    evchat_producer_new_chunked(p.producer, free_in_trailers, h)), 0);
	harness_turn(h);
	harness_end(h, "trailers|done:p:discarded:2|closed:freed");
}
END_TEST

static Suite *
wrapped_suite(void)
{
	Suite *suite = suite_create("wrapped");
	TCase *tc = harness_case(suite, "life");

	tcase_add_loop_test(tc, inner_ones_are_told_in_order_that_all_was_sent,
	    0, NESTS * SINK_KINDS);
	tcase_add_loop_test(tc, inner_one_is_resumed_from_outside, 0, NESTS);
	tcase_add_loop_test(tc,
	    resume_before_wrapping_and_before_pushing_is_remembered, 0, NESTS);
	tcase_add_loop_test(tc, inner_one_may_be_resumed_while_it_is_asked, 0,
	    NESTS);
	tcase_add_loop_test(tc, error_inside_ends_the_channel_with_its_errno,
	    0, NESTS);
	tcase_add_loop_test(tc, inner_ones_are_discarded_with_the_outer_one, 0,
	    NESTS);
	tcase_add_loop_test(tc, never_pushed_ones_are_discarded, 0, NESTS);
	tcase_add_loop_test(tc, channel_may_end_inside_an_inner_more, 0,
	    NESTS * 4 * 2);
	tcase_add_loop_test(tc, done_of_one_may_resume_the_next, 0, NESTS);
	tcase_add_loop_test(tc, cleanup_of_bytes_may_end_the_channel, 0, 4);
	tcase_add_test(tc, channel_may_end_inside_trailers);
	return suite;
}

int
main(void)
{
	return harness_main(wrapped_suite());
}
