/*
 * Which of the deadlines of a channel's output run when: WRITE, STALL and the
 * rate. Time is moved, not waited for.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "feeder.h"
#include "hourglass.h"
#include "sink.h"

#define STALL DEADLINE_STALL
#define WRITE DEADLINE_WRITE
#define RATE DEADLINE_RATE_OUT

static struct harness *
start(int i)
{
	struct harness *h = harness_start_new(sink_kinds[i], &harness_frames);

	harness_crlf(h);
	hourglass_set(h, EVCHAT_TIMEOUT_STALL, &hourglass_hour);
	hourglass_set(h, EVCHAT_TIMEOUT_WRITE, &hourglass_hour);
	return h;
}

/* The same, and what is pushed does not leave. */
static struct harness *
start_full(int i)
{
	struct harness *h = start(i);

	harness_peer_read(h, false);
	harness_push_much(h);
	harness_turn(h);
	return h;
}

START_TEST(nothing_that_is_queued_stalls)
{
	struct harness *h = start(_i);

	hourglass_expect(h, STALL, DEADLINE_STOPPED);
	harness_feed(h, "ab");
	ck_assert_int_eq(evchat_push(h->chat, "hello", 5), 0);
	harness_run_until_received(h, 5);
	harness_turn(h);
	hourglass_expect(h, STALL, DEADLINE_STOPPED);
	hourglass_expect(h, WRITE, DEADLINE_STOPPED);
	harness_end(h, "");
}
END_TEST

START_TEST(producer_that_gives_nothing_stalls)
{
	struct harness *h = start(_i);

	harness_push_stuck(h, "p");
	harness_turn(h);
	hourglass_expect(h, STALL, DEADLINE_RUNNING);
	hourglass_expect(h, WRITE, DEADLINE_STOPPED);
	harness_feed(h, "ab\r\n");
	hourglass_run_out(h, STALL);
	harness_end(h, "frame:ab|done:p:failed:0|closed:stall timeout");
}
END_TEST

START_TEST(peer_that_takes_nothing_stalls)
{
	struct harness *h = start_full(_i);
	uint64_t left;

	harness_push_mark(h, "m");
	hourglass_expect(h, WRITE, DEADLINE_RUNNING);
	hourglass_set(h, EVCHAT_TIMEOUT_WRITE, NULL);
	hourglass_turn(h, STALL);
	left = h->chat->deadlines->left_timed;
	ck_assert_int_eq(evchat_push(h->chat, "more", 4), 0);
	harness_feed(h, "ab\r\n");
	if (h->chat->deadlines->left_timed == left) /* a socket may grow */
		hourglass_expect_minute(h, STALL);
	hourglass_run_out(h, STALL);
	harness_end(h, "frame:ab|mark:m:failed|closed:stall timeout");
}
END_TEST

START_TEST(what_a_producer_gives_is_progress)
{
	struct harness *h = start(_i);
	struct feeder feeder;

	feeder_push(&feeder, h, "p", "ab~cd~");
	harness_run_until_received(h, 2);
	harness_turn(h);
	hourglass_turn(h, STALL);
	feeder_resume(&feeder);
	harness_run_until_received(h, 4);
	harness_turn(h);
	hourglass_expect_full(h, STALL);
	hourglass_run_out(h, STALL);
	harness_end(h, "done:p:failed:4|closed:stall timeout");
}
END_TEST

/* At the bottom: what a filter has taken has not left. */
START_TEST(what_the_peer_takes_is_progress)
{
	struct harness *h = start_full(_i);

	hourglass_turn(h, STALL);
	hourglass_turn(h, WRITE);
	harness_peer_read(h, true);
	harness_run_until_received(h, HARNESS_MUCH / 2);
	harness_peer_read(h, false);
	harness_turn(h);
	if (evchat_get_output_length(h->chat) > 0) {
		hourglass_expect_full(h, STALL);
		hourglass_expect_full(h, WRITE);
	}
	harness_free(h);
}
END_TEST

START_TEST(closing_channel_that_stalls_has_failed)
{
	struct harness *h = start(_i);

	harness_push_stuck(h, "p");
	harness_push_mark(h, "m");
	evchat_close_when_done(h->chat);
	harness_turn(h);
	hourglass_run_out(h, STALL);
	harness_end(h,
	    "done:p:failed:0|mark:m:failed|closed:stall timeout");
}
END_TEST

START_TEST(closing_channel_whose_peer_takes_nothing_has_failed)
{
	struct harness *h = start_full(_i);

	harness_push_mark(h, "m");
	evchat_close_when_done(h->chat);
	harness_turn(h);
	hourglass_run_out(h, STALL);
	harness_end(h, "mark:m:failed|closed:stall timeout");
}
END_TEST

START_TEST(write_ends_what_the_peer_does_not_take)
{
	struct harness *h = start_full(_i);

	hourglass_run_out(h, WRITE);
	harness_end(h, "closed:write timeout");
}
END_TEST

/* Also while it is paused: nothing stands still. */
START_TEST(pause_does_not_stop_the_deadlines_of_output)
{
	struct harness *h = start_full(_i);

	evchat_pause(h->chat);
	harness_turn(h);
	hourglass_expect(h, STALL, DEADLINE_RUNNING);
	hourglass_expect(h, WRITE, DEADLINE_RUNNING);
	hourglass_run_out(h, STALL);
	harness_end(h, "closed:stall timeout");
}
END_TEST

/* The rate */

static void
set_rate(struct harness *h, uint64_t out)
{
	ck_assert_int_eq(evchat_set_min_rate(h->chat, 0, out, &hourglass_hour),
	    0);
	harness_turn(h);
}

START_TEST(output_that_waits_has_a_rate)
{
	struct harness *h = start(_i);

	set_rate(h, 1);
	hourglass_expect(h, RATE, DEADLINE_STOPPED);
	harness_push_stuck(h, "p"); /* that is not the peer's fault */
	harness_turn(h);
	hourglass_expect(h, RATE, DEADLINE_STOPPED);
	harness_free(h);
}
END_TEST

/* As if the peer had taken so many bytes since the period began. */
static void
as_if_taken(struct harness *h, uint64_t bytes)
{
	uint64_t left = h->chat->deadlines->left_timed;

	ck_assert_uint_ge(left, bytes);
	h->chat->deadlines->rate_out_mark = left - bytes;
}

/* So much was taken that there is something to compare with. */
static struct harness *
start_taking(int i)
{
	static const char some[10000];
	struct harness *h = harness_start_new(sink_kinds[i], &harness_frames);

	/* What has left is counted only where there are limits of time. */
	ck_assert_int_eq(evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_LINGER,
	    &hourglass_hour), 0);
	ck_assert_int_eq(evchat_push(h->chat, some, sizeof(some)), 0);
	harness_run_until_received(h, sizeof(some));
	harness_peer_read(h, false);
	harness_push_much(h);
	harness_turn(h);
	set_rate(h, 1000);
	hourglass_expect(h, RATE, DEADLINE_RUNNING);
	return h;
}

START_TEST(exactly_the_rate_is_fast_enough)
{
	struct harness *h = start_taking(_i);

	as_if_taken(h, 1000);
	hourglass_run_out(h, RATE);
	harness_expect(h, "");
	hourglass_expect_full(h, RATE); /* a new period, in which ... */
	hourglass_run_out(h, RATE);     /* ... nothing was taken */
	harness_end(h, "closed:slow");
}
END_TEST

START_TEST(one_byte_less_than_the_rate_is_slow)
{
	struct harness *h = start_taking(_i);

	as_if_taken(h, 999);
	hourglass_run_out(h, RATE);
	harness_end(h, "closed:slow");
}
END_TEST

START_TEST(rate_is_for_closing_channels_as_well)
{
	struct harness *h = start_taking(_i);

	evchat_close_when_done(h->chat);
	harness_turn(h);
	hourglass_run_out(h, RATE);
	harness_end(h, "closed:slow");
}
END_TEST

START_TEST(rate_can_be_taken_back_and_set_anew)
{
	struct harness *h = start_taking(_i);

	ck_assert_int_eq(evchat_set_min_rate(h->chat, 0, 1000, NULL), 0);
	harness_turn(h);
	hourglass_expect(h, RATE, DEADLINE_STOPPED);
	set_rate(h, 0);
	hourglass_expect(h, RATE, DEADLINE_STOPPED);
	set_rate(h, 1000);
	hourglass_expect_full(h, RATE);
	hourglass_turn(h, RATE);
	set_rate(h, 500);
	hourglass_expect_full(h, RATE);
	harness_free(h);
}
END_TEST

static const enum harness_carrier sockets[] = { HARNESS_SOCKET,
    HARNESS_BEV_DEFER, HARNESS_TCP, HARNESS_FILTER };

/* By sendfile(2) where that can be: many bytes each time, and yet too few. */
START_TEST(what_of_a_file_the_peer_takes_does_not_begin_a_new_period)
{
	struct harness *h = harness_start_new(sockets[_i], &harness_frames);
	FILE *file = tmpfile();

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(ftruncate(fileno(file), 64 << 20), 0);
	harness_peer_read(h, false);
	ck_assert_int_eq(evchat_push_file(h->chat, dup(fileno(file)), 0, -1),
	    0);
	fclose(file);
	harness_turn(h);
	set_rate(h, 1 << 30);
	hourglass_turn(h, RATE);
	harness_peer_read(h, true);
	harness_run_until_received(h, 4 << 20);
	harness_peer_read(h, false);
	harness_turn(h);
	hourglass_expect_minute(h, RATE);
	hourglass_run_out(h, RATE);
	harness_end(h, "closed:slow");
}
END_TEST

static Suite *
timing_output_suite(void)
{
	Suite *suite = suite_create("timing_output");
	TCase *tc = harness_case(suite, "timing_output");

	tcase_add_loop_test(tc, nothing_that_is_queued_stalls, 0, SINK_KINDS);
	tcase_add_loop_test(tc, producer_that_gives_nothing_stalls, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, peer_that_takes_nothing_stalls, 0, SINK_KINDS);
	tcase_add_loop_test(tc, what_a_producer_gives_is_progress, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, what_the_peer_takes_is_progress, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, closing_channel_that_stalls_has_failed, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc,
	    closing_channel_whose_peer_takes_nothing_has_failed, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, write_ends_what_the_peer_does_not_take, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, pause_does_not_stop_the_deadlines_of_output, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, output_that_waits_has_a_rate, 0, SINK_KINDS);
	tcase_add_loop_test(tc, exactly_the_rate_is_fast_enough, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, one_byte_less_than_the_rate_is_slow, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, rate_is_for_closing_channels_as_well, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, rate_can_be_taken_back_and_set_anew, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc,
	    what_of_a_file_the_peer_takes_does_not_begin_a_new_period, 0,
	    4);
	return suite;
}

int
main(void)
{
	return harness_main(timing_output_suite());
}
