/*
 * What producers give as soon as they are asked, put among the pushed bytes:
 * it stands where it would have been sent, nobody is told of an end too early,
 * and whatever is called meanwhile finds the queue in order.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "../lib/producer.h"
#include "harness.h"
#include "unit_queue.h"

#define MANY 5000 /* bytes, more than are gathered in the tail */

static void
expect_gathered(struct unit_queue *q, enum queue_what what)
{
	ck_assert(queue_may_gather(&q->queue));
	ck_assert_int_eq(queue_gather(&q->queue, q->want), what);
}

/* All of it, and everybody is told. */
static void
expect_rest(struct unit_queue *q, const char *output, const char *text)
{
	unit_queue_run(q);
	unit_queue_expect_output(q, output);
	queue_release(&q->queue, 0);
	unit_queue_expect(q, text);
	unit_queue_free(q);
}

START_TEST(what_is_given_stands_before_what_is_behind)
{
	struct unit_producer p = { .name = "p", .steps = "cd ef$",
	    .at_once = true };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_bytes(&q, "ab");
	unit_queue_producer(&q, &p);
	unit_queue_bytes(&q, "gh");
	expect_gathered(&q, QUEUE_MOVED);
	expect_gathered(&q, QUEUE_MOVED);
	ck_assert(!queue_may_gather(&q.queue));
	ck_assert_uint_eq(q.queue.written, 0);
	unit_queue_expect_output(&q, "");
	expect_rest(&q, "abcdefgh", "more:p|more:p|empty|done:p:sent:4");
}
END_TEST

/* Behind references and large copies, which are chains. */
START_TEST(what_is_given_stands_among_chains)
{
	struct unit_producer p = { .name = "p", .steps = "cd$",
	    .at_once = true };
	struct unit_producer r = { .name = "r", .steps = "gh$",
	    .at_once = true };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_chain(&q, "ab");
	unit_queue_producer(&q, &p);
	unit_queue_chain(&q, "ef");
	unit_queue_producer(&q, &r);
	unit_queue_bytes(&q, "i");
	unit_queue_chain(&q, "jk");
	expect_gathered(&q, QUEUE_MOVED);
	expect_gathered(&q, QUEUE_MOVED);
	expect_rest(&q, "abcdefghijk",
	    "more:p|more:r|empty|done:p:sent:2|done:r:sent:2");
}
END_TEST

/* It is finished, and told so only when its bytes have left. */
START_TEST(end_is_told_when_all_has_left)
{
	struct unit_producer m = { .name = "m" }, n = { .name = "n" },
	    p = { .name = "p", .steps = "cd$", .at_once = true };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_bytes(&q, "ab");
	unit_queue_mark(&q, &m);
	unit_queue_producer(&q, &p);
	unit_queue_mark(&q, &n);
	expect_gathered(&q, QUEUE_MOVED);
	queue_release(&q.queue, 0);
	unit_queue_expect(&q, "more:p");
	ck_assert(!queue_has_producer(&q.queue));
	unit_queue_run(&q);
	unit_queue_expect(&q, "empty");
	ck_assert_uint_eq(unit_queue_in_output(&q), 4);
	unit_queue_sent(&q, 1);
	unit_queue_expect(&q, "");
	unit_queue_sent(&q, 1);
	unit_queue_expect(&q, "done:m:sent:0");
	unit_queue_sent(&q, 1);
	unit_queue_expect(&q, "");
	unit_queue_sent(&q, 1);
	unit_queue_expect(&q, "done:p:sent:2|done:n:sent:0");
	unit_queue_free(&q);
}
END_TEST

START_TEST(what_was_given_is_discarded_with_all_others)
{
	struct unit_producer p = { .name = "p", .steps = "cd$",
	    .at_once = true };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_bytes(&q, "ab");
	unit_queue_producer(&q, &p);
	unit_queue_bytes(&q, "ef");
	expect_gathered(&q, QUEUE_MOVED);
	unit_queue_discard(&q, 0);
	unit_queue_expect(&q, "more:p|done:p:discarded:2");
	unit_queue_bytes(&q, "gh");
	expect_rest(&q, "gh", "empty");
}
END_TEST

static void
push_much(struct unit_producer *p)
{
	char much[MANY + 1];

	memset(much, 'x', MANY);
	much[MANY] = '\0';
	unit_queue_bytes(p->q, much);
}

static void
discard(struct unit_producer *p)
{
	unit_queue_discard(p->q, 0);
}

START_TEST(more_may_push_what_comes_behind)
{
	struct unit_producer p = { .name = "p", .steps = "cd$",
	    .in_more = push_much, .at_once = true };
	char expected[MANY + 5] = "abcd";
	struct unit_queue q;

	memset(expected + 4, 'x', MANY);
	unit_queue_init(&q);
	unit_queue_bytes(&q, "ab");
	unit_queue_producer(&q, &p);
	expect_gathered(&q, QUEUE_MOVED);
	expect_rest(&q, expected, "more:p|empty|done:p:sent:2");
}
END_TEST

START_TEST(more_may_discard)
{
	struct unit_producer p = { .name = "p", .steps = "cd$",
	    .in_more = discard, .at_once = true };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_bytes(&q, "ab");
	unit_queue_producer(&q, &p);
	expect_gathered(&q, QUEUE_GONE);
	expect_rest(&q, "", "more:p|done:p:discarded:0|empty");
}
END_TEST

START_TEST(failure_leaves_what_is_before)
{
	struct unit_producer p = { .name = "p", .steps = "cd ef!",
	    .error = EIO, .at_once = true };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_bytes(&q, "ab");
	unit_queue_producer(&q, &p);
	expect_gathered(&q, QUEUE_MOVED);
	expect_gathered(&q, QUEUE_FAILED);
	ck_assert_int_eq(errno, EIO);
	ck_assert_int_eq(unit_queue_pull(&q), QUEUE_MOVED);
	unit_queue_expect_output(&q, "abcd");
	queue_end(&q.queue, 0, EVCHAT_DONE_FAILED);
	unit_queue_expect(&q, "more:p|more:p|done:p:failed:2");
	unit_queue_free(&q);
}
END_TEST

START_TEST(others_are_not_asked_before)
{
	struct unit_producer p = { .name = "p", .steps = "cd$" };
	struct unit_queue q;

	unit_queue_init(&q);
	ck_assert(!queue_may_gather(&q.queue));
	unit_queue_bytes(&q, "ab");
	unit_queue_producer(&q, &p);
	ck_assert(!queue_may_gather(&q.queue));
	unit_queue_free(&q);
}
END_TEST

static Suite *
queue_gather_suite(void)
{
	Suite *suite = suite_create("queue_gather");
	TCase *tc = harness_case(suite, "gather");

	tcase_add_test(tc, what_is_given_stands_before_what_is_behind);
	tcase_add_test(tc, what_is_given_stands_among_chains);
	tcase_add_test(tc, end_is_told_when_all_has_left);
	tcase_add_test(tc, what_was_given_is_discarded_with_all_others);
	tcase_add_test(tc, more_may_push_what_comes_behind);
	tcase_add_test(tc, more_may_discard);
	tcase_add_test(tc, failure_leaves_what_is_before);
	tcase_add_test(tc, others_are_not_asked_before);
	return suite;
}

int
main(void)
{
	return harness_main(queue_gather_suite());
}
