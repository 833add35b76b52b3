/*
 * Terminators that are switched very often: in found and in frame, for each of
 * a hundred thousand frames that come in one read. No switch may allocate but
 * for a delimiter that the channel has not got, and none may nest. A turn that
 * goes on later may, once, for the event of that.
 */

#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include "harness.h"
#include "ledger.h"
#include "tally.h"
#include "unit.h"

#define SWITCHES 100002 /* as many as the ways have frames, repeated */
#define OPENED 2 /* memory of an input that a turn does not leave at rest */
#define DEEPER 1024 /* bytes; turns may begin from different places */

/* What to do in each found or frame; the frames so far tell which it is. */

static struct evchat_framing *line, *semicolon;

static void
set_line_or_count(struct tally *t)
{
	unit_look_at_stack();
	if (t->frames % 2 != 0)
		harness_must(evchat_set_terminator_count(t->chat, 1) == 0,
		    "evchat_set_terminator_count");
	else
		tally_delimiter(t, "\n", 1);
}

static void
set_framing(struct tally *t)
{
	unit_look_at_stack();
	harness_must(evchat_set_framing(t->chat,
	    t->frames % 2 != 0 ? semicolon : line) == 0, "evchat_set_framing");
}

static void
set_same(struct tally *t)
{
	unit_look_at_stack();
	tally_delimiter(t, "\n", 1);
}

static void
set_another(struct tally *t)
{
	unit_look_at_stack();
	tally_delimiter(t, t->frames % 2 != 0 ? ";" : "\n", 1);
}

static void
set_count_zero(struct tally *t)
{
	unit_look_at_stack();
	if (t->frames % SWITCHES == 0)
		tally_delimiter(t, "\n", 1);
	else
		harness_must(evchat_set_terminator_count(t->chat, 0) == 0,
		    "evchat_set_terminator_count");
}

/* All kinds, none for a moment among them. */
static void
set_all(struct tally *t)
{
	evchat_set_terminator_none(t->chat);
	switch (t->frames % 3) {
	case 0:
		set_framing(t);
		break;
	case 1:
		set_count_zero(t);
		break;
	default:
		harness_must(evchat_set_terminator_count(t->chat, 2) == 0,
		    "evchat_set_terminator_count");
	}
}

static const struct way {
	void (*set)(struct tally *t);
	const char *stream;    /* again and again */
	size_t frames;         /* in it */
	size_t allocations;    /* of each switch */
} ways[] = {
	{ set_line_or_count, "a\nb", 2, 0 },
	{ set_framing, "a\nb;", 2, 0 },
	{ set_same, "\n", 1, 0 },
	{ set_another, "a\n;", 2, 0 },
	/* One line, and then no byte more: all of them are empty. */
	{ set_count_zero, "\n", SWITCHES, 0 },
	/* The framing, nothing, two bytes. */
	{ set_all, "\nab;ab", 6, 0 }
};

#define WAYS ((int)(sizeof(ways) / sizeof(ways[0])))

static char *
repeated(const char *part, size_t times)
{
	size_t i, n = strlen(part);
	char *stream = malloc(n * times + 1);

	harness_must(stream != NULL, "memory");
	for (i = 0; i < times; i++)
		memcpy(stream + i * n, part, n);
	stream[n * times] = '\0';
	return stream;
}

/* All of the stream in one read: the carrier is a pair. */
static void
read_at_once(struct tally *t, const char *stream)
{
	uint64_t frames = t->frames + SWITCHES;

	tally_send(t, stream, strlen(stream));
	harness_turn(t->h);
	ck_assert_uint_eq(t->frames, frames);
	ck_assert_uint_eq(tally_unread(t), 0);
}

/* A turn has so many bytes and steps, and of these a frame has at most two. */
static uint64_t
turns_of(size_t len, size_t size)
{
	return (len + 2 * SWITCHES) / size;
}

/* @param size of a turn, in bytes and steps */
static void
prove(const struct way *way, bool whole, size_t size)
{
	char *stream = repeated(way->stream, SWITCHES / way->frames);
	struct tally t;
	uint64_t calls, switches = way->allocations * SWITCHES;
	size_t bytes;

	tally_start(&t, HARNESS_PAIR, whole);
	t.on_frame = way->set;
	tally_delimiter(&t, "\n", 1);
	ck_assert_int_eq(evchat_set_buffer_sizes(t.chat, size, 4096), 0);
	/* Once, so that libevent has all that it keeps. */
	read_at_once(&t, stream);
	(void)unit_stack_depth();
	bytes = ledger_now();
	calls = ledger_calls();
	read_at_once(&t, stream);
	/* But for the chain that came, and the buffer of chains. */
	calls = ledger_calls() - calls;
	ck_assert_uint_ge(calls, switches);
	ck_assert_uint_le(calls, switches + turns_of(strlen(stream), size) +
	    OPENED);
	ck_assert_uint_eq(ledger_now(), bytes);
	ck_assert_uint_lt(unit_stack_depth(), DEEPER);
	tally_free(&t);
	free(stream);
}

static void
prove_both(int i, size_t size)
{
	ledger_open();
	line = evchat_framing_delimiter("\n", 1, 0);
	semicolon = evchat_framing_delimiter(";", 1, 0);
	ck_assert(line != NULL && semicolon != NULL);
	prove(&ways[i / 2], i % 2 != 0, size);
	evchat_framing_free(line);
	evchat_framing_free(semicolon);
	ledger_close();
}

START_TEST(switches_in_one_turn_neither_allocate_nor_nest)
{
	prove_both(_i, INT_MAX);
}
END_TEST

START_TEST(switches_in_many_turns_neither_allocate_nor_nest)
{
	prove_both(2 * _i, 1000);
}
END_TEST

static Suite *
switch_suite(void)
{
	Suite *suite = suite_create("switch");
	TCase *tc = harness_case(suite, "switch");

	tcase_add_loop_test(tc,
	    switches_in_one_turn_neither_allocate_nor_nest, 0, 2 * WAYS);
	tcase_add_loop_test(tc,
	    switches_in_many_turns_neither_allocate_nor_nest, 0, WAYS);
	return suite;
}

int
main(void)
{
	return harness_main(switch_suite());
}
