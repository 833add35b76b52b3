/*
 * The bytes of the queue: in order, whether they are gathered in the tail or
 * are chains; used up and moved anywhere; and unchanged by a call that fails.
 */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../lib/backlog.h"
#include "harness.h"
#include "unit.h"

#define PIECES 16
#define LONG 70000 /* more than is gathered */

static void
add(struct backlog *backlog, const char *text)
{
	ck_assert_int_eq(backlog_add(backlog, text, strlen(text)), 0);
}

static void
add_chain(struct backlog *backlog, const char *text)
{
	struct evbuffer *buffer = backlog_buffer(backlog);

	ck_assert_ptr_nonnull(buffer);
	unit_add_chain(buffer, text, strlen(text));
}

static int __attribute__((format(printf, 2, 3)))
print(struct backlog *backlog, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = backlog_vprintf(backlog, fmt, ap);
	va_end(ap);
	return len;
}

/* The first len bytes are those of the text, and no more are shown. */
static void
expect_first(const struct backlog *backlog, const char *text, size_t len,
    int most)
{
	struct evbuffer_iovec vec[PIECES];
	int i, n = backlog_peek(backlog, len, vec, most);
	size_t at = 0;

	ck_assert_int_le(n, most);
	for (i = 0; i < n; i++) {
		ck_assert_uint_le(at + vec[i].iov_len, len);
		ck_assert_mem_eq(vec[i].iov_base, text + at, vec[i].iov_len);
		at += vec[i].iov_len;
	}
	if (most >= backlog_pieces(backlog))
		ck_assert_uint_eq(at, len);
	else
		ck_assert(at == len || n == most);
}

static void
expect(const struct backlog *backlog, const char *text)
{
	ck_assert_uint_eq(backlog_len(backlog), strlen(text));
	expect_first(backlog, text, strlen(text), PIECES);
}

/* Two chains, the second of them a copy of what was the tail, and a tail. */
static void
fill(struct backlog *backlog)
{
	add_chain(backlog, "abc");
	add(backlog, "d");
	add(backlog, "ef");
	add_chain(backlog, "ghij");
	add(backlog, "kl");
}

#define FILLED "abcdefghijkl"
#define FILLED_LEN ((size_t)12)

/* Order */

START_TEST(few_bytes_and_chains_stay_in_order)
{
	struct backlog backlog = { 0 };

	ck_assert_int_eq(backlog_pieces(&backlog), 0);
	expect(&backlog, "");
	fill(&backlog);
	expect(&backlog, FILLED);
	ck_assert_int_eq(backlog_pieces(&backlog), 4);
	backlog_free(&backlog);
	ck_assert_int_eq(unit_chains(), 0);
}
END_TEST

START_TEST(few_bytes_are_gathered_and_many_are_a_chain)
{
	static const char many[4097];
	struct backlog backlog = { 0 };
	int i;

	for (i = 0; i < 1000; i++)
		add(&backlog, "abc");
	ck_assert_int_eq(backlog_pieces(&backlog), 1);
	ck_assert_int_eq(backlog_add(&backlog, many, 4096), 0);
	ck_assert_int_eq(backlog_pieces(&backlog), 1);
	ck_assert_int_eq(backlog_add(&backlog, many, 4097), 0);
	ck_assert_int_eq(backlog_pieces(&backlog), 2);
	ck_assert_uint_eq(backlog_len(&backlog), 3000 + 4096 + 4097);
	backlog_free(&backlog);
}
END_TEST

START_TEST(references_are_shown_where_they_are)
{
	static const char lent[] = "lent";
	struct backlog backlog = { 0 };
	struct evbuffer_iovec vec[3];

	add(&backlog, "a");
	ck_assert_int_eq(evbuffer_add_reference(backlog_buffer(&backlog), lent,
	    4, NULL, NULL), 0);
	add(&backlog, "b");
	expect(&backlog, "alentb");
	ck_assert_int_eq(backlog_peek(&backlog, 6, vec, 3), 3);
	ck_assert_ptr_eq(vec[1].iov_base, lent);
	backlog_free(&backlog);
}
END_TEST

START_TEST(texts_of_any_length_are_gathered)
{
	static const int lens[] = { 0, 1, 511, 512, 513, 5000, LONG };
	int i, n = (int)(sizeof(lens) / sizeof(lens[0])), len = lens[_i % n];
	char *text = malloc(LONG + 3);
	struct backlog backlog = { 0 };

	ck_assert_ptr_nonnull(text);
	snprintf(text, LONG + 3, "%s%0*d", _i < n ? "" : "ab", len, 7);
	if (_i >= n)
		add(&backlog, "ab");
	ck_assert_int_eq(print(&backlog, "%0*d", len, 7),
	    len > 0 ? len : 1);
	expect(&backlog, text);
	for (i = 0; i < 3; i++)
		ck_assert_int_eq(print(&backlog, "%s", ""), 0);
	expect(&backlog, text);
	backlog_free(&backlog);
	free(text);
}
END_TEST

/* Using up */

START_TEST(first_bytes_are_shown_and_no_more)
{
	struct backlog backlog = { 0 };
	size_t len;
	int most;

	fill(&backlog);
	for (len = 0; len <= FILLED_LEN; len++)
		for (most = 1; most <= 5; most++)
			expect_first(&backlog, FILLED, len, most);
	backlog_free(&backlog);
}
END_TEST

START_TEST(first_bytes_are_used_up_and_no_more)
{
	struct evbuffer *drop;
	struct backlog backlog;
	size_t len;

	for (len = 0; len <= FILLED_LEN; len++) {
		drop = _i == 0 ? NULL : evbuffer_new();
		memset(&backlog, 0, sizeof(backlog));
		fill(&backlog);
		backlog_consume(&backlog, len, drop);
		expect(&backlog, &FILLED[len]);
		add(&backlog, "m");
		expect(&backlog, &FILLED "m"[len]);
		if (drop != NULL)
			evbuffer_free(drop);
		backlog_free(&backlog);
		ck_assert_int_eq(unit_chains(), 0);
	}
}
END_TEST

START_TEST(first_bytes_are_moved_and_no_more)
{
	struct evbuffer *to, *stage;
	struct backlog backlog;
	size_t len, n, at;

	for (len = 1; len <= FILLED_LEN; len++) {
		to = evbuffer_new();
		stage = evbuffer_new();
		memset(&backlog, 0, sizeof(backlog));
		fill(&backlog);
		for (at = 0; at < FILLED_LEN; at += n) {
			n = backlog_movable(&backlog);
			ck_assert_uint_gt(n, 0);
			n = n < len ? n : len;
			ck_assert_int_eq(backlog_move(&backlog, to, n, stage),
			    0);
			expect(&backlog, &FILLED[at + n]);
		}
		ck_assert_uint_eq(evbuffer_get_length(stage), 0);
		ck_assert_uint_eq(evbuffer_get_length(to), FILLED_LEN);
		ck_assert_mem_eq(evbuffer_pullup(to, -1), FILLED, FILLED_LEN);
		evbuffer_free(to);
		evbuffer_free(stage);
		backlog_free(&backlog);
	}
}
END_TEST

static void
push_more(const void *data, size_t len, void *arg)
{
	struct backlog *backlog = arg;

	(void)data;
	(void)len;
	expect(backlog, "behind");
	add(backlog, " and more");
}

/* As it is dropped, somebody pushes: it is no part of the bytes any more. */
START_TEST(cleanups_may_push)
{
	struct backlog backlog = { 0 };
	struct evbuffer *drop = evbuffer_new();

	ck_assert_int_eq(evbuffer_add_reference(backlog_buffer(&backlog),
	    "lent", 4, push_more, &backlog), 0);
	add(&backlog, "behind");
	backlog_consume(&backlog, 4, drop);
	expect(&backlog, "behind");
	backlog_empty(drop);
	expect(&backlog, "behind and more");
	evbuffer_free(drop);
	backlog_free(&backlog);
}
END_TEST

/* Failure */

static char large[5000];

/* A call that may fail. */
static int
call(struct backlog *backlog, int which, struct evbuffer *to,
    struct evbuffer *stage)
{
	switch (which) {
	case 0:
		return backlog_add(backlog, "abc", 3);
	case 1:
		return backlog_add(backlog, large, sizeof(large));
	case 2:
		return print(backlog, "%0*d", 3000, 1);
	case 3:
		return backlog_buffer(backlog) == NULL ? -1 : 0;
	default:
		return backlog_move(backlog, to, 2, stage);
	}
}

/* @return whether the n-th allocation was reached */
static bool
fail_nth(int which, bool filled, long n)
{
	struct backlog backlog = { 0 };
	struct evbuffer *to = evbuffer_new(), *stage = evbuffer_new();
	bool failed;
	int done;

	if (filled)
		fill(&backlog);
	else
		add(&backlog, FILLED);
	harness_fail_allocation(n);
	errno = 0;
	done = call(&backlog, which, to, stage);
	failed = harness_allocation_failed();
	harness_fail_allocation(0);
	if (done == -1) {
		ck_assert(failed);
		ck_assert_int_eq(errno, ENOMEM);
		ck_assert_uint_eq(evbuffer_get_length(to), 0);
		/* libevent loses what it cannot split. */
		if (which < 4)
			expect(&backlog, FILLED);
	}
	evbuffer_free(to);
	evbuffer_free(stage);
	backlog_free(&backlog);
	ck_assert_int_eq(unit_chains(), 0);
	return failed;
}

START_TEST(failing_calls_change_nothing)
{
	long n;

	for (n = 1; fail_nth(_i / 2, _i % 2 != 0, n); n++)
		ck_assert_int_lt(n, 20);
}
END_TEST

static Suite *
backlog_suite(void)
{
	Suite *suite = suite_create("backlog");
	TCase *tc = harness_case(suite, "order");

	tcase_add_test(tc, few_bytes_and_chains_stay_in_order);
	tcase_add_test(tc, few_bytes_are_gathered_and_many_are_a_chain);
	tcase_add_test(tc, references_are_shown_where_they_are);
	tcase_add_loop_test(tc, texts_of_any_length_are_gathered, 0, 14);

	tc = harness_case(suite, "using up");
	tcase_add_test(tc, first_bytes_are_shown_and_no_more);
	tcase_add_loop_test(tc, first_bytes_are_used_up_and_no_more, 0, 2);
	tcase_add_test(tc, first_bytes_are_moved_and_no_more);
	tcase_add_test(tc, cleanups_may_push);

	tc = harness_case(suite, "failure");
	tcase_add_loop_test(tc, failing_calls_change_nothing, 0, 10);
	return suite;
}

int
main(void)
{
	return harness_main(backlog_suite());
}
