/*
 * The write side: what producers answer when they are asked for more.
 */

#include <errno.h>
#include "harness.h"
#include "unit_queue.h"

/* What producers answer */

START_TEST(producer_that_gave_nothing_is_asked_again_later)
{
	struct unit_producer a = { .name = "a", .steps = "  A$" };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_producer(&q, &a);
	unit_queue_run(&q);
	unit_queue_run(&q);
	unit_queue_run(&q);
	unit_queue_expect(&q, "more:a|idle|more:a|idle|more:a|empty");
	unit_queue_expect_output(&q, "A");
	unit_queue_free(&q);
}
END_TEST

START_TEST(producer_that_waits_is_not_asked_until_resumed)
{
	struct unit_producer a = { .name = "a", .steps = "A1~ ~ A2$" };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_producer(&q, &a);
	unit_queue_run(&q);
	unit_queue_run(&q);
	unit_queue_expect_output(&q, "A1");
	evchat_producer_resume(a.producer);
	evchat_producer_resume(a.producer);
	unit_queue_run(&q);
	unit_queue_run(&q);
	unit_queue_expect(&q, "more:a|waiting|waiting|more:a|idle|waiting");
	evchat_producer_resume(a.producer);
	unit_queue_run(&q);
	unit_queue_expect(&q, "more:a|empty");
	unit_queue_expect_output(&q, "A1A2");
	unit_queue_free(&q);
}
END_TEST

START_TEST(producer_that_was_resumed_once_is_asked_on)
{
	struct unit_producer a = { .name = "a", .steps = "A1~ A2  A3 A4~ A5$" };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_producer(&q, &a);
	unit_queue_run(&q);
	evchat_producer_resume(a.producer);
	unit_queue_run(&q);
	unit_queue_run(&q);
	unit_queue_expect(&q, "more:a|waiting|more:a|more:a|idle|more:a|more:a"
	    "|waiting");
	evchat_producer_resume(a.producer);
	unit_queue_run(&q);
	unit_queue_expect_output(&q, "A1A2A3A4A5");
	unit_queue_free(&q);
}
END_TEST

static void
resume(struct unit_producer *p)
{
	evchat_producer_resume(p->producer);
	p->in_more = NULL;
}

START_TEST(resume_that_comes_early_is_remembered)
{
	struct unit_producer a = { .name = "a", .steps = "A1~ A2~ A3$",
	    .in_more = resume };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_producer(&q, &a);
	unit_queue_run(&q);
	unit_queue_expect(&q, "more:a|more:a|waiting");
	unit_queue_expect_output(&q, "A1A2");
	unit_queue_free(&q);
}
END_TEST

START_TEST(resume_that_comes_before_it_is_asked_is_for_one_later)
{
	struct unit_producer a = { .name = "a", .steps = "A1 ~ ~ A2$" };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_producer(&q, &a);
	evchat_producer_resume(a.producer);
	unit_queue_run(&q);
	unit_queue_run(&q);
	unit_queue_run(&q);
	unit_queue_expect(&q, "more:a|more:a|idle|more:a|idle|waiting");
	unit_queue_free(&q);
}
END_TEST

/* Or it could keep the loop from everybody else. */
START_TEST(producer_that_resumes_itself_for_nothing_is_asked_again_later)
{
	struct unit_producer a = { .name = "a", .steps = "~ A$",
	    .in_more = resume };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_producer(&q, &a);
	unit_queue_run(&q);
	unit_queue_run(&q);
	unit_queue_expect(&q, "more:a|idle|more:a|empty");
	unit_queue_free(&q);
}
END_TEST

START_TEST(what_stands_behind_one_that_waits_waits_too)
{
	struct unit_producer a = { .name = "a", .steps = "~ $" };
	struct unit_producer b = { .name = "b", .steps = "B$" };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_bytes(&q, "one,");
	unit_queue_producer(&q, &a);
	unit_queue_bytes(&q, "two,");
	unit_queue_producer(&q, &b);
	unit_queue_run(&q);
	unit_queue_expect_output(&q, "one,");
	evchat_producer_resume(b.producer);
	unit_queue_run(&q);
	unit_queue_expect_output(&q, "one,");
	evchat_producer_resume(a.producer);
	unit_queue_run(&q);
	unit_queue_expect_output(&q, "one,two,B");
	unit_queue_free(&q);
}
END_TEST

START_TEST(error_drops_what_that_call_appended)
{
	struct unit_producer a = { .name = "a", .steps = "A1 A2!",
	    .error = EIO };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_producer(&q, &a);
	unit_queue_run(&q);
	unit_queue_expect_output(&q, "A1");
	ck_assert_int_eq(q.error, EIO);
	queue_end(&q.queue, 0, EVCHAT_DONE_FAILED);
	unit_queue_expect(&q, "more:a|more:a|failed|done:a:failed:2");
	unit_queue_free(&q);
}
END_TEST

START_TEST(error_need_not_have_a_number)
{
	struct unit_producer a = { .name = "a", .steps = "A!" };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_producer(&q, &a);
	errno = EPIPE;
	unit_queue_run(&q);
	ck_assert_int_eq(q.error, 0);
	unit_queue_expect(&q, "more:a|failed");
	unit_queue_free(&q);
}
END_TEST

static void
run_out_of_memory(struct unit_producer *p)
{
	(void)p;
	harness_fail_allocation(1);
}

START_TEST(number_of_an_error_is_that_of_the_producer)
{
	struct unit_producer a = { .name = "a", .steps = "A!", .error = EIO,
	    .in_more = run_out_of_memory };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_producer(&q, &a);
	unit_queue_run(&q);
	ck_assert(harness_allocation_failed());
	ck_assert_int_eq(q.error, EIO);
	unit_queue_expect_output(&q, "");
	unit_queue_free(&q);
}
END_TEST

START_TEST(output_that_takes_nothing_is_no_memory)
{
	struct unit_producer a = { .name = "a", .steps = "A$" };
	struct unit_queue q;

	unit_queue_init(&q);
	evbuffer_freeze(q.output, 0);
	unit_queue_bytes(&q, "one");
	unit_queue_run(&q);
	unit_queue_expect(&q, "no memory");
	evbuffer_unfreeze(q.output, 0);
	unit_queue_free(&q);

	unit_queue_init(&q);
	unit_queue_producer(&q, &a);
	evbuffer_freeze(q.output, 0);
	unit_queue_run(&q);
	unit_queue_expect(&q, "more:a|no memory");
	evbuffer_unfreeze(q.output, 0);
	unit_queue_free(&q);
}
END_TEST

static Suite *
queue_more_suite(void)
{
	Suite *suite = suite_create("queue_more");
	TCase *tc = harness_case(suite, "more");

	tcase_add_test(tc, producer_that_gave_nothing_is_asked_again_later);
	tcase_add_test(tc, producer_that_waits_is_not_asked_until_resumed);
	tcase_add_test(tc, producer_that_was_resumed_once_is_asked_on);
	tcase_add_test(tc, resume_that_comes_early_is_remembered);
	tcase_add_test(tc,
	    resume_that_comes_before_it_is_asked_is_for_one_later);
	tcase_add_test(tc,
	    producer_that_resumes_itself_for_nothing_is_asked_again_later);
	tcase_add_test(tc, what_stands_behind_one_that_waits_waits_too);
	tcase_add_test(tc, error_drops_what_that_call_appended);
	tcase_add_test(tc, error_need_not_have_a_number);
	tcase_add_test(tc, number_of_an_error_is_that_of_the_producer);
	tcase_add_test(tc, output_that_takes_nothing_is_no_memory);
	return suite;
}

int
main(void)
{
	return harness_main(queue_more_suite());
}
