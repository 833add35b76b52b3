/*
 * Deadlines by themselves, and which of a channel's run when. What time it is,
 * is moved instead of waited for: a deadline is made due earlier, as if so
 * much time had gone by. So hardly any test here waits.
 */

#include <errno.h>
#include "../lib/channel.h"
#include "harness.h"

#define MINUTE (60 * DEADLINE_SECOND)
#define HOUR (60 * MINUTE)

static const struct timeval hour = { 3600, 0 };
static const struct timeval minute = { 60, 0 };
static const struct timeval ms = { 0, 1000 };

/* A channel with one deadline, which has not been started. */
static struct harness *
begin(const struct timeval *limit)
{
	struct harness *h = harness_start_new(HARNESS_SOCKET,
	    &harness_streaming);

	ck_assert_int_eq(deadline_set(h->chat, DEADLINE_READ, limit), 0);
	return h;
}

static void
start(struct harness *h)
{
	ck_assert_int_eq(deadline_start(h->chat, DEADLINE_READ), 0);
}

static struct deadline *
of(struct harness *h, enum deadline_which which)
{
	return &h->chat->deadlines->all[which];
}

/* As if time went by until so much is left. */
static void
leave(struct harness *h, enum deadline_which which, uint64_t us)
{
	of(h, which)->due = deadline_now() + us;
}

static void
expect_state(struct harness *h, enum deadline_which which,
    enum deadline_state state)
{
	ck_assert_int_eq(deadline_get(h->chat, which), state);
}

/* So much is left, or up to some seconds less. */
static void
expect_left(struct harness *h, enum deadline_which which, uint64_t us)
{
	uint64_t left = deadline_left(h->chat, which);

	ck_assert_uint_le(left, us);
	ck_assert_uint_ge(left, us - 30 * DEADLINE_SECOND);
}

START_TEST(it_expires_when_its_time_is_up)
{
	struct harness *h = begin(&ms);

	start(h);
	expect_state(h, DEADLINE_READ, DEADLINE_RUNNING);
	while (deadline_get(h->chat, DEADLINE_READ) != DEADLINE_EXPIRED) {
		ck_assert_int_eq(event_base_loop(h->base, EVLOOP_ONCE), 0);
		if (h->closed > 0)
			break;
	}
	harness_end(h, "event:timeout|closed:read timeout");
}
END_TEST

START_TEST(without_a_limit_nothing_starts)
{
	struct harness *h = begin(NULL);

	start(h);
	expect_state(h, DEADLINE_READ, DEADLINE_STOPPED);
	ck_assert_ptr_null(h->chat->deadlines->event);
	deadline_freeze(h->chat, DEADLINE_READ);
	expect_state(h, DEADLINE_READ, DEADLINE_STOPPED);
	ck_assert_int_eq(deadline_thaw(h->chat, DEADLINE_READ), 0);
	deadline_stop(h->chat, DEADLINE_READ);
	harness_end(h, "");
}
END_TEST

START_TEST(channel_without_limits_has_no_deadlines)
{
	struct harness *h = harness_start_new(HARNESS_SOCKET,
	    &harness_frames);

	harness_crlf(h);
	harness_feed(h, "ab\r\ncd");
	ck_assert_ptr_null(h->chat->deadlines);
	ck_assert(deadline_has_limit(h->chat, DEADLINE_LINGER));
	ck_assert(!deadline_has_limit(h->chat, DEADLINE_FRAME));
	ck_assert_uint_eq(deadline_left(h->chat, DEADLINE_FRAME), 0);
	harness_end(h, "frame:ab");
}
END_TEST

START_TEST(limit_holds_from_the_next_start_on)
{
	struct harness *h = begin(&hour);

	start(h);
	deadline_set(h->chat, DEADLINE_READ, &minute);
	expect_left(h, DEADLINE_READ, HOUR);
	start(h);
	expect_left(h, DEADLINE_READ, MINUTE);
	harness_end(h, "");
}
END_TEST

START_TEST(taking_the_limit_back_stops_it)
{
	struct harness *h = begin(&hour);

	start(h);
	deadline_set(h->chat, DEADLINE_READ, NULL);
	ck_assert(!deadline_has_limit(h->chat, DEADLINE_READ));
	expect_state(h, DEADLINE_READ, DEADLINE_STOPPED);
	harness_end(h, "");
}
END_TEST

START_TEST(stopped_it_does_not_freeze)
{
	struct harness *h = begin(&hour);

	start(h);
	deadline_stop(h->chat, DEADLINE_READ);
	deadline_freeze(h->chat, DEADLINE_READ);
	expect_state(h, DEADLINE_READ, DEADLINE_STOPPED);
	ck_assert_int_eq(deadline_thaw(h->chat, DEADLINE_READ), 0);
	expect_state(h, DEADLINE_READ, DEADLINE_STOPPED);
	ck_assert_uint_eq(deadline_left(h->chat, DEADLINE_READ), 0);
	harness_end(h, "");
}
END_TEST

START_TEST(frozen_it_keeps_what_is_left)
{
	struct harness *h = begin(&hour);

	start(h);
	leave(h, DEADLINE_READ, MINUTE);
	deadline_freeze(h->chat, DEADLINE_READ);
	expect_state(h, DEADLINE_READ, DEADLINE_FROZEN);
	expect_left(h, DEADLINE_READ, MINUTE);
	deadline_freeze(h->chat, DEADLINE_READ); /* again, to no effect */
	expect_left(h, DEADLINE_READ, MINUTE);
	ck_assert_int_eq(deadline_thaw(h->chat, DEADLINE_READ), 0);
	expect_state(h, DEADLINE_READ, DEADLINE_RUNNING);
	expect_left(h, DEADLINE_READ, MINUTE);
	harness_end(h, "");
}
END_TEST

START_TEST(nothing_is_left_of_one_that_is_late)
{
	struct harness *h = begin(&hour);

	start(h);
	of(h, DEADLINE_READ)->due = deadline_now() - 1;
	ck_assert_uint_eq(deadline_left(h->chat, DEADLINE_READ), 0);
	deadline_freeze(h->chat, DEADLINE_READ);
	ck_assert_uint_eq(deadline_left(h->chat, DEADLINE_READ), 0);
	harness_end(h, "");
}
END_TEST

START_TEST(starting_it_anew_ends_a_freeze)
{
	struct harness *h = begin(&hour);

	start(h);
	deadline_freeze(h->chat, DEADLINE_READ);
	start(h);
	expect_state(h, DEADLINE_READ, DEADLINE_RUNNING);
	expect_left(h, DEADLINE_READ, HOUR);
	harness_end(h, "");
}
END_TEST

/* That is what makes it cheap to start one for every frame. */
START_TEST(starting_it_again_leaves_the_timer_alone)
{
	struct harness *h = begin(&hour);
	struct timeval before, after;
	uint64_t alarm;

	start(h);
	alarm = h->chat->deadlines->alarm;
	ck_assert_int_ne(event_pending(h->chat->deadlines->event, EV_TIMEOUT,
	    &before), 0);
	leave(h, DEADLINE_READ, MINUTE);
	start(h);
	deadline_stop(h->chat, DEADLINE_READ);
	start(h);
	ck_assert_uint_eq(h->chat->deadlines->alarm, alarm);
	ck_assert_int_ne(event_pending(h->chat->deadlines->event, EV_TIMEOUT,
	    &after), 0);
	ck_assert_int_eq(before.tv_sec, after.tv_sec);
	harness_end(h, "");
}
END_TEST

START_TEST(timer_runs_out_with_the_first_of_several)
{
	struct harness *h = begin(&hour);
	uint64_t late;

	start(h);
	late = h->chat->deadlines->alarm;
	ck_assert_int_eq(deadline_set(h->chat, DEADLINE_STALL, &minute), 0);
	ck_assert_int_eq(deadline_start(h->chat, DEADLINE_STALL), 0);
	ck_assert_uint_eq(h->chat->deadlines->alarm,
	    of(h, DEADLINE_STALL)->due);
	ck_assert_uint_lt(h->chat->deadlines->alarm, late);
	/* It is over: then the timer is for what is left. */
	of(h, DEADLINE_STALL)->due = deadline_now();
	ck_assert_int_eq(deadlines_expire(h->chat), 0);
	expect_state(h, DEADLINE_STALL, DEADLINE_EXPIRED);
	expect_state(h, DEADLINE_READ, DEADLINE_RUNNING);
	ck_assert_uint_eq(h->chat->deadlines->alarm, late);
	harness_end(h, "");
}
END_TEST

START_TEST(timer_that_comes_early_ends_nothing)
{
	struct harness *h = begin(&hour);

	start(h);
	timing_alarm(-1, 0, h->chat);
	expect_state(h, DEADLINE_READ, DEADLINE_RUNNING);
	ck_assert_uint_ne(h->chat->deadlines->alarm, 0);
	deadline_stop(h->chat, DEADLINE_READ);
	ck_assert_int_eq(deadlines_expire(h->chat), 0);
	ck_assert_uint_eq(h->chat->deadlines->alarm, 0);
	harness_end(h, "");
}
END_TEST

START_TEST(without_memory_it_does_not_start)
{
	struct harness *h = begin(&hour);

	errno = 0;
	harness_fail_allocation(1);
	ck_assert_int_eq(deadline_start(h->chat, DEADLINE_READ), -1);
	harness_fail_allocation(0);
	ck_assert_int_eq(errno, ENOMEM);
	expect_state(h, DEADLINE_READ, DEADLINE_STOPPED);
	start(h);
	expect_left(h, DEADLINE_READ, HOUR);
	harness_end(h, "");
}
END_TEST

/* Of a channel */

static void
set_hour(struct harness *h, enum evchat_timeout which)
{
	ck_assert_int_eq(evchat_set_timeout(h->chat, which, &hour), 0);
}

/* A channel of lines, within a frame and its time of an hour. */
static struct harness *
start_a_frame(unsigned options)
{
	struct harness *h = harness_new(HARNESS_SOCKET);

	harness_start(h, &harness_frames, options);
	harness_crlf(h);
	set_hour(h, EVCHAT_TIMEOUT_FRAME);
	set_hour(h, EVCHAT_TIMEOUT_WRITE);
	harness_feed(h, "ab");
	expect_left(h, DEADLINE_FRAME, HOUR);
	return h;
}

/*
 * The timer's callback may have had to wait for the lock, while another thread
 * stopped what it is about. Here it comes when that is so.
 */
START_TEST(deadline_that_was_stopped_meanwhile_ends_nothing)
{
	struct harness *h = start_a_frame(0);

	evchat_pause(h->chat);
	harness_turn(h);
	expect_state(h, DEADLINE_FRAME, DEADLINE_FROZEN);
	timing_alarm(-1, EV_TIMEOUT, h->chat);
	harness_expect(h, "");
	evchat_resume(h->chat);
	harness_feed(h, "\r\n");
	expect_state(h, DEADLINE_FRAME, DEADLINE_STOPPED);
	timing_alarm(-1, EV_TIMEOUT, h->chat);
	harness_turn(h);
	harness_expect(h, "frame:ab");
	harness_feed(h, "cd");
	leave(h, DEADLINE_FRAME, 0);
	timing_alarm(-1, EV_TIMEOUT, h->chat); /* and this is none */
	harness_end(h, "frame:ab|event:timeout|closed:frame timeout");
}
END_TEST

/* Else a peer that has the channel paused now and then could live on it. */
START_TEST(pauses_do_not_give_a_frame_more_time)
{
	struct harness *h = start_a_frame(0);
	int i;

	leave(h, DEADLINE_FRAME, MINUTE);
	for (i = 0; i < 3; i++) {
		evchat_pause(h->chat);
		harness_turn(h);
		expect_state(h, DEADLINE_FRAME, DEADLINE_FROZEN);
		expect_left(h, DEADLINE_FRAME, MINUTE);
		evchat_resume(h->chat);
		harness_turn(h);
		expect_state(h, DEADLINE_FRAME, DEADLINE_RUNNING);
		expect_left(h, DEADLINE_FRAME, MINUTE);
	}
	harness_feed(h, "c\r\n");
	harness_end(h, "frame:abc");
}
END_TEST

START_TEST(peers_end_stops_the_deadlines_of_its_input)
{
	struct harness *h = start_a_frame(EVCHAT_OPT_HALF_OPEN);

	set_hour(h, EVCHAT_TIMEOUT_READ);
	harness_turn(h);
	expect_state(h, DEADLINE_READ, DEADLINE_RUNNING);
	harness_feed_eof(h);
	harness_expect(h, "event:eof");
	expect_state(h, DEADLINE_FRAME, DEADLINE_STOPPED);
	expect_state(h, DEADLINE_READ, DEADLINE_STOPPED);
	harness_end(h, "event:eof");
}
END_TEST

/* What waits for a producer alone is nobody's fault but the application's. */
START_TEST(write_deadline_runs_only_while_bytes_wait)
{
	struct harness *h = harness_start_new(HARNESS_SOCKET,
	    &harness_streaming);

	set_hour(h, EVCHAT_TIMEOUT_WRITE);
	set_hour(h, EVCHAT_TIMEOUT_STALL);
	harness_peer_read(h, false);
	harness_push_much(h);
	harness_push_stuck(h, "p");
	harness_turn(h);
	expect_left(h, DEADLINE_WRITE, HOUR);
	harness_peer_read(h, true);
	harness_run_until_received(h, HARNESS_MUCH);
	harness_turn(h);
	expect_state(h, DEADLINE_WRITE, DEADLINE_STOPPED);
	/* To stall, a producer is enough. */
	expect_state(h, DEADLINE_STALL, DEADLINE_RUNNING);
	harness_end(h, "");
}
END_TEST

static Suite *
deadline_suite(void)
{
	Suite *suite = suite_create("deadline");
	TCase *tc = harness_case(suite, "deadline");

	tcase_add_test(tc, it_expires_when_its_time_is_up);
	tcase_add_test(tc, without_a_limit_nothing_starts);
	tcase_add_test(tc, channel_without_limits_has_no_deadlines);
	tcase_add_test(tc, limit_holds_from_the_next_start_on);
	tcase_add_test(tc, taking_the_limit_back_stops_it);
	tcase_add_test(tc, stopped_it_does_not_freeze);
	tcase_add_test(tc, frozen_it_keeps_what_is_left);
	tcase_add_test(tc, nothing_is_left_of_one_that_is_late);
	tcase_add_test(tc, starting_it_anew_ends_a_freeze);
	tcase_add_test(tc, starting_it_again_leaves_the_timer_alone);
	tcase_add_test(tc, timer_runs_out_with_the_first_of_several);
	tcase_add_test(tc, timer_that_comes_early_ends_nothing);
	tcase_add_test(tc, without_memory_it_does_not_start);
	tcase_add_test(tc,
	    deadline_that_was_stopped_meanwhile_ends_nothing);
	tcase_add_test(tc, pauses_do_not_give_a_frame_more_time);
	tcase_add_test(tc, peers_end_stops_the_deadlines_of_its_input);
	tcase_add_test(tc, write_deadline_runs_only_while_bytes_wait);
	return suite;
}

int
main(void)
{
	return harness_main(deadline_suite());
}
