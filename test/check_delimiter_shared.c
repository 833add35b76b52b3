/*
 * Short delimiters that are kept for all: each is what was asked for, whoever
 * asked before, however many there are, and from any thread.
 */

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "../lib/delimiter.h"
#include "../lib/match.h"
#include "harness.h"
#include "unit.h"

#define MANY 40  /* more than there is room for */
#define THREADS 4
#define ROUNDS 200

/* The same one each time, for the same number. */
static size_t
some_delimiter(size_t i, char *bytes)
{
	return ((size_t)snprintf(bytes, 8, "%zu.", i));
}

START_TEST(those_who_want_the_same_share_it)
{
	struct evchat_framing *first;
	size_t taken;

	unit_count_bytes();
	taken = unit_bytes_now();
	first = delimiter_shared("ab", 2);
	ck_assert_ptr_eq(delimiter_shared("ab", 2), first);
	ck_assert_ptr_ne(delimiter_shared("abc", 3), first);
	ck_assert_ptr_ne(delimiter_shared("a", 1), first);
	ck_assert_uint_eq(unit_bytes_now(), taken);
	evchat_framing_free(first);
	ck_assert(delimiter_is(first, "ab", 2));
	ck_assert_ptr_eq(delimiter_shared("ab", 2), first);
}
END_TEST

/* Those for which there is no place are freed as ever. */
START_TEST(there_may_be_any_number)
{
	struct evchat_framing *framings[MANY];
	char bytes[8];
	size_t i, n, before;

	unit_count_bytes();
	before = unit_bytes_now();
	for (i = 0; i < MANY; i++) {
		n = some_delimiter(i, bytes);
		framings[i] = delimiter_shared(bytes, n);
		ck_assert(delimiter_is(framings[i], bytes, n));
	}
	ck_assert_uint_gt(unit_bytes_now(), before);
	for (i = 0; i < MANY; i++) {
		n = some_delimiter(i, bytes);
		ck_assert(delimiter_is(framings[i], bytes, n));
		evchat_framing_free(framings[i]);
	}
	ck_assert_uint_eq(unit_bytes_now(), before);
}
END_TEST

START_TEST(long_ones_and_wrong_ones_are_as_ever)
{
	static const char bytes[] = "a delimiter that is too long for a place";
	struct evchat_framing *framing, *again;
	size_t n;

	ck_assert_ptr_null(delimiter_shared("", 0));
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_ptr_eq(delimiter_shared("\r\n", 2),
	    evchat_framing_delimiter("\r\n", 2, 0));
	/* The long ones first, while there is room. */
	for (n = MATCH_SHORT + 2; n > 0; n--) {
		framing = delimiter_shared(bytes, n);
		ck_assert(delimiter_is(framing, bytes, n));
		again = delimiter_shared(bytes, n);
		/* Where tests share a process, the places may be taken. */
		if (n > MATCH_SHORT)
			ck_assert_ptr_ne(framing, again);
		evchat_framing_free(framing);
		evchat_framing_free(again);
	}
}
END_TEST

/* It is found, and pushed, as one that was made by hand. */
START_TEST(frames_are_as_ever)
{
	struct harness *h = harness_start_new(HARNESS_SOCKET,
	    &harness_frames);
	char bytes[8], text[32];
	size_t i, n;

	for (i = 0; i < MANY; i++) {
		n = some_delimiter(i, bytes);
		ck_assert_int_eq(evchat_set_terminator(h->chat, bytes, n), 0);
		snprintf(text, sizeof(text), "%zu-%s", i, bytes);
		harness_feed(h, text);
		ck_assert_int_eq(evchat_push_frame(h->chat, "x", 1), 0);
		harness_turn(h);
		snprintf(text, sizeof(text), "x%s", bytes);
		harness_expect_received(h, text);
		evbuffer_drain(h->received, evbuffer_get_length(h->received));
	}
	ck_assert_str_eq(strrchr(harness_transcript(h), ':'), ":39-");
	harness_free(h);
}
END_TEST

static void *
ask_often(void *arg)
{
	char bytes[8];
	size_t i, n;

	(void)arg;
	for (i = 0; i < ROUNDS; i++) {
		struct evchat_framing *framing;

		n = some_delimiter(i % MANY, bytes);
		framing = delimiter_shared(bytes, n);
		if (!delimiter_is(framing, bytes, n))
			return (NULL);
		evchat_framing_free(framing);
	}
	return (bytes[0] != '\0' ? arg : NULL);
}

START_TEST(threads_may_ask_at_the_same_time)
{
	pthread_t threads[THREADS];
	void *done;
	int i, all = 0;

	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, ask_often,
		    &all), 0);
	for (i = 0; i < THREADS; i++) {
		ck_assert_int_eq(pthread_join(threads[i], &done), 0);
		ck_assert_ptr_eq(done, &all);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("delimiter_shared");
	TCase *tc = harness_case(suite, "shared");

	tcase_add_test(tc, those_who_want_the_same_share_it);
	tcase_add_test(tc, there_may_be_any_number);
	tcase_add_test(tc, long_ones_and_wrong_ones_are_as_ever);
	tcase_add_test(tc, frames_are_as_ever);
	tcase_add_test(tc, threads_may_ask_at_the_same_time);
	return (harness_main(suite));
}
