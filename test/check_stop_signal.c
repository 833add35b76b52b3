/*
 * Signals that stop a listener: it stops as it does when it is told to, the
 * loop ends by itself behind that, and what the signal did before it does
 * again.
 */

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>
#include <event2/thread.h>
#include "door.h"

static const struct timeval hour = { 3600, 0 };
static const struct timeval none;

static volatile sig_atomic_t caught;

static void
catch(int number)
{
	caught = number;
}

/* Check catches these itself. */
static void
forget_signals(void)
{
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
}

static TCase *
case_of(Suite *suite, const char *name)
{
	TCase *tc = harness_case(suite, name);

	tcase_add_checked_fixture(tc, forget_signals, NULL);
	return tc;
}

/* A door whose loop has nothing else to wait for, so that it ends. */
static void
open_alone(struct door *d, enum door_kind kind)
{
	door_open(d, kind);
	(void)event_del(d->guard);
}

static void
stop_on(struct door *d, int number, const struct timeval *grace)
{
	ck_assert_int_eq(evchat_listener_stop_on(d->listener, number, grace,
	    door_stopped, d), 0);
}

/* It returns when there is nothing left to wait for. */
static void
run_to_the_end(struct door *d)
{
	alarm(8);
	ck_assert_int_eq(event_base_dispatch(d->base), 1);
	alarm(0);
	ck_assert_uint_eq(evchat_listener_get_count(d->listener), 0);
}

static void
expect_disposition(int number, void (*handler)(int))
{
	struct sigaction action;

	ck_assert_int_eq(sigaction(number, NULL, &action), 0);
	ck_assert(action.sa_handler == handler);
}

static void
nobody(struct evchat_listener *listener, struct evchat *chat,
    const struct sockaddr *peer, int peerlen, void *arg)
{
	(void)listener;
	(void)chat;
	(void)peer;
	(void)peerlen;
	(void)arg;
	ck_abort_msg("somebody is let in");
}

/* Stopping */

START_TEST(signal_stops_and_the_loop_ends)
{
	struct door d;

	open_alone(&d, (enum door_kind)_i);
	stop_on(&d, SIGTERM, NULL);
	raise(SIGTERM);
	run_to_the_end(&d);
	expect_disposition(SIGTERM, SIG_DFL);
	door_end(&d, "stopped");
}
END_TEST

START_TEST(each_of_several_stops)
{
	static const int numbers[] = { SIGINT, SIGTERM, SIGUSR1, SIGHUP };
	struct door d;
	int i;

	open_alone(&d, DOOR_TCP);
	for (i = 0; i < 4; i++)
		stop_on(&d, numbers[i], NULL);
	raise(numbers[_i]);
	run_to_the_end(&d);
	for (i = 0; i < 4; i++)
		expect_disposition(numbers[i], SIG_DFL);
	door_end(&d, "stopped");
}
END_TEST

START_TEST(signal_does_again_what_it_did)
{
	struct door d;

	signal(SIGUSR1, catch);
	open_alone(&d, DOOR_TCP);
	stop_on(&d, SIGUSR1, NULL);
	raise(SIGUSR1);
	ck_assert_int_eq(caught, 0);
	run_to_the_end(&d);
	raise(SIGUSR1);
	ck_assert_int_eq(caught, SIGUSR1);
	door_end(&d, "stopped");
}
END_TEST

/* As soon as it is to stop, not when it has. */
START_TEST(second_one_is_the_systems)
{
	struct door d;

	signal(SIGUSR1, catch);
	door_open(&d, (enum door_kind)_i);
	door_visit(&d);
	ck_assert_int_eq(send(d.clients[0], "x", 1, 0), 1);
	door_turn(&d);
	stop_on(&d, SIGUSR1, NULL);
	raise(SIGUSR1);
	door_turn(&d);
	ck_assert_int_eq(caught, 0);
	raise(SIGUSR1);
	ck_assert_int_eq(caught, SIGUSR1);
	door_expect(&d, "accept|frame:a");
	ck_assert_int_eq(send(d.clients[0], "y\n", 2, 0), 2);
	door_run_until(&d, "last", 1);
	door_end(&d, "accept|frame:a|frame:xy|last");
}
END_TEST

START_TEST(call_that_stops_ends_the_waiting_too)
{
	struct door d;

	open_alone(&d, (enum door_kind)_i);
	stop_on(&d, SIGTERM, &hour);
	door_stop(&d, -1);
	run_to_the_end(&d);
	expect_disposition(SIGTERM, SIG_DFL);
	door_end(&d, "stopped");
}
END_TEST

static void
note_other(struct evchat_listener *listener, void *arg)
{
	(void)listener;
	door_note(arg, "other");
}

/* In one pass of the loop: what was called holds. */
START_TEST(signal_does_not_change_a_call)
{
	struct door d;

	open_alone(&d, DOOR_TCP);
	stop_on(&d, SIGTERM, &hour);
	raise(SIGTERM);
	ck_assert_int_eq(evchat_listener_stop(d.listener, &none, note_other,
	    &d), 0);
	run_to_the_end(&d);
	door_end(&d, "other");
}
END_TEST

START_TEST(nobody_need_be_told)
{
	struct door d;

	open_alone(&d, DOOR_TCP);
	stop_on(&d, SIGTERM, NULL);
	ck_assert_int_eq(evchat_listener_stop_on(d.listener, SIGTERM, NULL,
	    NULL, NULL), 0);
	raise(SIGTERM);
	run_to_the_end(&d);
	door_end(&d, "");
}
END_TEST

START_TEST(two_listeners_stop_on_one)
{
	struct evchat_listener *second;
	struct door d;

	open_alone(&d, DOOR_TCP);
	second = evchat_listener_new_text(d.base, nobody, NULL,
	    0, -1, "127.0.0.1:0");
	ck_assert_ptr_nonnull(second);
	stop_on(&d, SIGTERM, NULL);
	ck_assert_int_eq(evchat_listener_stop_on(second, SIGTERM, NULL,
	    NULL, NULL), 0);
	raise(SIGTERM);
	run_to_the_end(&d);
	expect_disposition(SIGTERM, SIG_DFL);
	evchat_listener_free(second);
	door_end(&d, "stopped");
}
END_TEST

/* Grace */

static void
begin_frame(struct door *d)
{
	int client = door_visit(d);

	ck_assert_int_eq(send(d->clients[client], "x", 1, 0), 1);
	door_turn(d);
	(void)event_del(d->guard);
}

START_TEST(channels_have_their_grace)
{
	const struct timeval soon = { 0, 20000 };
	struct door d;

	door_open(&d, (enum door_kind)_i);
	stop_on(&d, SIGTERM, &soon); /* and who comes does not end that */
	begin_frame(&d);
	raise(SIGTERM);
	run_to_the_end(&d);
	door_end(&d, "accept|frame:a|closed:freed|stopped");
}
END_TEST

START_TEST(each_signal_has_its_own)
{
	struct door d;

	door_open(&d, DOOR_TCP);
	begin_frame(&d);
	stop_on(&d, SIGTERM, &hour);
	stop_on(&d, SIGINT, &none);
	raise(SIGINT);
	run_to_the_end(&d);
	door_end(&d, "accept|frame:a|closed:freed|stopped");
}
END_TEST

START_TEST(second_call_replaces_grace)
{
	struct door d;
	long blocks;

	door_open(&d, DOOR_TCP);
	begin_frame(&d);
	stop_on(&d, SIGTERM, _i == 0 ? &hour : NULL);
	blocks = harness_blocks();
	stop_on(&d, SIGTERM, &none);
	ck_assert_int_eq(harness_blocks(), blocks);
	raise(SIGTERM);
	run_to_the_end(&d);
	door_end(&d, "accept|frame:a|closed:freed|stopped");
}
END_TEST

START_TEST(second_call_takes_the_limit_away)
{
	struct door d;

	door_open(&d, DOOR_TCP);
	begin_frame(&d);
	stop_on(&d, SIGTERM, &none);
	stop_on(&d, SIGTERM, NULL);
	raise(SIGTERM);
	door_turn(&d);
	door_expect(&d, "accept|frame:a");
	ck_assert_int_eq(send(d.clients[0], "y\n", 2, 0), 2);
	door_finish(&d, 0);
	run_to_the_end(&d);
	door_end(&d, "accept|frame:a|frame:xy|last|closed:done|stopped");
}
END_TEST

/* Not stopping */

static void
expect_refused(struct door *d, int number, const struct timeval *grace,
    int error)
{
	long blocks = harness_blocks();

	errno = 0;
	ck_assert_int_eq(evchat_listener_stop_on(d->listener, number, grace,
	    NULL, NULL), -1);
	ck_assert_int_eq(errno, error);
	ck_assert_int_eq(harness_blocks(), blocks);
}

START_TEST(what_cannot_be_is_refused)
{
	static const struct timeval wrong[] = { { -1, 0 }, { 0, -1 },
	    { 0, 1000000 } };
	static const int numbers[] = { -1, 0, SIGKILL, SIGSTOP, 1000 };
	struct door d;
	size_t i;

	door_open(&d, DOOR_TCP);
	for (i = 0; i < 3; i++)
		expect_refused(&d, SIGTERM, &wrong[i], EINVAL);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		expect_refused(&d, numbers[i], NULL, EINVAL);
	expect_disposition(SIGTERM, SIG_DFL);
	door_stop(&d, -1);
	expect_refused(&d, SIGTERM, NULL, EBADF);
	door_run_until(&d, "stopped", 1);
	expect_refused(&d, SIGTERM, NULL, EBADF);
	door_end(&d, "stopped");
}
END_TEST

START_TEST(freed_listener_waits_for_none)
{
	struct door d;

	signal(SIGTERM, catch);
	open_alone(&d, (enum door_kind)_i);
	stop_on(&d, SIGTERM, NULL);
	stop_on(&d, SIGINT, NULL);
	if (_i % 2 == 0)
		door_turn(&d);
	door_free_listener(&d);
	raise(SIGTERM);
	ck_assert_int_eq(caught, SIGTERM);
	door_end(&d, "");
}
END_TEST

/* The signal has come, and the loop has not dealt with it. */
START_TEST(listener_freed_behind_a_signal)
{
	struct door d;

	open_alone(&d, (enum door_kind)_i);
	stop_on(&d, SIGTERM, NULL);
	raise(SIGTERM);
	door_free_listener(&d);
	door_turn(&d);
	door_end(&d, "");
}
END_TEST

static void
free_listener(struct door *d, struct evchat *chat)
{
	(void)chat;
	door_free_listener(d);
}

START_TEST(listener_freed_by_its_channel)
{
	struct door d;

	door_open(&d, (enum door_kind)_i);
	begin_frame(&d);
	d.script.closed = free_listener;
	stop_on(&d, SIGTERM, &none);
	raise(SIGTERM);
	alarm(8);
	ck_assert_int_eq(event_base_dispatch(d.base), 1);
	alarm(0);
	ck_assert_ptr_null(d.listener);
	door_end(&d, "accept|frame:a|closed:freed");
}
END_TEST

/* Without memory */

START_TEST(asking_survives_every_failing_allocation)
{
	bool begun = false;
	struct door d;
	long i;

	for (i = 1; !begun; i++) {
		open_alone(&d, (enum door_kind)_i);
		harness_fail_allocation(i);
		errno = 0;
		begun = evchat_listener_stop_on(d.listener, SIGTERM,
		    &hour, NULL, NULL) == 0;
		ck_assert(begun || errno == ENOMEM);
		ck_assert_int_eq(begun, !harness_allocation_failed());
		harness_fail_allocation(0);
		if (!begun)
			expect_disposition(SIGTERM, SIG_DFL);
		door_end(&d, "");
	}
	ck_assert_int_gt(i, 2);
}
END_TEST

START_TEST(stopping_survives_every_failing_allocation)
{
	bool failed = true;
	struct door d;
	long i;

	for (i = 1; failed; i++) {
		open_alone(&d, (enum door_kind)_i);
		stop_on(&d, SIGTERM, &hour);
		raise(SIGTERM);
		harness_fail_allocation(i);
		run_to_the_end(&d);
		failed = harness_allocation_failed();
		harness_fail_allocation(0);
		door_end(&d, "stopped");
	}
}
END_TEST

/* Threads */

static void *
run(void *arg)
{
	(void)event_base_dispatch(arg);
	return NULL;
}

/* Another thread frees it while the loop's deals with the signal. */
START_TEST(listener_freed_in_another_thread)
{
	struct evchat_listener *listener;
	struct event_base *base;
	pthread_t thread;
	int i;

	ck_assert_int_eq(evthread_use_pthreads(), 0);
	alarm(8);
	for (i = 0; i < 100; i++) {
		base = event_base_new();
		listener = evchat_listener_new_text(base,
		    nobody, NULL, EVCHAT_OPT_THREADSAFE, -1,
		    "127.0.0.1:0");
		ck_assert_ptr_nonnull(listener);
		ck_assert_int_eq(evchat_listener_stop_on(listener, SIGUSR1,
		    &hour, NULL, NULL), 0);
		ck_assert_int_eq(pthread_create(&thread, NULL, run, base), 0);
		raise(SIGUSR1);
		evchat_listener_free(listener);
		ck_assert_int_eq(pthread_join(thread, NULL), 0);
		event_base_free(base);
	}
	alarm(0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("stop signal");
	TCase *tc = case_of(suite, "stop");

	tcase_add_loop_test(tc, signal_stops_and_the_loop_ends, 0,
	    DOOR_KINDS);
	tcase_add_loop_test(tc, each_of_several_stops, 0, 4);
	tcase_add_test(tc, signal_does_again_what_it_did);
	tcase_add_loop_test(tc, second_one_is_the_systems, 0, DOOR_KINDS);
	tcase_add_loop_test(tc, call_that_stops_ends_the_waiting_too, 0,
	    DOOR_KINDS);
	tcase_add_test(tc, signal_does_not_change_a_call);
	tcase_add_test(tc, nobody_need_be_told);
	tcase_add_test(tc, two_listeners_stop_on_one);

	tc = case_of(suite, "grace");
	tcase_add_loop_test(tc, channels_have_their_grace, 0, DOOR_KINDS);
	tcase_add_test(tc, each_signal_has_its_own);
	tcase_add_loop_test(tc, second_call_replaces_grace, 0, 2);
	tcase_add_test(tc, second_call_takes_the_limit_away);

	tc = case_of(suite, "other");
	tcase_add_test(tc, what_cannot_be_is_refused);
	tcase_add_loop_test(tc, freed_listener_waits_for_none, 0, DOOR_KINDS);
	tcase_add_loop_test(tc, listener_freed_behind_a_signal, 0,
	    DOOR_KINDS);
	tcase_add_loop_test(tc, listener_freed_by_its_channel, 0, DOOR_KINDS);
	tcase_add_loop_test(tc, asking_survives_every_failing_allocation, 0,
	    DOOR_KINDS);
	tcase_add_loop_test(tc, stopping_survives_every_failing_allocation, 0,
	    DOOR_KINDS);
	tcase_add_test(tc, listener_freed_in_another_thread);
	return harness_main(suite);
}
