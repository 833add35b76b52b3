/*
 * Hooks that are lent to a channel and taken back: evchat_get_hooks() says
 * which they are, and evchat_set_hooks() takes them back until closed has
 * begun. What has lent them is not called any more then, so that it may go.
 */

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <event2/thread.h>
#include "feeder.h"
#include "harness.h"

static const struct evchat_hooks nothing;

/* A borrower: what it has is gone when it has given the hooks back. */

static void
gone(struct evchat *chat, enum evchat_reason why, void *arg)
{
	(void)chat;
	(void)why;
	(void)arg;
	harness_must(false, "hooks that were taken back are not called");
}

static void
gone_event(struct evchat *chat, enum evchat_event what, void *arg)
{
	(void)what;
	gone(chat, EVCHAT_REASON_FREED, arg);
}

static const struct evchat_hooks borrowed = {
	.event = gone_event,
	.closed = gone
};

static void
lend(struct harness *h)
{
	ck_assert_int_eq(evchat_set_hooks(h->chat, &borrowed, NULL), 0);
}

static void
take_back(struct harness *h)
{
	ck_assert_int_eq(evchat_set_hooks(h->chat, &harness_streaming, h), 0);
}

/* Which they are */

START_TEST(hooks_are_those_that_were_set_last)
{
	struct harness *h = harness_streaming_on(_i);

	ck_assert_ptr_eq(evchat_get_hooks(h->chat), &harness_streaming);
	ck_assert_int_eq(evchat_set_hooks(h->chat, &nothing, NULL), 0);
	ck_assert_ptr_eq(evchat_get_hooks(h->chat), &nothing);
	ck_assert_int_eq(evchat_set_hooks(h->chat, NULL, NULL), 0);
	ck_assert_ptr_null(evchat_get_hooks(h->chat));
	take_back(h);
	harness_end(h, "");
}
END_TEST

START_TEST(channel_may_be_made_without_hooks)
{
	struct harness *h = harness_new((enum harness_carrier)_i);

	harness_start(h, &harness_streaming, 0);
	ck_assert_int_eq(evchat_set_hooks(h->chat, NULL, NULL), 0);
	ck_assert_ptr_null(evchat_get_hooks(h->chat));
	take_back(h);
	harness_end(h, "");
}
END_TEST

static void
note_hooks(struct harness *h, enum evchat_reason why)
{
	(void)why;
	ck_assert_ptr_eq(evchat_get_hooks(h->chat), &harness_streaming);
}

START_TEST(hooks_are_known_in_closed_and_not_behind_it)
{
	struct harness *h = harness_streaming_on(_i);
	struct evchat *chat = h->chat;

	evchat_incref(chat);
	h->script.closed = note_hooks;
	evchat_free(chat);
	ck_assert_ptr_null(evchat_get_hooks(chat));
	evchat_decref(chat);
	harness_end(h, "closed:freed");
}
END_TEST

/* Taken back */

START_TEST(hooks_can_be_taken_back_while_the_channel_is_closing)
{
	struct harness *h = harness_streaming_on(_i);
	struct feeder p;

	lend(h);
	feeder_push(&p, h, "p", "a~b.");
	evchat_close_when_done(h->chat);
	harness_expect_received(h, "a");
	take_back(h);
	feeder_resume(&p);
	harness_run_until_closed(h);
	harness_expect_received(h, "ab");
	harness_end(h, "done:p:sent:2|closed:done");
}
END_TEST

START_TEST(hooks_can_be_taken_back_while_the_channel_lingers)
{
	struct harness *h = harness_streaming_on(_i);

	h->rude = true;
	lend(h);
	evchat_close_when_done(h->chat);
	harness_run_until_peer_eof(h);
	harness_turn(h);
	take_back(h);
	harness_send_eof(h);
	harness_run_until_closed(h);
	harness_end(h, "closed:done");
}
END_TEST

/* The last to run before closed. */
static void
take_back_in_done(struct feeder *feeder)
{
	take_back(feeder->h);
}

START_TEST(hooks_can_be_taken_back_by_what_is_discarded_in_the_end)
{
	struct harness *h = harness_streaming_on(_i);
	struct feeder p;

	lend(h);
	feeder_init(&p, h, "p", "~");
	p.in_done = take_back_in_done;
	ck_assert_int_eq(feeder_push_made(&p), 0);
	evchat_free(h->chat);
	harness_end(h, "done:p:discarded:0|closed:freed");
}
END_TEST

static void
try_in_closed(struct harness *h, enum evchat_reason why)
{
	int done;

	(void)why;
	errno = 0;
	done = evchat_set_hooks(h->chat, &borrowed, NULL);
	harness_note(h, "%d:%s", done, errno == EPIPE ? "EPIPE" : "?");
	ck_assert_ptr_eq(evchat_get_hooks(h->chat), &harness_streaming);
	ck_assert_ptr_eq(evchat_get_arg(h->chat), h);
}

START_TEST(in_closed_it_is_too_late)
{
	struct harness *h = harness_streaming_on(_i);
	struct evchat *chat = h->chat;

	evchat_incref(chat);
	h->script.closed = try_in_closed;
	harness_feed_eof(h);
	harness_run_until_closed(h);
	errno = 0;
	ck_assert_int_eq(evchat_set_hooks(chat, NULL, NULL), -1);
	ck_assert_int_eq(errno, EPIPE);
	evchat_decref(chat);
	harness_end(h, "event:eof|closed:eof|-1:EPIPE");
}
END_TEST

/* In another thread */

#define ROUNDS 200

/* Who has lent hooks; its memory is freed when it has them back. */
struct lender {
	int hooks_run;
};

struct round {
	struct evchat *chat;   /* with a reference */
	struct lender *lender;
	atomic_bool goes;
	int peer;    /* the end of its linger, if it has to wait for this */
	int result;
	int told;    /* closed of the hooks that came before the loan */
	int late;    /* closed of those that were lent: it was too late */
};

static void
on_lent_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct round *round = arg;

	(void)chat;
	(void)why;
	round->lender->hooks_run++;
	round->late++;
}

static void
on_own_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	(void)chat;
	(void)why;
	((struct round *)arg)->told++;
}

static const struct evchat_hooks lent = { .closed = on_lent_closed };
static const struct evchat_hooks own = { .closed = on_own_closed };

static void *
take_back_when_told(void *arg)
{
	struct round *round = arg;

	while (!atomic_load(&round->goes))
		;
	round->result = evchat_set_hooks(round->chat, &own, round);
	free(round->lender);
	if (round->peer != -1)
		evutil_closesocket(round->peer);
	evchat_decref(round->chat);
	return NULL;
}

START_TEST(hooks_can_be_taken_back_by_another_thread)
{
	struct event_base *base = event_base_new();
	struct round round;
	pthread_t thread;
	int i, fds[2];

	for (i = 0; i < ROUNDS; i++) {
		memset(&round, 0, sizeof(round));
		ck_assert_int_eq(evutil_socketpair(AF_UNIX, SOCK_STREAM, 0,
		    fds), 0);
		round.peer = i % 2 ? fds[1] : -1;
		evutil_make_socket_nonblocking(fds[0]);
		round.lender = calloc(1, sizeof(*round.lender));
		round.chat = evchat_socket_new(base, fds[0], &lent, &round,
		    EVCHAT_OPT_THREADSAFE);
		evchat_incref(round.chat);
		ck_assert_int_eq(pthread_create(&thread, NULL,
		    take_back_when_told, &round), 0);
		/* In every other round it may be too late. */
		if (i % 2 == 0)
			evutil_closesocket(fds[1]);
		evchat_close_when_done(round.chat);
		atomic_store(&round.goes, true);
		ck_assert_int_eq(event_base_dispatch(base), 1);
		ck_assert_int_eq(pthread_join(thread, NULL), 0);
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
		ck_assert(i % 2 == 0 || round.result == 0);
		ck_assert_int_eq(round.told, round.result == 0);
		ck_assert_int_eq(round.late, round.result == -1);
	}
	event_base_free(base);
}
END_TEST

static Suite *
lent_hooks_suite(void)
{
	Suite *suite = suite_create("lent_hooks");
	TCase *tc = harness_case(suite, "which");

	tcase_add_loop_test(tc, hooks_are_those_that_were_set_last, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc, channel_may_be_made_without_hooks, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc, hooks_are_known_in_closed_and_not_behind_it, 0,
	    HARNESS_CARRIERS);

	tc = harness_case(suite, "taken back");
	tcase_add_loop_test(tc,
	    hooks_can_be_taken_back_while_the_channel_is_closing, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc,
	    hooks_can_be_taken_back_while_the_channel_lingers, 0,
	    HARNESS_PAIR);
	tcase_add_loop_test(tc,
	    hooks_can_be_taken_back_by_what_is_discarded_in_the_end, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc, in_closed_it_is_too_late, 0, HARNESS_CARRIERS);

	tc = harness_case(suite, "threads");
	tcase_add_test(tc, hooks_can_be_taken_back_by_another_thread);
	return suite;
}

int
main(void)
{
	return harness_main(lent_hooks_suite());
}
