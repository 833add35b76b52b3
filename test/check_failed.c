/*
 * Connections that had failed before there was a channel, and failures that
 * come while something else keeps input from being delivered: each ends the
 * channel, with what was received before, and nobody can keep it from ending.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"
#include "sink.h"

#define ANSWER 200000 /* more than the high mark and a socket hold */

static const enum harness_carrier tcp[] = { HARNESS_TCP, HARNESS_TCP_DEFER,
    HARNESS_TCP_THREADSAFE };

static void
note_errno(struct harness *h, enum evchat_reason why)
{
	(void)why;
	harness_note(h, "errno:%d", evchat_get_errno(h->chat));
}

static void
expect_closed(struct harness *h, const char *before, const char *why, int error)
{
	char expect[128];

	harness_run_until_closed(h);
	snprintf(expect, sizeof(expect), "%sclosed:%s|errno:%d", before, why,
	    error);
	harness_end(h, expect);
}

/* A reset */

START_TEST(what_came_before_a_reset_is_delivered_by_a_later_channel)
{
	struct harness *h = harness_new(tcp[_i]);

	h->script.closed = note_errno;
	harness_send(h, "one\r\ntwo\r\n", 10);
	harness_reset(h);
	harness_start(h, &harness_frames, 0);
	harness_crlf(h);
	harness_expect(h, "");
	expect_closed(h, "frame:one|frame:two|", "io", ECONNRESET);
}
END_TEST

static void
answer_at_length(struct harness *h, const void *data, size_t len)
{
	static const char answer[ANSWER];

	(void)data;
	(void)len;
	ck_assert_int_eq(evchat_push(h->chat, answer, sizeof(answer)), 0);
}

/*
 * The answer to the first frame stops delivery, and nothing of it can leave,
 * so there will be no end of that.
 */
START_TEST(channel_that_was_stopped_ends_when_its_peer_is_gone)
{
	struct harness *h = harness_new(tcp[_i]);

	h->script.closed = note_errno;
	h->script.frame = answer_at_length;
	bufferevent_enable(h->bev, EV_READ);
	harness_send(h, "x\r\ny\r\n", 6);
	harness_turn(h);
	ck_assert_uint_eq(evbuffer_get_length(bufferevent_get_input(h->bev)),
	    6);
	harness_reset(h);
	harness_start(h, &harness_frames, 0);
	harness_crlf(h);
	expect_closed(h, "frame:x|", "io", ECONNRESET);
}
END_TEST

/* A connection that is refused */

static struct harness *
refused(bool later)
{
	struct harness *h = harness_new(HARNESS_UNCONNECTED);
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	int bound = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(event_base_priority_init(h->base, 3), 0);
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_int_eq(bind(bound, (void *)&sin, len), 0);
	ck_assert_int_eq(getsockname(bound, (void *)&sin, &len), 0);
	h->script.closed = note_errno;
	if (later)
		harness_start(h, &harness_frames, 0);
	else
		h->bev = bufferevent_socket_new(h->base, -1,
		    BEV_OPT_CLOSE_ON_FREE);
	ck_assert_int_eq(bufferevent_socket_connect(h->bev, (void *)&sin,
	    sizeof(sin)), 0);
	if (!later)
		harness_start(h, &harness_frames, 0);
	close(bound);
	return h;
}

/* Made before or behind the connecting, with output or without, paused or not. */
START_TEST(refusal_is_told_at_once_and_not_as_connected)
{
	struct harness *h = refused((_i & 1) != 0);

	if ((_i & 2) != 0)
		ck_assert_int_eq(evchat_push(h->chat, "hello", 5), 0);
	if ((_i & 4) != 0)
		evchat_pause(h->chat);
	expect_closed(h, "", "connect", ECONNREFUSED);
}
END_TEST

/* What was noted when the channel was made libevent does not see any more. */
START_TEST(urgent_bufferevent_does_not_make_a_refusal_something_else)
{
	struct harness *h = refused(false);

	ck_assert_int_eq(bufferevent_priority_set(h->bev, 0), 0);
	expect_closed(h, "", "connect", ECONNREFUSED);
}
END_TEST

/* Peers that do not read */

static void
echo(struct harness *h, const void *data, size_t len)
{
	ck_assert_int_eq(evchat_push(h->chat, data, len), 0);
}

/* Even without a linger there is a limit: its usual two seconds. */
START_TEST(frame_above_the_maximum_ends_a_channel_whose_answers_are_not_read)
{
	static char frame[ANSWER];
	struct harness *h = harness_start_new(HARNESS_SOCKET, &harness_frames);

	memset(frame, 'x', sizeof(frame));
	h->script.frame = echo;
	harness_crlf(h);
	sink_narrow(h);
	ck_assert_int_eq(evchat_set_watermarks(h->chat, 1, 10 * ANSWER), 0);
	ck_assert_int_eq(evchat_set_max_frame(h->chat, ANSWER,
	    EVCHAT_OVERSIZE_CLOSE), 0);
	ck_assert_int_eq(evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_LINGER,
	    NULL), 0);
	harness_peer_read(h, false);
	harness_send(h, frame, sizeof(frame));
	harness_send(h, "\r\n", 2);
	harness_send(h, frame, sizeof(frame));
	harness_send(h, "12345", 5);
	harness_run_until_closed(h);
	ck_assert_int_eq(h->why, EVCHAT_REASON_OVERSIZE);
	harness_free(h);
}
END_TEST

/* Peers that send faster than is taken in a turn */

START_TEST(input_that_waits_to_be_delivered_is_bounded)
{
	static char lines[4096];
	struct harness *h = harness_start_new(sink_kinds[_i],
	    &harness_found_only);
	size_t most = 0, waiting;
	int passes;

	memset(lines, '\n', sizeof(lines));
	ck_assert_int_eq(evchat_set_terminator(h->chat, "\n", 1), 0);
	ck_assert_int_eq(evchat_set_buffer_sizes(h->chat, 16, 16), 0);
	for (passes = 0; passes < 300; passes++) {
		(void)harness_send_some(h, lines, sizeof(lines));
		(void)event_base_loop(h->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
		waiting = evbuffer_get_length(bufferevent_get_input(h->bev));
		most = waiting > most ? waiting : most;
	}
	ck_assert_uint_le(most, 2 * sizeof(lines));
	harness_free(h);
}
END_TEST

static Suite *
failed_suite(void)
{
	Suite *suite = suite_create("failed");
	TCase *tc = harness_case(suite, "reset");

	tcase_add_loop_test(tc,
	    what_came_before_a_reset_is_delivered_by_a_later_channel, 0, 3);
	tcase_add_loop_test(tc,
	    channel_that_was_stopped_ends_when_its_peer_is_gone, 0, 3);

	tc = harness_case(suite, "refused");
	tcase_add_loop_test(tc, refusal_is_told_at_once_and_not_as_connected, 0,
	    8);

	tcase_add_test(tc,
	    urgent_bufferevent_does_not_make_a_refusal_something_else);

	tc = harness_case(suite, "peers");
	tcase_add_test(tc,
	    frame_above_the_maximum_ends_a_channel_whose_answers_are_not_read);
	tcase_add_loop_test(tc, input_that_waits_to_be_delivered_is_bounded, 0,
	    SINK_KINDS);
	return suite;
}

int
main(void)
{
	return harness_main(failed_suite());
}
