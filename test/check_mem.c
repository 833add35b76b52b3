/*
 * The allocator hook.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "../lib/mem.h"
#include "harness.h"

static int mallocs, reallocs, frees;
static bool fails;

static void *
my_malloc(size_t size)
{
	mallocs++;
	return fails ? NULL : memset(malloc(size), 0xa5, size);
}

static void *
my_realloc(void *old, size_t size)
{
	reallocs++;
	return fails ? NULL : realloc(old, size);
}

static void
my_free(void *old)
{
	ck_assert_ptr_nonnull(old);
	frees++;
	free(old);
}

/* Use each of them once; so often were ours called then. */
static void
expect_calls(int n_mallocs, int n_reallocs, int n_frees)
{
	void *block;

	mallocs = reallocs = frees = 0;
	block = mem_realloc(mem_alloc(10), 20);
	mem_free(block);
	ck_assert_int_eq(mallocs, n_mallocs);
	ck_assert_int_eq(reallocs, n_reallocs);
	ck_assert_int_eq(frees, n_frees);
}

START_TEST(memory_comes_from_the_functions_that_were_set)
{
	evchat_set_mem_functions(my_malloc, my_realloc, my_free);
	expect_calls(1, 1, 1);
	harness_memory_init();
}
END_TEST

START_TEST(null_brings_the_c_library_s_back)
{
	evchat_set_mem_functions(my_malloc, my_realloc, my_free);
	evchat_set_mem_functions(NULL, NULL, NULL);
	expect_calls(0, 0, 0);
	evchat_set_mem_functions(my_malloc, NULL, NULL);
	expect_calls(1, 0, 0);
	evchat_set_mem_functions(NULL, my_realloc, NULL);
	expect_calls(0, 1, 0);
	evchat_set_mem_functions(NULL, NULL, my_free);
	expect_calls(0, 0, 1);
	harness_memory_init();
}
END_TEST

START_TEST(framings_come_from_there_too)
{
	evchat_set_mem_functions(my_malloc, my_realloc, my_free);
	mallocs = frees = 0;
	evchat_framing_free(evchat_framing_delimiter("--\r\n", 4, 0));
	ck_assert_int_gt(mallocs, 0);
	ck_assert_int_eq(mallocs, frees);
	harness_memory_init();
}
END_TEST

START_TEST(zeroed_memory_is_zeroed)
{
	static const char zeros[100];
	char *block;

	evchat_set_mem_functions(my_malloc, my_realloc, my_free);
	block = mem_calloc(sizeof(zeros));
	ck_assert_mem_eq(block, zeros, sizeof(zeros));
	mem_free(block);
	harness_memory_init();
}
END_TEST

START_TEST(growing_keeps_what_is_there)
{
	char *block = mem_realloc(NULL, 3);

	memcpy(block, "abc", 3);
	block = mem_realloc(block, 100000);
	ck_assert_mem_eq(block, "abc", 3);
	mem_free(block);
}
END_TEST

/* Also where the functions do not say so. */
START_TEST(failure_is_null_and_enomem)
{
	char *block = malloc(4);

	evchat_set_mem_functions(my_malloc, my_realloc, my_free);
	memcpy(block, "abc", 4);
	fails = true;
	errno = 0;
	ck_assert_ptr_null(mem_alloc(10));
	ck_assert_int_eq(errno, ENOMEM);
	errno = 0;
	ck_assert_ptr_null(mem_calloc(10));
	ck_assert_int_eq(errno, ENOMEM);
	errno = 0;
	ck_assert_ptr_null(mem_realloc(block, 10));
	ck_assert_int_eq(errno, ENOMEM);
	ck_assert_str_eq(block, "abc");
	fails = false;
	mem_free(block);
	harness_memory_init();
}
END_TEST

START_TEST(freeing_nothing_is_fine)
{
	evchat_set_mem_functions(my_malloc, my_realloc, my_free);
	frees = 0;
	mem_free(NULL);
	ck_assert_int_eq(frees, 0);
	harness_memory_init();
}
END_TEST

static Suite *
mem_suite(void)
{
	Suite *suite = suite_create("mem");
	TCase *tc = harness_case(suite, "mem");

	tcase_add_test(tc, memory_comes_from_the_functions_that_were_set);
	tcase_add_test(tc, null_brings_the_c_library_s_back);
	tcase_add_test(tc, framings_come_from_there_too);
	tcase_add_test(tc, zeroed_memory_is_zeroed);
	tcase_add_test(tc, growing_keeps_what_is_there);
	tcase_add_test(tc, failure_is_null_and_enomem);
	tcase_add_test(tc, freeing_nothing_is_fine);
	return suite;
}

int
main(void)
{
	return harness_main(mem_suite());
}
