/*
 * A conversation that goes over to TLS, with the n-th allocation failing, for
 * every n: the library's and libevent's, and then OpenSSL's. A call says so,
 * or the channel ends, once; nothing is left behind; and if the conversation
 * goes on, then as ever.
 *
 * Two things cannot be held, and are libevent 2.1's. What OpenSSL writes into
 * a bufferevent beneath is lost without a word if there is no memory for it
 * (bio_bufferevent_write()): then the peer waits, and the conversation ends
 * when it goes. And the functions that make bufferevents of TLS, and filters,
 * free what they have not made, or use it: so these are called here with
 * memory, or fail as they would where they do it well.
 */

#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include "bare.h"
#include "harness.h"
#include "harness_trouble.h"
#include "secure.h"

/* A loop test's number: the wire, and which end is a channel. */
#define BARE_RUNS (2 * SECURE_RAW_WIRES)
#define WHOLE "frame:STARTTLS|connected|frame:hello|closed:done"

/* OpenSSL's memory */

static long ssl_fail_in; /* up to and with the failing one; 0: none */
static bool ssl_failed;
static long ssl_blocks;

static bool
must_fail(void)
{
	if (ssl_fail_in == 0 || harness_is_spared() || --ssl_fail_in > 0)
		return false;
	ssl_failed = true;
	return true;
}

static void *
ssl_malloc(size_t size, const char *file, int line)
{
	void *block;

	(void)file;
	(void)line;
	if (size == 0 || must_fail() || (block = malloc(size)) == NULL)
		return NULL;
	ssl_blocks++;
	return block;
}

static void
ssl_free(void *block, const char *file, int line)
{
	(void)file;
	(void)line;
	if (block != NULL)
		ssl_blocks--;
	free(block);
}

static void *
ssl_realloc(void *old, size_t size, const char *file, int line)
{
	if (old == NULL)
		return ssl_malloc(size, file, line);
	if (size == 0) {
		ssl_free(old, file, line);
		return NULL;
	}
	return must_fail() ? NULL : realloc(old, size);
}

/* libevent's makers, in place of which these come */

static bool makers_fail;

struct bufferevent *
bufferevent_openssl_socket_new(struct event_base *base, evutil_socket_t fd,
    SSL *ssl, enum bufferevent_ssl_state state, int options)
{
	struct bufferevent *(*make)(struct event_base *, evutil_socket_t,
	    SSL *, enum bufferevent_ssl_state, int);
	struct bufferevent *bev = NULL;

	*(void **)&make = dlsym(RTLD_NEXT, "bufferevent_openssl_socket_new");
	harness_spare();
	if (makers_fail)
		SSL_free(ssl);
	else
		bev = make(base, fd, ssl, state, options);
	harness_spare_end();
	return bev;
}

struct bufferevent *
bufferevent_openssl_filter_new(struct event_base *base,
    struct bufferevent *below, SSL *ssl, enum bufferevent_ssl_state state,
    int options)
{
	struct bufferevent *(*make)(struct event_base *, struct bufferevent *,
	    SSL *, enum bufferevent_ssl_state, int);
	struct bufferevent *bev = NULL;

	*(void **)&make = dlsym(RTLD_NEXT, "bufferevent_openssl_filter_new");
	harness_spare();
	if (makers_fail)
		SSL_free(ssl);
	else
		bev = make(base, below, ssl, state, options);
	harness_spare_end();
	return bev;
}

struct bufferevent *
bufferevent_filter_new(struct bufferevent *below, bufferevent_filter_cb in,
    bufferevent_filter_cb out, int options, void (*release)(void *), void *arg)
{
	struct bufferevent *(*make)(struct bufferevent *,
	    bufferevent_filter_cb, bufferevent_filter_cb, int,
	    void (*)(void *), void *);
	struct bufferevent *bev;

	*(void **)&make = dlsym(RTLD_NEXT, "bufferevent_filter_new");
	harness_spare();
	bev = make(below, in, out, options, release, arg);
	harness_spare_end();
	return bev;
}

/* The conversation */

/* A call has failed: that is its end. */
static void
check(struct secure_end *end, int done)
{
	if (done == 0 || end->chat == NULL)
		return;
	ck_assert_int_eq(errno, ENOMEM);
	unit_note(&end->text, "refused");
	evchat_free(end->chat);
}

static SSL *
make_ssl(struct secure_end *end)
{
	SSL *ssl = end->role == EVCHAT_TLS_ACCEPT ?
	    SSL_new(end->of->server_ctx) :
	    evchat_ssl_client_new(end->of->client_ctx, end->of->host);

	ERR_clear_error();
	return ssl;
}

static void
on_line(struct secure_end *end, const char *line)
{
	if (strcmp(line, "STARTTLS") != 0) {
		check(end, evchat_push(end->chat, "bye\r\n", 5));
		if (end->chat != NULL)
			evchat_close_when_done(end->chat);
		return;
	}
	check(end, evchat_push(end->chat, "go\r\n", 4));
	if (end->chat != NULL)
		check(end, evchat_starttls(end->chat, make_ssl(end), end->role,
		    0));
	if (end->chat != NULL)
		check(end, evchat_push(end->chat, "welcome\r\n", 9));
}

/* With the loop of the channel, whose memory it is that fails. */
static void
turns(struct secure *s, struct bare *b)
{
	int idle = 0;
	bool moved;

	while (idle++ < 20) {
		(void)event_base_loop(s->base, EVLOOP_NONBLOCK);
		harness_spare();
		moved = b != NULL && bare_turn(b);
		harness_spare_end();
		if (moved)
			idle = 0;
	}
}

/* The answer in clear, whole or not at all. */
static bool
take_answer(struct bare *b)
{
	char answer[4];
	ssize_t n = recv(b->end->fd, answer, sizeof(answer), MSG_DONTWAIT);

	return n == 4 && memcmp(answer, "go\r\n", 4) == 0;
}

static void
converse(struct secure *s, struct secure_end *end, struct bare *b)
{
	harness_spare();
	secure_send(b->end, "STARTTLS\r\n", 10);
	harness_spare_end();
	turns(s, NULL);
	if (end->chat == NULL || !take_answer(b))
		return;
	turns(s, b);
	harness_spare();
	if (SSL_is_init_finished(b->ssl))
		(void)SSL_write(b->ssl, "hello\r\n", 7);
	harness_spare_end();
	turns(s, b);
}

/* What came of it is whole; or it is a part, and then the channel's end. */
static void
judge(struct secure_end *end, bool failed)
{
	const char *told = unit_text(&end->text);
	const char *closed = strstr(told, "closed:");

	if (strcmp(told, WHOLE) == 0)
		return;
	ck_assert_msg(failed, "nothing failed, and: %s", told);
	ck_assert_ptr_nonnull(closed);
	ck_assert_msg(strncmp(told, WHOLE, (size_t)(closed - told)) == 0 ||
	    strstr(told, "refused|") != NULL, "another story: %s", told);
	ck_assert_msg(end->why == EVCHAT_REASON_NO_MEMORY ||
	    end->why == EVCHAT_REASON_TLS || end->why == EVCHAT_REASON_FREED ||
	    end->why == EVCHAT_REASON_TRUNCATED, "another end: %s", told);
}

/* @return whether the n-th was reached */
static bool
run(int i, long n, void (*arm)(long n), bool (*failed)(void))
{
	bool server = i % 2 == 0, reached;
	struct secure *s = secure_new_with(i / 2,
	    server ? SECURE_SERVER : SECURE_CLIENT, 0);
	struct secure_end *end = server ? &s->server : &s->client;
	struct bare *b = bare_new(server ? &s->client : &s->server, NULL);

	end->line = on_line;
	arm(n);
	converse(s, end, b);
	secure_hang_up(b->end);
	secure_run_until_closed(s);
	reached = failed();
	arm(0);
	judge(end, reached);
	bare_free(b);
	secure_free(s);
	return reached;
}

START_TEST(allocation_of_libevent_fails)
{
	long n = 1;

	while (run(_i, n, harness_fail_allocation, harness_allocation_failed))
		n++;
	ck_assert_int_gt(n, 10);
}
END_TEST

static void
arm_ssl(long n)
{
	ssl_failed = false;
	ssl_fail_in = n;
}

static bool
has_ssl_failed(void)
{
	return ssl_failed;
}

/*
 * There are many, so each wire has its share of them. A few blocks are lost
 * inside OpenSSL 3.0 itself, where it has no memory for what it keeps beside
 * an object.
 */
START_TEST(allocation_of_openssl_fails)
{
	long n, blocks;

	/* What it keeps for good. */
	for (n = 0; n < 3; n++)
		(void)run(_i, 0, arm_ssl, has_ssl_failed);
	blocks = ssl_blocks;
	n = 1 + _i;
	while (run(_i, n, arm_ssl, has_ssl_failed))
		n += BARE_RUNS;
	ck_assert_int_le(ssl_blocks, blocks + 8);
	ck_assert_int_gt(n, 500);
}
END_TEST

static void
arm_makers(long n)
{
	makers_fail = n > 0;
}

static bool
have_makers_failed(void)
{
	return makers_fail;
}

START_TEST(bufferevent_cannot_be_made)
{
	ck_assert(run(_i, 1, arm_makers, have_makers_failed));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tls_nomem");
	TCase *tc = harness_case(suite, "nomem");

	if (CRYPTO_set_mem_functions(ssl_malloc, ssl_realloc, ssl_free) != 1)
		return EXIT_FAILURE;
	tcase_add_loop_test(tc, allocation_of_libevent_fails, 0, BARE_RUNS);
	tcase_add_loop_test(tc, allocation_of_openssl_fails, 0, BARE_RUNS);
	tcase_add_loop_test(tc, bufferevent_cannot_be_made, 0, BARE_RUNS);
	return harness_main(suite);
}
