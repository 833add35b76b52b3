/*
 * Files on their way when sendfile cannot be used any more, or can again: rate
 * limits, groups of them, and EV_WRITE come and go. All bytes arrive once and
 * in order, and while it cannot be used, it is not. And a peer that has gone
 * costs nobody a SIGPIPE.
 */

#define _DEFAULT_SOURCE /* sigset_t */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <evchat.h>
#include "load.h"

#define RATE 200000 /* bytes a tick */
#define SEEDS 5

/* What comes and goes */

static const struct timeval tick = { 0, 5000 };

struct turned {
	struct load load;
	struct evchat_group *group;
	struct ev_token_bucket_cfg *rate;
};

static void
limit(struct turned *t, bool on)
{
	ck_assert_int_eq(bufferevent_set_rate_limit(t->load.h->bev,
	    on ? t->rate : NULL), 0);
}

static void
join_limited(struct turned *t, bool on)
{
	ck_assert_int_eq(evchat_group_set_rate_limit(t->group, t->rate), 0);
	if (on)
		ck_assert_int_eq(evchat_group_add(t->group, t->load.h->chat),
		    0);
	else
		evchat_group_remove(t->load.h->chat);
}

static void
limit_group(struct turned *t, bool on)
{
	ck_assert_int_eq(evchat_group_add(t->group, t->load.h->chat), 0);
	ck_assert_int_eq(evchat_group_set_rate_limit(t->group,
	    on ? t->rate : NULL), 0);
}

static void
hold(struct turned *t, bool on)
{
	ck_assert_int_eq(on ?
	    bufferevent_disable(t->load.h->bev, EV_WRITE) :
	    bufferevent_enable(t->load.h->bev, EV_WRITE), 0);
}

static void (*const turns[])(struct turned *t, bool on) = { limit,
    join_limited, limit_group, hold };

#define TURNS 4
#define HOLD 3

static enum harness_carrier
carrier(int i)
{
	return i / TURNS % 2 == 0 ? HARNESS_SOCKET : HARNESS_TCP;
}

static void
start(struct turned *t, enum harness_carrier on)
{
	load_start(&t->load, on);
	t->group = evchat_group_new(t->load.h->base, 0);
	t->rate = ev_token_bucket_cfg_new(RATE, RATE, RATE, RATE, &tick);
	ck_assert(t->group != NULL && t->rate != NULL);
	nasty_bend_often(&load_counting, 0, 0);
	load_push_all(&t->load);
}

/* libevent looks at a group's limits as long as there is one. */
static void
end(struct turned *t)
{
	evchat_group_free(t->group);
	harness_turn(t->load.h);
	limit(t, false);
	ev_token_bucket_cfg_free(t->rate);
	load_expect_all(&t->load);
}

static void
get(struct turned *t, uint64_t len)
{
	sink_run_until(&t->load.sink, len);
}

static void
turn_loop(struct turned *t, int n)
{
	while (n-- > 0)
		harness_turn(t->load.h);
}

/* Once */

START_TEST(file_arrives_when_sendfile_cannot_be_used_any_more)
{
	uint64_t at[] = { 1000, 100000, LOAD_LONG / 2 + LOAD_PIECE, 900000 };
	struct turned t;
	long calls;

	start(&t, carrier(_i));
	get(&t, at[_i / TURNS / 2]);
	turns[_i % TURNS](&t, true);
	calls = nasty_counted();
	ck_assert_int_gt(calls, 0);
	if (_i % TURNS == HOLD) {
		/* All before may be in the system's memory by now. */
		load_push_bytes(&t.load);
		turn_loop(&t, 100);
		ck_assert_uint_lt(t.load.sink.got, t.load.pushed);
	} else
		get(&t, t.load.pushed);
	ck_assert_int_eq(nasty_counted(), calls);
	turns[_i % TURNS](&t, false);
	end(&t);
}
END_TEST

START_TEST(sendfile_is_used_again_when_it_can)
{
	struct turned t;
	long calls;

	start(&t, carrier(_i));
	turns[_i % TURNS](&t, true);
	if (_i % TURNS == HOLD) {
		turn_loop(&t, 100);
		ck_assert_uint_eq(t.load.sink.got, 0);
	} else
		get(&t, 300000);
	calls = nasty_counted();
	ck_assert_int_eq(calls, 0);
	turns[_i % TURNS](&t, false);
	end(&t);
	ck_assert_int_gt(nasty_counted(), calls);
}
END_TEST

/* At random, and often; the calls may be bent besides. */
static void
turn_at_random(int i, unsigned seed)
{
	unsigned short state[3] = { (unsigned short)seed, (unsigned short)i, 1 };
	bool held = false, nasty = i % 3 == 0;
	struct turned t;
	int which;

	start(&t, carrier(i * TURNS));
	if (nasty)
		nasty_bend_often(NULL, 3, seed);
	while (t.load.sink.got < t.load.pushed) {
		which = (int)(nrand48(state) % (TURNS + 1));
		if (which == HOLD)
			held = !held;
		else if (which == TURNS)
			held = false;
		if (which >= HOLD)
			hold(&t, held);
		else
			turns[which](&t, nrand48(state) % 2 == 0);
		turn_loop(&t, (int)(nrand48(state) % 4));
	}
	hold(&t, false);
	end(&t);
}

START_TEST(file_arrives_whatever_comes_and_goes)
{
	const char *value = getenv("EVCHAT_TEST_SEED");
	unsigned seed = value != NULL ? (unsigned)strtoul(value, NULL, 0) : 1;
	unsigned i;

	for (i = 0; i < SEEDS; i++)
		turn_at_random(_i, seed + i);
}
END_TEST

/* SIGPIPE */

static bool
is_pending(void)
{
	sigset_t set;

	ck_assert_int_eq(sigpending(&set), 0);
	return sigismember(&set, SIGPIPE) == 1;
}

/* Block it or not. @return whether it was blocked */
static bool
block(bool on)
{
	sigset_t set, before;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGPIPE);
	ck_assert_int_eq(sigprocmask(on ? SIG_BLOCK : SIG_UNBLOCK, &set,
	    &before), 0);
	return sigismember(&before, SIGPIPE) == 1;
}

/* Nobody is there to get it, and no call but sendfile finds that out. */
static void
send_in_vain(void)
{
	struct load load;

	load_start(&load, HARNESS_SOCKET);
	harness_turn(load.h);
	sink_stop(&load.sink);
	nasty_bend_often(&load_counting, 0, 0);
	load_push_file(&load, LOAD_LONG);
	harness_reset(load.h);
	harness_run_until_closed(load.h);
	ck_assert_int_eq(nasty_counted(), 1);
	ck_assert_int_eq(load.error, EPIPE);
	close(load.file);
	nasty_stop();
	/* The end may be read before sending fails. */
	if (strncmp(harness_transcript(load.h), "event:eof", 9) == 0)
		harness_end(load.h, "event:eof|closed:io");
	else
		harness_end(load.h, "closed:io");
}

START_TEST(peer_that_has_gone_raises_no_signal)
{
	int status;
	pid_t child = fork();

	ck_assert_int_ge(child, 0);
	if (child == 0) {
		(void)signal(SIGPIPE, SIG_DFL);
		send_in_vain();
		_exit(block(false) ? 2 : 0);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

START_TEST(signal_that_was_pending_stays_so_and_no_other_comes)
{
	(void)signal(SIGPIPE, SIG_DFL);
	(void)block(true);
	ck_assert(!is_pending());
	send_in_vain();
	ck_assert(!is_pending());
	ck_assert_int_eq(raise(SIGPIPE), 0);
	send_in_vain();
	ck_assert(is_pending());
	(void)signal(SIGPIPE, SIG_IGN);
	ck_assert(block(false));
}
END_TEST

static Suite *
turned_suite(void)
{
	Suite *suite = suite_create("sendfile turned");
	TCase *tc = harness_case(suite, "sendfile");

	tcase_add_loop_test(tc,
	    file_arrives_when_sendfile_cannot_be_used_any_more, 0,
	    4 * 2 * TURNS);
	tcase_add_loop_test(tc, sendfile_is_used_again_when_it_can, 0,
	    2 * TURNS);
	tcase_add_loop_test(tc, file_arrives_whatever_comes_and_goes, 0, 6);
	tcase_add_test(tc, peer_that_has_gone_raises_no_signal);
	tcase_add_test(tc,
	    signal_that_was_pending_stays_so_and_no_other_comes);
	return suite;
}

int
main(void)
{
	return harness_main(turned_suite());
}
