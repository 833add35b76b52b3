/*
 * Ends of a conversation over TLS that are not proper ones: what a peer sees
 * of evchat_reset(), that a close_notify for a peer that is gone raises no
 * signal, and what closed still finds of the SSL.
 */

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <openssl/x509.h>
#include "certificate.h"
#include "harness.h"
#include "secure.h"
#include "talk.h"

/* Resets */

static const unsigned in_place_and_on_top[] = { 0, EVCHAT_OPT_THREADSAFE,
    EVCHAT_OPT_BUFFEREVENT_IO };

#define RESETS (2 * 2 * 3) /* which end, is it held, and those */

START_TEST(reset_goes_through_tls_without_a_close_notify)
{
	struct talk t = talk_new(2 * SECURE_TCP + _i % 2,
	    in_place_and_on_top[_i / 4]);
	struct evchat *chat = t.chat->chat;
	bool hold = _i / 2 % 2;

	secure_starttls(t.chat);
	bare_run(t.bare);
	secure_say(t.chat, "the first half");
	bare_run(t.bare);
	bare_expect(t.bare, "the first half\r\n");
	if (hold)
		evchat_incref(chat);
	evchat_reset(chat);
	secure_expect(t.chat, "connected|closed:freed");
	bare_run(t.bare);
	ck_assert(!bare_is_closed(t.bare));
	ck_assert_int_eq(t.bare->error, ECONNRESET);
	if (hold)
		evchat_decref(chat);
	talk_free(&t);
}
END_TEST

/* SIGPIPE */

static volatile sig_atomic_t signals;

static void
on_signal(int number)
{
	(void)number;
	signals++;
}

static void
block(int how)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGPIPE);
	ck_assert_int_eq(sigprocmask(how, &set, NULL), 0);
}

static bool
is_pending(void)
{
	sigset_t set;

	ck_assert_int_eq(sigpending(&set), 0);
	return sigismember(&set, SIGPIPE) == 1;
}

static bool
is_blocked(void)
{
	sigset_t set;

	ck_assert_int_eq(sigprocmask(SIG_BLOCK, NULL, &set), 0);
	return sigismember(&set, SIGPIPE) == 1;
}

/*
 * Close when nothing can be sent any more, which is not known yet: at this end
 * the write side is shut, so that even TCP says so at the first byte.
 */
static void
close_in_vain(int i, void (*end)(struct evchat *chat))
{
	struct talk t = talk_start(i, 0, 0);
	struct bufferevent *bev = evchat_get_bufferevent(t.chat->chat);
	int fd;

	while (bufferevent_get_underlying(bev) != NULL)
		bev = bufferevent_get_underlying(bev);
	fd = bufferevent_getfd(bev);
	ck_assert_int_eq(shutdown(fd, SHUT_WR), 0);
	end(t.chat->chat);
	secure_run(t.s);
	secure_hang_up(t.bare->end);
	bare_run_until_closed(t.bare);
	talk_free(&t);
}

static void
push_eof(struct evchat *chat)
{
	ck_assert_int_eq(evchat_push_eof(chat), 0);
}

/* Those whose SSL has the descriptor itself; elsewhere it is libevent that writes. */
static const int in_place[] = { 2 * SECURE_SOCKET, 2 * SECURE_SOCKET + 1,
    2 * SECURE_TCP, 2 * SECURE_TCP + 1 };

#ifdef EVCHAT_NO_DIRECT_IO
#define IN_PLACE 0 /* TLS is a filter on all of them */
#else
#define IN_PLACE ((int)(sizeof(in_place) / sizeof(in_place[0])))
#endif

START_TEST(close_notify_that_nobody_takes_raises_no_signal)
{
	(void)signal(SIGPIPE, on_signal);
	signals = 0;
	close_in_vain(in_place[_i], evchat_close_when_done);
	close_in_vain(in_place[_i], push_eof);
	(void)signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(signals, 0);
	ck_assert(!is_blocked());
	ck_assert(!is_pending());
}
END_TEST

/* It would end the program. */
START_TEST(close_notify_that_nobody_takes_kills_nobody)
{
	(void)signal(SIGPIPE, SIG_DFL);
	close_in_vain(in_place[_i], evchat_close_when_done);
	(void)signal(SIGPIPE, SIG_IGN);
}
END_TEST

/* Who has it blocked gets none of ours, and keeps the one that there was. */
START_TEST(signal_that_is_blocked_stays_as_it_was)
{
	(void)signal(SIGPIPE, on_signal);
	signals = 0;
	block(SIG_BLOCK);
	close_in_vain(in_place[_i], evchat_close_when_done);
	ck_assert(is_blocked());
	ck_assert(!is_pending());
	ck_assert_int_eq(raise(SIGPIPE), 0);
	close_in_vain(in_place[_i], evchat_close_when_done);
	ck_assert(is_pending());
	block(SIG_UNBLOCK);
	(void)signal(SIGPIPE, SIG_IGN);
	ck_assert_int_eq(signals, 1);
}
END_TEST

/* What closed finds */

static void
note_ssl(struct secure_end *end)
{
	SSL *ssl = evchat_get_ssl(end->chat);

	ck_assert_ptr_null(evchat_get_bufferevent(end->chat));
	unit_note(&end->text, "%s", ssl == NULL ? "no SSL" :
	    SSL_get_version(ssl));
}

START_TEST(ssl_is_there_in_closed_and_not_behind_it)
{
	struct talk t = talk_start(_i, 0, 0);
	struct evchat *chat = t.chat->chat;

	t.chat->ended = note_ssl;
	ck_assert_ptr_nonnull(evchat_get_ssl(chat));
	evchat_incref(chat);
	bare_close(t.bare);
	bare_run(t.bare);
	secure_hang_up(t.bare->end);
	bare_run_until_closed(t.bare);
	secure_expect(t.chat, "connected|eof|closed:eof|TLSv1.3");
	ck_assert_ptr_null(evchat_get_ssl(chat));
	evchat_decref(chat);
	talk_free(&t);
}
END_TEST

START_TEST(without_tls_there_is_no_ssl_in_closed)
{
	struct secure *s = secure_new(_i);

	s->server.ended = note_ssl;
	evchat_free(s->server.chat);
	secure_expect(&s->server, "closed:freed|no SSL");
	secure_run_until_closed(s);
	secure_free(s);
}
END_TEST

/* Whose certificate it was, and why it was not good enough. */
static void
note_refusal(struct secure_end *end)
{
	SSL *ssl = evchat_get_ssl(end->chat);
	STACK_OF(X509) *chain;

	ck_assert_ptr_nonnull(ssl);
	chain = SSL_get0_verified_chain(ssl);
	ck_assert_ptr_nonnull(chain);
	ck_assert_int_eq(X509_cmp(sk_X509_value(chain, 0),
	    SSL_CTX_get0_certificate(end->of->server_ctx)), 0);
	unit_note(&end->text, "%s",
	    X509_verify_cert_error_string(SSL_get_verify_result(ssl)));
}

START_TEST(certificate_that_was_refused_can_be_looked_at_in_closed)
{
	struct certificate *stranger = certificate_new(NULL);
	SSL_CTX *ctx = certificate_server_context(stranger);
	struct secure *s = secure_new(_i);

	s->server_ctx = ctx;
	s->client.ended = note_refusal;
	secure_both(s);
	secure_run_until_closed(s);
	secure_expect(&s->client, "closed:tls|(TLS: certificate refused: "
	    "self-signed certificate)|self-signed certificate");
	secure_free(s);
	SSL_CTX_free(ctx);
	certificate_free(stranger);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tls_abrupt");
	TCase *tc = harness_case(suite, "reset");

	tcase_add_loop_test(tc, reset_goes_through_tls_without_a_close_notify,
	    0, RESETS);
	tc = harness_case(suite, "signals");
	tcase_add_loop_test(tc, close_notify_that_nobody_takes_raises_no_signal,
	    0, IN_PLACE);
	tcase_add_loop_test(tc, close_notify_that_nobody_takes_kills_nobody, 0,
	    IN_PLACE);
	tcase_add_loop_test(tc, signal_that_is_blocked_stays_as_it_was, 0,
	    IN_PLACE);
	tc = harness_case(suite, "closed");
	tcase_add_loop_test(tc, ssl_is_there_in_closed_and_not_behind_it, 0,
	    TALKS);
	tcase_add_loop_test(tc, without_tls_there_is_no_ssl_in_closed, 0,
	    SECURE_WIRES);
	tcase_add_loop_test(tc,
	    certificate_that_was_refused_can_be_looked_at_in_closed, 0,
	    SECURE_WIRES);
	return harness_main(suite);
}
