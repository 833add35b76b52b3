/*
 * TLS by hand; see bare.h. The SSL has BIOs in memory, and what is in them is
 * carried to and from the descriptor here.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <openssl/err.h>
#include "bare.h"
#include "harness.h"

#define IDLE_PASSES 20

/* TLS 1.3 disguises what a record is; what was inside is told behind it. */
static void
on_message(int sent, int version, int type, const void *bytes, size_t len,
    SSL *ssl, void *arg)
{
	struct bare *b = arg;
	const unsigned char *byte = bytes;
	bool inner = SSL_version(ssl) == TLS1_3_VERSION;

	(void)version;
	if (sent || len == 0 || byte[0] != SSL3_RT_APPLICATION_DATA)
		return;
	if (type == (inner ? SSL3_RT_INNER_CONTENT_TYPE : SSL3_RT_HEADER))
		b->records++;
}

static SSL *
make_ssl(const struct secure_end *end)
{
	return end->role == EVCHAT_TLS_ACCEPT ?
	    SSL_new(end->of->server_ctx) :
	    evchat_ssl_client_new(end->of->client_ctx, end->of->host);
}

struct bare *
bare_new(struct secure_end *end, SSL *ssl)
{
	struct bare *b = calloc(1, sizeof(*b));

	harness_must(b != NULL, "memory");
	b->end = end;
	b->ssl = ssl != NULL ? ssl : make_ssl(end);
	b->in = BIO_new(BIO_s_mem());
	b->out = BIO_new(BIO_s_mem());
	b->made = evbuffer_new();
	b->got = evbuffer_new();
	b->at_once = 65536;
	SSL_set_bio(b->ssl, b->in, b->out);
	SSL_set_msg_callback(b->ssl, on_message);
	SSL_set_msg_callback_arg(b->ssl, b);
	if (end->role == EVCHAT_TLS_ACCEPT)
		SSL_set_accept_state(b->ssl);
	else
		SSL_set_connect_state(b->ssl);
	return b;
}

void
bare_free(struct bare *b)
{
	ERR_clear_error();
	SSL_free(b->ssl);
	evbuffer_free(b->made);
	evbuffer_free(b->got);
	free(b);
}

/* In */

static bool
receive(struct bare *b)
{
	static char bytes[65536];
	ssize_t n;

	if (b->eof || b->error != 0 || b->at_once == 0 || b->end->fd == -1)
		return false;
	n = recv(b->end->fd, bytes, b->at_once, MSG_DONTWAIT);
	if (n > 0)
		BIO_write(b->in, bytes, (int)n);
	else if (n == 0)
		b->eof = true;
	else if (errno != EAGAIN)
		b->error = errno;
	return n > 0;
}

static void
decrypt(struct bare *b)
{
	char bytes[16384];
	int n;

	ERR_clear_error();
	while ((n = SSL_read(b->ssl, bytes, sizeof(bytes))) > 0)
		evbuffer_add(b->got, bytes, (size_t)n);
	n = SSL_get_error(b->ssl, n);
	if (b->failed == 0 && n != SSL_ERROR_WANT_READ &&
	    n != SSL_ERROR_WANT_WRITE)
		b->failed = n;
	ERR_clear_error();
}

/* Out */

static void
take(struct bare *b)
{
	char bytes[4096];
	int n;

	while ((n = BIO_read(b->out, bytes, sizeof(bytes))) > 0)
		evbuffer_add(b->made, bytes, (size_t)n);
}

void
bare_send(struct bare *b, size_t len)
{
	size_t have = evbuffer_get_length(b->made);
	ssize_t n;

	if (len > have)
		len = have;
	if (len == 0 || b->end->fd == -1)
		return;
	n = send(b->end->fd, evbuffer_pullup(b->made, (ev_ssize_t)len), len,
	    MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0)
		evbuffer_drain(b->made, (size_t)n);
	else if (errno != EAGAIN) {
		b->error = errno;
		evbuffer_drain(b->made, have);
	}
}

bool
bare_turn(struct bare *b)
{
	bool moved = receive(b);
	size_t len;

	decrypt(b);
	take(b);
	len = evbuffer_get_length(b->made);
	if (!b->held)
		bare_send(b, len);
	return moved || evbuffer_get_length(b->made) < len;
}

void
bare_run(struct bare *b)
{
	int idle = 0;

	while (idle++ < IDLE_PASSES) {
		(void)event_base_loop(b->end->of->base, EVLOOP_NONBLOCK);
		if (bare_turn(b))
			idle = 0;
	}
}

void
bare_run_until_closed(struct bare *b)
{
	const struct secure *s = b->end->of;

	while (s->server.chat != NULL || s->client.chat != NULL) {
		(void)event_base_loop(s->base, EVLOOP_NONBLOCK);
		(void)bare_turn(b);
	}
	(void)bare_turn(b);
}

void
bare_run_until_got(struct bare *b, size_t len)
{
	while (evbuffer_get_length(b->got) < len) {
		(void)event_base_loop(b->end->of->base, EVLOOP_NONBLOCK);
		(void)bare_turn(b);
	}
}

void
bare_say(struct bare *b, const char *text)
{
	int len = (int)strlen(text);

	ck_assert_int_eq(SSL_write(b->ssl, text, len), len);
	take(b);
}

void
bare_close(struct bare *b)
{
	ck_assert_int_ge(SSL_shutdown(b->ssl), 0);
	take(b);
}

/* What came of it */

void
bare_expect(struct bare *b, const char *text)
{
	size_t len = evbuffer_get_length(b->got);
	char *got = calloc(1, len + 1);

	ck_assert_ptr_nonnull(got);
	evbuffer_remove(b->got, got, len);
	ck_assert_str_eq(got, text);
	free(got);
}

bool
bare_is_closed(const struct bare *b)
{
	return (SSL_get_shutdown(b->ssl) & SSL_RECEIVED_SHUTDOWN) != 0;
}
