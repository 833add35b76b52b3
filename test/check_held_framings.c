/*
 * The memory of frames that are delivered in pieces, under every framing: with
 * hooks that keep nothing a channel never has more than 64 KiB, whatever the
 * peer sends and however that is cut. Headers and what may be a delimiter are
 * held, which takes at most 2.25 times their length; extensions and trailers
 * are not.
 *
 * A pair is read all at once. What its peer has written is there only once, in
 * chains that refer to it, so what these take is counted, and is little.
 */

#include <stdlib.h>
#include <string.h>
#include "harness.h"
#include "kinds.h"
#include "ledger.h"
#include "tally.h"

#define HELD ((size_t)65 << 10) /* what is read at once, and the frame in progress */
#define KEPT (512 + 256) /* a frame in progress, and when all was delivered */
#define LONG ((size_t)128 << 10)
#define TURNS_MOST 256

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* What is sent, again and again, and the longest part of it that is held. */
static const struct content {
	struct kind_pattern pattern;
	size_t held;
} contents[] = {
#define X30 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
#define X300 X30 X30 X30 X30 X30 X30 X30 X30 X30 X30
#define X3000 X300 X300 X300 X300 X300 X300 X300 X300 X300 X300
#define Z10 "\0\0\0\0\0\0\0\0\0\0"
#define Z100 Z10 Z10 Z10 Z10 Z10 Z10 Z10 Z10 Z10 Z10
#define Z1000 Z100 Z100 Z100 Z100 Z100 Z100 Z100 Z100 Z100 Z100
	{ { "kept delimiter", 0, KIND_UNIT("a\r\r\n"), NULL }, 2 },
	{ { "delimiters", 0, KIND_UNIT("\r"), NULL }, 1 },
	{ { "delimiters of many beginnings", 0, KIND_UNIT("a"), NULL }, 37 },
	{ { "longest delimiters", 0, KIND_UNIT("\r"), NULL }, 2 },
	{ { "longest delimiters of many beginnings", 0, KIND_UNIT("a"), NULL },
	    64 },
	{ { "line", 0, KIND_UNIT("a line\r\n"), NULL }, 1 },
	{ { "line", 0, KIND_UNIT("\r"), NULL }, 1 },
	{ { "pure line", 0, KIND_UNIT("\r\n"), NULL }, 1 },
	{ { "strict line without bare LF", 0, KIND_UNIT("\r"), NULL }, 1 },
	{ { "any line", 0, KIND_UNIT("\r\n"), "x" }, 0 },
	{ { "any line", 0, KIND_UNIT("x"), NULL }, 0 },
	{ { "fixed", 0, KIND_UNIT("x"), NULL }, 0 },
	{ { "length", 1, KIND_UNIT("x"), NULL }, 4 },
	{ { "length", 0, KIND_UNIT("\0\0\0\3abc"), NULL }, 4 },
	{ { "delivered length", 1, KIND_UNIT("x"), NULL }, 10 },
	{ { "length with a long header", 0, KIND_UNIT(Z1000 "\0\0\0\1x"),
	    NULL }, 1004 },
	{ { "varint", 0, KIND_UNIT("\x83\x80\x80\0abc"), NULL }, 10 },
	{ { "netstring", 1, KIND_UNIT("x"), NULL }, 20 },
	{ { "netstring", 0, KIND_UNIT("3:abc,"), NULL }, 20 },
	{ { "octet count", 0, KIND_UNIT("3 abc"), NULL }, 20 },
	{ { "dot", 0, KIND_UNIT("..\r\n.\r\r\n"), NULL }, 1 },
	{ { "dot", 0, KIND_UNIT("\r"), NULL }, 1 },
	{ { "dot", 0, KIND_UNIT("a\r\n.\r\n"), NULL }, 1 },
	{ { "chunked", 1, KIND_UNIT("x"), NULL }, 0 },
	{ { "chunked", 0, KIND_UNIT("1\r\nx\r\n"), NULL }, 0 },
	{ { "chunked", 0, KIND_UNIT("1;" X3000 X300 X300
	    "\r\nx\r\n0\r\n\r\n"), NULL }, 0 },
	{ { "chunked", 0, KIND_UNIT("1\r\nx\r\n0\r\n"
	    "a:" X3000 X3000 X3000 "\r\nb:" X3000 "\r\n\r\n"), NULL }, 0 },
	{ { "chunked with trailers", 0, KIND_UNIT("1\r\nx\r\n0\r\n"
	    "a:" X3000 X3000 X3000 "\r\nb:" X3000 "\r\n\r\n"), NULL }, 0 },
	{ { "semicolon", 0, KIND_UNIT("abc;"), NULL }, 0 },
	/* What it wants to see again is seen with some of what is behind it. */
	{ { "pair", 0, KIND_UNIT("x;"), NULL }, 1024 },
	{ { "numbered", 1, KIND_UNIT("x"), NULL }, 8 }
};

struct held {
	struct tally t;
	size_t before; /* bytes, of the channel that has received nothing */
};

static void
start(struct held *held, enum harness_carrier carrier,
    const struct content *content)
{
	struct evchat_framing *framing;

	ledger_open();
	framing = kind_new(kind_named(content->pattern.kind), 1000);
	tally_start(&held->t, carrier, false);
	tally_unlimited(&held->t);
	ck_assert_int_eq(evchat_set_framing(held->t.chat, framing), 0);
	evchat_framing_free(framing);
	harness_turn(held->t.h);
	held->before = ledger_now();
}

static void
end(struct held *held)
{
	tally_free(&held->t);
	ledger_end();
}

static void
expect_most(const struct held *held, const char *when, size_t bytes,
    size_t most)
{
	if (bytes > held->before + most)
		ck_abort_msg("%s %zu bytes, of %ju received", when,
		    bytes - held->before, (uintmax_t)held->t.sent);
}

static void
send_pieces(struct held *held, const struct content *content, size_t piece)
{
	size_t len = TURNS_MOST * piece < LONG ? TURNS_MOST * piece :
	    2 * LONG;
	size_t at, n;
	char *stream;

	if (len < content->pattern.unit_len)
		len = content->pattern.unit_len;
	stream = kind_stream(&content->pattern, &len);
	for (at = 0; at < len; at += n) {
		n = len - at < piece ? len - at : piece;
		(void)ledger_most();
		tally_send(&held->t, stream + at, n);
		harness_turn(held->t.h);
		ck_assert_ptr_nonnull(held->t.chat);
		expect_most(held, "at once", ledger_most(), HELD);
		/* What is held of a header may be anything up to all. */
		expect_most(held, "meanwhile", ledger_now(),
		    KEPT + content->held * 9 / 4);
	}
	ck_assert_uint_gt(held->t.bytes + held->t.frames, 0);
	free(stream);
}

START_TEST(nothing_but_headers_and_delimiters_is_held)
{
	static const enum harness_carrier carriers[] = {
		HARNESS_PAIR, HARNESS_SOCKET
	};
	static const size_t pieces[] = { 1, 64, 1460, LONG };
	struct held held;
	size_t c, i;

	for (c = 0; c < N(carriers); c++)
		for (i = 0; i < N(pieces); i++) {
			start(&held, carriers[c], &contents[_i]);
			send_pieces(&held, &contents[_i], pieces[i]);
			end(&held);
		}
}
END_TEST

static Suite *
held_framings_suite(void)
{
	Suite *suite = suite_create("held_framings");
	TCase *tc = harness_case(suite, "held_framings");

	tcase_add_loop_test(tc, nothing_but_headers_and_delimiters_is_held, 0,
	    (int)N(contents));
	return suite;
}

int
main(void)
{
	return harness_main(held_framings_suite());
}
