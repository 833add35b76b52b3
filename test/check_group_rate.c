/*
 * The rate limit of a group. What is looked at is what libevent says, so that
 * nothing here depends on time.
 */

#include <errno.h>
#include <limits.h>
#include <event2/bufferevent.h>
#include "crowd.h"

#define MEMBERS 3
#define RATE 3000

static enum harness_carrier
carrier(int i)
{
	return crowd_carrier(i);
}

static struct ev_token_bucket_cfg *
limit_new(size_t rate)
{
	static const struct timeval hour = { .tv_sec = 3600 };
	struct ev_token_bucket_cfg *limit;

	limit = ev_token_bucket_cfg_new(rate, rate, rate, rate, &hour);
	ck_assert_ptr_nonnull(limit);
	return limit;
}

/* It is copied. */
static int
set_limit(struct crowd *crowd, size_t rate)
{
	struct ev_token_bucket_cfg *limit = limit_new(rate);
	int done = evchat_group_set_rate_limit(crowd->group, limit);

	ev_token_bucket_cfg_free(limit);
	return done;
}

/* What a member may read at once, by the limits where its bytes leave. */
static ev_ssize_t
may_read(struct crowd *crowd, int i)
{
	struct bufferevent *bev = crowd->h[i]->bev, *below;

	while ((below = bufferevent_get_underlying(bev)) != NULL)
		bev = below;
	return bufferevent_get_max_to_read(bev);
}

static void
expect_limited(struct crowd *crowd, int i, ev_ssize_t limit)
{
	bool pair = bufferevent_pair_get_partner(crowd->h[i]->bev) != NULL;

	if (limit > 0 && !pair)
		ck_assert_int_eq(may_read(crowd, i), limit);
	else
		ck_assert_int_gt(may_read(crowd, i), 2 * RATE);
}

START_TEST(members_share_the_limit)
{
	struct crowd crowd;
	int i;

	crowd_start(&crowd, carrier(_i), MEMBERS);
	ck_assert_int_eq(set_limit(&crowd, RATE), 0);
	for (i = 0; i < MEMBERS; i++)
		expect_limited(&crowd, i, RATE / MEMBERS);
	crowd_free(&crowd);
}
END_TEST

START_TEST(who_joins_is_limited_and_who_leaves_is_not)
{
	struct crowd crowd;
	int i;

	crowd_start_outside(&crowd, carrier(_i), MEMBERS);
	crowd_add(&crowd, 0);
	ck_assert_int_eq(set_limit(&crowd, RATE), 0);
	expect_limited(&crowd, 0, RATE);
	expect_limited(&crowd, 1, 0);
	crowd_add(&crowd, 1);
	crowd_add(&crowd, 2);
	for (i = 0; i < MEMBERS; i++)
		expect_limited(&crowd, i, RATE / 3);
	evchat_group_remove(crowd.chat[0]);
	expect_limited(&crowd, 0, 0);
	expect_limited(&crowd, 1, RATE / 2);
	evchat_free(crowd.chat[1]);
	expect_limited(&crowd, 2, RATE);
	ck_assert(harness_detach(crowd.h[2]));
	expect_limited(&crowd, 2, 0);
	crowd_free(&crowd);
}
END_TEST

START_TEST(limit_can_be_changed_and_taken_away)
{
	struct crowd crowd;

	crowd_start(&crowd, carrier(_i), 1);
	ck_assert_int_eq(evchat_group_set_rate_limit(crowd.group, NULL), 0);
	ck_assert_int_eq(set_limit(&crowd, RATE), 0);
	ck_assert_int_eq(set_limit(&crowd, RATE / 2), 0);
	expect_limited(&crowd, 0, RATE / 2);
	ck_assert_int_eq(evchat_group_set_rate_limit(crowd.group, NULL), 0);
	expect_limited(&crowd, 0, 0);
	ck_assert_int_eq(set_limit(&crowd, RATE), 0);
	expect_limited(&crowd, 0, RATE);
	crowd_free(&crowd);
}
END_TEST

START_TEST(limit_ends_with_the_group)
{
	struct crowd crowd;

	crowd_start(&crowd, carrier(_i), MEMBERS);
	ck_assert_int_eq(set_limit(&crowd, RATE), 0);
	evchat_group_free(crowd.group);
	crowd.group = NULL;
	expect_limited(&crowd, 0, 0);
	crowd_free(&crowd);
}
END_TEST

/* The peers have more to read than the members may send together. */
START_TEST(members_send_no_more_than_they_may)
{
	static const char bytes[2 * RATE];
	size_t got = 0;
	struct crowd crowd;
	int i;

	if (carrier(_i) == HARNESS_PAIR)
		return;
	crowd_start(&crowd, carrier(_i), MEMBERS);
	ck_assert_int_eq(set_limit(&crowd, RATE), 0);
	ck_assert_int_eq(evchat_group_broadcast(crowd.group, bytes,
	    sizeof(bytes), NULL, NULL), MEMBERS);
	for (i = 0; i < 100; i++)
		crowd_turn(&crowd);
	for (i = 0; i < MEMBERS; i++)
		got += evbuffer_get_length(crowd.h[i]->received);
	ck_assert_uint_ge(got, RATE / 2);
	ck_assert_uint_le(got, 2 * RATE);
	ck_assert_int_eq(evchat_group_set_rate_limit(crowd.group, NULL), 0);
	for (i = 0; i < MEMBERS; i++)
		harness_run_until_received(crowd.h[i], sizeof(bytes));
	crowd_free(&crowd);
}
END_TEST

/* The n-th allocation fails: there is no limit then, or that which was. */
START_TEST(without_memory_nothing_changes)
{
	struct ev_token_bucket_cfg *limit;
	int n, done = -1, i;
	struct crowd crowd;

	for (n = 1; done == -1; n++) {
		crowd_start(&crowd, carrier(_i), MEMBERS);
		limit = limit_new(RATE);
		harness_fail_allocation(n);
		errno = 0;
		done = evchat_group_set_rate_limit(crowd.group, limit);
		harness_fail_allocation(0);
		ev_token_bucket_cfg_free(limit);
		ck_assert(done == 0 || errno == ENOMEM);
		for (i = 0; i < MEMBERS; i++)
			expect_limited(&crowd, i, done == 0 ? RATE / MEMBERS :
			    0);
		crowd_free(&crowd);
		ck_assert_int_lt(n, 50);
	}
}
END_TEST

START_TEST(without_memory_nobody_joins)
{
	int n, done = -1;
	struct crowd crowd;

	for (n = 1; done == -1; n++) {
		crowd_start_outside(&crowd, carrier(_i), 1);
		ck_assert_int_eq(set_limit(&crowd, RATE), 0);
		harness_fail_allocation(n);
		errno = 0;
		done = evchat_group_add(crowd.group, crowd.chat[0]);
		harness_fail_allocation(0);
		ck_assert(done == 0 || errno == ENOMEM);
		crowd_expect(&crowd, done == 0 ? "a" : "");
		ck_assert_ptr_eq(evchat_get_group(crowd.chat[0]),
		    done == 0 ? crowd.group : NULL);
		expect_limited(&crowd, 0, done == 0 ? RATE : 0);
		crowd_free(&crowd);
		ck_assert_int_lt(n, 50);
	}
}
END_TEST

static void
add(TCase *tc, const TTest *test)
{
	tcase_add_loop_test(tc, test, 0, CROWD_CARRIERS);
}

static Suite *
rate_suite(void)
{
	Suite *suite = suite_create("group_rate");
	TCase *tc = harness_case(suite, "group_rate");

	add(tc, members_share_the_limit);
	add(tc, who_joins_is_limited_and_who_leaves_is_not);
	add(tc, limit_can_be_changed_and_taken_away);
	add(tc, limit_ends_with_the_group);
	add(tc, members_send_no_more_than_they_may);
	add(tc, without_memory_nothing_changes);
	add(tc, without_memory_nobody_joins);
	return suite;
}

int
main(void)
{
	return harness_main(rate_suite());
}
