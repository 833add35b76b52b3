/*
 * The budget of a group: what members hold is summed up, and what is done to
 * those that hold most.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "crowd.h"
#include "feeder.h"

#define MEMBERS 4

static enum harness_carrier
carrier(int i)
{
	return crowd_carrier(i);
}

/* None of them goes on to write, and what is received waits for an X. */
static void
start(struct crowd *crowd, int i)
{
	int n;

	crowd_start(crowd, carrier(i), MEMBERS);
	for (n = 0; n < MEMBERS; n++) {
		ck_assert_int_eq(evchat_set_hooks(crowd->chat[n],
		    &harness_frames, crowd->h[n]), 0);
		harness_until_x(crowd->h[n]);
	}
}

static void
set_budget(struct crowd *crowd, uint64_t bytes, enum evchat_budget policy)
{
	ck_assert_int_eq(evchat_group_set_budget(crowd->group, bytes, policy),
	    0);
}

static void
send_bytes(struct crowd *crowd, int i, size_t len)
{
	char *bytes = malloc(len);

	ck_assert_ptr_nonnull(bytes);
	memset(bytes, 'a' + i, len);
	harness_send(crowd->h[i], bytes, len);
	crowd_turn(crowd);
	free(bytes);
}

static void
expect_held(struct crowd *crowd, uint64_t in, uint64_t out)
{
	struct evchat_stats stats;

	ck_assert_uint_eq(evchat_group_get_held(crowd->group), in + out);
	evchat_group_get_stats(crowd->group, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.held_in, in);
	ck_assert_uint_eq(stats.held_out, out);
}

static void
expect_channel_held(struct crowd *crowd, int i, uint64_t in, uint64_t out)
{
	struct evchat_stats stats;

	evchat_get_stats(crowd->chat[i], &stats, sizeof(stats));
	ck_assert_uint_eq(stats.held_in, in);
	ck_assert_uint_eq(stats.held_out, out);
}

/* Who has ended for the budget, as "bd"; nobody for another reason. */
static void
expect_ended(struct crowd *crowd, const char *names)
{
	char ended[MEMBERS + 1];
	int i, n = 0;

	for (i = 0; i < MEMBERS; i++) {
		if (crowd->h[i]->closed == 0)
			continue;
		ck_assert_int_eq(crowd->h[i]->why, EVCHAT_REASON_BUDGET);
		ended[n++] = (char)('a' + i);
	}
	ended[n] = '\0';
	ck_assert_str_eq(ended, names);
}

/* Summing up */

START_TEST(what_is_received_and_not_delivered_is_held)
{
	struct crowd crowd;

	start(&crowd, _i);
	send_bytes(&crowd, 0, 100);
	send_bytes(&crowd, 1, 50);
	expect_held(&crowd, 150, 0);
	expect_channel_held(&crowd, 0, 100, 0);
	expect_channel_held(&crowd, 1, 50, 0);
	harness_feed(crowd.h[0], "X");
	expect_held(&crowd, 50, 0);
	evchat_pause(crowd.chat[1]);
	harness_feed(crowd.h[1], "X");
	evchat_free(crowd.chat[1]);
	expect_held(&crowd, 0, 0);
	crowd_free(&crowd);
}
END_TEST

/* Also one that lies in a buffer of its own: it is above the maximum. */
START_TEST(first_bytes_of_a_large_frame_are_held)
{
	struct crowd crowd;

	start(&crowd, _i);
	ck_assert_int_eq(evchat_set_max_frame(crowd.chat[0], 10,
	    EVCHAT_OVERSIZE_TRUNCATE), 0);
	send_bytes(&crowd, 0, 100);
	expect_held(&crowd, 10, 0);
	harness_feed(crowd.h[0], "X");
	expect_held(&crowd, 0, 0);
	crowd_free(&crowd);
}
END_TEST

/* What waits below the high mark, and above it. */
START_TEST(what_is_pushed_and_has_not_left_is_held)
{
	static const char bytes[1000];
	struct evchat *waiting;
	struct crowd crowd;

	start(&crowd, _i);
	waiting = evchat_socket_new(crowd.h[0]->base, -1, NULL, NULL, 0);
	ck_assert_ptr_nonnull(waiting);
	ck_assert_int_eq(evchat_set_watermarks(waiting, 10, 500), 0);
	ck_assert_int_eq(evchat_group_add(crowd.group, waiting), 0);
	ck_assert_int_eq(evchat_push(waiting, bytes, 600), 0);
	crowd_turn(&crowd);
	ck_assert_int_eq(evchat_push(waiting, bytes, 1000), 0);
	crowd_turn(&crowd);
	expect_held(&crowd, 0, 1600);
	evchat_discard_buffers(waiting);
	crowd_turn(&crowd);
	expect_held(&crowd, 0, 0);
	evchat_free(waiting);
	crowd_free(&crowd);
}
END_TEST

/* A producer of a buffer holds its bytes; a mark and another one none. */
START_TEST(what_a_producer_keeps_in_memory_is_held)
{
	struct evbuffer *buf;
	struct crowd crowd;

	start(&crowd, _i);
	ck_assert_ptr_nonnull(buf = evbuffer_new());
	ck_assert_int_eq(evbuffer_add(buf, "0123456789", 10), 0);
	harness_push_stuck(crowd.h[0], "p");
	harness_push_mark(crowd.h[0], "m");
	crowd_turn(&crowd);
	expect_held(&crowd, 0, 0);
	ck_assert_int_eq(evchat_push_with_producer(crowd.chat[0],
	    evchat_producer_new_evbuffer(buf)), 0);
	crowd_turn(&crowd);
	expect_held(&crowd, 0, 10);
	evchat_discard_buffers(crowd.chat[0]);
	crowd_turn(&crowd);
	expect_held(&crowd, 0, 0);
	crowd_free(&crowd);
}
END_TEST

START_TEST(sum_is_right_when_members_come_and_go)
{
	struct crowd crowd;

	start(&crowd, _i);
	send_bytes(&crowd, 0, 100);
	send_bytes(&crowd, 1, 200);
	send_bytes(&crowd, 2, 400);
	expect_held(&crowd, 700, 0);
	evchat_group_remove(crowd.chat[1]);
	expect_held(&crowd, 500, 0);
	send_bytes(&crowd, 1, 1);
	expect_held(&crowd, 500, 0);
	crowd_add(&crowd, 1);
	expect_held(&crowd, 701, 0);
	ck_assert(harness_detach(crowd.h[2]));
	expect_held(&crowd, 301, 0);
	evchat_free(crowd.chat[0]);
	expect_held(&crowd, 201, 0);
	evchat_group_free_members(crowd.group);
	expect_held(&crowd, 0, 0);
	crowd_free(&crowd);
}
END_TEST

/* Ending */

START_TEST(biggest_end_until_the_rest_is_within_the_budget)
{
	struct crowd crowd;

	start(&crowd, _i);
	set_budget(&crowd, 1000, EVCHAT_BUDGET_END);
	send_bytes(&crowd, 0, 300);
	send_bytes(&crowd, 1, 200);
	send_bytes(&crowd, 2, 500);
	expect_ended(&crowd, "");
	send_bytes(&crowd, 3, 1);
	expect_ended(&crowd, "c");
	expect_held(&crowd, 501, 0);
	ck_assert_str_eq(harness_transcript(crowd.h[2]), "closed:budget");
	crowd_free(&crowd);
}
END_TEST

START_TEST(as_many_end_as_it_takes_and_no_more)
{
	struct crowd crowd;

	start(&crowd, _i);
	send_bytes(&crowd, 0, 300);
	send_bytes(&crowd, 1, 200);
	send_bytes(&crowd, 2, 300);
	send_bytes(&crowd, 3, 400);
	set_budget(&crowd, 600, EVCHAT_BUDGET_END);
	crowd_turn(&crowd);
	expect_ended(&crowd, "ad");
	expect_held(&crowd, 500, 0);
	set_budget(&crowd, 100, EVCHAT_BUDGET_END);
	crowd_turn(&crowd);
	expect_ended(&crowd, "abcd");
	expect_held(&crowd, 0, 0);
	crowd_free(&crowd);
}
END_TEST

START_TEST(output_counts_as_well)
{
	struct evchat *waiting;
	struct crowd crowd;
	char *bytes = calloc(1, 2000);

	start(&crowd, _i);
	set_budget(&crowd, 1000, EVCHAT_BUDGET_END);
	waiting = evchat_socket_new(crowd.h[0]->base, -1, NULL, NULL, 0);
	evchat_incref(waiting);
	ck_assert_int_eq(evchat_group_add(crowd.group, waiting), 0);
	send_bytes(&crowd, 0, 500);
	ck_assert_int_eq(evchat_push(waiting, bytes, 501), 0);
	crowd_turn(&crowd);
	expect_ended(&crowd, "");
	ck_assert_int_eq(evchat_push(waiting, bytes, 1), -1);
	ck_assert_int_eq(errno, EPIPE);
	evchat_decref(waiting);
	crowd_free(&crowd);
	free(bytes);
}
END_TEST

START_TEST(policy_has_to_be_known)
{
	struct crowd crowd;

	start(&crowd, _i);
	errno = 0;
	ck_assert_int_eq(evchat_group_set_budget(crowd.group, 1,
	    (enum evchat_budget)7), -1);
	ck_assert_int_eq(errno, EINVAL);
	send_bytes(&crowd, 0, 300);
	expect_ended(&crowd, "");
	crowd_free(&crowd);
}
END_TEST

START_TEST(without_a_budget_nothing_is_done)
{
	struct crowd crowd;

	start(&crowd, _i);
	set_budget(&crowd, 100, EVCHAT_BUDGET_END);
	set_budget(&crowd, 0, EVCHAT_BUDGET_END);
	send_bytes(&crowd, 0, 300);
	expect_ended(&crowd, "");
	crowd_free(&crowd);
}
END_TEST

/* Stopping */

/* a is the biggest; b goes on to receive, and is stopped as well; c is not. */
START_TEST(biggest_are_stopped_until_three_quarters)
{
	struct crowd crowd;

	start(&crowd, _i);
	set_budget(&crowd, 1000, EVCHAT_BUDGET_STOP);
	send_bytes(&crowd, 0, 600);
	send_bytes(&crowd, 2, 300);
	send_bytes(&crowd, 1, 101);
	expect_held(&crowd, 1001, 0);
	send_bytes(&crowd, 0, 50);
	send_bytes(&crowd, 1, 50);
	expect_held(&crowd, 1001, 0);
	/* 701 is less than 750, and what waited is then read. */
	harness_feed(crowd.h[2], "X");
	expect_held(&crowd, 801, 0);
	expect_ended(&crowd, "");
	crowd_free(&crowd);
}
END_TEST

/* The one holds most, and the other is above the budget while it receives. */
static void
stop_first_and_third(struct crowd *crowd)
{
	set_budget(crowd, 1000, EVCHAT_BUDGET_STOP);
	send_bytes(crowd, 0, 400);
	send_bytes(crowd, 1, 240);
	send_bytes(crowd, 3, 100);
	send_bytes(crowd, 2, 261);
}

START_TEST(those_who_are_stopped_wait_for_what_comes_from_others)
{
	struct crowd crowd;

	start(&crowd, _i);
	stop_first_and_third(&crowd);
	harness_feed(crowd.h[0], "X"); /* not read */
	expect_held(&crowd, 1001, 0);
	/* Not enough. */
	harness_feed(crowd.h[3], "X");
	expect_held(&crowd, 901, 0);
	harness_feed(crowd.h[1], "X");
	expect_held(&crowd, 261, 0);
	expect_ended(&crowd, "");
	crowd_free(&crowd);
}
END_TEST

START_TEST(biggest_ends_when_waiting_cannot_help)
{
	struct crowd crowd;

	start(&crowd, _i);
	set_budget(&crowd, 1000, EVCHAT_BUDGET_STOP);
	send_bytes(&crowd, 0, 900);
	expect_ended(&crowd, "");
	send_bytes(&crowd, 1, 101);
	expect_ended(&crowd, "a");
	expect_held(&crowd, 101, 0);
	/* And b goes on. */
	send_bytes(&crowd, 1, 200);
	expect_held(&crowd, 301, 0);
	crowd_free(&crowd);
}
END_TEST

/* Nobody receives anything; output grows, and its peer takes nothing. */
START_TEST(output_that_is_not_taken_ends_a_member_as_well)
{
	static const char bytes[1000];
	struct evchat *waiting;
	struct crowd crowd;
	int i;

	start(&crowd, _i);
	set_budget(&crowd, 1000, EVCHAT_BUDGET_STOP);
	waiting = evchat_socket_new(crowd.h[0]->base, -1, NULL, NULL, 0);
	evchat_incref(waiting);
	ck_assert_int_eq(evchat_group_add(crowd.group, waiting), 0);
	for (i = 0; i < 12; i++) {
		ck_assert_int_eq(evchat_push(waiting, bytes, 100), 0);
		crowd_turn(&crowd);
	}
	ck_assert_int_eq(evchat_push(waiting, bytes, 51), 0);
	crowd_turn(&crowd);
	ck_assert_int_eq(evchat_push(waiting, bytes, 1), -1);
	expect_held(&crowd, 0, 0);
	expect_ended(&crowd, "");
	evchat_decref(waiting);
	crowd_free(&crowd);
}
END_TEST

static void
leave(struct crowd *crowd)
{
	evchat_group_remove(crowd->chat[0]);
}

static void
lose_the_budget(struct crowd *crowd)
{
	set_budget(crowd, 0, EVCHAT_BUDGET_STOP);
}

static void
lose_the_group(struct crowd *crowd)
{
	evchat_group_free(crowd->group);
	crowd->group = NULL;
}

/* Whoever is no longer under the budget goes on. */
static void (*const ways_out[])(struct crowd *) = {
	leave, lose_the_budget, lose_the_group
};
#define WAYS_OUT (int)(sizeof(ways_out) / sizeof(*ways_out))

START_TEST(stop_does_not_outlast_its_reason)
{
	struct crowd crowd;

	start(&crowd, _i / WAYS_OUT);
	stop_first_and_third(&crowd);
	harness_feed(crowd.h[0], "X");
	ck_assert_ptr_null(strstr(harness_transcript(crowd.h[0]), "frame"));
	ways_out[_i % WAYS_OUT](&crowd);
	harness_run_until_noted(crowd.h[0], "frame");
	crowd_free(&crowd);
}
END_TEST

/* closed of one that ends frees the others, and the group. */

static void
free_all(struct harness *h, enum evchat_reason why)
{
	struct crowd *crowd = h->user;

	(void)why;
	evchat_group_free_members(crowd->group);
	if (h->count == 0)
		return;
	evchat_group_free(crowd->group);
	crowd->group = NULL;
}

START_TEST(closed_may_end_all_of_them)
{
	struct crowd crowd;
	int i;

	start(&crowd, _i / 2);
	for (i = 0; i < MEMBERS; i++)
		send_bytes(&crowd, i, 100 + (size_t)(i % 2));
	crowd.h[1]->script.closed = free_all;
	crowd.h[1]->count = _i % 2;
	set_budget(&crowd, 200, EVCHAT_BUDGET_END);
	crowd_turn(&crowd);
	for (i = 0; i < MEMBERS; i++)
		ck_assert_int_eq(crowd.h[i]->closed, 1);
	if (crowd.group != NULL)
		expect_held(&crowd, 0, 0);
	crowd_free(&crowd);
}
END_TEST

static void
add(TCase *tc, const TTest *test)
{
	tcase_add_loop_test(tc, test, 0, CROWD_CARRIERS);
}

static Suite *
budget_suite(void)
{
	Suite *suite = suite_create("group_budget");
	TCase *tc = harness_case(suite, "group_budget");

	add(tc, what_is_received_and_not_delivered_is_held);
	add(tc, first_bytes_of_a_large_frame_are_held);
	add(tc, what_is_pushed_and_has_not_left_is_held);
	add(tc, what_a_producer_keeps_in_memory_is_held);
	add(tc, sum_is_right_when_members_come_and_go);
	add(tc, biggest_end_until_the_rest_is_within_the_budget);
	add(tc, as_many_end_as_it_takes_and_no_more);
	add(tc, output_counts_as_well);
	add(tc, policy_has_to_be_known);
	add(tc, without_a_budget_nothing_is_done);
	add(tc, biggest_are_stopped_until_three_quarters);
	add(tc, those_who_are_stopped_wait_for_what_comes_from_others);
	add(tc, biggest_ends_when_waiting_cannot_help);
	add(tc, output_that_is_not_taken_ends_a_member_as_well);
	tcase_add_loop_test(tc, stop_does_not_outlast_its_reason, 0,
	    WAYS_OUT * CROWD_CARRIERS);
	tcase_add_loop_test(tc, closed_may_end_all_of_them, 0,
	    2 * CROWD_CARRIERS);
	return suite;
}

int
main(void)
{
	return harness_main(budget_suite());
}
