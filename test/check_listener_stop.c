/*
 * Listeners that stop: what waits is accepted, channels end between two
 * frames, or when their grace is over, and then it is told that none is left.
 */

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "door.h"

/* Nothing to wait for */

START_TEST(listener_without_channels_stops_from_the_loop)
{
	struct door d;

	door_open(&d, (enum door_kind)_i);
	door_stop(&d, -1);
	door_expect(&d, "");
	door_run_until(&d, "stopped", 1);
	door_turn(&d);
	door_end(&d, "stopped");
}
END_TEST

START_TEST(stopped_need_not_be_told)
{
	struct door d;
	int client;

	door_open(&d, (enum door_kind)_i);
	client = door_visit(&d);
	ck_assert_int_eq(evchat_listener_stop(d.listener, NULL, NULL, NULL),
	    0);
	door_run_until_ended(&d, client);
	door_finish(&d, client);
	door_run_until(&d, "closed", 1);
	door_close(&d);
}
END_TEST

START_TEST(grace_that_cannot_be_is_refused)
{
	static const struct timeval wrong[] = { { -1, 0 }, { 0, -1 },
	    { 0, 1000000 } };
	struct door d;

	door_open(&d, DOOR_TCP);
	errno = 0;
	ck_assert_int_eq(evchat_listener_stop(d.listener, &wrong[_i],
	    door_stopped, &d), -1);
	ck_assert_int_eq(errno, EINVAL);
	door_visit(&d); /* as before */
	door_end(&d, "accept|frame:a");
}
END_TEST

/* Channels */

START_TEST(channels_end_and_then_it_has_stopped)
{
	struct door d;
	int i;

	door_open(&d, (enum door_kind)_i);
	for (i = 0; i < 2; i++)
		door_visit(&d);
	d.quiet = true;
	door_stop(&d, -1);
	for (i = 0; i < 2; i++) {
		door_run_until_ended(&d, i);
		door_finish(&d, i);
	}
	door_run_until(&d, "stopped", 1);
	ck_assert_int_eq(d.living, 0);
	ck_assert_uint_eq(evchat_listener_get_count(d.listener), 0);
	door_end(&d, "accept|frame:a|accept|frame:b|stopped");
}
END_TEST

START_TEST(channel_in_a_frame_ends_behind_it)
{
	struct door d;

	door_open(&d, (enum door_kind)_i);
	door_visit(&d);
	ck_assert_int_eq(send(d.clients[0], "xy", 2, 0), 2);
	door_turn(&d);
	door_stop(&d, -1);
	door_turn(&d);
	door_expect(&d, "accept|frame:a");
	ck_assert_int_eq(send(d.clients[0], "z\n", 2, 0), 2);
	door_run_until(&d, "last", 1);
	door_finish(&d, 0);
	door_run_until(&d, "stopped", 1);
	door_end(&d, "accept|frame:a|frame:xyz|last|closed:done|stopped");
}
END_TEST

START_TEST(what_waits_is_accepted_before)
{
	struct door d;
	int i;

	door_open(&d, (enum door_kind)_i);
	evchat_listener_set_max(d.listener, 1); /* and in spite of this */
	if (_i % 2 == 0)
		evchat_listener_pause(d.listener);
	for (i = 0; i < 40; i++) {
		door_say(&d, door_knock(&d));
		door_finish(&d, i);
	}
	d.quiet = true;
	door_stop(&d, -1);
	door_run_until(&d, "stopped", 1);
	ck_assert_int_eq(d.accepted, 40);
	for (i = 0; i < 40; i++)
		ck_assert(door_echoed(&d, i));
	door_end(&d, "stopped");
}
END_TEST

START_TEST(nobody_connects_any_more)
{
	struct door d;
	int fd;

	door_open(&d, (enum door_kind)_i);
	door_visit(&d);
	ck_assert_int_eq(send(d.clients[0], "x", 1, 0), 1);
	door_turn(&d);
	door_stop(&d, -1);
	door_turn(&d);
	fd = socket(d.address.ss_family, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&d.address,
	    (socklen_t)d.address_len), -1);
	close(fd);
	door_close(&d);
}
END_TEST

/* What waits cannot be had then: that is told. */
START_TEST(stop_without_descriptors_turns_away)
{
	struct rlimit was, limit;
	struct door d;
	int fd;

	door_open(&d, (enum door_kind)_i);
	door_knock(&d);
	ck_assert_int_ge(fd = dup(0), 0);
	close(fd);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &was), 0);
	limit = was;
	limit.rlim_cur = (rlim_t)fd;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	door_stop(&d, -1);
	door_run_until(&d, "stopped", 1);
	door_run_until_ended(&d, 0);
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &was), 0);
	door_end(&d, "error:EMFILE|stopped");
}
END_TEST

/* Grace */

static void
begin_frame(struct door *d)
{
	int client = door_visit(d);

	ck_assert_int_eq(send(d->clients[client], "x", 1, 0), 1);
	door_turn(d);
}

START_TEST(channels_are_freed_when_grace_is_over)
{
	struct door d;

	door_open(&d, (enum door_kind)_i);
	begin_frame(&d);
	begin_frame(&d);
	door_stop(&d, 20);
	door_run_until(&d, "stopped", 1);
	door_end(&d, "accept|frame:a|accept|frame:b|closed:freed|"
	    "closed:freed|stopped");
}
END_TEST

START_TEST(no_grace_is_the_next_turn)
{
	struct door d;

	door_open(&d, (enum door_kind)_i);
	begin_frame(&d);
	door_stop(&d, 0);
	door_expect(&d, "accept|frame:a");
	door_turn(&d);
	door_end(&d, "accept|frame:a|closed:freed|stopped");
}
END_TEST

START_TEST(second_stop_changes_grace)
{
	struct door d;

	door_open(&d, (enum door_kind)_i);
	begin_frame(&d);
	door_stop(&d, 3600 * 1000);
	door_turn(&d);
	door_stop(&d, -1);
	door_turn(&d);
	door_expect(&d, "accept|frame:a");
	door_stop(&d, 1);
	door_run_until(&d, "stopped", 1);
	door_end(&d, "accept|frame:a|closed:freed|stopped");
}
END_TEST

static void
note_other(struct evchat_listener *listener, void *arg)
{
	(void)listener;
	door_note(arg, "other");
}

START_TEST(second_stop_changes_who_is_told)
{
	struct door d;

	door_open(&d, (enum door_kind)_i);
	door_stop(&d, -1);
	ck_assert_int_eq(evchat_listener_stop(d.listener, NULL, note_other,
	    &d), 0);
	door_run_until(&d, "other", 1);
	door_turn(&d);
	door_stop(&d, -1); /* each is told once */
	door_run_until(&d, "stopped", 1);
	door_turn(&d);
	door_end(&d, "other|stopped");
}
END_TEST

/* Inside callbacks */

static void
stop_in_hook(struct door *d, struct evchat *chat)
{
	(void)chat;
	door_stop(d, -1);
	door_note(d, "stop");
}

START_TEST(stop_in_accept_accepts_the_others)
{
	struct door d;
	int i;

	door_open(&d, (enum door_kind)_i);
	d.script.accept = stop_in_hook;
	for (i = 0; i < 3; i++)
		door_finish(&d, door_knock(&d));
	door_run_until(&d, "stopped", 1);
	ck_assert_int_eq(d.accepted, 3);
	ck_assert_ptr_nonnull(strstr(d.text,
	    "accept|stop|accept|stop|accept|stop|"));
	door_close(&d);
}
END_TEST

START_TEST(stop_in_a_hook_answers_that_frame)
{
	struct door d;

	door_open(&d, (enum door_kind)_i);
	d.script.frame = stop_in_hook;
	door_say(&d, door_knock(&d));
	door_run_until_echoed(&d, 0);
	door_run_until(&d, "last", 1);
	door_finish(&d, 0);
	door_run_until(&d, "stopped", 1);
	door_end(&d, "accept|frame:a|stop|last|closed:done|stopped");
}
END_TEST

START_TEST(stop_in_closed_of_the_last)
{
	struct door d;

	door_open(&d, (enum door_kind)_i);
	d.script.closed = stop_in_hook;
	door_knock(&d);
	door_finish(&d, 0);
	door_run_until(&d, "stopped", 1);
	door_turn(&d);
	door_end(&d, "accept|closed:eof|stop|stopped");
}
END_TEST

static void
detach(struct door *d, struct evchat *chat)
{
	(void)d;
	bufferevent_free(evchat_detach(chat));
}

START_TEST(detached_channel_holds_nothing_up)
{
	struct door d;

	door_open(&d, (enum door_kind)_i);
	begin_frame(&d);
	door_stop(&d, -1);
	door_turn(&d);
	detach(&d, d.last);
	door_run_until(&d, "stopped", 1);
	door_end(&d, "accept|frame:a|closed:detached|stopped");
}
END_TEST

/* Without memory: it is refused, or it stops. */
START_TEST(stop_survives_every_failing_allocation)
{
	const struct timeval hour = { 3600, 0 };
	bool failed = true;
	struct door d;
	long i;

	for (i = 1; failed; i++) {
		door_open(&d, (enum door_kind)_i);
		d.quiet = true;
		door_visit(&d);
		harness_fail_allocation(i);
		errno = 0;
		while (evchat_listener_stop(d.listener, &hour, door_stopped,
		    &d) == -1)
			ck_assert_int_eq(errno, ENOMEM);
		door_finish(&d, 0);
		door_run_until(&d, "stopped", 1);
		failed = harness_allocation_failed();
		harness_fail_allocation(0);
		door_end(&d, "stopped");
	}
}
END_TEST

static Suite *
stop_suite(void)
{
	Suite *suite = suite_create("listener stop");
	TCase *tc = harness_case(suite, "none");

	tcase_add_loop_test(tc,
	    listener_without_channels_stops_from_the_loop, 0, DOOR_KINDS);
	tcase_add_loop_test(tc, stopped_need_not_be_told, 0, DOOR_KINDS);
	tcase_add_loop_test(tc, grace_that_cannot_be_is_refused, 0, 3);

	tc = harness_case(suite, "channels");
	tcase_add_loop_test(tc, channels_end_and_then_it_has_stopped, 0,
	    DOOR_KINDS);
	tcase_add_loop_test(tc, channel_in_a_frame_ends_behind_it, 0,
	    DOOR_KINDS);
	tcase_add_loop_test(tc, what_waits_is_accepted_before, 0, DOOR_KINDS);
	tcase_add_loop_test(tc, nobody_connects_any_more, 0, DOOR_KINDS);
	tcase_add_loop_test(tc, stop_without_descriptors_turns_away, 0,
	    DOOR_KINDS);

	tc = harness_case(suite, "grace");
	tcase_add_loop_test(tc, channels_are_freed_when_grace_is_over, 0,
	    DOOR_KINDS);
	tcase_add_loop_test(tc, no_grace_is_the_next_turn, 0, DOOR_KINDS);
	tcase_add_loop_test(tc, second_stop_changes_grace, 0, DOOR_KINDS);
	tcase_add_loop_test(tc, second_stop_changes_who_is_told, 0,
	    DOOR_KINDS);

	tc = harness_case(suite, "callbacks");
	tcase_add_loop_test(tc, stop_in_accept_accepts_the_others, 0,
	    DOOR_KINDS);
	tcase_add_loop_test(tc, stop_in_a_hook_answers_that_frame, 0,
	    DOOR_KINDS);
	tcase_add_loop_test(tc, stop_in_closed_of_the_last, 0, DOOR_KINDS);
	tcase_add_loop_test(tc, detached_channel_holds_nothing_up, 0,
	    DOOR_KINDS);
	tcase_add_loop_test(tc, stop_survives_every_failing_allocation, 0,
	    DOOR_KINDS);
	return suite;
}

int
main(void)
{
	return harness_main(stop_suite());
}
