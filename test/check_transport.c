/*
 * Bufferevents that are none of the usual ones: on a pipe, a filter over a
 * pair, a filter that keeps what it is given, one whose events are lost; and
 * those that are none at all.
 */

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_struct.h>
#include "harness.h"

/* Pipes */

/* A channel on one end of a pipe. @return the other end */
static int
start_on_pipe(struct harness *h, int end)
{
	int fds[2];

	ck_assert_int_eq(pipe(fds), 0);
	evutil_make_socket_nonblocking(fds[end]);
	h->bev = bufferevent_socket_new(h->base, fds[end],
	    BEV_OPT_CLOSE_ON_FREE);
	ck_assert_ptr_nonnull(h->bev);
	harness_start(h, &harness_frames, 0);
	return fds[1 - end];
}

/* It is connected, though it has no peer that could be asked for. */
START_TEST(channel_may_read_from_a_pipe)
{
	struct harness *h = harness_new(HARNESS_UNCONNECTED);
	int fd = start_on_pipe(h, 0);

	harness_crlf(h);
	ck_assert_int_eq(write(fd, "ab\r\ncd", 6), 6);
	harness_turn(h);
	harness_expect(h, "frame:ab");
	close(fd);
	harness_run_until_closed(h);
	harness_end(h, "frame:ab|event:eof|closed:truncated");
}
END_TEST

START_TEST(channel_may_write_to_a_pipe)
{
	struct harness *h = harness_new(HARNESS_UNCONNECTED);
	int fd = start_on_pipe(h, 1);
	char got[8];

	ck_assert_int_eq(evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_LINGER,
	    NULL), 0);
	ck_assert_int_eq(evchat_push(h->chat, "hello", 5), 0);
	harness_push_mark(h, "m");
	evchat_close_when_done(h->chat);
	harness_run_until_closed(h);
	harness_turn(h);
	ck_assert_int_eq(read(fd, got, sizeof(got)), 5);
	ck_assert_mem_eq(got, "hello", 5);
	ck_assert_int_eq(read(fd, got, sizeof(got)), 0);
	close(fd);
	harness_end(h, "mark:m:sent|closed:done");
}
END_TEST

/* Sockets */

/*
 * libevent forgets what it has no memory for, though it stays enabled.
 * Whatever turn comes next has the loop wait for it again: for both, if both
 * are lost.
 */
START_TEST(what_the_loop_forgot_is_waited_for_again)
{
	struct harness *h = harness_new(_i % 6 < 3 ? HARNESS_SOCKET :
	    HARNESS_BEV_DEFER);
	unsigned options = _i < 6 ? EVCHAT_OPT_BUFFEREVENT_IO : 0;
	int lost = _i % 3, reads; /* reading, writing, both */

	harness_start(h, &harness_streaming, options);
	harness_peer_read(h, false);
	harness_push_much(h);
	harness_turn(h);
	/* A channel may read by itself. */
	reads = event_pending(&h->bev->ev_read, EV_READ, NULL);
	ck_assert(reads || options == 0);
	if (lost != 1)
		event_del(&h->bev->ev_read);
	if (lost != 0)
		event_del(&h->bev->ev_write);
	ck_assert_int_eq(evchat_set_terminator_count(h->chat, 0), 0);
	harness_turn(h);
	ck_assert_int_eq(event_pending(&h->bev->ev_read, EV_READ, NULL),
	    reads);
	ck_assert_int_ne(event_pending(&h->bev->ev_write, EV_WRITE, NULL), 0);
	harness_feed(h, "ab");
	harness_expect(h, "found|collect:ab");
	harness_peer_read(h, true);
	harness_run_until_received(h, HARNESS_MUCH);
	harness_end(h, "found|collect:ab");
}
END_TEST

/* Filters */

/* Nothing comes out before the end, then all that came in. */
static enum bufferevent_filter_result
keep(struct evbuffer *from, struct evbuffer *to, ev_ssize_t limit,
    enum bufferevent_flush_mode mode, void *arg)
{
	(void)limit;
	(void)arg;
	if (mode != BEV_FINISHED || evbuffer_get_length(from) == 0)
		return BEV_NEED_MORE;
	ck_assert_int_eq(evbuffer_add_buffer(to, from), 0);
	return BEV_OK;
}

/* Put a filter on what the harness has made; its input passes. */
static struct harness *
start_on_filter(enum harness_carrier carrier, bufferevent_filter_cb out)
{
	struct harness *h = harness_new(carrier);

	h->bev = bufferevent_filter_new(h->bev, NULL, out,
	    BEV_OPT_CLOSE_ON_FREE, NULL, NULL);
	ck_assert_ptr_nonnull(h->bev);
	harness_start(h, &harness_frames, 0);
	harness_crlf(h);
	return h;
}

static const enum harness_carrier below[] = { HARNESS_BEV, HARNESS_TCP,
    HARNESS_PAIR };

#define BELOW ((int)(sizeof(below) / sizeof(below[0])))

/* A pair passes each end on that it is told: there must be one. */
START_TEST(end_goes_through_a_filter_once)
{
	struct harness *h = start_on_filter(below[_i], NULL);

	harness_feed(h, "ab\r\n");
	ck_assert_int_eq(evchat_push(h->chat, "hello", 5), 0);
	evchat_close_when_done(h->chat);
	ck_assert(!h->peer_eof);
	harness_run_until_closed(h);
	harness_run_until_peer_eof(h);
	harness_expect_received(h, "hello");
	h->peer_eof = false;
	harness_turn(h);
	ck_assert(!h->peer_eof);
	harness_end(h, "frame:ab|closed:done");
}
END_TEST

START_TEST(filter_may_keep_all_until_the_end)
{
	struct harness *h = start_on_filter(below[_i], keep);

	ck_assert_int_eq(evchat_push(h->chat, "hello", 5), 0);
	harness_push_mark(h, "m");
	harness_turn(h);
	ck_assert_uint_eq(evbuffer_get_length(h->received), 0);
	harness_expect(h, "");
	evchat_close_when_done(h->chat);
	harness_run_until_closed(h);
	harness_run_until_peer_eof(h);
	harness_expect_received(h, "hello");
	harness_end(h, "mark:m:sent|closed:done");
}
END_TEST

static void
note_cleanup(const void *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	harness_note(arg, "cleanup");
}

/* libevent would release it in a later pass of the loop, behind closed. */
START_TEST(what_a_filter_keeps_is_released_before_closed)
{
	struct harness *h = start_on_filter(below[_i], keep);
	struct evbuffer *buf = evbuffer_new();

	ck_assert_int_eq(evbuffer_add_reference(buf, "abc", 3, note_cleanup,
	    h), 0);
	ck_assert_int_eq(evchat_push_buffer(h->chat, buf), 0);
	evbuffer_free(buf);
	harness_push_mark(h, "m");
	harness_turn(h);
	harness_expect(h, "");
	evchat_free(h->chat);
	harness_turn(h);
	ck_assert_uint_eq(evbuffer_get_length(h->received), 0);
	harness_end(h, "cleanup|mark:m:discarded|closed:freed");
}
END_TEST

/* None */

START_TEST(no_bufferevent_is_refused)
{
	errno = 0;
	ck_assert_ptr_null(evchat_new(NULL, &harness_frames, NULL, 0));
	ck_assert_int_eq(errno, EINVAL);
	errno = 0;
	ck_assert_ptr_null(evchat_new(NULL, NULL, NULL, 1u << 31));
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(without_a_loop_the_socket_is_closed)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	errno = 0;
	ck_assert_ptr_null(evchat_socket_new(NULL, fds[0], NULL, NULL, 0));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(send(fds[1], "a", 1, MSG_NOSIGNAL), -1);
	ck_assert_int_eq(errno, EPIPE);
	close(fds[1]);
	errno = 0;
	ck_assert_ptr_null(evchat_socket_new(NULL, -1, NULL, NULL, 0));
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

static Suite *
transport_suite(void)
{
	Suite *suite = suite_create("transport");
	TCase *tc = harness_case(suite, "pipe");

	tcase_add_test(tc, channel_may_read_from_a_pipe);
	tcase_add_test(tc, channel_may_write_to_a_pipe);

	tc = harness_case(suite, "socket");
	tcase_add_loop_test(tc, what_the_loop_forgot_is_waited_for_again, 0,
	    12);

	tc = harness_case(suite, "filter");
	tcase_add_loop_test(tc, end_goes_through_a_filter_once, 0, BELOW);
	tcase_add_loop_test(tc, filter_may_keep_all_until_the_end, 0, BELOW);
	tcase_add_loop_test(tc, what_a_filter_keeps_is_released_before_closed,
	    0, BELOW);

	tc = harness_case(suite, "none");
	tcase_add_test(tc, no_bufferevent_is_refused);
	tcase_add_test(tc, without_a_loop_the_socket_is_closed);
	return suite;
}

int
main(void)
{
	return harness_main(transport_suite());
}
