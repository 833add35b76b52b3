/*
 * The memory of frames that are delivered in pieces: with hooks that keep
 * nothing, a channel never has more than 64 KiB, whatever the peer sends and
 * however that is cut, whether or not the application pauses: for what
 * libevent reads at once. What may be the beginning of a delimiter is held as
 * well; that takes at most 2.25 times the length of the delimiter.
 *
 * A pair is read all at once. What its peer has written is there only once, in
 * chains that refer to it, so what these take is counted, and is little.
 */

#include <stdlib.h>
#include <string.h>
#include "harness.h"
#include "ledger.h"
#include "tally.h"
#include "unit.h"

#define HELD ((size_t)64 << 10)
#define KEPT (512 + 256) /* a frame in progress, and when all was delivered */
#define SHORT 33 /* the longest delimiter, but for one test */
#define LONG ((size_t)256 << 10)
#define TURNS_MOST 256

static char stream[LONG];

struct held {
	struct tally t;
	size_t before; /* bytes, of the channel that has nothing */
	size_t most;   /* bytes above that are allowed */
};

static void
start(struct held *held, enum harness_carrier carrier)
{
	ledger_open();
	tally_start(&held->t, carrier, false);
	tally_unlimited(&held->t);
	/* With the buffer for chains, where it has one when bytes have come. */
	tally_send(&held->t, "x", 1);
	harness_turn(held->t.h);
	ck_assert_uint_eq(held->t.bytes, 1);
	held->t.bytes = held->t.pieces = 0;
	held->before = ledger_now();
	held->most = HELD;
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
send_pieces(struct held *held, size_t len, size_t piece)
{
	size_t at, n;

	for (at = 0; at < len; at += n) {
		n = len - at < piece ? len - at : piece;
		(void)ledger_most();
		tally_send(&held->t, stream + at, n);
		harness_turn(held->t.h);
		expect_most(held, "at once", ledger_most(), held->most);
	}
}

/* What the frames are made of, and what ends them. */

static const struct content {
	const char *delimiter; /* NULL: the count, or none if that is 0 */
	size_t count;
	const char *bytes;     /* again and again */
} contents[] = {
	{ "\r\n", 0, "text" },
	{ "\r\n", 0, "\r" },
	{ "\r\n", 0, "\r\n" },
	{ "\r\n", 0, "a line\r\n" },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", 0, "a" },
	{ NULL, SIZE_MAX, "text" },
	{ NULL, 1000, "text" },
	{ NULL, 0, "text" }
};

#define CONTENTS ((int)(sizeof(contents) / sizeof(contents[0])))

static void
fill(const char *bytes)
{
	size_t i, n = strlen(bytes);

	for (i = 0; i < sizeof(stream); i++)
		stream[i] = bytes[i % n];
}

static void
set_again(struct tally *t)
{
	const struct content *content = t->user;

	if (content->delimiter != NULL)
		tally_delimiter(t, content->delimiter,
		    strlen(content->delimiter));
	else if (content->count > 0)
		evchat_set_terminator_count(t->chat, content->count);
}

static void
start_content(struct held *held, enum harness_carrier carrier, int i)
{
	static const struct content *content;

	content = &contents[i];
	fill(content->bytes);
	start(held, carrier);
	held->t.user = (void *)(uintptr_t)content;
	held->t.on_frame = set_again;
	set_again(&held->t);
	/* With what is known of the terminator. */
	held->before = ledger_now();
}

static const enum harness_carrier carriers[] = {
	HARNESS_PAIR, HARNESS_SOCKET, HARNESS_TCP, HARNESS_FILTER,
#ifdef HAVE_OPENSSL
	HARNESS_TLS, HARNESS_TLS_FILTER
#endif
};

#define CARRIERS (sizeof(carriers) / sizeof(carriers[0]))

START_TEST(pieces_are_not_kept)
{
	static const size_t pieces[] = { 1, 64, 1460, 4096, LONG };
	struct held held;
	size_t c, i, len;

	for (c = 0; c < CARRIERS; c++)
		for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
			len = TURNS_MOST * pieces[i];
			start_content(&held, carriers[c], _i);
			send_pieces(&held, len < LONG ? len : LONG, pieces[i]);
			ck_assert_uint_gt(held.t.bytes + held.t.frames, 0);
			expect_most(&held, "at rest", ledger_now(),
			    KEPT);
			end(&held);
		}
}
END_TEST

/* Paused */

static void
pause_now(struct tally *t)
{
	evchat_pause(t->chat);
}

/* A peer that sends as long as it can does not get rid of much. */
START_TEST(paused_channel_does_not_read_on)
{
	static const size_t lengths[] = { 1, 1000, LONG };
	enum harness_carrier carrier = carriers[1 + (size_t)_i % 3];
	size_t i, turns;
	struct held held;

	start_content(&held, carrier, 0);
	held.t.on_data = pause_now;
	for (i = 0; i < 3; i++) {
		(void)ledger_most();
		for (turns = 0; turns < 100; turns++) {
			(void)harness_send_some(held.t.h, stream, lengths[i]);
			harness_turn(held.t.h);
			expect_most(&held, "at once", ledger_most(), HELD);
		}
		evchat_resume(held.t.chat);
	}
	ck_assert_uint_le(held.t.pieces, 3);
	held.t.on_data = NULL;
	evchat_resume(held.t.chat);
	harness_turn(held.t.h);
	expect_most(&held, "at the end", ledger_now(), KEPT);
	ck_assert_uint_gt(held.t.bytes, 1000);
	end(&held);
}
END_TEST

/* Paused in every piece: what is delivered goes, and the rest stays there. */
START_TEST(channel_that_pauses_in_every_piece_keeps_nothing)
{
	struct held held;

	start_content(&held, carriers[_i], 3);
	held.t.on_data = pause_now;
	tally_send(&held.t, stream, 4096);
	while (tally_unread(&held.t) > 2) {
		(void)ledger_most();
		evchat_resume(held.t.chat);
		harness_turn(held.t.h);
		expect_most(&held, "at once", ledger_most(), HELD);
	}
	ck_assert_uint_eq(held.t.pieces, 4096 / 8);
	end(&held);
}
END_TEST

/* A possible delimiter is held */

START_TEST(beginning_of_a_delimiter_is_held_and_no_more)
{
	static const size_t pieces[] = { 64, 1460, 65536 };
	size_t len = (size_t)1 << (4 * _i), i, most;
	char *delimiter = malloc(len);
	struct held held;

	ck_assert_ptr_nonnull(delimiter);
	most = (len < LONG ? len : LONG) * 9 / 4;
	fill("a");
	memset(delimiter, 'a', len);
	delimiter[len - 1] = 'b';
	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		start(&held, HARNESS_PAIR);
		tally_delimiter(&held.t, delimiter, len);
		held.before = ledger_now();
		held.most += most;
		send_pieces(&held, LONG, pieces[i]);
		if (len < LONG)
			ck_assert_uint_eq(held.t.bytes, LONG - len + 1);
		expect_most(&held, "at rest", ledger_now(), most + KEPT);
		end(&held);
	}
	free(delimiter);
}
END_TEST

static Suite *
held_suite(void)
{
	Suite *suite = suite_create("held");
	TCase *tc = harness_case(suite, "held");

	tcase_add_loop_test(tc, pieces_are_not_kept, 0, CONTENTS);
	tcase_add_loop_test(tc, paused_channel_does_not_read_on, 0, 3);
	tcase_add_loop_test(tc,
	    channel_that_pauses_in_every_piece_keeps_nothing, 0,
	    (int)CARRIERS);
	tcase_add_loop_test(tc, beginning_of_a_delimiter_is_held_and_no_more,
	    0, 6);
	return suite;
}

int
main(void)
{
	return harness_main(held_suite());
}
