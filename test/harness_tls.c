/*
 * TLS under a channel, and a peer that speaks it. The channel's end is one of
 * libevent's bufferevents; the peer's is OpenSSL between two buffers in
 * memory, so that what it sends reaches the wire when the harness says so,
 * each piece as a record of its own.
 *
 * Where the handshake is to be over before the channel is made, the two ends
 * have it in memory, and are then put on the wire. Otherwise it is a matter of
 * the loop: until it is over there is no room for what the peer sends.
 */

#include <stdlib.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include "certificate.h"
#include "harness_inside.h"
#include "harness_trouble.h"

#define AT_ONCE 16384   /* what one record holds */
#define STEPS_MAX 20    /* of a handshake in memory */

struct tls {
	struct harness_layer layer;
	SSL *ssl;
	BIO *in;   /* from the wire; owned by ssl, as out is */
	BIO *out;  /* to the wire */
	bool ends_wire; /* its end is followed by the wire's */
	bool ended;     /* it has said so */
};

static struct tls *
tls_of(const struct harness *h)
{
	return (struct tls *)h->in->layer;
}

/* A BIO in memory that is empty: no end, but nothing yet. */
static BIO *
memory_new(void)
{
	BIO *bio = BIO_new(BIO_s_mem());

	harness_must(bio != NULL, "memory");
	BIO_set_mem_eof_return(bio, -1);
	return bio;
}

static SSL *
end_new(bool client, bool old)
{
	SSL *ssl = SSL_new(client ? certificate_shared_client() :
	    certificate_shared_server());

	harness_must(ssl != NULL, "memory");
	if (client)
		SSL_set_connect_state(ssl);
	else
		SSL_set_accept_state(ssl);
	if (old)
		SSL_set_max_proto_version(ssl, TLS1_2_VERSION);
	SSL_set_bio(ssl, memory_new(), memory_new());
	return ssl;
}

/* The wire */

/* Send what there is to be sent, as far as there is room. */
static void
flush(struct harness *h)
{
	BIO *out = tls_of(h)->out;
	char *data;
	long len;
	ssize_t n;
	char dropped[AT_ONCE];

	while ((len = BIO_get_mem_data(out, &data)) > 0) {
		n = harness_wire_send(h, data, (size_t)len < AT_ONCE ?
		    (size_t)len : AT_ONCE);
		if (n == 0)
			return;
		if (n == -1)
			(void)BIO_reset(out);
		else
			BIO_read(out, dropped, (int)n);
	}
}

static void
must_wait(struct harness *h, int result)
{
	int why = SSL_get_error(tls_of(h)->ssl, result);

	if (why != SSL_ERROR_WANT_READ)
		ck_abort_msg("the peer's TLS over a %s: %d, %s: %s",
		    harness_carrier_name(h->in->carrier), why,
		    ERR_reason_error_string(ERR_peek_error()),
		    harness_transcript(h));
}

/* Has the handshake to be gone on with? */
static bool
shakes_hands(struct harness *h)
{
	struct tls *tls = tls_of(h);
	int result;

	if (SSL_is_init_finished(tls->ssl))
		return false;
	ERR_clear_error();
	if ((result = SSL_do_handshake(tls->ssl)) != 1)
		must_wait(h, result);
	flush(h);
	return result != 1;
}

static void
got(struct harness *h, const void *data, size_t len)
{
	struct tls *tls = tls_of(h);
	unsigned char text[AT_ONCE];
	int n;

	harness_must(BIO_write(tls->in, data, (int)len) == (int)len,
	    "memory");
	if (shakes_hands(h))
		return;
	ERR_clear_error();
	while ((n = SSL_read(tls->ssl, text, sizeof(text))) > 0)
		harness_must(evbuffer_add(h->received, text, (size_t)n) == 0,
		    "evbuffer_add");
	if ((SSL_get_shutdown(tls->ssl) & SSL_RECEIVED_SHUTDOWN) == 0)
		must_wait(h, n);
	else if (!h->peer_notified) {
		h->peer_notified = true;
		harness_peer_ended(h);
	}
}

static ssize_t
send_text(struct harness *h, const void *data, size_t len)
{
	struct tls *tls = tls_of(h);
	int n;

	flush(h);
	if (tls->ended || (h->peer_eof && !SSL_is_init_finished(tls->ssl)))
		return -1;
	if (!SSL_is_init_finished(tls->ssl) || BIO_pending(tls->out) > 0)
		return 0;
	ERR_clear_error();
	n = SSL_write(tls->ssl, data, (int)(len < AT_ONCE ? len : AT_ONCE));
	harness_must(n > 0, "SSL_write");
	flush(h);
	return n;
}

static bool
go_on(struct harness *h)
{
	struct tls *tls = tls_of(h);

	if (!shakes_hands(h))
		flush(h);
	return SSL_is_init_finished(tls->ssl) && BIO_pending(tls->out) == 0;
}

static bool
say_end(struct harness *h)
{
	struct tls *tls = tls_of(h);

	if (!tls->ended && SSL_is_init_finished(tls->ssl)) {
		tls->ended = true;
		ERR_clear_error();
		harness_must(SSL_shutdown(tls->ssl) >= 0, "SSL_shutdown");
		flush(h);
	}
	return tls->ends_wire || !tls->ended;
}

static void
free_tls(struct harness *h)
{
	SSL_free(tls_of(h)->ssl);
	free(tls_of(h));
}

/* Making */

static void
carry(SSL *from, SSL *to)
{
	char *data;
	long len = BIO_get_mem_data(SSL_get_wbio(from), &data);

	if (len > 0)
		BIO_write(SSL_get_rbio(to), data, (int)len);
	(void)BIO_reset(SSL_get_wbio(from));
}

/* One step of one end. What comes behind a handshake is read, too. */
static bool
step(SSL *ssl, SSL *other)
{
	char none;

	ERR_clear_error();
	if (SSL_do_handshake(ssl) == 1)
		harness_must(SSL_read(ssl, &none, 1) <= 0, "nothing to read");
	carry(ssl, other);
	return SSL_is_init_finished(ssl);
}

static void
shake_hands_in_memory(SSL *client, SSL *server)
{
	bool done = false;
	int steps;

	for (steps = 0; !done; steps++) {
		harness_must(steps < STEPS_MAX, "a handshake in memory");
		done = step(client, server);
		done = step(server, client) && done;
	}
	(void)step(client, server);
}

static struct harness_layer *
layer_new(SSL *ssl, bool ends_wire)
{
	struct tls *tls = calloc(1, sizeof(*tls));

	harness_must(tls != NULL, "memory");
	tls->layer = (struct harness_layer){ .got = got, .send = send_text,
	    .flush = go_on, .end = say_end, .free = free_tls };
	tls->ssl = ssl;
	tls->in = SSL_get_rbio(ssl);
	tls->out = SSL_get_wbio(ssl);
	tls->ends_wire = ends_wire;
	return &tls->layer;
}

struct bufferevent *
harness_tls_open(struct harness *h, struct bufferevent *under,
    const struct harness_tls *how, int options)
{
	SSL *ssl = end_new(how->client, how->old);
	SSL *peer = end_new(!how->client, how->old);
	enum bufferevent_ssl_state state = how->client ?
	    BUFFEREVENT_SSL_CONNECTING : BUFFEREVENT_SSL_ACCEPTING;
	struct bufferevent *bev;

	h->in->layer = layer_new(peer, how->ends_wire);
	h->in->handshaking = how->handshaking;
	if (!how->handshaking) {
		shake_hands_in_memory(how->client ? ssl : peer,
		    how->client ? peer : ssl);
		state = BUFFEREVENT_SSL_OPEN;
	}
	SSL_set_bio(ssl, NULL, NULL);
	bev = under != NULL ? bufferevent_openssl_filter_new(h->base, under,
	    ssl, state, options) : bufferevent_openssl_socket_new(h->base,
	    h->in->channel_fd, ssl, state, options);
	harness_must(bev != NULL, "a bufferevent");
	return bev;
}
