/*
 * Walks through a group: who is visited, whatever happens on the way.
 */

#include <errno.h>
#include <string.h>
#include "crowd.h"

#define MEMBERS 4

static enum harness_carrier
carrier(int i)
{
	return crowd_carrier(i);
}

/* What is done when the second one is visited. */
static void (*act)(struct crowd *crowd);

static int
visit(struct evchat *chat, void *arg)
{
	struct crowd *crowd = arg;
	char name = crowd_name(crowd, chat);

	unit_note(&crowd->text, "%c", name);
	if (name == 'b' && act != NULL)
		act(crowd);
	return 0;
}

static void
walk(struct crowd *crowd, const char *visited)
{
	ck_assert_int_eq(evchat_group_foreach(crowd->group, visit, crowd), 0);
	unit_expect(&crowd->text, visited);
}

static void
start(struct crowd *crowd, int i, void (*function)(struct crowd *crowd))
{
	crowd_start(crowd, carrier(i), MEMBERS);
	act = function;
}

static int
stop_at_c(struct evchat *chat, void *arg)
{
	(void)visit(chat, arg);
	return crowd_name(arg, chat) == 'c' ? 7 : 0;
}

START_TEST(walk_stops_when_it_is_told)
{
	struct crowd crowd;

	start(&crowd, _i, NULL);
	ck_assert_int_eq(evchat_group_foreach(crowd.group, stop_at_c, &crowd),
	    7);
	unit_expect(&crowd.text, "a|b|c");
	crowd_free(&crowd);
}
END_TEST

START_TEST(walk_without_members_visits_nobody)
{
	struct crowd crowd;

	crowd_start_outside(&crowd, carrier(_i), 1);
	ck_assert_int_eq(evchat_group_foreach(crowd.group, stop_at_c, &crowd),
	    0);
	unit_expect(&crowd.text, "");
	crowd_free(&crowd);
}
END_TEST

static void
free_first(struct crowd *crowd)
{
	evchat_free(crowd->chat[0]);
}

static void
free_itself(struct crowd *crowd)
{
	evchat_free(crowd->chat[1]);
}

static void
free_next(struct crowd *crowd)
{
	evchat_free(crowd->chat[2]);
}

static void
free_others(struct crowd *crowd)
{
	evchat_free(crowd->chat[3]);
	evchat_free(crowd->chat[2]);
	evchat_free(crowd->chat[0]);
}

static void
free_all(struct crowd *crowd)
{
	evchat_group_free_members(crowd->group);
	crowd_expect(crowd, "");
}

static void
remove_next(struct crowd *crowd)
{
	evchat_group_remove(crowd->chat[2]);
	crowd_expect(crowd, "abd");
}

/* Who joins meanwhile is not visited, be it one who was in before. */
static void
remove_and_add_next(struct crowd *crowd)
{
	evchat_group_remove(crowd->chat[2]);
	crowd_add(crowd, 2);
	crowd_expect(crowd, "abdc");
}

static void
remove_and_add_first(struct crowd *crowd)
{
	evchat_group_remove(crowd->chat[0]);
	crowd_add(crowd, 0);
}

static void
remove_and_add_itself(struct crowd *crowd)
{
	evchat_group_remove(crowd->chat[1]);
	crowd_add(crowd, 1);
}

static void
remove_and_add_all(struct crowd *crowd)
{
	int i;

	for (i = 0; i < MEMBERS; i++)
		evchat_group_remove(crowd->chat[i]);
	for (i = 0; i < MEMBERS; i++)
		crowd_add(crowd, i);
}

static void
free_group(struct crowd *crowd)
{
	evchat_group_free(crowd->group);
	crowd->group = NULL;
	ck_assert_ptr_null(evchat_get_group(crowd->chat[3]));
}

static void
free_group_and_all(struct crowd *crowd)
{
	free_all(crowd);
	free_group(crowd);
}

static void
detach_next(struct crowd *crowd)
{
	ck_assert(harness_detach(crowd->h[2]));
}

/* A walk in a walk, in which members go. */
static int
free_it(struct evchat *chat, void *arg)
{
	(void)arg;
	evchat_free(chat);
	return 0;
}

static void
walk_and_free(struct crowd *crowd)
{
	(void)evchat_group_foreach(crowd->group, free_it, NULL);
}

static void
broadcast(struct crowd *crowd)
{
	ck_assert_int_eq(evchat_group_broadcast(crowd->group, "x", 1, NULL, NULL),
	    MEMBERS);
}

static const struct {
	void (*act)(struct crowd *crowd);
	const char *visited;
} cases[] = {
	{ NULL, "a|b|c|d" },
	{ free_first, "a|b|c|d" },
	{ free_itself, "a|b|c|d" },
	{ free_next, "a|b|d" },
	{ free_others, "a|b" },
	{ free_all, "a|b" },
	{ remove_next, "a|b|d" },
	{ remove_and_add_next, "a|b|d" },
	{ remove_and_add_first, "a|b|c|d" },
	{ remove_and_add_itself, "a|b|c|d" },
	{ remove_and_add_all, "a|b" },
	{ free_group, "a|b" },
	{ free_group_and_all, "a|b" },
	{ detach_next, "a|b|d" },
	{ walk_and_free, "a|b" },
	{ broadcast, "a|b|c|d" }
};
#define CASES (int)(sizeof(cases) / sizeof(*cases))

START_TEST(walk_visits_once_who_is_in_all_the_time)
{
	struct crowd crowd;

	start(&crowd, _i / CASES, cases[_i % CASES].act);
	walk(&crowd, cases[_i % CASES].visited);
	crowd_turn(&crowd);
	crowd_free(&crowd);
}
END_TEST

/* Each visit has one more join; the walk ends all the same. */
static int
rejoin(struct evchat *chat, void *arg)
{
	struct crowd *crowd = arg;

	unit_note(&crowd->text, "%c", crowd_name(crowd, chat));
	evchat_group_remove(chat);
	ck_assert_int_eq(evchat_group_add(crowd->group, chat), 0);
	return 0;
}

START_TEST(walk_ends_even_if_each_visit_has_one_join)
{
	struct crowd crowd;

	start(&crowd, _i, NULL);
	ck_assert_int_eq(evchat_group_foreach(crowd.group, rejoin, &crowd), 0);
	unit_expect(&crowd.text, "a|b|c|d");
	crowd_expect(&crowd, "abcd");
	crowd_free(&crowd);
}
END_TEST

/* Closed frees the next one, the group, and what else there is. */

static void
free_rest(struct harness *h, enum evchat_reason why)
{
	struct crowd *crowd = h->user;

	(void)why;
	evchat_group_free_members(crowd->group);
	free_group(crowd);
}

START_TEST(closed_may_free_members_and_group)
{
	struct crowd crowd;
	int i;

	start(&crowd, _i, NULL);
	crowd.h[1]->script.closed = free_rest;
	evchat_group_free_members(crowd.group);
	for (i = 0; i < MEMBERS; i++)
		ck_assert_int_eq(crowd.h[i]->closed, 1);
	crowd_free(&crowd);
}
END_TEST

START_TEST(closing_all_sends_what_was_pushed)
{
	struct crowd crowd;
	int i;

	start(&crowd, _i, NULL);
	broadcast(&crowd);
	evchat_group_close_when_done(crowd.group);
	errno = 0;
	ck_assert_int_eq(evchat_push(crowd.chat[3], "y", 1), -1);
	ck_assert_int_eq(errno, EPIPE);
	for (i = 0; i < MEMBERS; i++)
		harness_run_until_closed(crowd.h[i]);
	for (i = 0; i < MEMBERS; i++) {
		harness_run_until_peer_eof(crowd.h[i]);
		ck_assert_int_eq(crowd.h[i]->why, EVCHAT_REASON_DONE);
	}
	crowd_expect_received(&crowd, "x");
	crowd_expect(&crowd, "");
	crowd_free(&crowd);
}
END_TEST

/* One is inside a frame and goes on to its end; the others close at once. */
START_TEST(closing_all_between_frames_lets_them_finish)
{
	struct crowd crowd;
	int i;

	start(&crowd, _i, NULL);
	for (i = 0; i < MEMBERS; i++)
		harness_crlf(crowd.h[i]);
	harness_feed(crowd.h[0], "a");
	evchat_group_close_after_frame(crowd.group);
	for (i = 1; i < MEMBERS; i++) {
		harness_run_until_closed(crowd.h[i]);
		harness_expect(crowd.h[i], "event:last|closed:done");
	}
	crowd_expect(&crowd, "a");
	harness_feed(crowd.h[0], "b\r\n");
	harness_run_until_closed(crowd.h[0]);
	harness_expect(crowd.h[0],
	    "collect:ab|found|event:last|closed:done");
	crowd_free(&crowd);
}
END_TEST

START_TEST(freeing_all_ends_them_at_once)
{
	struct crowd crowd;
	int i;

	start(&crowd, _i, NULL);
	evchat_group_free_members(crowd.group);
	for (i = 0; i < MEMBERS; i++)
		harness_expect(crowd.h[i], "closed:freed");
	crowd_expect(&crowd, "");
	crowd_free(&crowd);
}
END_TEST

static void
add(TCase *tc, const TTest *test)
{
	tcase_add_loop_test(tc, test, 0, CROWD_CARRIERS);
}

static Suite *
walk_suite(void)
{
	Suite *suite = suite_create("group_walk");
	TCase *tc = harness_case(suite, "group_walk");

	tcase_add_loop_test(tc, walk_visits_once_who_is_in_all_the_time, 0,
	    CASES * CROWD_CARRIERS);
	add(tc, walk_stops_when_it_is_told);
	add(tc, walk_without_members_visits_nobody);
	add(tc, walk_ends_even_if_each_visit_has_one_join);
	add(tc, closed_may_free_members_and_group);
	add(tc, closing_all_sends_what_was_pushed);
	add(tc, closing_all_between_frames_lets_them_finish);
	add(tc, freeing_all_ends_them_at_once);
	return suite;
}

int
main(void)
{
	return harness_main(walk_suite());
}
