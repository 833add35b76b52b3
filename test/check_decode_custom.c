/*
 * Framings of an application's own: what their splitters are shown, and what
 * becomes of a channel whose splitter says what cannot be. What right ones
 * come to is in the tables.
 */

#include <stdlib.h>
#include <string.h>
#include "decode.h"
#include "harness.h"

static struct evchat_framing *framing;

static void
begin(struct harness *h)
{
	harness_ok(h, evchat_set_framing(h->chat, framing));
}

static void
begin_again(struct harness *h)
{
	begin(h);
}

/* With the splitter's arg. */
static void
make(const struct evchat_framing_ops *ops, void *arg)
{
	framing = evchat_framing_custom(ops, arg);
	ck_assert_ptr_nonnull(framing);
}

static void
give_back(void)
{
	evchat_framing_free(framing);
	framing = NULL;
}

/* What a splitter is shown */

/* Frames of a semicolon; the last byte is asked for again unless it ends one. */
static enum evchat_split_result
split_showing(const void *data, size_t len, struct evchat_split *found,
    void *state, void *arg)
{
	const char *bytes = data;
	const char *end = len > 0 ? memchr(bytes, ';', len) : NULL;

	(void)state;
	harness_must(found->head + found->data + found->tail + found->again ==
	    0 && found->length == 0 && found->bad == 0 && found->error == NULL,
	    "it is all zeros");
	harness_must(data != NULL, "no bytes are somewhere, too");
	unit_note_bytes(arg, "shown", data, len);
	if (end == NULL) {
		found->again = len > 0;
		found->data = len - found->again;
		return EVCHAT_SPLIT_MORE;
	}
	found->data = (size_t)(end - bytes);
	found->tail = 1;
	return EVCHAT_SPLIT_FRAME;
}

static void
run_showing(const size_t *cuts, size_t n, const char *expect,
    const char *shown)
{
	static const struct evchat_framing_ops ops = { .split =
	    split_showing };
	struct unit_text text = { .text = NULL };
	struct decode_input input = { "ab;;cdef;g", 10, cuts, n, true };
	struct decode_mode mode = { .whole = false };
	struct decoder decoder;

	make(&ops, &text);
	decoder_init(&decoder);
	decoder_run(&decoder, framing, &mode, &input);
	ck_assert_str_eq(unit_text(&decoder.text), expect);
	unit_expect(&text, shown);
	decoder_free(&decoder);
	give_back();
}

START_TEST(every_byte_is_shown_once_unless_it_is_asked_for_again)
{
	static const char expect[] = "collect:ab|found:2|found:0|collect:cdef"
	    "|found:4|eof:0:g|closed:truncated:0:g";

	run_showing(NULL, 0, expect,
	    "shown:ab;;cdef;g|shown:;cdef;g|shown:cdef;g|shown:g|shown:");
	run_showing((size_t[]){ 1, 6 }, 2, expect, "shown:a|shown:ab;;cd"
	    "|shown:;cd|shown:cd|shown:def;g|shown:g|shown:");
	run_showing((size_t[]){ 1, 2, 3, 4, 5, 6, 7, 8, 9 }, 9, expect,
	    "shown:a|shown:ab|shown:b;|shown:;|shown:c|shown:cd|shown:de"
	    "|shown:ef|shown:f;|shown:g|shown:");
}
END_TEST

/* Between two frames the end of the input is nobody's. */
START_TEST(splitter_is_not_asked_at_eof_between_frames)
{
	static const struct evchat_framing_ops ops = { .split =
	    split_showing };
	struct unit_text text = { .text = NULL };
	struct decode_input input = { "ab;", 3, NULL, 0, true };
	struct decode_mode mode = { .whole = true };
	struct decoder decoder;

	make(&ops, &text);
	decoder_init(&decoder);
	decoder_run(&decoder, framing, &mode, &input);
	ck_assert_str_eq(unit_text(&decoder.text),
	    "frame:ab:2|eof:0:|closed:eof:0:");
	unit_expect(&text, "shown:ab;");
	decoder_free(&decoder);
	give_back();
}
END_TEST

/* State */

struct growing {
	size_t len; /* of the last frame */
	size_t left;
};

/* Frames of 1, 2, 3 ... bytes. */
static enum evchat_split_result
split_growing(const void *data, size_t len, struct evchat_split *found,
    void *state, void *arg)
{
	struct growing *growing = state;

	(void)data;
	(void)arg;
	if (growing->left == 0)
		growing->left = ++growing->len;
	found->length = growing->len;
	found->data = len < growing->left ? len : growing->left;
	growing->left -= found->data;
	return growing->left > 0 ? EVCHAT_SPLIT_MORE : EVCHAT_SPLIT_FRAME;
}

static const struct evchat_framing_ops growing = {
	.state_size = sizeof(struct growing), .split = split_growing };

START_TEST(state_is_kept_from_frame_to_frame_and_zeroed_when_set)
{
	static const struct harness_scenario kept = {
		.input = "abbccc", .start = begin,
		.expect = "collect:a|found|collect:bb|found|collect:ccc|found"
	};
	static const struct harness_scenario zeroed = {
		.input = "abbccc", .start = begin, .script.found = begin_again,
		.expect = "collect:a|found|collect:b|found|collect:b|found"
		    "|collect:c|found|collect:c|found|collect:c|found"
	};
	static const struct harness_scenario outside = {
		.input = "abbccc", .start = begin, .act = begin, .act_at = 2,
		.hooks = &harness_frames, .expect = "frame:a|frame:b|frame:bc"
	};

	make(&growing, NULL);
	harness_prove(&kept);
	harness_prove(&zeroed);
	harness_prove(&outside);
	give_back();
}
END_TEST

/* Each channel has its own. */
START_TEST(channels_do_not_share_state)
{
	struct harness *h, *other;

	make(&growing, NULL);
	h = harness_new(HARNESS_SOCKET);
	other = harness_new_beside(h, HARNESS_PAIR);
	harness_start(h, &harness_frames, 0);
	harness_start(other, &harness_frames, 0);
	begin(h);
	begin(other);
	harness_feed(h, "ab");
	harness_feed(other, "a");
	harness_feed(h, "b");
	harness_feed(other, "bbc");
	harness_end(other, "frame:a|frame:bb");
	harness_end(h, "frame:a|frame:bb");
	give_back();
}
END_TEST

/* What cannot be */

struct claim {
	enum evchat_split_result result;
	struct evchat_split split;
};

#define MORE EVCHAT_SPLIT_MORE
#define FRAME EVCHAT_SPLIT_FRAME

/* Two bytes are shown first. Each of these is said of them, and by a splitter
 * that makes no other mistake. */
static const struct claim claims[] = {
	{ MORE, { .data = 3 } },
	{ MORE, { .head = 3 } },
	{ MORE, { .head = 1, .data = 2 } },
	{ MORE, { .again = 3 } },
	{ MORE, { .data = 2, .again = 1 } },
	{ MORE, { .head = 2, .again = 1 } },
	{ MORE, { .data = 1, .again = 2 } },
	{ MORE, { .tail = 1 } },
	{ MORE, { .data = 1, .tail = 1 } },
	{ MORE, { .data = SIZE_MAX } },
	{ MORE, { .head = SIZE_MAX } },
	{ MORE, { .again = SIZE_MAX } },
	{ MORE, { .head = SIZE_MAX, .data = 2 } },
	{ MORE, { .head = 1, .data = SIZE_MAX } },
	{ MORE, { .data = SIZE_MAX, .again = 2 } },
	{ MORE, { .data = 2, .length = 1 } },
	{ FRAME, { .data = 3 } },
	{ FRAME, { .tail = 3 } },
	{ FRAME, { .data = 2, .tail = 1 } },
	{ FRAME, { .data = 1, .tail = 2 } },
	{ FRAME, { .head = 1, .data = 1, .tail = 1 } },
	{ FRAME, { .data = 1, .again = 1 } },
	{ FRAME, { .data = SIZE_MAX, .tail = 2 } },
	{ FRAME, { .data = 2, .tail = SIZE_MAX } },
	{ FRAME, { .head = SIZE_MAX, .tail = 2 } },
	{ FRAME, { .data = 1, .length = 2 } },
	{ FRAME, { .data = 2, .length = 1 } },
	{ FRAME, { .tail = 1, .length = 1 } },
	{ FRAME, { .head = 0 } } /* a frame of nothing */
};

#define CLAIMS (sizeof(claims) / sizeof(claims[0]))

static enum evchat_split_result
split_claiming(const void *data, size_t len, struct evchat_split *found,
    void *state, void *arg)
{
	const struct claim *claim = arg;
	bool *claimed = state;

	(void)data;
	if (*claimed) {
		found->data = len;
		return EVCHAT_SPLIT_MORE;
	}
	*claimed = true;
	*found = claim->split;
	return claim->result;
}

/* All of "abcd" in two pieces, by a splitter of the test's. */
static void
run_wrong(const struct evchat_framing_ops *ops, void *arg, size_t cut,
    bool whole, const char *expect)
{
	struct decode_input input = { "abcd", 4, &cut, 1, true };
	struct decode_mode mode = { .whole = whole };
	struct decoder decoder;

	make(ops, arg);
	decoder_init(&decoder);
	decoder_run(&decoder, framing, &mode, &input);
	ck_assert_str_eq(unit_text(&decoder.text), expect);
	decoder_free(&decoder);
	give_back();
}

START_TEST(what_cannot_be_ends_the_channel)
{
	static const struct evchat_framing_ops ops = {
	    .state_size = sizeof(bool), .split = split_claiming };
	struct unit_text expect = { .text = NULL };
	struct claim claim;
	size_t i;

	for (i = 0; i < CLAIMS; i++) {
		claim = claims[i];
		unit_note(&expect, "closed:malformed:%ju:@0:%s",
		    (uintmax_t)claim.split.length, MISCOUNTED);
		run_wrong(&ops, &claim, 2, i % 2 != 0, unit_text(&expect));
		unit_text_free(&expect);
	}
}
END_TEST

/* What only a second call can say: first one byte is shown, then three. */

struct second {
	struct claim first;
	struct claim then;
};

static enum evchat_split_result
split_twice(const void *data, size_t len, struct evchat_split *found,
    void *state, void *arg)
{
	const struct second *second = arg;
	size_t *calls = state;

	(void)data;
	if (++*calls > 2) {
		found->data = len;
		return EVCHAT_SPLIT_MORE;
	}
	*found = *calls == 1 ? second->first.split : second->then.split;
	return *calls == 1 ? second->first.result : second->then.result;
}

static const struct evchat_framing_ops twice = {
	.state_size = sizeof(size_t), .split = split_twice };

START_TEST(what_cannot_be_any_more_ends_the_channel)
{
	/* A head behind data, again what was not shown, and so on. */
	struct second head = { { MORE, { .data = 1 } },
	    { MORE, { .head = 1 } } };
	struct second again = { { MORE, { .data = 0 } },
	    { MORE, { .again = 4 } } };
	struct second beyond = { { MORE, { .head = 1 } },
	    { MORE, { .data = 4 } } };
	struct second nothing = { { MORE, { .data = 0 } },
	    { FRAME, { .data = 0 } } };
	struct second longer = { { MORE, { .data = 1, .length = 2 } },
	    { MORE, { .data = 2 } } };
	struct second shorter = { { MORE, { .data = 1, .length = 3 } },
	    { FRAME, { .data = 1, .tail = 2 } } };

	run_wrong(&twice, &head, 1, false,
	    "collect:a|closed:malformed:1:@1:" MISCOUNTED);
	run_wrong(&twice, &again, 1, false,
	    "closed:malformed:0:a@1:" MISCOUNTED);
	run_wrong(&twice, &beyond, 1, false,
	    "closed:malformed:0:@1:" MISCOUNTED);
	run_wrong(&twice, &nothing, 1, false,
	    "closed:malformed:0:a@1:" MISCOUNTED);
	run_wrong(&twice, &longer, 1, false,
	    "collect:a|closed:malformed:2:@1:" MISCOUNTED);
	run_wrong(&twice, &shorter, 1, false,
	    "collect:a|closed:malformed:3:@1:" MISCOUNTED);
}
END_TEST

/* What is nearly wrong is right: bytes of which nothing was said for a while. */
START_TEST(what_was_left_open_may_be_said_later)
{
	struct second all = { { MORE, { .data = 0 } },
	    { FRAME, { .head = 1, .data = 2, .tail = 1 } } };
	struct second last = { { MORE, { .data = 1 } },
	    { FRAME, { .data = 0, .tail = 3 } } };
	struct second again = { { MORE, { .data = 0 } },
	    { MORE, { .data = 1, .again = 3 } } };
	struct second head = { { MORE, { .head = 1 } },
	    { FRAME, { .data = 0 } } };

	run_wrong(&twice, &head, 1, false,
	    "found:0|collect:bcd|eof:3:|closed:truncated:3:");
	run_wrong(&twice, &all, 1, false,
	    "collect:bc|found:2|eof:0:|closed:eof:0:");
	run_wrong(&twice, &last, 1, true, "frame:a:1|eof:0:|closed:eof:0:");
	run_wrong(&twice, &again, 1, false,
	    "collect:a|eof:1:bcd|closed:truncated:1:bcd");
}
END_TEST

static Suite *
decode_custom_suite(void)
{
	Suite *suite = suite_create("decode_custom");
	TCase *tc = harness_case(suite, "shown");

	tcase_add_test(tc,
	    every_byte_is_shown_once_unless_it_is_asked_for_again);
	tcase_add_test(tc, splitter_is_not_asked_at_eof_between_frames);

	tc = harness_case(suite, "state");
	tcase_add_test(tc,
	    state_is_kept_from_frame_to_frame_and_zeroed_when_set);
	tcase_add_test(tc, channels_do_not_share_state);

	tc = harness_case(suite, "wrong");
	tcase_add_test(tc, what_cannot_be_ends_the_channel);
	tcase_add_test(tc, what_cannot_be_any_more_ends_the_channel);
	tcase_add_test(tc, what_was_left_open_may_be_said_later);
	return suite;
}

int
main(void)
{
	return harness_main(decode_custom_suite());
}
