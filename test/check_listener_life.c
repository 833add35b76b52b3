/*
 * Listeners that are freed: in any callback, with channels, in the midst of a
 * backlog. Their channels live on. Nothing of the application's is called
 * then that has to do with the listener; door.c looks.
 */

#define _POSIX_C_SOURCE 200809L
#include <unistd.h>
#include "door.h"

static void
free_in_hook(struct door *d, struct evchat *chat)
{
	(void)chat;
	door_free_listener(d);
}

static void
knock_often(struct door *d, int n)
{
	int i;

	for (i = 0; i < n; i++)
		door_say(d, door_knock(d));
}

START_TEST(free_does_nothing_to_null)
{
	evchat_listener_free(NULL);
}
END_TEST

START_TEST(free_at_once_leaves_nothing)
{
	struct door d;

	door_open(&d, (enum door_kind)_i);
	door_free_listener(&d);
	door_turn(&d);
	door_end(&d, "");
}
END_TEST

START_TEST(free_turns_away_what_waits)
{
	struct door d;

	door_open(&d, (enum door_kind)_i);
	evchat_listener_pause(d.listener);
	door_knock(&d);
	door_free_listener(&d);
	door_run_until_ended(&d, 0);
	door_end(&d, "");
}
END_TEST

START_TEST(channels_live_on)
{
	struct door d;

	door_open(&d, (enum door_kind)_i);
	door_visit(&d);
	door_free_listener(&d);
	door_say(&d, 0);
	door_run_until(&d, "frame", 2);
	evchat_free(d.last);
	door_end(&d, "accept|frame:a|frame:a|closed:freed");
}
END_TEST

/* Inside callbacks */

START_TEST(free_in_accept_accepts_no_more)
{
	struct door d;

	door_open(&d, (enum door_kind)_i);
	d.script.accept = free_in_hook;
	knock_often(&d, 3);
	door_run_until_echoed(&d, 0);
	door_run_until_ended(&d, 1);
	door_run_until_ended(&d, 2);
	door_end(&d, "accept|frame:a");
}
END_TEST

START_TEST(free_in_a_hook_of_a_channel)
{
	struct door d;

	door_open(&d, (enum door_kind)_i);
	d.script.frame = free_in_hook;
	knock_often(&d, 1);
	door_run_until_echoed(&d, 0);
	door_finish(&d, 0);
	door_run_until(&d, "closed", 1);
	door_end(&d, "accept|frame:a|closed:eof");
}
END_TEST

START_TEST(free_in_closed)
{
	struct door d;

	door_open(&d, (enum door_kind)_i);
	d.script.closed = free_in_hook;
	door_knock(&d);
	door_finish(&d, 0);
	door_run_until(&d, "closed", 1);
	door_end(&d, "accept|closed:eof");
}
END_TEST

static void
free_both(struct door *d, struct evchat *chat)
{
	if (d->count++ == 0) {
		evchat_free(chat);
		door_free_listener(d);
	}
}

START_TEST(free_of_both_in_accept)
{
	struct door d;

	door_open(&d, (enum door_kind)_i);
	d.script.accept = free_both;
	knock_often(&d, 2);
	door_run_until_ended(&d, 0);
	door_run_until_ended(&d, 1);
	door_end(&d, "accept|closed:freed");
}
END_TEST

START_TEST(free_in_accept_then_the_channel)
{
	struct door d;

	door_open(&d, (enum door_kind)_i);
	d.script.accept = free_in_hook;
	d.script.closed = free_in_hook;
	door_knock(&d);
	door_run_until_living(&d, 1);
	evchat_free(d.last);
	door_end(&d, "accept|closed:freed");
}
END_TEST

static void
free_listener(struct door *d)
{
	door_free_listener(d);
}

START_TEST(free_in_stopped)
{
	struct door d;

	door_open(&d, (enum door_kind)_i);
	d.script.stopped = free_listener;
	if (_i % 2 == 0)
		door_visit(&d);
	door_stop(&d, 0);
	door_run_until(&d, "stopped", 1);
	door_turn(&d);
	door_end(&d, _i % 2 == 0 ? "accept|frame:a|closed:freed|stopped" :
	    "stopped");
}
END_TEST

/* While it stops */

START_TEST(free_behind_stop_tells_nothing)
{
	struct door d;

	door_open(&d, (enum door_kind)_i);
	door_visit(&d);
	door_stop(&d, 0);
	door_free_listener(&d);
	door_turn(&d);
	door_end(&d, "accept|frame:a");
}
END_TEST

/* The first of three that are freed when grace is over frees the listener. */
START_TEST(free_in_closed_when_grace_is_over_leaves_the_others)
{
	struct door d;
	int i;

	door_open(&d, (enum door_kind)_i);
	for (i = 0; i < 3; i++)
		door_visit(&d);
	d.script.closed = free_in_hook;
	door_stop(&d, 0);
	door_turn(&d);
	ck_assert_int_eq(d.living, 2);
	door_say(&d, 2);
	door_run_until(&d, "frame:c", 2);
	door_end(&d, "accept|frame:a|accept|frame:b|accept|frame:c|"
	    "closed:freed|frame:c");
}
END_TEST

/* The one whose turn comes next may go, too. */
static void
free_others(struct door *d, struct evchat *chat)
{
	struct evchat *last = d->last;

	if (d->count++ > 0 || chat == last)
		return;
	evchat_free(last);
}

START_TEST(channels_that_free_others_when_grace_is_over)
{
	struct door d;
	int i;

	door_open(&d, (enum door_kind)_i);
	for (i = 0; i < 3; i++)
		door_visit(&d);
	d.script.closed = free_others;
	door_stop(&d, 0);
	door_run_until(&d, "stopped", 1);
	door_end(&d, "accept|frame:a|accept|frame:b|accept|frame:c|"
	    "closed:freed|closed:freed|closed:freed|stopped");
}
END_TEST

/* A loop that does not run any more */

START_TEST(loop_need_not_run_behind_free)
{
	struct event_base *base;
	struct door d;
	long blocks = harness_blocks();

	door_open(&d, (enum door_kind)_i);
	base = d.base;
	door_free_listener(&d);
	event_free(d.guard);
	event_base_free(base);
	if (d.kind == DOOR_UNIX)
		ck_assert_int_eq(rmdir(d.directory), 0);
	ck_assert_int_eq(harness_blocks(), blocks);
	ck_assert_int_eq(door_descriptors(), d.descriptors);
}
END_TEST

static Suite *
life_suite(void)
{
	Suite *suite = suite_create("listener life");
	TCase *tc = harness_case(suite, "outside");

	tcase_add_test(tc, free_does_nothing_to_null);
	tcase_add_loop_test(tc, free_at_once_leaves_nothing, 0, DOOR_KINDS);
	tcase_add_loop_test(tc, free_turns_away_what_waits, 0, DOOR_KINDS);
	tcase_add_loop_test(tc, channels_live_on, 0, DOOR_KINDS);
	tcase_add_loop_test(tc, loop_need_not_run_behind_free, 0, DOOR_KINDS);

	tc = harness_case(suite, "callbacks");
	tcase_add_loop_test(tc, free_in_accept_accepts_no_more, 0, DOOR_KINDS);
	tcase_add_loop_test(tc, free_in_a_hook_of_a_channel, 0, DOOR_KINDS);
	tcase_add_loop_test(tc, free_in_closed, 0, DOOR_KINDS);
	tcase_add_loop_test(tc, free_of_both_in_accept, 0, DOOR_KINDS);
	tcase_add_loop_test(tc, free_in_accept_then_the_channel, 0,
	    DOOR_KINDS);
	tcase_add_loop_test(tc, free_in_stopped, 0, DOOR_KINDS);

	tc = harness_case(suite, "stopping");
	tcase_add_loop_test(tc, free_behind_stop_tells_nothing, 0, DOOR_KINDS);
	tcase_add_loop_test(tc,
	    free_in_closed_when_grace_is_over_leaves_the_others, 0,
	    DOOR_KINDS);
	tcase_add_loop_test(tc, channels_that_free_others_when_grace_is_over,
	    0, DOOR_KINDS);
	return suite;
}

int
main(void)
{
	return harness_main(life_suite());
}
