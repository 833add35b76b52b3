/*
 * Handshakes that do not come to pass: a peer that is silent, or slow, or
 * speaks another protocol, or garbage; and calls that cannot be made. An SSL
 * that was given away is freed each time, which the fixture counts.
 */

#include <errno.h>
#include <string.h>
#include <event2/bufferevent.h>
#include "bare.h"
#include "harness.h"
#include "secure.h"

#define LATE "closed:tls|(TLS handshake not complete in time)"

static const struct timeval soon = { .tv_usec = 20000 };

/* A channel in an upgrade that has little time, and a descriptor. */
static struct secure *
start(int wire, bool server)
{
	struct secure *s = secure_new_with(wire,
	    server ? SECURE_SERVER : SECURE_CLIENT, 0);
	struct secure_end *end = server ? &s->server : &s->client;

	ck_assert_int_eq(evchat_set_timeout(end->chat, EVCHAT_TIMEOUT_UPGRADE,
	    &soon), 0);
	secure_starttls(end);
	return s;
}

START_TEST(peer_that_is_silent_is_too_late)
{
	struct secure *s = start(_i, true);

	secure_run_until_closed(s);
	secure_expect(&s->server, LATE);
	secure_free(s);
	s = start(_i, false);
	secure_run_until_closed(s);
	secure_expect(&s->client, LATE);
	secure_free(s);
}
END_TEST

/* All but the last byte comes, each by itself: that is no progress. */
static void
drip(int wire, bool server)
{
	struct secure *s = start(wire, server);
	struct secure_end *end = server ? &s->server : &s->client;
	struct bare *b = bare_new(server ? &s->client : &s->server, NULL);

	b->held = true;
	while (end->chat != NULL) {
		(void)event_base_loop(s->base, EVLOOP_NONBLOCK);
		(void)bare_turn(b);
		if (end->chat != NULL && evbuffer_get_length(b->made) > 1)
			bare_send(b, 1);
	}
	secure_expect(end, LATE);
	bare_free(b);
	secure_free(s);
}

START_TEST(peer_that_drips_is_too_late)
{
	drip(_i, true);
	drip(_i, false);
}
END_TEST

/*
 * What is queued waits for TLS only, so no limit on the output runs. Of the two
 * STALL would come first; which it is does not depend on how late the loop is.
 */
START_TEST(output_that_waits_for_tls_does_not_stall)
{
	static const struct timeval sooner = { .tv_usec = 1000 };
	struct secure *s = start(_i, true);

	ck_assert_int_eq(evchat_set_timeout(s->server.chat,
	    EVCHAT_TIMEOUT_STALL, &sooner), 0);
	ck_assert_int_eq(evchat_set_timeout(s->server.chat,
	    EVCHAT_TIMEOUT_WRITE, &sooner), 0);
	secure_say(&s->server, "hello");
	secure_run_until_closed(s);
	secure_expect(&s->server, LATE);
	secure_free(s);
}
END_TEST

/* Once connected there is no such deadline. */
START_TEST(deadline_ends_with_the_handshake)
{
	struct secure *s = secure_new(_i);

	ck_assert_int_eq(evchat_set_timeout(s->server.chat,
	    EVCHAT_TIMEOUT_UPGRADE, &soon), 0);
	secure_both(s);
	secure_run_until(s, &s->server.text, "connected");
	harness_must(event_base_loopexit(s->base,
	    &(struct timeval){ .tv_usec = 60000 }) == 0, "a timer");
	(void)event_base_dispatch(s->base);
	secure_expect(&s->server, "connected");
	secure_free(s);
}
END_TEST

/* What is not TLS */

static void
send_other(int wire, bool server, const void *bytes, size_t len,
    const char *transcript)
{
	struct secure *s = secure_new_with(wire,
	    server ? SECURE_SERVER : SECURE_CLIENT, 0);
	struct secure_end *end = server ? &s->server : &s->client;

	secure_starttls(end);
	secure_run(s);
	secure_send(server ? &s->client : &s->server, bytes, len);
	secure_run_until_closed(s);
	secure_expect(end, transcript);
	secure_free(s);
}

START_TEST(request_in_clear_is_refused)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: here\r\n\r\n";

	send_other(_i, true, request, strlen(request), "closed:injection");
}
END_TEST

START_TEST(answer_in_clear_fails)
{
	static const char answer[] = "220 here ESMTP, and much more\r\n";

	send_other(_i, false, answer, strlen(answer),
	    "closed:tls|(TLS: wrong version number)");
}
END_TEST

START_TEST(garbage_behind_the_first_byte_fails)
{
	static const unsigned char version[] = { 0x16, 9, 9, 0, 1, 5 };
	static const unsigned char message[] = { 0x16, 3, 1, 0, 5, 77, 0, 0,
	    1, 0 };
	static const unsigned char huge[] = { 0x16, 3, 1, 0xff, 0xff, 1, 2, 3 };

	send_other(_i, true, version, sizeof(version),
	    "closed:tls|(TLS: wrong version number)");
	send_other(_i, true, message, sizeof(message),
	    "closed:tls|(TLS: unexpected message)");
	send_other(_i, true, huge, sizeof(huge),
	    "closed:tls|(TLS: packet length too long)");
	send_other(_i, false, message, sizeof(message),
	    "closed:tls|(TLS: unexpected message)");
}
END_TEST

/* Behind the handshake a byte that is not TLS's ends it, too. */
START_TEST(byte_that_was_changed_fails)
{
	struct secure *s = secure_new_server(_i);
	struct bare *b = bare_new(&s->client, NULL);
	char *last;
	size_t len;

	secure_starttls(&s->server);
	bare_run(b);
	b->held = true;
	bare_say(b, "hello\r\n");
	len = evbuffer_get_length(b->made);
	last = (char *)evbuffer_pullup(b->made, -1) + len - 1;
	*last ^= 1;
	bare_send(b, len);
	secure_run_until_closed(s);
	secure_expect(&s->server, "connected|closed:tls|"
	    "(TLS: decryption failed or bad record mac)");
	bare_free(b);
	secure_free(s);
}
END_TEST

/* Calls */

static void
refuse(struct evchat *chat, SSL *ssl, int role, unsigned options, int error)
{
	long blocks = harness_blocks();

	errno = 0;
	ck_assert_int_eq(evchat_starttls(chat, ssl,
	    (enum evchat_tls_role)role, options), -1);
	ck_assert_int_eq(errno, error);
	ck_assert_int_eq(harness_blocks(), blocks);
	ck_assert_int_eq(secure_ssls(), 0);
}

START_TEST(wrong_arguments_are_refused)
{
	struct secure *s = secure_new(_i);
	struct evchat *chat = s->server.chat;

	refuse(chat, NULL, EVCHAT_TLS_ACCEPT, 0, ENOMEM);
	refuse(chat, SSL_new(s->server_ctx), 2, 0, EINVAL);
	refuse(chat, SSL_new(s->server_ctx), -1, 0, EINVAL);
	refuse(chat, SSL_new(s->server_ctx), EVCHAT_TLS_ACCEPT, 8, EINVAL);
	/* A client that would believe everybody. */
	refuse(chat, SSL_new(s->server_ctx), EVCHAT_TLS_CONNECT, 0, EINVAL);
	ck_assert_int_eq(evchat_adopt_tls(chat, 0), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_null(evchat_get_ssl(chat));
	/* It goes on as if nothing had been. */
	secure_say(&s->client, "clear");
	secure_run(s);
	secure_expect(&s->server, "frame:clear");
	secure_free(s);
}
END_TEST

START_TEST(channel_that_closes_is_refused)
{
	struct secure *s = secure_new(_i);
	struct evchat *chat = s->server.chat;

	evchat_incref(chat);
	ck_assert_int_eq(evchat_push_eof(chat), 0);
	refuse(chat, SSL_new(s->server_ctx), EVCHAT_TLS_ACCEPT, 0, EPIPE);
	evchat_close_when_done(chat);
	refuse(chat, SSL_new(s->server_ctx), EVCHAT_TLS_ACCEPT, 0, EPIPE);
	evchat_free(chat);
	refuse(chat, SSL_new(s->server_ctx), EVCHAT_TLS_ACCEPT, 0, EPIPE);
	ck_assert_int_eq(evchat_adopt_tls(chat, 0), -1);
	ck_assert_int_eq(errno, EPIPE);
	ck_assert_ptr_null(evchat_get_ssl(chat));
	evchat_decref(chat);
	secure_free(s);
}
END_TEST

START_TEST(client_without_a_host_is_not_made)
{
	SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
	char name[300];

	memset(name, 'a', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	ck_assert_ptr_null(evchat_ssl_client_new(ctx, NULL));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_null(evchat_ssl_client_new(ctx, ""));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_null(evchat_ssl_client_new(NULL, "localhost"));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_null(evchat_ssl_client_new(ctx, name));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_null(evchat_ssl_client_new_insecure(ctx, ""));
	ck_assert_int_eq(errno, EINVAL);
	/* It would be any name below that. */
	ck_assert_ptr_null(evchat_ssl_client_new(ctx, ".org"));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_null(evchat_ssl_client_new(ctx, "."));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(secure_ssls(), 0);
	SSL_CTX_free(ctx);
}
END_TEST

/* Nothing of it is left if the channel goes before anything has come. */
START_TEST(channel_may_end_right_behind_the_call)
{
	struct secure *s = secure_new(_i);

	secure_both(s);
	ck_assert_int_eq(secure_ssls(), 2);
	evchat_free(s->server.chat);
	secure_run(s);
	secure_expect(&s->server, "closed:freed");
	secure_free(s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tls_refused");
	TCase *tc = harness_case(suite, "late");

	tcase_add_loop_test(tc, peer_that_is_silent_is_too_late, 0,
	    SECURE_RAW_WIRES);
	tcase_add_loop_test(tc, peer_that_drips_is_too_late, 0,
	    SECURE_RAW_WIRES);
	tcase_add_loop_test(tc, output_that_waits_for_tls_does_not_stall, 0,
	    SECURE_RAW_WIRES);
	tcase_add_loop_test(tc, deadline_ends_with_the_handshake, 0,
	    SECURE_WIRES);
	tc = harness_case(suite, "other");
	tcase_add_loop_test(tc, request_in_clear_is_refused, 0,
	    SECURE_RAW_WIRES);
	tcase_add_loop_test(tc, answer_in_clear_fails, 0, SECURE_RAW_WIRES);
	tcase_add_loop_test(tc, garbage_behind_the_first_byte_fails, 0,
	    SECURE_RAW_WIRES);
	tcase_add_loop_test(tc, byte_that_was_changed_fails, 0,
	    SECURE_RAW_WIRES);
	tc = harness_case(suite, "calls");
	tcase_add_loop_test(tc, wrong_arguments_are_refused, 0, SECURE_WIRES);
	tcase_add_loop_test(tc, channel_that_closes_is_refused, 0,
	    SECURE_WIRES);
	tcase_add_test(tc, client_without_a_host_is_not_made);
	tcase_add_loop_test(tc, channel_may_end_right_behind_the_call, 0,
	    SECURE_WIRES);
	return harness_main(suite);
}
