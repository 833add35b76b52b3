#ifndef EVCHAT_OPENSSL_H
#define EVCHAT_OPENSSL_H

/**
 * @file evchat/openssl.h
 * TLS for channels, with OpenSSL: libevchat_openssl, pkg-config libevchat_openssl.
 *
 * One call does it all: evchat_starttls(). In the middle of a conversation it
 * is what STARTTLS asks for (RFC 3207 and its like); on a channel that was
 * just made it is TLS from the first byte, for a server and for a client:
 *
 *     ctx = evchat_ssl_server_ctx_new("chain.pem", "key.pem");
 *     chat = evchat_socket_new(base, fd, &hooks, arg, 0);
 *     evchat_starttls(chat, SSL_new(ctx), EVCHAT_TLS_ACCEPT, 0);
 *
 *     chat = evchat_socket_new(base, -1, &hooks, arg, 0);
 *     evchat_connect_hostname(chat, dns, AF_UNSPEC, host, 443);
 *     evchat_starttls(chat, evchat_ssl_client_new(ctx, host),
 *         EVCHAT_TLS_CONNECT, 0);
 *
 * The handshake is over when EVCHAT_EVENT_CONNECTED is told; what is pushed
 * before that is sent after it, encrypted. If it fails, or takes longer than
 * EVCHAT_TIMEOUT_UPGRADE, the channel ends with EVCHAT_REASON_TLS, and
 * evchat_get_error() has what is wrong in words.
 *
 * Ends. evchat_close_when_done() and evchat_push_eof() send a close_notify
 * behind all that was pushed. A peer's close_notify is the end of the input.
 * An end of the connection without one may be an attacker's cut: the channel
 * ends with EVCHAT_REASON_TRUNCATED, after all that came before it was
 * delivered; unless EVCHAT_TLS_ALLOW_TRUNCATION makes a proper end of it.
 */

#include <openssl/ssl.h>

#include <evchat/channel.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Which side of the handshake the channel is. */
enum evchat_tls_role {
	EVCHAT_TLS_ACCEPT, /**< the server */
	EVCHAT_TLS_CONNECT /**< the client */
};

/**
 * What the peer has sent in clear behind the upgrade is dropped, rather than
 * ending the channel with EVCHAT_REASON_INJECTION: a server drops all up to
 * the first byte that a handshake can begin with (0x16), a client all that is
 * there before its own first message.
 */
#define EVCHAT_TLS_DISCARD_PLAINTEXT (1 << 0)
/** An end without close_notify is an end: EVCHAT_REASON_EOF. */
#define EVCHAT_TLS_ALLOW_TRUNCATION (1 << 1)
/** A client whose SSL verifies nothing is let through; see evchat_starttls(). */
#define EVCHAT_TLS_INSECURE (1 << 2)

/**
 * Go over to TLS. Any hook may call this, and often will: the one that was
 * given the line STARTTLS pushes the answer, and calls this.
 *
 * What was pushed before leaves first, in clear. What is pushed from now on is
 * encrypted. No input is delivered until the handshake is over, a frame in
 * progress is dropped, and no byte that came in clear is ever delivered as if
 * it had been encrypted: a server accepts nothing but a handshake record
 * behind the upgrade (one that came with the line STARTTLS already is used),
 * and to a client every byte that comes before its own first message is an
 * injection (CVE-2011-0411). See EVCHAT_TLS_DISCARD_PLAINTEXT. Terminator,
 * framing and limits stay what they are, and begin anew.
 *
 * Renegotiation is turned off. The bufferevent of the channel is another one
 * then: one of bufferevent_openssl_socket_new() if it is a plain socket's that
 * only one thread uses, and otherwise of bufferevent_openssl_filter_new() on
 * top of it. TLS upon a filter, or upon TLS, is for one thread only: see
 * evchat_upgrade().
 *
 * @param ssl taken, even if this fails; its BIOs are set here. A server's is made
 *     with SSL_new(), a client's with evchat_ssl_client_new(): one of SSL_new() would
 *     talk to anybody, for OpenSSL verifies nothing unless it is told to. NULL:
 *     ENOMEM, so that the result of those needs no check of its own
 * @param role as above
 * @param options EVCHAT_TLS_ flags
 * @return 0, or -1 with errno EPIPE if the channel is closing, EALREADY during
 *     another upgrade, ENOMEM, EINVAL, also for a client whose SSL verifies no
 *     certificate, unless EVCHAT_TLS_INSECURE says that this is meant; the channel
 *     is then as it was
 */
int evchat_starttls(struct evchat *chat, SSL *ssl, enum evchat_tls_role role,
    unsigned options);

/**
 * The channel was made with a TLS bufferevent of the application's own: have
 * it end as described above, and fail in words. Without this libevent's ways
 * show through: no close_notify is sent, and a cut is an EVCHAT_REASON_IO.
 *
 * @param options EVCHAT_TLS_ALLOW_TRUNCATION or 0
 * @return 0, or -1 with errno EINVAL if it is not such a bufferevent, EPIPE,
 *     EALREADY, ENOMEM
 */
int evchat_adopt_tls(struct evchat *chat, unsigned options);

/**
 * The SSL, to look at the protocol that ALPN has chosen, the peer's
 * certificate, or the session. It is there from the handshake's beginning on,
 * and also in closed: there it has what was wrong with a certificate that was
 * refused, SSL_get_verify_result() and SSL_get0_verified_chain(), and the
 * session for the next time. It belongs to the loop's thread; from another one
 * only what OpenSSL allows beside reads and writes may be done with it.
 *
 * @return borrowed until closed has returned, and while a reference is held; NULL if
 *     there is none
 */
SSL *evchat_get_ssl(const struct evchat *chat);

/**
 * Make what the channels of a server share; each has its SSL_new() of that.
 * TLS is 1.2 at least, or what the system's openssl.cnf asks for beyond that,
 * nobody can renegotiate, and sessions are resumed. All else is as OpenSSL has
 * it, and may be changed: it is an SSL_CTX like any other.
 *
 * @param certificates a file in PEM: the server's, and behind it those that lead to
 *     an authority that clients know
 * @param key a file in PEM, without a passphrase; may be the same one
 * @return to be freed with SSL_CTX_free(), before or after the last SSL of it; or
 *     NULL with OpenSSL's queue of errors saying what is wrong, as for
 *     ERR_print_errors_fp(), and errno that of a file that could not be opened,
 *     ENOMEM where OpenSSL says so, or EINVAL: what is in the files is not good, or
 *     the key is not the certificate's. With a NULL for a file the queue is empty
 */
SSL_CTX *evchat_ssl_server_ctx_new(const char *certificates, const char *key);

/**
 * Make what a client needs: the host's name is sent (SNI, RFC 6066), and the
 * certificate has to be valid, signed by one that ctx trusts, and for that
 * name (RFC 6125) or address.
 *
 * @param ctx borrowed; whom it trusts is the application's to say, with
 *     SSL_CTX_set_default_verify_paths() for instance. If it trusts nobody, no
 *     certificate is good
 * @param host copied; a name, with or without the last dot, or a numeric address,
 *     which is not sent. A name that begins with a dot is refused: OpenSSL would
 *     take it for all names below it
 * @return to be passed to evchat_starttls(); NULL with errno EINVAL or ENOMEM
 */
SSL *evchat_ssl_client_new(SSL_CTX *ctx, const char *host);

/**
 * The same, but for any certificate: who is at the other end is not known. It
 * needs EVCHAT_TLS_INSECURE.
 */
SSL *evchat_ssl_client_new_insecure(SSL_CTX *ctx, const char *host);

#ifdef __cplusplus
}
#endif

#endif
