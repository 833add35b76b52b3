/*
 * The statistics of a group: of what its members did while they were in it.
 */

#include <string.h>
#include "crowd.h"

#define MEMBERS 3

static enum harness_carrier
carrier(int i)
{
	return crowd_carrier(i);
}

static struct evchat_stats
stats_of(struct crowd *crowd)
{
	struct evchat_stats stats;

	evchat_group_get_stats(crowd->group, &stats, sizeof(stats));
	return stats;
}

/* A channel receives two frames and sends one, 4 bytes each. */
static void
work(struct crowd *crowd, int i)
{
	size_t before = evbuffer_get_length(crowd->h[i]->received);

	harness_feed(crowd->h[i], "ab\r\ncd\r\n");
	ck_assert_int_eq(evchat_push_frame(crowd->chat[i], "xy", 2), 0);
	harness_run_until_received(crowd->h[i], before + 4);
	crowd_turn(crowd);
}

static void
expect_worked(struct crowd *crowd, uint64_t times)
{
	struct evchat_stats stats = stats_of(crowd);

	ck_assert_uint_eq(stats.bytes_in, 8 * times);
	ck_assert_uint_eq(stats.frames_in, 2 * times);
	ck_assert_uint_eq(stats.bytes_out, 4 * times);
	ck_assert_uint_eq(stats.frames_out, times);
}

static void
start(struct crowd *crowd, int n)
{
	int i;

	crowd_start_outside(crowd, carrier(n), MEMBERS);
	for (i = 0; i < MEMBERS; i++)
		harness_crlf(crowd->h[i]);
}

START_TEST(what_members_did_before_and_behind_does_not_count)
{
	struct crowd crowd;

	start(&crowd, _i);
	expect_worked(&crowd, 0);
	work(&crowd, 0);
	work(&crowd, 1);
	crowd_add(&crowd, 0);
	expect_worked(&crowd, 0);
	crowd_add(&crowd, 1);
	work(&crowd, 0);
	work(&crowd, 1);
	work(&crowd, 2);
	expect_worked(&crowd, 2);
	evchat_group_remove(crowd.chat[0]);
	expect_worked(&crowd, 2);
	work(&crowd, 0);
	expect_worked(&crowd, 2);
	crowd_add(&crowd, 0);
	work(&crowd, 0);
	expect_worked(&crowd, 3);
	crowd_free(&crowd);
}
END_TEST

START_TEST(what_members_did_counts_when_they_have_ended)
{
	struct crowd crowd;
	int i;

	start(&crowd, _i);
	for (i = 0; i < MEMBERS; i++) {
		crowd_add(&crowd, i);
		work(&crowd, i);
	}
	ck_assert(harness_detach(crowd.h[0]));
	evchat_free(crowd.chat[1]);
	expect_worked(&crowd, MEMBERS);
	evchat_group_free_members(crowd.group);
	expect_worked(&crowd, MEMBERS);
	ck_assert_uint_eq(stats_of(&crowd).held_in, 0);
	crowd_free(&crowd);
}
END_TEST

START_TEST(frames_above_the_maximum_are_counted)
{
	struct crowd crowd;

	start(&crowd, _i);
	crowd_add(&crowd, 0);
	ck_assert_int_eq(evchat_set_max_frame(crowd.chat[0], 2,
	    EVCHAT_OVERSIZE_DISCARD), 0);
	harness_feed(crowd.h[0], "abc\r\nab\r\n");
	ck_assert_uint_eq(stats_of(&crowd).oversize, 1);
	ck_assert_uint_eq(stats_of(&crowd).frames_in, 1);
	evchat_free(crowd.chat[0]);
	ck_assert_uint_eq(stats_of(&crowd).oversize, 1);
	crowd_free(&crowd);
}
END_TEST

/* What a member holds now, though it held it before. */
START_TEST(what_is_held_is_that_of_now)
{
	struct crowd crowd;

	start(&crowd, _i);
	harness_feed(crowd.h[0], "abc\r");
	crowd_add(&crowd, 0);
	ck_assert_uint_eq(stats_of(&crowd).held_in, 1);
	ck_assert_int_eq(evchat_push(crowd.chat[0], "xyz", 3), 0);
	ck_assert_uint_eq(stats_of(&crowd).held_out, 3);
	evchat_free(crowd.chat[0]);
	ck_assert_uint_eq(stats_of(&crowd).held_in, 0);
	ck_assert_uint_eq(stats_of(&crowd).held_out, 0);
	crowd_free(&crowd);
}
END_TEST

/* Callers of other versions know less, or more. */
START_TEST(statistics_have_the_size_that_is_asked_for)
{
	struct {
		struct evchat_stats stats;
		uint64_t more;
	} large;
	uint64_t small[2] = { 1, 1 };
	struct crowd crowd;

	start(&crowd, _i);
	crowd_add(&crowd, 0);
	work(&crowd, 0);
	memset(&large, 0xff, sizeof(large));
	evchat_group_get_stats(crowd.group, &large.stats, sizeof(large));
	ck_assert_uint_eq(large.stats.bytes_in, 8);
	ck_assert_uint_eq(large.more, 0);
	evchat_group_get_stats(crowd.group, (struct evchat_stats *)small,
	    sizeof(*small));
	ck_assert_uint_eq(small[0], 8);
	ck_assert_uint_eq(small[1], 1);
	crowd_free(&crowd);
}
END_TEST

static void
add(TCase *tc, const TTest *test)
{
	tcase_add_loop_test(tc, test, 0, CROWD_CARRIERS);
}

static Suite *
stats_suite(void)
{
	Suite *suite = suite_create("group_stats");
	TCase *tc = harness_case(suite, "group_stats");

	add(tc, what_members_did_before_and_behind_does_not_count);
	add(tc, what_members_did_counts_when_they_have_ended);
	add(tc, frames_above_the_maximum_are_counted);
	add(tc, what_is_held_is_that_of_now);
	add(tc, statistics_have_the_size_that_is_asked_for);
	return suite;
}

int
main(void)
{
	return harness_main(stats_suite());
}
