/*
 * Groups: who is in one, and how channels come and go.
 */

#include <errno.h>
#include <event2/thread.h>
#include "crowd.h"

static enum harness_carrier
carrier(int i)
{
	return crowd_carrier(i);
}

START_TEST(members_are_in_the_order_of_joining)
{
	struct crowd crowd;

	crowd_start_outside(&crowd, carrier(_i), 3);
	crowd_expect(&crowd, "");
	crowd_add(&crowd, 1);
	crowd_add(&crowd, 0);
	crowd_add(&crowd, 2);
	crowd_expect(&crowd, "bac");
	ck_assert_ptr_eq(evchat_get_group(crowd.chat[0]), crowd.group);
	evchat_group_remove(crowd.chat[0]);
	crowd_expect(&crowd, "bc");
	ck_assert_ptr_null(evchat_get_group(crowd.chat[0]));
	crowd_add(&crowd, 0);
	crowd_expect(&crowd, "bca");
	crowd_free(&crowd);
}
END_TEST

START_TEST(adding_twice_changes_nothing)
{
	struct crowd crowd;

	crowd_start(&crowd, carrier(_i), 2);
	crowd_add(&crowd, 0);
	crowd_expect(&crowd, "ab");
	crowd_free(&crowd);
}
END_TEST

START_TEST(removing_who_is_in_none_does_nothing)
{
	struct crowd crowd;

	crowd_start_outside(&crowd, carrier(_i), 2);
	crowd_add(&crowd, 1);
	evchat_group_remove(crowd.chat[0]);
	crowd_expect(&crowd, "b");
	crowd_free(&crowd);
}
END_TEST

START_TEST(channel_is_in_one_group_at_most)
{
	struct evchat_group *other;
	struct crowd crowd;

	crowd_start(&crowd, carrier(_i), 2);
	other = evchat_group_new(crowd.h[0]->base, 0);
	ck_assert_ptr_nonnull(other);
	errno = 0;
	ck_assert_int_eq(evchat_group_add(other, crowd.chat[0]), -1);
	ck_assert_int_eq(errno, EBUSY);
	ck_assert_uint_eq(evchat_group_get_count(other), 0);
	crowd_expect(&crowd, "ab");
	evchat_group_remove(crowd.chat[0]);
	ck_assert_int_eq(evchat_group_add(other, crowd.chat[0]), 0);
	ck_assert_ptr_eq(evchat_get_group(crowd.chat[0]), other);
	evchat_group_free(other);
	ck_assert_ptr_null(evchat_get_group(crowd.chat[0]));
	crowd_free(&crowd);
}
END_TEST

START_TEST(all_members_have_one_loop)
{
	struct event_base *base;
	struct evchat_group *other;
	struct crowd crowd;

	crowd_start_outside(&crowd, carrier(_i), 1);
	base = event_base_new();
	other = evchat_group_new(base, 0);
	errno = 0;
	ck_assert_int_eq(evchat_group_add(other, crowd.chat[0]), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_null(evchat_get_group(crowd.chat[0]));
	evchat_group_free(other);
	event_base_free(base);
	crowd_free(&crowd);
}
END_TEST

START_TEST(who_ends_or_is_closing_cannot_join)
{
	struct crowd crowd;

	crowd_start_outside(&crowd, carrier(_i), 2);
	ck_assert_int_eq(evchat_push(crowd.chat[0], "a", 1), 0);
	evchat_close_when_done(crowd.chat[0]);
	evchat_free(crowd.chat[1]);
	errno = 0;
	ck_assert_int_eq(evchat_group_add(crowd.group, crowd.chat[0]), -1);
	ck_assert_int_eq(errno, EPIPE);
	errno = 0;
	ck_assert_int_eq(evchat_group_add(crowd.group, crowd.chat[1]), -1);
	ck_assert_int_eq(errno, EPIPE);
	crowd_expect(&crowd, "");
	crowd_free(&crowd);
}
END_TEST

/* closed: the channel has left; before that, done: it is in. */

static void
note_group(struct harness *h)
{
	struct crowd *crowd = h->user;

	harness_note(h, evchat_get_group(crowd->chat[0]) == crowd->group ?
	    "in" : "out");
}

static void
note_group_at_done(struct harness *h, const char *name)
{
	(void)name;
	note_group(h);
}

static void
note_group_at_closed(struct harness *h, enum evchat_reason why)
{
	(void)why;
	note_group(h);
	ck_assert_int_eq(evchat_group_add(((struct crowd *)h->user)->group,
	    ((struct crowd *)h->user)->chat[0]), -1);
}

START_TEST(channel_leaves_behind_done_and_before_closed)
{
	struct crowd crowd;

	crowd_start(&crowd, carrier(_i), 2);
	crowd.h[0]->script.released = note_group_at_done;
	crowd.h[0]->script.closed = note_group_at_closed;
	harness_push_stuck(crowd.h[0], "p");
	harness_push_reference(crowd.h[0], "r", "x");
	evchat_free(crowd.chat[0]);
	harness_expect(crowd.h[0],
	    "done:p:discarded:0|in|cleanup:r|in|closed:freed|out");
	crowd_expect(&crowd, "b");
	crowd_free(&crowd);
}
END_TEST

START_TEST(detached_channel_has_left)
{
	struct crowd crowd;

	crowd_start(&crowd, carrier(_i), 2);
	ck_assert(harness_detach(crowd.h[0]));
	ck_assert_ptr_null(evchat_get_group(crowd.chat[0]));
	crowd_expect(&crowd, "b");
	crowd_free(&crowd);
}
END_TEST

START_TEST(members_live_on_when_the_group_is_freed)
{
	struct crowd crowd;

	crowd_start(&crowd, carrier(_i), 3);
	evchat_group_free(crowd.group);
	crowd.group = NULL;
	ck_assert_ptr_null(evchat_get_group(crowd.chat[0]));
	ck_assert_ptr_null(evchat_get_group(crowd.chat[2]));
	ck_assert_int_eq(evchat_push(crowd.chat[2], "a", 1), 0);
	harness_run_until_received(crowd.h[2], 1);
	crowd_free(&crowd);
}
END_TEST

START_TEST(null_is_no_group_to_be_freed)
{
	evchat_group_free(NULL);
}
END_TEST

START_TEST(group_needs_a_loop_and_known_options)
{
	struct event_base *base = event_base_new();

	errno = 0;
	ck_assert_ptr_null(evchat_group_new(NULL, 0));
	ck_assert_int_eq(errno, EINVAL);
	errno = 0;
	ck_assert_ptr_null(evchat_group_new(base, EVCHAT_OPT_HALF_OPEN));
	ck_assert_int_eq(errno, EINVAL);
	event_base_free(base);
}
END_TEST

static void
add(TCase *tc, const TTest *test)
{
	tcase_add_loop_test(tc, test, 0, CROWD_CARRIERS);
}

static Suite *
group_suite(void)
{
	Suite *suite = suite_create("group");
	TCase *tc = harness_case(suite, "group");
	add(tc, members_are_in_the_order_of_joining);
	add(tc, adding_twice_changes_nothing);
	add(tc, removing_who_is_in_none_does_nothing);
	add(tc, channel_is_in_one_group_at_most);
	add(tc, all_members_have_one_loop);
	add(tc, who_ends_or_is_closing_cannot_join);
	add(tc, channel_leaves_behind_done_and_before_closed);
	add(tc, detached_channel_has_left);
	add(tc, members_live_on_when_the_group_is_freed);
	tcase_add_test(tc, null_is_no_group_to_be_freed);
	tcase_add_test(tc, group_needs_a_loop_and_known_options);
	return suite;
}

int
main(void)
{
	return harness_main(group_suite());
}
