/*
 * What is left of a channel that has ended: a bufferevent that does and calls
 * nothing any more, and a peer that was told once.
 */

#define _POSIX_C_SOURCE 200809L
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"

START_TEST(bufferevent_of_an_ended_channel_is_idle)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);
	struct evchat *chat = h->chat;
	bufferevent_data_cb read_cb, write_cb;
	bufferevent_event_cb event_cb;
	void *arg;

	evchat_incref(chat);
	evchat_free(chat);
	bufferevent_getcb(h->bev, &read_cb, &write_cb, &event_cb, &arg);
	ck_assert(read_cb == NULL && write_cb == NULL && event_cb == NULL);
	ck_assert_ptr_null(arg);
	ck_assert_int_eq(bufferevent_get_enabled(h->bev), 0);
	evchat_decref(chat);
	harness_end(h, "closed:freed");
}
END_TEST

/* With a reference, too: only that keeps the descriptor open. */
START_TEST(peer_is_told_though_a_reference_is_held)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);
	struct evchat *chat = h->chat;

	evchat_incref(chat);
	evchat_free(chat);
	harness_run_until_peer_eof(h);
	evchat_decref(chat);
	harness_end(h, "closed:freed");
}
END_TEST

/* A server that inetd starts has it. */
START_TEST(descriptor_0_is_one_like_any_other)
{
	struct event_base *base = event_base_new();
	int saved = dup(0), fds[2];
	struct evchat *chat;
	char byte;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_int_eq(dup2(fds[0], 0), 0);
	close(fds[0]);
	evutil_make_socket_nonblocking(0);
	chat = evchat_socket_new(base, 0, NULL, NULL, 0);
	ck_assert_ptr_nonnull(chat);
	evchat_incref(chat);
	evchat_free(chat);
	ck_assert_int_eq(recv(fds[1], &byte, 1, MSG_DONTWAIT), 0);
	evchat_decref(chat);
	event_base_loop(base, EVLOOP_NONBLOCK);
	event_base_free(base);
	close(fds[1]);
	if (saved != -1) {
		dup2(saved, 0);
		close(saved);
	}
}
END_TEST

/* Another process may have it, too, and go on with it. */
START_TEST(descriptor_is_closed_and_not_shut)
{
	struct harness *h = harness_start_new(HARNESS_SOCKET,
	    &harness_streaming);
	int copy = dup(bufferevent_getfd(h->bev));

	ck_assert_int_ne(copy, -1);
	evchat_free(h->chat);
	harness_turn(h);
	ck_assert_int_eq(send(copy, "hello", 5, MSG_NOSIGNAL), 5);
	harness_expect_received(h, "hello");
	close(copy);
	harness_end(h, "closed:freed");
}
END_TEST

static void
note_cleanup(const void *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	harness_note(arg, "cleanup");
}

/* It is in the queue still: no turn has moved it. */
START_TEST(reference_in_a_pushed_buffer_is_released_before_closed)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);
	struct evbuffer *buf = evbuffer_new();

	ck_assert_int_eq(evbuffer_add_reference(buf, "abc", 3, note_cleanup,
	    h), 0);
	ck_assert_int_eq(evchat_push_buffer(h->chat, buf), 0);
	evbuffer_free(buf);
	harness_expect(h, "");
	evchat_free(h->chat);
	harness_expect(h, "cleanup|closed:freed");
	harness_turn(h);
	harness_end(h, "cleanup|closed:freed");
}
END_TEST

/* Layers that pass the end on, and how often the peer at the bottom hears it. */

static void
count_ends(struct bufferevent *bev, short what, void *arg)
{
	(void)bev;
	*(int *)arg += (what & BEV_EVENT_EOF) != 0;
}

static struct harness *
start_on_layers(int layers, int *ends)
{
	struct harness *h = harness_new(HARNESS_PAIR);

	*ends = 0;
	bufferevent_setcb(h->peer_bev, NULL, NULL, count_ends, ends);
	for (; layers > 0; layers--)
		h->bev = bufferevent_filter_new(h->bev, NULL, NULL,
		    BEV_OPT_CLOSE_ON_FREE, NULL, NULL);
	ck_assert_ptr_nonnull(h->bev);
	harness_start(h, &harness_streaming, 0);
	return h;
}

START_TEST(freeing_tells_the_peer_once)
{
	int ends;
	struct harness *h = start_on_layers(_i, &ends);

	evchat_free(h->chat);
	harness_turn(h);
	ck_assert_int_eq(ends, 1);
	harness_end(h, "closed:freed");
}
END_TEST

START_TEST(freeing_while_shutting_tells_the_peer_once)
{
	int ends;
	struct harness *h = start_on_layers(_i, &ends);

	harness_peer_read(h, false);
	ck_assert_int_eq(evchat_push(h->chat, "hello", 5), 0);
	ck_assert_int_eq(evchat_push_eof(h->chat), 0);
	harness_turn(h);
	evchat_free(h->chat);
	harness_turn(h);
	ck_assert_int_eq(ends, 1);
	harness_end(h, "closed:freed");
}
END_TEST

START_TEST(freeing_what_was_shut_tells_the_peer_nothing_more)
{
	int ends;
	struct harness *h = start_on_layers(_i, &ends);

	ck_assert_int_eq(evchat_push_eof(h->chat), 0);
	harness_turn(h);
	ck_assert_int_eq(ends, 1);
	evchat_free(h->chat);
	harness_turn(h);
	ck_assert_int_eq(ends, 1);
	harness_end(h, "closed:freed");
}
END_TEST

START_TEST(closing_what_was_shut_tells_the_peer_nothing_more)
{
	int ends;
	struct harness *h = start_on_layers(_i, &ends);

	ck_assert_int_eq(evchat_push_eof(h->chat), 0);
	harness_turn(h);
	evchat_close_when_done(h->chat);
	harness_run_until_closed(h);
	harness_turn(h);
	ck_assert_int_eq(ends, 1);
	harness_end(h, "closed:done");
}
END_TEST

/* Behind the peer's end there is nothing to wait for, and no timer to make. */
START_TEST(closing_behind_the_peers_end_needs_no_memory)
{
	struct harness *h;
	long n;
	bool failed = true;

	for (n = 1; failed; n++) {
		h = harness_new((enum harness_carrier)_i);
		harness_start(h, &harness_streaming, EVCHAT_OPT_HALF_OPEN);
		harness_feed_eof(h);
		harness_expect(h, "event:eof");
		evchat_close_when_done(h->chat);
		harness_fail_allocation(n);
		harness_turn(h);
		failed = harness_allocation_failed();
		harness_fail_allocation(0);
		harness_end(h, "event:eof|closed:done");
	}
}
END_TEST

static Suite *
end_suite(void)
{
	Suite *suite = suite_create("end");
	TCase *tc = harness_case(suite, "left");

	tcase_add_loop_test(tc, bufferevent_of_an_ended_channel_is_idle, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc, peer_is_told_though_a_reference_is_held, 0,
	    HARNESS_CARRIERS);
	tcase_add_test(tc, descriptor_0_is_one_like_any_other);
	tcase_add_test(tc, descriptor_is_closed_and_not_shut);
	tcase_add_loop_test(tc,
	    reference_in_a_pushed_buffer_is_released_before_closed, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc, closing_behind_the_peers_end_needs_no_memory, 0,
	    HARNESS_BEV_DEFER);

	tc = harness_case(suite, "told");
	tcase_add_loop_test(tc, freeing_tells_the_peer_once, 0, 3);
	tcase_add_loop_test(tc, freeing_while_shutting_tells_the_peer_once, 0,
	    3);
	tcase_add_loop_test(tc,
	    freeing_what_was_shut_tells_the_peer_nothing_more, 0, 3);
	tcase_add_loop_test(tc,
	    closing_what_was_shut_tells_the_peer_nothing_more, 0, 3);
	return suite;
}

int
main(void)
{
	return harness_main(end_suite());
}
