/*
 * Channels that connect by themselves: evchat_connect(), who may call it, and
 * what comes of it.
 */

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "harness.h"
#include "place.h"

/* The outcome */

START_TEST(connection_is_made_and_works)
{
	struct place place;
	struct harness *h = place_start_to(&place, _i % PLACE_FAMILIES);
	int flags;

	harness_run_until_noted(h, "event:connected");
	harness_accept(h, place.listener);
	flags = fcntl(bufferevent_getfd(h->bev), F_GETFD);
	ck_assert_int_eq(flags & FD_CLOEXEC, FD_CLOEXEC);
	ck_assert_int_eq(evchat_push(h->chat, "hello", 5), 0);
	harness_expect_received(h, "hello");
	harness_feed(h, "ab\r\n");
	harness_feed_eof(h);
	harness_run_until_closed(h);
	place_end(h, &place,
	    "event:connected|frame:ab|event:eof|closed:eof|error:0");
}
END_TEST

START_TEST(refusal_is_told_from_the_loop)
{
	char expect[64];
	struct place place;
	struct harness *h;

	place_bind(&place, place_family(_i));
	h = place_start();
	harness_push_mark(h, "m");
	place_connect(h, &place);
	harness_expect(h, "");
	harness_run_until_closed(h);
	snprintf(expect, sizeof(expect),
	    "mark:m:failed|closed:connect|error:%d", ECONNREFUSED);
	place_end(h, &place, expect);
}
END_TEST

static void
note_words(struct harness *h, enum evchat_reason why)
{
	(void)why;
	harness_note(h, "%s", evchat_get_error(h->chat));
}

START_TEST(failure_is_told_in_words)
{
	char expect[128];
	struct harness *h = place_start();
	static const struct sockaddr_un nowhere = { .sun_family = AF_UNIX,
	    .sun_path = "/nonexistent/socket" };

	h->script.closed = note_words;
	ck_assert_int_eq(evchat_connect(h->chat,
	    (const struct sockaddr *)&nowhere, (int)sizeof(nowhere)), 0);
	harness_expect(h, "");
	harness_run_until_closed(h);
	snprintf(expect, sizeof(expect), "closed:connect|%s",
	    strerror(ENOENT));
	harness_end(h, expect);
}
END_TEST

/* It is told at once, whoever does not read; paused, and without a queue. */
START_TEST(paused_channel_is_told_of_the_outcome)
{
	struct place places[2];
	struct harness *h[2];
	int i;

	place_listen(&places[0], place_family(_i));
	place_bind(&places[1], place_family(_i));
	h[0] = place_start();
	h[1] = harness_new_beside(h[0], HARNESS_UNCONNECTED);
	harness_start(h[1], &harness_frames, 0);
	for (i = 0; i < 2; i++) {
		place_connect(h[i], &places[i]);
		evchat_pause(h[i]->chat);
	}
	harness_run_until_noted(h[0], "event:connected");
	harness_run_until_closed(h[1]);
	harness_expect(h[0], "event:connected");
	harness_end(h[1], "closed:connect");
	harness_end(h[0], "event:connected");
	place_free(&places[0]);
	place_free(&places[1]);
}
END_TEST

/* Local sockets have the data with the connection. */
START_TEST(data_that_come_with_the_connection_come_behind_it)
{
	struct place place;
	struct harness *h = place_start_to(&place, _i);

	place_begin_attempt(h);
	harness_accept(h, place.listener);
	harness_send(h, "ab\r\n", 4);
	harness_send_eof(h);
	harness_run_until_closed(h);
	place_end(h, &place,
	    "event:connected|frame:ab|event:eof|closed:eof|error:0");
}
END_TEST

/* A local socket has no resets. */
START_TEST(connection_that_is_reset_before_it_is_told_has_failed)
{
	char expect[64];
	struct place place;
	struct harness *h = place_start_to(&place, _i);

	place_begin_attempt(h);
	harness_accept(h, place.listener);
	harness_reset(h);
	harness_run_until_closed(h);
	snprintf(expect, sizeof(expect), "closed:connect|error:%d",
	    ECONNRESET);
	place_end(h, &place, place_family(_i) == AF_UNIX ?
	    "event:connected|event:eof|closed:eof|error:0" : expect);
}
END_TEST

/* Calls that make no sense */

static void
refuse(struct harness *h, int error)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct evutil_addrinfo info = { .ai_socktype = SOCK_STREAM,
	    .ai_addr = (struct sockaddr *)&in, .ai_addrlen = sizeof(in) };

	errno = 0;
	ck_assert_int_eq(evchat_connect(h->chat, info.ai_addr, sizeof(in)),
	    -1);
	ck_assert_int_eq(errno, error);
	errno = 0;
	ck_assert_int_eq(evchat_connect_addrinfo(h->chat, &info), -1);
	ck_assert_int_eq(errno, error);
	errno = 0;
	ck_assert_int_eq(evchat_connect_hostname(h->chat, NULL, AF_INET,
	    "127.0.0.1", 1), -1);
	ck_assert_int_eq(errno, error);
}

static void
refuse_arguments(struct harness *h)
{
	struct sockaddr_storage ss = { .ss_family = AF_INET };
	struct sockaddr *sa = (struct sockaddr *)&ss;
	int (*connect_to)(struct evchat *, const struct sockaddr *, int) =
	    evchat_connect;
	int (*connect_by_name)(struct evchat *, struct evdns_base *, int,
	    const char *, int) = evchat_connect_hostname;

	ck_assert_int_eq(connect_to(h->chat, NULL, 16), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(connect_to(h->chat, sa, -1), -1);
	ck_assert_int_eq(connect_to(h->chat, sa, 0), -1);
	ck_assert_int_eq(connect_to(h->chat, sa, 1), -1);
	ck_assert_int_eq(connect_to(h->chat, sa, (int)sizeof(ss) + 1), -1);
	ck_assert_int_eq(connect_by_name(h->chat, NULL, AF_INET, NULL, 1), -1);
	ck_assert_int_eq(connect_by_name(h->chat, NULL, AF_INET, "x", 0), -1);
	ck_assert_int_eq(connect_by_name(h->chat, NULL, AF_INET, "x", -1), -1);
	ck_assert_int_eq(connect_by_name(h->chat, NULL, AF_INET, "x", 65536),
	    -1);
	errno = 0;
	ck_assert_int_eq(connect_by_name(h->chat, NULL, AF_UNIX, "x", 1), -1);
	ck_assert_int_eq(errno, EINVAL);
}

/* And leave the channel as it was. */
START_TEST(arguments_that_cannot_work_are_refused)
{
	struct place place;
	struct harness *h;
	struct evutil_addrinfo info;

	place_listen(&place, AF_INET);
	h = place_start();
	refuse_arguments(h);
	errno = 0;
	ck_assert_int_eq(evchat_connect_addrinfo(h->chat, NULL), -1);
	ck_assert_int_eq(errno, EINVAL);
	info = place_info(&place);
	info.ai_socktype = SOCK_DGRAM;
	errno = 0;
	ck_assert_int_eq(evchat_connect_addrinfo(h->chat, &info), -1);
	ck_assert_int_eq(errno, EINVAL);
	place_connect(h, &place);
	harness_run_until_noted(h, "event:connected");
	place_end(h, &place, "event:connected");
}
END_TEST

START_TEST(channel_is_connected_once)
{
	struct place place;
	struct harness *h = place_start_to(&place, _i);

	refuse(h, EISCONN);
	event_base_loop(h->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	refuse(h, EISCONN);
	harness_run_until_noted(h, "event:connected");
	refuse(h, EISCONN);
	place_end(h, &place, "event:connected");
}
END_TEST

START_TEST(what_is_no_socket_to_be_connected_is_refused)
{
	struct harness *h = harness_streaming_on(_i);
	bool has_fd = bufferevent_get_underlying(h->bev) == NULL &&
	    bufferevent_pair_get_partner(h->bev) == NULL &&
	    !harness_has_tls(h);

	refuse(h, has_fd ? EISCONN : EINVAL);
	harness_free(h);
}
END_TEST

START_TEST(channel_that_ends_is_not_connected)
{
	struct harness *h = place_start();
	struct evchat *chat = h->chat;

	evchat_incref(chat);
	ck_assert_int_eq(evchat_push(chat, "bye", 3), 0);
	evchat_close_when_done(chat);
	refuse(h, EPIPE);
	evchat_free(chat);
	h->chat = chat;
	refuse(h, EPIPE);
	h->chat = NULL;
	evchat_decref(chat);
	harness_end(h, "closed:freed|error:0");
}
END_TEST

static void
refuse_in_closed(struct harness *h, enum evchat_reason why)
{
	(void)why;
	refuse(h, EPIPE);
}

static void
refuse_in_event(struct harness *h, enum evchat_event what)
{
	(void)what;
	refuse(h, EISCONN);
}

START_TEST(its_own_hooks_cannot_connect_it_again)
{
	struct place place;
	struct harness *h = place_start_to(&place, _i);

	h->script.event = refuse_in_event;
	h->script.closed = refuse_in_closed;
	harness_run_until_noted(h, "event:connected");
	place_end(h, &place, "event:connected");
}
END_TEST

/* Hooks of another channel */

struct again {
	struct place *place;
	struct harness *h;
};

static void
connect_again(struct harness *h, enum evchat_reason why)
{
	struct again *again = h->user;

	(void)why;
	place_connect(again->h, again->place);
	harness_expect(again->h, "");
}

START_TEST(failed_connection_is_tried_again_by_another_channel)
{
	struct place places[2];
	struct harness *h;
	struct again again = { .place = &places[1] };

	place_bind(&places[0], place_family(_i));
	place_listen(&places[1], place_family(_i));
	h = place_start();
	again.h = harness_new_beside(h, HARNESS_UNCONNECTED);
	harness_start(again.h, &harness_frames, 0);
	h->user = &again;
	h->script.closed = connect_again;
	place_connect(h, &places[0]);
	harness_run_until_closed(h);
	harness_run_until_noted(again.h, "event:connected");
	harness_end(again.h, "event:connected");
	place_end(h, &places[0], "closed:connect");
	place_free(&places[1]);
}
END_TEST

static void
connect_other(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_CONNECTED)
		connect_again(h, EVCHAT_REASON_DONE);
}

START_TEST(event_hook_may_connect_another_channel)
{
	struct place place;
	struct harness *h = place_start_to(&place, _i);
	struct again again = { .place = &place };

	again.h = harness_new_beside(h, HARNESS_UNCONNECTED);
	harness_start(again.h, &harness_frames, 0);
	h->user = &again;
	h->script.event = connect_other;
	harness_run_until_noted(again.h, "event:connected");
	harness_end(again.h, "event:connected");
	place_end(h, &place, "event:connected");
}
END_TEST

static Suite *
connecting_suite(void)
{
	Suite *suite = suite_create("connecting");
	TCase *tc = harness_case(suite, "outcome");

	tcase_add_loop_test(tc, connection_is_made_and_works, 0,
	    PLACE_FAMILIES);
	tcase_add_loop_test(tc, refusal_is_told_from_the_loop, 0,
	    PLACE_FAMILIES);
	tcase_add_test(tc, failure_is_told_in_words);
	tcase_add_loop_test(tc, paused_channel_is_told_of_the_outcome, 0,
	    PLACE_FAMILIES);
	tcase_add_loop_test(tc, data_that_come_with_the_connection_come_behind_it,
	    0, PLACE_FAMILIES);
	tcase_add_loop_test(tc, connection_that_is_reset_before_it_is_told_has_failed,
	    0, PLACE_FAMILIES);
	tc = harness_case(suite, "refused");
	tcase_add_test(tc, arguments_that_cannot_work_are_refused);
	tcase_add_loop_test(tc, channel_is_connected_once, 0, PLACE_FAMILIES);
	tcase_add_loop_test(tc, what_is_no_socket_to_be_connected_is_refused,
	    0, HARNESS_CARRIERS);
	tcase_add_test(tc, channel_that_ends_is_not_connected);
	tcase_add_loop_test(tc, its_own_hooks_cannot_connect_it_again, 0,
	    PLACE_FAMILIES);
	tc = harness_case(suite, "others");
	tcase_add_loop_test(tc,
	    failed_connection_is_tried_again_by_another_channel, 0,
	    PLACE_FAMILIES);
	tcase_add_loop_test(tc, event_hook_may_connect_another_channel, 0,
	    PLACE_FAMILIES);
	return suite;
}

int
main(void)
{
	return harness_main(connecting_suite());
}
