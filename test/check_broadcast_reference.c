/*
 * Broadcasts of bytes that are not copied: when their cleanup is called.
 */

#include <errno.h>
#include "crowd.h"

#define MEMBERS 3

static const char text[] = "borrowed";
#define LEN (sizeof(text) - 1)

static int cleaned; /* how often */

static void
clean(const void *data, size_t len, void *arg)
{
	ck_assert_ptr_eq(data, text);
	ck_assert_uint_eq(len, *(const size_t *)arg);
	cleaned++;
}

static int
broadcast(struct crowd *crowd, size_t len)
{
	static size_t given;

	cleaned = 0;
	given = len;
	return evchat_group_broadcast_reference(crowd->group, text, len, clean,
	    &given);
}

static enum harness_carrier
carrier(int i)
{
	return crowd_carrier(i);
}

/* What came over a pair is the peer's, until it has done with it. */
static void
drain_received(struct crowd *crowd)
{
	int i;

	for (i = 0; i < crowd->n; i++)
		(void)evbuffer_drain(crowd->h[i]->received, SIZE_MAX);
}

START_TEST(bytes_are_given_back_when_all_have_sent_them)
{
	struct crowd crowd;
	int i;

	crowd_start(&crowd, carrier(_i), MEMBERS);
	evchat_pause(crowd.chat[1]);
	ck_assert_int_eq(broadcast(&crowd, LEN), MEMBERS);
	ck_assert_int_eq(cleaned, 0);
	for (i = 0; i < MEMBERS; i++)
		harness_run_until_received(crowd.h[i], LEN);
	crowd_turn(&crowd);
	crowd_expect_received(&crowd, text);
	drain_received(&crowd);
	ck_assert_int_eq(cleaned, 1);
	crowd_free(&crowd);
	ck_assert_int_eq(cleaned, 1);
}
END_TEST

START_TEST(bytes_are_given_back_when_the_last_has_ended)
{
	struct crowd crowd;

	crowd_start(&crowd, carrier(_i), MEMBERS);
	ck_assert_int_eq(broadcast(&crowd, LEN), MEMBERS);
	evchat_free(crowd.chat[1]);
	evchat_discard_buffers(crowd.chat[0]);
	ck_assert_int_eq(cleaned, 0);
	evchat_free(crowd.chat[2]);
	ck_assert_int_eq(cleaned, 1);
	ck_assert_int_eq(crowd.h[2]->closed, 1);
	crowd_free(&crowd);
	ck_assert_int_eq(cleaned, 1);
}
END_TEST

START_TEST(bytes_that_nobody_gets_are_given_back_at_once)
{
	struct crowd crowd;

	crowd_start(&crowd, carrier(_i), 1);
	evchat_close_when_done(crowd.chat[0]);
	ck_assert_int_eq(broadcast(&crowd, LEN), 0);
	ck_assert_int_eq(cleaned, 1);
	crowd_free(&crowd);
}
END_TEST

START_TEST(no_bytes_are_given_back_at_once)
{
	struct crowd crowd;

	crowd_start(&crowd, carrier(_i), MEMBERS);
	ck_assert_int_eq(broadcast(&crowd, 0), MEMBERS);
	ck_assert_int_eq(cleaned, 1);
	crowd_free(&crowd);
}
END_TEST

START_TEST(cleanup_may_be_missing)
{
	struct crowd crowd;

	crowd_start(&crowd, carrier(_i), MEMBERS);
	ck_assert_int_eq(evchat_group_broadcast_reference(crowd.group, text,
	    LEN, NULL, NULL), MEMBERS);
	harness_run_until_received(crowd.h[MEMBERS - 1], LEN);
	crowd_turn(&crowd);
	crowd_expect_received(&crowd, text);
	crowd_free(&crowd);
}
END_TEST

/* It is no part of the channel, so a detached one's is still to come. */
START_TEST(detached_bytes_are_given_back_when_they_were_sent)
{
	struct crowd crowd;

	crowd_start(&crowd, carrier(_i), 1);
	ck_assert_int_eq(broadcast(&crowd, LEN), 1);
	ck_assert(harness_detach(crowd.h[0]));
	ck_assert_int_eq(cleaned, 0);
	harness_run_until_received(crowd.h[0], LEN);
	crowd_turn(&crowd);
	harness_expect_received(crowd.h[0], text);
	drain_received(&crowd);
	ck_assert_int_eq(cleaned, 1);
	crowd_free(&crowd);
}
END_TEST

/* The n-th allocation fails: the others get theirs, and it is given back once. */
START_TEST(missing_memory_is_told_and_holds_up_nobody)
{
	int n, i, given = -1, got;
	struct crowd crowd;

	for (n = 1; given == -1; n++) {
		crowd_start(&crowd, carrier(_i), MEMBERS);
		harness_fail_allocation(n);
		errno = 0;
		given = broadcast(&crowd, LEN);
		harness_fail_allocation(0);
		ck_assert(given == MEMBERS || errno == ENOMEM);
		for (i = got = 0; i < MEMBERS; i++)
			got += evchat_get_output_length(crowd.chat[i]) == LEN;
		ck_assert_int_eq(got, given != -1 ? MEMBERS :
		    n == 1 ? 0 : MEMBERS - 1);
		ck_assert_int_eq(cleaned, got == 0);
		crowd_free(&crowd);
		ck_assert_int_eq(cleaned, 1);
		ck_assert_int_lt(n, 20);
	}
	ck_assert_int_gt(n, MEMBERS);
}
END_TEST

/* The cleanup may push, and make another broadcast. */

static void
clean_and_push(const void *data, size_t len, void *arg)
{
	struct crowd *crowd = arg;

	(void)data;
	(void)len;
	cleaned++;
	if (cleaned < 3)
		ck_assert_int_eq(evchat_group_broadcast_reference(crowd->group,
		    "more", 4, clean_and_push, crowd), MEMBERS);
}

START_TEST(cleanup_may_broadcast)
{
	struct crowd crowd;
	int i;

	if (carrier(_i) == HARNESS_PAIR)
		return; /* there it waits for the peer */
	cleaned = 0;
	crowd_start(&crowd, carrier(_i), MEMBERS);
	ck_assert_int_eq(evchat_group_broadcast_reference(crowd.group, "more",
	    4, clean_and_push, &crowd), MEMBERS);
	for (i = 0; i < MEMBERS; i++)
		harness_run_until_received(crowd.h[i], 12);
	crowd_turn(&crowd);
	crowd_expect_received(&crowd, "moremoremore");
	ck_assert_int_eq(cleaned, 3);
	crowd_free(&crowd);
}
END_TEST

static void
add(TCase *tc, const TTest *test)
{
	tcase_add_loop_test(tc, test, 0, CROWD_CARRIERS);
}

static Suite *
reference_suite(void)
{
	Suite *suite = suite_create("broadcast_reference");
	TCase *tc = harness_case(suite, "broadcast_reference");

	add(tc, bytes_are_given_back_when_all_have_sent_them);
	add(tc, bytes_are_given_back_when_the_last_has_ended);
	add(tc, bytes_that_nobody_gets_are_given_back_at_once);
	add(tc, no_bytes_are_given_back_at_once);
	add(tc, cleanup_may_be_missing);
	add(tc, detached_bytes_are_given_back_when_they_were_sent);
	add(tc, missing_memory_is_told_and_holds_up_nobody);
	add(tc, cleanup_may_broadcast);
	return suite;
}

int
main(void)
{
	return harness_main(reference_suite());
}
