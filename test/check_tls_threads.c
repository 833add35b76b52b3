/*
 * Threads that push to a channel while it goes over to TLS, or have it do so:
 * what they push arrives once and in the order of each of them, in clear up to
 * the line that says so and encrypted behind it.
 */

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness.h"
#include "secure.h"

#define PUSHERS 3
#define LINES 300 /* of each */

struct pusher {
	struct evchat *chat; /* with a reference */
	char letter;
	pthread_t thread;
	SSL *ssl;            /* begin with this, or NULL */
	enum evchat_tls_role role;
};

static struct pusher pushers[PUSHERS];
static atomic_int wrong;    /* calls that failed; threads use no Check */
static int next[PUSHERS];   /* number of the line to come */
static int come;

static void *
push_lines(void *arg)
{
	struct pusher *p = arg;
	int i;

	if (p->ssl != NULL &&
	    evchat_starttls(p->chat, p->ssl, p->role, 0) != 0)
		atomic_fetch_add(&wrong, 1);
	for (i = 0; i < LINES; i++) {
		if (evchat_push_printf(p->chat, "%c%d\r\n", p->letter, i) != 0)
			atomic_fetch_add(&wrong, 1);
		(void)evchat_get_output_length(p->chat);
		(void)evchat_get_bufferevent(p->chat);
		(void)evchat_get_ssl(p->chat);
		(void)evchat_get_hooks(p->chat);
		if (i % 16 == 0)
			evchat_resume(p->chat);
	}
	evchat_decref(p->chat);
	return NULL;
}

static void
start_pusher(int i, struct evchat *chat, SSL *ssl, enum evchat_tls_role role)
{
	struct pusher *p = &pushers[i];

	evchat_incref(chat);
	p->chat = chat;
	p->letter = (char)('A' + i);
	p->ssl = ssl;
	p->role = role;
	ck_assert_int_eq(pthread_create(&p->thread, NULL, push_lines, p), 0);
}

static void
count_line(const char *line)
{
	int which = line[0] - 'A';

	ck_assert_int_ge(which, 0);
	ck_assert_int_lt(which, PUSHERS);
	ck_assert_int_eq(atoi(line + 1), next[which]++);
	come++;
}

static void
join(int n)
{
	int i;

	for (i = 0; i < n; i++)
		ck_assert_int_eq(pthread_join(pushers[i].thread, NULL), 0);
	ck_assert_int_eq(atomic_load(&wrong), 0);
}

/* In mid-stream */

static void
on_request(struct secure_end *end, const char *line)
{
	if (strcmp(line, "STARTTLS") == 0) {
		secure_say(end, "220 go");
		secure_starttls(end);
	}
}

static void
on_line(struct secure_end *end, const char *line)
{
	static const int asked_at = LINES / 4;

	if (strcmp(line, "220 go") == 0) {
		secure_starttls(end);
		return;
	}
	count_line(line);
	if (come == asked_at)
		secure_say(end, "STARTTLS");
}

START_TEST(threads_push_while_a_channel_goes_over)
{
	struct secure *s = secure_new(SECURE_THREADSAFE);
	int i;

	s->server.line = on_request;
	s->client.line = on_line;
	for (i = 0; i < PUSHERS; i++)
		start_pusher(i, s->server.chat, NULL, EVCHAT_TLS_ACCEPT);
	while (come < PUSHERS * LINES ||
	    strstr(unit_text(&s->client.text), "connected") == NULL ||
	    strstr(unit_text(&s->server.text), "connected") == NULL)
		(void)event_base_loop(s->base, EVLOOP_ONCE);
	join(PUSHERS);
	ck_assert_ptr_nonnull(evchat_get_ssl(s->server.chat));
	evchat_close_when_done(s->server.chat);
	secure_run_until_closed(s);
	secure_expect(&s->server, "frame:STARTTLS|connected|closed:done");
	secure_free(s);
}
END_TEST

/* From the first byte, by threads that are not the loop's */

static void
on_any_line(struct secure_end *end, const char *line)
{
	(void)end;
	count_line(line);
}

START_TEST(threads_begin_tls)
{
	struct secure *s = secure_new(SECURE_THREADSAFE);

	s->server.line = on_any_line;
	s->client.line = on_any_line;
	start_pusher(0, s->server.chat, SSL_new(s->server_ctx),
	    EVCHAT_TLS_ACCEPT);
	start_pusher(1, s->client.chat,
	    evchat_ssl_client_new(s->client_ctx, s->host), EVCHAT_TLS_CONNECT);
	while (come < 2 * LINES)
		(void)event_base_loop(s->base, EVLOOP_ONCE);
	join(2);
	evchat_close_when_done(s->client.chat);
	secure_run_until_closed(s);
	ck_assert_ptr_nonnull(strstr(unit_text(&s->server.text),
	    "|eof|closed:eof"));
	secure_free(s);
}
END_TEST

/* One that ends it in the middle of all that. */

static atomic_bool is_free;

static void *
free_channel(void *arg)
{
	struct pusher *p = arg;

	evchat_free(p->chat);
	evchat_decref(p->chat);
	atomic_store(&is_free, true);
	return NULL;
}

START_TEST(thread_ends_a_channel_that_goes_over)
{
	struct secure *s = secure_new(SECURE_THREADSAFE);
	struct pusher *p = &pushers[0];
	int i;

	secure_both(s);
	for (i = 0; i < _i; i++)
		(void)event_base_loop(s->base, EVLOOP_NONBLOCK);
	evchat_incref(p->chat = s->server.chat);
	ck_assert_int_eq(pthread_create(&p->thread, NULL, free_channel, p), 0);
	while (!atomic_load(&is_free))
		(void)event_base_loop(s->base, EVLOOP_NONBLOCK);
	ck_assert_int_eq(pthread_join(p->thread, NULL), 0);
	secure_run_until_closed(s);
	ck_assert_int_eq(s->server.why, EVCHAT_REASON_FREED);
	secure_free(s);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tls_threads");
	TCase *tc = harness_case(suite, "threads");

	tcase_add_loop_test(tc, threads_push_while_a_channel_goes_over, 0, 3);
	tcase_add_loop_test(tc, threads_begin_tls, 0, 3);
	tcase_add_loop_test(tc, thread_ends_a_channel_that_goes_over, 0, 8);
	return harness_main(suite);
}
