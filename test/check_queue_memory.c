/*
 * The write side when memory runs out: nothing is said to be sent that is not,
 * and dropping works all the same.
 */

#include "harness.h"
#include "unit_queue.h"

/* Memory */

/* The output is never anything but a beginning of what was pushed. */
START_TEST(failing_pull_sends_nothing_false)
{
	struct unit_producer a = { .name = "a", .steps = "AAAA AAA$" };
	static const char all[] = "onetwoAAAAAAAthree";
	long blocks = harness_blocks(), i;
	struct unit_queue q;
	bool failed;
	size_t len;

	for (i = 1, failed = true; failed; i++) {
		unit_queue_init(&q);
		a.steps = "AAAA AAA$";
		unit_queue_bytes(&q, "onetwo");
		unit_queue_producer(&q, &a);
		unit_queue_bytes(&q, "three");
		harness_fail_allocation(i);
		unit_queue_run(&q);
		failed = harness_allocation_failed();
		harness_fail_allocation(0);
		len = unit_queue_in_output(&q);
		if (!failed)
			ck_assert_uint_eq(len, sizeof(all) - 1);
		if (len > 0)
			ck_assert_mem_eq(evbuffer_pullup(q.output, -1), all,
			    len);
		unit_queue_free(&q);
		ck_assert_int_eq(unit_chains(), 0);
		ck_assert_int_eq(harness_blocks(), blocks);
	}
	ck_assert_int_gt(i, 4);
}
END_TEST

/* The same where what is given is put among what was pushed, which lies in chains. */
START_TEST(failing_gather_sends_nothing_false)
{
	static const char all[] = "onetwoAAAAAAAthree";
	long blocks = harness_blocks(), i;
	struct unit_queue q;
	bool failed;
	size_t len;

	for (i = 1, failed = true; failed; i++) {
		struct unit_producer a = { .name = "a",
		    .steps = "AAAA AAA$", .at_once = true };
		enum queue_what what = QUEUE_MOVED;

		unit_queue_init(&q);
		unit_queue_chain(&q, "onetwo");
		unit_queue_producer(&q, &a);
		unit_queue_chain(&q, "three");
		harness_fail_allocation(i);
		while (what == QUEUE_MOVED && queue_may_gather(&q.queue))
			what = queue_gather(&q.queue, q.want);
		if (what == QUEUE_MOVED)
			unit_queue_run(&q);
		failed = harness_allocation_failed();
		harness_fail_allocation(0);
		ck_assert(failed || what == QUEUE_MOVED);
		len = unit_queue_in_output(&q);
		if (!failed)
			ck_assert_uint_eq(len, sizeof(all) - 1);
		if (len > 0)
			ck_assert_mem_eq(evbuffer_pullup(q.output, -1), all,
			    len);
		unit_queue_free(&q);
		ck_assert_int_eq(unit_chains(), 0);
		ck_assert_int_eq(harness_blocks(), blocks);
	}
	ck_assert_int_gt(i, 4);
}
END_TEST

START_TEST(dropping_without_memory_drops_all_the_same)
{
	struct unit_queue q;

	unit_queue_init(&q);
	unit_queue_chain(&q, "one");
	unit_queue_bytes(&q, "two");
	harness_fail_allocation(1);
	unit_queue_discard(&q, 0);
	ck_assert(harness_allocation_failed());
	ck_assert_int_eq(unit_chains(), 0);
	ck_assert_uint_eq(queue_length(&q.queue), 0);
	unit_queue_free(&q);
}
END_TEST

static Suite *
queue_memory_suite(void)
{
	Suite *suite = suite_create("queue_memory");
	TCase *tc = harness_case(suite, "memory");

	tcase_add_test(tc, failing_pull_sends_nothing_false);
	tcase_add_test(tc, failing_gather_sends_nothing_false);
	tcase_add_test(tc, dropping_without_memory_drops_all_the_same);
	return suite;
}

int
main(void)
{
	return harness_main(queue_memory_suite());
}
