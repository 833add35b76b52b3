/*
 * What a server of TLS has to set: evchat_ssl_server_ctx_new(). What is wrong
 * with the files is told, in errno and in OpenSSL's words; what is right is
 * used. Client and server speak through memory here.
 */

#define _DEFAULT_SOURCE /* mkdtemp */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <evchat/openssl.h>
#include "certificate.h"
#include "harness.h"
#include "unit.h"

#define STRIDE 16 /* from one failing allocation to the next */

/* OpenSSL's memory */

static long fail_in; /* up to and with the failing one; 0: none */
static long blocks;

static bool
must_fail(void)
{
	return fail_in > 0 && --fail_in == 0;
}

static void *
take(size_t size, const char *file, int line)
{
	void *block;

	(void)file;
	(void)line;
	if (size == 0 || must_fail() || (block = malloc(size)) == NULL)
		return NULL;
	blocks++;
	return block;
}

static void
give_back(void *block, const char *file, int line)
{
	(void)file;
	(void)line;
	if (block != NULL)
		blocks--;
	free(block);
}

static void *
resize(void *old, size_t size, const char *file, int line)
{
	if (old == NULL)
		return take(size, file, line);
	if (size == 0) {
		give_back(old, file, line);
		return NULL;
	}
	return must_fail() ? NULL : realloc(old, size);
}

/* Files */

struct files {
	char directory[32];
	char chain[64], key[64], other[64];
	struct certificate *root, *middle, *leaf, *stranger;
};

static FILE *
file_at(struct files *f, const char *name, char path[64])
{
	FILE *file;

	snprintf(path, 64, "%s/%s", f->directory, name);
	file = fopen(path, "w");
	ck_assert_ptr_nonnull(file);
	return file;
}

/* passphrase may be NULL */
static void
write_key(struct files *f, const char *name, char path[64], EVP_PKEY *key,
    const char *passphrase)
{
	FILE *file = file_at(f, name, path);

	ck_assert_int_eq(PEM_write_PrivateKey(file, key,
	    passphrase != NULL ? EVP_aes_128_cbc() : NULL, NULL, 0, NULL,
	    (void *)(uintptr_t)passphrase), 1);
	ck_assert_int_eq(fclose(file), 0);
}

/* A server's certificate, which a root vouches for by one in the middle. */
static void
files_make(struct files *f)
{
	struct certificate_wish wish = { .authority = true, .name = "root" };
	FILE *file;

	memset(f, 0, sizeof(*f));
	strcpy(f->directory, "/tmp/evchat-context.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(f->directory));
	f->root = certificate_new(&wish);
	wish.name = "middle";
	wish.issuer = f->root;
	f->middle = certificate_new(&wish);
	wish = (struct certificate_wish){ .issuer = f->middle };
	f->leaf = certificate_new(&wish);
	f->stranger = certificate_new(NULL);
	file = file_at(f, "chain", f->chain);
	PEM_write_X509(file, certificate_x509(f->leaf));
	PEM_write_X509(file, certificate_x509(f->middle));
	ck_assert_int_eq(fclose(file), 0);
	write_key(f, "key", f->key, certificate_key(f->leaf), NULL);
}

static void
files_free(struct files *f)
{
	char other[64];

	fclose(file_at(f, "other", other));
	unlink(other);
	unlink(f->chain);
	unlink(f->key);
	ck_assert_int_eq(rmdir(f->directory), 0);
	certificate_free(f->root);
	certificate_free(f->middle);
	certificate_free(f->leaf);
	certificate_free(f->stranger);
	ERR_clear_error();
}

static SSL_CTX *
make(struct files *f)
{
	SSL_CTX *ctx;

	errno = 0;
	ctx = evchat_ssl_server_ctx_new(f->chain, f->key);
	ck_assert_ptr_nonnull(ctx);
	ck_assert_uint_eq(ERR_peek_error(), 0);
	return ctx;
}

/* Conversations */

struct talk {
	SSL *server, *client;
	bool ready;
};

static void
talk_free(struct talk *t)
{
	SSL_free(t->server);
	SSL_free(t->client);
	ERR_clear_error();
}

static void
shake_hands(struct talk *t)
{
	int i, server = 0, client = 0;
	char byte;

	for (i = 0; i < 20; i++) {
		client = SSL_do_handshake(t->client);
		server = SSL_do_handshake(t->server);
	}
	t->ready = client == 1 && server == 1;
	/* What comes behind: the sessions of TLS 1.3. */
	if (t->ready)
		(void)SSL_read(t->client, &byte, 1);
}

/* session may be NULL */
static struct talk
talk(SSL_CTX *server, SSL_CTX *client, SSL_SESSION *session)
{
	BIO *here, *there;
	struct talk t;

	ck_assert_int_eq(BIO_new_bio_pair(&here, 0, &there, 0), 1);
	t.server = SSL_new(server);
	t.client = evchat_ssl_client_new(client, "localhost");
	ck_assert(t.server != NULL && t.client != NULL);
	SSL_set_bio(t.server, here, here);
	SSL_set_bio(t.client, there, there);
	SSL_set_accept_state(t.server);
	SSL_set_connect_state(t.client);
	if (session != NULL)
		ck_assert_int_eq(SSL_set_session(t.client, session), 1);
	shake_hands(&t);
	return t;
}

/* What is refused */

static void
refuses(const char *certificates, const char *key, int error)
{
	errno = 0;
	ck_assert_ptr_null(evchat_ssl_server_ctx_new(certificates, key));
	ck_assert_int_eq(errno, error);
	ck_assert(certificates == NULL || key == NULL ||
	    ERR_peek_error() != 0);
	ERR_clear_error();
}

START_TEST(file_that_is_not_there_is_told)
{
	struct files f;
	char none[80];

	files_make(&f);
	snprintf(none, sizeof(none), "%s/none", f.directory);
	refuses(none, f.key, ENOENT);
	refuses(f.chain, none, ENOENT);
	refuses(none, none, ENOENT);
	refuses(NULL, f.key, EINVAL);
	refuses(f.chain, NULL, EINVAL);
	files_free(&f);
}
END_TEST

START_TEST(file_that_is_not_pem_is_told)
{
	static const char *const texts[] = { "", "nonsense\n",
		"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
		"-----BEGIN CERTIFICATE-----\n" };
	struct files f;
	FILE *file;

	files_make(&f);
	file = file_at(&f, "other", f.other);
	fputs(texts[_i], file);
	ck_assert_int_eq(fclose(file), 0);
	refuses(f.other, f.key, EINVAL);
	refuses(f.chain, f.other, EINVAL);
	/* Each is good, as what it is not. */
	refuses(f.key, f.key, EINVAL);
	refuses(f.chain, f.chain, EINVAL);
	files_free(&f);
}
END_TEST

/* The first one is good, and what is behind it is not. */
START_TEST(broken_chain_is_told)
{
	struct files f;
	FILE *file;

	files_make(&f);
	file = fopen(f.chain, "a");
	fputs("-----BEGIN CERTIFICATE-----\nAAAA\n"
	    "-----END CERTIFICATE-----\n", file);
	ck_assert_int_eq(fclose(file), 0);
	refuses(f.chain, f.key, EINVAL);
	files_free(&f);
}
END_TEST

START_TEST(key_of_another_is_told)
{
	EVP_PKEY *rsa = EVP_RSA_gen(2048);
	struct files f;

	files_make(&f);
	write_key(&f, "other", f.other, certificate_key(f.stranger), NULL);
	refuses(f.chain, f.other, EINVAL);
	write_key(&f, "other", f.other, certificate_key(f.middle), NULL);
	refuses(f.chain, f.other, EINVAL);
	write_key(&f, "other", f.other, rsa, NULL);
	refuses(f.chain, f.other, EINVAL);
	EVP_PKEY_free(rsa);
	files_free(&f);
}
END_TEST

/* It must not ask at the terminal: that would be an error of OpenSSL's UI. */
START_TEST(key_with_a_passphrase_is_told)
{
	struct files f;
	unsigned long error;

	files_make(&f);
	write_key(&f, "other", f.other, certificate_key(f.leaf), "secret");
	ck_assert_ptr_null(evchat_ssl_server_ctx_new(f.chain, f.other));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_uint_ne(ERR_peek_error(), 0);
	while ((error = ERR_get_error()) != 0)
		ck_assert_int_ne(ERR_GET_LIB(error), ERR_LIB_UI);
	files_free(&f);
}
END_TEST

START_TEST(one_file_may_have_both)
{
	struct files f;
	SSL_CTX *ctx;
	FILE *file;

	files_make(&f);
	file = fopen(f.chain, "a");
	ck_assert_int_eq(PEM_write_PrivateKey(file, certificate_key(f.leaf),
	    NULL, NULL, 0, NULL, NULL), 1);
	ck_assert_int_eq(fclose(file), 0);
	ctx = evchat_ssl_server_ctx_new(f.chain, f.chain);
	ck_assert_ptr_nonnull(ctx);
	SSL_CTX_free(ctx);
	files_free(&f);
}
END_TEST

/* An error from before is none of this. */
START_TEST(old_errors_are_forgotten)
{
	struct files f;
	char none[80];

	files_make(&f);
	ERR_raise(ERR_LIB_SYS, EPERM);
	SSL_CTX_free(make(&f));
	snprintf(none, sizeof(none), "%s/none", f.directory);
	ERR_raise(ERR_LIB_SYS, EPERM);
	refuses(none, f.key, ENOENT);
	ERR_raise(ERR_LIB_SYS, EPERM);
	fail_in = 1;
	ck_assert_ptr_null(evchat_ssl_server_ctx_new(f.chain, f.key));
	ck_assert_int_eq(errno, ENOMEM);
	files_free(&f);
}
END_TEST

/* What is used */

START_TEST(chain_is_sent)
{
	struct files f;
	SSL_CTX *ctx, *client;
	struct talk t;

	files_make(&f);
	ctx = make(&f);
	client = certificate_client_context(f.root);
	t = talk(ctx, client, NULL);
	ck_assert(t.ready);
	ck_assert_int_eq(sk_X509_num(SSL_get_peer_cert_chain(t.client)), 2);
	ck_assert_int_eq(SSL_get_verify_result(t.client), X509_V_OK);
	talk_free(&t);
	SSL_CTX_free(client);
	SSL_CTX_free(ctx);
	files_free(&f);
}
END_TEST

/* On both sides all else would let it. */
static bool
speaks(int version)
{
	struct files f;
	SSL_CTX *ctx, *client;
	struct talk t;

	files_make(&f);
	ctx = make(&f);
	client = certificate_client_context(f.root);
	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_security_level(client, 0);
	ck_assert_int_eq(SSL_CTX_set_min_proto_version(client, version), 1);
	ck_assert_int_eq(SSL_CTX_set_max_proto_version(client, version), 1);
	t = talk(ctx, client, NULL);
	talk_free(&t);
	SSL_CTX_free(client);
	SSL_CTX_free(ctx);
	files_free(&f);
	return t.ready;
}

START_TEST(old_versions_are_refused)
{
	ck_assert(!speaks(TLS1_VERSION));
	ck_assert(!speaks(TLS1_1_VERSION));
	ck_assert(speaks(TLS1_2_VERSION));
	ck_assert(speaks(TLS1_3_VERSION));
}
END_TEST

START_TEST(nobody_renegotiates)
{
	struct files f;
	SSL_CTX *ctx;

	files_make(&f);
	ctx = make(&f);
	ck_assert(SSL_CTX_get_options(ctx) & SSL_OP_NO_RENEGOTIATION);
	SSL_CTX_free(ctx);
	files_free(&f);
}
END_TEST

static int
anybody(int preverified, X509_STORE_CTX *store)
{
	(void)preverified;
	(void)store;
	return 1;
}

/* Where clients show certificates sessions need a context of their own. */
static void
resume(int version, bool tickets, bool shows)
{
	struct files f;
	SSL_CTX *ctx, *client;
	SSL_SESSION *session;
	struct talk t;

	files_make(&f);
	ctx = make(&f);
	client = certificate_client_context(f.root);
	SSL_CTX_set_max_proto_version(ctx, version);
	if (!tickets)
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
	if (shows)
		SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, anybody);
	SSL_CTX_use_certificate(client, certificate_x509(f.stranger));
	SSL_CTX_use_PrivateKey(client, certificate_key(f.stranger));
	t = talk(ctx, client, NULL);
	ck_assert(t.ready && !SSL_session_reused(t.client));
	session = SSL_get1_session(t.client);
	/* Else the server forgets it. */
	SSL_shutdown(t.client);
	SSL_shutdown(t.server);
	talk_free(&t);
	t = talk(ctx, client, session);
	ck_assert(t.ready && SSL_session_reused(t.client));
	SSL_SESSION_free(session);
	talk_free(&t);
	SSL_CTX_free(client);
	SSL_CTX_free(ctx);
	files_free(&f);
}

START_TEST(sessions_are_resumed)
{
	resume(_i & 1 ? TLS1_2_VERSION : TLS1_3_VERSION, _i & 2, _i & 4);
}
END_TEST

/* Without memory */

/* How often OpenSSL has said what it was; it cannot always tell. */
static long told;

/* @return whether that allocation was reached */
static bool
make_without(struct files *f, long n)
{
	SSL_CTX *ctx;
	bool reached;

	errno = 0;
	fail_in = n;
	ctx = evchat_ssl_server_ctx_new(f->chain, f->key);
	reached = fail_in == 0;
	fail_in = 0;
	ck_assert(ctx != NULL || (reached && (errno == ENOMEM ||
	    errno == EINVAL)));
	told += ctx == NULL && errno == ENOMEM;
	/* Something may be done without; but not by halves. */
	if (ctx != NULL) {
		ck_assert_int_eq(SSL_CTX_check_private_key(ctx), 1);
		ck_assert_int_ge(SSL_CTX_get_min_proto_version(ctx),
		    TLS1_2_VERSION);
	}
	SSL_CTX_free(ctx);
	ERR_clear_error();
	return reached;
}

/* There are thousands, and many are alike. */
START_TEST(allocations_may_fail)
{
	struct files f;
	long before, n = 1 + (long)unit_random(STRIDE);

	files_make(&f);
	SSL_CTX_free(make(&f)); /* what OpenSSL keeps for good */
	SSL_CTX_free(make(&f));
	before = blocks;
	while (make_without(&f, n))
		n += STRIDE;
	ck_assert_int_gt(n, 1000);
	ck_assert_int_gt(told, 10);
	ck_assert_int_le(blocks, before + 8);
	files_free(&f);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tls_server");
	TCase *tc = harness_case(suite, "context");

	if (CRYPTO_set_mem_functions(take, resize, give_back) != 1)
		return EXIT_FAILURE;
	tcase_add_test(tc, file_that_is_not_there_is_told);
	tcase_add_loop_test(tc, file_that_is_not_pem_is_told, 0, 5);
	tcase_add_test(tc, broken_chain_is_told);
	tcase_add_test(tc, key_of_another_is_told);
	tcase_add_test(tc, key_with_a_passphrase_is_told);
	tcase_add_test(tc, one_file_may_have_both);
	tcase_add_test(tc, old_errors_are_forgotten);
	tcase_add_test(tc, chain_is_sent);
	tcase_add_test(tc, old_versions_are_refused);
	tcase_add_test(tc, nobody_renegotiates);
	tcase_add_loop_test(tc, sessions_are_resumed, 0, 8);
	tcase_add_test(tc, allocations_may_fail);
	return harness_main(suite);
}
