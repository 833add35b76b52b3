/*
 * Channels that are being connected: what every other call does before there
 * is a connection.
 */

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include "harness.h"
#include "place.h"

/* Before there is one */

START_TEST(what_was_pushed_before_is_sent_in_order)
{
	struct place place;
	struct harness *h;

	place_listen(&place, place_family(_i));
	h = place_start();
	harness_push_reference(h, "r", "hello ");
	place_connect(h, &place);
	harness_push_producer(h, "p", "wor");
	ck_assert_int_eq(evchat_push(h->chat, "ld", 2), 0);
	harness_push_mark(h, "m");
	harness_expect(h, "");
	harness_run_until_noted(h, "mark:m");
	harness_accept(h, place.listener);
	harness_expect_received(h, "hello world");
	place_end(h, &place,
	    "event:connected|cleanup:r|done:p:sent:3|mark:m:sent");
}
END_TEST

START_TEST(closing_before_still_sends)
{
	struct place place;
	struct harness *h = place_start_to(&place, _i);

	ck_assert_int_eq(evchat_push(h->chat, "bye", 3), 0);
	evchat_close_when_done(h->chat);
	place_begin_attempt(h);
	harness_accept(h, place.listener);
	harness_run_until_closed(h);
	harness_expect_received(h, "bye");
	place_end(h, &place, "closed:done|error:0");
}
END_TEST

START_TEST(closing_before_a_refusal_is_told_of_it)
{
	char expect[64];
	struct place place;
	struct harness *h;

	place_bind(&place, place_family(_i));
	h = place_start();
	place_connect(h, &place);
	harness_push_mark(h, "m");
	ck_assert_int_eq(evchat_push(h->chat, "bye", 3), 0);
	evchat_close_when_done(h->chat);
	harness_run_until_closed(h);
	snprintf(expect, sizeof(expect),
	    "mark:m:failed|closed:connect|error:%d", ECONNREFUSED);
	place_end(h, &place, expect);
}
END_TEST

START_TEST(half_close_waits_for_the_connection)
{
	struct place place;
	struct harness *h = place_start_to(&place, _i);

	ck_assert_int_eq(evchat_push(h->chat, "bye", 3), 0);
	ck_assert_int_eq(evchat_push_eof(h->chat), 0);
	harness_run_until_noted(h, "event:connected");
	harness_accept(h, place.listener);
	h->rude = true;
	harness_run_until_peer_eof(h);
	harness_expect_received(h, "bye");
	harness_feed(h, "ab\r\n");
	harness_feed_eof(h);
	harness_run_until_closed(h);
	place_end(h, &place,
	    "event:connected|frame:ab|event:eof|closed:eof|error:0");
}
END_TEST

START_TEST(discarding_does_not_disturb_the_connection)
{
	struct place place;
	struct harness *h = place_start_to(&place, _i);

	ck_assert_int_eq(evchat_push(h->chat, "lost", 4), 0);
	harness_push_mark(h, "m");
	evchat_discard_buffers(h->chat);
	ck_assert_int_eq(evchat_push(h->chat, "kept", 4), 0);
	harness_run_until_noted(h, "event:connected");
	harness_accept(h, place.listener);
	harness_expect_received(h, "kept");
	place_end(h, &place, "mark:m:discarded|event:connected");
}
END_TEST

/* At once, or when an attempt is under way. */
START_TEST(channel_may_be_freed_meanwhile)
{
	struct place place;
	struct harness *h = place_start_to(&place, _i % PLACE_FAMILIES);

	harness_push_mark(h, "m");
	if (_i >= PLACE_FAMILIES)
		place_begin_attempt(h);
	evchat_free(h->chat);
	place_end(h, &place, "mark:m:discarded|closed:freed|error:0");
}
END_TEST

START_TEST(detached_bufferevent_goes_on_connecting)
{
	struct place place;
	struct harness *h = place_start_to(&place, _i);

	errno = 0;
	ck_assert(!harness_detach(h));
	ck_assert_int_eq(errno, EBUSY);
	ck_assert_int_eq(evchat_push(h->chat, "hello", 5), 0);
	place_begin_attempt(h);
	ck_assert(harness_detach(h));
	harness_accept(h, place.listener);
	harness_expect_received(h, "hello");
	place_end(h, &place, "closed:detached|error:0");
}
END_TEST

static Suite *
connecting_suite(void)
{
	Suite *suite = suite_create("before the connection");
	TCase *tc = harness_case(suite, "before");

	tcase_add_loop_test(tc, what_was_pushed_before_is_sent_in_order, 0,
	    PLACE_FAMILIES);
	tcase_add_loop_test(tc, closing_before_still_sends, 0, PLACE_FAMILIES);
	tcase_add_loop_test(tc, closing_before_a_refusal_is_told_of_it, 0,
	    PLACE_FAMILIES);
	tcase_add_loop_test(tc, half_close_waits_for_the_connection, 0,
	    PLACE_FAMILIES);
	tcase_add_loop_test(tc, discarding_does_not_disturb_the_connection, 0,
	    PLACE_FAMILIES);
	tcase_add_loop_test(tc, channel_may_be_freed_meanwhile, 0,
	    2 * PLACE_FAMILIES);
	tcase_add_loop_test(tc, detached_bufferevent_goes_on_connecting, 0,
	    PLACE_FAMILIES);
	return suite;
}

int
main(void)
{
	return harness_main(connecting_suite());
}
