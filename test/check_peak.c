/*
 * The memory of whole frames: at every allocation, all that the library and
 * libevent have for a channel is at most 2.25 times the bytes that it received
 * and has not delivered, and 64 KiB. Frames are of 1 byte to 16 MiB, in pieces
 * of 1 to 65536 bytes, with a turn of the loop for each piece. What was there
 * before the first byte does not count.
 */

#include <stdlib.h>
#include <string.h>
#include "harness.h"
#include "ledger.h"
#include "tally.h"
#include "unit.h"

#define SLACK ((size_t)64 << 10)
#define KEPT (512 + 256) /* the input, and when all has been delivered */
#define LARGE ((size_t)1 << 20)
#define LARGEST ((size_t)16 << 20)
#define TURNS_MOST 4096 /* for smaller pieces no larger frame */

/* More than is sent at once; no byte of it ends a frame. */
static char filling[LARGEST];

struct peak {
	struct tally t;
	size_t before;     /* bytes, of the channel that has received nothing */
	size_t highest;    /* bytes above that and 2.25 times the received */
	uint64_t dropped;  /* of what was received, that need not be kept */
};

static void
start(struct peak *p, enum harness_carrier carrier)
{
	memset(p, 0, sizeof(*p));
	ledger_open();
	memset(filling, 'x', sizeof(filling));
	tally_start(&p->t, carrier, true);
	tally_unlimited(&p->t);
	harness_crlf(p->t.h);
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
expect_most(const char *when, size_t bytes, uint64_t received, size_t slack)
{
	uint64_t most = received * 9 / 4 + slack;

	if (bytes > most)
		ck_abort_msg("%s %zu bytes for %ju received", when, bytes,
		    (uintmax_t)received);
}

/* Send a piece, and look at what was allocated while it was dealt with. */
static void
send_piece(struct peak *p, const char *bytes, size_t len)
{
	uint64_t received;

	(void)ledger_most();
	tally_send(&p->t, bytes, len);
	received = tally_unread(&p->t) - p->dropped;
	harness_turn(p->t.h);
	expect_most("at once", ledger_most() - p->before, received, SLACK);
	received = tally_unread(&p->t) - p->dropped;
	expect_most("at rest", ledger_now() - p->before, received,
	    received == 0 ? KEPT : SLACK);
}

static void
send_pieces(struct peak *p, const char *bytes, size_t len, size_t piece)
{
	size_t at, n;

	for (at = 0; at < len; at += n) {
		n = len - at < piece ? len - at : piece;
		send_piece(p, bytes + at, n);
	}
}

/* How frames are cut, and over what. */

static const struct cut {
	enum harness_carrier carrier;
	size_t piece;
} cuts[] = {
	{ HARNESS_PAIR, 1 },
	{ HARNESS_PAIR, 64 },
	{ HARNESS_PAIR, 1460 },
	{ HARNESS_PAIR, 65536 },
	{ HARNESS_SOCKET, 1 },
	{ HARNESS_SOCKET, 64 },
	{ HARNESS_SOCKET, 1460 },
	{ HARNESS_SOCKET, 4096 },
	{ HARNESS_SOCKET, 65536 },
	{ HARNESS_TCP, 4096 },
	{ HARNESS_FILTER, 4096 }
};

#define CUTS ((int)(sizeof(cuts) / sizeof(cuts[0])))

static size_t
largest_of(const struct cut *cut)
{
	size_t most = TURNS_MOST * cut->piece;

	if (cut->carrier != HARNESS_PAIR && most > LARGE)
		most = LARGE;
	return most < LARGEST ? most : LARGEST;
}

START_TEST(frame_of_any_size_takes_2_25_times_its_bytes)
{
	const struct cut *cut = &cuts[_i];
	struct peak p;
	size_t len;

	start(&p, cut->carrier);
	for (len = 1; len <= largest_of(cut); len *= 4) {
		send_pieces(&p, filling, len, cut->piece);
		send_pieces(&p, "\r\n", 2, cut->piece);
		evchat_set_terminator_count(p.t.chat, len);
		send_pieces(&p, filling, len, cut->piece);
		harness_crlf(p.t.h);
	}
	ck_assert_uint_ge(p.t.frames, 12);
	end(&p);
}
END_TEST

/* Lines of 1 byte to 1 MiB, the ends of which are anywhere in a piece. */
static char *
lines(size_t *len)
{
	size_t at, n, i;
	char *stream;

	*len = 2 * LARGE;
	stream = malloc(*len);
	harness_must(stream != NULL, "memory");
	memset(stream, 'x', *len);
	for (i = at = 0; at < *len - 2; i++) {
		n = unit_random((size_t)1 << (i % 21));
		at = n < *len - 2 - at ? at + n : *len - 2;
		memcpy(stream + at, "\r\n", 2);
		at += 2;
	}
	*len = at;
	return stream;
}

START_TEST(frames_behind_each_other_take_what_the_unfinished_one_does)
{
	static const size_t pieces[] = { 100, 1000, 4096, 65536, 300000 };
	struct peak p;
	size_t i, len;
	char *stream = lines(&len);

	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		start(&p, HARNESS_PAIR);
		send_pieces(&p, stream, len, pieces[i]);
		ck_assert_uint_gt(p.t.frames, 20);
		end(&p);
	}
	free(stream);
}
END_TEST

/* The next frame has begun when the large one ends, in the same turn. */
START_TEST(place_of_a_large_frame_is_not_kept_for_a_small_one)
{
	struct peak p;

	start(&p, _i % 2 != 0 ? HARNESS_PAIR : HARNESS_SOCKET);
	ck_assert_int_eq(evchat_set_buffer_sizes(p.t.chat, LARGEST, 4096), 0);
	send_pieces(&p, filling, LARGE, 4096);
	send_piece(&p, "\r\nabc", 5);
	send_piece(&p, "d\r\nef", 5);
	send_piece(&p, "\r\n", 2);
	end(&p);
}
END_TEST

/* Above the maximum, what need not be delivered need not be kept. */
static void
send_oversize(struct peak *p, size_t max, size_t len, size_t piece,
    enum evchat_oversize policy)
{
	size_t at, kept = policy == EVCHAT_OVERSIZE_TRUNCATE ? max : 0;
	size_t most, received;

	ck_assert_int_eq(evchat_set_max_frame(p->t.chat, max, policy), 0);
	for (at = 0; at < len; at += piece) {
		(void)ledger_most();
		tally_send(&p->t, filling, piece);
		harness_turn(p->t.h);
		most = ledger_most() - p->before;
		/* The maximum has not been known to be passed before now. */
		received = at <= max ? at + piece : kept;
		expect_most("at once", most, received, SLACK);
		expect_most("at rest", ledger_now() - p->before,
		    at + piece <= max ? at + piece : kept, SLACK);
	}
	tally_send(&p->t, "\r\n", 2);
	harness_turn(p->t.h);
	expect_most("at the end", ledger_now() - p->before, 0, KEPT);
}

START_TEST(frame_above_the_maximum_takes_what_may_be_delivered)
{
	static const size_t pieces[] = { 64, 1460, 65536 };
	size_t max = _i % 2 != 0 ? 100000 : 1000, i, piece;
	enum evchat_oversize policy = _i > 1 ? EVCHAT_OVERSIZE_TRUNCATE :
	    EVCHAT_OVERSIZE_DISCARD;
	struct peak p;

	start(&p, HARNESS_PAIR);
	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		piece = pieces[i];
		send_oversize(&p, max, 4096 * piece < LARGEST ? 4096 * piece :
		    LARGEST, piece, policy);
		ck_assert_uint_eq(p.t.oversized, i + 1);
		ck_assert_uint_eq(p.t.frames,
		    policy == EVCHAT_OVERSIZE_TRUNCATE ? i + 1 : 0);
	}
	end(&p);
}
END_TEST

static Suite *
peak_suite(void)
{
	Suite *suite = suite_create("peak");
	TCase *tc = harness_case(suite, "peak");

	tcase_add_loop_test(tc, frame_of_any_size_takes_2_25_times_its_bytes,
	    0, CUTS);
	tcase_add_test(tc,
	    frames_behind_each_other_take_what_the_unfinished_one_does);
	tcase_add_loop_test(tc,
	    place_of_a_large_frame_is_not_kept_for_a_small_one, 0, 2);
	tcase_add_loop_test(tc,
	    frame_above_the_maximum_takes_what_may_be_delivered, 0, 4);
	return suite;
}

int
main(void)
{
	return harness_main(peak_suite());
}
