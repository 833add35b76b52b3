/*
 * The write side: order, what a producer answers, and when it is told its end.
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
	/* What is told of its parts one by one may be one chain. */
	unit_add_chain(q.queue.bytes, "onetwothree", 11);
	queue_added(&q.queue, 3);
	unit_queue_producer(&q, &a);
	queue_added(&q.queue, 3);
	unit_queue_producer(&q, &b);
	queue_added(&q.queue, 5);
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
	queue_added(&q.queue, 3);
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
		queue_added(&q.queue, (size_t)1 << 24);
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
	unit_queue_expect(&q, "more:a|waiting|waiting|more:a|waiting|waiting");
	evchat_producer_resume(a.producer);
	unit_queue_run(&q);
	unit_queue_expect(&q, "more:a|empty");
	unit_queue_expect_output(&q, "A1A2");
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

START_TEST(resume_before_it_is_asked_is_not_for_what_it_says_then)
{
	struct unit_producer a = { .name = "a", .steps = "~ A$" };
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_producer(&q, &a);
	evchat_producer_resume(a.producer);
	unit_queue_run(&q);
	unit_queue_expect(&q, "more:a|waiting");
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

/* When they end */

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
	unit_queue_expect(&q, "more:a|more:b|more:c|more:c|waiting");
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
	ck_assert_uint_eq(queue_length(&q.queue), 0);
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
	ck_assert_int_eq(queue_flush(&q.queue, q.output), 0);
	unit_queue_expect_output(&q, "123456");
	ck_assert_uint_eq(q.queue.written, 6);
	unit_queue_expect(&q, "empty");
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
	tcase_add_test(tc, resume_that_comes_early_is_remembered);
	tcase_add_test(tc,
	    resume_before_it_is_asked_is_not_for_what_it_says_then);
	tcase_add_test(tc, what_stands_behind_one_that_waits_waits_too);
	tcase_add_test(tc, error_drops_what_that_call_appended);
	tcase_add_test(tc, error_need_not_have_a_number);

	tc = harness_case(suite, "done");
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
	return harness_main(queue_suite());
}
