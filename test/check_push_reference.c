/*
 * What is pushed without being copied, references and whole buffers, is
 * released when it has left.
 */

#include <stdlib.h>
#include <string.h>
#include "feeder.h"
#include "harness.h"
#include "sink.h"

#define MUCH ((size_t)1 << 20) /* more than sockets hold */

/* References */

struct loan {
	struct harness *h;
	char *data;
	size_t len;
	int cleaned;
};

static void
lend(struct loan *loan, struct harness *h, size_t len)
{
	loan->h = h;
	loan->len = len;
	loan->cleaned = 0;
	loan->data = malloc(len + 1);
	ck_assert_ptr_nonnull(loan->data);
	memset(loan->data, 'r', len);
}

static void
give_back(const void *data, size_t len, void *arg)
{
	struct loan *loan = arg;

	ck_assert_ptr_eq(data, loan->data);
	ck_assert_uint_eq(len, loan->len);
	ck_assert_int_eq(loan->cleaned++, 0);
	free(loan->data);
	harness_note(loan->h, "cleanup");
}

static int
push_loan(struct loan *loan)
{
	return evchat_push_reference(loan->h->chat, loan->data, loan->len,
	    give_back, loan);
}

START_TEST(reference_may_be_freed_in_its_cleanup)
{
	struct harness *h = harness_streaming_on(_i);
	struct loan loan;

	lend(&loan, h, 6);
	ck_assert_int_eq(evchat_push(h->chat, "a", 1), 0);
	ck_assert_int_eq(push_loan(&loan), 0);
	ck_assert_int_eq(evchat_push(h->chat, "b", 1), 0);
	harness_expect(h, "");
	harness_run_until_noted(h, "cleanup");
	harness_expect_received(h, "arrrrrrb");
	harness_end(h, "cleanup");
}
END_TEST

/* Filters take all there is; what they hand on is a copy. */
START_TEST(cleanup_waits_until_the_bytes_are_out)
{
	struct harness *h = harness_streaming_on(_i);
	struct loan loan;

	harness_peer_read(h, false);
	lend(&loan, h, MUCH);
	ck_assert_int_eq(push_loan(&loan), 0);
	harness_turn(h);
	harness_expect(h, "");
	harness_peer_read(h, true);
	harness_run_until_noted(h, "cleanup");
	harness_run_until_received(h, MUCH);
	ck_assert_uint_eq(evbuffer_get_length(h->received), MUCH);
	harness_end(h, "cleanup");
}
END_TEST

START_TEST(cleanup_waits_for_what_was_pushed_before)
{
	struct harness *h = harness_streaming_on(_i);
	struct feeder p;
	struct loan loan;

	feeder_push(&p, h, "p", "a~b.");
	lend(&loan, h, 1);
	ck_assert_int_eq(push_loan(&loan), 0);
	harness_turn(h);
	harness_expect(h, "");
	feeder_resume(&p);
	harness_run_until_noted(h, "cleanup");
	harness_expect_received(h, "abr");
	harness_end(h, "done:p:sent:2|cleanup");
}
END_TEST

START_TEST(cleanup_of_no_bytes_comes_from_the_loop)
{
	struct harness *h = harness_streaming_on(_i);
	struct loan loan;

	lend(&loan, h, 0);
	ck_assert_int_eq(push_loan(&loan), 0);
	harness_expect(h, "");
	harness_run_until_noted(h, "cleanup");
	harness_end(h, "cleanup");
}
END_TEST

START_TEST(reference_needs_no_cleanup)
{
	struct harness *h = harness_streaming_on(_i);

	ck_assert_int_eq(evchat_push_reference(h->chat, "abc", 3, NULL, NULL),
	    0);
	harness_expect_received(h, "abc");
	ck_assert_int_eq(evchat_push_reference(h->chat, "def", 3, NULL, NULL),
	    0);
	harness_end(h, "");
}
END_TEST

START_TEST(cleanup_runs_inside_discard)
{
	struct harness *h = harness_streaming_on(_i);
	struct loan loan;

	lend(&loan, h, 3);
	ck_assert_int_eq(push_loan(&loan), 0);
	evchat_discard_buffers(h->chat);
	harness_expect(h, "cleanup");
	ck_assert_int_eq(evchat_push(h->chat, "abc", 3), 0);
	harness_expect_received(h, "abc");
	harness_end(h, "cleanup");
}
END_TEST

START_TEST(cleanup_runs_before_closed_inside_free)
{
	struct harness *h = harness_streaming_on(_i);
	struct loan queued, leaving;

	harness_peer_read(h, false);
	lend(&leaving, h, MUCH);
	ck_assert_int_eq(push_loan(&leaving), 0);
	harness_turn(h);
	lend(&queued, h, 3);
	ck_assert_int_eq(push_loan(&queued), 0);
	evchat_free(h->chat);
	ck_assert_int_eq(leaving.cleaned + queued.cleaned, 2);
	harness_end(h, "cleanup|cleanup|closed:freed");
}
END_TEST

START_TEST(cleanup_runs_before_closed_when_the_peer_is_gone)
{
	struct harness *h = harness_streaming_on(_i);
	struct loan loan;

	harness_peer_read(h, false);
	lend(&loan, h, MUCH);
	ck_assert_int_eq(push_loan(&loan), 0);
	harness_turn(h);
	harness_reset(h);
	harness_run_until_closed(h);
	ck_assert_int_eq(loan.cleaned, 1);
	harness_free(h);
}
END_TEST

/* Buffers */

START_TEST(push_buffer_empties_a_buffer_that_stays_usable)
{
	struct harness *h = harness_streaming_on(_i);
	struct evbuffer *buf = evbuffer_new();

	ck_assert_int_eq(evbuffer_add(buf, "abc", 3), 0);
	ck_assert_int_eq(evchat_push_buffer(h->chat, buf), 0);
	ck_assert_uint_eq(evbuffer_get_length(buf), 0);
	ck_assert_int_eq(evbuffer_add(buf, "def", 3), 0);
	ck_assert_int_eq(evchat_push_buffer(h->chat, buf), 0);
	evbuffer_free(buf);
	harness_expect_received(h, "abcdef");
	harness_end(h, "");
}
END_TEST

START_TEST(push_buffer_takes_references_along)
{
	struct harness *h = harness_streaming_on(_i);
	struct evbuffer *buf = evbuffer_new();
	struct loan loan;

	lend(&loan, h, 3);
	ck_assert_int_eq(evbuffer_add(buf, "a", 1), 0);
	ck_assert_int_eq(evbuffer_add_reference(buf, loan.data, 3, give_back,
	    &loan), 0);
	ck_assert_int_eq(evbuffer_add(buf, "b", 1), 0);
	ck_assert_int_eq(evchat_push_buffer(h->chat, buf), 0);
	evbuffer_free(buf);
	harness_expect(h, "");
	harness_expect_received(h, "arrrb");
	evbuffer_drain(h->received, 5);
	harness_turn(h);
	harness_end(h, "cleanup");
}
END_TEST

START_TEST(push_buffer_takes_what_another_bufferevent_received)
{
	struct harness *h = harness_streaming_on(_i);
	struct bufferevent *pair[2];

	ck_assert_int_eq(bufferevent_pair_new(h->base, 0, pair), 0);
	bufferevent_enable(pair[1], EV_READ);
	bufferevent_write(pair[0], "abc", 3);
	harness_turn(h);
	ck_assert_int_eq(evchat_push_buffer(h->chat,
	    bufferevent_get_input(pair[1])), 0);
	harness_expect_received(h, "abc");
	bufferevent_free(pair[0]);
	bufferevent_free(pair[1]);
	harness_end(h, "");
}
END_TEST

static Suite *
push_reference_suite(void)
{
	Suite *suite = suite_create("push_reference");
	TCase *tc = harness_case(suite, "references");

	tcase_add_loop_test(tc, reference_may_be_freed_in_its_cleanup, 0,
	    SINK_CARRIERS);
	tcase_add_loop_test(tc, cleanup_waits_until_the_bytes_are_out, 0,
	    HARNESS_FILTER);
	tcase_add_loop_test(tc, cleanup_waits_for_what_was_pushed_before, 0,
	    SINK_CARRIERS);
	tcase_add_loop_test(tc, cleanup_of_no_bytes_comes_from_the_loop, 0,
	    SINK_CARRIERS);
	tcase_add_loop_test(tc, reference_needs_no_cleanup, 0, SINK_CARRIERS);
	tcase_add_loop_test(tc, cleanup_runs_inside_discard, 0, SINK_CARRIERS);
	tcase_add_loop_test(tc, cleanup_runs_before_closed_inside_free, 0,
	    HARNESS_FILTER);
	tcase_add_loop_test(tc,
	    cleanup_runs_before_closed_when_the_peer_is_gone, 0,
	    HARNESS_PAIR);

	tc = harness_case(suite, "buffers");
	tcase_add_loop_test(tc,
	    push_buffer_empties_a_buffer_that_stays_usable, 0, SINK_CARRIERS);
	tcase_add_loop_test(tc, push_buffer_takes_references_along, 0,
	    SINK_CARRIERS);
	tcase_add_loop_test(tc,
	    push_buffer_takes_what_another_bufferevent_received, 0,
	    SINK_CARRIERS);
	return suite;
}

int
main(void)
{
	return harness_main(push_reference_suite());
}
