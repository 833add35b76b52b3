/*
 * Which of the deadlines of a channel's input run when: READ, FRAME and the
 * rate. Time is moved, not waited for.
 */

#include <string.h>
#include "hourglass.h"
#include "sink.h"

#define READ DEADLINE_READ
#define FRAME DEADLINE_FRAME

/* Lines, with an hour for both; the loop has had a turn. */
static struct harness *
start(int i, const struct evchat_hooks *hooks)
{
	struct harness *h = harness_start_new(sink_kinds[i], hooks);

	harness_crlf(h);
	hourglass_set(h, EVCHAT_TIMEOUT_READ, &hourglass_hour);
	hourglass_set(h, EVCHAT_TIMEOUT_FRAME, &hourglass_hour);
	return h;
}

/* Which hooks there are makes no difference. */
static const struct evchat_hooks *
hooks_of(int i)
{
	static const struct evchat_hooks *const all[] = { &harness_streaming,
	    &harness_frames, &harness_found_only };

	return all[i % 3];
}

/* READ */

START_TEST(read_begins_anew_with_every_byte)
{
	struct harness *h = start(_i, hooks_of(_i));
	static const char *const bytes[] = { "a", "b", "\r", "\n", "\r\n" };
	size_t i;

	hourglass_expect_full(h, READ);
	for (i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++) {
		hourglass_turn(h, READ);
		harness_feed(h, bytes[i]);
		hourglass_expect_full(h, READ);
	}
	harness_free(h);
}
END_TEST

START_TEST(read_does_not_begin_anew_with_anything_else)
{
	struct harness *h = start(_i, hooks_of(_i));

	harness_feed(h, "a");
	hourglass_turn(h, READ);
	ck_assert_int_eq(evchat_push(h->chat, "hello", 5), 0);
	harness_run_until_received(h, 5);
	harness_push_mark(h, "m");
	harness_crlf(h);
	ck_assert_int_eq(evchat_unread(h->chat, "b", 1), 0);
	harness_turn(h);
	hourglass_expect_minute(h, READ);
	harness_free(h);
}
END_TEST

START_TEST(read_set_anew_begins_anew)
{
	struct harness *h = start(_i, hooks_of(_i));

	hourglass_turn(h, READ);
	hourglass_set(h, EVCHAT_TIMEOUT_READ, &hourglass_hour);
	hourglass_expect_full(h, READ);
	hourglass_set(h, EVCHAT_TIMEOUT_READ, NULL);
	hourglass_expect(h, READ, DEADLINE_STOPPED);
	harness_feed(h, "a");
	hourglass_expect(h, READ, DEADLINE_STOPPED);
	hourglass_set(h, EVCHAT_TIMEOUT_READ, &hourglass_hour);
	hourglass_expect_full(h, READ);
	harness_free(h);
}
END_TEST

START_TEST(frame_stands_still_while_paused_and_goes_on_where_it_was)
{
	struct harness *h = start(_i, hooks_of(_i));

	harness_feed(h, "a");
	hourglass_turn(h, FRAME);
	evchat_pause(h->chat);
	harness_turn(h);
	hourglass_expect(h, READ, DEADLINE_FROZEN);
	hourglass_expect(h, FRAME, DEADLINE_FROZEN);
	evchat_resume(h->chat);
	harness_turn(h);
	hourglass_expect(h, READ, DEADLINE_RUNNING);
	hourglass_expect(h, FRAME, DEADLINE_RUNNING);
	hourglass_expect_minute(h, FRAME);
	harness_free(h);
}
END_TEST

START_TEST(read_set_while_paused_waits_for_the_resume)
{
	struct harness *h = start(_i, hooks_of(_i));

	evchat_pause(h->chat);
	harness_turn(h);
	hourglass_set(h, EVCHAT_TIMEOUT_READ, &hourglass_hour);
	hourglass_expect(h, READ, DEADLINE_FROZEN);
	evchat_resume(h->chat);
	harness_turn(h);
	hourglass_expect(h, READ, DEADLINE_RUNNING);
	hourglass_expect_full(h, READ);
	harness_free(h);
}
END_TEST

static void
push_much(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	h->script.frame = NULL;
	harness_push_much(h);
}

START_TEST(both_stand_still_while_the_queue_is_full)
{
	struct harness *h = start(_i, &harness_frames);

	harness_peer_read(h, false);
	h->script.frame = push_much;
	harness_feed(h, "a\r\nb");
	ck_assert(h->chat->auto_paused);
	hourglass_expect(h, READ, DEADLINE_FROZEN);
	harness_peer_read(h, true);
	harness_run_until_received(h, HARNESS_MUCH);
	harness_turn(h);
	hourglass_expect(h, READ, DEADLINE_RUNNING);
	hourglass_expect(h, FRAME, DEADLINE_RUNNING);
	harness_end(h, "frame:a");
}
END_TEST

START_TEST(both_stand_still_while_the_group_is_over_its_budget)
{
	struct harness *h = start(_i, &harness_frames);
	struct evchat_group *group = evchat_group_new(h->base, 0);

	ck_assert_ptr_nonnull(group);
	ck_assert_int_eq(evchat_group_add(group, h->chat), 0);
	harness_peer_read(h, false);
	harness_push_much(h);
	harness_feed(h, "abc");
	hourglass_expect(h, FRAME, DEADLINE_RUNNING);
	ck_assert_int_eq(evchat_group_set_budget(group,
	    evchat_group_get_held(group) - 1, EVCHAT_BUDGET_STOP), 0);
	harness_turn(h);
	harness_turn(h);
	ck_assert(h->chat->over_budget);
	hourglass_expect(h, READ, DEADLINE_FROZEN);
	hourglass_expect(h, FRAME, DEADLINE_FROZEN);
	ck_assert_int_eq(evchat_group_set_budget(group, 0, EVCHAT_BUDGET_STOP),
	    0);
	harness_turn(h);
	harness_turn(h);
	hourglass_expect(h, READ, DEADLINE_RUNNING);
	hourglass_expect(h, FRAME, DEADLINE_RUNNING);
	evchat_group_free(group);
	harness_free(h);
}
END_TEST

START_TEST(while_closing_the_input_has_all_the_time)
{
	static const struct timeval hour = { 3600, 0 };
	struct harness *h = start(_i, &harness_frames);

	harness_peer_read(h, false);
	ck_assert_int_eq(evchat_set_min_rate(h->chat, 1, 0, &hour), 0);
	harness_feed(h, "a");
	hourglass_expect(h, DEADLINE_RATE_IN, DEADLINE_RUNNING);
	harness_push_much(h);
	evchat_close_when_done(h->chat);
	harness_feed(h, "b");
	ck_assert_int_eq(h->chat->state, CHANNEL_CLOSING);
	hourglass_expect(h, READ, DEADLINE_STOPPED);
	hourglass_expect(h, FRAME, DEADLINE_STOPPED);
	hourglass_expect(h, DEADLINE_RATE_IN, DEADLINE_STOPPED);
	harness_peer_read(h, true);
	harness_run_until_closed(h);
	harness_end(h, "closed:done");
}
END_TEST

/* FRAME */

START_TEST(frame_runs_from_the_first_byte_to_the_last)
{
	struct harness *h = start(_i, hooks_of(_i));

	hourglass_expect(h, FRAME, DEADLINE_STOPPED);
	harness_feed(h, "a");
	hourglass_expect_full(h, FRAME);
	hourglass_turn(h, FRAME);
	harness_feed(h, "b\r");
	hourglass_expect_minute(h, FRAME); /* no byte puts it off */
	harness_feed(h, "\n");
	hourglass_expect(h, FRAME, DEADLINE_STOPPED);
	harness_feed(h, "\r"); /* a possible beginning of its end */
	hourglass_expect_full(h, FRAME);
	hourglass_turn(h, FRAME);
	harness_feed(h, "\nc\r\nd"); /* two end and one begins, at once */
	hourglass_expect_full(h, FRAME);
	harness_free(h);
}
END_TEST

START_TEST(frame_changed_inside_a_frame_is_for_the_next_one)
{
	static const struct timeval minute = { 60, 0 };
	struct harness *h = start(_i, hooks_of(_i));

	harness_feed(h, "a");
	hourglass_set(h, EVCHAT_TIMEOUT_FRAME, &minute);
	hourglass_expect_full(h, FRAME);
	harness_feed(h, "\r\nb");
	hourglass_expect_minute(h, FRAME);
	hourglass_set(h, EVCHAT_TIMEOUT_FRAME, NULL);
	hourglass_expect(h, FRAME, DEADLINE_STOPPED);
	harness_feed(h, "b");
	hourglass_expect(h, FRAME, DEADLINE_STOPPED);
	hourglass_set(h, EVCHAT_TIMEOUT_FRAME, &hourglass_hour);
	hourglass_expect_full(h, FRAME); /* it had none */
	harness_free(h);
}
END_TEST

START_TEST(frame_of_a_count_runs_from_its_first_byte)
{
	struct harness *h = start(_i, hooks_of(_i));

	harness_count_three(h);
	harness_turn(h);
	hourglass_expect(h, FRAME, DEADLINE_STOPPED);
	harness_feed(h, "a");
	hourglass_expect_full(h, FRAME);
	hourglass_turn(h, FRAME);
	harness_feed(h, "b");
	hourglass_expect_minute(h, FRAME);
	harness_feed(h, "cd");
	hourglass_expect(h, FRAME, DEADLINE_STOPPED); /* under none */
	harness_free(h);
}
END_TEST

START_TEST(drip_of_bytes_ends_with_frame_and_never_with_read)
{
	struct harness *h = start(_i, hooks_of(_i));
	int i;

	h->script.collect = NULL;
	for (i = 0; i < 50; i++) {
		hourglass_turn(h, READ);
		harness_feed(h, "x");
		hourglass_expect_full(h, READ);
	}
	hourglass_run_out(h, FRAME);
	ck_assert_int_eq(h->why, EVCHAT_REASON_FRAME_TIMEOUT);
	ck_assert_int_eq(h->closed, 1);
	harness_free(h);
}
END_TEST

START_TEST(terminator_set_inside_a_frame_begins_a_new_one)
{
	struct harness *h = start(_i, &harness_frames);

	harness_feed(h, "ab");
	hourglass_turn(h, FRAME);
	harness_until_x(h);
	harness_turn(h);
	hourglass_expect_full(h, FRAME);
	evchat_discard_buffers(h->chat);
	harness_turn(h);
	hourglass_expect(h, FRAME, DEADLINE_STOPPED);
	harness_free(h);
}
END_TEST

/* Several at once */

static void
note_why(struct harness *h, enum evchat_event what)
{
	harness_note(h, "why:%s", harness_reason_name(
	    evchat_get_reason(h->chat)));
	if (what == EVCHAT_EVENT_TIMEOUT && h->count-- > 0)
		harness_ok(h, evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_READ,
		    &hourglass_hour));
}

START_TEST(those_that_run_out_together_are_told_one_by_one)
{
	struct harness *h = start(_i, &harness_frames);

	h->script.event = note_why;
	h->count = 1;
	harness_feed(h, "ab");
	h->chat->deadlines->all[FRAME].due = deadline_now();
	hourglass_run_out(h, READ);
	harness_end(h, "event:timeout|why:read timeout|event:timeout|"
	    "why:frame timeout|closed:frame timeout");
}
END_TEST

START_TEST(reason_is_told_only_inside_the_event)
{
	struct harness *h = start(_i, &harness_frames);

	h->script.event = note_why;
	h->count = 2;
	hourglass_run_out(h, READ);
	ck_assert_int_eq(evchat_get_reason(h->chat), EVCHAT_REASON_FREED);
	hourglass_expect_full(h, READ);
	hourglass_run_out(h, READ);
	harness_feed(h, "ab\r\n");
	hourglass_run_out(h, READ);
	harness_end(h, "event:timeout|why:read timeout|event:timeout|"
	    "why:read timeout|frame:ab|event:timeout|why:read timeout|"
	    "closed:read timeout");
}
END_TEST

static Suite *
timing_suite(void)
{
	Suite *suite = suite_create("timing");
	TCase *tc = harness_case(suite, "input");

	tcase_add_loop_test(tc,
	    read_begins_anew_with_every_byte, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc,
	    read_does_not_begin_anew_with_anything_else, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, read_set_anew_begins_anew, 0, SINK_KINDS);
	tcase_add_loop_test(tc,
	    frame_stands_still_while_paused_and_goes_on_where_it_was, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc,
	    read_set_while_paused_waits_for_the_resume, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc,
	    both_stand_still_while_the_queue_is_full, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc,
	    both_stand_still_while_the_group_is_over_its_budget, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc,
	    while_closing_the_input_has_all_the_time, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc,
	    frame_runs_from_the_first_byte_to_the_last, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc,
	    frame_changed_inside_a_frame_is_for_the_next_one, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc,
	    frame_of_a_count_runs_from_its_first_byte, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc,
	    drip_of_bytes_ends_with_frame_and_never_with_read, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc,
	    terminator_set_inside_a_frame_begins_a_new_one, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc,
	    those_that_run_out_together_are_told_one_by_one, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc,
	    reason_is_told_only_inside_the_event, 0,
	    SINK_KINDS);
	return suite;
}

int
main(void)
{
	return harness_main(timing_suite());
}
