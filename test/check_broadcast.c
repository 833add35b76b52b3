/*
 * Broadcasts: the same bytes or frame for all members.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "crowd.h"

#define LONG 3000 /* more than is copied */
#define MEMBERS 3

static char long_text[LONG + 1];

static enum harness_carrier
carrier(int i)
{
	return crowd_carrier(i);
}

static void
fill_long_text(void)
{
	size_t i;

	for (i = 0; i < LONG; i++)
		long_text[i] = (char)('a' + i % 23);
}

/* A short text and a long one. */
static const char *
text_of(int i)
{
	return i % 2 == 0 ? "short" : long_text;
}

static int
broadcast(struct crowd *crowd, const char *text)
{
	return evchat_group_broadcast(crowd->group, text, strlen(text), NULL, NULL);
}

/* All of them have received this, and nothing else. */
static void
expect_all(struct crowd *crowd, const char *text)
{
	int i;

	for (i = 0; i < crowd->n; i++)
		harness_run_until_received(crowd->h[i], strlen(text));
	crowd_expect_received(crowd, text);
}

START_TEST(broadcast_reaches_all)
{
	struct crowd crowd;
	const char *text = text_of(_i);

	crowd_start(&crowd, carrier(_i / 2), MEMBERS);
	ck_assert_int_eq(broadcast(&crowd, text), MEMBERS);
	expect_all(&crowd, text);
	crowd_free(&crowd);
}
END_TEST

START_TEST(broadcast_is_copied)
{
	char text[LONG + 1];
	struct crowd crowd;

	memcpy(text, text_of(_i), strlen(text_of(_i)) + 1);
	crowd_start(&crowd, carrier(_i / 2), MEMBERS);
	ck_assert_int_eq(broadcast(&crowd, text), MEMBERS);
	memset(text, 'z', strlen(text));
	expect_all(&crowd, text_of(_i));
	crowd_free(&crowd);
}
END_TEST

START_TEST(broadcast_of_nothing_is_fine)
{
	struct crowd crowd;

	crowd_start(&crowd, carrier(_i), MEMBERS);
	ck_assert_int_eq(evchat_group_broadcast(crowd.group, NULL, 0, NULL, NULL),
	    MEMBERS);
	ck_assert_int_eq(broadcast(&crowd, "a"), MEMBERS);
	expect_all(&crowd, "a");
	crowd_free(&crowd);
}
END_TEST

START_TEST(one_member_may_be_left_out)
{
	struct crowd crowd;

	crowd_start(&crowd, carrier(_i / 2), MEMBERS);
	ck_assert_int_eq(evchat_group_broadcast(crowd.group, text_of(_i),
	    strlen(text_of(_i)), crowd_all_but, crowd.chat[1]), MEMBERS - 1);
	ck_assert_int_eq(evchat_push(crowd.chat[1], "b", 1), 0);
	harness_run_until_received(crowd.h[1], 1);
	harness_expect_received(crowd.h[1], "b");
	harness_run_until_received(crowd.h[0], strlen(text_of(_i)));
	harness_expect_received(crowd.h[2], text_of(_i));
	crowd_free(&crowd);
}
END_TEST

START_TEST(who_is_closing_is_passed_over)
{
	struct crowd crowd;

	crowd_start(&crowd, carrier(_i / 2), MEMBERS);
	ck_assert_int_eq(evchat_push(crowd.chat[1], "b", 1), 0);
	evchat_close_when_done(crowd.chat[1]);
	ck_assert_int_eq(broadcast(&crowd, text_of(_i)), MEMBERS - 1);
	harness_run_until_received(crowd.h[0], strlen(text_of(_i)));
	harness_run_until_peer_eof(crowd.h[1]);
	harness_expect_received(crowd.h[1], "b");
	crowd_free(&crowd);
}
END_TEST

START_TEST(who_has_shut_its_write_side_is_passed_over)
{
	struct crowd crowd;

	crowd_start(&crowd, carrier(_i / 2), MEMBERS);
	crowd.h[0]->rude = true;
	ck_assert_int_eq(evchat_push_eof(crowd.chat[0]), 0);
	ck_assert_int_eq(broadcast(&crowd, text_of(_i)), MEMBERS - 1);
	harness_run_until_received(crowd.h[2], strlen(text_of(_i)));
	harness_expect_received(crowd.h[0], "");
	crowd_free(&crowd);
}
END_TEST

START_TEST(broadcast_without_members_reaches_none)
{
	struct crowd crowd;

	crowd_start_outside(&crowd, carrier(_i / 2), 1);
	ck_assert_int_eq(broadcast(&crowd, text_of(_i)), 0);
	crowd_free(&crowd);
}
END_TEST

START_TEST(broadcasts_and_pushes_keep_their_order)
{
	size_t len = 0;
	char text[4 * LONG];
	struct crowd crowd;
	int i;

	crowd_start(&crowd, carrier(_i / 2), MEMBERS);
	for (i = 0; i < 3; i++) {
		ck_assert_int_eq(broadcast(&crowd, text_of(_i)), MEMBERS);
		ck_assert_int_eq(evchat_push(crowd.chat[0], ".", 1), 0);
		len += (size_t)sprintf(text + len, "%s.", text_of(_i));
	}
	harness_run_until_received(crowd.h[0], len);
	harness_expect_received(crowd.h[0], text);
	crowd_free(&crowd);
}
END_TEST

/* It does not matter what a member is doing. */
START_TEST(paused_members_get_broadcasts)
{
	struct crowd crowd;

	crowd_start(&crowd, carrier(_i / 2), MEMBERS);
	evchat_pause(crowd.chat[1]);
	ck_assert_int_eq(broadcast(&crowd, text_of(_i)), MEMBERS);
	expect_all(&crowd, text_of(_i));
	crowd_free(&crowd);
}
END_TEST

START_TEST(broadcast_waits_for_a_connection)
{
	struct crowd crowd;
	struct evchat *waiting;

	crowd_start(&crowd, carrier(_i / 2), 1);
	waiting = evchat_socket_new(crowd.h[0]->base, -1, NULL, NULL, 0);
	ck_assert_ptr_nonnull(waiting);
	ck_assert_int_eq(evchat_group_add(crowd.group, waiting), 0);
	ck_assert_int_eq(broadcast(&crowd, text_of(_i)), 2);
	expect_all(&crowd, text_of(_i));
	ck_assert_uint_eq(evchat_get_output_length(waiting),
	    strlen(text_of(_i)));
	evchat_free(waiting);
	crowd_free(&crowd);
}
END_TEST

/* A peer that does not read holds up nobody else. */
START_TEST(slow_member_does_not_hold_up_the_others)
{
	size_t big = (size_t)1 << 20;
	char *text = calloc(1, big + 1);
	struct crowd crowd;
	int i;

	ck_assert_ptr_nonnull(text);
	memset(text, 'x', big);
	crowd_start(&crowd, carrier(_i), MEMBERS);
	harness_peer_read(crowd.h[1], false);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(evchat_group_broadcast(crowd.group, text, big,
		    NULL, NULL), MEMBERS);
	harness_run_until_received(crowd.h[0], 3 * big);
	harness_run_until_received(crowd.h[2], 3 * big);
	ck_assert_int_eq(broadcast(&crowd, "."), MEMBERS);
	harness_run_until_received(crowd.h[2], 3 * big + 1);
	harness_peer_read(crowd.h[1], true);
	harness_run_until_received(crowd.h[1], 3 * big + 1);
	crowd_free(&crowd);
	free(text);
}
END_TEST

/* What a hook broadcasts fills the queue of its own channel, too. */

#define FILL ((size_t)16 << 20) /* more than the system takes */

static void
broadcast_in_collect(struct harness *h, const void *data, size_t len)
{
	struct crowd *crowd = h->user;
	char *fill;

	(void)data;
	(void)len;
	if (h->count++ > 0)
		return;
	ck_assert_ptr_nonnull(fill = calloc(1, FILL));
	ck_assert_int_eq(evchat_group_broadcast(crowd->group, fill, FILL,
	    NULL, NULL), 1);
	free(fill);
}

START_TEST(broadcast_in_a_hook_stops_reading_as_pushes_do)
{
	struct crowd crowd;
	struct harness *h;

	crowd_start(&crowd, carrier(_i), 1);
	h = crowd.h[0];
	h->script.collect = broadcast_in_collect;
	harness_peer_read(h, false);
	harness_count_three(h);
	harness_send(h, "abcdef", 6);
	crowd_turn(&crowd);
	harness_expect(h, "collect:abc");
	harness_peer_read(h, true);
	harness_run_until_noted(h, "collect:abc|found|collect:def");
	crowd_free(&crowd);
}
END_TEST

/* Detached with a broadcast on its way: that is still sent. */
START_TEST(broadcast_outlives_a_channel_that_is_detached)
{
	struct crowd crowd;

	crowd_start(&crowd, carrier(_i / 2), MEMBERS);
	harness_push_reference(crowd.h[1], "r", "ref");
	ck_assert_int_eq(broadcast(&crowd, text_of(_i)), MEMBERS);
	ck_assert(harness_detach(crowd.h[0]));
	ck_assert(harness_detach(crowd.h[1]));
	evchat_group_free_members(crowd.group);
	harness_run_until_received(crowd.h[0], strlen(text_of(_i)));
	harness_expect_received(crowd.h[0], text_of(_i));
	harness_run_until_received(crowd.h[1], 3 + strlen(text_of(_i)));
	crowd_free(&crowd);
}
END_TEST

START_TEST(discarded_broadcast_is_not_sent)
{
	struct crowd crowd;

	crowd_start(&crowd, carrier(_i / 2), MEMBERS);
	ck_assert_int_eq(broadcast(&crowd, text_of(_i)), MEMBERS);
	evchat_discard_buffers(crowd.chat[0]);
	ck_assert_int_eq(evchat_push(crowd.chat[0], ".", 1), 0);
	harness_run_until_received(crowd.h[0], 1);
	harness_expect_received(crowd.h[0], ".");
	harness_run_until_received(crowd.h[1], strlen(text_of(_i)));
	crowd_free(&crowd);
}
END_TEST

static void
add(TCase *tc, const TTest *test)
{
	tcase_add_loop_test(tc, test, 0, CROWD_CARRIERS);
}

/* With the short text and the long one. */
static void
add_texts(TCase *tc, const TTest *test)
{
	tcase_add_loop_test(tc, test, 0, 2 * CROWD_CARRIERS);
}

static Suite *
broadcast_suite(void)
{
	Suite *suite = suite_create("broadcast");
	TCase *tc = harness_case(suite, "broadcast");

	add_texts(tc, broadcast_reaches_all);
	add_texts(tc, broadcast_is_copied);
	add(tc, broadcast_of_nothing_is_fine);
	add_texts(tc, one_member_may_be_left_out);
	add_texts(tc, who_is_closing_is_passed_over);
	add_texts(tc, who_has_shut_its_write_side_is_passed_over);
	add_texts(tc, broadcast_without_members_reaches_none);
	add_texts(tc, broadcasts_and_pushes_keep_their_order);
	add_texts(tc, paused_members_get_broadcasts);
	add_texts(tc, broadcast_waits_for_a_connection);
	add(tc, slow_member_does_not_hold_up_the_others);
	add(tc, broadcast_in_a_hook_stops_reading_as_pushes_do);
	add_texts(tc, broadcast_outlives_a_channel_that_is_detached);
	add_texts(tc, discarded_broadcast_is_not_sent);
	return suite;
}

int
main(void)
{
	fill_long_text();
	return harness_main(broadcast_suite());
}
