/*
 * Whom a client believes: the certificate has to be valid, of somebody it
 * trusts, and for the host it wants. Each refusal says in words what is wrong,
 * and the server is told, too.
 */

#include <string.h>
#include "certificate.h"
#include "harness.h"
#include "secure.h"

#define REFUSED "closed:tls|(TLS: certificate refused: "

struct trust {
	const char *name;    /* whom it is for; NULL: localhost, and
				its addresses */
	bool expired;
	bool by_authority;   /* else it signs itself */
	bool trusted;        /* who has signed it */
	bool namesake;       /* one is trusted who is called the same */
	const char *host;    /* whom the client wants */
	const char *client;  /* what it is told; NULL: all is well */
	const char *server;
};

static const struct trust trusts[] = {
	{ .trusted = true, .host = "localhost" },
	{ .trusted = true, .host = "127.0.0.1" },
	{ .trusted = true, .host = "::1" },
	{ .by_authority = true, .trusted = true, .host = "localhost" },
	{ .trusted = true, .host = "localhost." },
	{ .name = "*.example.org", .trusted = true, .host = "www.example.org" },
	{ .name = "example.org", .trusted = true, .host = "EXAMPLE.ORG" },
	{ .by_authority = true, .host = "localhost",
	    .client = "unable to get local issuer certificate)",
	    .server = "tlsv1 alert unknown ca" },
	{ .by_authority = true, .namesake = true, .host = "localhost",
	    .client = "certificate signature failure)",
	    .server = "tlsv1 alert decrypt error" },
	{ .host = "localhost",
	    .client = "self-signed certificate)",
	    .server = "tlsv1 alert unknown ca" },
	{ .expired = true, .trusted = true, .host = "localhost",
	    .client = "certificate has expired)",
	    .server = "sslv3 alert certificate expired" },
	{ .trusted = true, .host = "example.org",
	    .client = "hostname mismatch)",
	    .server = "sslv3 alert bad certificate" },
	{ .trusted = true, .host = "localhost.example.org",
	    .client = "hostname mismatch)",
	    .server = "sslv3 alert bad certificate" },
	{ .name = "*.example.org", .trusted = true, .host = "example.org",
	    .client = "hostname mismatch)",
	    .server = "sslv3 alert bad certificate" },
	{ .name = "*.example.org", .trusted = true, .host = "a.b.example.org",
	    .client = "hostname mismatch)",
	    .server = "sslv3 alert bad certificate" },
	{ .name = "w*.example.org", .trusted = true, .host = "www.example.org",
	    .client = "hostname mismatch)",
	    .server = "sslv3 alert bad certificate" },
	{ .trusted = true, .host = "127.0.0.2",
	    .client = "IP address mismatch)",
	    .server = "sslv3 alert bad certificate" },
	/* A name that reads like the address is not one. */
	{ .name = "10.0.0.1", .trusted = true, .host = "10.0.0.1",
	    .client = "IP address mismatch)",
	    .server = "sslv3 alert bad certificate" }
};
#define TRUSTS (int)(sizeof(trusts) / sizeof(trusts[0]))

struct scene {
	struct certificate *authority, *stranger, *shown;
	struct secure *s;
};

static struct scene
set_up(const struct trust *trust, int wire)
{
	static const struct certificate_wish ca = { .authority = true };
	static const struct certificate_wish other = { .authority = true,
	    .name = "stranger" };
	struct scene scene;
	struct certificate_wish wish = { .name = trust->name,
	    .expired = trust->expired };

	scene.authority = certificate_new(&ca);
	scene.stranger = certificate_new(trust->namesake ? &ca : &other);
	if (trust->by_authority)
		wish.issuer = scene.authority;
	scene.shown = certificate_new(&wish);
	scene.s = secure_new(wire);
	scene.s->host = trust->host;
	scene.s->server_ctx = certificate_server_context(scene.shown);
	scene.s->client_ctx = certificate_client_context(!trust->trusted ?
	    scene.stranger : trust->by_authority ? scene.authority :
	    scene.shown);
	return scene;
}

static void
tear_down(struct scene *scene)
{
	SSL_CTX *server = scene->s->server_ctx, *client = scene->s->client_ctx;

	secure_free(scene->s);
	SSL_CTX_free(server);
	SSL_CTX_free(client);
	certificate_free(scene->shown);
	certificate_free(scene->stranger);
	certificate_free(scene->authority);
}

static void
close_at_once(struct secure_end *end, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_CONNECTED)
		evchat_close_when_done(end->chat);
}

static void
expect(struct scene *scene, const struct trust *trust)
{
	char client[256], server[256];

	if (trust->client == NULL) {
		secure_expect(&scene->s->client, "connected|closed:done");
		secure_expect(&scene->s->server, "connected|eof|closed:eof");
		return;
	}
	snprintf(client, sizeof(client), REFUSED "%s", trust->client);
	snprintf(server, sizeof(server), "closed:tls|(TLS: %s)", trust->server);
	secure_expect(&scene->s->client, client);
	secure_expect(&scene->s->server, server);
}

static void
try(const struct trust *trust, int wire, int version)
{
	struct scene scene = set_up(trust, wire);

	SSL_CTX_set_max_proto_version(scene.s->server_ctx, version);
	scene.s->client.event = close_at_once;
	secure_both(scene.s);
	/* What a client that believes nobody has said is for nobody. */
	secure_say(&scene.s->client, "secret");
	if (trust->client == NULL)
		evchat_discard_buffers(scene.s->client.chat);
	secure_run_until_closed(scene.s);
	expect(&scene, trust);
	tear_down(&scene);
}

START_TEST(client_believes_whom_it_should)
{
	int wire;

	for (wire = 0; wire < SECURE_WIRES; wire++) {
		try(&trusts[_i], wire, TLS1_2_VERSION);
		try(&trusts[_i], wire, TLS1_3_VERSION);
	}
}
END_TEST

/* Whoever wants it can do without. */
START_TEST(insecure_client_believes_everybody)
{
	const struct trust *trust = &trusts[_i];
	struct scene scene = set_up(trust, _i % SECURE_WIRES);
	struct secure *s = scene.s;

	s->client.event = close_at_once;
	secure_starttls(&s->server);
	ck_assert_int_eq(evchat_starttls(s->client.chat,
	    evchat_ssl_client_new_insecure(s->client_ctx, s->host),
	    EVCHAT_TLS_CONNECT, EVCHAT_TLS_INSECURE), 0);
	secure_run_until_closed(s);
	secure_expect(&s->client, "connected|closed:done");
	secure_expect(&s->server, "connected|eof|closed:eof");
	tear_down(&scene);
}
END_TEST

/* A context that trusts nobody is none for a client that looks. */
START_TEST(client_without_anybody_to_trust_believes_nobody)
{
	struct secure *s = secure_new(_i);
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());

	s->client_ctx = ctx;
	secure_both(s);
	secure_run_until_closed(s);
	secure_expect(&s->client, REFUSED "self-signed certificate)");
	secure_expect(&s->server, "closed:tls|(TLS: tlsv1 alert unknown ca)");
	secure_free(s);
	SSL_CTX_free(ctx);
}
END_TEST

/* And the other way round. */

static void
demand(struct secure *s, SSL_CTX *server)
{
	s->server_ctx = server;
	SSL_CTX_set_verify(server, SSL_VERIFY_PEER |
	    SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
}

static void
note_peer(struct secure_end *end, enum evchat_event what)
{
	SSL *ssl = evchat_get_ssl(end->chat);
	char name[64] = "";
	X509 *peer;

	if (what != EVCHAT_EVENT_CONNECTED)
		return;
	peer = SSL_get0_peer_certificate(ssl);
	ck_assert_ptr_nonnull(peer);
	X509_NAME_get_text_by_NID(X509_get_subject_name(peer),
	    NID_commonName, name, sizeof(name));
	unit_note(&end->text, "peer:%s", name);
	evchat_close_when_done(end->chat);
}

/* It shows one, of an authority that the server trusts; or does not. */
static void
show_certificate(int wire, bool trusted)
{
	static const struct certificate_wish ca = { .authority = true };
	struct certificate *authority = certificate_new(&ca);
	struct certificate_wish wish = { .name = "somebody",
	    .issuer = authority };
	struct certificate *own = certificate_new(&wish);
	struct certificate *here = certificate_new(NULL);
	SSL_CTX *server = certificate_server_context(here);
	SSL_CTX *client = certificate_client_context(here);
	struct secure *s = secure_new(wire);

	demand(s, server);
	s->client_ctx = client;
	SSL_CTX_use_certificate(client, certificate_x509(own));
	SSL_CTX_use_PrivateKey(client, certificate_key(own));
	if (trusted)
		X509_STORE_add_cert(SSL_CTX_get_cert_store(server),
		    certificate_x509(authority));
	s->server.event = note_peer;
	secure_both(s);
	secure_run_until_closed(s);
	secure_expect(&s->server, trusted ?
	    "connected|peer:somebody|closed:done" :
	    REFUSED "unable to get local issuer certificate)");
	secure_expect(&s->client, trusted ? "connected|eof|closed:eof" :
	    "connected|closed:tls|(TLS: tlsv1 alert unknown ca)");
	secure_free(s);
	SSL_CTX_free(server);
	SSL_CTX_free(client);
	certificate_free(own);
	certificate_free(authority);
	certificate_free(here);
}

START_TEST(server_may_look_at_the_clients)
{
	show_certificate(_i, true);
}
END_TEST

/* In TLS 1.3 the client learns it when it is connected. */
START_TEST(server_refuses_a_client)
{
	show_certificate(_i, false);
}
END_TEST

START_TEST(client_sees_the_servers)
{
	struct secure *s = secure_new(_i);

	s->client.event = note_peer;
	secure_both(s);
	secure_run_until_closed(s);
	secure_expect(&s->client, "connected|peer:localhost|closed:done");
	secure_free(s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tls_certificate");
	TCase *tc = harness_case(suite, "certificate");

	tcase_add_loop_test(tc, client_believes_whom_it_should, 0, TRUSTS);
	tcase_add_loop_test(tc, insecure_client_believes_everybody, 0, TRUSTS);
	tcase_add_loop_test(tc, client_without_anybody_to_trust_believes_nobody,
	    0, SECURE_WIRES);
	tcase_add_loop_test(tc, server_may_look_at_the_clients, 0,
	    SECURE_WIRES);
	tcase_add_loop_test(tc, server_refuses_a_client, 0, SECURE_WIRES);
	tcase_add_loop_test(tc, client_sees_the_servers, 0, SECURE_WIRES);
	return harness_main(suite);
}
