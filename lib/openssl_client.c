/*
 * What a client of TLS has to set, and what is forgotten so easily that it is
 * the most common hole: the name that is sent, and that the certificate is for
 * it.
 */

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <event2/util.h>

#pragma GCC visibility push(default)
#include <evchat/openssl.h>
#pragma GCC visibility pop

#define LONGEST_NAME 253 /* RFC 1035 */

static bool
is_address(const char *host)
{
	struct in6_addr address;

	return (evutil_inet_pton(AF_INET, host, &address) == 1 ||
	    evutil_inet_pton(AF_INET6, host, &address) == 1);
}

/*
 * OpenSSL takes a name that begins with a dot for any name below it, so it is
 * none here. A dot at the end says that the name is absolute; it is not sent,
 * and not in certificates (RFC 6066, 3).
 */
static bool
copy_name(const char *host, char name[])
{
	size_t len = strlen(host);

	if (len > 0 && host[len - 1] == '.')
		len--;
	if (len == 0 || len > LONGEST_NAME || host[0] == '.')
		return (false);
	memcpy(name, host, len);
	name[len] = '\0';
	return (true);
}

/* An address is not sent: RFC 6066, 3. */
static bool
set_name(SSL *ssl, const char *name)
{
	return (is_address(name) ||
	    SSL_set_tlsext_host_name(ssl, name) == 1);
}

/* What the context asks for beyond that holds as well. */
static bool
expect_name(SSL *ssl, const char *name)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);

	SSL_set_verify(ssl, SSL_VERIFY_PEER, SSL_get_verify_callback(ssl));
	if (is_address(name))
		return (X509_VERIFY_PARAM_set1_ip_asc(param, name) == 1);
	X509_VERIFY_PARAM_set_hostflags(param,
	    X509_VERIFY_PARAM_get_hostflags(param) |
	    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
	    X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
	return (X509_VERIFY_PARAM_set1_host(param, name, 0) == 1);
}

static SSL *
client_new(SSL_CTX *ctx, const char *host, bool secure)
{
	char name[LONGEST_NAME + 1];
	SSL *ssl;

	if (ctx == NULL || host == NULL || !copy_name(host, name)) {
		errno = EINVAL;
		return (NULL);
	}
	if ((ssl = SSL_new(ctx)) == NULL) {
		errno = ENOMEM;
		return (NULL);
	}
	if (!secure)
		SSL_set_verify(ssl, SSL_VERIFY_NONE, NULL);
	if (set_name(ssl, name) && (!secure || expect_name(ssl, name)))
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
