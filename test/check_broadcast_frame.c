/*
 * Broadcasts of a frame, which each member encodes as it would by itself.
 */

#include <errno.h>
#include <string.h>
#include "crowd.h"

#define MEMBERS 6

static enum harness_carrier
carrier(int i)
{
	return crowd_carrier(i);
}

static void
set_output(struct crowd *crowd, int i, struct evchat_framing *framing)
{
	ck_assert_ptr_nonnull(framing);
	ck_assert_int_eq(evchat_set_output_framing(crowd->chat[i], framing), 0);
	evchat_framing_free(framing);
}

static int
broadcast(struct crowd *crowd, const char *payload)
{
	return evchat_group_broadcast_frame(crowd->group, payload,
	    strlen(payload), NULL, NULL);
}

static void
expect(struct crowd *crowd, int i, const char *text)
{
	harness_run_until_received(crowd->h[i], strlen(text));
	harness_expect_received(crowd->h[i], text);
}

/* One that no other channel has. */
static void
set_own(struct evchat *chat, const char *delimiter)
{
	struct evchat_framing *framing = unit_delimiter(delimiter,
	    strlen(delimiter));

	ck_assert_int_eq(evchat_set_framing(chat, framing), 0);
	evchat_framing_free(framing);
}

/* More framings than are remembered, in turns. */
START_TEST(each_member_gets_it_by_its_own_framing)
{
	static const char *const wire[] = { "3:abc,", "abc\r\n", "abc|" };
	struct evchat_framing *delimiter;
	struct crowd crowd;
	int i;

	crowd_start(&crowd, carrier(_i), MEMBERS);
	for (i = 0; i < MEMBERS; i++) {
		if (i % 3 == 0)
			set_output(&crowd, i, evchat_framing_netstring(0));
		else if (i % 3 == 1)
			ck_assert_int_eq(evchat_set_terminator(crowd.chat[i],
			    "\r\n", 2), 0);
		else
			set_own(crowd.chat[i], "|");
	}
	delimiter = evchat_get_framing(crowd.chat[2]);
	ck_assert_ptr_ne(delimiter, evchat_get_framing(crowd.chat[5]));
	ck_assert_int_eq(broadcast(&crowd, "abc"), MEMBERS);
	for (i = 0; i < MEMBERS; i++)
		expect(&crowd, i, wire[i % 3]);
	crowd_free(&crowd);
}
END_TEST

START_TEST(frame_is_encoded_once_for_all_that_have_the_same_framing)
{
	struct evchat_framing *framing;
	long before, one, all;
	struct crowd crowd;
	int i;

	crowd_start_outside(&crowd, HARNESS_PAIR, MEMBERS);
	framing = evchat_framing_netstring(0);
	for (i = 0; i < MEMBERS; i++)
		ck_assert_int_eq(evchat_set_output_framing(crowd.chat[i],
		    framing), 0);
	crowd_add(&crowd, 0);
	before = harness_allocations();
	ck_assert_int_eq(broadcast(&crowd, "abc"), 1);
	one = harness_allocations() - before;
	for (i = 1; i < MEMBERS; i++)
		crowd_add(&crowd, i);
	evchat_discard_buffers(crowd.chat[0]);
	before = harness_allocations();
	ck_assert_int_eq(broadcast(&crowd, "abc"), MEMBERS);
	all = harness_allocations() - before;
	/* Each of the others needs a chain for it, and nothing else. */
	ck_assert_int_eq(all, one + MEMBERS - 1);
	evchat_framing_free(framing);
	crowd_free(&crowd);
}
END_TEST

START_TEST(frames_are_counted)
{
	struct evchat_stats stats;
	struct crowd crowd;

	crowd_start(&crowd, carrier(_i), 1);
	harness_crlf(crowd.h[0]);
	ck_assert_int_eq(broadcast(&crowd, "abc"), 1);
	evchat_get_stats(crowd.chat[0], &stats, sizeof(stats));
	ck_assert_uint_eq(stats.frames_out, 1);
	crowd_free(&crowd);
}
END_TEST

START_TEST(one_member_may_be_left_out)
{
	struct crowd crowd;

	crowd_start(&crowd, carrier(_i), 2);
	harness_crlf(crowd.h[0]);
	harness_crlf(crowd.h[1]);
	ck_assert_int_eq(evchat_group_broadcast_frame(crowd.group, "abc", 3,
	    crowd_all_but, crowd.chat[0]), 1);
	expect(&crowd, 1, "abc\r\n");
	harness_expect_received(crowd.h[0], "");
	crowd_free(&crowd);
}
END_TEST

START_TEST(who_is_closing_is_passed_over)
{
	struct crowd crowd;

	crowd_start(&crowd, carrier(_i), 2);
	harness_crlf(crowd.h[0]);
	evchat_close_when_done(crowd.chat[1]);
	ck_assert_int_eq(broadcast(&crowd, "abc"), 1);
	expect(&crowd, 0, "abc\r\n");
	crowd_free(&crowd);
}
END_TEST

/* A framing that cannot carry it, twice; one that can; and none at all. */
START_TEST(who_cannot_be_sent_it_does_not_keep_it_from_others)
{
	struct crowd crowd;
	int i;

	crowd_start(&crowd, carrier(_i), 4);
	for (i = 0; i < 2; i++)
		ck_assert_int_eq(evchat_set_terminator(crowd.chat[i], "b", 1),
		    0);
	harness_crlf(crowd.h[2]);
	errno = 0;
	ck_assert_int_eq(broadcast(&crowd, "abc"), -1);
	ck_assert_int_eq(errno, EINVAL);
	expect(&crowd, 2, "abc\r\n");
	for (i = 0; i < 4; i++)
		if (i != 2)
			harness_expect_received(crowd.h[i], "");
	crowd_free(&crowd);
}
END_TEST

START_TEST(errno_is_what_a_push_gives)
{
	static const char bytes[300];
	static const struct evchat_length_field field = { .width = 1 };
	struct crowd crowd;
	int pushed, error;

	crowd_start(&crowd, carrier(_i), 1);
	set_output(&crowd, 0, evchat_framing_length(&field));
	pushed = evchat_push_frame(crowd.chat[0], bytes, sizeof(bytes));
	error = errno;
	ck_assert_int_eq(pushed, -1);
	errno = 0;
	ck_assert_int_eq(evchat_group_broadcast_frame(crowd.group, bytes,
	    sizeof(bytes), NULL, NULL), -1);
	ck_assert_int_eq(errno, error);
	crowd_free(&crowd);
}
END_TEST

START_TEST(empty_frame_reaches_all)
{
	struct crowd crowd;

	crowd_start(&crowd, carrier(_i), 2);
	set_output(&crowd, 0, evchat_framing_netstring(0));
	set_output(&crowd, 1, evchat_framing_netstring(0));
	ck_assert_int_eq(evchat_group_broadcast_frame(crowd.group, NULL, 0,
	    NULL, NULL), 2);
	expect(&crowd, 0, "0:,");
	expect(&crowd, 1, "0:,");
	crowd_free(&crowd);
}
END_TEST

/* The n-th allocation fails; whoever gets anything gets all of it. */
START_TEST(missing_memory_is_told_and_holds_up_nobody)
{
	const char *wire = "3:abc,";
	int n, i, given = -1, got;
	struct crowd crowd;

	for (n = 1; given == -1; n++) {
		crowd_start(&crowd, carrier(_i), 3);
		for (i = 0; i < 3; i++)
			set_output(&crowd, i, evchat_framing_netstring(0));
		harness_fail_allocation(n);
		errno = 0;
		given = broadcast(&crowd, "abc");
		harness_fail_allocation(0);
		ck_assert(given == 3 || errno == ENOMEM);
		for (i = got = 0; i < 3; i++)
			got += evchat_get_output_length(crowd.chat[i]) ==
			    strlen(wire);
		ck_assert_int_eq(got, given == -1 ? 2 : 3);
		crowd_free(&crowd);
		ck_assert_int_lt(n, 50);
	}
	ck_assert_int_gt(n, 3);
}
END_TEST

static void
add(TCase *tc, const TTest *test)
{
	tcase_add_loop_test(tc, test, 0, CROWD_CARRIERS);
}

static Suite *
frame_suite(void)
{
	Suite *suite = suite_create("broadcast_frame");
	TCase *tc = harness_case(suite, "broadcast_frame");

	add(tc, each_member_gets_it_by_its_own_framing);
	tcase_add_test(tc,
	    frame_is_encoded_once_for_all_that_have_the_same_framing);
	add(tc, frames_are_counted);
	add(tc, one_member_may_be_left_out);
	add(tc, who_is_closing_is_passed_over);
	add(tc, who_cannot_be_sent_it_does_not_keep_it_from_others);
	add(tc, errno_is_what_a_push_gives);
	add(tc, empty_frame_reaches_all);
	add(tc, missing_memory_is_told_and_holds_up_nobody);
	return suite;
}

int
main(void)
{
	return harness_main(frame_suite());
}
