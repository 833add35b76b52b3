/*
 * What a client of TLS has to set, and what is forgotten so easily that it is the
 * most common hole: the name that is sent, and that the certificate is for it.
 */

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <event2/util.h>

#pragma GCC visibility push(default)
#include <evchat/openssl.h>
#pragma GCC visibility pop

static bool
is_address(const char *host)
{
	struct in6_addr address;

	return (evutil_inet_pton(AF_INET, host, &address) == 1 ||
	    evutil_inet_pton(AF_INET6, host, &address) == 1);
}

/* An address is not sent: RFC 6066, 3. */
static bool
set_name(SSL *ssl, const char *host)
{
	return (is_address(host) ||
	    SSL_set_tlsext_host_name(ssl, host) == 1);
}

static bool
expect_name(SSL *ssl, const char *host)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

	SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	if (is_address(host))
		return (X509_VERIFY_PARAM_set1_ip_asc(param, host) == 1);
	X509_VERIFY_PARAM_set_hostflags(param,
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
	return (X509_VERIFY_PARAM_set1_host(param, host, 0) == 1);
}

static SSL *
client_new(SSL_CTX *ctx, const char *host, bool secure)
{
	SSL *ssl;

	if (ctx == NULL || host == NULL || host[0] == '\0') {
		errno = EINVAL;
		return (NULL);
	}
	if ((ssl = SSL_new(ctx)) == NULL) {
		errno = ENOMEM;
		return (NULL);
	}
	if (!secure)
		SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
	if (set_name(ssl, host) && (!secure || expect_name(ssl, host)))
		return (ssl);
	/* A name too long to be one is refused like that. */
	ERR_clear_error();
	SSL_free(ssl);
	errno = EINVAL;
	return (NULL);
}

SSL *
evchat_ssl_client_new(SSL_CTX *ctx, const char *host)
{
	return (client_new(ctx, host, true));
}

SSL *
evchat_ssl_client_new_insecure(SSL_CTX *ctx, const char *host)
{
	return (client_new(ctx, host, false));
}
