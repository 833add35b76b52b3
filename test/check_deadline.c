/*
 * Deadlines by themselves. Whether and when one is due is asked of its timer, so
 * hardly any test here waits.
 */

#define _DEFAULT_SOURCE /* for what event2/util.h makes of timeval macros */
#include <errno.h>
#include <string.h>
#include "../lib/channel.h"
#include "harness.h"

static const struct timeval hour = { 3600, 0 };
static const struct timeval minute = { 60, 0 };
static const struct timeval ms = { 0, 1000 };
static const struct timeval junk = { 7, 7 };

static struct evchat *expired_of;

static void
expired(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	expired_of = arg;
}

/* A deadline of a channel's, with a limit. */
static struct harness *
begin(struct deadline *deadline, const struct timeval *limit)
{
	struct harness *h = harness_start_new(HARNESS_SOCKET,
	    &harness_streaming);

	expired_of = NULL;
	memset(deadline, 0, sizeof(*deadline));
	deadline_init(deadline, h->chat, expired);
	deadline_set(deadline, limit);
	return h;
}

static void
end(struct harness *h, struct deadline *deadline)
{
	deadline_free(deadline);
	harness_end(h, "");
}

static bool
is_due(const struct deadline *deadline)
{
	return deadline->event != NULL &&
	    event_pending(deadline->event, EV_TIMEOUT, NULL) != 0;
}

/* It is due in so long, or up to some seconds less. */
static void
expect_due_in(const struct deadline *deadline, const struct timeval *tv)
{
	struct timeval when, now, left;

	ck_assert_ptr_nonnull(deadline->event);
	ck_assert_int_ne(event_pending(deadline->event, EV_TIMEOUT, &when), 0);
	evutil_gettimeofday(&now, NULL);
	evutil_timersub(&when, &now, &left);
	ck_assert_int_le(left.tv_sec, tv->tv_sec);
	ck_assert_int_ge(left.tv_sec, tv->tv_sec - 30);
}

static void
expect_left(const struct deadline *deadline, const struct timeval *tv)
{
	ck_assert(deadline->frozen);
	ck_assert(!is_due(deadline));
	ck_assert_int_le(deadline->left.tv_sec, tv->tv_sec);
	ck_assert_int_ge(deadline->left.tv_sec, tv->tv_sec - 30);
}

START_TEST(deadline_tells_its_channel_that_it_has_expired)
{
	struct deadline d;
	struct harness *h = begin(&d, &ms);

	ck_assert_int_eq(deadline_start(&d), 0);
	ck_assert(d.running);
	while (expired_of == NULL)
		ck_assert_int_eq(event_base_loop(h->base, EVLOOP_ONCE), 0);
	ck_assert_ptr_eq(expired_of, h->chat);
	ck_assert(!is_due(&d));
	end(h, &d);
}
END_TEST

START_TEST(without_a_limit_nothing_starts)
{
	struct deadline d;
	struct harness *h = begin(&d, NULL);

	ck_assert_int_eq(deadline_start(&d), 0);
	ck_assert_ptr_null(d.event);
	ck_assert(!d.running);
	deadline_freeze(&d);
	ck_assert(!d.frozen);
	ck_assert_int_eq(deadline_thaw(&d), 0);
	deadline_stop(&d);
	end(h, &d);
}
END_TEST

START_TEST(limit_holds_from_the_next_start_on)
{
	struct deadline d;
	struct harness *h = begin(&d, &hour);

	ck_assert_int_eq(deadline_start(&d), 0);
	deadline_set(&d, &minute);
	expect_due_in(&d, &hour);
	ck_assert_int_eq(deadline_start(&d), 0);
	expect_due_in(&d, &minute);
	end(h, &d);
}
END_TEST

START_TEST(taking_the_limit_back_stops_it)
{
	struct deadline d;
	struct harness *h = begin(&d, &hour);

	ck_assert_int_eq(deadline_start(&d), 0);
	deadline_set(&d, NULL);
	ck_assert(!d.has_limit);
	ck_assert(!d.running);
	ck_assert(!is_due(&d));
	end(h, &d);
}
END_TEST

START_TEST(stopped_it_neither_runs_nor_freezes)
{
	struct deadline d;
	struct harness *h = begin(&d, &hour);

	ck_assert_int_eq(deadline_start(&d), 0);
	deadline_stop(&d);
	ck_assert(!d.running);
	ck_assert(!is_due(&d));
	deadline_freeze(&d);
	ck_assert(!d.frozen);
	ck_assert_int_eq(deadline_thaw(&d), 0);
	ck_assert(!is_due(&d));
	end(h, &d);
}
END_TEST

START_TEST(frozen_it_keeps_what_is_left)
{
	struct deadline d;
	struct harness *h = begin(&d, &hour);

	ck_assert_int_eq(deadline_start(&d), 0);
	/* As if so much time had passed that a minute were left. */
	ck_assert_int_eq(event_add(d.event, &minute), 0);
	deadline_freeze(&d);
	expect_left(&d, &minute);
	deadline_freeze(&d); /* again, which does nothing */
	expect_left(&d, &minute);
	ck_assert_int_eq(deadline_thaw(&d), 0);
	ck_assert(!d.frozen);
	expect_due_in(&d, &minute);
	end(h, &d);
}
END_TEST

START_TEST(only_what_is_frozen_thaws)
{
	struct deadline d;
	struct harness *h = begin(&d, &hour);

	ck_assert_int_eq(deadline_start(&d), 0);
	d.left = minute;
	ck_assert_int_eq(deadline_thaw(&d), 0);
	expect_due_in(&d, &hour);
	end(h, &d);
}
END_TEST

START_TEST(starting_it_anew_ends_a_freeze)
{
	struct deadline d;
	struct harness *h = begin(&d, &hour);

	ck_assert_int_eq(deadline_start(&d), 0);
	deadline_freeze(&d);
	ck_assert_int_eq(deadline_start(&d), 0);
	ck_assert(!d.frozen);
	expect_due_in(&d, &hour);
	end(h, &d);
}
END_TEST

START_TEST(stopping_it_ends_a_freeze)
{
	struct deadline d;
	struct harness *h = begin(&d, &hour);

	ck_assert_int_eq(deadline_start(&d), 0);
	deadline_freeze(&d);
	deadline_stop(&d);
	ck_assert(!d.frozen);
	ck_assert_int_eq(deadline_thaw(&d), 0);
	ck_assert(!is_due(&d));
	end(h, &d);
}
END_TEST

/* The loop has not come to it, but its time is over. */
START_TEST(nothing_is_left_of_one_that_is_late)
{
	struct deadline d;
	struct harness *h = begin(&d, &ms);
	struct timeval when, now;

	ck_assert_int_eq(deadline_start(&d), 0);
	ck_assert_int_ne(event_pending(d.event, EV_TIMEOUT, &when), 0);
	do
		evutil_gettimeofday(&now, NULL);
	while (!evutil_timercmp(&now, &when, >));
	d.left = junk;
	deadline_freeze(&d);
	ck_assert(!evutil_timerisset(&d.left));
	end(h, &d);
}
END_TEST

START_TEST(freed_it_cannot_be_started)
{
	struct deadline d;
	struct harness *h = begin(&d, &hour);

	ck_assert_int_eq(deadline_start(&d), 0);
	deadline_free(&d);
	ck_assert_ptr_null(d.event);
	ck_assert(!d.running);
	ck_assert_int_eq(deadline_start(&d), 0);
	ck_assert_ptr_null(d.event);
	harness_end(h, "");
}
END_TEST

START_TEST(without_memory_it_does_not_start)
{
	struct deadline d;
	struct harness *h = begin(&d, &hour);

	errno = 0;
	harness_fail_allocation(1);
	ck_assert_int_eq(deadline_start(&d), -1);
	harness_fail_allocation(0);
	ck_assert_int_eq(errno, ENOMEM);
	ck_assert(!d.running);
	ck_assert_int_eq(deadline_start(&d), 0);
	expect_due_in(&d, &hour);
	end(h, &d);
}
END_TEST

/*
 * A callback may have had to wait for the lock, while another thread stopped
 * what it is about. Here it is called when that is so.
 */
START_TEST(deadline_that_was_stopped_meanwhile_ends_nothing)
{
	struct harness *h = harness_start_new(HARNESS_SOCKET,
	    &harness_frames);

	harness_crlf(h);
	ck_assert_int_eq(evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_FRAME,
	    &hour), 0);
	ck_assert_int_eq(evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_WRITE,
	    &hour), 0);
	harness_feed(h, "ab");
	ck_assert(h->chat->frame_deadline.running);
	evchat_pause(h->chat);
	harness_turn(h);
	notice_frame_deadline(-1, EV_TIMEOUT, h->chat); /* frozen */
	harness_expect(h, "");
	evchat_resume(h->chat);
	harness_feed(h, "\r\n");
	ck_assert(!h->chat->frame_deadline.running);
	notice_frame_deadline(-1, EV_TIMEOUT, h->chat);
	notice_write_deadline(-1, EV_TIMEOUT, h->chat);
	harness_turn(h);
	harness_expect(h, "frame:ab");
	harness_feed(h, "cd");
	notice_frame_deadline(-1, EV_TIMEOUT, h->chat); /* and this is none */
	harness_end(h, "frame:ab|closed:frame timeout");
}
END_TEST

/* A channel of lines, within a frame and its time of an hour. */
static struct harness *
start_a_frame(unsigned options)
{
	struct harness *h = harness_new(HARNESS_SOCKET);

	harness_start(h, &harness_frames, options);
	harness_crlf(h);
	ck_assert_int_eq(evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_FRAME,
	    &hour), 0);
	harness_feed(h, "ab");
	expect_due_in(&h->chat->frame_deadline, &hour);
	return h;
}

/* Else a peer that has the channel paused now and then could live on it. */
START_TEST(pauses_do_not_give_a_frame_more_time)
{
	struct harness *h = start_a_frame(0);
	struct deadline *deadline = &h->chat->frame_deadline;
	int i;

	ck_assert_int_eq(event_add(deadline->event, &minute), 0);
	for (i = 0; i < 3; i++) {
		evchat_pause(h->chat);
		harness_turn(h);
		expect_left(deadline, &minute);
		evchat_resume(h->chat);
		harness_turn(h);
		expect_due_in(deadline, &minute);
	}
	harness_feed(h, "c\r\n");
	harness_end(h, "frame:abc");
}
END_TEST

START_TEST(peers_end_stops_the_frames_deadline)
{
	struct harness *h = start_a_frame(EVCHAT_OPT_HALF_OPEN);

	harness_feed_eof(h);
	harness_expect(h, "event:eof");
	ck_assert(!is_due(&h->chat->frame_deadline));
	harness_end(h, "event:eof");
}
END_TEST

/* What waits for a producer alone is nobody's fault but the application's. */
START_TEST(write_deadline_runs_only_while_bytes_wait)
{
	struct harness *h = harness_start_new(HARNESS_SOCKET,
	    &harness_streaming);
	struct deadline *deadline = &h->chat->write_deadline;
	static char much[1 << 20]; /* more than sockets hold */

	ck_assert_int_eq(evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_WRITE,
	    &hour), 0);
	harness_peer_read(h, false);
	ck_assert_int_eq(evchat_push(h->chat, much, sizeof(much)), 0);
	harness_push_stuck(h, "p");
	harness_turn(h);
	expect_due_in(deadline, &hour);
	harness_peer_read(h, true);
	harness_run_until_received(h, sizeof(much));
	harness_turn(h);
	ck_assert(!is_due(deadline));
	harness_end(h, "");
}
END_TEST

static Suite *
deadline_suite(void)
{
	Suite *suite = suite_create("deadline");
	TCase *tc = harness_case(suite, "deadline");

	tcase_add_test(tc, deadline_tells_its_channel_that_it_has_expired);
	tcase_add_test(tc, without_a_limit_nothing_starts);
	tcase_add_test(tc, limit_holds_from_the_next_start_on);
	tcase_add_test(tc, taking_the_limit_back_stops_it);
	tcase_add_test(tc, stopped_it_neither_runs_nor_freezes);
	tcase_add_test(tc, frozen_it_keeps_what_is_left);
	tcase_add_test(tc, only_what_is_frozen_thaws);
	tcase_add_test(tc, starting_it_anew_ends_a_freeze);
	tcase_add_test(tc, stopping_it_ends_a_freeze);
	tcase_add_test(tc, nothing_is_left_of_one_that_is_late);
	tcase_add_test(tc, freed_it_cannot_be_started);
	tcase_add_test(tc, without_memory_it_does_not_start);
	tcase_add_test(tc,
	    deadline_that_was_stopped_meanwhile_ends_nothing);
	tcase_add_test(tc, pauses_do_not_give_a_frame_more_time);
	tcase_add_test(tc, peers_end_stops_the_frames_deadline);
	tcase_add_test(tc, write_deadline_runs_only_while_bytes_wait);
	return suite;
}

int
main(void)
{
	return harness_main(deadline_suite());
}
