/*
 * What is compressed, at every cut, against zlib's own inflate; and that what
 * waits has been flushed, once.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "../lib/producer.h"
#include "harness.h"
#include "inner.h"
#include "ledger.h"
#include "sink.h"
#include "unit_source.h"

#ifdef EVCHAT_WITH_ZLIB

#include <zlib.h>

#define MEBI ((size_t)1 << 20)

static const int window_bits[] = { 15, 31, -15 };

/* Inflate all that is in from. @return what inflate() said last */
static int
expand(struct evbuffer *from, enum evchat_deflate format, void *to, size_t size,
    size_t *len)
{
	z_stream stream;
	int said;

	memset(&stream, 0, sizeof(stream));
	ck_assert_int_eq(inflateInit2(&stream, window_bits[format]), Z_OK);
	stream.next_in = evbuffer_pullup(from, -1);
	stream.avail_in = (uInt)evbuffer_get_length(from);
	stream.next_out = to;
	stream.avail_out = (uInt)size;
	said = inflate(&stream, Z_SYNC_FLUSH);
	*len = size - stream.avail_out;
	ck_assert_uint_eq(stream.avail_in, 0);
	inflateEnd(&stream);
	return said;
}

static void
try_cuts(const char *bytes, const struct unit_cuts *cuts, int kind, int level)
{
	enum evchat_deflate format = (enum evchat_deflate)(kind % 3);
	struct evbuffer *out = evbuffer_new();
	struct evchat_producer *deflate;
	struct inner inner;
	char got[200];
	size_t len;

	inner_init(&inner, bytes, cuts, (enum inner_manner)(kind / 3));
	deflate = evchat_producer_new_deflate(inner.producer, format, level);
	ck_assert_ptr_nonnull(deflate);
	ck_assert_int_eq(inner_drain(deflate, out, &inner, 1),
	    EVCHAT_MORE_END);
	producer_end(deflate, EVCHAT_DONE_SENT);
	inner_expect_done(&inner, EVCHAT_DONE_SENT);
	ck_assert_int_eq(expand(out, format, got, sizeof(got), &len),
	    Z_STREAM_END);
	ck_assert_uint_eq(len, strlen(bytes));
	ck_assert_mem_eq(got, bytes, len);
	evbuffer_free(out);
}

START_TEST(what_was_compressed_expands_wherever_it_was_cut)
{
	static const char *const bodies[] = { "", "a", "abcabcabc, abc" };
	static const int levels[] = { -1, 0, 1, 6, 9 };
	struct unit_cuts cuts;
	size_t i;

	for (i = 0; i < 3; i++) {
		unit_cuts_init(&cuts, strlen(bodies[i]), 3);
		while (unit_cuts_next(&cuts))
			try_cuts(bodies[i], &cuts, _i % (3 * INNER_MANNERS),
			    levels[_i % 5]);
	}
}
END_TEST

/* What was given can be expanded whenever it waits; no flush is in vain. */
START_TEST(what_was_given_before_later_is_there)
{
	enum evchat_deflate format = (enum evchat_deflate)_i;
	struct evbuffer *out = evbuffer_new();
	struct evchat_producer *deflate;
	struct unit_cuts cuts;
	struct inner inner;
	char got[200];
	size_t len, before = 0, i;
	bool gone;

	unit_cuts_init(&cuts, 6, 0);
	ck_assert(unit_cuts_next(&cuts) && unit_cuts_next(&cuts));
	inner_init(&inner, "abcdef", &cuts, INNER_STUTTER);
	inner.stutter = 2;
	deflate = evchat_producer_new_deflate(inner.producer, format, -1);
	for (i = 1; i < 6; i++) {
		/* A piece with DATA: nothing comes yet, and that is no end. */
		ck_assert_int_eq(producer_ask(deflate, out, 9, &gone),
		    EVCHAT_MORE_DATA);
		ck_assert_int_eq(producer_ask(deflate, out, 9, &gone),
		    EVCHAT_MORE_LATER);
		ck_assert_int_eq(expand(out, format, got, sizeof(got), &len),
		    Z_OK);
		ck_assert_uint_eq(len, i);
		ck_assert_mem_eq(got, "abcdef", i);
		before = evbuffer_get_length(out);
		/* LATER once more, with nothing: not flushed again. */
		inner.stutter = 0;
		evchat_producer_resume(inner.producer);
		inner.waits = false;
		ck_assert_int_eq(producer_ask(deflate, out, 9, &gone),
		    EVCHAT_MORE_LATER);
		ck_assert_uint_eq(evbuffer_get_length(out), before);
		inner.stutter = 2;
		evchat_producer_resume(inner.producer);
		inner.waits = false;
	}
	evchat_producer_free(deflate);
	inner_expect_done(&inner, EVCHAT_DONE_DISCARDED);
	evbuffer_free(out);
	while (unit_cuts_next(&cuts))
		continue;
}
END_TEST

START_TEST(nothing_given_is_not_flushed)
{
	static const struct unit_cuts none;
	struct evbuffer *out = evbuffer_new();
	struct evchat_producer *deflate;
	struct inner inner;
	bool gone;

	inner_init(&inner, "", &none, INNER_STUTTER);
	deflate = evchat_producer_new_deflate(inner.producer,
	    EVCHAT_DEFLATE_GZIP, -1);
	ck_assert_int_eq(producer_ask(deflate, out, 9, &gone),
	    EVCHAT_MORE_LATER);
	evchat_producer_free(deflate);
	unit_source_expect(out, "", 0);
}
END_TEST

/* Many bytes */

struct many {
	uint64_t given, len;
	bool noise;
};

static enum evchat_more
many_more(void *self, struct evbuffer *out, size_t want)
{
	struct many *many = self;
	unsigned char noise[4096];
	size_t i;

	if (!many->noise) {
		sink_pattern(out, many->given, want);
		many->given += want;
	} else {
		for (i = 0; i < sizeof(noise); i++)
			noise[i] = (unsigned char)unit_random(256);
		evbuffer_add(out, noise, sizeof(noise));
		many->given += sizeof(noise);
	}
	return many->given < many->len ? EVCHAT_MORE_DATA : EVCHAT_MORE_END;
}

static void
many_done(void *self, enum evchat_done how, uint64_t bytes)
{
	(void)how;
	ck_assert_uint_eq(bytes, ((struct many *)self)->given);
}

static const struct evchat_producer_ops many_ops = { many_more, many_done };

/* Ask once and inflate that. @return whether it goes on */
static bool
step(struct evchat_producer *producer, struct evbuffer *out, z_stream *stream,
    uint64_t *got)
{
	static unsigned char room[1 << 16];
	enum evchat_more more;
	bool gone;
	int said = Z_OK;

	more = producer_ask(producer, out, 65536, &gone);
	stream->next_in = evbuffer_pullup(out, -1);
	stream->avail_in = (uInt)evbuffer_get_length(out);
	do {
		stream->next_out = room;
		stream->avail_out = sizeof(room);
		said = inflate(stream, Z_NO_FLUSH);
		ck_assert(said == Z_OK || said == Z_BUF_ERROR ||
		    said == Z_STREAM_END);
		ck_assert(sink_is_pattern(room, *got,
		    sizeof(room) - stream->avail_out));
		*got += sizeof(room) - stream->avail_out;
	} while (stream->avail_out == 0);
	evbuffer_drain(out, evbuffer_get_length(out));
	ck_assert_int_eq(said == Z_STREAM_END, more == EVCHAT_MORE_END);
	return more == EVCHAT_MORE_DATA;
}

START_TEST(many_bytes_are_compressed_in_little_memory)
{
	struct many many = { .len = 24 * MEBI };
	struct evbuffer *out;
	struct evchat_producer *deflate;
	z_stream stream;
	uint64_t got = 0;

	ledger_open();
	out = evbuffer_new();
	deflate = evchat_producer_new_deflate(
	    evchat_producer_new(&many_ops, &many), EVCHAT_DEFLATE_ZLIB, 1);
	memset(&stream, 0, sizeof(stream));
	ck_assert_int_eq(inflateInit(&stream), Z_OK);
	while (step(deflate, out, &stream, &got))
		continue;
	ck_assert_uint_eq(got, many.given);
	/* zlib's own is counted, and gone with the last byte. */
	ck_assert_uint_gt(ledger_most(), 200000);
	(void)ledger_most();
	ck_assert_uint_lt(ledger_most(), 200000);
	inflateEnd(&stream);
	evchat_producer_free(deflate);
	evbuffer_free(out);
	ledger_end();
}
END_TEST

/* More comes of it than one buffer holds. */
START_TEST(what_cannot_be_compressed_comes_out_whole)
{
	struct many many = { .len = 50 * 4096, .noise = true };
	struct evbuffer *out = evbuffer_new();
	struct evchat_producer *deflate;
	char *got = malloc(many.len);
	size_t len;

	deflate = evchat_producer_new_deflate(
	    evchat_producer_new(&many_ops, &many), EVCHAT_DEFLATE_RAW, 9);
	while (true) {
		enum evchat_more more;
		bool gone;

		more = producer_ask(deflate, out, 1, &gone);
		if (more == EVCHAT_MORE_END)
			break;
		ck_assert_int_eq(more, EVCHAT_MORE_DATA);
	}
	evchat_producer_free(deflate);
	ck_assert_int_eq(expand(out, EVCHAT_DEFLATE_RAW, got, many.len, &len),
	    Z_STREAM_END);
	ck_assert_uint_eq(len, many.len);
	free(got);
	evbuffer_free(out);
}
END_TEST

START_TEST(other_formats_and_levels_are_refused)
{
	static const struct {
		int format, level;
	} wrong[] = { { 3, 1 }, { -1, 1 }, { 0, -2 }, { 0, 10 } };
	static const struct unit_cuts none;
	struct inner inner;

	inner_init(&inner, "", &none, INNER_DATA);
	errno = 0;
	ck_assert_ptr_null(evchat_producer_new_deflate(inner.producer,
	    (enum evchat_deflate)wrong[_i].format, wrong[_i].level));
	ck_assert_int_eq(errno, EINVAL);
	inner_expect_done(&inner, EVCHAT_DONE_DISCARDED);
	ck_assert_int_eq(evchat_has_deflate(), 1);
}
END_TEST

static void
add_tests(Suite *suite)
{
	TCase *tc = harness_case(suite, "deflate");

	tcase_add_loop_test(tc, what_was_compressed_expands_wherever_it_was_cut,
	    0, 3 * INNER_MANNERS);
	tcase_add_loop_test(tc, what_was_given_before_later_is_there, 0, 3);
	tcase_add_test(tc, nothing_given_is_not_flushed);
	tcase_add_test(tc, many_bytes_are_compressed_in_little_memory);
	tcase_add_test(tc, what_cannot_be_compressed_comes_out_whole);
	tcase_add_loop_test(tc, other_formats_and_levels_are_refused, 0, 4);
}

#else

START_TEST(without_zlib_there_is_none)
{
	static const struct unit_cuts none;
	struct inner inner;

	inner_init(&inner, "", &none, INNER_DATA);
	errno = 0;
	ck_assert_ptr_null(evchat_producer_new_deflate(inner.producer,
	    EVCHAT_DEFLATE_GZIP, -1));
	ck_assert_int_eq(errno, ENOSYS);
	inner_expect_done(&inner, EVCHAT_DONE_DISCARDED);
	ck_assert_int_eq(evchat_has_deflate(), 0);
}
END_TEST

static void
add_tests(Suite *suite)
{
	tcase_add_test(harness_case(suite, "none"), without_zlib_there_is_none);
}

#endif

int
main(void)
{
	Suite *suite = suite_create("wrapper_deflate");

	add_tests(suite);
	return harness_main(suite);
}
