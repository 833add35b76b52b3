/*
 * TLS from the first byte: for what a listener accepts, and for channels that
 * connect, whichever of the two is asked for first. That there is a connection
 * is told once, when it is one of TLS.
 */

#include <errno.h>
#include <string.h>
#include "harness.h"
#include "place.h"
#include "secure.h"

/* A loop test's number: options of both, the family, and who comes first. */
static const unsigned all_options[] = { 0, EVCHAT_OPT_THREADSAFE,
	EVCHAT_OPT_BUFFEREVENT_IO };
#define OPTIONS 3
#define RUNS (2 * OPTIONS * PLACE_FAMILIES)

struct visit {
	struct secure *s;
	struct place place;
	struct place refusing;
	struct evchat_listener *listener; /* or NULL */
	unsigned options;
	bool tls_first;
};

static void
on_accept(struct evchat_listener *listener, struct evchat *chat,
    const struct sockaddr *peer, int peerlen, void *arg)
{
	struct secure_end *end = arg;

	(void)listener;
	(void)peer;
	(void)peerlen;
	end->chat = chat;
	end->made++;
	ck_assert_int_eq(evchat_set_hooks(chat, end->hooks, end), 0);
	ck_assert_int_eq(evchat_set_terminator(chat, "\r\n", 2), 0);
	secure_starttls(end);
	secure_say(end, "welcome");
}

static void
start_client(struct visit *v)
{
	struct secure_end *end = &v->s->client;

	end->chat = evchat_socket_new(v->s->base, -1, end->hooks, end,
	    v->options);
	ck_assert_ptr_nonnull(end->chat);
	end->made++;
	ck_assert_int_eq(evchat_set_terminator(end->chat, "\r\n", 2), 0);
}

static void
start(struct visit *v, int i)
{
	v->tls_first = i % 2 == 0;
	v->options = all_options[i / 2 % OPTIONS];
	v->s = secure_new_with(SECURE_SOCKET, 0, 0);
	secure_hang_up(&v->s->server);
	secure_hang_up(&v->s->client);
	place_listen(&v->place, place_family(i / 2 / OPTIONS));
	evutil_make_socket_nonblocking(v->place.listener);
	v->listener = evchat_listener_new(v->s->base, on_accept,
	    &v->s->server, v->options, 0, v->place.listener);
	ck_assert_ptr_nonnull(v->listener);
	v->place.listener = -1;
	place_bind(&v->refusing, AF_INET);
	start_client(v);
}

static void
finish(struct visit *v)
{
	evchat_listener_free(v->listener);
	(void)event_base_loop(v->s->base, EVLOOP_NONBLOCK);
	place_free(&v->place);
	place_free(&v->refusing);
	secure_free(v->s);
}

static int
call_connect(struct visit *v)
{
	return evchat_connect(v->s->client.chat, &v->place.address.sa,
	    (int)v->place.len);
}

static int
call_connect_hostname(struct visit *v)
{
	int family = v->place.address.sa.sa_family;

	return evchat_connect_hostname(v->s->client.chat, NULL, family,
	    family == AF_INET ? "localhost" : "::1", place_port(&v->place));
}

static int
call_connect_addrinfo(struct visit *v)
{
	struct evutil_addrinfo infos[2];
	struct place places[2] = { v->refusing, v->place };

	return evchat_connect_addrinfo(v->s->client.chat,
	    place_list(infos, places, 2));
}

static void
begin(struct visit *v, int (*call)(struct visit *v))
{
	if (v->tls_first)
		secure_starttls(&v->s->client);
	secure_say(&v->s->client, "early");
	ck_assert_int_eq(call(v), 0);
	if (!v->tls_first) {
		/* Nothing was pushed yet that would have to leave in clear. */
		evchat_discard_buffers(v->s->client.chat);
		secure_starttls(&v->s->client);
		secure_say(&v->s->client, "early");
	}
}

static void
close_behind_line(struct secure_end *end, const char *line)
{
	(void)line;
	evchat_close_when_done(end->chat);
}

static void
visit(int i, int (*call)(struct visit *v))
{
	struct visit v;

	start(&v, i);
	v.s->client.line = close_behind_line;
	begin(&v, call);
	while (v.s->client.closed == 0 || v.s->server.closed == 0)
		(void)event_base_loop(v.s->base, EVLOOP_ONCE);
	secure_expect(&v.s->client, "connected|frame:welcome|closed:done");
	secure_expect(&v.s->server, "connected|frame:early|eof|closed:eof");
	finish(&v);
}

START_TEST(listener_and_address)
{
	visit(_i, call_connect);
}
END_TEST

START_TEST(listener_and_name)
{
	if (_i / 2 / OPTIONS > 0)
		visit(_i, call_connect_hostname);
}
END_TEST

START_TEST(listener_and_the_second_of_two_addresses)
{
	visit(_i, call_connect_addrinfo);
}
END_TEST

/* Refused */

static void
note_errno(struct secure_end *end)
{
	unit_note(&end->text, "error:%d", evchat_get_errno(end->chat));
}

START_TEST(connection_that_is_refused_is_no_failure_of_tls)
{
	char expect[64];
	struct visit v;

	start(&v, _i);
	place_free(&v.place);
	place_bind(&v.place, place_family(_i / 2 / OPTIONS));
	v.s->client.ended = note_errno;
	begin(&v, call_connect);
	while (v.s->client.closed == 0)
		(void)event_base_loop(v.s->base, EVLOOP_ONCE);
	snprintf(expect, sizeof(expect), "closed:connect|error:%d",
	    ECONNREFUSED);
	secure_expect(&v.s->client, expect);
	finish(&v);
}
END_TEST

START_TEST(channel_that_never_connects_keeps_nothing)
{
	struct visit v;

	start(&v, _i);
	secure_starttls(&v.s->client);
	secure_say(&v.s->client, "early");
	secure_run(v.s);
	secure_expect(&v.s->client, "");
	evchat_free(v.s->client.chat);
	secure_expect(&v.s->client, "closed:freed");
	finish(&v);
}
END_TEST

/* Over there is somebody who does not speak TLS, or does not speak at all. */
START_TEST(stranger_at_a_tls_port_is_shown_out)
{
	struct visit v;
	int fd;

	start(&v, _i);
	evchat_free(v.s->client.chat);
	fd = socket(v.place.address.sa.sa_family, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(fd, &v.place.address.sa, v.place.len), 0);
	ck_assert_int_eq(send(fd, "GET / HTTP/1.0\r\n\r\n", 18, MSG_NOSIGNAL),
	    18);
	while (v.s->server.closed == 0)
		(void)event_base_loop(v.s->base, EVLOOP_ONCE);
	secure_expect(&v.s->server, "closed:injection");
	evutil_closesocket(fd);
	finish(&v);
}
END_TEST

/* Over plain TCP first, and TLS when that is told. */

static void
go_over(struct secure_end *end, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_CONNECTED &&
	    evchat_get_ssl(end->chat) == NULL) {
		secure_starttls(end);
		secure_say(end, "early");
	}
}

START_TEST(tls_begins_when_the_connection_is_told)
{
	struct visit v;

	start(&v, _i);
	v.s->client.line = close_behind_line;
	v.s->client.event = go_over;
	ck_assert_int_eq(call_connect(&v), 0);
	while (v.s->client.closed == 0 || v.s->server.closed == 0)
		(void)event_base_loop(v.s->base, EVLOOP_ONCE);
	secure_expect(&v.s->client,
	    "connected|connected|frame:welcome|closed:done");
	secure_expect(&v.s->server, "connected|frame:early|eof|closed:eof");
	finish(&v);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tls_from_start");
	TCase *tc = harness_case(suite, "from_start");

	tcase_add_loop_test(tc, listener_and_address, 0, RUNS);
	tcase_add_loop_test(tc, listener_and_name, 0, RUNS);
	tcase_add_loop_test(tc, listener_and_the_second_of_two_addresses, 0,
	    RUNS);
	tcase_add_loop_test(tc,
	    connection_that_is_refused_is_no_failure_of_tls, 0, RUNS);
	tcase_add_loop_test(tc, channel_that_never_connects_keeps_nothing, 0,
	    RUNS);
	tcase_add_loop_test(tc, stranger_at_a_tls_port_is_shown_out, 0, RUNS);
	tcase_add_loop_test(tc, tls_begins_when_the_connection_is_told, 0,
	    RUNS);
	return harness_main(suite);
}
