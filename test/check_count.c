/*
 * Input as it is cut by a count.
 */

#include <stdlib.h>
#include <string.h>
#include "harness.h"

START_TEST(count_works_once_and_the_rest_comes_under_none)
{
	static const struct harness_scenario streaming = {
		.input = "helloworld", .start = harness_count_five,
		.expect = "collect:hello|found|collect:world"
	};
	static const struct harness_scenario frames = {
		.input = "helloworld", .start = harness_count_five,
		.hooks = &harness_frames, .expect = "frame:hello|collect:world"
	};

	harness_prove(&streaming);
	harness_prove(&frames);
}
END_TEST

static void
count_two(struct harness *h)
{
	harness_ok(h, evchat_set_terminator_count(h->chat, 2));
}

static void
count_two_again(struct harness *h, const void *data, size_t len)
{
	(void)data;
	ck_assert_uint_eq(len, 2);
	count_two(h);
}

START_TEST(count_set_again_in_its_hook_repeats)
{
	static const struct harness_scenario streaming = {
		.input = "abcdefg", .start = count_two,
		.script.found = count_two,
		.expect = "collect:ab|found|collect:cd|found|collect:ef|found"
		    "|collect:g"
	};
	static const struct harness_scenario frames = {
		.input = "abcdefg", .start = count_two,
		.script.frame = count_two_again, .hooks = &harness_frames,
		.expect = "frame:ab|frame:cd|frame:ef"
	};

	harness_prove(&streaming);
	harness_prove(&frames);
}
END_TEST

START_TEST(count_is_delivered_as_it_comes)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);

	harness_count_five(h);
	harness_feed(h, "he");
	harness_expect(h, "collect:he");
	ck_assert_uint_eq(evchat_get_terminator_remaining(h->chat), 3);
	harness_feed(h, "l");
	harness_expect(h, "collect:hel");
	ck_assert_uint_eq(evchat_get_terminator_remaining(h->chat), 2);
	harness_feed(h, "lo");
	harness_expect(h, "collect:hello|found");
	ck_assert_uint_eq(evchat_get_terminator_remaining(h->chat), 0);
	harness_free(h);
}
END_TEST

START_TEST(count_of_a_whole_frame_tells_what_it_waits_for)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_frames);

	harness_count_five(h);
	ck_assert_uint_eq(evchat_get_terminator_remaining(h->chat), 5);
	harness_feed(h, "he");
	ck_assert_uint_eq(evchat_get_terminator_remaining(h->chat), 3);
	harness_expect(h, "");
	harness_feed(h, "llo");
	ck_assert_uint_eq(evchat_get_terminator_remaining(h->chat), 0);
	harness_end(h, "frame:hello");
}
END_TEST

static void
count_zero(struct harness *h)
{
	harness_ok(h, evchat_set_terminator_count(h->chat, 0));
}

START_TEST(count_0_fires_once_though_no_byte_ever_comes)
{
	static const struct harness_scenario streaming = {
		.start = count_zero, .expect = "found"
	};
	static const struct harness_scenario frames = {
		.start = count_zero, .hooks = &harness_frames,
		.expect = "frame:"
	};

	harness_prove(&streaming);
	harness_prove(&frames);
}
END_TEST

START_TEST(count_0_consumes_nothing)
{
	static const struct harness_scenario streaming = {
		.input = "xy", .start = count_zero, .expect = "found|collect:xy"
	};
	static const struct harness_scenario frames = {
		.input = "xy", .start = count_zero, .hooks = &harness_frames,
		.expect = "frame:|collect:xy"
	};

	harness_prove(&streaming);
	harness_prove(&frames);
}
END_TEST

START_TEST(count_0_set_from_outside_fires_from_the_loop)
{
	static const struct harness_scenario s = {
		.input = "xyz", .act = count_zero, .act_at = 2,
		.expect = "collect:xy|found|collect:z"
	};

	harness_prove(&s);
}
END_TEST

/* A line, an empty body, a line, an empty body ... */
static void
body_or_line(struct harness *h)
{
	if (h->count++ % 2 == 0)
		count_zero(h);
	else
		harness_crlf(h);
}

START_TEST(count_0_set_in_found_fires_before_the_next_byte)
{
	static const struct harness_scenario s = {
		.input = "a\r\nb\r\n", .start = harness_crlf,
		.script.found = body_or_line,
		.expect = "collect:a|found|found|collect:b|found|found"
	};
	static const struct harness_scenario at_eof = {
		.input = "a\r\n", .start = harness_crlf, .eof = true,
		.script.found = body_or_line,
		.expect = "collect:a|found|found|event:eof|closed:eof"
	};

	harness_prove(&s);
	harness_prove(&at_eof);
}
END_TEST

START_TEST(count_may_be_huge)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);

	ck_assert_int_eq(evchat_set_terminator_count(h->chat,
	    UINT64_C(1) << 63), 0);
	harness_feed(h, "abc");
	ck_assert_uint_eq(evchat_get_terminator_remaining(h->chat),
	    (UINT64_C(1) << 63) - 3);
	ck_assert_uint_eq(evchat_get_frame_length(h->chat), UINT64_C(1) << 63);
	ck_assert_int_eq(evchat_set_terminator_count(h->chat, UINT64_MAX), 0);
	harness_feed(h, "de");
	ck_assert_uint_eq(evchat_get_terminator_remaining(h->chat),
	    UINT64_MAX - 2);
	harness_feed_eof(h);
	harness_end(h, "collect:abcde|event:eof|closed:truncated");
}
END_TEST

static void
unlimited(struct harness *h)
{
	harness_ok(h, evchat_set_max_frame(h->chat, 0, EVCHAT_OVERSIZE_CLOSE));
}

START_TEST(memory_follows_received_bytes_not_the_count)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_frames);

	unlimited(h);
	harness_largest_block();
	ck_assert_int_eq(evchat_set_terminator_count(h->chat, 1u << 30), 0);
	harness_feed(h, "abc");
	harness_feed(h, "def");
	ck_assert_uint_lt(harness_largest_block(), 1u << 20);
	harness_end(h, "");
}
END_TEST

static Suite *
count_suite(void)
{
	Suite *suite = suite_create("count");
	TCase *tc = harness_case(suite, "count");

	tcase_add_test(tc, count_works_once_and_the_rest_comes_under_none);
	tcase_add_test(tc, count_set_again_in_its_hook_repeats);
	tcase_add_loop_test(tc, count_is_delivered_as_it_comes, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc, count_of_a_whole_frame_tells_what_it_waits_for,
	    0, HARNESS_CARRIERS);
	tcase_add_test(tc, count_0_fires_once_though_no_byte_ever_comes);
	tcase_add_test(tc, count_0_consumes_nothing);
	tcase_add_test(tc, count_0_set_from_outside_fires_from_the_loop);
	tcase_add_test(tc, count_0_set_in_found_fires_before_the_next_byte);
	tcase_add_loop_test(tc, count_may_be_huge, 0, HARNESS_CARRIERS);
	tcase_add_loop_test(tc, memory_follows_received_bytes_not_the_count, 0,
	    HARNESS_CARRIERS);
	return suite;
}

int
main(void)
{
	return harness_main(count_suite());
}
