/*
 * The write side while producers' functions are running: they push, discard
 * and end what they stand in.
 */

#include "harness.h"
#include "unit_queue.h"

static void
push_x(struct unit_producer *p)
{
	unit_queue_bytes(p->q, "x");
}

static void
discard(struct unit_producer *p)
{
	unit_queue_discard(p->q, unit_queue_in_output(p->q));
}

static void
discard_in_more(struct unit_producer *p)
{
	discard(p);
	unit_note(&p->q->text, "more goes on");
}

static void
end_in_more(struct unit_producer *p)
{
	queue_end(&p->q->queue, unit_queue_in_output(p->q),
	    EVCHAT_DONE_FAILED);
}

/* Discarding */

START_TEST(discarding_drops_what_is_not_in_the_output)
{
	struct unit_producer a = { .name = "a", .steps = "A~" };
	struct unit_producer b = { .name = "b", .steps = "B$" };
	struct unit_producer c = { .name = "c" };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_bytes(&q, "1");
	unit_queue_producer(&q, &a);
	unit_queue_chain(&q, "2");
	unit_queue_producer(&q, &b);
	unit_queue_mark(&q, &c);
	unit_queue_chain(&q, "3");
	unit_queue_run(&q);
	unit_queue_discard(&q, unit_queue_in_output(&q));
	unit_queue_expect(&q, "more:a|waiting|done:a:discarded:1"
	    "|done:b:discarded:0|done:c:discarded:0");
	ck_assert_int_eq(unit_chains(), 0);
	ck_assert(queue_is_empty(&q.queue));
	ck_assert_uint_eq(queue_length(&q.queue), 0);
	unit_queue_run(&q);
	unit_queue_expect(&q, "empty");
	unit_queue_expect_output(&q, "1A");
	unit_queue_free(&q);
}
END_TEST

START_TEST(discarding_tells_first_what_has_left)
{
	struct unit_producer a = { .name = "a", .steps = "A$" };
	struct unit_producer b = { .name = "b", .steps = "B$" };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_producer(&q, &a);
	unit_queue_producer(&q, &b);
	unit_queue_run(&q);
	unit_queue_discard(&q, 1);
	unit_queue_expect(&q, "more:a|more:b|empty|done:a:sent:1"
	    "|done:b:discarded:1");
	unit_queue_free(&q);
}
END_TEST

START_TEST(queue_goes_on_after_discarding)
{
	struct unit_producer a = { .name = "a", .steps = "A$" };
	struct unit_producer b = { .name = "b", .steps = "B$" };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_bytes(&q, "1");
	unit_queue_producer(&q, &a);
	unit_queue_bytes(&q, "2");
	unit_queue_discard(&q, 0);
	unit_queue_bytes(&q, "3");
	unit_queue_producer(&q, &b);
	unit_queue_bytes(&q, "4");
	unit_queue_run(&q);
	unit_queue_expect_output(&q, "3B4");
	unit_queue_sent(&q, 3);
	unit_queue_expect(&q, "done:a:discarded:0|more:b|empty|done:b:sent:1");
	unit_queue_free(&q);
}
END_TEST

START_TEST(what_done_pushes_stays_when_the_rest_is_discarded)
{
	struct unit_producer a = { .name = "a", .steps = "$",
	    .in_done = push_x };
	struct unit_producer b = { .name = "b", .steps = "$",
	    .in_done = push_x };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_bytes(&q, "1");
	unit_queue_producer(&q, &a);
	unit_queue_bytes(&q, "2");
	unit_queue_producer(&q, &b);
	unit_queue_bytes(&q, "3");
	unit_queue_discard(&q, 0);
	unit_queue_run(&q);
	unit_queue_expect_output(&q, "xx");
	unit_queue_free(&q);
}
END_TEST

static void
push_late(struct unit_producer *p)
{
	static struct unit_producer late;

	late = (struct unit_producer){ .name = "late", .steps = "L$" };
	unit_queue_bytes(p->q, "x");
	unit_queue_producer(p->q, &late);
	unit_queue_bytes(p->q, "y");
}

START_TEST(producer_that_done_pushes_stays_when_the_rest_is_discarded)
{
	struct unit_producer a = { .name = "a", .steps = "$",
	    .in_done = push_late };
	struct unit_producer b = { .name = "b", .steps = "$" };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_producer(&q, &a);
	unit_queue_producer(&q, &b);
	unit_queue_discard(&q, 0);
	unit_queue_expect(&q, "done:a:discarded:0|done:b:discarded:0");
	unit_queue_run(&q);
	unit_queue_expect(&q, "more:late|empty");
	unit_queue_expect_output(&q, "xLy");
	unit_queue_free(&q);
}
END_TEST

static struct unit_queue *pushed_to;

static void
push_in_cleanup(const void *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	(void)arg;
	unit_queue_bytes(pushed_to, "x");
}

START_TEST(what_a_cleanup_pushes_stays_when_the_rest_is_discarded)
{
	struct unit_queue q;

	unit_queue_init(&q);
	pushed_to = &q;
	ck_assert_int_eq(evbuffer_add_reference(
	    backlog_buffer(&q.queue.bytes), "12", 2, push_in_cleanup, NULL), 0);
	unit_queue_bytes(&q, "34");
	unit_queue_discard(&q, 0);
	ck_assert_uint_eq(queue_length(&q.queue), 1);
	unit_queue_run(&q);
	unit_queue_expect_output(&q, "x");
	unit_queue_free(&q);
}
END_TEST

START_TEST(discarding_inside_done_ends_each_once)
{
	struct unit_producer a = { .name = "a", .steps = "$",
	    .in_done = discard };
	struct unit_producer b = { .name = "b", .steps = "$",
	    .in_done = discard };
	struct unit_producer c = { .name = "c", .steps = "$" };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_producer(&q, &a);
	unit_queue_producer(&q, &b);
	unit_queue_producer(&q, &c);
	unit_queue_discard(&q, 0);
	unit_queue_expect(&q, "done:a:discarded:0|done:b:discarded:0"
	    "|done:c:discarded:0");
	ck_assert_uint_eq(queue_length(&q.queue), 0);
	unit_queue_free(&q);
}
END_TEST

START_TEST(ending_inside_done_ends_each_once)
{
	struct unit_producer a = { .name = "a", .steps = "$",
	    .in_done = end_in_more };
	struct unit_producer b = { .name = "b", .steps = "$" };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_producer(&q, &a);
	unit_queue_producer(&q, &b);
	unit_queue_run(&q);
	unit_queue_sent(&q, 0);
	unit_queue_expect(&q, "more:a|more:b|empty|done:a:sent:0"
	    "|done:b:sent:0");
	unit_queue_free(&q);
}
END_TEST

START_TEST(discarding_inside_a_release_ends_each_once)
{
	struct unit_producer a = { .name = "a", .steps = "A$",
	    .in_done = discard };
	struct unit_producer b = { .name = "b", .steps = "B$" };
	struct unit_producer c = { .name = "c", .steps = "~" };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_producer(&q, &a);
	unit_queue_producer(&q, &b);
	unit_queue_producer(&q, &c);
	unit_queue_run(&q);
	unit_queue_sent(&q, 1);
	unit_queue_expect(&q, "more:a|more:b|more:c|idle|done:a:sent:1"
	    "|done:b:discarded:1|done:c:discarded:0");
	unit_queue_free(&q);
}
END_TEST

/* Inside more */

START_TEST(producer_may_push_behind_itself)
{
	struct unit_producer a = { .name = "a", .steps = "A1 A2$",
	    .in_more = push_x };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_producer(&q, &a);
	unit_queue_bytes(&q, "1");
	unit_queue_run(&q);
	unit_queue_expect_output(&q, "A1A21xx");
	unit_queue_free(&q);
}
END_TEST

START_TEST(producer_discarded_while_it_is_asked_is_gone)
{
	struct unit_producer a = { .name = "a", .steps = "A1 A2$" };
	struct unit_producer b = { .name = "b", .steps = "$" };
	long blocks = harness_blocks();
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_producer(&q, &a);
	unit_queue_bytes(&q, "1");
	unit_queue_producer(&q, &b);
	ck_assert_int_eq(unit_queue_pull(&q), QUEUE_MOVED);
	a.in_more = discard_in_more;
	ck_assert_int_eq(unit_queue_pull(&q), QUEUE_GONE);
	unit_queue_expect(&q, "more:a|more:a|done:a:discarded:2"
	    "|done:b:discarded:0|more goes on|gone");
	unit_queue_expect_output(&q, "A1");
	ck_assert_uint_eq(queue_length(&q.queue), 0);
	unit_queue_run(&q);
	unit_queue_expect(&q, "empty");
	unit_queue_free(&q);
	ck_assert_int_eq(harness_blocks(), blocks);
}
END_TEST

/* Whatever it answers then. */
START_TEST(producer_that_is_gone_cannot_fail_or_wait)
{
	static const char *const steps[] = { "A", "A~", "A$", "A!", "~" };
	struct unit_producer a = { .name = "a", .steps = steps[_i],
	    .in_more = end_in_more };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_producer(&q, &a);
	unit_queue_run(&q);
	unit_queue_expect(&q, "more:a|done:a:failed:0|gone|empty");
	unit_queue_expect_output(&q, "");
	unit_queue_free(&q);
}
END_TEST

static void
discard_and_push_late(struct unit_producer *p)
{
	discard(p);
	push_late(p);
}

START_TEST(what_is_pushed_after_discarding_in_more_is_sent)
{
	struct unit_producer a = { .name = "a", .steps = "A$",
	    .in_more = discard_and_push_late };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_producer(&q, &a);
	unit_queue_bytes(&q, "1");
	unit_queue_run(&q);
	unit_queue_expect(&q, "more:a|done:a:discarded:0|gone|more:late|empty");
	unit_queue_expect_output(&q, "xLy");
	unit_queue_free(&q);
}
END_TEST

static Suite *
queue_inside_suite(void)
{
	Suite *suite = suite_create("queue_inside");
	TCase *tc = harness_case(suite, "discard");

	tcase_add_test(tc, discarding_drops_what_is_not_in_the_output);
	tcase_add_test(tc, discarding_tells_first_what_has_left);
	tcase_add_test(tc, queue_goes_on_after_discarding);
	tcase_add_test(tc, what_done_pushes_stays_when_the_rest_is_discarded);
	tcase_add_test(tc,
	    producer_that_done_pushes_stays_when_the_rest_is_discarded);
	tcase_add_test(tc,
	    what_a_cleanup_pushes_stays_when_the_rest_is_discarded);
	tcase_add_test(tc, discarding_inside_done_ends_each_once);
	tcase_add_test(tc, ending_inside_done_ends_each_once);
	tcase_add_test(tc, discarding_inside_a_release_ends_each_once);

	tc = harness_case(suite, "more");
	tcase_add_test(tc, producer_may_push_behind_itself);
	tcase_add_test(tc, producer_discarded_while_it_is_asked_is_gone);
	tcase_add_loop_test(tc, producer_that_is_gone_cannot_fail_or_wait, 0,
	    5);
	tcase_add_test(tc, what_is_pushed_after_discarding_in_more_is_sent);
	return suite;
}

int
main(void)
{
	return harness_main(queue_inside_suite());
}
