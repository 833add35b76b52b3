/*
 * What a server of TLS has to set, in a context that all its channels share: a
 * certificate with the chain that leads to it, the key for it, and what
 * OpenSSL leaves open. Whoever wants another setting makes it in the context
 * afterwards.
 */

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#pragma GCC visibility push(default)
#include <evchat/openssl.h>
#pragma GCC visibility pop

/* Whose sessions these are. OpenSSL resumes none without, where clients show
 * certificates. */
static const unsigned char session_context[] = "evchat";

/* A server has nobody to ask, and a terminal may not be there. */
static int
no_passphrase(char *text, int size, int is_writing, void *arg)
{
	(void)text;
	(void)size;
	(void)is_writing;
	(void)arg;
	return (-1);
}

/* What the system's administrator asks for beyond that holds as well. */
static bool
set_versions(SSL_CTX *ctx)
{
	int least = (int)SSL_CTX_get_min_proto_version(ctx);

	return (least >= TLS1_2_VERSION ||
	    SSL_CTX_set_min_proto_version(ctx, TLS1_2_VERSION) == 1);
}

static bool
read_files(SSL_CTX *ctx, const char *certificates, const char *key)
{
	bool is_read;

	SSL_CTX_set_default_passwd_cb(ctx, no_passphrase);
	is_read = SSL_CTX_use_certificate_chain_file(ctx, certificates) == 1 &&
	    SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) == 1 &&
	    SSL_CTX_check_private_key(ctx) == 1;
	SSL_CTX_set_default_passwd_cb(ctx, NULL);
	return (is_read);
}

static bool
set_up(SSL_CTX *ctx, const char *certificates, const char *key)
{
	(void)SSL_CTX_set_options(ctx, SSL_OP_NO_RENEGOTIATION);
	return (set_versions(ctx) &&
	    SSL_CTX_set_session_id_context(ctx, session_context,
	    sizeof(session_context) - 1) == 1 &&
	    read_files(ctx, certificates, key));
}

/* The first of OpenSSL's errors is the cause; it has the system's, too. */
static int
error_number(void)
{
	unsigned long cause = ERR_peek_error();

	if (ERR_GET_LIB(cause) == ERR_LIB_SYS)
		return (ERR_GET_REASON(cause));
	/* Without memory for an error there is none. */
	return (cause == 0 || ERR_GET_REASON(cause) == ERR_R_MALLOC_FAILURE ?
	    ENOMEM : EINVAL);
}

SSL_CTX *
evchat_ssl_server_ctx_new(const char *certificates, const char *key)
{
	SSL_CTX *ctx;

	ERR_clear_error();
	if (certificates == NULL || key == NULL) {
		errno = EINVAL;
		return (NULL);
	}
	ctx = SSL_CTX_new(TLS_server_method());
	if (ctx != NULL && set_up(ctx, certificates, key))
		return (ctx);
	SSL_CTX_free(ctx);
	errno = error_number();
	return (NULL);
}
