/*
 * Frames that lie ready are handed out many at a time, unless there is a
 * trace: then each is scanned by itself. So whatever a hook does and looks at,
 * with a trace and without it is told the same, at the same offsets, in the
 * same turns of the loop.
 */

#include <stdlib.h>
#include <string.h>
#include "deeds.h"
#include "harness.h"
#include "kinds.h"
#include "unit.h"

#define FRAMES 100
#define ROUNDS 40 /* of the loop, for each piece */

/* A stream, what is done in which of its frames, and how it comes. */

struct play {
	const struct kind *kind;
	char stream[FRAMES * 128];
	size_t len;
	const struct deed *in_frame[FRAMES];
	const char *delimiter; /* NULL: that of the kind */
	bool lines;        /* instead, with their ends, of two styles */
	size_t in_size;    /* 0: the default */
	uint64_t max;      /* 0: the default */
	size_t piece;      /* bytes that come at once */
	size_t chain;      /* and in chains of so many; 0: in one */
	bool pieces;
	bool in_collect;   /* and act in both */
	bool traced;
};

static void
add_frame(struct play *play, size_t len)
{
	static const char text[] = "XYZXYZXYZXYZXYZXYZXYZXYZXYZXYZ";
	struct kind_sample sample;
	char part[sizeof(text)];

	memcpy(part, text, len);
	part[len] = '\0';
	kind_sample(play->kind, part, &sample);
	if (sample.len > sizeof(play->stream) - play->len)
		return;
	memcpy(play->stream + play->len, sample.wire, sample.len);
	play->len += sample.len;
}

static void
on_frame(struct harness *h, const void *data, size_t len)
{
	const struct play *play = h->user;
	const struct deed *deed = play->in_frame[h->count++ % FRAMES];
	struct evchat_stats stats;
	char copy[64];

	if (len > sizeof(copy))
		len = sizeof(copy);
	if (len > 0)
		memcpy(copy, data, len);
	evchat_get_stats(h->chat, &stats, sizeof(stats));
	harness_note(h, "%zu=%ju@%ju:%ju-%ju", len,
	    (uintmax_t)evchat_get_frame_length(h->chat),
	    (uintmax_t)evchat_get_offset(h->chat),
	    (uintmax_t)stats.frames_in, (uintmax_t)stats.held_in);
	if (deed != NULL)
		deed->act(h);
	harness_must(len == 0 || memcmp(copy, data, len) == 0, "borrowed");
}

/* In collect something may be done, too. */
static void
on_collect(struct harness *h, const void *data, size_t len)
{
	const struct play *play = h->user;

	if (play->in_collect)
		on_frame(h, data, len);
}

static void
on_found(struct harness *h)
{
	on_frame(h, NULL, 0);
}

static void
ignore_trace(struct evchat *chat, enum evchat_trace what,
    const struct evbuffer_iovec *vec, int n, void *arg)
{
	(void)chat;
	(void)what;
	(void)vec;
	(void)n;
	(void)arg;
}

static void
start(struct harness *h, struct play *play)
{
	struct evchat_framing *framing = play->lines ?
	    evchat_framing_line(EVBUFFER_EOL_CRLF,
	    EVCHAT_FRAMING_KEEP_DELIMITER) : play->delimiter != NULL ?
	    unit_delimiter(play->delimiter, strlen(play->delimiter)) :
	    kind_new(play->kind, 3);

	h->user = play;
	h->output_events = true;
	h->script.frame = on_frame;
	h->script.collect = on_collect;
	h->script.found = on_found;
	harness_start(h, play->pieces ? &harness_streaming :
	    &harness_frames, 0);
	if (play->traced)
		evchat_set_trace(h->chat, ignore_trace, NULL);
	if (play->in_size > 0)
		evchat_set_buffer_sizes(h->chat, play->in_size, 100);
	if (play->max > 0)
		evchat_set_max_frame(h->chat, play->max,
		    EVCHAT_OVERSIZE_TRUNCATE);
	harness_must(evchat_set_framing(h->chat, framing) == 0, "framing");
	evchat_framing_free(framing);
	harness_turn(h);
}

/* The peer sends them. */
static void
send_piece(struct harness *h, const struct play *play, const char *bytes,
    size_t len)
{
	struct evbuffer *chains = evbuffer_new();
	size_t at, n;

	harness_must(chains != NULL, "evbuffer_new");
	for (at = 0; at < len; at += n) {
		n = play->chain > 0 && play->chain < len - at ? play->chain :
		    len - at;
		unit_add_chain(chains, bytes + at, n);
	}
	harness_must(bufferevent_write_buffer(h->peer_bev, chains) == 0,
	    "bufferevent_write_buffer");
	evbuffer_free(chains);
}

/* @return the transcript, with a mark for each round of the loop; to be freed */
static char *
run(struct play *play, bool traced)
{
	struct harness *h = harness_new(HARNESS_PAIR);
	size_t at, n;
	int i;
	char *text;

	play->traced = traced;
	start(h, play);
	for (at = 0; at < play->len && h->chat != NULL; at += n) {
		n = play->len - at < play->piece ? play->len - at : play->piece;
		send_piece(h, play, play->stream + at, n);
		for (i = 0; i < ROUNDS && h->chat != NULL; i++) {
			event_base_loop(h->base, EVLOOP_NONBLOCK | EVLOOP_ONCE);
			harness_note(h, ".");
		}
	}
	harness_turn(h);
	if (h->detached != NULL)
		harness_note_left(h);
	text = strdup(harness_transcript(h));
	harness_free(h);
	return text;
}

static void
expect_same_in(struct play *play, const char *what)
{
	char *expected = run(play, true), *got = run(play, false);

	ck_assert_msg(strcmp(expected, got) == 0, "%s, %s:\n one by one  %s\n "
	    "ready       %s", play->kind->name, what, expected, got);
	free(expected);
	free(got);
}

/* Whole and in pieces. */
static void
expect_same(struct play *play, const char *what)
{
	play->pieces = false;
	expect_same_in(play, what);
	play->pieces = true;
	expect_same_in(play, what);
}

static void
play_init(struct play *play, const struct kind *kind)
{
	memset(play, 0, sizeof(*play));
	play->kind = kind;
	play->piece = sizeof(play->stream);
}

/*
 * As many as there is room for, of different lengths, but for those that are
 * fixed, and a beginning.
 */
static void
add_frames(struct play *play, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		add_frame(play, play->kind->make == KIND_FIXED ? 3 : 1 + i % 6);
	play->len--;
}

/* The third frame is handed out with those behind it. */
START_TEST(hook_may_do_anything_in_the_middle)
{
	static struct play play;
	size_t i, frame;

	for (i = 0; i < DEEDS; i++) {
		play_init(&play, &kinds[_i]);
		add_frames(&play, 16);
		for (frame = 0; frame < 5; frame++) {
			memset(play.in_frame, 0, sizeof(play.in_frame));
			play.in_frame[frame] = &deeds[i];
			expect_same(&play, deeds[i].name);
			play.in_collect = !play.in_collect;
			expect_same(&play, deeds[i].name);
		}
	}
}
END_TEST

/* What one hook has done is there when the next ones are called. */
START_TEST(hooks_may_do_things_in_turn)
{
	static struct play play;
	size_t i;

	for (i = 0; i < DEEDS; i++) {
		play_init(&play, &kinds[_i]);
		add_frames(&play, 16);
		play.in_frame[1] = &(struct deed){ "push more", deed_push_more };
		play.in_frame[2] = &deeds[i];
		expect_same(&play, deeds[i].name);
		play.in_frame[3] = play.in_frame[4] = &deeds[i];
		expect_same(&play, deeds[i].name);
	}
}
END_TEST

/* In turns of so many bytes, each frame counting for one more. */
START_TEST(turns_are_as_long)
{
	static struct play play;

	play_init(&play, &kinds[_i]);
	add_frames(&play, 30);
	for (play.in_size = 1; play.in_size < 60; play.in_size += 2)
		expect_same(&play, "small turns");
}
END_TEST

START_TEST(maximum_is_as_exact)
{
	static struct play play;

	play_init(&play, &kinds[_i]);
	add_frames(&play, 30);
	for (play.max = 1; play.max < 8; play.max++)
		expect_same(&play, "a maximum");
}
END_TEST

/* Wherever the stream is cut, and whatever hooks do. */
START_TEST(anything_is_the_same)
{
	static struct play play;
	size_t i, cases = unit_cases(10);

	for (; cases > 0; cases--) {
		play_init(&play, &kinds[_i]);
		add_frames(&play, 1 + unit_random(FRAMES));
		for (i = unit_random(6); i > 0; i--)
			play.in_frame[unit_random(unit_random(2) ? 8 :
			    FRAMES)] = &deeds[unit_random(DEEDS)];
		play.in_size = unit_random(4) ? 0 : 1 + unit_random(100);
		play.max = unit_random(4) ? 0 : 1 + unit_random(6);
		play.in_collect = unit_random(2);
		play.chain = unit_random(2) ? 0 : 1 + unit_random(100);
		play.piece = unit_random(3) ? play.len : 1 +
		    unit_random(play.len);
		expect_same(&play, "anything");
	}
}
END_TEST

/* A frame that begins in one chain and ends in another one is like all others. */
START_TEST(chains_make_no_difference)
{
	static struct play play;
	size_t i, frame;

	play_init(&play, &kinds[_i]);
	add_frames(&play, 20);
	for (play.chain = 1; play.chain < 25; play.chain++) {
		play.in_size = play.chain % 4 == 0 ? play.chain : 0;
		play.max = play.chain % 3 == 0 ? 4 : 0;
		expect_same(&play, "chains");
	}
	play.in_size = play.max = 0;
	for (i = 0; i < DEEDS; i++)
		for (frame = 0; frame < 6; frame++) {
			memset(play.in_frame, 0, sizeof(play.in_frame));
			play.in_frame[frame] = &deeds[i];
			play.chain = 10 + frame;
			expect_same(&play, deeds[i].name);
		}
}
END_TEST

/*
 * What is known of bytes that were looked at and not delivered holds no more,
 * when it is set how they are cut before the next turn.
 */
START_TEST(between_turns_anything_may_be_set)
{
	static const struct deed later[] = {
		{ "set_terminator, later", deed_set_terminator_later },
		{ "unread, later", deed_unread_later }
	};
	static struct play play;
	size_t i, frame;

	for (i = 0; i < 2; i++)
		for (frame = 0; frame < 6; frame++) {
			play_init(&play, &kinds[_i]);
			add_frames(&play, 6);
			play.len -= 2;
			play.in_frame[frame] = &later[i];
			for (play.in_size = 1; play.in_size < 50;
			    play.in_size += 5)
				expect_same(&play, later[i].name);
		}
}
END_TEST

/* Such as begin or end with themselves, in streams of their own bytes. */
START_TEST(delimiters_may_overlap)
{
	static struct play play;
	char delimiter[13];
	size_t cases = unit_cases(300);

	for (; cases > 0; cases--) {
		play_init(&play, &kinds[0]);
		memset(delimiter, 0, sizeof(delimiter));
		unit_random_bytes(delimiter, 1 + unit_random(
		    unit_random(2) ? 3 : 12), "XY");
		play.delimiter = delimiter;
		play.len = 1 + unit_random(200);
		unit_random_bytes(play.stream, play.len, "XY");
		play.chain = unit_random(2) ? 0 : 1 + unit_random(50);
		expect_same(&play, delimiter);
	}
}
END_TEST

/* What is around each frame is not what is around the first one. */
START_TEST(lines_may_end_in_two_ways)
{
	static struct play play;
	size_t cases = unit_cases(50);

	for (; cases > 0; cases--) {
		play_init(&play, &kinds[0]);
		play.lines = true;
		play.len = 1 + unit_random(200);
		unit_random_bytes(play.stream, play.len, "XX\r\n");
		play.chain = unit_random(2) ? 0 : 1 + unit_random(50);
		expect_same(&play, "lines");
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ready");
	TCase *tc = harness_case(suite, "ready");

	tcase_add_loop_test(tc, hook_may_do_anything_in_the_middle, 0, KINDS);
	tcase_add_loop_test(tc, hooks_may_do_things_in_turn, 0, KINDS);
	tcase_add_loop_test(tc, turns_are_as_long, 0, KINDS);
	tcase_add_loop_test(tc, maximum_is_as_exact, 0, KINDS);
	tcase_add_loop_test(tc, anything_is_the_same, 0, KINDS);
	tcase_add_loop_test(tc, chains_make_no_difference, 0, KINDS);
	tcase_add_loop_test(tc, between_turns_anything_may_be_set, 0, KINDS);
	tcase_add_test(tc, delimiters_may_overlap);
	tcase_add_test(tc, lines_may_end_in_two_ways);
	return harness_main(suite);
}
