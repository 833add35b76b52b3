/*
 * How producers end: exactly once, with what became of their bytes.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "feeder.h"
#include "harness.h"
#include "sink.h"

#define MEBI ((size_t)1 << 20) /* more than sockets hold */

/* END */

START_TEST(end_may_come_with_bytes_or_without)
{
	struct harness *h = harness_streaming_on(_i);
	struct feeder p, q, r;

	feeder_push(&p, h, "p", ".");
	feeder_push(&q, h, "q", "ab+.");
	feeder_push(&r, h, "r", "c.");
	harness_run_until_noted(h, "done:r");
	ck_assert_int_eq(p.asked + q.asked + r.asked, 4);
	harness_expect_received(h, "abc");
	harness_end(h, "done:p:sent:0|done:q:sent:2|done:r:sent:1");
}
END_TEST

/* Filters take all there is. */
START_TEST(producer_is_not_sent_before_its_bytes_are_out)
{
	struct harness *h = harness_streaming_on(_i);
	struct flood flood;

	harness_peer_read(h, false);
	flood_push(&flood, h, MEBI, MEBI);
	harness_turn(h);
	ck_assert_uint_eq(flood.given, MEBI);
	harness_expect(h, "");
	harness_peer_read(h, true);
	harness_run_until_noted(h, "flood");
	harness_run_until_received(h, MEBI);
	harness_end(h, "flood:sent");
}
END_TEST

/* ERROR */

static void
note_errno(struct harness *h, enum evchat_reason why)
{
	(void)why;
	harness_note(h, "errno:%d", evchat_get_errno(h->chat));
}

START_TEST(error_ends_the_channel_and_tells_errno)
{
	struct harness *h = harness_streaming_on(_i);
	struct feeder p, q;
	char expected[128];

	h->script.closed = note_errno;
	feeder_push(&p, h, "p", "ab+cd!");
	p.error = ENOSPC;
	feeder_push(&q, h, "q", "e.");
	harness_push_reference(h, "r", "f");
	harness_push_mark(h, "m");
	harness_run_until_closed(h);
	harness_run_until_peer_eof(h);
	ck_assert_uint_le(evbuffer_get_length(h->received), 2);
	snprintf(expected, sizeof(expected), "done:p:failed:2|done:q:failed:0"
	    "|cleanup:r|mark:m:failed|closed:producer|errno:%d", ENOSPC);
	harness_end(h, expected);
}
END_TEST

START_TEST(error_without_errno_is_told_as_none)
{
	struct harness *h = harness_streaming_on(_i);
	struct feeder p;

	h->script.closed = note_errno;
	feeder_push(&p, h, "p", "!");
	harness_run_until_closed(h);
	harness_end(h, "done:p:failed:0|closed:producer|errno:0");
}
END_TEST

/* How they end */

START_TEST(free_discards_producers_wherever_they_are)
{
	struct harness *h = harness_streaming_on(_i);
	struct feeder p, q, r;

	feeder_push(&p, h, "p", "ab~");
	feeder_push(&q, h, "q", "c.");
	harness_turn(h);
	feeder_push(&r, h, "r", "d.");
	evchat_free(h->chat);
	harness_end(h, "done:p:discarded:2|done:q:discarded:0"
	    "|done:r:discarded:0|closed:freed");
}
END_TEST

START_TEST(discard_discards_producers_and_the_channel_goes_on)
{
	struct harness *h = harness_streaming_on(_i);
	struct feeder p, q, r;

	feeder_push(&p, h, "p", "ab~");
	feeder_push(&q, h, "q", "c.");
	harness_expect_received(h, "ab");
	evchat_discard_buffers(h->chat);
	harness_expect(h, "done:p:discarded:2|done:q:discarded:0");
	feeder_push(&r, h, "r", "d.");
	harness_run_until_noted(h, "done:r");
	harness_expect_received(h, "abd");
	harness_end(h,
	    "done:p:discarded:2|done:q:discarded:0|done:r:sent:1");
}
END_TEST

START_TEST(reset_by_the_peer_fails_producers)
{
	struct harness *h = harness_streaming_on(_i);
	struct flood flood;
	struct feeder p, q;

	harness_peer_read(h, false);
	flood_push(&flood, h, MEBI, MEBI);
	feeder_push(&p, h, "p", "ab~");
	harness_push_mark(h, "m");
	harness_turn(h);
	feeder_push(&q, h, "q", "c.");
	harness_reset(h);
	harness_run_until_closed(h);
	ck_assert_ptr_nonnull(strstr(harness_transcript(h), "flood:failed"
	    "|done:p:failed:0|mark:m:failed|done:q:failed:0|closed:io"));
	harness_free(h);
}
END_TEST

START_TEST(producer_that_is_never_pushed_is_discarded_when_freed)
{
	struct harness *h = harness_streaming_on(HARNESS_SOCKET);
	struct feeder p;

	evchat_producer_free(NULL);
	feeder_init(&p, h, "p", "ab.");
	feeder_resume(&p);
	evchat_producer_free(p.producer);
	ck_assert_int_eq(p.asked, 0);
	harness_end(h, "done:p:discarded:0");
}
END_TEST

START_TEST(producer_is_pushed_only_once)
{
	struct harness *h = harness_streaming_on(_i);
	struct feeder p;

	errno = 0;
	ck_assert_int_eq(evchat_push_with_producer(h->chat, NULL), -1);
	ck_assert_int_eq(errno, EINVAL);
	feeder_push(&p, h, "p", "ab.");
	errno = 0;
	ck_assert_int_eq(evchat_push_with_producer(h->chat, p.producer), -1);
	ck_assert_int_eq(errno, EINVAL);
	harness_expect(h, "");
	harness_run_until_noted(h, "done");
	harness_expect_received(h, "ab");
	harness_end(h, "done:p:sent:2");
}
END_TEST

/* Its bytes may be out, or wait in the bufferevent's output. */
START_TEST(detach_ends_a_producer_that_has_given_all)
{
	struct harness *h = harness_streaming_on(_i);
	struct flood flood;
	struct sink sink;

	harness_peer_read(h, false);
	flood_push(&flood, h, MEBI, MEBI);
	harness_turn(h);
	ck_assert(harness_detach(h));
	ck_assert_ptr_nonnull(strstr(harness_transcript(h), "flood:"));
	ck_assert_ptr_nonnull(strstr(harness_transcript(h),
	    "|closed:detached"));
	sink_start(&sink, h, MEBI, true);
	sink_run_until(&sink, MEBI);
	ck_assert_uint_eq(sink.got, MEBI);
	sink_stop(&sink);
	harness_free(h);
}
END_TEST

/* Of an evbuffer, or of pieces that were lent */

static void
note_data(const void *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	harness_note(arg, "freed");
}

static void
lend(struct feeder *feeder)
{
	ck_assert_int_eq(evbuffer_add_reference(feeder->out, "bc", 2,
	    note_data, feeder->h), 0);
}

START_TEST(bytes_that_more_has_lent_are_given_back_when_sent)
{
	struct harness *h = harness_streaming_on(_i);
	struct feeder p;

	feeder_push(&p, h, "p", "a+d.");
	p.in_more = lend;
	harness_run_until_received(h, 6);
	ck_assert_int_eq(memcmp(evbuffer_pullup(h->received, 6), "abcdbc", 6),
	    0);
	evbuffer_drain(h->received, 6);
	harness_run_until_noted(h, "done");
	harness_turn(h);
	ck_assert_uint_eq(strlen(harness_transcript(h)),
	    strlen("freed|freed|done:p:sent:6"));
	harness_free(h);
}
END_TEST

START_TEST(bytes_that_more_has_lent_are_given_back_on_error)
{
	struct harness *h = harness_streaming_on(_i);
	struct feeder p;

	feeder_push(&p, h, "p", "a!");
	p.in_more = lend;
	harness_run_until_closed(h);
	harness_end(h, "freed|done:p:failed:0|closed:producer");
}
END_TEST

static void
push_lent(struct harness *h)
{
	struct evbuffer *buf = evbuffer_new();

	ck_assert_int_eq(evbuffer_add(buf, "a", 1), 0);
	ck_assert_int_eq(evbuffer_add_reference(buf, "bc", 2, note_data, h),
	    0);
	ck_assert_int_eq(evchat_push_with_producer(h->chat,
	    evchat_producer_new_evbuffer(buf)), 0);
}

START_TEST(evbuffer_is_sent_and_freed)
{
	struct harness *h = harness_streaming_on(_i);

	push_lent(h);
	ck_assert_int_eq(evchat_push(h->chat, "d", 1), 0);
	harness_expect_received(h, "abcd");
	evbuffer_drain(h->received, 4);
	harness_turn(h);
	harness_end(h, "freed");
}
END_TEST

START_TEST(evbuffer_is_freed_when_it_is_discarded)
{
	struct harness *h = harness_streaming_on(_i);

	harness_push_stuck(h, "p");
	push_lent(h);
	evchat_discard_buffers(h->chat);
	harness_expect(h, "done:p:discarded:0|freed");
	push_lent(h);
	evchat_free(h->chat);
	harness_end(h, "done:p:discarded:0|freed|freed|closed:freed");
}
END_TEST

static Suite *
producer_ends_suite(void)
{
	Suite *suite = suite_create("producer ends");
	TCase *tc = harness_case(suite, "end and error");

	sink_add(tc, end_may_come_with_bytes_or_without);
	sink_add_below(tc, producer_is_not_sent_before_its_bytes_are_out,
	    HARNESS_FILTER);
	sink_add(tc, error_ends_the_channel_and_tells_errno);
	sink_add(tc, error_without_errno_is_told_as_none);


	tc = harness_case(suite, "endings");
	sink_add(tc, free_discards_producers_wherever_they_are);
	sink_add(tc, discard_discards_producers_and_the_channel_goes_on);
	sink_add_below(tc, reset_by_the_peer_fails_producers, HARNESS_PAIR);
	tcase_add_test(tc,
	    producer_that_is_never_pushed_is_discarded_when_freed);
	sink_add(tc, producer_is_pushed_only_once);
	sink_add(tc, detach_ends_a_producer_that_has_given_all);


	tc = harness_case(suite, "evbuffers");
	sink_add(tc, bytes_that_more_has_lent_are_given_back_when_sent);
	sink_add(tc, bytes_that_more_has_lent_are_given_back_on_error);
	sink_add(tc, evbuffer_is_sent_and_freed);
	sink_add(tc, evbuffer_is_freed_when_it_is_discarded);
	return suite;
}

int
main(void)
{
	return harness_main(producer_ends_suite());
}
