/*
 * The memory of whole frames under every framing: at every allocation, all
 * that the library and libevent have for a channel is at most 2.25 times the
 * bytes that it received of the frame in progress, and 64 KiB. That holds as
 * well where a frame is put together aside, and of one above the maximum no
 * more is kept than of one that is not.
 */

#include <stdlib.h>
#include <string.h>
#include "harness.h"
#include "kinds.h"
#include "ledger.h"
#include "tally.h"

#define SLACK ((size_t)64 << 10)
#define KEPT (512 + 512) /* the input, and when all was delivered: what is small */
#define LARGEST ((size_t)512 << 10)
#define TURNS_MOST 512 /* for smaller pieces no larger frame */

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* A frame of any size. */
static const struct kind_pattern patterns[] = {
	{ "kept delimiter", 0, KIND_UNIT("x"), "\r\n" },
	{ "delimiters", 0, KIND_UNIT("\r"), "\n" },
	{ "longest delimiters", 0, KIND_UNIT("x"), "\r\n" },
	{ "line", 0, KIND_UNIT("\r"), "\n" },
	{ "pure line", 0, KIND_UNIT("x"), "\r\n" },
	{ "any line", 0, KIND_UNIT("x"), "\r" },
	{ "length", 1, KIND_UNIT("x"), NULL },
	{ "delivered length", 1, KIND_UNIT("x"), NULL },
	{ "varint", 1, KIND_UNIT("x"), NULL },
	{ "netstring", 1, KIND_UNIT("x"), "," },
	{ "octet count", 1, KIND_UNIT("x"), NULL },
	{ "dot", 0, KIND_UNIT("x"), "\r\n.\r\n" },
	{ "dot", 0, KIND_UNIT("..\r\n"), ".\r\n" },
	{ "dot", 0, KIND_UNIT("\r"), "\n.\r\n" },
	{ "chunked", 1, KIND_UNIT("x"), "\r\n0\r\n\r\n" },
	{ "chunked", 0, KIND_UNIT("1\r\nx\r\n"), "0\r\n\r\n" },
	{ "chunked", 0, KIND_UNIT("8;abcd\r\nabcdefgh\r\n"), "0\r\n\r\n" },
	{ "chunked with trailers", 1, KIND_UNIT("x"),
	    "\r\n0\r\nlength: 1\r\nof: it\r\n\r\n" },
	{ "semicolon", 0, KIND_UNIT("x"), ";" },
	{ "pair", 0, KIND_UNIT("x;"), ";" },
	{ "numbered", 1, KIND_UNIT("x"), NULL }
};

static const struct cut {
	enum harness_carrier carrier;
	size_t piece;
} cuts[] = {
	{ HARNESS_PAIR, 1 },
	{ HARNESS_PAIR, 64 },
	{ HARNESS_PAIR, 1460 },
	{ HARNESS_PAIR, 65536 },
	{ HARNESS_PAIR, LARGEST },
	{ HARNESS_SOCKET, 1460 },
	{ HARNESS_SOCKET, 65536 }
};

struct peak {
	struct tally t;
	size_t before;   /* bytes, of the channel that has received nothing */
	uint64_t ended;  /* the offset behind the last frame */
};

/* What was decoded of the frame in progress counts as delivered. */
static void
note_end(struct tally *t)
{
	((struct peak *)t->user)->ended = evchat_get_offset(t->chat);
}

static void
start(struct peak *p, enum harness_carrier carrier, const char *kind,
    size_t size)
{
	struct evchat_framing *framing;

	memset(p, 0, sizeof(*p));
	ledger_open();
	framing = kind_new(kind_named(kind), size);
	tally_start(&p->t, carrier, true);
	tally_unlimited(&p->t);
	p->t.user = p;
	p->t.on_frame = note_end;
	ck_assert_int_eq(evchat_set_framing(p->t.chat, framing), 0);
	evchat_framing_free(framing);
	harness_turn(p->t.h);
	p->before = ledger_now();
}

static void
end(struct peak *p)
{
	tally_free(&p->t);
	ledger_end();
}

static void
expect_most(const struct peak *p, const char *when, size_t bytes,
    uint64_t received, size_t slack)
{
	uint64_t most = received * 9 / 4 + slack;

	if (bytes > p->before + most)
		ck_abort_msg("%s %zu bytes for %ju received", when,
		    bytes - p->before, (uintmax_t)received);
}

/* Send a piece, and look at what was allocated while it was dealt with. */
static void
send_piece(struct peak *p, const char *bytes, size_t len)
{
	uint64_t received;

	(void)ledger_most();
	tally_send(&p->t, bytes, len);
	received = p->t.sent - p->ended;
	harness_turn(p->t.h);
	ck_assert_ptr_nonnull(p->t.chat);
	expect_most(p, "at once", ledger_most(), received, SLACK);
	received = p->t.sent - p->ended;
	expect_most(p, "at rest", ledger_now(), received,
	    received == 0 ? KEPT : SLACK);
}

static void
send_frame(struct peak *p, const struct kind_pattern *pattern, size_t len,
    size_t piece)
{
	char *stream = kind_stream(pattern, &len);
	size_t at, n;

	for (at = 0; at < len; at += n) {
		n = len - at < piece ? len - at : piece;
		send_piece(p, stream + at, n);
	}
	free(stream);
}

static void
prove(const struct cut *cut, const struct kind_pattern *pattern)
{
	size_t most = TURNS_MOST * cut->piece, len, frames = 0;
	struct peak p;

	if (most > LARGEST)
		most = LARGEST;
	start(&p, cut->carrier, pattern->kind, 1);
	for (len = pattern->unit_len; len <= most; len *= 4) {
		send_frame(&p, pattern, len, cut->piece);
		frames++;
	}
	ck_assert_uint_eq(p.t.frames, frames);
	end(&p);
}

START_TEST(frame_of_any_kind_takes_2_25_times_its_bytes)
{
	size_t i;

	for (i = 0; i < N(cuts); i++)
		prove(&cuts[i], &patterns[_i]);
}
END_TEST

/* All frames have the same size, but they are many. */
START_TEST(fixed_frames_take_2_25_times_their_bytes)
{
	static const struct kind_pattern bytes = {
		"fixed", 0, KIND_UNIT("x"), NULL
	};
	size_t i, sizes[] = { 1, 1000, 100000 };
	struct peak p;

	for (i = 0; i < N(sizes); i++) {
		start(&p, cuts[_i].carrier, "fixed", sizes[i]);
		send_frame(&p, &bytes, 3 * sizes[i], cuts[_i].piece < 64 ? 64 :
		    cuts[_i].piece);
		ck_assert_uint_eq(p.t.frames, 3);
		end(&p);
	}
}
END_TEST

/* Above the maximum */

static void
send_oversize(struct peak *p, const struct kind_pattern *pattern, size_t max,
    size_t piece)
{
	size_t len = LARGEST / 2, at, n, known;
	char *stream = kind_stream(pattern, &len);

	for (at = 0; at < len; at += n) {
		n = len - at < piece ? len - at : piece;
		(void)ledger_most();
		tally_send(&p->t, stream + at, n);
		harness_turn(p->t.h);
		known = at + n < max + piece ? at + n : max + piece;
		expect_most(p, "at once", ledger_most(), known, SLACK);
	}
	expect_most(p, "at the end", ledger_now(), 0, KEPT);
	free(stream);
}

START_TEST(frame_above_the_maximum_takes_no_more_than_one_below)
{
	static const size_t pieces[] = { 64, 1460, 65536 };
	static const size_t maxima[] = { 1000, 20000 };
	static const enum evchat_oversize policies[] = {
		EVCHAT_OVERSIZE_DISCARD, EVCHAT_OVERSIZE_TRUNCATE
	};
	const struct kind_pattern *pattern = &patterns[_i];
	size_t i, j, k;
	struct peak p;

	start(&p, HARNESS_PAIR, pattern->kind, 1);
	for (i = 0; i < N(pieces); i++)
		for (j = 0; j < N(maxima); j++)
			for (k = 0; k < N(policies); k++) {
				ck_assert_int_eq(evchat_set_max_frame(p.t.chat,
				    maxima[j], policies[k]), 0);
				send_oversize(&p, pattern, maxima[j],
				    pieces[i]);
			}
	ck_assert_uint_eq(p.t.oversized,
	    N(pieces) * N(maxima) * N(policies));
	ck_assert_uint_eq(p.t.frames, p.t.oversized / N(policies));
	end(&p);
}
END_TEST

static Suite *
peak_framings_suite(void)
{
	Suite *suite = suite_create("peak_framings");
	TCase *tc = harness_case(suite, "peak_framings");

	tcase_add_loop_test(tc, frame_of_any_kind_takes_2_25_times_its_bytes,
	    0, (int)N(patterns));
	tcase_add_loop_test(tc, fixed_frames_take_2_25_times_their_bytes, 0,
	    (int)N(cuts));
	tcase_add_loop_test(tc,
	    frame_above_the_maximum_takes_no_more_than_one_below, 0,
	    (int)N(patterns));
	return suite;
}

int
main(void)
{
	return harness_main(peak_framings_suite());
}
