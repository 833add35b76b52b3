/*
 * Lost connections: a reset is told as the reason, whenever it comes. Of one of
 * a pair nothing is told when its partner is freed; a limit ends that.
 */

#include <errno.h>
#include <stdio.h>
#include "harness.h"

static const enum harness_carrier tcp[] = { HARNESS_TCP, HARNESS_TCP_DEFER,
    HARNESS_TCP_THREADSAFE };

START_TEST(reset_is_the_reason_io)
{
	char expect[64];
	struct harness *h = harness_start_new(tcp[_i], &harness_frames);

	h->script.closed = harness_note_error;
	harness_crlf(h);
	harness_push_stuck(h, "p");
	harness_feed(h, "ab\r\ncd");
	harness_reset(h);
	harness_run_until_closed(h);
	snprintf(expect, sizeof(expect),
	    "frame:ab|done:p:failed:0|closed:io|error:%d", ECONNRESET);
	harness_end(h, expect);
}
END_TEST

/* What came before the reset is lost; the system does not keep it. */
START_TEST(reset_before_there_was_a_channel_is_told)
{
	char expect[64];
	struct harness *h = harness_new(tcp[_i]);

	h->script.closed = harness_note_error;
	harness_reset(h);
	harness_start(h, &harness_frames, 0);
	harness_expect(h, "");
	harness_run_until_closed(h);
	snprintf(expect, sizeof(expect), "closed:io|error:%d", ECONNRESET);
	harness_end(h, expect);
}
END_TEST

START_TEST(failing_write_is_the_reason_io)
{
	struct harness *h = harness_start_new(tcp[_i], &harness_frames);

	harness_crlf(h);
	evchat_pause(h->chat);
	harness_push_stuck(h, "p");
	harness_reset(h);
	harness_turn(h);
	ck_assert_int_eq(evchat_set_hooks(h->chat, &harness_frames, h), 0);
	ck_assert_int_eq(h->closed, 0);
	evchat_discard_buffers(h->chat);
	ck_assert_int_eq(evchat_push(h->chat, "hello", 5), 0);
	harness_run_until_closed(h);
	ck_assert_int_eq(h->why, EVCHAT_REASON_IO);
	harness_free(h);
}
END_TEST

/* A pair, one where threads may be, and what is on top of one. */
#define PAIRS 3
#define FLAT 2 /* a filter's end is flushed, and takes what it finds along */

static struct harness *
on_pair(int i)
{
	static const struct timeval limit = { .tv_usec = 20000 };
	struct harness *h = harness_new(i == 1 ? HARNESS_PAIR_THREADSAFE :
	    HARNESS_PAIR);

	if (i == 2)
		h->bev = bufferevent_filter_new(h->bev, NULL, NULL,
		    BEV_OPT_CLOSE_ON_FREE, NULL, NULL);
	ck_assert_ptr_nonnull(h->bev);
	harness_start(h, &harness_frames, 0);
	harness_crlf(h);
	ck_assert_int_eq(evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_STALL,
	    &limit), 0);
	return h;
}

static void
free_partner(struct harness *h)
{
	bufferevent_free(h->peer_bev);
	h->peer_bev = NULL;
}

START_TEST(push_to_a_freed_partner_ends_by_its_limit)
{
	struct harness *h = on_pair(_i);

	harness_feed(h, "ab\r\ncd");
	free_partner(h);
	ck_assert_int_eq(evchat_push(h->chat, "lost", 4), 0);
	harness_run_until_closed(h);
	harness_end(h, "frame:ab|closed:stall timeout");
}
END_TEST

START_TEST(closing_with_a_freed_partner_ends_by_its_limit)
{
	struct harness *h = on_pair(_i);

	harness_peer_read(h, false);
	ck_assert_int_eq(evchat_push(h->chat, "lost", 4), 0);
	evchat_close_when_done(h->chat);
	harness_turn(h);
	free_partner(h);
	harness_run_until_closed(h);
	harness_end(h, "closed:stall timeout");
}
END_TEST

START_TEST(closing_without_output_needs_no_partner)
{
	struct harness *h = on_pair(_i);

	free_partner(h);
	evchat_close_when_done(h->chat);
	harness_turn(h);
	harness_end(h, "closed:done");
}
END_TEST

static Suite *
lost_suite(void)
{
	Suite *suite = suite_create("lost");
	TCase *tc = harness_case(suite, "lost");

	tcase_add_loop_test(tc, reset_before_there_was_a_channel_is_told, 0, 3);
	tcase_add_loop_test(tc, reset_is_the_reason_io, 0, 3);
	tcase_add_loop_test(tc, failing_write_is_the_reason_io, 0, 3);
	tcase_add_loop_test(tc, push_to_a_freed_partner_ends_by_its_limit, 0,
	    PAIRS);
	tcase_add_loop_test(tc,
	    closing_with_a_freed_partner_ends_by_its_limit, 0, FLAT);
	tcase_add_loop_test(tc, closing_without_output_needs_no_partner, 0,
	    PAIRS);
	return suite;
}

int
main(void)
{
	return harness_main(lost_suite());
}
