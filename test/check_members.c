/*
 * Who belongs to something: the list, and the cursors that go through it.
 */

#include <string.h>
#include <event2/thread.h>
#include "../lib/mem.h"
#include "../lib/members.h"
#include "harness.h"
#include "unit.h"

#define N 4

/* Channels that are there to be counted; each knows which one it is. */
struct list {
	struct event_base *base;
	struct members members;
	struct evchat *chat[N];
	struct member *member[N];
	int index[N];
	struct unit_text text;
};

static void
list_start(struct list *list, bool threadsafe)
{
	int i;

	ck_assert_int_eq(evthread_use_pthreads(), 0);
	memset(list, 0, sizeof(*list));
	ck_assert_ptr_nonnull(list->base = event_base_new());
	ck_assert_int_eq(members_init(&list->members, list, threadsafe), 0);
	ck_assert_ptr_eq(list->members.owner, list);
	for (i = 0; i < N; i++) {
		list->index[i] = i;
		list->chat[i] = evchat_socket_new(list->base, -1, NULL,
		    &list->index[i], 0);
		ck_assert_ptr_nonnull(list->chat[i]);
		list->member[i] = members_add(&list->members, list->chat[i]);
		ck_assert_ptr_nonnull(list->member[i]);
	}
}

static void
take_out(struct list *list, int i)
{
	members_remove(list->member[i]);
	list->member[i] = NULL;
}

static void
put_in(struct list *list, int i)
{
	list->member[i] = members_add(&list->members, list->chat[i]);
	ck_assert_ptr_nonnull(list->member[i]);
}

static void
list_end(struct list *list)
{
	int i;

	for (i = 0; i < N; i++) {
		if (list->member[i] != NULL)
			take_out(list, i);
		evchat_free(list->chat[i]);
	}
	ck_assert_uint_eq(members_count(&list->members), 0);
	members_free(&list->members);
	(void)event_base_loop(list->base, EVLOOP_NONBLOCK);
	event_base_free(list->base);
	unit_text_free(&list->text);
}

/* Note the next one, if there is one. */
static bool
step(struct list *list, struct cursor *cursor)
{
	struct evchat *chat = cursor_next(cursor);

	if (chat == NULL)
		return false;
	unit_note(&list->text, "%c", 'a' + *(int *)evchat_get_arg(chat));
	evchat_decref(chat);
	return true;
}

static void
finish(struct list *list, struct cursor *cursor)
{
	while (step(list, cursor))
		;
	cursor_end(cursor);
}

START_TEST(members_stand_in_the_order_of_joining)
{
	struct cursor cursor;
	struct list list;

	list_start(&list, _i);
	ck_assert_uint_eq(members_count(&list.members), N);
	take_out(&list, 0);
	take_out(&list, 2);
	put_in(&list, 0);
	cursor_begin(&cursor, &list.members);
	finish(&list, &cursor);
	unit_expect(&list.text, "b|d|a");
	list_end(&list);
}
END_TEST

/* Also the last itself, and what a cursor points at. */
START_TEST(member_that_moves_stands_as_if_it_had_just_joined)
{
	struct cursor cursor;
	struct list list;

	list_start(&list, _i);
	members_move_last(list.member[1]);
	members_move_last(list.member[1]);
	members_move_last(list.member[0]);
	cursor_begin(&cursor, &list.members);
	members_move_last(list.member[2]);
	finish(&list, &cursor);
	unit_note(&list.text, "again");
	cursor_begin(&cursor, &list.members);
	finish(&list, &cursor);
	unit_expect(&list.text, "d|b|a|again|d|b|a|c");
	ck_assert_uint_eq(members_count(&list.members), N);
	list_end(&list);
}
END_TEST

START_TEST(cursor_moves_on_when_what_it_points_at_leaves)
{
	struct cursor cursor;
	struct list list;

	list_start(&list, _i);
	cursor_begin(&cursor, &list.members);
	take_out(&list, 0);
	ck_assert(step(&list, &cursor));
	take_out(&list, 2);
	take_out(&list, 1);
	put_in(&list, 2);
	finish(&list, &cursor);
	unit_expect(&list.text, "b|d");
	list_end(&list);
}
END_TEST

START_TEST(cursor_stops_behind_who_was_the_last)
{
	struct cursor cursor;
	struct list list;

	list_start(&list, _i);
	take_out(&list, 3);
	cursor_begin(&cursor, &list.members);
	put_in(&list, 3);
	take_out(&list, 2);
	finish(&list, &cursor);
	unit_expect(&list.text, "a|b");
	list_end(&list);
}
END_TEST

/* They need not end in the order in which they began. */
START_TEST(cursors_do_not_mind_each_other)
{
	struct cursor first, second;
	struct list list;

	list_start(&list, _i);
	cursor_begin(&first, &list.members);
	ck_assert(step(&list, &first));
	cursor_begin(&second, &list.members);
	take_out(&list, 1);
	finish(&list, &first);
	take_out(&list, 0);
	finish(&list, &second);
	unit_expect(&list.text, "a|c|d|c|d");
	ck_assert_ptr_null(list.members.cursors);
	list_end(&list);
}
END_TEST

START_TEST(cursor_outlives_the_list)
{
	struct cursor cursor;
	struct list list;
	int i;

	list_start(&list, _i);
	cursor_begin(&cursor, &list.members);
	for (i = 0; i < N; i++)
		take_out(&list, i);
	members_free(&list.members);
	memset(&list.members, UNIT_JUNK, sizeof(list.members));
	ck_assert_ptr_null(cursor_next(&cursor));
	cursor_end(&cursor);
	ck_assert_int_eq(members_init(&list.members, &list, _i), 0);
	list_end(&list);
}
END_TEST

/* One that is a part of something larger. */
START_TEST(member_may_be_made_by_the_caller)
{
	struct list list;

	list_start(&list, _i);
	take_out(&list, 0);
	list.member[0] = mem_calloc(sizeof(struct member) + 1);
	ck_assert_ptr_nonnull(list.member[0]);
	members_insert(&list.members, list.member[0], list.chat[0]);
	ck_assert_ptr_eq(list.member[0]->of, &list.members);
	ck_assert_ptr_eq(list.members.last, list.member[0]);
	list_end(&list);
}
END_TEST

START_TEST(without_memory_nobody_joins)
{
	struct list list;

	list_start(&list, _i);
	take_out(&list, 0);
	harness_fail_allocation(1);
	ck_assert_ptr_null(members_add(&list.members, list.chat[0]));
	harness_fail_allocation(0);
	ck_assert_uint_eq(members_count(&list.members), N - 1);
	list_end(&list);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("members");
	TCase *tc = harness_case(suite, "members");

		tcase_add_loop_test(tc, members_stand_in_the_order_of_joining, 0, 2);
	tcase_add_loop_test(tc,
	    member_that_moves_stands_as_if_it_had_just_joined, 0, 2);
	tcase_add_loop_test(tc, cursor_moves_on_when_what_it_points_at_leaves,
	    0, 2);
	tcase_add_loop_test(tc, cursor_stops_behind_who_was_the_last, 0, 2);
	tcase_add_loop_test(tc, cursors_do_not_mind_each_other, 0, 2);
	tcase_add_loop_test(tc, cursor_outlives_the_list, 0, 2);
	tcase_add_loop_test(tc, member_may_be_made_by_the_caller, 0, 2);
	tcase_add_loop_test(tc, without_memory_nobody_joins, 0, 2);
	return harness_main(suite);
}
