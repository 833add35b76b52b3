/*
 * Framings of an application's own: what their splitters are shown, and what
 * becomes of a channel whose splitter says what cannot be. What right ones come to
 * is in the tables.
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

/* What cannot be: which of them, the first byte of a frame says */


static enum evchat_split_result
wrong_more(size_t what, size_t len, struct evchat_split *found)
{
	static const struct evchat_split claims[] = {
		{ .data = SIZE_MAX }, { .head = SIZE_MAX },
		{ .again = SIZE_MAX }, { .tail = 1 },
		{ .head = SIZE_MAX, .data = 2 }, { .head = 1, .data = SIZE_MAX },
		{ .data = SIZE_MAX, .again = 2 }
	};

	if (what < sizeof(claims) / sizeof(claims[0])) {
		*found = claims[what];
		return EVCHAT_SPLIT_MORE;
	}
	switch (what) {
	case 7:
		found->data = len + 1;
		break;
	case 8:
		found->data = len;
		found->again = 1;
		break;
	case 9:
		found->head = 1;
		found->data = len;
		break;
	}
	return EVCHAT_SPLIT_MORE;
}

static enum evchat_split_result
wrong_frame(size_t what, size_t len, struct evchat_split *found)
{
	static const struct evchat_split claims[] = {
		{ .data = SIZE_MAX }, { .tail = SIZE_MAX },
		{ .data = SIZE_MAX, .tail = 2 }, { .head = SIZE_MAX, .tail = 2 }
	};

	if (what < sizeof(claims) / sizeof(claims[0]))
		*found = claims[what];
	else
		found->tail = len + 1;
	return EVCHAT_SPLIT_FRAME;
}

#define WRONGS 15

static enum evchat_split_result
split_wrong(const void *data, size_t len, struct evchat_split *found,
    void *state, void *arg)
{
	const size_t *what = arg;

	(void)data;
	(void)state;
	if (*what < 10)
		return wrong_more(*what, len, found);
	return wrong_frame(*what - 10, len, found);
}

START_TEST(what_cannot_be_ends_the_channel)
{
	static const struct evchat_framing_ops ops = { .split = split_wrong };
	size_t what = (size_t)_i / 2, cut = 1;
	struct decode_input input = { "abc", 3, &cut, 1, true };
	struct decode_mode mode = { .whole = _i % 2 != 0 };
	struct decoder decoder;

	make(&ops, &what);
	decoder_init(&decoder);
	decoder_run(&decoder, framing, &mode, &input);
	ck_assert_str_eq(unit_text(&decoder.text),
	    "closed:malformed:0:@0:" MISCOUNTED);
	decoder_free(&decoder);
	give_back();
}
END_TEST

/* A head behind data, which only a second call can say. */
static enum evchat_split_result
split_late_head(const void *data, size_t len, struct evchat_split *found,
    void *state, void *arg)
{
	bool *late = state;

	(void)data;
	(void)arg;
	if (*late)
		found->head = len;
	else
		found->data = len;
	*late = true;
	return EVCHAT_SPLIT_MORE;
}

START_TEST(head_behind_data_ends_the_channel)
{
	static const struct evchat_framing_ops ops = {
	    .state_size = sizeof(bool), .split = split_late_head };
	size_t cut = 2;
	struct decode_input input = { "abc", 3, &cut, 1, true };
	struct decode_mode mode = { .whole = false };
	struct decoder decoder;

	make(&ops, NULL);
	decoder_init(&decoder);
	decoder_run(&decoder, framing, &mode, &input);
	ck_assert_str_eq(unit_text(&decoder.text),
	    "collect:ab|closed:malformed:2:@2:" MISCOUNTED);
	decoder_free(&decoder);
	give_back();
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
	tcase_add_loop_test(tc, what_cannot_be_ends_the_channel, 0,
	    2 * WRONGS);
	tcase_add_test(tc, head_behind_data_ends_the_channel);
	return suite;
}

int
main(void)
{
	return harness_main(decode_custom_suite());
}
