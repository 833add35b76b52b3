/*
 * The write side: in what order bytes come out, and what producers answer.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "../lib/producer.h"
#include "harness.h"
#include "unit_queue.h"

/* Order */

START_TEST(nothing_is_queued_at_first)
{
	struct unit_queue q;

	unit_queue_init(&q);
	ck_assert(queue_is_empty(&q.queue));
	ck_assert_uint_eq(queue_length(&q.queue), 0);
	unit_queue_run(&q);
	unit_queue_expect(&q, "empty");
	unit_queue_free(&q);
}
END_TEST

START_TEST(bytes_and_producers_come_out_in_the_order_pushed)
{
	struct unit_producer a = { .name = "a", .steps = "A1 A2$" };
	struct unit_producer b = { .name = "b", .steps = "B$" };
	struct unit_producer c = { .name = "c", .steps = "C$" };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_bytes(&q, "one,");
	unit_queue_producer(&q, &a);
	unit_queue_bytes(&q, ",two");
	unit_queue_bytes(&q, ",three,");
	unit_queue_producer(&q, &b);
	unit_queue_producer(&q, &c);
	unit_queue_bytes(&q, ",four");
	unit_queue_run(&q);
	unit_queue_expect_output(&q, "one,A1A2,two,three,BC,four");
	unit_queue_expect(&q, "more:a|more:a|more:b|more:c|empty");
	unit_queue_free(&q);
}
END_TEST

START_TEST(one_thing_moves_at_a_time)
{
	struct unit_producer a = { .name = "a", .steps = "A$" };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_bytes(&q, "one,");
	unit_queue_bytes(&q, "two,");
	unit_queue_producer(&q, &a);
	unit_queue_bytes(&q, ",three");
	ck_assert_int_eq(unit_queue_pull(&q), QUEUE_MOVED);
	unit_queue_expect_output(&q, "one,two,");
	ck_assert_int_eq(unit_queue_pull(&q), QUEUE_MOVED);
	unit_queue_expect_output(&q, "one,two,A");
	ck_assert_int_eq(unit_queue_pull(&q), QUEUE_MOVED);
	unit_queue_expect_output(&q, "one,two,A,three");
	ck_assert_int_eq(unit_queue_pull(&q), QUEUE_EMPTY);
	unit_queue_free(&q);
}
END_TEST

START_TEST(bytes_may_be_pushed_at_any_time)
{
	struct unit_producer a = { .name = "a", .steps = "A1 A2~ A3$" };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_producer(&q, &a);
	ck_assert_int_eq(unit_queue_pull(&q), QUEUE_MOVED);
	unit_queue_bytes(&q, ",one");
	unit_queue_run(&q);
	unit_queue_bytes(&q, ",two");
	unit_queue_expect_output(&q, "A1A2");
	evchat_producer_resume(a.producer);
	unit_queue_run(&q);
	unit_queue_bytes(&q, ",three");
	unit_queue_run(&q);
	unit_queue_expect_output(&q, "A1A2A3,one,two,three");
	unit_queue_free(&q);
}
END_TEST

START_TEST(chains_are_split_where_a_producer_stands)
{
	struct unit_producer a = { .name = "a", .steps = "$" };
	struct unit_producer b = { .name = "b", .steps = "B$" };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_bytes(&q, "one");
	unit_queue_producer(&q, &a);
	unit_queue_bytes(&q, "two");
	unit_queue_producer(&q, &b);
	unit_queue_bytes(&q, "three");
	ck_assert_int_eq(evbuffer_peek(q.queue.bytes, -1, NULL, NULL, 0), 1);
	unit_queue_chain(&q, ",four");
	unit_queue_chain(&q, ",five");
	unit_queue_run(&q);
	unit_queue_expect_output(&q, "onetwoBthree,four,five");
	unit_queue_expect(&q, "more:a|more:b|empty");
	unit_queue_free(&q);
	ck_assert_int_eq(unit_chains(), 0);
}
END_TEST

START_TEST(whole_chains_are_not_copied)
{
	static const char bytes[] = "one";
	struct unit_producer a = { .name = "a", .steps = "$" };
	struct unit_queue q;
	struct evbuffer_iovec vec;

	unit_queue_init(&q);
	ck_assert_int_eq(evbuffer_add_reference(q.queue.bytes, bytes, 3, NULL,
	    NULL), 0);
	unit_queue_producer(&q, &a);
	unit_queue_chain(&q, "two");
	unit_queue_run(&q);
	ck_assert_int_eq(evbuffer_peek(q.output, 1, NULL, &vec, 1), 1);
	ck_assert_ptr_eq(vec.iov_base, bytes);
	unit_queue_free(&q);
}
END_TEST

/* libevent counts in an int. Nobody looks at these bytes. */
START_TEST(more_than_fits_an_int_moves_in_parts)
{
	static const char bytes[] = "";
	struct unit_queue q;
	int i;

	unit_queue_init(&q);
	for (i = 0; i < 3 << 6; i++) {
		ck_assert_int_eq(evbuffer_add_reference(q.queue.bytes, bytes,
		    (size_t)1 << 24, NULL, NULL), 0);
	}
	for (i = 1; i <= 3; i++) {
		ck_assert_int_eq(unit_queue_pull(&q), QUEUE_MOVED);
		ck_assert_uint_eq(unit_queue_in_output(&q), (size_t)i << 30);
	}
	ck_assert_int_eq(unit_queue_pull(&q), QUEUE_EMPTY);
	ck_assert_uint_eq(q.queue.written, (size_t)3 << 30);
	unit_queue_free(&q);
}
END_TEST

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
	unit_queue_producer(&q, &a);
	ck_assert_int_eq(unit_queue_pull(&q), QUEUE_MOVED);
	unit_queue_expect_output(&q, "one");
	evbuffer_freeze(q.output, 0);
	unit_queue_run(&q);
	unit_queue_expect(&q, "more:a|no memory");
	evbuffer_unfreeze(q.output, 0);
	unit_queue_free(&q);
}
END_TEST

static Suite *
queue_suite(void)
{
	Suite *suite = suite_create("queue");
	TCase *tc = harness_case(suite, "order");

	tcase_add_test(tc, nothing_is_queued_at_first);
	tcase_add_test(tc, bytes_and_producers_come_out_in_the_order_pushed);
	tcase_add_test(tc, one_thing_moves_at_a_time);
	tcase_add_test(tc, bytes_may_be_pushed_at_any_time);
	tcase_add_test(tc, chains_are_split_where_a_producer_stands);
	tcase_add_test(tc, whole_chains_are_not_copied);
	tcase_add_test(tc, more_than_fits_an_int_moves_in_parts);

	tc = harness_case(suite, "more");
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
	return harness_main(queue_suite());
}
