/*
 * Deadlines whose clock stands still, begins anew, or is taken back: the
 * frame's and, behind a frame above the maximum, that of closing. No test asks
 * how long something took.
 */

#include <stdlib.h>
#include <string.h>
#include "harness.h"
#include "sink.h"

#define SHORT_MS 20
#define LONG_MS (3 * SHORT_MS)
#define MUCH (4 << 20) /* more than sockets hold */

static const struct timeval short_time = { 0, SHORT_MS * 1000 };
static const struct timeval hour = { 3600, 0 };

static void
set_timeout(struct harness *h, enum evchat_timeout which,
    const struct timeval *tv)
{
	ck_assert_int_eq(evchat_set_timeout(h->chat, which, tv), 0);
}

/* One of each kind, with lines. */
static struct harness *
start(int i, const struct evchat_hooks *hooks, unsigned options)
{
	struct harness *h = harness_new(sink_kinds[i]);

	harness_start(h, hooks, options);
	harness_crlf(h);
	return h;
}

/* The frame's */

static void
on_pause(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	evchat_pause(((struct harness *)arg)->chat);
}

/* So that it runs when the turn is over, and before the loop looks at timers. */
static void
pause_behind_this_turn(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	event_active(h->user, EV_TIMEOUT, 0);
}

START_TEST(frame_timeout_that_is_due_when_paused_waits_for_resume)
{
	const struct timeval at_once = { 0, 1 };
	struct harness *h = harness_start_new(HARNESS_SOCKET,
	    &harness_streaming);
	struct event *pause = event_new(h->base, -1, 0, on_pause, h);

	harness_crlf(h);
	h->user = pause;
	h->script.collect = pause_behind_this_turn;
	set_timeout(h, EVCHAT_TIMEOUT_FRAME, &at_once);
	harness_feed(h, "a");
	harness_wait(h, SHORT_MS);
	harness_expect(h, "collect:a");
	evchat_resume(h->chat);
	harness_run_until_closed(h);
	event_free(pause);
	harness_end(h, "collect:a|event:timeout|closed:frame timeout");
}
END_TEST

START_TEST(pause_leaves_the_time_that_was_left)
{
	struct harness *h = start(_i, &harness_frames, 0);

	set_timeout(h, EVCHAT_TIMEOUT_FRAME, &hour);
	harness_feed(h, "ab");
	evchat_pause(h->chat);
	harness_turn(h);
	evchat_resume(h->chat);
	harness_wait(h, SHORT_MS);
	harness_feed(h, "c\r\n");
	harness_end(h, "frame:abc");
}
END_TEST

static void
pause_with_data(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	evchat_pause(h->chat);
}

/* Paused in the very turn in which it begins, so no machine is too slow. */
START_TEST(frame_timeout_can_be_taken_back_while_paused)
{
	struct harness *h = start(_i, &harness_streaming, 0);

	h->script.collect = pause_with_data;
	set_timeout(h, EVCHAT_TIMEOUT_FRAME, &short_time);
	harness_feed(h, "ab");
	set_timeout(h, EVCHAT_TIMEOUT_FRAME, NULL);
	harness_turn(h);
	evchat_resume(h->chat);
	harness_wait(h, LONG_MS);
	harness_expect(h, "collect:ab");
	set_timeout(h, EVCHAT_TIMEOUT_FRAME, &hour); /* of which nothing is over */
	harness_wait(h, LONG_MS);
	harness_expect(h, "collect:ab");
	set_timeout(h, EVCHAT_TIMEOUT_FRAME, NULL);
	set_timeout(h, EVCHAT_TIMEOUT_FRAME, &short_time);
	harness_run_until_closed(h);
	harness_end(h, "collect:ab|event:timeout|closed:frame timeout");
}
END_TEST

/* A change is for the next frame: that one has a deadline of its own. */
START_TEST(frame_that_begins_behind_another_has_all_the_time)
{
	struct harness *h = start(_i, &harness_frames, 0);

	set_timeout(h, EVCHAT_TIMEOUT_FRAME, &hour);
	harness_feed(h, "ab");
	set_timeout(h, EVCHAT_TIMEOUT_FRAME, &short_time);
	harness_wait(h, LONG_MS);
	harness_expect(h, "");
	harness_feed(h, "\r\ncd");
	harness_run_until_closed(h);
	harness_end(h, "frame:ab|event:timeout|closed:frame timeout");
}
END_TEST

static void
push_much_once(struct harness *h, const void *data, size_t len)
{
	static char much[MUCH];

	(void)data;
	(void)len;
	if (h->count++ == 0)
		ck_assert_int_eq(evchat_push(h->chat, much, MUCH), 0);
}

START_TEST(frame_timeout_stands_still_while_the_queue_is_full)
{
	struct harness *h = start(_i, &harness_streaming, 0);

	h->script.collect = push_much_once;
	harness_peer_read(h, false);
	set_timeout(h, EVCHAT_TIMEOUT_FRAME, &short_time);
	harness_feed(h, "a");
	harness_wait(h, LONG_MS);
	harness_expect(h, "collect:a");
	harness_peer_read(h, true);
	harness_run_until_closed(h);
	harness_end(h, "collect:a|event:timeout|closed:frame timeout");
}
END_TEST

/* Set behind it: one that runs before might pass before the end has come. */
START_TEST(behind_the_peers_end_no_frame_is_waited_for)
{
	struct harness *h = start(_i, &harness_frames, EVCHAT_OPT_HALF_OPEN);

	harness_feed(h, "ab");
	harness_feed_eof(h);
	harness_expect(h, "event:eof");
	set_timeout(h, EVCHAT_TIMEOUT_FRAME, &short_time);
	harness_wait(h, LONG_MS);
	harness_end(h, "event:eof");
}
END_TEST

/* That of closing, behind a frame above the maximum */

static void
answer(struct harness *h, const void *data, size_t len)
{
	ck_assert_int_eq(evchat_push(h->chat, data, len), 0);
}

/* An answer is on its way when the next frame turns out to be too long. */
static struct harness *
answer_and_go_over(int i, const struct timeval *linger)
{
	struct harness *h = start(i, &harness_frames, 0);

	h->rude = true;
	h->script.frame = answer;
	ck_assert_int_eq(evchat_set_max_frame(h->chat, 4,
	    EVCHAT_OVERSIZE_CLOSE), 0);
	set_timeout(h, EVCHAT_TIMEOUT_LINGER, linger);
	harness_feed(h, "ab\r\nabcdef");
	return h;
}

START_TEST(answer_before_a_frame_above_the_maximum_has_limited_time)
{
	struct harness *h = answer_and_go_over(_i, &short_time);

	harness_run_until_closed(h);
	harness_expect_received(h, "ab");
	harness_end(h, "frame:ab|closed:oversize");
}
END_TEST

START_TEST(answer_that_was_sent_long_ago_is_protected_as_well)
{
	struct harness *h = start(_i, &harness_frames, 0);

	h->rude = true;
	h->script.frame = answer;
	ck_assert_int_eq(evchat_set_max_frame(h->chat, 4,
	    EVCHAT_OVERSIZE_CLOSE), 0);
	harness_feed(h, "ab\r\n");
	harness_expect_received(h, "ab");
	harness_feed(h, "abcdef");
	if (h->peer_bev == NULL) /* a pair has nothing to wait for */
		harness_expect(h, "frame:ab");
	harness_feed_eof(h);
	harness_run_until_closed(h);
	harness_end(h, "frame:ab|closed:oversize");
}
END_TEST

START_TEST(without_linger_the_answer_is_sent_and_nothing_waited_for)
{
	struct harness *h = answer_and_go_over(_i, NULL);

	harness_run_until_peer_eof(h);
	harness_turn(h);
	harness_expect(h, "frame:ab|closed:oversize");
	harness_expect_received(h, "ab");
	harness_end(h, "frame:ab|closed:oversize");
}
END_TEST

static Suite *
clock_suite(void)
{
	Suite *suite = suite_create("clock");
	TCase *tc = harness_case(suite, "frame");

	tcase_add_test(tc,
	    frame_timeout_that_is_due_when_paused_waits_for_resume);
	tcase_add_loop_test(tc, pause_leaves_the_time_that_was_left, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, frame_timeout_can_be_taken_back_while_paused,
	    0, SINK_KINDS);
	tcase_add_loop_test(tc,
	    frame_that_begins_behind_another_has_all_the_time, 0, SINK_KINDS);
	tcase_add_loop_test(tc,
	    frame_timeout_stands_still_while_the_queue_is_full, 0, SINK_KINDS);
	tcase_add_loop_test(tc, behind_the_peers_end_no_frame_is_waited_for, 0,
	    SINK_KINDS);

	tc = harness_case(suite, "closing");
	tcase_add_loop_test(tc,
	    answer_before_a_frame_above_the_maximum_has_limited_time, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc,
	    answer_that_was_sent_long_ago_is_protected_as_well, 0, SINK_KINDS);
	tcase_add_loop_test(tc,
	    without_linger_the_answer_is_sent_and_nothing_waited_for, 0,
	    SINK_KINDS);
	return suite;
}

int
main(void)
{
	return harness_main(clock_suite());
}
