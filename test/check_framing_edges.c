/*
 * The edges of framings: what cannot be decided, what is refused at the end of
 * the input, what changes in the middle of a frame, and memory that is short
 * just where a frame is above the maximum, where bytes are shown again or put
 * back.
 */

#include <string.h>
#include "feeder.h"
#include "harness.h"

/* Splitters */

/* Never says anything of what it was shown. */
static enum evchat_split_result
say_nothing(const void *data, size_t len, struct evchat_split *found,
    void *state, void *arg)
{
	(void)data;
	(void)len;
	(void)found;
	(void)state;
	(void)arg;
	return EVCHAT_SPLIT_MORE;
}

/* At the end of the input all was data, but something is wrong with the end. */
static enum evchat_split_result
refuse_the_end(const void *data, size_t len, struct evchat_split *found,
    void *state, void *arg)
{
	size_t *seen = state;

	(void)data;
	(void)arg;
	*seen += len;
	if (len > 0)
		return EVCHAT_SPLIT_MORE;
	found->data = *seen;
	found->error = "no end";
	return EVCHAT_SPLIT_MALFORMED;
}

/* The wrong byte is behind those that it was shown. */
static enum evchat_split_result
refuse_too_late(const void *data, size_t len, struct evchat_split *found,
    void *state, void *arg)
{
	(void)data;
	(void)state;
	(void)arg;
	found->bad = len;
	return EVCHAT_SPLIT_MALFORMED;
}

/* Two semicolons end a frame: one at the end is to be shown again. */
static enum evchat_split_result
two_semicolons(const void *data, size_t len, struct evchat_split *found,
    void *state, void *arg)
{
	const char *bytes = data;
	size_t at;

	(void)state;
	(void)arg;
	for (at = 0; at + 1 < len; at++)
		if (bytes[at] == ';' && bytes[at + 1] == ';') {
			found->data = at;
			found->tail = 2;
			return EVCHAT_SPLIT_FRAME;
		}
	found->again = len > 0 && bytes[len - 1] == ';';
	found->data = len - found->again;
	return EVCHAT_SPLIT_MORE;
}

/* A semicolon ends a frame; nothing is said of it before. */
static enum evchat_split_result
semicolon(const void *data, size_t len, struct evchat_split *found,
    void *state, void *arg)
{
	const char *end = len > 0 ? memchr(data, ';', len) : NULL;
	size_t *seen = state;

	(void)arg;
	if (end == NULL) {
		*seen += len;
		return EVCHAT_SPLIT_MORE;
	}
	found->data = *seen + (size_t)(end - (const char *)data);
	found->tail = 1;
	*seen = 0;
	return EVCHAT_SPLIT_FRAME;
}

static const struct evchat_framing_ops
    nothing_ops = { 0, say_nothing, NULL, NULL },
    end_ops = { sizeof(size_t), refuse_the_end, NULL, NULL },
    late_ops = { 0, refuse_too_late, NULL, NULL },
    two_ops = { 0, two_semicolons, NULL, NULL },
    semicolon_ops = { sizeof(size_t), semicolon, NULL, NULL };

static const struct evchat_framing_ops *ops; /* of the running test */

static int
set(struct harness *h, struct evchat_framing *framing)
{
	int done = -1;

	if (framing != NULL)
		done = evchat_set_framing(h->chat, framing);
	evchat_framing_free(framing);
	return done;
}

static void
split(struct harness *h)
{
	harness_ok(h, set(h, evchat_framing_custom(ops, NULL)));
}

static struct harness *
splitting(const struct evchat_framing_ops *wanted,
    const struct evchat_hooks *hooks)
{
	struct harness *h = harness_start_new(HARNESS_PAIR, hooks);

	ops = wanted;
	split(h);
	return h;
}

static void
note_error(struct harness *h, enum evchat_reason why)
{
	(void)why;
	harness_note(h, "%s@%ju", evchat_get_error(h->chat),
	    (uintmax_t)evchat_get_offset(h->chat));
}

/* What cannot be decided */

START_TEST(what_a_splitter_leaves_open_is_limited)
{
	const struct evchat_hooks *hooks = _i == 0 ? &harness_streaming :
	    &harness_frames;
	struct harness *h = splitting(&nothing_ops, hooks);
	static char bytes[65536 + 10];

	h->script.closed = note_error;
	ck_assert_int_eq(evchat_set_max_frame(h->chat, 10,
	    EVCHAT_OVERSIZE_CLOSE), 0);
	harness_feed_bytes(h, bytes, sizeof(bytes));
	harness_expect(h, "");
	harness_feed_bytes(h, bytes, 1);
	harness_end(h, "event:malformed|closed:malformed|"
	    "too much that the splitter leaves open@0");
}
END_TEST

START_TEST(without_a_maximum_all_may_be_left_open)
{
	struct harness *h = splitting(&nothing_ops, &harness_streaming);
	static char bytes[100000];

	harness_feed_bytes(h, bytes, sizeof(bytes));
	harness_feed_eof(h);
	harness_end(h, "event:eof|closed:truncated");
}
END_TEST

START_TEST(end_may_be_refused_behind_data)
{
	struct harness *h = splitting(&end_ops, &harness_streaming);

	h->script.closed = note_error;
	harness_feed(h, "ab");
	harness_feed(h, "c");
	harness_feed_eof(h);
	harness_end(h, "collect:abc|event:malformed|closed:malformed|"
	    "no end@3");
}
END_TEST

START_TEST(wrong_byte_that_was_not_shown_is_a_wrong_count)
{
	struct harness *h = splitting(&late_ops, &harness_streaming);

	h->script.closed = note_error;
	harness_feed(h, "ab");
	harness_end(h, "event:malformed|closed:malformed|"
	    "the splitter has counted wrong@0");
}
END_TEST

/* In the middle of a frame */

static struct evchat_framing *
length_of_four(void)
{
	return evchat_framing_length(&(struct evchat_length_field){
	    .width = 4, .strip = 4 });
}

/* Its header is gone, and now there is a maximum. */
START_TEST(declared_frame_is_above_the_maximum_of_hooks_that_came_later)
{
	struct harness *h = harness_start_new(HARNESS_PAIR, &harness_streaming);

	ck_assert_int_eq(set(h, length_of_four()), 0);
	harness_feed_bytes(h, "\0\040\0\0abc", 7);
	ck_assert_int_eq(evchat_set_hooks(h->chat, &harness_frames, h), 0);
	harness_turn(h);
	harness_end(h, "collect:abc|closed:oversize");
}
END_TEST

/* Whole, in pieces, whole again: what was given out needs no memory. */
START_TEST(maximum_is_of_what_is_kept)
{
	struct harness *h = harness_start_new(HARNESS_PAIR, &harness_frames);
	static char line[100002];
	int i;

	memset(line, 'a', sizeof(line) - 2);
	memcpy(line + sizeof(line) - 2, "\r\n", 2);
	ck_assert_int_eq(set(h, evchat_framing_dot(0)), 0);
	for (i = 0; i < 18; i++) {
		if (i == 9)
			ck_assert_int_eq(evchat_set_hooks(h->chat,
			    &harness_found_only, h), 0);
		harness_feed_bytes(h, line, sizeof(line));
		if (i == 9)
			ck_assert_int_eq(evchat_set_hooks(h->chat,
			    &harness_frames_only, h), 0);
	}
	harness_expect(h, "");
	ck_assert_ptr_nonnull(h->chat);
	harness_free(h);
}
END_TEST

/* An answer is on its way when the words are needed. */
START_TEST(words_for_what_is_malformed_outlive_a_discard)
{
	struct harness *h = harness_start_new(HARNESS_SOCKET, &harness_frames);

	h->script.closed = note_error;
	ck_assert_int_eq(set(h, evchat_framing_netstring(0)), 0);
	harness_push_stuck(h, "p");
	harness_feed(h, "x");
	evchat_discard_buffers(h->chat);
	harness_run_until_closed(h);
	harness_end(h, "event:malformed|done:p:discarded:0|"
	    "closed:malformed|"
	    "neither a digit nor a colon in the length@0");
}
END_TEST

static void
pause_once(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	if (h->count++ == 0)
		evchat_pause(h->chat);
}

/* The line that was given up has not ended: its LF ends an empty one. */
START_TEST(end_of_a_line_that_was_given_up_is_not_swallowed)
{
	struct harness *h = harness_start_new(HARNESS_PAIR, &harness_streaming);
	struct evchat_framing *any = evchat_framing_line(EVBUFFER_EOL_ANY, 0);

	h->script.collect = pause_once;
	ck_assert_int_eq(evchat_set_framing(h->chat, any), 0);
	if (_i == 0)
		harness_feed(h, "abc\ndef\n");
	else {
		harness_feed(h, "abc");
		harness_send(h, "\ndef\n", 5);
	}
	ck_assert_int_eq(evchat_set_framing(h->chat, any), 0);
	evchat_resume(h->chat);
	harness_turn(h);
	evchat_framing_free(any);
	harness_end(h, "collect:abc|found|collect:def|found");
}
END_TEST

/* Short of memory */

static void
prove(const struct harness_scenario *s)
{
	harness_prove_on(s, HARNESS_SOCKET);
	harness_prove_on(s, HARNESS_PAIR);
}

static void
dot_above_two(struct harness *h)
{
	harness_ok(h, evchat_set_max_frame(h->chat, 2, h->pieces ?
	    EVCHAT_OVERSIZE_DISCARD : EVCHAT_OVERSIZE_TRUNCATE));
	harness_ok(h, set(h, evchat_framing_dot(0)));
}

START_TEST(block_above_the_maximum_is_cut_or_the_channel_ends)
{
	prove(&(struct harness_scenario){ .input = "abcd\r\n.\r\n.\r\n",
	    .hooks = &harness_frames, .start = dot_above_two,
	    .expect = "event:oversize|frame:ab|frame:" });
}
END_TEST

static void
dot_above_one(struct harness *h)
{
	harness_ok(h, evchat_set_max_frame(h->chat, 1,
	    EVCHAT_OVERSIZE_TRUNCATE));
	harness_ok(h, set(h, evchat_framing_dot(0)));
}

/* A CR that was held is data together with the LF. */
START_TEST(held_byte_may_go_above_the_maximum_or_the_channel_ends)
{
	prove(&(struct harness_scenario){ .input = "\r\n.\r\n",
	    .hooks = &harness_frames, .start = dot_above_one,
	    .expect = "event:oversize|frame:\\r" });
}
END_TEST

/* One byte that is kept, and a chain behind it of which some are shown. */
START_TEST(bytes_are_shown_again_over_chains_or_the_channel_ends)
{
	static char behind[200];
	struct harness *h;
	bool failed;
	long n;

	memset(behind, 'x', sizeof(behind));
	memcpy(behind + 100, ";;", 2);
	for (n = 1, failed = true; failed; n++) {
		h = splitting(&two_ops, &harness_streaming);
		harness_feed(h, "a;");
		harness_send(h, behind, sizeof(behind));
		harness_fail_allocation(n);
		harness_turn(h);
		failed = harness_allocation_failed();
		harness_fail_allocation(0);
		if (h->chat == NULL)
			ck_assert_int_eq(h->why, EVCHAT_REASON_NO_MEMORY);
		else
			ck_assert_ptr_nonnull(strstr(harness_transcript(h),
			    "|found|collect:x"));
		harness_free(h);
	}
	ck_assert_int_gt(n, 2);
}
END_TEST

START_TEST(bytes_are_shown_again_or_the_channel_ends)
{
	ops = &two_ops;
	prove(&(struct harness_scenario){ .input = "a;b;;c;;",
	    .hooks = _i == 0 ? &harness_streaming : &harness_frames,
	    .start = split, .expect = _i == 0 ?
	    "collect:a;b|found|collect:c|found" : "frame:a;b|frame:c" });
}
END_TEST

static void
unread_xy(struct harness *h)
{
	harness_ok(h, evchat_unread(h->chat, "xy", 2));
}

START_TEST(bytes_come_behind_those_that_were_shown_or_the_channel_ends)
{
	ops = &semicolon_ops;
	prove(&(struct harness_scenario){ .input = "abc;",
	    .hooks = _i == 0 ? &harness_streaming : &harness_frames,
	    .start = split, .act = unread_xy, .act_at = 2,
	    .expect = _i == 0 ? "collect:abxyc|found" : "frame:abxyc" });
}
END_TEST

/* A producer that is ended by a cleanup of what it gave */

static void
end_it(const void *data, size_t len, void *arg)
{
	struct harness *h = arg;

	(void)data;
	(void)len;
	harness_note(h, "cleanup");
	if (h->count == 0)
		evchat_discard_buffers(h->chat);
	else
		evchat_free(h->chat);
}

static void
give_reference(struct feeder *feeder)
{
	ck_assert_int_eq(evbuffer_add_reference(feeder->out, "line\r\n", 6,
	    end_it, feeder->h), 0);
}

START_TEST(producer_may_be_ended_by_what_it_gave)
{
	struct harness *h = harness_start_new(HARNESS_PAIR, &harness_streaming);
	struct feeder feeder;

	h->count = _i;
	ck_assert_int_eq(set(h, evchat_framing_dot(0)), 0);
	feeder_init(&feeder, h, "p", "+.");
	feeder.in_more = give_reference;
	feeder.pushed = true;
	ck_assert_int_eq(evchat_push_frame_with_producer(h->chat,
	    feeder.producer), 0);
	harness_turn(h);
	harness_end(h, _i == 0 ? "cleanup|done:p:discarded:6" :
	    "cleanup|done:p:discarded:6|closed:freed");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("framing_edges");
	TCase *tc = harness_case(suite, "undecided");

	tcase_add_loop_test(tc, what_a_splitter_leaves_open_is_limited, 0, 2);
	tcase_add_test(tc, without_a_maximum_all_may_be_left_open);
	tcase_add_test(tc, end_may_be_refused_behind_data);
	tcase_add_test(tc, wrong_byte_that_was_not_shown_is_a_wrong_count);

	tc = harness_case(suite, "middle");
	tcase_add_test(tc,
	    declared_frame_is_above_the_maximum_of_hooks_that_came_later);
	tcase_add_test(tc, maximum_is_of_what_is_kept);
	tcase_add_test(tc, words_for_what_is_malformed_outlive_a_discard);
	tcase_add_loop_test(tc,
	    end_of_a_line_that_was_given_up_is_not_swallowed, 0, 2);

	tc = harness_case(suite, "memory");
	tcase_add_test(tc, block_above_the_maximum_is_cut_or_the_channel_ends);
	tcase_add_test(tc,
	    held_byte_may_go_above_the_maximum_or_the_channel_ends);
	tcase_add_test(tc,
	    bytes_are_shown_again_over_chains_or_the_channel_ends);
	tcase_add_loop_test(tc, bytes_are_shown_again_or_the_channel_ends,
	    0, 2);
	tcase_add_loop_test(tc,
	    bytes_come_behind_those_that_were_shown_or_the_channel_ends, 0, 2);

	tc = harness_case(suite, "producers");
	tcase_add_loop_test(tc, producer_may_be_ended_by_what_it_gave, 0, 2);
	return harness_main(suite);
}
