/*
 * Two channels that speak TLS to each other; see secure.h.
 */

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <event2/bufferevent.h>
#include "certificate.h"
#include "harness.h"
#include "secure.h"

#define IDLE_PASSES 20
#define TIME_LIMIT 8 /* s */

/* What a channel tells */

static void
on_frame(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct secure_end *end = arg;
	char line[256];

	(void)chat;
	if (len >= sizeof(line))
		len = sizeof(line) - 1;
	if (len > 0)
		memcpy(line, data, len);
	line[len] = '\0';
	unit_note(&end->text, "frame:%s", line);
	if (end->line != NULL)
		end->line(end, line);
}

static void
on_event(struct evchat *chat, enum evchat_event what, void *arg)
{
	struct secure_end *end = arg;

	(void)chat;
	if (what == EVCHAT_EVENT_CONNECTED)
		unit_note(&end->text, "connected");
	else if (what == EVCHAT_EVENT_EOF)
		unit_note(&end->text, "eof");
	else if (end->of->output_events)
		unit_note(&end->text, "%s", evchat_event_name(what));
	if (end->event != NULL)
		end->event(end, what);
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct secure_end *end = arg;

	end->why = why;
	unit_note(&end->text, "closed:%s", evchat_reason_name(why));
	if (why == EVCHAT_REASON_TLS || why == EVCHAT_REASON_TRUNCATED)
		unit_note(&end->text, "(%s)", evchat_get_error(chat));
	end->chat = NULL;
}

static const struct evchat_hooks hooks = {
	.frame = on_frame,
	.event = on_event,
	.closed = on_closed
};

/* The wire */

static struct bufferevent *
wrap(struct bufferevent *bev, bool filtered)
{
	return filtered ? bufferevent_filter_new(bev, NULL, NULL,
	    BEV_OPT_CLOSE_ON_FREE, NULL, NULL) : bev;
}

static struct evchat *
chat_on(struct secure_end *end, int fd)
{
	struct secure *s = end->of;
	unsigned options = s->wire == SECURE_THREADSAFE ?
	    EVCHAT_OPT_THREADSAFE : s->wire == SECURE_INDIRECT ?
	    EVCHAT_OPT_BUFFEREVENT_IO : 0;

	if (s->wire != SECURE_BEV && s->wire != SECURE_FILTER)
		return evchat_socket_new(s->base, fd, &hooks, end, options);
	return evchat_new(wrap(bufferevent_socket_new(s->base, fd,
	    BEV_OPT_CLOSE_ON_FREE), s->wire == SECURE_FILTER), &hooks, end, 0);
}

static void
connect_by_pair(struct secure *s)
{
	struct bufferevent *bevs[2];

	ck_assert_int_eq(bufferevent_pair_new(s->base, 0, bevs), 0);
	s->server.chat = evchat_new(bevs[0], &hooks, &s->server, 0);
	s->client.chat = evchat_new(bevs[1], &hooks, &s->client, 0);
}

static void
connect_by_sockets(struct secure *s, bool server, bool client)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	evutil_make_socket_nonblocking(fds[0]);
	evutil_make_socket_nonblocking(fds[1]);
	if (server)
		s->server.chat = chat_on(&s->server, fds[0]);
	else
		s->server.fd = fds[0];
	if (client)
		s->client.chat = chat_on(&s->client, fds[1]);
	else
		s->client.fd = fds[1];
}

/* Rather than that a test hangs, it says where. */
static void
on_limit(evutil_socket_t fd, short what, void *arg)
{
	struct secure *s = arg;

	(void)fd;
	(void)what;
	ck_abort_msg("stuck: server %s, client %s", unit_text(&s->server.text),
	    unit_text(&s->client.text));
}

static void
limit_time(struct secure *s)
{
	const struct timeval limit = { .tv_sec = TIME_LIMIT };

	s->limit = evtimer_new(s->base, on_limit, s);
	ck_assert_int_eq(evtimer_add(s->limit, &limit), 0);
}

static void
end_init(struct secure *s, struct secure_end *end, enum evchat_tls_role role)
{
	end->of = s;
	end->role = role;
	end->fd = -1;
}

static struct secure *
new_secure(int wire, bool server, bool client)
{
	struct secure *s = calloc(1, sizeof(*s));

	ck_assert_ptr_nonnull(s);
	s->base = event_base_new();
	s->wire = (enum secure_wire)wire;
	s->server_ctx = certificate_shared_server();
	s->client_ctx = certificate_shared_client();
	s->host = "localhost";
	limit_time(s);
	end_init(s, &s->server, EVCHAT_TLS_ACCEPT);
	end_init(s, &s->client, EVCHAT_TLS_CONNECT);
	if (s->wire == SECURE_PAIR)
		connect_by_pair(s);
	else
		connect_by_sockets(s, server, client);
	if (s->server.chat != NULL)
		evchat_set_terminator(s->server.chat, "\r\n", 2);
	if (s->client.chat != NULL)
		evchat_set_terminator(s->client.chat, "\r\n", 2);
	return s;
}

struct secure *
secure_new(int wire)
{
	return new_secure(wire, true, true);
}

struct secure *
secure_new_server(int wire)
{
	return new_secure(wire, true, false);
}

struct secure *
secure_new_client(int wire)
{
	return new_secure(wire, false, true);
}

static void
end_free(struct secure_end *end)
{
	evchat_free(end->chat);
	if (end->fd != -1)
		close(end->fd);
	unit_text_free(&end->text);
}

void
secure_free(struct secure *s)
{
	end_free(&s->server);
	end_free(&s->client);
	(void)event_base_loop(s->base, EVLOOP_NONBLOCK);
	event_free(s->limit);
	event_base_free(s->base);
	free(s);
}

/* Talking */

void
secure_starttls(struct secure_end *end)
{
	struct secure *s = end->of;
	SSL *ssl = end->role == EVCHAT_TLS_ACCEPT ? SSL_new(s->server_ctx) :
	    evchat_ssl_client_new(s->client_ctx, s->host);

	ck_assert_int_eq(evchat_starttls(end->chat, ssl, end->role, end->tls),
	    0);
}

void
secure_both(struct secure *s)
{
	secure_starttls(&s->server);
	secure_starttls(&s->client);
}

void
secure_say(struct secure_end *end, const char *line)
{
	ck_assert_int_eq(evchat_push_printf(end->chat, "%s\r\n", line), 0);
}

void
secure_send(struct secure_end *end, const void *data, size_t len)
{
	ck_assert_int_eq(send(end->fd, data, len, MSG_NOSIGNAL), (ssize_t)len);
}

void
secure_run(struct secure *s)
{
	int i;

	for (i = 0; i < IDLE_PASSES; i++)
		(void)event_base_loop(s->base, EVLOOP_NONBLOCK);
}

void
secure_run_until_closed(struct secure *s)
{
	while (s->server.chat != NULL || s->client.chat != NULL)
		(void)event_base_loop(s->base, EVLOOP_ONCE);
}

void
secure_run_until(struct secure *s, const struct unit_text *text,
    const char *part)
{
	while (strstr(unit_text(text), part) == NULL)
		(void)event_base_loop(s->base, EVLOOP_ONCE);
}

void
secure_expect(struct secure_end *end, const char *transcript)
{
	ck_assert_str_eq(unit_text(&end->text), transcript);
}
