#include <openssl/evp.h>
#include <openssl/x509.h>
#include <event2/bufferevent_ssl.h>
#include "feed.h"
#include "secure.h"

#define ONE_DAY 86400

static X509 *
sign(EVP_PKEY *key)
{
	X509 *x509 = X509_new();
	X509_NAME *name = X509_get_subject_name(x509);

	ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
	X509_gmtime_adj(X509_getm_notBefore(x509), 0);
	X509_gmtime_adj(X509_getm_notAfter(x509), ONE_DAY);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
	    (const unsigned char *)"bench", -1, -1, 0);
	X509_set_issuer_name(x509, name);
	X509_set_pubkey(x509, key);
	if (X509_sign(x509, key, EVP_sha256()) == 0)
		feed_fail("no certificate");
	return x509;
}

static SSL_CTX *
new_context(const SSL_METHOD *method)
{
	SSL_CTX *ctx = SSL_CTX_new(method);

	if (ctx == NULL)
		feed_fail("no TLS");
	SSL_CTX_set_min_proto_version(ctx, TLS1_3_VERSION);
	SSL_CTX_set_num_tickets(ctx, 0);
	return ctx;
}

SSL *
secure_accepting(void)
{
	SSL_CTX *ctx = new_context(TLS_server_method());
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x509 = sign(key);
	SSL *ssl;

	SSL_CTX_use_certificate(ctx, x509);
	SSL_CTX_use_PrivateKey(ctx, key);
	ssl = SSL_new(ctx);
	X509_free(x509);
	EVP_PKEY_free(key);
	SSL_CTX_free(ctx);
	return ssl;
}

SSL *
secure_connecting(void)
{
	SSL_CTX *ctx = new_context(TLS_client_method());
	SSL *ssl = SSL_new(ctx);

	SSL_CTX_free(ctx);
	return ssl;
}

struct bufferevent *
secure_bufferevent(struct event_base *base, int fd, SSL *ssl)
{
	enum bufferevent_ssl_state state = SSL_is_server(ssl) ?
	    BUFFEREVENT_SSL_ACCEPTING : BUFFEREVENT_SSL_CONNECTING;
	struct bufferevent *bev = bufferevent_openssl_socket_new(base, fd, ssl,
	    state, BEV_OPT_CLOSE_ON_FREE);

	if (bev == NULL)
		feed_fail("no TLS bufferevent");
	return bev;
}
