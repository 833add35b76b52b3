/*
 * What is agreed upon in a handshake, and can be asked for afterwards: the
 * host's name, the protocol, the session of an earlier conversation; and that
 * it is done once and no more.
 */

#include <string.h>
#include "bare.h"
#include "certificate.h"
#include "harness.h"
#include "secure.h"

/* Names */

static int
note_name(SSL *ssl, int *alert, void *arg)
{
	struct secure *s = arg;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);

	(void)alert;
	unit_note(&s->server.text, "name:%s", name != NULL ? name : "none");
	return SSL_TLSEXT_ERR_OK;
}

static void
close_when_connected(struct secure_end *end, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_CONNECTED)
		evchat_close_when_done(end->chat);
}

static void
ask_for(int wire, const char *host, bool secure, const char *transcript)
{
	struct secure *s = secure_new(wire);
	struct certificate *certificate = certificate_new(NULL);
	SSL_CTX *ctx = certificate_server_context(certificate);

	SSL_CTX_set_tlsext_servername_callback(ctx, note_name);
	SSL_CTX_set_tlsext_servername_arg(ctx, s);
	s->server_ctx = ctx;
	s->client.event = close_when_connected;
	secure_starttls(&s->server);
	ck_assert_int_eq(evchat_starttls(s->client.chat, secure ?
	    evchat_ssl_client_new(s->client_ctx, host) :
	    evchat_ssl_client_new_insecure(s->client_ctx, host),
	    EVCHAT_TLS_CONNECT, EVCHAT_TLS_INSECURE), 0);
	secure_run_until_closed(s);
	/* An unknown authority, where the client looks. */
	secure_expect(&s->server, transcript);
	secure_free(s);
	SSL_CTX_free(ctx);
	certificate_free(certificate);
}

START_TEST(server_learns_which_host_is_wanted)
{
	ask_for(_i, "www.example.org", false,
	    "name:www.example.org|connected|eof|closed:eof");
	ask_for(_i, "www.example.org", true, "name:www.example.org|closed:tls|"
	    "(TLS: tlsv1 alert unknown ca)");
}
END_TEST

START_TEST(addresses_are_not_sent)
{
	ask_for(_i, "127.0.0.1", false, "name:none|connected|eof|closed:eof");
	ask_for(_i, "::1", false, "name:none|connected|eof|closed:eof");
}
END_TEST

/* Protocols */

static int
select_protocol(SSL *ssl, const unsigned char **out, unsigned char *len,
    const unsigned char *in, unsigned int in_len, void *arg)
{
	static const unsigned char ours[] = "\4chat\4echo";
	unsigned char *chosen;

	(void)ssl;
	(void)arg;
	if (SSL_select_next_proto(&chosen, len, ours, sizeof(ours) - 1, in,
	    in_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*out = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static void
note_protocol(struct secure_end *end, enum evchat_event what)
{
	const unsigned char *name = NULL;
	unsigned len = 0;

	if (what != EVCHAT_EVENT_CONNECTED)
		return;
	SSL_get0_alpn_selected(evchat_get_ssl(end->chat), &name, &len);
	unit_note(&end->text, "%.*s", (int)len, (const char *)name);
	if (end->role == EVCHAT_TLS_CONNECT)
		evchat_close_when_done(end->chat);
}

static void
agree(int wire, const char *offer, const char *server, const char *client)
{
	struct secure *s = secure_new(wire);
	SSL *ssl = evchat_ssl_client_new(s->client_ctx, s->host);

	SSL_CTX_set_alpn_select_cb(s->server_ctx, select_protocol, NULL);
	ck_assert_int_eq(SSL_set_alpn_protos(ssl,
	    (const unsigned char *)offer, (unsigned)strlen(offer)), 0);
	s->server.event = note_protocol;
	s->client.event = note_protocol;
	secure_starttls(&s->server);
	ck_assert_int_eq(evchat_starttls(s->client.chat, ssl,
	    EVCHAT_TLS_CONNECT, 0), 0);
	secure_run_until_closed(s);
	secure_expect(&s->server, server);
	secure_expect(&s->client, client);
	secure_free(s);
}

START_TEST(protocol_is_agreed_upon)
{
	agree(_i, "\5other\4echo\4chat", "connected|chat|eof|closed:eof",
	    "connected|chat|closed:done");
	agree(_i, "\4echo", "connected|echo|eof|closed:eof",
	    "connected|echo|closed:done");
	agree(_i, "\5other", "closed:tls|(TLS: no application protocol)",
	    "closed:tls|(TLS: tlsv1 alert no application protocol)");
}
END_TEST

/* Sessions */

static SSL_SESSION *kept;

static void
keep_session(struct secure_end *end, const char *line)
{
	SSL *ssl = evchat_get_ssl(end->chat);

	(void)line;
	unit_note(&end->text, SSL_session_reused(ssl) ? "resumed" : "new");
	SSL_SESSION_free(kept);
	kept = SSL_get1_session(ssl);
	evchat_close_when_done(end->chat);
}

static void
resume(int wire, SSL_CTX *server, const char *transcript)
{
	struct secure *s = secure_new(wire);
	SSL *ssl = evchat_ssl_client_new(s->client_ctx, s->host);

	if (kept != NULL)
		ck_assert_int_eq(SSL_set_session(ssl, kept), 1);
	s->server_ctx = server;
	s->client.line = keep_session;
	secure_starttls(&s->server);
	ck_assert_int_eq(evchat_starttls(s->client.chat, ssl,
	    EVCHAT_TLS_CONNECT, 0), 0);
	secure_say(&s->server, "hello");
	secure_run_until_closed(s);
	secure_expect(&s->client, transcript);
	secure_expect(&s->server, "connected|eof|closed:eof");
	secure_free(s);
}

static const int versions[] = { TLS1_2_VERSION, TLS1_3_VERSION };

/* It is good again and again, for it has always ended properly. */
START_TEST(session_is_resumed)
{
	SSL_CTX *server = certificate_shared_server();
	int i;

	SSL_CTX_set_max_proto_version(server, versions[_i % 2]);
	resume(_i / 2, server, "connected|frame:hello|new|closed:done");
	for (i = 0; i < 3; i++)
		resume(_i / 2, server,
		    "connected|frame:hello|resumed|closed:done");
	SSL_SESSION_free(kept);
}
END_TEST

/* Once and no more: renegotiation, which TLS 1.2 still has */

static struct bare *
start_old(int i, struct secure **s)
{
	bool server = i % 2 == 0;
	struct secure_end *end;
	struct bare *b;

	*s = secure_new_with(i / 2, server ? SECURE_SERVER : SECURE_CLIENT, 0);
	b = bare_new(server ? &(*s)->client : &(*s)->server, NULL);
	end = server ? &(*s)->server : &(*s)->client;
	SSL_set_max_proto_version(b->ssl, TLS1_2_VERSION);
	secure_starttls(end);
	bare_run(b);
	secure_expect(end, "connected");
	ck_assert_int_eq(SSL_version(b->ssl), TLS1_2_VERSION);
	return b;
}

START_TEST(client_that_renegotiates_is_refused)
{
	struct secure *s;
	struct bare *b = start_old(2 * _i, &s);

	ck_assert_int_eq(SSL_renegotiate(b->ssl), 1);
	(void)SSL_do_handshake(b->ssl);
	bare_run(b);
	/* It takes the answer for a failure; the server only notes it. */
	ck_assert_int_eq(b->failed, SSL_ERROR_SSL);
	secure_expect(&s->server, "connected|closed:tls|"
	    "(TLS: sslv3 alert handshake failure)");
	bare_free(b);
	secure_free(s);
}
END_TEST

START_TEST(server_that_renegotiates_is_refused)
{
	struct secure *s;
	struct bare *b = start_old(2 * _i + 1, &s);

	ck_assert_int_eq(SSL_renegotiate(b->ssl), 1);
	(void)SSL_do_handshake(b->ssl);
	bare_run(b);
	ck_assert_int_eq(b->failed, SSL_ERROR_SSL);
	secure_expect(&s->client, "connected|closed:tls|"
	    "(TLS: sslv3 alert handshake failure)");
	bare_free(b);
	secure_free(s);
}
END_TEST

/* New keys are another matter; nobody notices. */
START_TEST(keys_may_be_updated)
{
	bool server = _i % 2 == 0;
	struct secure *s = secure_new_with(_i / 2,
	    server ? SECURE_SERVER : SECURE_CLIENT, 0);
	struct secure_end *end = server ? &s->server : &s->client;
	struct bare *b = bare_new(server ? &s->client : &s->server, NULL);
	int i;

	secure_starttls(end);
	bare_run(b);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(SSL_key_update(b->ssl,
		    SSL_KEY_UPDATE_REQUESTED), 1);
		bare_say(b, "new keys\r\n");
		bare_run(b);
		secure_say(end, "so have I");
		bare_run(b);
		bare_expect(b, "so have I\r\n");
	}
	bare_close(b);
	bare_run_until_closed(b);
	secure_expect(end, "connected|frame:new keys|frame:new keys|"
	    "frame:new keys|eof|closed:eof");
	bare_free(b);
	secure_free(s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tls_handshake");
	TCase *tc = harness_case(suite, "agreed");

	tcase_add_loop_test(tc, server_learns_which_host_is_wanted, 0,
	    SECURE_WIRES);
	tcase_add_loop_test(tc, addresses_are_not_sent, 0, SECURE_WIRES);
	tcase_add_loop_test(tc, protocol_is_agreed_upon, 0, SECURE_WIRES);
	tcase_add_loop_test(tc, session_is_resumed, 0, 2 * SECURE_WIRES);
	tc = harness_case(suite, "once");
	tcase_add_loop_test(tc, client_that_renegotiates_is_refused, 0,
	    SECURE_RAW_WIRES);
	tcase_add_loop_test(tc, server_that_renegotiates_is_refused, 0,
	    SECURE_RAW_WIRES);
	tcase_add_loop_test(tc, keys_may_be_updated, 0, 2 * SECURE_RAW_WIRES);
	return harness_main(suite);
}
