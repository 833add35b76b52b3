/*
 * Changing how the input is cut, in each hook: from which byte on it applies.
 */

#include "harness.h"

static void
end_with_comma(struct harness *h)
{
	harness_ok(h, evchat_set_terminator(h->chat, ",", 1));
}

/* Set in found and frame */

/* A digit in a line, then a body of so many bytes, then a line ... */
static void
take_digit(struct harness *h, const void *data, size_t len)
{
	if (h->count % 2 == 0)
		h->user = (void *)(uintptr_t)(*((const char *)data + len - 1) -
		    '0');
}

static void
line_or_body(struct harness *h)
{
	if (h->count++ % 2 == 0)
		harness_ok(h, evchat_set_terminator_count(h->chat,
		    (uintptr_t)h->user));
	else
		harness_crlf(h);
}

static void
line_or_body_frame(struct harness *h, const void *data, size_t len)
{
	if (h->count % 2 == 0)
		take_digit(h, data, len);
	line_or_body(h);
}

START_TEST(framing_set_in_found_applies_to_the_very_next_byte)
{
	static const struct harness_scenario s = {
		.input = "5\r\nhello3\r\na\r\n0\r\n1\r\nz", .start = harness_crlf,
		.script = { .collect = take_digit, .found = line_or_body },
		.expect = "collect:5|found|collect:hello|found|collect:3|found"
		    "|collect:a\\r\\n|found|collect:0|found|found|collect:1|found"
		    "|collect:z|found"
	};

	harness_prove(&s);
}
END_TEST

START_TEST(framing_set_in_frame_applies_to_the_very_next_byte)
{
	static const struct harness_scenario s = {
		.input = "5\r\nhello3\r\na\r\n0\r\n1\r\nz", .start = harness_crlf,
		.script.frame = line_or_body_frame, .hooks = &harness_frames,
		.expect = "frame:5|frame:hello|frame:3|frame:a\\r\\n|frame:0"
		    "|frame:|frame:1|frame:z"
	};

	harness_prove(&s);
}
END_TEST

START_TEST(delimiter_set_in_found_replaces_the_old_one_at_once)
{
	static const struct harness_scenario s = {
		.input = "a\r\nb\r\ncXd\r\ne", .start = harness_crlf,
		.script.found = harness_until_x,
		.expect = "collect:a|found|collect:b\\r\\nc|found|collect:d\\r\\ne"
	};

	harness_prove(&s);
}
END_TEST

START_TEST(none_set_in_found_ends_the_cutting)
{
	static const struct harness_scenario s = {
		.input = "a\r\nb\r\nc", .start = harness_crlf,
		.script.found = harness_none,
		.expect = "collect:a|found|collect:b\\r\\nc"
	};

	harness_prove(&s);
}
END_TEST

static void
count_three_then_x(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	harness_count_three(h);
	harness_until_x(h);
}

START_TEST(last_framing_set_in_a_hook_wins)
{
	static const struct harness_scenario s = {
		.input = "a\r\nbcdeX", .start = harness_crlf,
		.script.frame = count_three_then_x, .hooks = &harness_frames,
		.expect = "frame:a|frame:bcde"
	};

	harness_prove(&s);
}
END_TEST

/* Set in collect */

static void
count_four_then_b(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	if (h->count++ != 0)
		return;
	ck_assert_int_eq(evchat_set_terminator_count(h->chat, 4), 0);
	ck_assert_int_eq(evchat_set_terminator(h->chat, "b", 1), 0);
}

START_TEST(last_framing_set_in_collect_under_none_wins)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);

	h->script.collect = count_four_then_b;
	harness_feed(h, "a");
	harness_feed(h, "xbyb");
	harness_end(h, "collect:ax|found|collect:y|found");
}
END_TEST

static void
discard_then_count_one(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	if (h->count++ != 0)
		return;
	evchat_discard_buffers(h->chat);
	ck_assert_int_eq(evchat_set_terminator_count(h->chat, 1), 0);
}

START_TEST(framing_set_in_collect_behind_a_discard_is_for_what_comes)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);

	h->script.collect = discard_then_count_one;
	harness_crlf(h);
	harness_feed(h, "ab\r\ncd");
	harness_feed(h, "ef");
	harness_end(h, "collect:abe|found|collect:f");
}
END_TEST

static void
end_with_x_in_collect(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	harness_until_x(h);
}

static void
count_three_in_collect(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	harness_count_three(h);
}

START_TEST(framing_set_in_collect_applies_after_the_frame)
{
	static const struct harness_scenario delimiter = {
		.input = "abX\r\ncdX\r\n", .start = harness_crlf,
		.script.collect = end_with_x_in_collect,
		.expect = "collect:abX|found|collect:cd|found|collect:\\r\\n"
	};
	static const struct harness_scenario count = {
		.input = "ab\r\nxyzuvw", .start = harness_crlf,
		.script.collect = count_three_in_collect,
		.expect = "collect:ab|found|collect:xyz|found|collect:uvw|found"
	};
	static const struct harness_scenario from_count = {
		.input = "aXcdXe", .start = harness_count_three,
		.script.collect = end_with_x_in_collect,
		.expect = "collect:aXc|found|collect:d|found|collect:e"
	};

	harness_prove(&delimiter);
	harness_prove(&count);
	harness_prove(&from_count);
}
END_TEST

START_TEST(framing_set_in_found_overrides_one_set_in_collect)
{
	static const struct harness_scenario s = {
		.input = "ab\r\nc,d,", .start = harness_crlf,
		.script = { .collect = end_with_x_in_collect,
		    .found = end_with_comma },
		.expect = "collect:ab|found|collect:c|found|collect:d|found"
	};

	harness_prove(&s);
}
END_TEST

START_TEST(framing_set_in_collect_under_none_applies_after_the_piece)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);

	if (_i == HARNESS_FRAGMENT) { /* where a piece is a byte */
		harness_free(h);
		return;
	}
	h->pieces = true;
	h->script.collect = end_with_x_in_collect;
	harness_feed(h, "aXb");
	harness_feed(h, "cXd");
	harness_end(h, "collect:aXb|collect:c|found|collect:d");
}
END_TEST

/* Set outside of hooks */

static void
count_allocations(struct harness *h, const void *data, size_t len)
{
	long before = harness_allocations();

	(void)data;
	(void)len;
	harness_crlf(h);
	if (h->count++ % 2 == 0)
		harness_count_three(h);
	ck_assert_int_eq(harness_allocations(), before);
}

START_TEST(setting_the_delimiter_in_force_last_allocates_nothing)
{
	static const struct harness_scenario s = {
		.input = "a\r\nbcdd\r\nefg", .start = harness_crlf,
		.script.frame = count_allocations, .hooks = &harness_frames,
		.expect = "frame:a|frame:bcd|frame:d|frame:efg"
	};
	struct harness *h = harness_start_new(HARNESS_SOCKET,
	    &harness_streaming);
	long before;

	harness_crlf(h);
	before = harness_allocations();
	harness_crlf(h);
	ck_assert_int_eq(harness_allocations(), before);
	harness_free(h);
	harness_prove(&s);
}
END_TEST

static Suite *
reframe_suite(void)
{
	Suite *suite = suite_create("reframe");
	TCase *tc = harness_case(suite, "in hooks");

	tcase_add_test(tc, framing_set_in_found_applies_to_the_very_next_byte);
	tcase_add_test(tc, framing_set_in_frame_applies_to_the_very_next_byte);
	tcase_add_test(tc, delimiter_set_in_found_replaces_the_old_one_at_once);
	tcase_add_test(tc, none_set_in_found_ends_the_cutting);
	tcase_add_test(tc, last_framing_set_in_a_hook_wins);
	tcase_add_test(tc, framing_set_in_collect_applies_after_the_frame);
	tcase_add_test(tc, framing_set_in_found_overrides_one_set_in_collect);
	tcase_add_loop_test(tc,
	    framing_set_in_collect_under_none_applies_after_the_piece, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc, last_framing_set_in_collect_under_none_wins, 0,
	    HARNESS_PAIR);
	tcase_add_loop_test(tc,
	    framing_set_in_collect_behind_a_discard_is_for_what_comes, 0,
	    HARNESS_PAIR);
	tcase_add_test(tc,
	    setting_the_delimiter_in_force_last_allocates_nothing);
	return suite;
}

int
main(void)
{
	return harness_main(reframe_suite());
}
