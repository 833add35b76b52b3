/*
 * Output that does not arrive: it was discarded, or the connection failed.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "feeder.h"
#include "harness.h"
#include "sink.h"

#define MEBI ((size_t)1 << 20)

static const struct timeval short_time = { 0, 50000 };

static void
push(struct harness *h, const char *text)
{
	ck_assert_int_eq(evchat_push(h->chat, text, strlen(text)), 0);
}

/* evchat_discard_buffers() */

START_TEST(discard_drops_output_that_has_not_left)
{
	struct harness *h = harness_streaming_on(_i);
	struct flood flood;
	size_t len;

	harness_peer_read(h, false);
	flood_push(&flood, h, MEBI, 0);
	harness_turn(h);
	evchat_discard_buffers(h->chat);
	ck_assert_uint_eq(evchat_get_output_length(h->chat), 0);
	push(h, "\xff");
	harness_peer_read(h, true);
	harness_push_mark(h, "m");
	harness_run_until_noted(h, "mark");
	ck_assert_int_eq(evchat_push_eof(h->chat), 0);
	harness_run_until_peer_eof(h);
	len = evbuffer_get_length(h->received) - 1;
	ck_assert_uint_lt(len, MEBI);
	ck_assert(sink_is_pattern(evbuffer_pullup(h->received, -1), 0, len));
	ck_assert_int_eq(evbuffer_pullup(h->received, -1)[len], 0xff);
	harness_run_until_closed(h);
	harness_end(h, "flood:discarded|mark:m:sent|event:eof|closed:eof");
}
END_TEST

START_TEST(what_a_filter_has_taken_is_sent_in_spite_of_discard)
{
	struct harness *h = harness_streaming_on(HARNESS_FILTER + _i);
	struct flood flood;
	size_t len;

	harness_peer_read(h, false);
	flood_push(&flood, h, MEBI, 0);
	harness_turn(h);
	evchat_discard_buffers(h->chat);
	push(h, "\xff");
	harness_peer_read(h, true);
	ck_assert_int_eq(evchat_push_eof(h->chat), 0);
	harness_run_until_peer_eof(h);
	len = evbuffer_get_length(h->received) - 1;
	ck_assert_uint_eq(len, flood.given);
	ck_assert(sink_is_pattern(evbuffer_pullup(h->received, -1), 0, len));
	ck_assert_int_eq(evbuffer_pullup(h->received, -1)[len], 0xff);
	harness_run_until_closed(h);
	harness_end(h, "flood:discarded|event:eof|closed:eof");
}
END_TEST

START_TEST(discard_keeps_a_pending_push_eof)
{
	struct harness *h = harness_streaming_on(_i);

	h->rude = true;
	harness_shake_hands(h);
	harness_push_stuck(h, "p");
	push(h, "ab");
	ck_assert_int_eq(evchat_push_eof(h->chat), 0);
	evchat_discard_buffers(h->chat);
	ck_assert_int_eq(evchat_push(h->chat, "no", 2), -1);
	harness_run_until_peer_eof(h);
	ck_assert_uint_eq(evbuffer_get_length(h->received), 0);
	harness_end(h, "done:p:discarded:0");
}
END_TEST

static void
push_discard_push(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	push(h, "no");
	harness_push_reference(h, "r", "no");
	harness_push_producer(h, "p", "no");
	evchat_discard_buffers(h->chat);
	push(h, "yes");
}

START_TEST(discard_in_a_hook_drops_what_was_pushed_before_it)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_frames);

	harness_crlf(h);
	h->script.frame = push_discard_push;
	push(h, "");
	harness_feed(h, "a\r\n");
	harness_expect_received(h, "yes");
	harness_end(h, "frame:a|cleanup:r|done:p:discarded:0");
}
END_TEST

/* Failures */

static void
note_errno(struct harness *h, enum evchat_reason why)
{
	int error = evchat_get_errno(h->chat);

	(void)why;
	ck_assert_ptr_nonnull(evchat_get_error(h->chat));
	if (error == EPIPE || error == ECONNRESET)
		error = EPIPE;
	harness_note(h, "errno:%s", error == EPIPE ? "epipe" : "other");
}

START_TEST(reset_with_output_queued_is_told_with_its_errno)
{
	struct harness *h = harness_streaming_on(_i);
	struct flood flood;

	h->script.closed = note_errno;
	harness_peer_read(h, false);
	flood_push(&flood, h, 8 * MEBI, 0);
	harness_turn(h);
	harness_reset(h);
	harness_run_until_closed(h);
	ck_assert_ptr_nonnull(strstr(harness_transcript(h),
	    "flood:failed|closed:io|errno:epipe"));
	harness_free(h);
}
END_TEST

START_TEST(write_timeout_fails_what_is_queued)
{
	struct harness *h = harness_streaming_on(_i);
	struct flood flood;

	harness_peer_read(h, false);
	ck_assert_int_eq(evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_WRITE,
	    &short_time), 0);
	flood_push(&flood, h, 8 * MEBI, 0);
	harness_push_mark(h, "m");
	harness_run_until_closed(h);
	harness_end(h, "flood:failed|mark:m:failed|closed:write timeout");
}
END_TEST

START_TEST(producer_that_has_nothing_is_no_write_timeout)
{
	struct harness *h = harness_streaming_on((int)sink_kinds[_i]);
	struct feeder p;

	feeder_push(&p, h, "p", "a~b.");
	harness_expect_received(h, "a");
	ck_assert_int_eq(evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_WRITE,
	    &short_time), 0);
	harness_wait(h, 150);
	harness_expect(h, "");
	ck_assert_int_eq(evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_WRITE,
	    NULL), 0);
	feeder_resume(&p);
	harness_run_until_noted(h, "done:p");
	harness_expect_received(h, "ab");
	harness_end(h, "done:p:sent:2");
}
END_TEST

static Suite *
discard_suite(void)
{
	Suite *suite = suite_create("discard");
	TCase *tc = harness_case(suite, "discard");

	sink_add_below(tc, discard_drops_output_that_has_not_left,
	    HARNESS_FILTER);
	tcase_add_loop_test(tc,
	    what_a_filter_has_taken_is_sent_in_spite_of_discard, 0,
	    SINK_CARRIERS - HARNESS_FILTER);
	sink_add(tc, discard_keeps_a_pending_push_eof);
	sink_add(tc, discard_in_a_hook_drops_what_was_pushed_before_it);


	tc = harness_case(suite, "failures");
	sink_add_below(tc, reset_with_output_queued_is_told_with_its_errno,
	    HARNESS_PAIR);
	sink_add(tc, write_timeout_fails_what_is_queued);
	tcase_add_loop_test(tc, producer_that_has_nothing_is_no_write_timeout,
	    0, SINK_KINDS);
	return suite;
}

int
main(void)
{
	return harness_main(discard_suite());
}
