/*
 * Random protocols: hooks that change the framing, the maximum and the hooks,
 * pause and unread, as dice tell them that only know how many frames there
 * have been. However the input is cut and whatever carries it, all must come
 * to the same.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness.h"

#define PROTOCOLS 150 /* EVCHAT_TEST_CASES */
#define LEN_MAX 32
#define MOVES_MAX 60  /* then the hooks do nothing any more */
#define UNREADS_MAX 4

static unsigned seed; /* of the protocol that is running */

/* Dice that fall the same whenever they are cast for the same thing. */
static unsigned
cast(int n, unsigned what, unsigned sides)
{
	unsigned value = seed * 2654435761u + (unsigned)n * 40503u +
	    what * 2246822519u;

	value ^= value >> 15;
	value *= 2246822519u;
	value ^= value >> 13;
	value *= 3266489917u;
	value ^= value >> 16;
	return value % sides;
}

static void
set_framing(struct harness *h, int n)
{
	static const char *const delimiters[] = { "\r\n", "\n", "a", "aab",
	    "abab", "\r\r\n" };
	const char *delimiter = delimiters[cast(n, 1, 6)];

	if (cast(n, 2, 3) == 0)
		harness_ok(h, evchat_set_terminator_count(h->chat, cast(n, 3,
		    6)));
	else
		harness_ok(h, evchat_set_terminator(h->chat, delimiter,
		    strlen(delimiter)));
}

/* So seldom that it comes to an end. */
static void
unread(struct harness *h, int n)
{
	static const char *const texts[] = { "a", "\n", "ab\r\n", "\raab",
	    "bbbbbbb" };
	const char *text = texts[cast(n, 4, 5)];

	if (n < UNREADS_MAX)
		harness_ok(h, evchat_unread(h->chat, text, strlen(text)));
}

static void
pause_for_a_turn(struct harness *h)
{
	evchat_pause(h->chat);
	harness_later(h, harness_resume);
}

static void
change_hooks(struct harness *h, int n)
{
	harness_ok(h, evchat_set_hooks(h->chat, cast(n, 5, 2) == 0 ?
	    &harness_streaming : &harness_frames, h));
}

static void
set_max(struct harness *h, int n)
{
	static const enum evchat_oversize policies[] = {
		EVCHAT_OVERSIZE_DISCARD, EVCHAT_OVERSIZE_TRUNCATE,
		EVCHAT_OVERSIZE_DISCARD, EVCHAT_OVERSIZE_TRUNCATE,
		EVCHAT_OVERSIZE_CLOSE
	};

	harness_ok(h, evchat_set_max_frame(h->chat, cast(n, 6, 5),
	    policies[cast(n, 7, 5)]));
}

/* What a hook that is told once a frame does. */
static void
move(struct harness *h)
{
	int n = h->count++;

	harness_note(h, "%ju at %ju",
	    (uintmax_t)evchat_get_frame_length(h->chat),
	    (uintmax_t)evchat_get_offset(h->chat));
	if (n >= MOVES_MAX)
		return;
	switch (cast(n, 8, 9)) {
	case 0:
	case 1:
		set_framing(h, n);
		break;
	case 2:
		set_max(h, n);
		break;
	case 3:
		pause_for_a_turn(h);
		break;
	case 4:
		unread(h, n);
		break;
	case 5:
		change_hooks(h, n);
		break;
	case 6:
		pause_for_a_turn(h);
		change_hooks(h, n);
		unread(h, n);
		set_framing(h, n);
		break;
	default: /* a one-shot count must not be the last */
		if (evchat_get_framing(h->chat) == NULL)
			set_framing(h, n);
	}
}

static void
move_with_frame(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	move(h);
}

static void
move_at_event(struct harness *h, enum evchat_event what)
{
	harness_note_partial(h);
	if (what == EVCHAT_EVENT_OVERSIZE && cast(h->count, 9, 3) == 0)
		move(h);
}

static void
note_partial_in_closed(struct harness *h, enum evchat_reason why)
{
	(void)why;
	harness_note_partial(h);
}

static void
begin(struct harness *h)
{
	harness_note(h, "seed %u", seed);
	set_framing(h, -1);
	if (cast(-1, 10, 2) == 0)
		set_max(h, -1);
}

static size_t
random_input(char *input)
{
	size_t i, len = 8 + cast(-1, 11, LEN_MAX - 8);

	for (i = 0; i < len; i++)
		input[i] = "aaab\r\n\nb"[cast((int)i, 12, 8)];
	return len;
}

static void
prove_protocol(void)
{
	static const enum harness_carrier carriers[] = { HARNESS_SOCKET,
	    HARNESS_BEV_DEFER, HARNESS_RATED, HARNESS_PAIR, HARNESS_FRAGMENT,
	    HARNESS_WAITING, HARNESS_FILTER_DEFER,
#ifdef HAVE_OPENSSL
	    HARNESS_TLS_TCP, HARNESS_TLS_OVER_FILTER
#endif
	};
	const struct harness_cuts uncut = { NULL, 0, false };
	char input[LEN_MAX], *expect;
	struct harness_scenario s = {
		.input = input, .len = random_input(input),
		.eof = cast(-1, 13, 3) != 0, .start = begin,
		.hooks = cast(-1, 14, 2) == 0 ? &harness_streaming :
		    &harness_frames,
		.options = cast(-1, 15, 2) == 0 ? EVCHAT_OPT_DELIVER_LAST : 0,
		.script = { .found = move, .frame = move_with_frame,
		    .event = move_at_event, .closed = note_partial_in_closed }
	};
	size_t i;

	s.expect = expect = harness_run(&s, HARNESS_BEV, &uncut);
	for (i = 0; i < sizeof(carriers) / sizeof(carriers[0]); i++)
		harness_prove_on(&s, carriers[i]);
	free(expect);
}

START_TEST(any_protocol_comes_to_the_same_at_every_cut)
{
	const char *value = getenv("EVCHAT_TEST_CASES");
	unsigned n = value != NULL ? (unsigned)atoi(value) : PROTOCOLS;

	value = getenv("EVCHAT_TEST_SEED");
	seed = value != NULL ? (unsigned)atoi(value) : 1;
	for (; n > 0; n--, seed++)
		prove_protocol();
}
END_TEST

/* One byte a turn, and fixed hooks. */
static void
begin_slowly(struct harness *h)
{
	harness_ok(h, evchat_set_buffer_sizes(h->chat, 1, 1));
	harness_ok(h, evchat_set_terminator(h->chat, "\r\n", 2));
}

static void
answer(struct harness *h, const void *data, size_t len)
{
	harness_ok(h, evchat_push_frame(h->chat, data, len));
}

START_TEST(buffer_sizes_do_not_change_what_is_delivered)
{
	static const struct harness_scenario streaming = {
		.input = "ab\r\n\r\ncd\re\r\nf\r", .eof = true,
		.start = begin_slowly,
		.expect = "collect:ab|found|found|collect:cd\\re|found"
		    "|collect:f\\r|event:eof|closed:truncated"
	};
	static const struct harness_scenario frames = {
		.input = "ab\r\n\r\ncd\re\r\n", .eof = true,
		.start = begin_slowly, .script.frame = answer,
		.hooks = &harness_frames, .until_closed = true,
		.output = "ab\r\n\r\ncd\re\r\n",
		.expect = "frame:ab|frame:|frame:cd\\re|event:eof|closed:eof"
	};

	harness_prove(&streaming);
	harness_prove(&frames);
}
END_TEST

static Suite *
cuts_suite(void)
{
	Suite *suite = suite_create("cuts");
	TCase *tc = harness_case(suite, "cuts");

	tcase_add_test(tc, any_protocol_comes_to_the_same_at_every_cut);
	tcase_add_test(tc, buffer_sizes_do_not_change_what_is_delivered);
	return suite;
}

int
main(void)
{
	return harness_main(cuts_suite());
}
