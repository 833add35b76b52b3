/*
 * Producers around others, at every cut of what these give and in every manner
 * of giving it: what comes out, against what is written by hand here.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "../lib/producer.h"
#include "harness.h"
#include "inner.h"
#include "unit_source.h"

#define N(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* End it, and look at those inside and at what it gave, which is freed. */
static void
finish(struct evchat_producer *producer, const struct inner *inner,
    struct evbuffer *out, const char *expected)
{
	producer_end(producer, EVCHAT_DONE_SENT);
	inner_expect_done(inner, EVCHAT_DONE_SENT);
	unit_source_expect(out, expected, strlen(expected));
}

/* Dot */

static const struct {
	const char *bytes;
	const char *block;
} blocks[] = {
	{ "", ".\r\n" },
	{ ".", "..\r\n.\r\n" },
	{ "a", "a\r\n.\r\n" },
	{ "\r\n", "\r\n.\r\n" },
	{ "a\r\n", "a\r\n.\r\n" },
	{ "a\r", "a\r\r\n.\r\n" },
	{ "a\n", "a\n\r\n.\r\n" },
	{ "\n", "\n\r\n.\r\n" },
	{ "\r", "\r\r\n.\r\n" },
	{ ".\r\n", "..\r\n.\r\n" },
	{ "..a\r\n.\r\n", "...a\r\n..\r\n.\r\n" },
	{ "a\r\n.\r\n.b", "a\r\n..\r\n..b\r\n.\r\n" },
	{ "a\r\n.", "a\r\n..\r\n.\r\n" },
	{ "a\n.b\r.c", "a\n.b\r.c\r\n.\r\n" },
	{ "a\r\r\n.\n", "a\r\r\n..\n\r\n.\r\n" },
	{ "\r\n\r\n", "\r\n\r\n.\r\n" },
	{ "one.\r\ntwo\r\n..\r\n", "one.\r\ntwo\r\n...\r\n.\r\n" }
};

START_TEST(block_is_stuffed_wherever_it_is_cut)
{
	const char *bytes = blocks[_i].bytes;
	struct unit_cuts cuts;
	struct inner inner;
	int manner;

	for (manner = 0; manner < INNER_MANNERS; manner++) {
		unit_cuts_init(&cuts, strlen(bytes), 10);
		while (unit_cuts_next(&cuts)) {
			struct evbuffer *out = evbuffer_new();
			struct evchat_producer *dot;

			inner_init(&inner, bytes, &cuts,
			    (enum inner_manner)manner);
			dot = evchat_producer_new_dot(inner.producer);
			ck_assert_int_eq(inner_drain(dot, out, &inner, 1),
			    EVCHAT_MORE_END);
			finish(dot, &inner, out, blocks[_i].block);
		}
	}
}
END_TEST

/* Chunked */

static int
two_trailers(struct evbuffer *out, void *arg)
{
	++*(int *)arg;
	evbuffer_add_printf(out, "X: y\r\n");
	return evbuffer_add_printf(out, "Etag: a b\r\n") > 0 ? 0 : -1;
}

/* The body of these pieces. */
static void
write_chunks(char *to, size_t size, const char *bytes,
    const struct unit_cuts *cuts)
{
	size_t i, from = 0, len = 0;

	for (i = 0; i < cuts->n; from = cuts->end[i++])
		len += (size_t)snprintf(to + len, size - len,
		    "%zx\r\n%.*s\r\n", cuts->end[i] - from,
		    (int)(cuts->end[i] - from), bytes + from);
	snprintf(to + len, size - len, "0\r\n");
}

static void
try_chunked(const char *bytes, const struct unit_cuts *cuts,
    enum inner_manner manner, bool with_trailers)
{
	struct evbuffer *out = evbuffer_new();
	struct evchat_producer *chunked;
	struct inner inner;
	char expected[1000];
	int called = 0;

	inner_init(&inner, bytes, cuts, manner);
	chunked = evchat_producer_new_chunked(inner.producer,
	    with_trailers ? two_trailers : NULL, &called);
	ck_assert_int_eq(inner_drain(chunked, out, &inner, 1),
	    EVCHAT_MORE_END);
	ck_assert_int_eq(called, with_trailers);
	write_chunks(expected, sizeof(expected), bytes, cuts);
	strcat(expected, with_trailers ? "X: y\r\nEtag: a b\r\n\r\n" : "\r\n");
	finish(chunked, &inner, out, expected);
}

START_TEST(each_piece_is_a_chunk)
{
	static const char *const bodies[] = { "", "a", "ab", "0\r\n\r\n",
	    "0123456789abcdef0" };
	const char *bytes = bodies[_i];
	struct unit_cuts cuts;
	int manner;

	for (manner = 0; manner < INNER_MANNERS; manner++) {
		unit_cuts_init(&cuts, strlen(bytes), 10);
		while (unit_cuts_next(&cuts)) {
			try_chunked(bytes, &cuts, (enum inner_manner)manner,
			    false);
			try_chunked(bytes, &cuts, (enum inner_manner)manner,
			    true);
		}
	}
}
END_TEST

static const struct {
	const char *bytes;
	size_t len;
	bool good;
} trailers[] = {
	{ "", 0, true },
	{ "A:\r\n", 4, true },
	{ "A: b\r\nC: d\r\n", 12, true },
	{ "!#$%&'*+-.^_`|~09azAZ:\tb\xff\r\n", 27, true },
	{ "\r\n", 2, false },
	{ "A: b", 4, false },
	{ "A: b\n", 5, false },
	{ "A: b\r", 5, false },
	{ "A\r\n", 3, false },
	{ ": b\r\n", 5, false },
	{ "A : b\r\n", 7, false },
	{ " A: b\r\n", 7, false },
	{ "A: b\r\n c\r\n", 10, false },
	{ "A: b\r\n\r\n", 8, false },
	{ "A: b\r\n\r\nHTTP/1.1 200 OK\r\n", 25, false },
	{ "\nA: b\r\n", 7, false },
	{ "A: b\rc: d\r\n", 11, false },
	{ "A: b\r\r\n", 7, false },
	{ "A: b\nc: d\r\n", 11, false },
	{ "A: b\0\r\n", 7, false },
	{ "A\0: b\r\n", 7, false },
	{ "A: b\r\nC: d", 10, false }
};

static int
add_trailers(struct evbuffer *out, void *arg)
{
	int i = *(int *)arg;

	errno = ERANGE;
	return evbuffer_add(out, trailers[i].bytes, trailers[i].len);
}

START_TEST(trailers_are_field_lines_or_a_failure)
{
	struct evbuffer *buf = evbuffer_new(), *out = evbuffer_new();
	struct evchat_producer *chunked;
	bool gone;
	int i = _i;

	evbuffer_add(buf, "abc", 3);
	chunked = evchat_producer_new_chunked(evchat_producer_new_evbuffer(buf),
	    add_trailers, &i);
	if (trailers[i].good) {
		ck_assert_int_eq(producer_ask(chunked, out, 10, &gone),
		    EVCHAT_MORE_END);
		buf = evbuffer_new();
		evbuffer_add(buf, "3\r\nabc\r\n0\r\n", 11);
		evbuffer_add(buf, trailers[i].bytes, trailers[i].len);
		evbuffer_add(buf, "\r\n", 2);
		unit_source_expect(out, (char *)evbuffer_pullup(buf, -1),
		    evbuffer_get_length(buf));
		evbuffer_free(buf);
	} else {
		ck_assert_int_eq(producer_ask(chunked, out, 10, &gone),
		    EVCHAT_MORE_ERROR);
		ck_assert_int_eq(errno, EINVAL);
		evbuffer_free(out);
	}
	evchat_producer_free(chunked);
}
END_TEST

static int
no_trailers(struct evbuffer *out, void *arg)
{
	(void)out;
	errno = *(int *)arg;
	return -1;
}

START_TEST(trailers_may_fail)
{
	struct evbuffer *out = evbuffer_new();
	struct evchat_producer *chunked;
	int error = EDOM;
	bool gone;

	chunked = evchat_producer_new_chunked(
	    evchat_producer_new_chain(NULL, 0), no_trailers, &error);
	ck_assert_int_eq(producer_ask(chunked, out, 10, &gone),
	    EVCHAT_MORE_ERROR);
	ck_assert_int_eq(errno, EDOM);
	evchat_producer_free(chunked);
	evbuffer_free(out);
}
END_TEST

/* Chain */

static void
try_chain(const struct unit_cuts *cuts, enum inner_manner first,
    enum inner_manner second)
{
	static const struct unit_cuts none;
	struct evbuffer *out = evbuffer_new();
	struct evchat_producer *parts[4], *chain;
	struct inner inner[4];
	int i;

	inner_init(&inner[0], "abcd", cuts, first);
	inner_init(&inner[1], "", &none, second);
	inner_init(&inner[2], "", &none, first);
	inner_init(&inner[3], "efgh", cuts, second);
	for (i = 0; i < 4; i++)
		parts[i] = inner[i].producer;
	chain = evchat_producer_new_chain(parts, 4);
	memset(parts, 0, sizeof(parts));
	ck_assert_int_eq(inner_drain(chain, out, inner, 4), EVCHAT_MORE_END);
	for (i = 0; i < 4; i++)
		ck_assert_int_eq(inner[i].done, 0);
	producer_end(chain, EVCHAT_DONE_FAILED);
	for (i = 0; i < 4; i++)
		inner_expect_done(&inner[i], EVCHAT_DONE_FAILED);
	unit_source_expect(out, "abcdefgh", 8);
}

START_TEST(parts_of_a_chain_come_in_order)
{
	struct unit_cuts cuts;
	int i;

	for (i = 0; i < INNER_MANNERS * INNER_MANNERS; i++) {
		unit_cuts_init(&cuts, 4, 10);
		while (unit_cuts_next(&cuts))
			try_chain(&cuts, (enum inner_manner)(i / INNER_MANNERS),
			    (enum inner_manner)(i % INNER_MANNERS));
	}
}
END_TEST

START_TEST(chain_of_nothing_ends_at_once)
{
	struct evbuffer *out = evbuffer_new();
	struct evchat_producer *chain, *parts[50];
	int i;
	bool gone;

	for (i = 0; i < 50; i++)
		parts[i] = evchat_producer_new_chain(NULL, 0);
	chain = evchat_producer_new_chain(parts, 50);
	ck_assert_int_eq(producer_ask(chain, out, 1, &gone), EVCHAT_MORE_END);
	evchat_producer_free(chain);
	unit_source_expect(out, "", 0);
}
END_TEST

/* One in the middle is resumed before its turn has come. */
START_TEST(early_resume_of_a_later_part_is_not_lost)
{
	struct evbuffer *out = evbuffer_new();
	struct evchat_producer *parts[2], *chain;
	struct unit_cuts cuts;
	struct inner inner[2];
	bool gone;

	unit_cuts_init(&cuts, 2, 10);
	ck_assert(unit_cuts_next(&cuts) && unit_cuts_next(&cuts));
	inner_init(&inner[0], "ab", &cuts, INNER_LATER);
	inner_init(&inner[1], "cd", &cuts, INNER_LATER);
	parts[0] = inner[0].producer;
	parts[1] = inner[1].producer;
	chain = evchat_producer_new_chain(parts, 2);
	ck_assert_int_eq(producer_ask(chain, out, 9, &gone), EVCHAT_MORE_LATER);
	chain->state = PRODUCER_WAITING;
	evchat_producer_resume(inner[1].producer);
	ck_assert(chain->resumed);
	ck_assert_int_eq(producer_ask(chain, out, 9, &gone), EVCHAT_MORE_LATER);
	chain->state = PRODUCER_WAITING;
	ck_assert(!chain->resumed);
	inner[0].waits = false;
	evchat_producer_resume(inner[0].producer);
	ck_assert_int_eq(producer_ask(chain, out, 9, &gone), EVCHAT_MORE_DATA);
	ck_assert_int_eq(producer_ask(chain, out, 9, &gone), EVCHAT_MORE_LATER);
	chain->state = PRODUCER_WAITING;
	ck_assert(chain->resumed);
	inner[1].waits = false;
	ck_assert_int_eq(producer_ask(chain, out, 9, &gone), EVCHAT_MORE_END);
	producer_end(chain, EVCHAT_DONE_DISCARDED);
	unit_source_expect(out, "abcd", 4);
	while (unit_cuts_next(&cuts))
		continue;
}
END_TEST

/* What it adds to a queue */

START_TEST(wrapper_weighs_what_is_inside)
{
	struct evbuffer *buf = evbuffer_new(), *out = evbuffer_new();
	struct evchat_producer *parts[2], *chain;
	bool gone;

	evbuffer_expand(buf, 10000);
	unit_add_chain(buf, "0123456789", 10);
	while (evbuffer_get_length(buf) < 10000)
		evbuffer_add(buf, "0123456789", 10);
	parts[0] = evchat_producer_new_evbuffer(buf);
	parts[1] = evchat_producer_new_chain(NULL, 0);
	chain = evchat_producer_new_chain(parts, 2);
	ck_assert_uint_eq(producer_weight(chain), 10000);
	chain = evchat_producer_new_dot(chain);
	ck_assert_uint_eq(producer_weight(chain), 10000);
	ck_assert_int_eq(producer_ask(chain, out, 4000, &gone),
	    EVCHAT_MORE_DATA);
	evchat_producer_free(chain);
	evbuffer_free(out);
}
END_TEST

static Suite *
wrappers_suite(void)
{
	Suite *suite = suite_create("wrappers");
	TCase *tc = harness_case(suite, "cuts");

	tcase_add_loop_test(tc, block_is_stuffed_wherever_it_is_cut, 0,
	    N(blocks));
	tcase_add_loop_test(tc, each_piece_is_a_chunk, 0, 5);
	tcase_add_test(tc, parts_of_a_chain_come_in_order);
	tcase_add_test(tc, chain_of_nothing_ends_at_once);
	tcase_add_test(tc, early_resume_of_a_later_part_is_not_lost);
	tcase_add_test(tc, wrapper_weighs_what_is_inside);

	tc = harness_case(suite, "trailers");
	tcase_add_loop_test(tc, trailers_are_field_lines_or_a_failure, 0,
	    N(trailers));
	tcase_add_test(tc, trailers_may_fail);
	return suite;
}

int
main(void)
{
	return harness_main(wrappers_suite());
}
