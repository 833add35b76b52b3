/*
 * The certificates of the tests: each is accepted, or refused, for the very
 * reason that was wished for. Both ends are in memory.
 */

#include <openssl/bio.h>
#include <openssl/x509v3.h>
#include "certificate.h"
#include "harness.h"

#define STEPS_MAX 20 /* of a handshake */

static bool
step(SSL *ssl)
{
	return SSL_do_handshake(ssl) == 1;
}

/* A client that looks for a host. @return why it refuses, or X509_V_OK */
static long
shake_hands(SSL_CTX *server, SSL_CTX *client, const char *host)
{
	SSL *ends[2] = { SSL_new(server), SSL_new(client) };
	BIO *wire[2];
	bool done = false;
	long why;
	int i;

	ck_assert_int_eq(BIO_new_bio_pair(&wire[0], 0, &wire[1], 0), 1);
	for (i = 0; i < 2; i++)
		SSL_set_bio(ends[i], wire[i], wire[i]);
	SSL_set_accept_state(ends[0]);
	SSL_set_connect_state(ends[1]);
	ck_assert_int_eq(SSL_set1_host(ends[1], host), 1);
	for (i = 0; i < STEPS_MAX; i++) {
		done = step(ends[1]);
		done = step(ends[0]) && done;
	}
	why = SSL_get_verify_result(ends[1]);
	ck_assert_int_eq(done, why == X509_V_OK);
	SSL_free(ends[0]);
	SSL_free(ends[1]);
	return why;
}

/* What a client that trusts one of them says of a server that shows another. */
static long
judge(const struct certificate *shown, const struct certificate *trusted,
    const char *host)
{
	SSL_CTX *server = certificate_server_context(shown);
	SSL_CTX *client = certificate_client_context(trusted);
	long why = shake_hands(server, client, host);

	SSL_CTX_free(server);
	SSL_CTX_free(client);
	return why;
}

START_TEST(one_that_is_trusted_is_accepted)
{
	struct certificate *one = certificate_new(NULL);

	ck_assert_int_eq(judge(one, one, "localhost"), X509_V_OK);
	certificate_free(one);
}
END_TEST

START_TEST(one_that_nobody_trusts_is_refused)
{
	struct certificate *one = certificate_new(NULL);
	struct certificate *other = certificate_new(NULL);

	ck_assert_int_ne(judge(one, other, "localhost"), X509_V_OK);
	certificate_free(one);
	certificate_free(other);
}
END_TEST

START_TEST(one_that_has_expired_is_refused)
{
	static const struct certificate_wish wish = { .expired = true };
	struct certificate *one = certificate_new(&wish);

	ck_assert_int_eq(judge(one, one, "localhost"),
	    X509_V_ERR_CERT_HAS_EXPIRED);
	certificate_free(one);
}
END_TEST

START_TEST(one_for_another_name_is_refused)
{
	static const struct certificate_wish wish = {
		.name = "other.example" };
	struct certificate *one = certificate_new(&wish);

	ck_assert_int_eq(judge(one, one, "localhost"),
	    X509_V_ERR_HOSTNAME_MISMATCH);
	ck_assert_int_eq(judge(one, one, "other.example"), X509_V_OK);
	certificate_free(one);
}
END_TEST

START_TEST(one_that_an_authority_signed_is_accepted)
{
	static const struct certificate_wish wish = { .authority = true };
	struct certificate *authority = certificate_new(&wish);
	struct certificate *one = certificate_new(
	    &(struct certificate_wish){ .issuer = authority });

	ck_assert_int_eq(judge(one, authority, "localhost"), X509_V_OK);
	ck_assert_int_eq(X509_check_ip_asc(certificate_x509(one), "::1", 0), 1);
	certificate_free(one);
	certificate_free(authority);
}
END_TEST

START_TEST(the_shared_ones_trust_each_other)
{
	ck_assert_int_eq(shake_hands(certificate_shared_server(),
	    certificate_shared_client(), "localhost"), X509_V_OK);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("certificate");
	TCase *tcase = harness_case(suite, "wishes");

	tcase_add_test(tcase, one_that_is_trusted_is_accepted);
	tcase_add_test(tcase, one_that_nobody_trusts_is_refused);
	tcase_add_test(tcase, one_that_has_expired_is_refused);
	tcase_add_test(tcase, one_for_another_name_is_refused);
	tcase_add_test(tcase, one_that_an_authority_signed_is_accepted);
	tcase_add_test(tcase, the_shared_ones_trust_each_other);
	return harness_main(suite);
}
