/*
 * What input costs under every framing, counted and not timed: long frames,
 * many short ones and the worst that a peer can send, in pieces of 1, 64 and
 * 1460 bytes, delivered in pieces and whole. No byte of a long stream may cost
 * more than one of a short stream, nor more than what is stated here: on basic
 * blocks about twice what gcc 12 makes of it, on bytes looked at and copied
 * what the code promises.
 *
 * EVCHAT_TEST_CASES says how long the longest streams are: with 6400 those
 * that come in pieces of 1460 bytes have 4 MiB. EVCHAT_TEST_VERBOSE prints the
 * figures.
 */

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "cost.h"
#include "harness.h"
#include "kinds.h"
#include "ledger.h"
#include "unit.h"

/* Basic blocks: for a turn of the loop, a piece and a frame. */
#define BLOCKS_TURN 450
#define BLOCKS_PIECE 300
#define BLOCKS_FRAME 300

#define ALLOCATIONS 100 /* whatever the size */
#define BEGUN 1         /* to keep what is known of a frame in progress */
#define GROWN 6         /* times, from nothing to the longest header */
#define MOVED 5         /* of growing by a quarter */
#define FLAT 1.1        /* no byte costs so much more than another */
#define SLACK 2000      /* in all */

#define LARGEST ((size_t)4 << 20)
#define PIECES_LEAST 100

static const struct content {
	const char *name;
	struct kind_pattern pattern;
	unsigned blocks; /* of a byte, beside those of pieces and frames */
	unsigned looks;  /* at a byte, by memchr and memcmp */
	size_t fixed;    /* 0: all of it */
	unsigned larger; /* now and then more is held than what is kept */
} contents[] = {
#define X30 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define A15 "aaaaaaaaaaaaaaa"
#define A16 "a" A15
#define Z10 "\0\0\0\0\0\0\0\0\0\0"
#define Z100 Z10 Z10 Z10 Z10 Z10 Z10 Z10 Z10 Z10 Z10
#define Z1000 Z100 Z100 Z100 Z100 Z100 Z100 Z100 Z100 Z100 Z100
	{ "lines", { "kept delimiter", 0, KIND_UNIT(X30 "\r\n"), NULL },
	    0, 1, 0, 0 },

	{ "text", { "delimiters", 0, KIND_UNIT("x"), "\r\n" }, 4, 0, 0, 0 },
	{ "lines", { "delimiters", 0, KIND_UNIT(X30 "\r\n"), NULL },
	    8, 0, 0, 0 },
	{ "CRs", { "delimiters", 0, KIND_UNIT("\r"), "\n" }, 8, 0, 0, 0 },
	{ "LFs", { "delimiters", 0, KIND_UNIT("\n"), NULL }, 8, 0, 0, 0 },
	{ "kept LFs", { "kept delimiters", 0, KIND_UNIT("\n"), NULL },
	    8, 0, 0, 0 },
	{ "beginnings", { "delimiters of many beginnings", 0, KIND_UNIT("a"),
	    "b" }, 8, 0, 0, 0 },
	{ "longer beginnings", { "delimiters of many beginnings", 0,
	    KIND_UNIT("aaaac" A16 A15), "d" }, 8, 0, 0, 0 },
	{ "lines", { "longest delimiters", 0, KIND_UNIT(X30 "\r\n"), NULL },
	    8, 0, 0, 0 },
	{ "CRs", { "longest delimiters", 0, KIND_UNIT("\r"), "\n" },
	    8, 0, 0, 0 },
	{ "CRs and text", { "longest delimiters", 0, KIND_UNIT("\rx"),
	    "\r\n" }, 8, 0, 0, 0 },

	/* Each byte is a frame, behind which all that may be the longer delimiter
	 * is looked at. */
	{ "beginnings", { "longest delimiters of many beginnings", 0,
	    KIND_UNIT("a"), "b" }, 700, 0, 0, 0 },

	{ "text", { "line", 0, KIND_UNIT("x"), "\n" }, 0, 1, 0, 0 },
	{ "lines", { "line", 0, KIND_UNIT(X30 "\r\n"), NULL }, 0, 1, 0, 0 },
	{ "CRs", { "line", 0, KIND_UNIT("\r"), "\n" }, 0, 1, 0, 0 },
	{ "LFs", { "line", 0, KIND_UNIT("\n"), NULL }, 0, 1, 0, 0 },
	{ "kept LFs", { "kept line", 0, KIND_UNIT("\n"), NULL }, 0, 1, 0, 0 },
	{ "text", { "pure line", 0, KIND_UNIT("x"), "\r\n" }, 0, 2, 0, 0 },
	{ "lines", { "pure line", 0, KIND_UNIT(X30 "\r\n"), NULL },
	    0, 2, 0, 0 },
	{ "CRs", { "strict line without bare LF", 0, KIND_UNIT("\r"),
	    "\r\n" }, 0, 1, 0, 0 },
	{ "LFs", { "strict line without bare CR", 0, KIND_UNIT("\n"),
	    "\r\n" }, 10, 2, 0, 0 },
	{ "text", { "any line", 0, KIND_UNIT("x"), "\n" }, 8, 0, 0, 0 },
	{ "lines", { "any line", 0, KIND_UNIT(X30 "\r\n"), NULL }, 8, 0, 0, 0 },
	{ "short lines", { "any line", 0, KIND_UNIT("x\n"), NULL },
	    8, 0, 0, 0 },
	{ "LFs", { "any line", 0, KIND_UNIT("\n"), "x\n" }, 8, 0, 0, 0 },

	{ "one frame", { "fixed", 0, KIND_UNIT("x"), NULL }, 0, 0, 0, 0 },
	{ "bytes", { "fixed", 0, KIND_UNIT("x"), NULL }, 0, 0, 1, 0 },
	{ "frames", { "fixed", 0, KIND_UNIT(X30 X30), NULL }, 0, 0, 60, 0 },
	{ "one frame", { "length", 1, KIND_UNIT("x"), NULL }, 0, 0, 0, 0 },
	{ "frames", { "length", 0, KIND_UNIT("\0\0\0\2xx"), NULL },
	    4, 0, 0, 0 },
	{ "empty frames", { "length", 0, KIND_UNIT("\0\0\0\0"), NULL },
	    4, 0, 0, 0 },
	{ "one frame", { "delivered length", 1, KIND_UNIT("x"), NULL },
	    0, 0, 0, 0 },
	{ "empty frames", { "delivered length", 0,
	    KIND_UNIT("\0\0\12\0\0\0\0\0\0\0"), NULL }, 4, 0, 0, 0 },
	{ "frames", { "length with a long header", 0,
	    KIND_UNIT(Z1000 "\0\0\0\1x"), NULL },
	    8, 0, 0, 1 },
	{ "one frame", { "varint", 1, KIND_UNIT("x"), NULL }, 0, 0, 0, 0 },
	{ "frames", { "varint", 0, KIND_UNIT("\3abc"), NULL }, 4, 0, 0, 0 },
	{ "empty frames", { "varint", 0, KIND_UNIT("\0"), NULL }, 4, 0, 0, 0 },
	{ "one frame", { "netstring", 1, KIND_UNIT("x"), "," }, 0, 0, 0, 0 },
	{ "frames", { "netstring", 0, KIND_UNIT("5:hello,"), NULL },
	    4, 0, 0, 0 },
	{ "empty frames", { "netstring", 0, KIND_UNIT("0:,"), NULL },
	    4, 0, 0, 0 },
	{ "one frame", { "octet count", 1, KIND_UNIT("x"), NULL }, 0, 0, 0, 0 },
	{ "frames", { "octet count", 0, KIND_UNIT("1 x"), NULL }, 4, 0, 0, 0 },

	{ "lines", { "dot", 0, KIND_UNIT(X30 "\r\n"), ".\r\n" }, 2, 1, 0, 0 },
	{ "lines of dots", { "dot", 0, KIND_UNIT("..\r\n"), ".\r\n" },
	    80, 1, 0, 0 },
	{ "dots", { "dot", 0, KIND_UNIT("."), "\r\n.\r\n" }, 0, 1, 0, 0 },
	{ "CRs", { "dot", 0, KIND_UNIT("\r"), "\n.\r\n" }, 2, 1, 0, 0 },
	{ "LFs", { "dot", 0, KIND_UNIT("\n"), "\r\n.\r\n" }, 10, 1, 0, 0 },
	{ "dots that end nothing", { "dot", 0, KIND_UNIT(".\r\r\n"),
	    ".\r\n" }, 150, 1, 0, 0 },
	{ "blocks", { "dot", 0, KIND_UNIT("x\r\n.\r\n"), NULL }, 20, 1, 0, 0 },
	{ "empty blocks", { "dot", 0, KIND_UNIT(".\r\n"), NULL }, 20, 1, 0, 0 },
	{ "lines", { "pure dot", 0, KIND_UNIT(X30 "\r\n"), ".\r\n" },
	    4, 2, 0, 0 },

	{ "one chunk", { "chunked", 1, KIND_UNIT("x"), "\r\n0\r\n\r\n" },
	    0, 0, 0, 0 },
	{ "chunks", { "chunked", 0, KIND_UNIT("1\r\nx\r\n"), "0\r\n\r\n" },
	    60, 0, 0, 0 },
	{ "extensions", { "chunked", 0, KIND_UNIT("10;abcdefghi=lmn\r\n" A16
	    "\r\n"), "0\r\n\r\n" }, 20, 0, 0, 0 },
	{ "empty bodies", { "chunked", 0, KIND_UNIT("0\r\n\r\n"), NULL },
	    10, 0, 0, 0 },
	{ "trailers", { "chunked", 0, KIND_UNIT("0\r\n" X30 ":\r\n\r\n"),
	    NULL }, 25, 0, 0, 0 },
	{ "delivered trailers", { "chunked with trailers", 0,
	    KIND_UNIT("0\r\n" X30 ":\r\n\r\n"), NULL }, 25, 0, 0, 0 },

	{ "text", { "semicolon", 0, KIND_UNIT("x"), ";" }, 0, 1, 0, 0 },
	{ "semicolons", { "semicolon", 0, KIND_UNIT(";"), NULL }, 0, 1, 0, 0 },
	{ "halves", { "pair", 0, KIND_UNIT("x;"), ";" }, 0, 1, 0,
	    1 },
	{ "pairs", { "pair", 0, KIND_UNIT(";;"), NULL }, 0, 1, 0, 0 },
	{ "one frame", { "numbered", 1, KIND_UNIT("x"), NULL }, 0, 0, 0, 0 },
	{ "empty frames", { "numbered", 0, KIND_UNIT("\0\0\0\0\0\0\0\0"),
	    NULL }, 4, 0, 0, 0 }
};

#define CONTENTS ((int)(sizeof(contents) / sizeof(contents[0])))

struct load {
	const struct content *content;
	bool whole;
	size_t piece;
	size_t pieces_a_turn;
};

/* What it costs to receive about *len bytes, which is set to how many they are. */
static struct cost
cost_of(const struct load *load, size_t *len)
{
	const struct content *content = load->content;
	char *stream = kind_stream(&content->pattern, len);
	struct evchat_framing *framing = kind_new(
	    kind_named(content->pattern.kind),
	    content->fixed > 0 ? content->fixed : *len);
	struct cost cost;
	struct tally t;

	tally_start(&t, HARNESS_PAIR, load->whole);
	tally_unlimited(&t);
	ck_assert_int_eq(evchat_set_framing(t.chat, framing), 0);
	evchat_framing_free(framing);
	harness_turn(t.h);
	cost = cost_send(&t, stream, *len, load->piece, load->pieces_a_turn);
	ck_assert_ptr_nonnull(t.chat);
	ck_assert_uint_ge(cost.frames, 1);
	ck_assert_uint_eq(tally_unread(&t), 0);
	tally_free(&t);
	free(stream);
	return cost;
}

static void
print(const struct load *load, size_t len, const struct cost *cost)
{
	double size = (double)len;

	printf("%s, %s, %zu at a time, %s, %zu: blocks %.2f looked %.2f "
	    "copied %.2f moved %.2f allocations %ju frames %ju\n",
	    load->content->pattern.kind, load->content->name, load->piece,
	    load->whole ? "whole" : "in pieces", len,
	    (double)cost->done.blocks / size, (double)cost->done.looked / size,
	    (double)cost->done.copied / size, (double)cost->moved / size,
	    (uintmax_t)cost->allocations, (uintmax_t)cost->frames);
}

static void
expect_most(const struct load *load, size_t len, const char *what,
    uint64_t cost, double most)
{
	if ((double)cost > most)
		ck_abort_msg("%s, %s, %zu bytes, %zu at a time, %s: %g %s, "
		    "not %g", load->content->pattern.kind, load->content->name,
		    len, load->piece, load->whole ? "whole" : "in pieces",
		    (double)cost / (double)len, what, most / (double)len);
}

static void
expect_bounds(const struct load *load, size_t len, const struct cost *cost)
{
	const struct content *content = load->content;
	double size = (double)len;

	expect_most(load, len, "blocks for a byte", cost->done.blocks,
	    BLOCKS_TURN * (double)cost->turns +
	    BLOCKS_PIECE * (double)cost->pieces +
	    BLOCKS_FRAME * (double)cost->frames + content->blocks * size);
	expect_most(load, len, "looks at a byte", cost->done.looked,
	    content->looks * size);
	expect_most(load, len, "copies of a byte", cost->done.copied,
	    (load->piece == 1 ? 2 : 1) * size + SLACK +
	    (double)cost->pieces);
	expect_most(load, len, "moves of a byte", cost->moved, MOVED * size);
	expect_most(load, len, "allocations for a byte", cost->allocations,
	    ALLOCATIONS + BEGUN * (double)cost->frames + (content->larger ?
	    GROWN * (double)(cost->frames + cost->pieces) : 0));
}

/* The longer the stream, the less of all this is for its beginning. */
static void
expect_flat(const struct load *load, size_t len, const char *what,
    uint64_t cost, double *least)
{
	expect_most(load, len, what, cost, FLAT * *least * (double)len + SLACK);
	if ((double)cost / (double)len < *least)
		*least = (double)cost / (double)len;
}

static void
expect_linear(const struct load *load, size_t largest)
{
	double least_done = HUGE_VAL, least_bytes = HUGE_VAL;
	struct cost cost;
	size_t size, len;

	for (size = largest / 4; size <= largest; size *= 4) {
		len = size;
		cost = cost_of(load, &len);
		if (getenv("EVCHAT_TEST_VERBOSE") != NULL)
			print(load, len, &cost);
		expect_bounds(load, len, &cost);
		expect_flat(load, len, "operations for a byte",
		    cost.done.blocks + cost.done.calls, &least_done);
		expect_flat(load, len, "bytes for a byte",
		    cost.done.copied + cost.done.looked, &least_bytes);
	}
}

static void
prove_linear(int i, size_t piece, size_t pieces_a_turn, size_t usual)
{
	struct load load = {
		&contents[i / 2], i % 2 != 0, piece, pieces_a_turn
	};
	size_t largest = unit_cases(usual);

	/* Less would be all beginning. */
	if (largest < usual)
		largest = usual;
	if (largest < PIECES_LEAST * piece)
		largest = PIECES_LEAST * piece;
	ledger_open();
	expect_linear(&load, largest > LARGEST ? LARGEST : largest);
	ledger_close();
}

START_TEST(pieces_of_one_byte_are_linear)
{
	prove_linear(_i, 1, 256, LARGEST / 1024);
}
END_TEST

START_TEST(pieces_of_64_bytes_are_linear)
{
	prove_linear(_i, 64, 16, LARGEST / 128);
}
END_TEST

START_TEST(pieces_of_1460_bytes_are_linear)
{
	prove_linear(_i, 1460, 1, LARGEST / 32);
}
END_TEST

static Suite *
cost_framings_suite(void)
{
	Suite *suite = suite_create("cost_framings");
	TCase *tc = harness_case(suite, "cost_framings");

	tcase_add_loop_test(tc, pieces_of_one_byte_are_linear, 0,
	    2 * CONTENTS);
	tcase_add_loop_test(tc, pieces_of_64_bytes_are_linear, 0,
	    2 * CONTENTS);
	tcase_add_loop_test(tc, pieces_of_1460_bytes_are_linear, 0,
	    2 * CONTENTS);
	return suite;
}

int
main(void)
{
	return harness_main(cost_framings_suite());
}
