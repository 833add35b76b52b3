/*
 * A channel's input where it is not cut at all; what can be asked for; wrong
 * arguments.
 */

#include <errno.h>
#include <string.h>
#include "harness.h"

/* No terminator */

START_TEST(new_channel_collects_everything)
{
	static const struct harness_scenario streaming = {
		.input = "ab\r\ncd\r\n", .expect = "collect:ab\\r\\ncd\\r\\n"
	};
	static const struct harness_scenario frames = {
		.input = "ab\r\ncd\r\n", .hooks = &harness_frames,
		.expect = "collect:ab\\r\\ncd\\r\\n"
	};

	harness_prove(&streaming);
	harness_prove(&frames);
}
END_TEST

START_TEST(without_collect_what_no_frame_holds_is_dropped)
{
	static const struct harness_scenario frames = {
		.input = "helloworld", .start = harness_count_five, .eof = true,
		.hooks = &harness_frames_only,
		.expect = "frame:hello|event:eof|closed:eof"
	};
	static const struct harness_scenario streaming = {
		.input = "helloworld", .start = harness_count_five, .eof = true,
		.hooks = &harness_found_only,
		.expect = "found|event:eof|closed:eof"
	};

	harness_prove(&frames);
	harness_prove(&streaming);
}
END_TEST

START_TEST(channel_without_hooks_drops_its_input)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i, NULL);
	struct evchat_stats stats;

	harness_feed(h, "abc");
	evchat_get_stats(h->chat, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.bytes_in, 3);
	ck_assert_uint_eq(evchat_get_offset(h->chat), 3);
	ck_assert_int_eq(evchat_set_hooks(h->chat, &harness_streaming, h), 0);
	harness_feed(h, "de");
	harness_end(h, "collect:de");
}
END_TEST

/* Asking */

START_TEST(offset_is_that_of_the_first_unread_byte)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);

	harness_crlf(h);
	ck_assert_uint_eq(evchat_get_offset(h->chat), 0);
	harness_feed(h, "ab\r");
	ck_assert_uint_eq(evchat_get_offset(h->chat), 2);
	harness_feed(h, "\ncd");
	ck_assert_uint_eq(evchat_get_offset(h->chat), 6);
	harness_free(h);

	h = harness_start_new((enum harness_carrier)_i, &harness_frames);
	harness_crlf(h);
	harness_feed(h, "ab\r");
	ck_assert_uint_eq(evchat_get_offset(h->chat), 0);
	harness_feed(h, "\ncd");
	ck_assert_uint_eq(evchat_get_offset(h->chat), 4);
	harness_free(h);
}
END_TEST

static void
expect_progress(struct harness *h, const char *partial, uint64_t length)
{
	size_t len;
	const char *bytes = evchat_get_partial(h->chat, &len);

	ck_assert_uint_eq(len, strlen(partial));
	ck_assert(len == 0 ? bytes == NULL : memcmp(bytes, partial, len) == 0);
	ck_assert_uint_eq(evchat_get_frame_length(h->chat), length);
}

START_TEST(frame_in_progress_can_be_asked_for)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);

	harness_crlf(h);
	expect_progress(h, "", 0);
	harness_feed(h, "ab\r");
	expect_progress(h, "\r", 2);
	harness_feed(h, "c");
	expect_progress(h, "", 4);
	harness_free(h);

	h = harness_start_new((enum harness_carrier)_i, &harness_frames);
	harness_crlf(h);
	expect_progress(h, "", 0);
	harness_feed(h, "ab");
	expect_progress(h, "ab", 2);
	harness_feed(h, "cd\r\n");
	expect_progress(h, "", 0);
	harness_count_five(h);
	harness_feed(h, "ef");
	expect_progress(h, "ef", 5);
	harness_free(h);
}
END_TEST

static void
note_offset(struct harness *h)
{
	harness_note(h, "at %ju", (uintmax_t)evchat_get_offset(h->chat));
}

static void
note_frame_offset(struct harness *h, const void *data, size_t len)
{
	(void)data;
	ck_assert_uint_eq(evchat_get_frame_length(h->chat), len);
	note_offset(h);
}

START_TEST(offset_in_a_hook_is_behind_the_frame_that_ended)
{
	static const struct harness_scenario streaming = {
		.input = "ab\r\n\r\nc\r\n", .start = harness_crlf,
		.script.found = note_offset,
		.expect = "collect:ab|found|at 4|found|at 6|collect:c|found|at 9"
	};
	static const struct harness_scenario frames = {
		.input = "ab\r\n\r\nc\r\n", .start = harness_crlf,
		.script.frame = note_frame_offset, .hooks = &harness_frames,
		.expect = "frame:ab|at 4|frame:|at 6|frame:c|at 9"
	};

	harness_prove(&streaming);
	harness_prove(&frames);
}
END_TEST

START_TEST(framing_in_force_can_be_asked_for)
{
	struct harness *h = harness_start_new(HARNESS_SOCKET,
	    &harness_streaming);
	struct evchat_framing *framing = evchat_framing_delimiter("x", 1, 0);

	ck_assert_ptr_null(evchat_get_framing(h->chat));
	harness_crlf(h);
	ck_assert_ptr_nonnull(evchat_get_framing(h->chat));
	ck_assert_int_eq(evchat_set_framing(h->chat, framing), 0);
	evchat_framing_free(framing);
	ck_assert_ptr_eq(evchat_get_framing(h->chat), framing);
	harness_feed(h, "abxcd");
	harness_count_five(h);
	ck_assert_ptr_null(evchat_get_framing(h->chat));
	evchat_set_terminator_none(h->chat);
	ck_assert_ptr_null(evchat_get_framing(h->chat));
	harness_end(h, "collect:ab|found|collect:cd");
}
END_TEST

START_TEST(stats_count_bytes_and_frames)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_frames);
	struct evchat_stats stats;

	harness_crlf(h);
	harness_feed(h, "ab\r\n\r\ncd\r\n");
	evchat_get_stats(h->chat, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.bytes_in, 10);
	ck_assert_uint_eq(stats.frames_in, 3);
	ck_assert_uint_eq(stats.bytes_out, 0);
	ck_assert_uint_eq(stats.frames_out, 0);
	ck_assert_uint_eq(stats.oversize, 0);
	ck_assert_int_eq(evchat_push_frame(h->chat, "xyz", 3), 0);
	harness_expect_received(h, "xyz\r\n");
	harness_turn(h);
	evchat_get_stats(h->chat, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.bytes_out, 5);
	ck_assert_uint_eq(stats.frames_out, 1);
	harness_free(h);
}
END_TEST

START_TEST(stats_are_written_only_as_far_as_the_caller_knows_them)
{
	struct harness *h = harness_start_new(HARNESS_SOCKET, &harness_frames);
	struct evchat_stats stats;

	memset(&stats, 0xff, sizeof(stats));
	harness_feed(h, "abc");
	evchat_get_stats(h->chat, &stats, sizeof(stats.bytes_in));
	ck_assert_uint_eq(stats.bytes_in, 3);
	ck_assert_uint_eq(stats.bytes_out, UINT64_MAX);
	ck_assert_uint_eq(stats.oversize, UINT64_MAX);
	harness_free(h);
}
END_TEST

/* Errors */

static void
expect_error(int result, int error)
{
	ck_assert_int_eq(result, -1);
	ck_assert_int_eq(errno, error);
	errno = 0;
}

START_TEST(wrong_arguments_are_refused_and_change_nothing)
{
	struct harness *h = harness_start_new(HARNESS_SOCKET, &harness_frames);
	const struct timeval second = { 1, 0 };
	const struct timeval wrong[] = { { 0, 0 }, { -1, 0 }, { 1, -1 },
	    { 0, 1000000 } };
	const size_t huge = (size_t)INT32_MAX + 1;
	struct evchat *c = h->chat;
	size_t i;

	harness_crlf(h);
	expect_error(evchat_set_terminator(c, "", 0), EINVAL);
	expect_error(evchat_set_terminator(c, NULL, 0), EINVAL);
	expect_error(evchat_set_framing(c, NULL), EINVAL);
	expect_error(evchat_set_max_frame(c, 1, (enum evchat_oversize)9), EINVAL);
	expect_error(evchat_set_watermarks(c, 0, 0), EINVAL);
	expect_error(evchat_set_watermarks(c, 5, 5), EINVAL);
	expect_error(evchat_set_buffer_sizes(c, 0, 1), EINVAL);
	expect_error(evchat_set_buffer_sizes(c, 1, 0), EINVAL);
	expect_error(evchat_set_buffer_sizes(c, huge, 1), EINVAL);
	expect_error(evchat_set_buffer_sizes(c, 1, huge), EINVAL);
	expect_error(evchat_set_timeout(c, (enum evchat_timeout)9, &second),
	    EINVAL);
	expect_error(evchat_set_timeout(c, (enum evchat_timeout)9, &second),
	    EINVAL);
	for (i = 0; i < 4; i++)
		expect_error(evchat_set_timeout(c, EVCHAT_TIMEOUT_READ,
		    &wrong[i]), EINVAL);
	expect_error(evchat_push_with_producer(c, NULL), EINVAL);
	expect_error(evchat_push_callback(c, NULL, NULL), EINVAL);
	harness_feed(h, "abc\r\n");
	harness_end(h, "frame:abc");
}
END_TEST

START_TEST(widest_arguments_are_taken)
{
	struct harness *h = harness_start_new(HARNESS_SOCKET, &harness_frames);
	const struct timeval shortest = { 0, 1 }, longest = { 0, 999999 };

	harness_crlf(h);
	ck_assert_int_eq(evchat_set_buffer_sizes(h->chat, INT32_MAX,
	    INT32_MAX), 0);
	ck_assert_int_eq(evchat_set_watermarks(h->chat, 0, 1), 0);
	ck_assert_int_eq(evchat_set_watermarks(h->chat, SIZE_MAX - 1,
	    SIZE_MAX), 0);
	ck_assert_int_eq(evchat_set_max_frame(h->chat, UINT64_MAX,
	    EVCHAT_OVERSIZE_CLOSE), 0);
	ck_assert_int_eq(evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_READ,
	    &shortest), 0);
	ck_assert_int_eq(evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_READ,
	    &longest), 0);
	harness_feed(h, "abc\r\n");
	ck_assert_int_eq(evchat_push(h->chat, "hello", 5), 0);
	harness_expect_received(h, "hello");
	harness_end(h, "frame:abc");
}
END_TEST

static Suite *
channel_suite(void)
{
	Suite *suite = suite_create("channel");
	TCase *tc = harness_case(suite, "none");

	tcase_add_test(tc, new_channel_collects_everything);
	tcase_add_test(tc, without_collect_what_no_frame_holds_is_dropped);
	tcase_add_loop_test(tc, channel_without_hooks_drops_its_input, 0,
	    HARNESS_CARRIERS);

	tc = harness_case(suite, "asking");
	tcase_add_loop_test(tc, offset_is_that_of_the_first_unread_byte, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc, frame_in_progress_can_be_asked_for, 0,
	    HARNESS_CARRIERS);
	tcase_add_test(tc, offset_in_a_hook_is_behind_the_frame_that_ended);
	tcase_add_test(tc, framing_in_force_can_be_asked_for);
	tcase_add_loop_test(tc, stats_count_bytes_and_frames, 0,
	    HARNESS_CARRIERS);
	tcase_add_test(tc,
	    stats_are_written_only_as_far_as_the_caller_knows_them);
	tcase_add_test(tc, wrong_arguments_are_refused_and_change_nothing);
	tcase_add_test(tc, widest_arguments_are_taken);
	return suite;
}

int
main(void)
{
	return harness_main(channel_suite());
}
