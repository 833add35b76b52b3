/*
 * A maximum that is changed: it is for the next frame. And a framing that is
 * set when a frame is above it: it is for what comes behind that.
 */

#include "harness.h"

static void
discard_above(struct harness *h, uint64_t max)
{
	harness_ok(h, evchat_set_max_frame(h->chat, max,
	    EVCHAT_OVERSIZE_DISCARD));
}

static void
discard_above_three(struct harness *h)
{
	discard_above(h, 3);
}

static void
discard_lines(struct harness *h)
{
	discard_above(h, 4);
	harness_crlf(h);
}

static void
unlimited(struct harness *h)
{
	harness_ok(h, evchat_set_max_frame(h->chat, 0, EVCHAT_OVERSIZE_CLOSE));
}

static void
unlimited_lines(struct harness *h)
{
	unlimited(h);
	harness_crlf(h);
}

static void
discard_above_three_in_hook(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	discard_above_three(h);
}

START_TEST(change_applies_from_the_next_frame)
{
	static const struct harness_scenario outside = {
		.input = "abcdef\r\nabcdef\r\nabc\r\n", .start = harness_crlf,
		.act = discard_above_three, .act_at = 2,
		.hooks = &harness_frames,
		.expect = "frame:abcdef|event:oversize|frame:abc"
	};
	static const struct harness_scenario collect = {
		.input = "abcdef\r\nabcdef\r\nabc\r\n", .start = harness_crlf,
		.script.collect = discard_above_three_in_hook,
		.expect = "collect:abcdef|found|collect:abc|event:oversize"
		    "|collect:abc|found"
	};
	static const struct harness_scenario raised = {
		.input = "abcdef\r\nabcdef\r\n", .start = discard_lines,
		.act = unlimited_lines, .act_at = 8, .hooks = &harness_frames,
		.expect = "event:oversize|frame:abcdef"
	};

	harness_prove(&outside);
	harness_prove(&collect);
	harness_prove(&raised);
}
END_TEST

START_TEST(change_made_between_frames_applies_at_once)
{
	static const struct harness_scenario in_frame = {
		.input = "abcdef\r\nabcdef\r\n", .start = harness_crlf,
		.script.frame = discard_above_three_in_hook,
		.hooks = &harness_frames,
		.expect = "frame:abcdef|event:oversize"
	};
	static const struct harness_scenario in_found = {
		.input = "ab\r\nabcdef\r\n", .start = harness_crlf,
		.script.found = discard_above_three,
		.expect = "collect:ab|found|collect:abc|event:oversize"
	};
	static const struct harness_scenario outside = {
		.input = "abcdef\r\nabcdef\r\n", .start = harness_crlf,
		.act = discard_above_three, .act_at = 8,
		.expect = "collect:abcdef|found|collect:abc|event:oversize"
	};
	static const struct harness_scenario too_late = {
		.input = "abcdef\r\nabcdef\r\n", .start = discard_lines,
		.act = unlimited, .act_at = 2, .hooks = &harness_frames,
		.expect = "event:oversize|frame:abcdef"
	};

	harness_prove(&in_frame);
	harness_prove(&in_found);
	harness_prove(&outside);
	harness_prove(&too_late);
}
END_TEST

/* A framing that is set when it is told */

static void
truncate_above_three(struct harness *h)
{
	harness_ok(h, evchat_set_max_frame(h->chat, 3,
	    EVCHAT_OVERSIZE_TRUNCATE));
}

static void
count_of_six(struct harness *h)
{
	discard_above_three(h);
	harness_ok(h, evchat_set_terminator_count(h->chat, 6));
}

static void
first_six(struct harness *h)
{
	truncate_above_three(h);
	harness_ok(h, evchat_set_terminator_count(h->chat, 6));
}

static void
discard_above_three_of_lines(struct harness *h)
{
	discard_above_three(h);
	harness_crlf(h);
}

static void
go_on_with_lines(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_OVERSIZE)
		harness_crlf(h);
}

static void
go_on_with_two(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_OVERSIZE)
		harness_ok(h, evchat_set_terminator_count(h->chat, 2));
}

static void
go_on_with_nothing(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_OVERSIZE)
		evchat_set_terminator_none(h->chat);
}

/* Whoever discards has no frame left that goes on. */
static void
discard_and_go_on(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_OVERSIZE)
		evchat_discard_buffers(h->chat);
	go_on_with_lines(h, what);
}

static const struct harness_scenario behind[] = {
	{ .input = "abcdefgh\r\nij\r\n", .start = count_of_six,
	    .script.event = go_on_with_lines, .hooks = &harness_frames,
	    .expect = "event:oversize|frame:gh|frame:ij" },
	{ .input = "abc\r\nfgh\r\n", .start = count_of_six,
	    .script.event = go_on_with_lines,
	    .expect = "event:oversize|collect:gh|found" },
	{ .input = "abcdefgh\r\n", .start = first_six,
	    .script.event = go_on_with_lines, .hooks = &harness_frames,
	    .expect = "event:oversize|frame:abc|frame:gh" },
	{ .input = "abcdefgh\r\n", .start = first_six,
	    .script.event = go_on_with_lines,
	    .expect = "event:oversize|collect:abc|found|collect:gh|found" },
	{ .input = "abcdef\r\nabc", .start = discard_above_three_of_lines,
	    .script.event = go_on_with_two, .hooks = &harness_frames,
	    .expect = "event:oversize|frame:ab|collect:c" },
	{ .input = "abcdef\r\nabc", .start = discard_above_three_of_lines,
	    .script.event = go_on_with_two,
	    .expect = "collect:abc|event:oversize|collect:ab|found|collect:c" },
	{ .input = "abcdefgh", .start = count_of_six,
	    .script.event = go_on_with_nothing,
	    .expect = "event:oversize|collect:gh" },
};

#define BEHIND ((int)(sizeof(behind) / sizeof(behind[0])))

START_TEST(framing_set_when_it_is_told_applies_behind_the_frame)
{
	harness_prove(&behind[_i]);
}
END_TEST

START_TEST(framing_set_behind_a_discard_applies_at_once)
{
	struct harness *h = harness_start_new(HARNESS_SOCKET, &harness_frames);

	count_of_six(h);
	h->script.event = discard_and_go_on;
	harness_turn(h);
	harness_feed(h, "cd\r\n");
	harness_end(h, "event:oversize|frame:cd");
}
END_TEST

/* Bytes that are unread when it is told come behind the one too many. */

static void
start_with(struct harness *h, struct evchat_framing *framing, uint64_t max)
{
	harness_ok(h, framing != NULL ? 0 : -1);
	discard_above(h, max);
	harness_ok(h, evchat_set_framing(h->chat, framing));
	evchat_framing_free(framing);
}

static void
chunks_of_two(struct harness *h)
{
	start_with(h, evchat_framing_chunked(0), 2);
}

static void
dots_of_four(struct harness *h)
{
	start_with(h, evchat_framing_dot(0), 4);
}

static void
unread_two(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_OVERSIZE)
		harness_ok(h, evchat_unread(h->chat, "XY", 2));
}

static void
unread_the_end(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_OVERSIZE)
		harness_ok(h, evchat_unread(h->chat, "\r\n.\r\n", 5));
}

static const struct harness_scenario unread[] = {
	{ .input = "5\r\nabc\r\n0\r\n\r\n2\r\nok\r\n0\r\n\r\n",
	    .start = chunks_of_two, .script.event = unread_two,
	    .hooks = &harness_frames, .expect = "event:oversize|frame:ok" },
	{ .input = "2\r\nab\r\n3\r\nc\r\n0\r\n\r\n1\r\nk\r\n0\r\n\r\n",
	    .start = chunks_of_two, .script.event = unread_two,
	    .expect = "collect:ab|event:oversize|collect:k|found" },
	{ .input = "abcdeXY\r\n.\r\n", .start = dots_of_four,
	    .script.event = unread_the_end, .hooks = &harness_frames,
	    .expect = "event:oversize|frame:XY\\r\\n" },
	{ .input = "ab\r\ncXY\r\n.\r\n", .start = dots_of_four,
	    .script.event = unread_the_end, .hooks = &harness_frames,
	    .expect = "event:oversize|frame:XY\\r\\n" },
};

#define UNREAD ((int)(sizeof(unread) / sizeof(unread[0])))

START_TEST(unread_when_it_is_told_is_next)
{
	harness_prove(&unread[_i]);
}
END_TEST

static Suite *
oversize_change_suite(void)
{
	Suite *suite = suite_create("oversize_change");
	TCase *tc = harness_case(suite, "change");

	tcase_add_test(tc, change_applies_from_the_next_frame);
	tcase_add_test(tc, change_made_between_frames_applies_at_once);
	tcase_add_loop_test(tc,
	    framing_set_when_it_is_told_applies_behind_the_frame, 0, BEHIND);
	tcase_add_loop_test(tc, unread_when_it_is_told_is_next, 0, UNREAD);
	tcase_add_test(tc, framing_set_behind_a_discard_applies_at_once);
	return suite;
}

int
main(void)
{
	return harness_main(oversize_change_suite());
}
