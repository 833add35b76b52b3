/*
 * Groups without memory: each allocation of a call fails in turn. Then the
 * call says so and has changed nothing, or it has done all.
 */

#include <errno.h>
#include <string.h>
#include <evchat.h>
#include "crowd.h"

#define LONG_TEXT 5000 /* shared by those who get it */

START_TEST(group_is_made_or_not)
{
	static const unsigned options[] = { 0, EVCHAT_OPT_THREADSAFE };
	struct crowd crowd;
	struct evchat_group *group;
	long n;

	crowd_start(&crowd, crowd_carrier(_i / 2), 1);
	for (n = 1, group = NULL; group == NULL; n++) {
		harness_fail_allocation(n);
		errno = 0;
		group = evchat_group_new(crowd.h[0]->base, options[_i % 2]);
		harness_fail_allocation(0);
		ck_assert(group != NULL || errno == ENOMEM);
	}
	ck_assert_int_gt(n, 2);
	evchat_group_free(group);
	crowd_turn(&crowd);
	crowd_free(&crowd);
}
END_TEST

START_TEST(channel_joins_or_not)
{
	struct crowd crowd;
	int joined = -1;
	long n;

	crowd_start_outside(&crowd, crowd_carrier(_i), 1);
	for (n = 1; joined == -1; n++) {
		harness_fail_allocation(n);
		errno = 0;
		joined = evchat_group_add(crowd.group, crowd.chat[0]);
		harness_fail_allocation(0);
		ck_assert(joined == 0 || errno == ENOMEM);
		crowd_expect(&crowd, joined == 0 ? "a" : "");
		ck_assert_ptr_eq(evchat_get_group(crowd.chat[0]),
		    joined == 0 ? crowd.group : NULL);
	}
	ck_assert_int_gt(n, 2);
	crowd_free(&crowd);
}
END_TEST

/* Each member has all of it or none; who has not, the result says. */
START_TEST(long_broadcast_is_whole_or_told)
{
	static char text[LONG_TEXT];
	struct crowd crowd;
	size_t len;
	int got = -1, i, had;
	long n;

	memset(text, 'x', sizeof(text));
	for (n = 1; got == -1; n++) {
		crowd_start(&crowd, crowd_carrier(_i), 3);
		harness_fail_allocation(n);
		got = evchat_group_broadcast(crowd.group, text, sizeof(text),
		    NULL, NULL);
		harness_fail_allocation(0);
		ck_assert(got == 3 || (got == -1 && errno == ENOMEM));
		for (i = had = 0; i < 3; i++) {
			len = evchat_get_output_length(crowd.chat[i]);
			ck_assert(len == 0 || len >= sizeof(text));
			had += len > 0;
		}
		ck_assert_int_eq(had == 3, got == 3);
		crowd_free(&crowd);
	}
	ck_assert_int_gt(n, 2);
}
END_TEST

static Suite *
scarce_suite(void)
{
	Suite *suite = suite_create("scarce group");
	TCase *tc = harness_case(suite, "group");

	tcase_add_loop_test(tc, group_is_made_or_not, 0,
	    2 * CROWD_CARRIERS);
	tcase_add_loop_test(tc, channel_joins_or_not, 0, CROWD_CARRIERS);
	tcase_add_loop_test(tc, long_broadcast_is_whole_or_told, 0,
	    CROWD_CARRIERS);
	return suite;
}

int
main(void)
{
	return harness_main(scarce_suite());
}
