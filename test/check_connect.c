/*
 * Channels before and at the edge of a connection: connecting, refused, reset,
 * and constructors that fail.
 */

#define _XOPEN_SOURCE 700 /* mkdtemp */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include "harness.h"

#define NO_FD 9999 /* not open */

struct place {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_un un;
	} address;
	socklen_t len;
	int listener;
	char directory[32]; /* of a local socket, else empty */
};

/* Something to connect to; a place for one that nobody listens at. */
static void
bind_place(struct place *place, int family)
{
	memset(place, 0, sizeof(*place));
	place->address.sa.sa_family = (sa_family_t)family;
	if (family == AF_INET) {
		place->address.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		place->len = sizeof(place->address.in);
	} else {
		strcpy(place->directory, "/tmp/check_connect.XXXXXX");
		ck_assert_ptr_nonnull(mkdtemp(place->directory));
		snprintf(place->address.un.sun_path,
		    sizeof(place->address.un.sun_path), "%s/s",
		    place->directory);
		place->len = sizeof(place->address.un);
	}
	place->listener = socket(family, SOCK_STREAM, 0);
	ck_assert_int_eq(bind(place->listener, &place->address.sa, place->len),
	    0);
	ck_assert_int_eq(getsockname(place->listener, &place->address.sa,
	    &place->len), 0);
}

static void
free_place(struct place *place)
{
	close(place->listener);
	if (place->directory[0] == '\0')
		return;
	unlink(place->address.un.sun_path);
	rmdir(place->directory);
}

static void
connect_to(struct harness *h, struct place *place)
{
	ck_assert_int_eq(bufferevent_socket_connect(h->bev,
	    &place->address.sa, (int)place->len), 0);
}

static const int families[] = { AF_INET, AF_UNIX };

START_TEST(channel_may_be_connected_after_it_was_made)
{
	struct place place;
	struct harness *h;

	bind_place(&place, families[_i % 2]);
	ck_assert_int_eq(listen(place.listener, 1), 0);
	h = harness_new(HARNESS_UNCONNECTED);
	if (_i >= 2)
		h->bev = bufferevent_socket_new(h->base, -1,
		    BEV_OPT_CLOSE_ON_FREE);
	harness_start(h, &harness_frames, 0);
	harness_crlf(h);
	harness_push_reference(h, "r", "hello ");
	ck_assert_int_eq(evchat_push(h->chat, "world", 5), 0);
	connect_to(h, &place);
	harness_expect(h, "");
	harness_run_until_noted(h, "event:connected");
	harness_accept(h, place.listener);
	harness_expect_received(h, "hello world");
	harness_feed(h, "ab\r\n");
	harness_feed_eof(h);
	harness_run_until_closed(h);
	harness_end(h,
	    "event:connected|cleanup:r|frame:ab|event:eof|closed:eof");
	free_place(&place);
}
END_TEST

START_TEST(pushes_made_at_connected_are_sent)
{
	struct place place;
	struct harness *h;

	bind_place(&place, families[_i]);
	ck_assert_int_eq(listen(place.listener, 1), 0);
	h = harness_new(HARNESS_UNCONNECTED);
	harness_start(h, &harness_streaming, EVCHAT_OPT_THREADSAFE);
	connect_to(h, &place);
	ck_assert_int_eq(evchat_push(h->chat, "hello", 5), 0);
	harness_push_producer(h, "p", " world");
	harness_accept(h, place.listener);
	harness_expect_received(h, "hello world");
	harness_run_until_noted(h, "done:p");
	harness_end(h, "event:connected|done:p:sent:6");
	free_place(&place);
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

	bind_place(&place, families[_i]);
	ck_assert_int_eq(listen(place.listener, 1), 0);
	h = harness_start_new(HARNESS_UNCONNECTED, &harness_streaming);
	h->script.event = free_at_connected;
	harness_push_stuck(h, "p");
	connect_to(h, &place);
	harness_run_until_closed(h);
	harness_end(h, "event:connected|done:p:discarded:0|closed:freed");
	free_place(&place);
}
END_TEST

START_TEST(closing_before_connected_still_sends)
{
	struct place place;
	struct harness *h;

	bind_place(&place, families[_i]);
	ck_assert_int_eq(listen(place.listener, 1), 0);
	h = harness_start_new(HARNESS_UNCONNECTED, &harness_streaming);
	connect_to(h, &place);
	ck_assert_int_eq(evchat_push(h->chat, "bye", 3), 0);
	evchat_close_when_done(h->chat);
	harness_accept(h, place.listener);
	harness_run_until_closed(h);
	harness_expect_received(h, "bye");
	harness_end(h, "closed:done");
	free_place(&place);
}
END_TEST

static void
note_error(struct harness *h, enum evchat_reason why)
{
	(void)why;
	harness_note(h, "error:%d", evchat_get_errno(h->chat));
	ck_assert_uint_gt(strlen(evchat_get_error(h->chat)), 0);
}

START_TEST(refused_connection_is_the_reason_connect)
{
	char expect[64];
	struct place place;
	struct harness *h;

	bind_place(&place, families[_i]);
	h = harness_start_new(HARNESS_UNCONNECTED, &harness_streaming);
	h->script.closed = note_error;
	harness_push_mark(h, "m");
	connect_to(h, &place);
	harness_run_until_closed(h);
	snprintf(expect, sizeof(expect),
	    "mark:m:failed|closed:connect|error:%d", ECONNREFUSED);
	harness_end(h, expect);
	free_place(&place);
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
	h->script.closed = note_error;
	return h;
}

START_TEST(connection_refused_before_there_was_a_channel_is_told)
{
	char expect[64];
	struct place place;
	struct harness *h;

	bind_place(&place, AF_INET);
	h = refused(&place);
	harness_start(h, &harness_streaming, 0);
	harness_expect(h, "");
	if (_i == 1)
		harness_push_mark(h, "m");
	harness_run_until_closed(h);
	snprintf(expect, sizeof(expect), "%sclosed:connect|error:%d",
	    _i == 1 ? "mark:m:failed|" : "", ECONNREFUSED);
	harness_end(h, expect);
	free_place(&place);
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

	bind_place(&place, families[_i]);
	ck_assert_int_eq(listen(place.listener, 1), 0);
	h = harness_start_new(HARNESS_UNCONNECTED, &harness_streaming);
	ck_assert_int_eq(evchat_push(h->chat, "hello", 5), 0);
	harness_turn(h);
	ck_assert(harness_detach(h));
	harness_expect(h, "closed:detached");
	h->bev = h->detached;
	connect_to(h, &place);
	harness_accept(h, place.listener);
	harness_expect_received(h, "hello");
	harness_end(h, "closed:detached");
	free_place(&place);
}
END_TEST

static void
note_name_error(struct harness *h, enum evchat_reason why)
{
	int error = bufferevent_socket_get_dns_error(h->bev);

	ck_assert_int_ne(error, 0);
	ck_assert_str_eq(evchat_get_error(h->chat),
	    evutil_gai_strerror(error));
	note_error(h, why);
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

/* Bufferevents with a past */

static void
never(struct bufferevent *bev, void *arg)
{
	(void)bev;
	(void)arg;
	ck_abort_msg("a callback that the channel should have replaced");
}

static void
never_event(struct bufferevent *bev, short what, void *arg)
{
	(void)what;
	never(bev, arg);
}

START_TEST(channel_takes_over_a_bufferevent_that_was_used)
{
	const struct timeval soon = { 0, 1000 };
	struct harness *h = harness_new((enum harness_carrier)_i);

	if (h->bev != NULL) {
		bufferevent_setcb(h->bev, never, never, never_event, NULL);
		bufferevent_setwatermark(h->bev, EV_READ, 100, 200);
		bufferevent_setwatermark(h->bev, EV_WRITE, 100, 200);
		bufferevent_set_timeouts(h->bev, &soon, &soon);
	}
	harness_start(h, &harness_frames, 0);
	harness_crlf(h);
	ck_assert_int_eq(evchat_push(h->chat, "hello", 5), 0);
	harness_wait(h, 10);
	harness_feed(h, "ab\r\n");
	harness_expect_received(h, "hello");
	harness_feed_eof(h);
	harness_run_until_closed(h);
	harness_end(h, "frame:ab|event:eof|closed:eof");
}
END_TEST

START_TEST(bufferevent_may_have_any_priority)
{
	struct harness *h = harness_new((enum harness_carrier)_i);

	ck_assert_int_eq(event_base_priority_init(h->base, 3), 0);
	harness_start(h, &harness_streaming, 0);
	bufferevent_priority_set(h->bev, 2);
	ck_assert_int_eq(evchat_set_terminator_count(h->chat, 0), 0);
	harness_turn(h);
	harness_expect(h, "found");
	harness_feed(h, "ab");
	ck_assert_int_eq(evchat_push(h->chat, "hello", 5), 0);
	evchat_close_when_done(h->chat);
	harness_run_until_closed(h);
	harness_expect_received(h, "hello");
	harness_end(h, "found|collect:ab|closed:done");
}
END_TEST

/* Lost connections */

static const enum harness_carrier tcp[] = { HARNESS_TCP, HARNESS_TCP_DEFER,
    HARNESS_TCP_THREADSAFE };

START_TEST(reset_is_the_reason_io)
{
	char expect[64];
	struct harness *h = harness_start_new(tcp[_i], &harness_frames);

	h->script.closed = note_error;
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

	h->script.closed = note_error;
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

/* Constructors that fail */

START_TEST(failing_constructor_frees_what_it_was_given)
{
	static const unsigned wrong[] = { EVCHAT_OPT_THREADSAFE, 1u << 31,
	    EVCHAT_OPT_HALF_OPEN | 1u << 20 };
	struct harness *h;
	size_t i;

	for (i = 0; i < 3; i++) {
		h = harness_new((enum harness_carrier)_i);
		if (h->bev != NULL) {
			errno = 0;
			ck_assert_ptr_null(evchat_new(h->bev,
			    &harness_streaming, h, wrong[i]));
			ck_assert_int_eq(errno, EINVAL);
			harness_disown(h);
		}
		harness_free(h);
	}
}
END_TEST

START_TEST(failing_constructor_closes_the_socket)
{
	struct event_base *base = event_base_new();
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	errno = 0;
	ck_assert_ptr_null(evchat_socket_new(base, fds[0], NULL, NULL,
	    1u << 31));
	ck_assert_int_eq(errno, EINVAL);
	event_base_loop(base, EVLOOP_NONBLOCK);
	ck_assert_int_eq(send(fds[1], "a", 1, MSG_NOSIGNAL), -1);
	ck_assert_int_eq(errno, EPIPE);
	close(fds[1]);
	event_base_free(base);
}
END_TEST

/* Closing what is no descriptor fails, too, which is not the reason. */
START_TEST(failing_constructor_says_why)
{
	struct event_base *base = event_base_new();

	ck_assert_ptr_nonnull(base);
	errno = 0;
	ck_assert_ptr_null(evchat_socket_new(NULL, -1, NULL, NULL, 0));
	ck_assert_int_eq(errno, EINVAL);
	errno = 0;
	ck_assert_ptr_null(evchat_socket_new(NULL, NO_FD, NULL, NULL, 0));
	ck_assert_int_eq(errno, EINVAL);
	errno = 0;
	harness_fail_allocation(1);
	ck_assert_ptr_null(evchat_socket_new(base, NO_FD, NULL, NULL, 0));
	harness_fail_allocation(0);
	ck_assert_int_eq(errno, ENOMEM);
	event_base_free(base);
}
END_TEST

static Suite *
connect_suite
(void)
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

	tc = harness_case(suite, "used");
	tcase_add_loop_test(tc, channel_takes_over_a_bufferevent_that_was_used,
	    0, HARNESS_CARRIERS);
	tcase_add_loop_test(tc, bufferevent_may_have_any_priority, 0,
	    HARNESS_CARRIERS);

	tc = harness_case(suite, "lost");
	tcase_add_loop_test(tc, reset_before_there_was_a_channel_is_told, 0, 3);
	tcase_add_loop_test(tc, reset_is_the_reason_io, 0, 3);
	tcase_add_loop_test(tc, failing_write_is_the_reason_io, 0, 3);

	tc = harness_case(suite, "failing");
	tcase_add_loop_test(tc, failing_constructor_frees_what_it_was_given, 0,
	    HARNESS_CARRIERS);
	tcase_add_test(tc, failing_constructor_closes_the_socket);
	tcase_add_test(tc, failing_constructor_says_why);
	return suite;
}

int
main(void)
{
	return harness_main(connect_suite());
}
