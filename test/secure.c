/*
 * Two channels that speak TLS to each other; see secure.h.
 */

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <openssl/err.h>
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

/* Without a terminator. */
static void
on_collect(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct secure_end *end = arg;

	(void)chat;
	(void)data;
	end->collected += len;
	if (end->collect != NULL)
		end->collect(end);
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
	end->closed++;
	unit_note(&end->text, "closed:%s", evchat_reason_name(why));
	if (why == EVCHAT_REASON_TLS || why == EVCHAT_REASON_TRUNCATED)
		unit_note(&end->text, "(%s)", evchat_get_error(chat));
	if (end->ended != NULL)
		end->ended(end);
	end->chat = NULL;
}

static const struct evchat_hooks hooks = {
	.collect = on_collect,
	.frame = on_frame,
	.event = on_event,
	.closed = on_closed
};

/* Counting */

static long ssls;

static void
on_new(void *ssl, void *data, CRYPTO_EX_DATA *all, int index, long argl,
    void *argp)
{
	(void)ssl, (void)data, (void)argl, (void)argp;
	/* One half made, without memory, is freed all the same. */
	if (CRYPTO_set_ex_data(all, index, &ssls) == 1)
		ssls++;
}

static void
on_free(void *ssl, void *data, CRYPTO_EX_DATA *all, int index, long argl,
    void *argp)
{
	(void)ssl, (void)all, (void)index, (void)argl, (void)argp;
	if (data != NULL)
		ssls--;
}

long
secure_ssls(void)
{
	static int index = -1;

	if (index == -1)
		index = SSL_get_ex_new_index(0, NULL, on_new, NULL, on_free);
	harness_must(index != -1, "SSL_get_ex_new_index");
	return ssls;
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
	end->hooks = &hooks;
}

static void
start(struct secure_end *end)
{
	if (end->chat == NULL)
		return;
	end->made++;
	evchat_set_terminator(end->chat, "\r\n", 2);
}

struct secure *
secure_new_with(int wire, int ends, unsigned options)
{
	long blocks = harness_blocks();
	struct secure *s = calloc(1, sizeof(*s));

	ck_assert_ptr_nonnull(s);
	ck_assert_int_eq(secure_ssls(), 0);
	s->blocks = blocks;
	s->base = event_base_new();
	s->wire = (enum secure_wire)wire;
	s->server_ctx = certificate_shared_server();
	s->client_ctx = certificate_shared_client();
	s->host = "localhost";
	limit_time(s);
	end_init(s, &s->server, EVCHAT_TLS_ACCEPT);
	end_init(s, &s->client, EVCHAT_TLS_CONNECT);
	secure_connect(s, ends, options);
	start(&s->server);
	start(&s->client);
	return s;
}

struct secure *
secure_new(int wire)
{
	return secure_new_with(wire, SECURE_BOTH, 0);
}

struct secure *
secure_new_server(int wire)
{
	return secure_new_with(wire, SECURE_SERVER, 0);
}

struct secure *
secure_new_client(int wire)
{
	return secure_new_with(wire, SECURE_CLIENT, 0);
}

static void
end_free(struct secure_end *end)
{
	evchat_free(end->chat);
	secure_hang_up(end);
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
	ck_assert_int_eq(s->server.closed, s->server.made);
	ck_assert_int_eq(s->client.closed, s->client.made);
	ck_assert_int_eq(harness_blocks(), s->blocks);
	ck_assert_int_eq(secure_ssls(), 0);
	/* Whoever uses OpenSSL next in this thread would find it. */
	ck_assert_uint_eq(ERR_peek_error(), 0);
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
secure_hang_up(struct secure_end *end)
{
	if (end->fd != -1)
		close(end->fd);
	end->fd = -1;
}

void
secure_reset(struct secure_end *end)
{
	struct linger now = { .l_onoff = 1 };

	setsockopt(end->fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
	secure_hang_up(end);
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
