/*
 * Framings that are switched very often, as protocols do it: a line says how
 * the next frame is cut, a hundred thousand times in one read. No switch may
 * allocate, but for what a framing of the application's keeps for each
 * channel, and none may nest. A turn that goes on later may, once, for the
 * event of that.
 */

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "harness.h"
#include "kinds.h"
#include "ledger.h"
#include "tally.h"
#include "unit.h"

#define FRAMES 100000
#define FIXED 3
#define OPENED 2 /* memory of an input that a turn does not leave at rest */
#define DEEPER 1024 /* bytes; turns may begin from different places */

/*
 * A message, and what is set at the end of each of its frames: a count of that
 * many bytes, a framing, or nothing. The first frame is a line.
 */
#define NOTHING '-'
#define LINE 'l'
#define DOT '.'
#define CHUNKED 'c'
#define KIND '@' /* and more: kinds[0] and those behind it */

struct way {
	const char *message;
	size_t len;
	const char *script;
};

static const struct way ways[] = {
	/* HTTP: a request, a header, an empty line, a body. */
	{ KIND_UNIT("POST / 5\r\nHost: a\r\n\r\nhello"), "--5l" },
	{ KIND_UNIT("POST /\r\nTransfer-Encoding: chunked\r\n\r\n"
	    "5\r\nhello\r\n0\r\n\r\n"), "--cl" },
	{ KIND_UNIT("GET /\r\n\r\nPOST /\r\n\r\n1\r\nx\r\n0\r\n\r\nPUT 3\r\n"
	    "\r\nabc"), "---cl-3l" },
	/* memcached: a line that has a length, so many bytes and a line end. */
	{ KIND_UNIT("set k 0 0 5\r\nhello\r\nget k\r\n"), "7l-" },
	/* RESP: each string has its length in a line. */
	{ KIND_UNIT("*2\r\n$3\r\nget\r\n$1\r\nk\r\n"), "-5l3l" },
	{ KIND_UNIT("$0\r\n\r\n"), "2l" },
	/* SMTP. */
	{ KIND_UNIT("DATA\r\n..hello\r\n.\r\nNOOP\r\n"), ".l-" },
	{ KIND_UNIT("DATA\r\n.\r\n"), ".l" },
	{ KIND_UNIT("\r\n"), "l" }
};

#define WAYS ((int)(sizeof(ways) / sizeof(ways[0])))

static struct evchat_framing *framings[KINDS];

static struct evchat_framing *
framing_of(char what)
{
	switch (what) {
	case LINE:
		return framings[kind_named("line") - kinds];
	case DOT:
		return framings[kind_named("dot") - kinds];
	case CHUNKED:
		return framings[kind_named("chunked") - kinds];
	default:
		return framings[what - KIND];
	}
}

static void
set_next(struct tally *t)
{
	const char *script = t->user;
	char what = script[(t->frames - 1) % strlen(script)];

	unit_look_at_stack();
	if (what == NOTHING)
		return;
	harness_must((what >= '0' && what <= '9' ?
	    evchat_set_terminator_count(t->chat, (uint64_t)(what - '0')) :
	    evchat_set_framing(t->chat, framing_of(what))) == 0,
	    "evchat_set_framing");
}

static void
start(struct tally *t, const char *script, bool whole, size_t size)
{
	size_t i;

	ledger_open();
	for (i = 0; i < KINDS; i++)
		framings[i] = kind_new(&kinds[i], FIXED);
	tally_start(t, HARNESS_PAIR, whole);
	t->on_frame = set_next;
	t->user = (void *)(uintptr_t)script;
	ck_assert_int_eq(evchat_set_framing(t->chat,
	    framing_of(LINE)), 0);
	ck_assert_int_eq(evchat_set_buffer_sizes(t->chat, size, 4096), 0);
}

static void
end(struct tally *t)
{
	size_t i;

	tally_free(t);
	for (i = 0; i < KINDS; i++)
		evchat_framing_free(framings[i]);
	ledger_end();
}

/* All of the stream in one read: the carrier is a pair. */
static void
read_at_once(struct tally *t, const char *stream, size_t len, size_t frames)
{
	uint64_t all = t->frames + frames;

	tally_send(t, stream, len);
	harness_turn(t->h);
	ck_assert_ptr_nonnull(t->chat);
	ck_assert_uint_eq(t->frames, all);
	ck_assert_uint_eq(tally_unread(t), 0);
}

/* A turn has so many bytes and steps, and of these a frame has at most three. */
static uint64_t
turns_of(size_t len, size_t frames, size_t size)
{
	return (len + 3 * frames) / size;
}

/* @param allocations for a message; size: of a turn, in bytes and steps */
static void
prove(const struct way *way, bool whole, size_t size, size_t allocations)
{
	size_t frames = strlen(way->script), times = FRAMES / frames + 1;
	struct kind_pattern pattern = {
		"line", false, way->message, way->len, NULL
	};
	size_t len = way->len * times, bytes;
	char *stream = kind_stream(&pattern, &len);
	struct tally t;
	uint64_t calls;

	start(&t, way->script, whole, size);
	/* Once, so that all that is kept is there. */
	read_at_once(&t, stream, len, frames * times);
	(void)unit_stack_depth();
	bytes = ledger_now();
	calls = ledger_calls();
	read_at_once(&t, stream, len, frames * times);
	/* But for the chain that came, and the buffer of chains. */
	calls = ledger_calls() - calls;
	ck_assert_uint_ge(calls, allocations * times);
	ck_assert_uint_le(calls, allocations * times + turns_of(len,
	    frames * times, size) + OPENED);
	ck_assert_uint_eq(ledger_now(), bytes);
	ck_assert_uint_lt(unit_stack_depth(), DEEPER);
	end(&t);
	free(stream);
}

START_TEST(protocols_switch_in_one_turn_without_allocating)
{
	prove(&ways[_i / 2], _i % 2 != 0, INT_MAX, 0);
}
END_TEST

START_TEST(protocols_switch_in_many_turns_without_allocating)
{
	prove(&ways[_i / 2], _i % 2 != 0, 1000, 0);
}
END_TEST

/* A frame of every kind, and at its end the next one is set. */

START_TEST(framings_of_all_kinds_switch_without_allocating)
{
	static char message[KINDS * sizeof(struct kind_sample)];
	static char script[KINDS + 1];
	struct way way = { message, 0, script };
	struct kind_sample sample;
	size_t i;

	for (i = 0; i < KINDS; i++) {
		kind_sample(&kinds[i], "xyz", &sample);
		memcpy(message + way.len, sample.wire, sample.len);
		way.len += sample.len;
		script[i] = (char)(KIND + (i + 1) % KINDS);
	}
	/* One of them has a state of its own. */
	prove(&way, _i % 2 != 0, _i < 2 ? INT_MAX : 1000, 1);
}
END_TEST

static Suite *
switch_framings_suite(void)
{
	Suite *suite = suite_create("switch_framings");
	TCase *tc = harness_case(suite, "switch_framings");

	tcase_add_loop_test(tc,
	    protocols_switch_in_one_turn_without_allocating, 0, 2 * WAYS);
	tcase_add_loop_test(tc,
	    protocols_switch_in_many_turns_without_allocating, 0, 2 * WAYS);
	tcase_add_loop_test(tc,
	    framings_of_all_kinds_switch_without_allocating, 0, 4);
	return suite;
}

int
main(void)
{
	return harness_main(switch_framings_suite());
}
