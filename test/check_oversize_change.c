/*
 * A maximum that is changed: it is for the next frame.
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

static Suite *
oversize_change_suite(void)
{
	Suite *suite = suite_create("oversize_change");
	TCase *tc = harness_case(suite, "change");

	tcase_add_test(tc, change_applies_from_the_next_frame);
	tcase_add_test(tc, change_made_between_frames_applies_at_once);
	return suite;
}

int
main(void)
{
	return harness_main(oversize_change_suite());
}
