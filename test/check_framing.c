/*
 * Framings as values: what constructors refuse, and references.
 */

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "../lib/delimiter.h"
#include "../lib/framing.h"
#include "../lib/scan.h"
#include "harness.h"
#include "unit.h"

/* Making one */

static void
expect_refused(const void *bytes, size_t len, unsigned flags, int error)
{
	long blocks = harness_blocks();

	errno = 0;
	ck_assert_ptr_null(evchat_framing_delimiter(bytes, len, flags));
	ck_assert_int_eq(errno, error);
	ck_assert_int_eq(harness_blocks(), blocks);
}

START_TEST(empty_delimiter_is_refused)
{
	expect_refused("", 0, 0, EINVAL);
	expect_refused(NULL, 0, 0, EINVAL);
}
END_TEST

START_TEST(delimiter_above_the_limit_is_refused)
{
	expect_refused("a", ((size_t)1 << 30) + 1, 0, EMSGSIZE);
	expect_refused("a", SIZE_MAX, 0, EMSGSIZE);
}
END_TEST

START_TEST(unknown_flags_are_refused)
{
	unsigned bit;

	for (bit = 1; bit < 32; bit++)
		expect_refused("a", 1, 1u << bit, EINVAL);
}
END_TEST

START_TEST(without_memory_there_is_none)
{
	long i;

	for (i = 1; i <= 2; i++) {
		harness_fail_allocation(i);
		expect_refused("a", 1, 0, ENOMEM);
	}
	harness_fail_allocation(3);
	evchat_framing_free(unit_delimiter("a", 1));
	ck_assert(!harness_allocation_failed());
	harness_fail_allocation(0);
}
END_TEST

START_TEST(delimiter_is_copied)
{
	char bytes[] = "ab";
	struct evchat_framing *framing = unit_delimiter(bytes, 2);

	memset(bytes, 'x', 2);
	ck_assert(delimiter_is(framing, "ab", 2));
	evchat_framing_free(framing);
}
END_TEST

START_TEST(delimiter_is_known_by_all_of_its_bytes)
{
	struct evchat_framing *framing = unit_delimiter("a\0b", 3);

	ck_assert(delimiter_is(framing, "a\0b", 3));
	ck_assert(!delimiter_is(framing, "a\0c", 3));
	ck_assert(!delimiter_is(framing, "a\0b", 2));
	ck_assert(!delimiter_is(framing, "a\0bc", 4));
	ck_assert(!delimiter_is(NULL, "a", 1));
	evchat_framing_free(framing);
}
END_TEST

/* References, of a kind of its own */

static atomic_int freed;

static void
count_freed(struct evchat_framing *framing)
{
	(void)framing;
	atomic_fetch_add(&freed, 1);
}

static const struct framing_ops counting_ops = { .free = count_freed };

START_TEST(framing_of_another_kind_is_no_delimiter)
{
	struct evchat_framing framing;

	framing_init(&framing, &counting_ops);
	ck_assert(!delimiter_is(&framing, "a", 1));
}
END_TEST

START_TEST(framing_is_freed_with_its_last_reference)
{
	struct evchat_framing framing;

	atomic_store(&freed, 0);
	framing_init(&framing, &counting_ops);
	ck_assert_ptr_eq(framing_ref(&framing), &framing);
	ck_assert_ptr_eq(framing_ref(&framing), &framing);
	evchat_framing_free(&framing);
	evchat_framing_free(&framing);
	ck_assert_int_eq(atomic_load(&freed), 0);
	evchat_framing_free(&framing);
	ck_assert_int_eq(atomic_load(&freed), 1);
}
END_TEST

START_TEST(no_framing_has_no_references)
{
	ck_assert_ptr_null(framing_ref(NULL));
	evchat_framing_free(NULL);
}
END_TEST

#define THREADS 4
#define TIMES 50000

static void *
take_and_drop(void *framing)
{
	int i;

	for (i = 0; i < TIMES; i++) {
		framing_ref(framing);
		if (i % 16 == 0)
			sched_yield();
		evchat_framing_free(framing);
	}
	evchat_framing_free(framing);
	return NULL;
}

START_TEST(threads_share_a_framing_and_the_last_one_frees_it)
{
	struct evchat_framing framing;
	pthread_t thread[THREADS];
	int i;

	atomic_store(&freed, 0);
	framing_init(&framing, &counting_ops);
	for (i = 0; i < THREADS; i++) {
		framing_ref(&framing);
		ck_assert_int_eq(pthread_create(&thread[i], NULL,
		    take_and_drop, &framing), 0);
	}
	evchat_framing_free(&framing);
	for (i = 0; i < THREADS; i++)
		pthread_join(thread[i], NULL);
	ck_assert_int_eq(atomic_load(&freed), 1);
}
END_TEST

static void *
scan_lines(void *framing)
{
	static const unsigned char bytes[] = "some text\r\n";
	struct scan_step step;
	struct scan scan;
	long found = 0;
	int i;

	scan_init(&scan, &(struct terminator){ .kind = SCAN_FRAMING,
	    .framing = framing_ref(framing) });
	for (i = 0; i < 2000; i++) {
		found += !scan_next(&scan, bytes, 10, &step) &&
		    scan_next(&scan, bytes + 10, 1, &step);
		scan_restart(&scan);
	}
	scan_release(&scan);
	evchat_framing_free(framing);
	return (void *)(intptr_t)found;
}

START_TEST(threads_decode_with_the_same_framing)
{
	struct evchat_framing *framing = unit_delimiter("\r\n", 2);
	pthread_t thread[THREADS];
	void *found;
	int i;

	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&thread[i], NULL, scan_lines,
		    framing_ref(framing)), 0);
	evchat_framing_free(framing);
	for (i = 0; i < THREADS; i++) {
		pthread_join(thread[i], &found);
		ck_assert_int_eq((intptr_t)found, 2000);
	}
}
END_TEST

static Suite *
framing_suite(void)
{
	Suite *suite = suite_create("framing");
	TCase *tc = harness_case(suite, "new");

	tcase_add_test(tc, empty_delimiter_is_refused);
	tcase_add_test(tc, delimiter_above_the_limit_is_refused);
	tcase_add_test(tc, unknown_flags_are_refused);
	tcase_add_test(tc, without_memory_there_is_none);
	tcase_add_test(tc, delimiter_is_copied);
	tcase_add_test(tc, delimiter_is_known_by_all_of_its_bytes);

	tc = harness_case(suite, "references");
	tcase_add_test(tc, framing_of_another_kind_is_no_delimiter);
	tcase_add_test(tc, framing_is_freed_with_its_last_reference);
	tcase_add_test(tc, no_framing_has_no_references);
	tcase_add_test(tc, threads_share_a_framing_and_the_last_one_frees_it);
	tcase_add_test(tc, threads_decode_with_the_same_framing);
	return suite;
}

int
main(void)
{
	return harness_main(framing_suite());
}
