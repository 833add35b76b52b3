/*
 * The write side: when producers are told their end, and what is queued.
 */

#include <string.h>
#include "../lib/producer.h"
#include "harness.h"
#include "unit_queue.h"

/* When they end */

START_TEST(producer_that_was_pushed_cannot_be_freed)
{
	struct unit_producer a = { .name = "a", .steps = "A$" };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_producer(&q, &a);
	evchat_producer_free(a.producer);
	unit_queue_run(&q);
	unit_queue_expect(&q, "more:a|empty");
	unit_queue_free(&q);
}
END_TEST

START_TEST(producer_is_done_when_its_last_byte_has_left)
{
	struct unit_producer a = { .name = "a", .steps = "AA$" };
	struct unit_producer b = { .name = "b", .steps = "B$" };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_bytes(&q, "12");
	unit_queue_producer(&q, &a);
	unit_queue_bytes(&q, "34");
	unit_queue_producer(&q, &b);
	unit_queue_bytes(&q, "56");
	unit_queue_run(&q);
	unit_queue_sent(&q, 3);
	unit_queue_expect(&q, "more:a|more:b|empty");
	unit_queue_sent(&q, 1);
	unit_queue_expect(&q, "done:a:sent:2");
	unit_queue_sent(&q, 2);
	unit_queue_expect(&q, "");
	unit_queue_sent(&q, 1);
	unit_queue_expect(&q, "done:b:sent:1");
	unit_queue_sent(&q, 2);
	unit_queue_expect(&q, "");
	unit_queue_free(&q);
}
END_TEST

START_TEST(producer_that_gave_everything_and_no_end_is_not_done)
{
	struct unit_producer a = { .name = "a", .steps = "A~ $" };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_producer(&q, &a);
	unit_queue_run(&q);
	unit_queue_sent(&q, 1);
	unit_queue_expect(&q, "more:a|waiting");
	evchat_producer_resume(a.producer);
	unit_queue_run(&q);
	unit_queue_sent(&q, 0);
	unit_queue_expect(&q, "more:a|empty|done:a:sent:1");
	unit_queue_free(&q);
}
END_TEST

START_TEST(producers_are_done_in_order)
{
	struct unit_producer a = { .name = "a", .steps = "$" };
	struct unit_producer b = { .name = "b", .steps = "BBB$" };
	struct unit_producer c = { .name = "c", .steps = "$" };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_producer(&q, &a);
	unit_queue_producer(&q, &b);
	unit_queue_producer(&q, &c);
	unit_queue_run(&q);
	unit_queue_expect(&q, "more:a|more:b|more:c|empty");
	unit_queue_sent(&q, 2);
	unit_queue_expect(&q, "done:a:sent:0");
	unit_queue_sent(&q, 1);
	unit_queue_expect(&q, "done:b:sent:3|done:c:sent:0");
	unit_queue_free(&q);
}
END_TEST

START_TEST(mark_is_not_asked_and_done_when_all_before_it_has_left)
{
	struct unit_producer a = { .name = "a" }, b = { .name = "b" };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_mark(&q, &a);
	unit_queue_bytes(&q, "12");
	unit_queue_mark(&q, &b);
	unit_queue_bytes(&q, "34");
	unit_queue_run(&q);
	unit_queue_expect(&q, "empty");
	unit_queue_sent(&q, 1);
	unit_queue_expect(&q, "done:a:sent:0");
	unit_queue_sent(&q, 1);
	unit_queue_expect(&q, "done:b:sent:0");
	unit_queue_free(&q);
}
END_TEST

START_TEST(nothing_is_done_while_nothing_can_have_left)
{
	struct unit_producer a = { .name = "a" };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_mark(&q, &a);
	unit_queue_run(&q);
	queue_release(&q.queue, SIZE_MAX);
	unit_queue_expect(&q, "empty");
	queue_release(&q.queue, 0);
	unit_queue_expect(&q, "done:a:sent:0");
	unit_queue_free(&q);
}
END_TEST

START_TEST(ending_tells_what_has_left_and_what_has_not)
{
	struct unit_producer a = { .name = "a", .steps = "AA$" };
	struct unit_producer b = { .name = "b", .steps = "BB$" };
	struct unit_producer c = { .name = "c", .steps = "CC ~" };
	struct unit_producer d = { .name = "d" };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_producer(&q, &a);
	unit_queue_producer(&q, &b);
	unit_queue_producer(&q, &c);
	unit_queue_bytes(&q, "12");
	unit_queue_mark(&q, &d);
	unit_queue_run(&q);
	unit_queue_expect(&q, "more:a|more:b|more:c|more:c|idle");
	queue_end(&q.queue, 3, EVCHAT_DONE_FAILED);
	unit_queue_expect(&q, "done:a:sent:2|done:b:failed:2|done:c:failed:2"
	    "|done:d:failed:0");
	unit_queue_free(&q);
}
END_TEST

/* What there is */

START_TEST(queue_is_empty_when_all_is_in_the_output)
{
	struct unit_producer a = { .name = "a", .steps = "A$" };
	struct unit_producer b = { .name = "b" };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_bytes(&q, "1");
	ck_assert(!queue_is_empty(&q.queue));
	unit_queue_run(&q);
	ck_assert(queue_is_empty(&q.queue));
	unit_queue_producer(&q, &a);
	ck_assert(!queue_is_empty(&q.queue));
	unit_queue_run(&q);
	ck_assert(queue_is_empty(&q.queue));
	unit_queue_mark(&q, &b);
	ck_assert(!queue_is_empty(&q.queue));
	unit_queue_run(&q);
	ck_assert(queue_is_empty(&q.queue));
	unit_queue_free(&q);
}
END_TEST

START_TEST(marks_and_finished_ones_are_no_producers)
{
	struct unit_producer a = { .name = "a", .steps = "$" };
	struct unit_producer b = { .name = "b" };
	struct unit_producer c = { .name = "c", .steps = "$" };
	struct unit_queue q;

	unit_queue_init(&q);
	ck_assert(!queue_has_producer(&q.queue));
	unit_queue_producer(&q, &a);
	unit_queue_mark(&q, &b);
	ck_assert(queue_has_producer(&q.queue));
	ck_assert_int_eq(unit_queue_pull(&q), QUEUE_MOVED);
	ck_assert(!queue_has_producer(&q.queue));
	unit_queue_producer(&q, &c);
	ck_assert(queue_has_producer(&q.queue));
	unit_queue_run(&q);
	ck_assert(!queue_has_producer(&q.queue));
	unit_queue_free(&q);
}
END_TEST

START_TEST(reference_is_there_until_it_is_done)
{
	struct unit_producer a = { .name = "a" }, b = { .name = "b" };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_mark(&q, &a);
	ck_assert(!queue_has_reference(&q.queue));
	unit_queue_bytes(&q, "12");
	unit_queue_mark(&q, &b);
	b.producer->weightless = true;
	ck_assert(queue_has_reference(&q.queue));
	unit_queue_run(&q);
	ck_assert(queue_has_reference(&q.queue));
	unit_queue_sent(&q, 2);
	ck_assert(!queue_has_reference(&q.queue));
	unit_queue_free(&q);
}
END_TEST

START_TEST(length_is_bytes_and_the_weight_of_producers)
{
	struct unit_producer a = { .name = "a", .steps = "AA ~ $" };
	struct unit_producer b = { .name = "b", .steps = "B$" };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_bytes(&q, "1234");
	ck_assert_uint_eq(queue_length(&q.queue), 4);
	unit_queue_producer(&q, &a);
	ck_assert_uint_eq(queue_length(&q.queue), 4 + 512);
	unit_queue_producer(&q, &b);
	unit_queue_bytes(&q, "56");
	ck_assert_uint_eq(queue_length(&q.queue), 4 + 512 + 512 + 2);
	unit_queue_run(&q);
	ck_assert_uint_eq(queue_length(&q.queue), 512 + 512 + 2);
	evchat_producer_resume(a.producer);
	unit_queue_run(&q);
	/* All is in the output, but a and b are not told. */
	ck_assert_uint_eq(queue_length(&q.queue), 512 - 2 + 512 - 1);
	unit_queue_sent(&q, 9);
	ck_assert_uint_eq(queue_length(&q.queue), 0);
	unit_queue_free(&q);
}
END_TEST

START_TEST(producer_weighs_what_it_still_holds)
{
	struct evbuffer *buf = evbuffer_new();
	struct evchat_producer *producer;
	struct unit_queue q;
	char bytes[2000] = "";

	evbuffer_add(buf, bytes, sizeof(bytes));
	unit_queue_init(&q);
	producer = evchat_producer_new_evbuffer(buf);
	ck_assert_int_eq(queue_prepare(&q.queue), 0);
	queue_add_producer(&q.queue, producer);
	ck_assert_uint_eq(queue_length(&q.queue), 2000);
	q.want = 1400;
	ck_assert_int_eq(unit_queue_pull(&q), QUEUE_MOVED);
	ck_assert_uint_eq(queue_length(&q.queue), 600);
	q.want = 100;
	ck_assert_int_eq(unit_queue_pull(&q), QUEUE_MOVED);
	ck_assert_uint_eq(queue_length(&q.queue), 512);
	unit_queue_run(&q);
	ck_assert_uint_eq(queue_length(&q.queue), 0);
	ck_assert_uint_eq(unit_queue_in_output(&q), 2000);
	unit_queue_free(&q);
}
END_TEST

START_TEST(flushing_puts_all_pushed_bytes_into_the_output)
{
	struct unit_producer a = { .name = "a" };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_bytes(&q, "12");
	unit_queue_run(&q);
	unit_queue_bytes(&q, "34");
	unit_queue_mark(&q, &a);
	unit_queue_bytes(&q, "56");
	evbuffer_freeze(q.output, 0);
	ck_assert_int_eq(queue_flush(&q.queue, q.output), -1);
	evbuffer_unfreeze(q.output, 0);
	unit_queue_expect_output(&q, "12");
	ck_assert_int_eq(queue_flush(&q.queue, q.output), 0);
	unit_queue_expect_output(&q, "123456");
	ck_assert_uint_eq(q.queue.written, 6);
	unit_queue_expect(&q, "empty");
	unit_queue_free(&q);
}
END_TEST

static Suite *
queue_done_suite(void)
{
	Suite *suite = suite_create("queue_done");
	TCase *tc = harness_case(suite, "done");
	tcase_add_test(tc, producer_that_was_pushed_cannot_be_freed);
	tcase_add_test(tc, producer_is_done_when_its_last_byte_has_left);
	tcase_add_test(tc,
	    producer_that_gave_everything_and_no_end_is_not_done);
	tcase_add_test(tc, producers_are_done_in_order);
	tcase_add_test(tc,
	    mark_is_not_asked_and_done_when_all_before_it_has_left);
	tcase_add_test(tc, nothing_is_done_while_nothing_can_have_left);
	tcase_add_test(tc, ending_tells_what_has_left_and_what_has_not);

	tc = harness_case(suite, "length");
	tcase_add_test(tc, queue_is_empty_when_all_is_in_the_output);
	tcase_add_test(tc, marks_and_finished_ones_are_no_producers);
	tcase_add_test(tc, reference_is_there_until_it_is_done);
	tcase_add_test(tc, length_is_bytes_and_the_weight_of_producers);
	tcase_add_test(tc, producer_weighs_what_it_still_holds);
	tcase_add_test(tc, flushing_puts_all_pushed_bytes_into_the_output);
	return suite;
}

int
main(void)
{
	return harness_main(queue_done_suite());
}
