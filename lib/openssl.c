/*
 * TLS as a layer of a channel. How bytes go through it is libevent's business;
 * here is who may begin it, how it ends, and what libevent's and OpenSSL's
 * ways of telling of that mean. See include/evchat/layer.h for when these
 * functions are called.
 *
 * The SSL belongs to this file until a bufferevent has been made of it, and to
 * that from then on.
 */

#define _POSIX_C_SOURCE 200809L /* sigtimedwait */

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <event2/util.h>

#pragma GCC visibility push(default)
#include <evchat/layer.h>
#include <evchat/openssl.h>
#pragma GCC visibility pop

#include "quiet.h"

#define HANDSHAKE_RECORD 0x16 /* RFC 8446, 5.1 */
#define STARTTLS_OPTIONS \
	((unsigned)EVCHAT_TLS_DISCARD_PLAINTEXT | \
	EVCHAT_TLS_ALLOW_TRUNCATION | EVCHAT_TLS_INSECURE)

struct tls {
	SSL *ssl; /* NULL when a bufferevent has it */
	enum evchat_tls_role role;
	unsigned options;
	char text[256]; /* what was wrong */
};

/* Who may begin */

static enum evchat_layer_admit
admit_client(const struct tls *tls, const unsigned char *data, size_t len,
    size_t *drop)
{
	const unsigned char *hello = memchr(data, HANDSHAKE_RECORD, len);

	if (len == 0)
		return (EVCHAT_LAYER_WAIT);
	if (data[0] == HANDSHAKE_RECORD)
		return (EVCHAT_LAYER_START);
	if (!(tls->options & EVCHAT_TLS_DISCARD_PLAINTEXT))
		return (EVCHAT_LAYER_REFUSE);
	if (hello == NULL)
		return (EVCHAT_LAYER_WAIT);
	*drop = (size_t)(hello - data);
	return (EVCHAT_LAYER_START);
}

static enum evchat_layer_admit
tls_admit(void *self, const unsigned char *data, size_t len, size_t *drop)
{
	const struct tls *tls = self;

	if (tls->role == EVCHAT_TLS_ACCEPT)
		return (admit_client(tls, data, len, drop));
	/* A server is silent until it has our hello. */
	if (len == 0)
		return (EVCHAT_LAYER_START);
	return (tls->options & EVCHAT_TLS_DISCARD_PLAINTEXT ?
	    EVCHAT_LAYER_WAIT : EVCHAT_LAYER_REFUSE);
}

/* Beginning */

static enum bufferevent_ssl_state
ssl_state(const struct tls *tls)
{
	return (tls->role == EVCHAT_TLS_ACCEPT ? BUFFEREVENT_SSL_ACCEPTING :
	    BUFFEREVENT_SSL_CONNECTING);
}

/* On the descriptor itself, which is the fastest. */
static struct bufferevent *
put_in_place(struct tls *tls, struct bufferevent *below, int options)
{
	struct bufferevent *bev = bufferevent_openssl_socket_new(
	    bufferevent_get_base(below), bufferevent_getfd(below), tls->ssl,
	    ssl_state(tls), options);

	tls->ssl = NULL;
	if (bev != NULL)
		(void)bufferevent_setfd(below, -1);
	return (bev);
}

/*
 * On top. A filter calls back while OpenSSL writes into it, and libevent would
 * call OpenSSL again, inside itself; so another filter is between them, which
 * changes nothing and calls back later.
 */
static struct bufferevent *
put_on_top(struct tls *tls, struct bufferevent *below, int options)
{
	struct event_base *base = bufferevent_get_base(below);
	struct bufferevent *between = below, *bev = NULL;

	if (bufferevent_get_underlying(below) != NULL)
		between = bufferevent_filter_new(below, NULL, NULL,
		    options | BEV_OPT_DEFER_CALLBACKS, NULL, NULL);
	if (between == NULL)
		return (NULL);
	bev = bufferevent_openssl_filter_new(base, between, tls->ssl,
	    ssl_state(tls), options);
	tls->ssl = NULL;
	/* What calls back from below does not make this one do so. */
	if (bev != NULL && between != below)
		bufferevent_trigger(between, EV_WRITE,
		    BEV_TRIG_IGNORE_WATERMARKS | BEV_TRIG_DEFER_CALLBACKS);
	if (bev == NULL && between != below) {
		/* What is below stays. */
		bufferevent_incref(below);
		bufferevent_free(between);
	}
	return (bev);
}

/* With BEV_OPT_CLOSE_ON_FREE the SSL is gone even if this fails. */
static struct bufferevent *
tls_start(void *self, struct bufferevent *below, unsigned flags)
{
	struct tls *tls = self;
	int options = BEV_OPT_CLOSE_ON_FREE |
	    (flags & EVCHAT_LAYER_THREADSAFE ? BEV_OPT_THREADSAFE : 0);

	return (flags & EVCHAT_LAYER_MAY_REPLACE ?
	    put_in_place(tls, below, options) :
	    put_on_top(tls, below, options));
}

/* Failing */

/*
 * libevent keeps what SSL_get_error() said, and behind it the first of
 * OpenSSL's queue of errors, and gives them back from the last to the first.
 * The first of the queue is the cause, but where another library has failed
 * SSL says what that means.
 */
static unsigned long
get_cause(struct bufferevent *bev)
{
	unsigned long error, cause = 0;

	while ((error = bufferevent_get_openssl_error(bev)) != 0)
		if (ERR_GET_LIB(error) == ERR_LIB_SSL ||
		    (ERR_GET_LIB(error) != 0 &&
		    ERR_GET_LIB(cause) != ERR_LIB_SSL))
			cause = error;
	return (cause);
}

static enum evchat_reason
say(struct tls *tls, const char **text, enum evchat_reason why,
    const char *what, const char *more)
{
	(void)snprintf(tls->text, sizeof(tls->text), "%s%s%s", what,
	    more != NULL ? ": " : "", more != NULL ? more : "");
	*text = tls->text;
	return (why);
}

static enum evchat_reason
say_cause(struct tls *tls, const char **text, const SSL *ssl,
    unsigned long cause)
{
	long verified = SSL_get_verify_result(ssl);
	const char *words = ERR_reason_error_string(cause);

	if (ERR_GET_LIB(cause) == ERR_LIB_SSL &&
	    ERR_GET_REASON(cause) == SSL_R_CERTIFICATE_VERIFY_FAILED)
		return (say(tls, text, EVCHAT_REASON_TLS,
		    "TLS: certificate refused",
		    X509_verify_cert_error_string(verified)));
	return (say(tls, text, EVCHAT_REASON_TLS, "TLS",
	    words != NULL ? words : "unknown error"));
}

static bool
is_cut(unsigned long cause)
{
	return (ERR_GET_LIB(cause) == ERR_LIB_SSL &&
	    ERR_GET_REASON(cause) == SSL_R_UNEXPECTED_EOF_WHILE_READING);
}

/*
 * Is, or was, the handshake over? What fails later is in SSL_in_init() again,
 * but is still seen to be where it was.
 */
static bool
was_ready(const SSL *ssl)
{
	return (SSL_get_state(ssl) == TLS_ST_OK);
}

/* The connection ended, or what is beneath did. */
static enum evchat_reason
judge_end(struct tls *tls, const SSL *ssl, const char **text)
{
	if (!was_ready(ssl))
		return (say(tls, text, EVCHAT_REASON_TLS,
		    "closed by the peer in the TLS handshake", NULL));
	if ((SSL_get_shutdown(ssl) & SSL_RECEIVED_SHUTDOWN) ||
	    (tls->options & EVCHAT_TLS_ALLOW_TRUNCATION))
		return (EVCHAT_REASON_EOF);
	return (say(tls, text, EVCHAT_REASON_TRUNCATED,
	    "closed by the peer without a close_notify", NULL));
}

static enum evchat_reason
tls_failed(void *self, struct bufferevent *bev, short what, const char **text)
{
	struct tls *tls = self;
	unsigned long cause;
	const SSL *ssl;

	if (what == 0)
		return (EVCHAT_REASON_NO_MEMORY);
	if (what & BEV_EVENT_TIMEOUT)
		return (say(tls, text, EVCHAT_REASON_TLS,
		    "TLS handshake not complete in time", NULL));
	if (bev == NULL)
		return (say(tls, text, EVCHAT_REASON_TLS,
		    "closed by the peer before the TLS handshake", NULL));
	ssl = bufferevent_openssl_get_ssl(bev);
	cause = get_cause(bev);
	if (cause != 0 && !is_cut(cause))
		return (say_cause(tls, text, ssl, cause));
	/* Of what is beneath, libevent tells the end without a direction. */
	if (cause != 0 || (what & BEV_EVENT_EOF) ||
	    !(what & (BEV_EVENT_READING | BEV_EVENT_WRITING)) ||
	    ((what & BEV_EVENT_READING) && !was_ready(ssl)))
		return (judge_end(tls, ssl, text));
	return (EVCHAT_REASON_IO);
}

/* Ending */

/* On a descriptor of its own SSL_shutdown writes, to a peer that may be gone. */
static int
shut_down_quietly(SSL *ssl)
{
	struct quiet quiet;
	int done;

	quiet_begin(&quiet);
	done = SSL_shutdown(ssl);
	quiet_end(&quiet, done < 0);
	return (done);
}

static enum evchat_layer_finish
tls_finish(void *self, struct bufferevent *bev)
{
	SSL *ssl = bufferevent_openssl_get_ssl(bev);
	int done;

	(void)self;
	/* Said twice, it would read, and throw away what has come. */
	if (SSL_in_init(ssl) || (SSL_get_shutdown(ssl) & SSL_SENT_SHUTDOWN))
		return (EVCHAT_LAYER_FINISHED);
	ERR_clear_error();
	done = shut_down_quietly(ssl);
	if (done < 0 && SSL_get_error(ssl, done) == SSL_ERROR_WANT_WRITE)
		return (EVCHAT_LAYER_BLOCKED);
	ERR_clear_error();
	return (EVCHAT_LAYER_FINISHED);
}

static void
tls_free(void *self)
{
	struct tls *tls = self;

	SSL_free(tls->ssl);
	OPENSSL_free(tls);
}

static const struct evchat_layer_ops tls_ops = {
	.admit = tls_admit,
	.start = tls_start,
	.failed = tls_failed,
	.finish = tls_finish,
	.free = tls_free
};

/* The calls */

static struct tls *
tls_new(SSL *ssl, enum evchat_tls_role role, unsigned options)
{
	struct tls *tls = OPENSSL_zalloc(sizeof(*tls));

	if (tls == NULL) {
		SSL_free(ssl);
		errno = ENOMEM;
		return (NULL);
	}
	tls->ssl = ssl;
	tls->role = role;
	tls->options = options;
	return (tls);
}

/* What holds for every channel. */
static void
restrict_ssl(SSL *ssl, unsigned options)
{
	SSL_set_options(ssl, SSL_OP_NO_RENEGOTIATION);
	if (options & EVCHAT_TLS_ALLOW_TRUNCATION)
		SSL_set_options(ssl, SSL_OP_IGNORE_UNEXPECTED_EOF);
	/* An idle connection keeps no buffers. */
	SSL_set_mode(ssl, SSL_MODE_RELEASE_BUFFERS);
}

int
evchat_starttls(struct evchat *chat, SSL *ssl, enum evchat_tls_role role,
    unsigned options)
{
	struct tls *tls;

	if (ssl == NULL) {
		errno = ENOMEM;
		return (-1);
	}
	if ((role != EVCHAT_TLS_ACCEPT && role != EVCHAT_TLS_CONNECT) ||
	    (options & ~STARTTLS_OPTIONS) != 0 ||
	    (role == EVCHAT_TLS_CONNECT && !(options & EVCHAT_TLS_INSECURE) &&
	    SSL_get_verify_mode(ssl) == SSL_VERIFY_NONE)) {
		SSL_free(ssl);
		errno = EINVAL;
		return (-1);
	}
	if ((tls = tls_new(ssl, role, options)) == NULL)
		return (-1);
	/* Those that it had are the business of nobody else. */
	SSL_set_bio(ssl, NULL, NULL);
	restrict_ssl(ssl, options);
	return (evchat_upgrade(chat, &tls_ops, tls));
}

static int
adopt(struct evchat *chat, struct bufferevent *bev, unsigned options)
{
	SSL *ssl = bufferevent_openssl_get_ssl(bev);
	struct tls *tls;

	if (ssl == NULL ||
	    (options & ~(unsigned)EVCHAT_TLS_ALLOW_TRUNCATION) != 0) {
		errno = EINVAL;
		return (-1);
	}
	if ((tls = tls_new(NULL, EVCHAT_TLS_ACCEPT, options)) == NULL)
		return (-1);
	restrict_ssl(ssl, options);
	/* Else a reset is told as an end. */
	bufferevent_openssl_set_allow_dirty_shutdown(bev, 0);
	return (evchat_adopt_layer(chat, &tls_ops, tls,
	    SSL_is_init_finished(ssl)));
}

/* The loop of another thread may be in the SSL. It stays for who has a reference. */
int
evchat_adopt_tls(struct evchat *chat, unsigned options)
{
	struct bufferevent *bev = evchat_get_bufferevent(chat);
	int done;

	if (bev == NULL) {
		errno = EPIPE;
		return (-1);
	}
	bufferevent_lock(bev);
	done = adopt(chat, bev, options);
	bufferevent_unlock(bev);
	return (done);
}

static void *
ssl_of(struct bufferevent *bev)
{
	return (bufferevent_openssl_get_ssl(bev));
}

SSL *
evchat_get_ssl(const struct evchat *chat)
{
	return (evchat_ask_bufferevents(chat, ssl_of));
}
