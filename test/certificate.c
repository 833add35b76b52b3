/*
 * Certificates made by OpenSSL 3, out of nothing; see certificate.h. Keys are
 * of the kind that is made and used fastest, since the tests make many
 * connections.
 */

#include <stdlib.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include "certificate.h"
#include "harness.h"

#define HOUR_S 3600L
#define HERE "DNS:localhost,IP:127.0.0.1,IP:::1"

struct certificate {
	X509 *x509;
	EVP_PKEY *key;
};

/* An extension in the words of openssl.cnf. */
static void
extend(X509 *x509, int nid, const char *value)
{
	X509V3_CTX context;
	X509_EXTENSION *extension;

	X509V3_set_ctx(&context, x509, x509, NULL, NULL, 0);
	X509V3_set_ctx_nodb(&context);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	harness_must(extension != NULL, "an extension of a certificate");
	harness_must(X509_add_ext(x509, extension, -1) == 1, "X509_add_ext");
	X509_EXTENSION_free(extension);
}

/* Whom it is for, and a number that no other one has. */
static void
name(X509 *x509, const struct certificate_wish *wish)
{
	const char *common = wish->name != NULL ? wish->name :
	    wish->authority ? "authority" : "localhost";
	X509_NAME *subject = X509_get_subject_name(x509);
	static long serial;
	char names[256];

	harness_must(ASN1_INTEGER_set(X509_get_serialNumber(x509),
	    ++serial) == 1, "a serial number");
	harness_must(X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8,
	    (const unsigned char *)common, -1, -1, 0) == 1, "a name");
	if (wish->authority) {
		extend(x509, NID_basic_constraints, "critical,CA:TRUE");
		extend(x509, NID_key_usage, "critical,keyCertSign");
		return;
	}
	snprintf(names, sizeof(names), "DNS:%s", common);
	extend(x509, NID_subject_alt_name, wish->name != NULL ? names : HERE);
}

static void
date(X509 *x509, bool expired)
{
	harness_must(X509_gmtime_adj(X509_getm_notBefore(x509),
	    expired ? -48 * HOUR_S : -HOUR_S) != NULL, "a date");
	harness_must(X509_gmtime_adj(X509_getm_notAfter(x509),
	    expired ? -HOUR_S : 24 * HOUR_S) != NULL, "a date");
}

static void
sign(struct certificate *certificate, const struct certificate *issuer)
{
	X509 *x509 = certificate->x509;

	harness_must(X509_set_issuer_name(x509,
	    X509_get_subject_name(issuer->x509)) == 1, "an issuer");
	harness_must(X509_sign(x509, issuer->key, EVP_sha256()) > 0,
	    "X509_sign");
}

struct certificate *
certificate_new(const struct certificate_wish *wish)
{
	static const struct certificate_wish none;
	struct certificate *certificate = calloc(1, sizeof(*certificate));

	if (wish == NULL)
		wish = &none;
	harness_must(certificate != NULL, "memory");
	certificate->key = EVP_EC_gen("P-256");
	certificate->x509 = X509_new();
	harness_must(certificate->key != NULL && certificate->x509 != NULL,
	    "a key and a certificate");
	harness_must(X509_set_version(certificate->x509,
	    X509_VERSION_3) == 1, "X509_set_version");
	harness_must(X509_set_pubkey(certificate->x509,
	    certificate->key) == 1, "X509_set_pubkey");
	name(certificate->x509, wish);
	date(certificate->x509, wish->expired);
	sign(certificate, wish->issuer != NULL ? wish->issuer : certificate);
	return certificate;
}

void
certificate_free(struct certificate *certificate)
{
	if (certificate == NULL)
		return;
	X509_free(certificate->x509);
	EVP_PKEY_free(certificate->key);
	free(certificate);
}

X509 *
certificate_x509(const struct certificate *certificate)
{
	return certificate->x509;
}

EVP_PKEY *
certificate_key(const struct certificate *certificate)
{
	return certificate->key;
}

/* Contexts */

static SSL_CTX *
context_new(const SSL_METHOD *method)
{
	SSL_CTX *context = SSL_CTX_new(method);

	harness_must(context != NULL, "SSL_CTX_new");
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
	return context;
}

SSL_CTX *
certificate_server_context(const struct certificate *certificate)
{
	SSL_CTX *context = context_new(TLS_server_method());

	harness_must(SSL_CTX_use_certificate(context,
	    certificate->x509) == 1, "SSL_CTX_use_certificate");
	harness_must(SSL_CTX_use_PrivateKey(context, certificate->key) == 1,
	    "SSL_CTX_use_PrivateKey");
	return context;
}

SSL_CTX *
certificate_client_context(const struct certificate *trusted)
{
	SSL_CTX *context = context_new(TLS_client_method());

	if (trusted == NULL)
		return context;
	harness_must(X509_STORE_add_cert(SSL_CTX_get_cert_store(context),
	    trusted->x509) == 1, "X509_STORE_add_cert");
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	return context;
}

static SSL_CTX *shared_server, *shared_client;

static void
share(void)
{
	struct certificate *certificate;

	if (shared_server != NULL)
		return;
	certificate = certificate_new(NULL);
	shared_server = certificate_server_context(certificate);
	shared_client = certificate_client_context(certificate);
	certificate_free(certificate);
}

SSL_CTX *
certificate_shared_server(void)
{
	share();
	return shared_server;
}

SSL_CTX *
certificate_shared_client(void)
{
	share();
	return shared_client;
}
