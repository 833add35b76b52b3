#ifndef CERTIFICATE_H
#define CERTIFICATE_H

/*
 * Certificates for the tests of TLS, made when they are wanted and nowhere but
 * in memory: a key on P-256, and what a wish says of it. By default one signs
 * itself, for localhost, 127.0.0.1 and ::1, and is valid from an hour ago to
 * tomorrow.
 *
 * None of these fails: what cannot be made fails the running Check test.
 */

#include <stdbool.h>
#include <openssl/ssl.h>

struct certificate;

struct certificate_wish {
	const char *name;   /* the host it is for; NULL: this one, as above */
	bool expired;       /* since an hour */
	bool authority;     /* it may sign others, and is for no host */
	const struct certificate *issuer; /* who signs; NULL: itself */
};

/* NULL: no wishes. */
struct certificate *certificate_new(const struct certificate_wish *wish);
void certificate_free(struct certificate *certificate);

/* Borrowed until the certificate is freed, as the key is. */
X509 *certificate_x509(const struct certificate *certificate);
EVP_PKEY *certificate_key(const struct certificate *certificate);

/* Contexts, each to be freed with SSL_CTX_free(): a server that shows this one;
 * its issuer, if it has one, is not shown. */
SSL_CTX *certificate_server_context(const struct certificate *certificate);
/* A client that trusts this one, and no other; NULL: it does not look. */
SSL_CTX *certificate_client_context(const struct certificate *trusted);

/* A pair of them that trust each other: made once in a process, never freed. */
SSL_CTX *certificate_shared_server(void);
SSL_CTX *certificate_shared_client(void);

#endif
