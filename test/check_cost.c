/*
 * What input costs, counted and not timed: frames of up to 16 MiB in pieces of
 * 1, 64 and 1460 bytes, over channels. A byte of a long frame may not cost
 * more than one of a short frame, nor any more than what is stated here: on
 * bytes, what the code promises, which is to look at each once, to copy it
 * once where a frame is put together, and to move it at most five times while
 * that place grows; on basic blocks, twice what gcc 12 makes of it.
 *
 * Through a socket each piece takes a turn of the loop, so small pieces come
 * over a pair, many in one turn. EVCHAT_TEST_CASES says how long the longest
 * frames are; with 51200 all of those over a pair have 16 MiB.
 */

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cost.h"
#include "harness.h"
#include "ledger.h"
#include "unit.h"

/* Basic blocks: for a turn of the loop, a piece, a frame and a byte. */
#define BLOCKS_TURN 450
#define BLOCKS_PIECE 250
#define BLOCKS_FRAME 300
#define BLOCKS_BYTE 24 /* that memchr cannot skip */
#define BLOCKS_SWITCH 300 /* with the frame behind it */

#define ALLOCATIONS 100 /* whatever the size */
/*
 * Until a channel has learnt how little comes at once it has place for more,
 * twice for sixteen reads: 3712 bytes and a quarter of that. A turn then moves
 * what is held there, and back, if that is less than a quarter.
 */
#define LEARNING (16.0 * (3712 + 928) / 3)
#define MOVED 5         /* of growing by a quarter */
#define FLAT 1.1        /* no byte costs so much more than another */
#define SLACK 1000      /* in all */

#define LARGEST ((size_t)16 << 20)
#define LEAST ((size_t)8 << 10)
#define PIECES_LEAST 256
#define SWITCHES 5000

struct content {
	const char *name;
	const char *delimiter; /* NULL: a count of all bytes */
	char fill;             /* what the frames are made of */
	size_t line;           /* bytes in a frame; 0: one frame in all */
	bool held;             /* each byte may begin the delimiter */
};

static const struct content contents[] = {
	{ "text", "\r\n", 'x', 0, false },
	{ "lines", "\r\n", 'x', 30, false },
	{ "half delimiters", "\r\n", '\r', 0, true },
	{ "delimiters but for the last byte", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", 'a', 0, true },
	{ "a count", NULL, 'x', 0, false }
};

#define CONTENTS (sizeof(contents) / sizeof(contents[0]))

struct load {
	enum harness_carrier carrier;
	const struct content *content;
	bool whole;
	size_t piece;
	size_t pieces_a_turn;
};

static char *
stream_of(const struct content *content, size_t len)
{
	size_t at, line, n = content->delimiter != NULL ?
	    strlen(content->delimiter) : 0;
	char *stream = malloc(len);

	harness_must(stream != NULL, "memory");
	memset(stream, content->fill, len);
	line = content->line > 0 ? content->line : len - n;
	for (at = line; n > 0 && at + n <= len; at += n + line)
		memcpy(stream + at, content->delimiter, n);
	return stream;
}

/* What it costs to receive len bytes. */
static struct cost
cost_of(const struct load *load, size_t len)
{
	const char *delimiter = load->content->delimiter;
	char *stream = stream_of(load->content, len);
	struct cost cost;
	struct tally t;

	tally_start(&t, load->carrier, load->whole);
	tally_unlimited(&t);
	if (delimiter != NULL)
		tally_delimiter(&t, delimiter, strlen(delimiter));
	else
		evchat_set_terminator_count(t.chat, len);
	harness_turn(t.h);
	cost = cost_send(&t, stream, len, load->piece, load->pieces_a_turn);
	ck_assert_uint_ge(cost.frames, 1);
	ck_assert_uint_eq(tally_unread(&t), 0);
	tally_free(&t);
	free(stream);
	return cost;
}

static void
too_dear(const struct load *load, size_t len, const char *what, double cost)
{
	ck_abort_msg("%zu bytes of %s, %zu at a time, %s, over a %s: %g %s",
	    len, load->content->name, load->piece, load->whole ? "whole" :
	    "in pieces", harness_carrier_name(load->carrier), cost, what);
}

static void
expect_most(const struct load *load, size_t len, const char *what,
    uint64_t cost, double most)
{
	if ((double)cost > most)
		too_dear(load, len, what, (double)cost / (double)len);
}

static void
expect_bounds(const struct load *load, size_t len, const struct cost *cost)
{
	const struct content *content = load->content;
	double size = (double)len, slack = SLACK,
	    copies = content->held || load->whole ? 1 : 0, learning = 0;

	/* What is put together, and what is held as it may be a delimiter. */
	if (!load->whole && content->held && load->piece == 1)
		copies = 2; /* and again when the hold is full */
	if (!load->whole && !content->held)
		slack += (double)cost->frames; /* half a delimiter */
	if (load->carrier != HARNESS_PAIR)
		learning = LEARNING;
	expect_most(load, len, "blocks for a byte", cost->done.blocks,
	    BLOCKS_TURN * (double)cost->turns +
	    BLOCKS_PIECE * (double)cost->pieces +
	    BLOCKS_FRAME * (double)cost->frames +
	    (content->held ? BLOCKS_BYTE * size : 0));
	expect_most(load, len, "copies of a byte", cost->done.copied,
	    copies * size + slack + learning);
	expect_most(load, len, "looks at a byte", cost->done.looked, size);
	expect_most(load, len, "moves of a byte", cost->moved,
	    MOVED * size + learning);
	/* A place for what is held, and one to receive into. */
	expect_most(load, len, "allocations for a byte", cost->allocations,
	    ALLOCATIONS + (load->carrier == HARNESS_PAIR ? 1 : 2) *
	    (double)cost->turns);
}

/* The longer the stream, the less of all this is for its beginning. */
static void
expect_flat(const struct load *load, size_t len, const char *what,
    uint64_t cost, double *least)
{
	/* Of the first piece more can be skipped. */
	double counted = (double)(len - load->piece);

	expect_most(load, len, what, cost, FLAT * *least * counted + SLACK);
	if ((double)cost / counted < *least)
		*least = (double)cost / counted;
}

static void
expect_linear(const struct load *load, size_t largest)
{
	double least_done = HUGE_VAL, least_bytes = HUGE_VAL;
	struct cost cost;
	size_t len;

	for (len = largest / 16; len <= largest; len *= 4) {
		cost = cost_of(load, len);
		expect_bounds(load, len, &cost);
		expect_flat(load, len, "operations for a byte",
		    cost.done.blocks + cost.done.calls, &least_done);
		expect_flat(load, len, "bytes for a byte",
		    cost.done.copied + cost.done.looked, &least_bytes);
	}
}

/* Contents, each in pieces and whole. */
#define LOADS (2 * (int)CONTENTS)

static struct load
load_of(int i, enum harness_carrier carrier, size_t piece, size_t turn)
{
	struct load load = {
		.carrier = carrier,
		.content = &contents[i / 2],
		.whole = i % 2 != 0,
		.piece = piece,
		.pieces_a_turn = turn
	};

	return load;
}

static void
prove_linear(struct load load, size_t usual)
{
	size_t largest;

	/* There each byte costs ten blocks and more. */
	if (load.content->held && load.piece > 1)
		usual /= 4;
	largest = unit_cases(usual);
	if (largest < LEAST)
		largest = LEAST;
	if (largest < PIECES_LEAST * load.piece)
		largest = PIECES_LEAST * load.piece;
	largest = largest > LARGEST ? LARGEST : largest - largest % 512;
	ledger_open();
	expect_linear(&load, largest);
	ledger_close();
}

START_TEST(counting_counts)
{
	static const struct content x = { "x", NULL, 'x', 0, false };
	const struct load load = { HARNESS_PAIR, &x, true, 1000, 1 };
	struct cost cost;

	ledger_open();
	cost = cost_of(&load, 10000);
	ledger_close();
	ck_assert_uint_eq(cost.turns, 10);
	ck_assert_uint_eq(cost.frames, 1);
	ck_assert_uint_gt(cost.moved, 0);
	if (operations_have_bytes())
		ck_assert_uint_eq(cost.done.copied, 10000);
	if (operations_have_blocks())
		ck_assert_uint_gt(cost.done.blocks, 10);
}
END_TEST

START_TEST(pieces_of_one_byte_are_linear)
{
	prove_linear(load_of(_i, HARNESS_PAIR, 1, 256), LARGEST / 256);
}
END_TEST

START_TEST(pieces_of_64_bytes_are_linear)
{
	prove_linear(load_of(_i, HARNESS_PAIR, 64, 16), LARGEST / 8);
}
END_TEST

START_TEST(pieces_of_1460_bytes_are_linear)
{
	prove_linear(load_of(_i, HARNESS_PAIR, 1460, 1), LARGEST);
}
END_TEST

/* Of each byte, too, there is a turn of its own. */
START_TEST(bytes_that_come_one_by_one_are_linear)
{
	prove_linear(load_of(_i, HARNESS_SOCKET, 1, 1), LARGEST / 4096);
}
END_TEST

static void
set_again(struct tally *t)
{
	tally_delimiter(t, "\n", 1);
}

/* Frames are looked for ahead, and what was found there may be in vain. */
START_TEST(frames_behind_each_switch_are_not_looked_for_again)
{
	size_t len = 2 * SWITCHES;
	char *stream = malloc(len);
	struct cost cost;
	struct tally t;
	size_t i;

	harness_must(stream != NULL, "memory");
	for (i = 0; i < len; i++)
		stream[i] = i % 2 == 0 ? 'x' : '\n';
	tally_start(&t, HARNESS_PAIR, _i != 0);
	tally_delimiter(&t, "\n", 1);
	t.on_frame = set_again;
	harness_turn(t.h);
	cost = cost_send(&t, stream, len, len, 1);
	ck_assert_uint_eq(cost.frames, SWITCHES);
	ck_assert_uint_le(cost.done.blocks, BLOCKS_SWITCH * SWITCHES + SLACK);
	ck_assert_uint_le(cost.done.looked, len);
	tally_free(&t);
	free(stream);
}
END_TEST

START_TEST(pieces_over_sockets_are_linear)
{
	prove_linear(load_of(_i, HARNESS_SOCKET, 64, 1), LARGEST / 512);
	prove_linear(load_of(_i, HARNESS_SOCKET, 1460, 1), LARGEST / 64);
}
END_TEST

START_TEST(pieces_over_tcp_are_linear)
{
	prove_linear(load_of(_i, HARNESS_TCP, 1460, 1), LARGEST / 64);
}
END_TEST

static Suite *
cost_suite(void)
{
	Suite *suite = suite_create("cost");
	TCase *tc = harness_case(suite, "cost");

	tcase_add_test(tc, counting_counts);
	tcase_add_loop_test(tc, pieces_of_one_byte_are_linear, 0, LOADS);
	tcase_add_loop_test(tc, pieces_of_64_bytes_are_linear, 0, LOADS);
	tcase_add_loop_test(tc, pieces_of_1460_bytes_are_linear, 0, LOADS);
	tcase_add_loop_test(tc, bytes_that_come_one_by_one_are_linear, 0,
	    LOADS);
	tcase_add_loop_test(tc,
	    frames_behind_each_switch_are_not_looked_for_again, 0, 2);
	tcase_add_loop_test(tc, pieces_over_sockets_are_linear, 0, LOADS);
	tcase_add_loop_test(tc, pieces_over_tcp_are_linear, 0, LOADS);
	return suite;
}

int
main(void)
{
	return harness_main(cost_suite());
}
