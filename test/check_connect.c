/*
 * Channels that are not yet connected: what they do before, when they are
 * told, and where the connection is refused.
 */

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/socket.h>
#include "harness.h"
#include "place.h"

static const int families[] = { AF_INET, AF_UNIX };

START_TEST(channel_may_be_connected_after_it_was_made)
{
	struct place place;
	struct harness *h;

	place_listen(&place, families[_i % 2]);
	h = harness_new(HARNESS_UNCONNECTED);
	if (_i >= 2)
		h->bev = bufferevent_socket_new(h->base, -1,
		    BEV_OPT_CLOSE_ON_FREE);
	harness_start(h, &harness_frames, 0);
	harness_crlf(h);
	harness_push_reference(h, "r", "hello ");
	ck_assert_int_eq(evchat_push(h->chat, "world", 5), 0);
	place_connect_bufferevent(h, &place);
	harness_expect(h, "");
	harness_run_until_noted(h, "event:connected");
	harness_accept(h, place.listener);
	harness_expect_received(h, "hello world");
	harness_feed(h, "ab\r\n");
	harness_feed_eof(h);
	harness_run_until_closed(h);
	harness_end(h,
	    "event:connected|cleanup:r|frame:ab|event:eof|closed:eof");
	place_free(&place);
}
END_TEST

START_TEST(pushes_made_at_connected_are_sent)
{
	struct place place;
	struct harness *h;

	place_listen(&place, families[_i]);
	h = harness_new(HARNESS_UNCONNECTED);
	harness_start(h, &harness_streaming, EVCHAT_OPT_THREADSAFE);
	place_connect_bufferevent(h, &place);
	ck_assert_int_eq(evchat_push(h->chat, "hello", 5), 0);
	harness_push_producer(h, "p", " world");
	harness_accept(h, place.listener);
	harness_expect_received(h, "hello world");
	harness_run_until_noted(h, "done:p");
	harness_end(h, "event:connected|done:p:sent:6");
	place_free(&place);
}
END_TEST

static void
free_at_connected(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_CONNECTED)
		evchat_free(h->chat);
}

START_TEST(channel_may_be_freed_at_connected)
{
	struct place place;
	struct harness *h;

	place_listen(&place, families[_i]);
	h = harness_start_new(HARNESS_UNCONNECTED, &harness_streaming);
	h->script.event = free_at_connected;
	harness_push_stuck(h, "p");
	place_connect_bufferevent(h, &place);
	harness_run_until_closed(h);
	harness_end(h, "event:connected|done:p:discarded:0|closed:freed");
	place_free(&place);
}
END_TEST

START_TEST(closing_before_connected_still_sends)
{
	struct place place;
	struct harness *h;

	place_listen(&place, families[_i]);
	h = harness_start_new(HARNESS_UNCONNECTED, &harness_streaming);
	place_connect_bufferevent(h, &place);
	ck_assert_int_eq(evchat_push(h->chat, "bye", 3), 0);
	evchat_close_when_done(h->chat);
	harness_accept(h, place.listener);
	harness_run_until_closed(h);
	harness_expect_received(h, "bye");
	harness_end(h, "closed:done");
	place_free(&place);
}
END_TEST

START_TEST(refused_connection_is_the_reason_connect)
{
	char expect[64];
	struct place place;
	struct harness *h;

	place_bind(&place, families[_i]);
	h = harness_start_new(HARNESS_UNCONNECTED, &harness_streaming);
	h->script.closed = harness_note_error;
	harness_push_mark(h, "m");
	place_connect_bufferevent(h, &place);
	harness_run_until_closed(h);
	snprintf(expect, sizeof(expect),
	    "mark:m:failed|closed:connect|error:%d", ECONNREFUSED);
	harness_end(h, expect);
	place_free(&place);
}
END_TEST

/* A bufferevent whose connection has already failed. */
static struct harness *
refused(struct place *place)
{
	struct harness *h = harness_new(HARNESS_UNCONNECTED);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct pollfd failed = { .fd = fd, .events = POLLOUT };

	ck_assert_int_eq(evutil_make_socket_nonblocking(fd), 0);
	if (connect(fd, &place->address.sa, place->len) == -1)
		ck_assert_int_eq(errno, EINPROGRESS);
	ck_assert_int_eq(poll(&failed, 1, 1000), 1);
	h->bev = bufferevent_socket_new(h->base, fd, BEV_OPT_CLOSE_ON_FREE);
	ck_assert_ptr_nonnull(h->bev);
	h->script.closed = harness_note_error;
	return h;
}

START_TEST(connection_refused_before_there_was_a_channel_is_told)
{
	char expect[64];
	struct place place;
	struct harness *h;

	place_bind(&place, AF_INET);
	h = refused(&place);
	harness_start(h, &harness_streaming, 0);
	harness_expect(h, "");
	if (_i == 1)
		harness_push_mark(h, "m");
	harness_run_until_closed(h);
	snprintf(expect, sizeof(expect), "%sclosed:connect|error:%d",
	    _i == 1 ? "mark:m:failed|" : "", ECONNREFUSED);
	harness_end(h, expect);
	place_free(&place);
}
END_TEST

START_TEST(unconnected_channel_can_be_freed)
{
	struct harness *h = harness_start_new(HARNESS_UNCONNECTED,
	    &harness_streaming);

	ck_assert_int_eq(evchat_push(h->chat, "hello", 5), 0);
	harness_push_mark(h, "m");
	harness_turn(h);
	evchat_free(h->chat);
	harness_end(h, "mark:m:discarded|closed:freed");
}
END_TEST

static void
note_bytes_out(struct harness *h, enum evchat_reason why)
{
	struct evchat_stats stats;

	(void)why;
	evchat_get_stats(h->chat, &stats, sizeof(stats));
	harness_note(h, "out:%llu", (unsigned long long)stats.bytes_out);
}

START_TEST(nothing_of_a_channel_detached_before_it_connects_counts_as_sent)
{
	struct harness *h = harness_start_new(HARNESS_UNCONNECTED,
	    &harness_streaming);

	h->script.closed = note_bytes_out;
	ck_assert_int_eq(evchat_push(h->chat, "hello", 5), 0);
	harness_turn(h);
	ck_assert(harness_detach(h));
	harness_end(h, "closed:detached|out:0");
}
END_TEST

START_TEST(unconnected_channel_can_be_detached_and_connected_then)
{
	struct place place;
	struct harness *h;

	place_listen(&place, families[_i]);
	h = harness_start_new(HARNESS_UNCONNECTED, &harness_streaming);
	ck_assert_int_eq(evchat_push(h->chat, "hello", 5), 0);
	harness_turn(h);
	ck_assert(harness_detach(h));
	harness_expect(h, "closed:detached");
	h->bev = h->detached;
	place_connect_bufferevent(h, &place);
	harness_accept(h, place.listener);
	harness_expect_received(h, "hello");
	harness_end(h, "closed:detached");
	place_free(&place);
}
END_TEST

static void
note_name_error(struct harness *h, enum evchat_reason why)
{
	int error = bufferevent_socket_get_dns_error(h->bev);

	ck_assert_int_ne(error, 0);
	ck_assert_str_eq(evchat_get_error(h->chat),
	    evutil_gai_strerror(error));
	harness_note_error(h, why);
}

START_TEST(name_that_cannot_be_resolved_is_the_reason_connect)
{
	struct harness *h = harness_start_new(HARNESS_UNCONNECTED,
	    &harness_streaming);

	h->script.closed = note_name_error;
	/* An address of the wrong family asks no server. */
	bufferevent_socket_connect_hostname(h->bev, NULL, AF_INET6,
	    "127.0.0.1", 1);
	harness_expect(h, "");
	harness_run_until_closed(h);
	harness_end(h, "closed:connect|error:0");
}
END_TEST

static Suite *
connect_suite(void)
{
	Suite *suite = suite_create("connect");
	TCase *tc = harness_case(suite, "connecting");

	tcase_add_loop_test(tc, channel_may_be_connected_after_it_was_made, 0,
	    4);
	tcase_add_loop_test(tc, pushes_made_at_connected_are_sent, 0, 2);
	tcase_add_loop_test(tc, channel_may_be_freed_at_connected, 0, 2);
	tcase_add_loop_test(tc, closing_before_connected_still_sends, 0, 2);
	tcase_add_loop_test(tc, refused_connection_is_the_reason_connect, 0, 2);
	tcase_add_loop_test(tc,
	    connection_refused_before_there_was_a_channel_is_told, 0, 2);
	tcase_add_test(tc, unconnected_channel_can_be_freed);
	tcase_add_loop_test(tc,
	    unconnected_channel_can_be_detached_and_connected_then, 0, 2);
	tcase_add_test(tc,
	    nothing_of_a_channel_detached_before_it_connects_counts_as_sent);
	tcase_add_test(tc, name_that_cannot_be_resolved_is_the_reason_connect);
	return suite;
}

int
main(void)
{
	return harness_main(connect_suite());
}
