/*
 * What is changed while a frame is under way: how the input is cut, from
 * outside of hooks, and the hooks that get it.
 */

#include "harness.h"

static void
end_with_cr(struct harness *h)
{
	harness_ok(h, evchat_set_terminator(h->chat, "\r", 1));
}

/* Set outside of hooks */

START_TEST(framing_set_outside_rescans_a_held_prefix)
{
	static const struct harness_scenario streaming = {
		.input = "ab\r", .start = harness_crlf, .act = end_with_cr,
		.act_at = 3, .expect = "collect:ab|found"
	};
	static const struct harness_scenario frames = {
		.input = "ab\rcd\r", .start = harness_crlf, .act = end_with_cr,
		.act_at = 5, .hooks = &harness_frames,
		.expect = "frame:ab|frame:cd"
	};

	harness_prove(&streaming);
	harness_prove(&frames);
}
END_TEST

START_TEST(framing_set_outside_rescans_all_that_is_unread)
{
	static const struct harness_scenario to_count = {
		.input = "ab\rcde", .start = harness_crlf,
		.act = harness_count_three,
		.act_at = 5, .hooks = &harness_frames,
		.expect = "frame:ab\\r|collect:cde"
	};
	static const struct harness_scenario to_none = {
		.input = "ab\rcd", .start = harness_crlf, .act = harness_none,
		.act_at = 4, .hooks = &harness_frames,
		.expect = "collect:ab\\rcd"
	};

	harness_prove(&to_count);
	harness_prove(&to_none);
}
END_TEST

START_TEST(framing_set_outside_gives_up_the_frame_in_progress)
{
	static const struct harness_scenario streaming = {
		.input = "ac\r\nd", .start = harness_count_three,
		.act = harness_crlf,
		.act_at = 1, .expect = "collect:ac|found|collect:d"
	};
	static const struct harness_scenario frames = {
		.input = "acd\r\n", .start = harness_count_three,
		.act = harness_crlf,
		.act_at = 2, .hooks = &harness_frames, .expect = "frame:acd"
	};
	static const struct harness_scenario again = {
		.input = "abcde", .start = harness_count_three,
		.act = harness_count_three,
		.act_at = 2, .expect = "collect:abcde|found"
	};

	harness_prove(&streaming);
	harness_prove(&frames);
	harness_prove(&again);
}
END_TEST

START_TEST(framing_set_outside_is_applied_from_the_loop)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_frames);

	harness_crlf(h);
	harness_feed(h, "abXcdX");
	harness_expect(h, "");
	harness_until_x(h);
	harness_expect(h, "");
	harness_turn(h);
	harness_end(h, "frame:ab|frame:cd");
}
END_TEST

/* Other hooks */

static void
use_frames(struct harness *h)
{
	harness_ok(h, evchat_set_hooks(h->chat, &harness_frames, h));
}

static void
use_streaming(struct harness *h)
{
	harness_ok(h, evchat_set_hooks(h->chat, &harness_streaming, h));
}

static void
use_streaming_from_frame(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	use_streaming(h);
}

START_TEST(hooks_set_at_a_frame_s_end_get_the_next_frame)
{
	static const struct harness_scenario to_frames = {
		.input = "ab\r\ncd\r\nef\r\n", .start = harness_crlf,
		.script.found = use_frames,
		.expect = "collect:ab|found|frame:cd|frame:ef"
	};
	static const struct harness_scenario to_streaming = {
		.input = "ab\r\ncd\r\nef\r\n", .start = harness_crlf,
		.script.frame = use_streaming_from_frame,
		.hooks = &harness_frames,
		.expect = "frame:ab|collect:cd|found|collect:ef|found"
	};

	harness_prove(&to_frames);
	harness_prove(&to_streaming);
}
END_TEST

START_TEST(hooks_set_inside_a_frame_get_what_the_old_ones_had_not)
{
	static const struct harness_scenario to_frames = {
		.input = "abcd\r\nef\r\n", .start = harness_crlf,
		.act = use_frames, .act_at = 2,
		.expect = "collect:ab|frame:cd|frame:ef"
	};
	static const struct harness_scenario to_streaming = {
		.input = "abcd\r\nef\r\n", .start = harness_crlf,
		.act = use_streaming, .act_at = 2, .hooks = &harness_frames,
		.expect = "collect:abcd|found|collect:ef|found"
	};
	static const struct harness_scenario with_prefix = {
		.input = "ab\rcd\r\n", .start = harness_crlf,
		.act = use_frames, .act_at = 3,
		.expect = "collect:ab|frame:\\rcd"
	};
	static const struct harness_scenario to_streaming_with_prefix = {
		.input = "ab\r\n", .start = harness_crlf,
		.act = use_streaming, .act_at = 3, .hooks = &harness_frames,
		.expect = "collect:ab|found"
	};
	static const struct harness_scenario in_count = {
		.input = "abcd", .start = harness_count_three,
		.act = use_streaming,
		.act_at = 2, .hooks = &harness_frames,
		.expect = "collect:abc|found|collect:d"
	};

	harness_prove(&to_frames);
	harness_prove(&to_streaming);
	harness_prove(&with_prefix);
	harness_prove(&to_streaming_with_prefix);
	harness_prove(&in_count);
}
END_TEST

static void
note_other(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct harness *h = arg;

	ck_assert_ptr_eq(evchat_get_arg(chat), h);
	harness_note_bytes(h, "other", data, len);
}

START_TEST(hooks_are_changed_together_with_their_arg)
{
	static const struct evchat_hooks hooks = { .frame = note_other };
	struct harness *h = harness_start_new((enum harness_carrier)_i, NULL);
	struct harness *other = harness_new_beside(h, HARNESS_SOCKET);

	harness_crlf(h);
	ck_assert_ptr_eq(evchat_get_arg(h->chat), h);
	harness_feed(h, "ab\r\n");
	ck_assert_int_eq(evchat_set_hooks(h->chat, &hooks, other), 0);
	ck_assert_ptr_eq(evchat_get_arg(h->chat), other);
	harness_feed(h, "cd\r\n");
	ck_assert_int_eq(evchat_set_hooks(h->chat, &harness_frames, h), 0);
	harness_expect(other, "other:cd");
	harness_expect(h, "");
	harness_free(other);
	harness_free(h);
}
END_TEST

static Suite *
reframe_outside_suite(void)
{
	Suite *suite = suite_create("reframe_outside");
	TCase *tc = harness_case(suite, "outside");

	tcase_add_test(tc, framing_set_outside_rescans_a_held_prefix);
	tcase_add_test(tc, framing_set_outside_rescans_all_that_is_unread);
	tcase_add_test(tc, framing_set_outside_gives_up_the_frame_in_progress);
	tcase_add_loop_test(tc, framing_set_outside_is_applied_from_the_loop, 0,
	    HARNESS_CARRIERS);

	tc = harness_case(suite, "hooks");
	tcase_add_test(tc, hooks_set_at_a_frame_s_end_get_the_next_frame);
	tcase_add_test(tc,
	    hooks_set_inside_a_frame_get_what_the_old_ones_had_not);
	tcase_add_loop_test(tc, hooks_are_changed_together_with_their_arg, 0,
	    HARNESS_CARRIERS);
	return suite;
}

int
main(void)
{
	return harness_main(reframe_outside_suite());
}
