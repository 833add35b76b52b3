/*
 * The write side: in what order bytes come out.
 */

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
	ck_assert_int_eq(backlog_pieces(&q.queue.bytes), 1);
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
	ck_assert_int_eq(evbuffer_add_reference(
	    backlog_buffer(&q.queue.bytes), bytes, 3, NULL, NULL), 0);
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
		ck_assert_int_eq(evbuffer_add_reference(
		    backlog_buffer(&q.queue.bytes), bytes, (size_t)1 << 24,
		    NULL, NULL), 0);
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
	return suite;
}

int
main(void)
{
	return harness_main(queue_suite());
}
