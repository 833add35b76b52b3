/*
 * When a listener does not accept: in a pause, with as many channels as there
 * may be, and when the system has run out of something. What has to wait,
 * waits in the backlog, and the loop is not called for it.
 */

#define _POSIX_C_SOURCE 200809L
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
#include "door.h"
#include "nasty.h"

static void
knock_often(struct door *d, int n)
{
	int i;

	for (i = 0; i < n; i++)
		door_say(d, door_knock(d));
}

/* Pause */

START_TEST(pause_leaves_connections_in_the_backlog)
{
	struct door d;

	door_open(&d, (enum door_kind)_i);
	evchat_listener_pause(d.listener);
	evchat_listener_pause(d.listener);
	knock_often(&d, 1);
	door_turn(&d);
	door_expect(&d, "");
	evchat_listener_resume(d.listener);
	door_run_until_echoed(&d, 0);
	door_end(&d, "accept|frame:a");
}
END_TEST

static void
pause_in_accept(struct door *d, struct evchat *chat)
{
	(void)chat;
	evchat_listener_pause(d->listener);
}

START_TEST(pause_inside_accept_holds_at_once)
{
	struct door d;

	door_open(&d, (enum door_kind)_i);
	d.script.accept = pause_in_accept;
	knock_often(&d, 3);
	door_run_until_echoed(&d, 0);
	door_turn(&d);
	ck_assert_int_eq(d.accepted, 1);
	evchat_listener_resume(d.listener);
	door_run_until_echoed(&d, 1);
	door_turn(&d);
	ck_assert_int_eq(d.accepted, 2);
	door_close(&d);
}
END_TEST

/* The maximum */

START_TEST(maximum_holds_in_the_midst_of_a_backlog)
{
	struct door d;

	door_open(&d, (enum door_kind)_i);
	evchat_listener_set_max(d.listener, 3);
	knock_often(&d, 5);
	door_run_until_echoed(&d, 2);
	door_turn(&d);
	ck_assert_int_eq(d.accepted, 3);
	ck_assert_uint_eq(evchat_listener_get_count(d.listener), 3);
	evchat_free(d.last);
	door_run_until_echoed(&d, 3);
	door_turn(&d);
	ck_assert_int_eq(d.accepted, 4);
	ck_assert_int_eq(d.living, 3);
	door_close(&d);
}
END_TEST

START_TEST(maximum_may_be_changed)
{
	struct door d;

	door_open(&d, (enum door_kind)_i);
	d.quiet = true;
	knock_often(&d, 2);
	door_run_until_echoed(&d, 1);
	evchat_listener_set_max(d.listener, 1); /* lowered: they live on */
	knock_often(&d, 4);
	door_turn(&d);
	ck_assert_int_eq(d.living, 2);
	evchat_free(d.last);
	door_turn(&d);
	ck_assert_int_eq(d.living, 1);
	evchat_listener_set_max(d.listener, 3);
	door_run_until_living(&d, 3);
	door_turn(&d);
	ck_assert_int_eq(d.living, 3);
	evchat_listener_set_max(d.listener, 0);
	door_run_until_living(&d, 5);
	door_end(&d, "");
}
END_TEST

static void
lower(struct door *d, struct evchat *chat)
{
	(void)chat;
	evchat_listener_set_max(d->listener, 2);
}

START_TEST(maximum_that_accept_sets_holds_at_once)
{
	struct door d;

	door_open(&d, (enum door_kind)_i);
	d.script.accept = lower;
	knock_often(&d, 5);
	door_run_until_echoed(&d, 1);
	door_turn(&d);
	ck_assert_int_eq(d.accepted, 2);
	door_close(&d);
}
END_TEST

/* Each frees itself in accept, so there is always room. */
START_TEST(freed_in_accept_counts_no_more)
{
	struct door d;
	int i;

	door_open(&d, (enum door_kind)_i);
	evchat_listener_set_max(d.listener, 1);
	d.script.accept = door_free_chat;
	knock_often(&d, 3);
	for (i = 0; i < 3; i++)
		door_run_until_ended(&d, i);
	door_end(&d, "accept|closed:freed|accept|closed:freed|"
	    "accept|closed:freed");
}
END_TEST

static void
detach(struct door *d, struct evchat *chat)
{
	struct bufferevent *bev = evchat_detach(chat);

	ck_assert_ptr_nonnull(bev);
	bufferevent_free(bev);
	door_note(d, "%zu", evchat_listener_get_count(d->listener));
}

START_TEST(detached_channel_counts_no_more)
{
	struct door d;

	door_open(&d, (enum door_kind)_i);
	evchat_listener_set_max(d.listener, 1);
	d.script.accept = detach;
	knock_often(&d, 2);
	door_run_until(&d, "|0", 2);
	door_end(&d, "accept|closed:detached|0|accept|closed:detached|0");
}
END_TEST

/* Without descriptors */

static void
have_descriptors(struct rlimit *was, rlim_t n)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	if (was != NULL)
		*was = limit;
	limit.rlim_cur = n;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* The lowest that is free; none at or above it can be had any more. */
static void
exhaust(struct rlimit *was)
{
	int fd = dup(0);

	ck_assert_int_ge(fd, 0);
	close(fd);
	have_descriptors(was, (rlim_t)fd);
}

START_TEST(without_descriptors_connections_wait_and_it_is_told_once)
{
	struct rlimit was;
	struct door d;

	door_open(&d, (enum door_kind)_i);
	door_visit(&d);
	knock_often(&d, 2);
	exhaust(&was);
	door_run_until(&d, "error", 1);
	door_say(&d, 0);
	door_run_until(&d, "frame:a", 2);
	have_descriptors(NULL, was.rlim_cur);
	door_run_until_echoed(&d, 2);
	door_end(&d, "accept|frame:a|error:EMFILE|frame:a|"
	    "accept|accept|frame:b|frame:c");
}
END_TEST

/* One goes, one comes, and it need not wait for long: it is the next turn. */
START_TEST(descriptor_of_a_channel_that_ends_is_used_at_once)
{
	struct rlimit was;
	struct door d;

	door_open(&d, (enum door_kind)_i);
	door_visit(&d);
	knock_often(&d, 1);
	exhaust(&was);
	door_run_until(&d, "error", 1);
	evchat_free(d.last);
	door_turn(&d);
	have_descriptors(NULL, was.rlim_cur);
	door_end(&d, "accept|frame:a|error:EMFILE|closed:freed|"
	    "accept|frame:b");
}
END_TEST

/* Calls that are bent */

static double
seconds(void)
{
	struct timespec now;

	ck_assert_int_eq(clock_gettime(CLOCK_MONOTONIC, &now), 0);
	return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void
open_bent(struct door *d, const char *name, long n)
{
	door_open(d, DOOR_ADOPTED);
	knock_often(d, 3);
	nasty_watch(d->listener_fd, true);
	if (n == 0)
		nasty_bend_often(nasty_bend_named(name), 1, 0);
	else
		nasty_bend_at(nasty_bend_named(name), n);
}

START_TEST(listener_backs_off_for_longer_each_time)
{
	struct door d;
	double begin = seconds();

	open_bent(&d, "EMFILE", 0);
	while (nasty_counted() < 6)
		ck_assert_int_eq(event_base_loop(d.base, EVLOOP_ONCE), 0);
	/* 10, 20, 40, 80 and 160 ms */
	ck_assert_double_ge(seconds() - begin, 0.3);
	door_expect(&d, "error:EMFILE");
	nasty_stop();
	evchat_listener_pause(d.listener);
	door_turn(&d);
	evchat_listener_resume(d.listener); /* does not end the time */
	door_run_until_echoed(&d, 2);
	door_close(&d);
}
END_TEST

START_TEST(each_spell_is_told)
{
	struct door d;

	open_bent(&d, "EMFILE", 2);
	door_run_until_echoed(&d, 2);
	nasty_bend_at(nasty_bend_named("EMFILE"), 1);
	knock_often(&d, 1);
	door_run_until_echoed(&d, 3);
	nasty_stop();
	door_run_until(&d, "error:EMFILE", 2);
	ck_assert_int_eq(d.accepted, 4);
	door_close(&d);
}
END_TEST

START_TEST(aborted_connections_are_passed_over)
{
	static const char *const names[] = { "EINTR", "ECONNABORTED",
	    "EAGAIN" };
	struct door d;

	open_bent(&d, names[_i % 3], _i / 3 + 1);
	door_run_until_echoed(&d, 2);
	ck_assert_int_eq(nasty_struck(), 1);
	nasty_stop();
	ck_assert_int_eq(d.accepted, 3);
	ck_assert_ptr_null(strstr(d.text, "error"));
	door_close(&d);
}
END_TEST

static void
free_listener(struct door *d)
{
	door_free_listener(d);
}

static void
stop(struct door *d)
{
	door_stop(d, -1);
}

static void
pause_listener(struct door *d)
{
	evchat_listener_pause(d->listener);
}

START_TEST(error_callback_may_do_anything)
{
	static void (*const acts[])(struct door *) = { free_listener, stop,
	    pause_listener };
	static const char *const transcripts[] = { "error:EMFILE",
	    "error:EMFILE|stopped", "error:EMFILE" };
	struct door d;

	open_bent(&d, "EMFILE", 1);
	d.script.error = acts[_i];
	door_run_until(&d, "error", 1);
	if (_i == 1)
		nasty_bend_often(nasty_bend_named("EMFILE"), 1, 0);
	door_turn(&d);
	if (_i == 1)
		door_run_until(&d, "stopped", 1);
	nasty_stop();
	door_turn(&d);
	door_end(&d, transcripts[_i]);
}
END_TEST

static Suite *
limits_suite(void)
{
	Suite *suite = suite_create("listener limits");
	TCase *tc = harness_case(suite, "pause");

	tcase_add_loop_test(tc, pause_leaves_connections_in_the_backlog, 0,
	    DOOR_KINDS);
	tcase_add_loop_test(tc, pause_inside_accept_holds_at_once, 0,
	    DOOR_KINDS);

	tc = harness_case(suite, "maximum");
	tcase_add_loop_test(tc, maximum_holds_in_the_midst_of_a_backlog, 0,
	    DOOR_KINDS);
	tcase_add_loop_test(tc, maximum_may_be_changed, 0, DOOR_KINDS);
	tcase_add_loop_test(tc, maximum_that_accept_sets_holds_at_once, 0,
	    DOOR_KINDS);
	tcase_add_loop_test(tc, freed_in_accept_counts_no_more, 0, DOOR_KINDS);
	tcase_add_loop_test(tc, detached_channel_counts_no_more, 0,
	    DOOR_KINDS);

	tc = harness_case(suite, "descriptors");
	tcase_add_loop_test(tc,
	    without_descriptors_connections_wait_and_it_is_told_once, 0,
	    DOOR_KINDS);
	tcase_add_loop_test(tc,
	    descriptor_of_a_channel_that_ends_is_used_at_once, 0, DOOR_KINDS);
	if (!nasty_works())
		return suite;
	tcase_add_test(tc, listener_backs_off_for_longer_each_time);
	tcase_add_test(tc, each_spell_is_told);
	tcase_add_loop_test(tc, aborted_connections_are_passed_over, 0, 9);
	tcase_add_loop_test(tc, error_callback_may_do_anything, 0, 3);
	return suite;
}

int
main(void)
{
	return harness_main(limits_suite());
}
