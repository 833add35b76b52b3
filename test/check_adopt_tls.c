/*
 * Channels on TLS bufferevents of the application's own, of the two kinds that
 * libevent has, adopted before the handshake and behind it: they end as those
 * do that went over by themselves, and fail in words.
 */

#include <errno.h>
#include <string.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include "bare.h"
#include "certificate.h"
#include "harness.h"
#include "secure.h"

/* A loop test's number: the kind of bufferevent, the role, and when. */
static const struct kind {
	bool filter;
	int options;
} kinds[] = {
	{ false, 0 }, { false, BEV_OPT_DEFER_CALLBACKS },
	{ false, BEV_OPT_THREADSAFE | BEV_OPT_DEFER_CALLBACKS },
	{ true, 0 }, { true, BEV_OPT_DEFER_CALLBACKS }
};
#define KINDS (int)(sizeof(kinds) / sizeof(kinds[0]))
#define RUNS (KINDS * 2 * 2)

struct adopted {
	struct secure *s;
	struct secure_end *chat;
	struct bare *bare;
	bool late; /* adopt when the handshake is over */
};

static struct bufferevent *
make_bev(const struct kind *kind, struct secure_end *end, int fd)
{
	struct secure *s = end->of;
	bool server = end->role == EVCHAT_TLS_ACCEPT;
	SSL *ssl = server ? SSL_new(s->server_ctx) :
	    evchat_ssl_client_new(s->client_ctx, s->host);
	enum bufferevent_ssl_state state = server ?
	    BUFFEREVENT_SSL_ACCEPTING : BUFFEREVENT_SSL_CONNECTING;
	int options = kind->options | BEV_OPT_CLOSE_ON_FREE;

	if (!kind->filter)
		return bufferevent_openssl_socket_new(s->base, fd, ssl, state,
		    options);
	return bufferevent_openssl_filter_new(s->base,
	    bufferevent_socket_new(s->base, fd, BEV_OPT_CLOSE_ON_FREE), ssl,
	    state, options);
}

/* Ends with descriptors, of which one is made a channel; not adopted. */
static struct adopted
make(int i)
{
	struct secure *s = secure_new_with(SECURE_TCP, 0, 0);
	struct adopted t = { .s = s, .late = i % 2 == 1 };
	bool server = i / 2 % 2 == 0;
	int fd;

	t.chat = server ? &s->server : &s->client;
	fd = t.chat->fd;
	t.chat->fd = -1;
	t.bare = bare_new(server ? &s->client : &s->server, NULL);
	t.chat->chat = evchat_new(make_bev(&kinds[i / 4], t.chat, fd),
	    t.chat->hooks, t.chat, 0);
	ck_assert_ptr_nonnull(t.chat->chat);
	t.chat->made++;
	ck_assert_int_eq(evchat_set_terminator(t.chat->chat, "\r\n", 2), 0);
	return t;
}

static void
adopt(struct adopted *t, unsigned options)
{
	ck_assert_int_eq(evchat_adopt_tls(t->chat->chat, options), 0);
	ck_assert_ptr_nonnull(evchat_get_ssl(t->chat->chat));
}

/* Adopted and connected. */
static struct adopted
start(int i, unsigned options)
{
	struct adopted t = make(i);

	if (!t.late)
		adopt(&t, options);
	bare_run(t.bare);
	if (t.late)
		adopt(&t, options);
	secure_expect(t.chat, "connected");
	return t;
}

static void
finish(struct adopted *t, const char *transcript)
{
	bare_run_until_closed(t->bare);
	secure_expect(t->chat, transcript);
	bare_free(t->bare);
	secure_free(t->s);
}

START_TEST(channel_ends_with_a_close_notify)
{
	struct adopted t = start(_i, 0);

	bare_say(t.bare, "one\r\n");
	bare_run(t.bare);
	secure_say(t.chat, "bye");
	evchat_close_when_done(t.chat->chat);
	bare_run(t.bare);
	bare_expect(t.bare, "bye\r\n");
	ck_assert(bare_is_closed(t.bare));
	secure_hang_up(t.bare->end);
	finish(&t, "connected|frame:one|closed:done");
}
END_TEST

/* Nobody is there to take the answer, and nothing else is told. */
START_TEST(close_notify_of_the_peer_is_an_end)
{
	struct adopted t = start(_i, 0);

	bare_say(t.bare, "one\r\n");
	bare_close(t.bare);
	(void)bare_turn(t.bare);
	secure_hang_up(t.bare->end);
	finish(&t, "connected|frame:one|eof|closed:eof");
}
END_TEST

START_TEST(cut_is_truncated)
{
	struct adopted t = start(_i, 0);

	bare_say(t.bare, "one\r\ntwo");
	(void)bare_turn(t.bare);
	secure_hang_up(t.bare->end);
	finish(&t, "connected|frame:one|closed:truncated|"
	    "(closed by the peer without a close_notify)");
}
END_TEST

START_TEST(cut_may_be_tolerated)
{
	struct adopted t = start(_i, EVCHAT_TLS_ALLOW_TRUNCATION);

	bare_say(t.bare, "one\r\n");
	(void)bare_turn(t.bare);
	secure_hang_up(t.bare->end);
	finish(&t, "connected|frame:one|eof|closed:eof");
}
END_TEST

/* However the application has set libevent, which would call it an end. */
START_TEST(reset_is_an_error)
{
	struct adopted t = make(_i);
	struct bufferevent *bev = evchat_get_bufferevent(t.chat->chat);

	bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	adopt(&t, EVCHAT_TLS_ALLOW_TRUNCATION);
	bare_run(t.bare);
	secure_reset(t.bare->end);
	finish(&t, "connected|closed:io");
}
END_TEST

START_TEST(cut_in_the_handshake_is_a_failure_of_tls)
{
	struct adopted t = make(_i);

	adopt(&t, 0);
	t.bare->held = true;
	bare_run(t.bare);
	bare_send(t.bare, 20);
	secure_run(t.s);
	secure_hang_up(t.bare->end);
	finish(&t, "closed:tls|(closed by the peer in the TLS handshake)");
}
END_TEST

START_TEST(failure_is_told_in_words)
{
	struct adopted t = start(_i, 0);

	secure_send(t.bare->end, "no TLS at all", 13);
	finish(&t, "connected|closed:tls|(TLS: wrong version number)");
}
END_TEST

START_TEST(certificate_is_refused_in_words)
{
	struct adopted t = make(_i);
	struct certificate *stranger = certificate_new(NULL);
	SSL_CTX *ctx = certificate_server_context(stranger);

	adopt(&t, 0);
	if (t.chat->role == EVCHAT_TLS_CONNECT) {
		SSL_set_SSL_CTX(t.bare->ssl, ctx);
		finish(&t, "closed:tls|(TLS: certificate refused: "
		    "self-signed certificate)");
	} else {
		bare_run(t.bare);
		evchat_free(t.chat->chat);
		finish(&t, "connected|closed:freed");
	}
	SSL_CTX_free(ctx);
	certificate_free(stranger);
}
END_TEST

START_TEST(wrong_calls_are_refused)
{
	struct adopted t = start(_i, 0);

	ck_assert_int_eq(evchat_adopt_tls(t.chat->chat,
	    EVCHAT_TLS_DISCARD_PLAINTEXT), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(evchat_adopt_tls(t.chat->chat, 0), -1);
	ck_assert_int_eq(errno, EALREADY);
	evchat_free(t.chat->chat);
	finish(&t, "connected|closed:freed");
}
END_TEST

/* It goes on as it was made, and without the library. */
START_TEST(adopted_channel_is_detached)
{
	struct adopted t = start(_i, 0);
	struct bufferevent *bev = evchat_detach(t.chat->chat);

	ck_assert_ptr_nonnull(bev);
	ck_assert_int_eq(bufferevent_write(bev, "detached", 8), 0);
	bare_run(t.bare);
	bare_expect(t.bare, "detached");
	bufferevent_free(bev);
	finish(&t, "connected|closed:detached");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("adopt_tls");
	TCase *tc = harness_case(suite, "adopted");

	tcase_add_loop_test(tc, channel_ends_with_a_close_notify, 0, RUNS);
	tcase_add_loop_test(tc, close_notify_of_the_peer_is_an_end, 0, RUNS);
	tcase_add_loop_test(tc, cut_is_truncated, 0, RUNS);
	tcase_add_loop_test(tc, cut_may_be_tolerated, 0, RUNS);
	tcase_add_loop_test(tc, reset_is_an_error, 0, RUNS);
	tcase_add_loop_test(tc, cut_in_the_handshake_is_a_failure_of_tls, 0,
	    RUNS);
	tcase_add_loop_test(tc, failure_is_told_in_words, 0, RUNS);
	tcase_add_loop_test(tc, certificate_is_refused_in_words, 0, RUNS);
	tcase_add_loop_test(tc, wrong_calls_are_refused, 0, RUNS);
	tcase_add_loop_test(tc, adopted_channel_is_detached, 0, RUNS);
	return harness_main(suite);
}
