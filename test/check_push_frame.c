/*
 * evchat_push_frame(): what it writes decodes to what it was given, or it
 * writes nothing.
 */

#include <errno.h>
#include <string.h>
#include "harness.h"
#include "sink.h"

START_TEST(frame_ends_with_the_last_delimiter_of_the_input)
{
	struct harness *h = harness_streaming_on(_i);

	ck_assert_int_eq(evchat_set_terminator(h->chat, ";", 1), 0);
	ck_assert_int_eq(evchat_push_frame(h->chat, "a", 1), 0);
	harness_crlf(h);
	ck_assert_int_eq(evchat_push_frame(h->chat, "b", 1), 0);
	ck_assert_int_eq(evchat_push_frame(h->chat, NULL, 0), 0);
	ck_assert_int_eq(evchat_set_terminator_count(h->chat, 3), 0);
	ck_assert_int_eq(evchat_push_frame(h->chat, "c", 1), 0);
	evchat_set_terminator_none(h->chat);
	ck_assert_int_eq(evchat_push_frame(h->chat, "d", 1), 0);
	harness_expect_received(h, "a;b\r\n\r\nc\r\nd\r\n");
	harness_end(h, "");
}
END_TEST

/* Of any length, several at once, so that the first has made room for the next. */
START_TEST(frames_in_a_row_are_all_there)
{
	struct harness *h = harness_streaming_on(_i);
	char payload[100], expect[8 * 1024];
	size_t len, i, at = 0;

	ck_assert_int_eq(evchat_set_terminator(h->chat, "\n", 1), 0);
	for (len = 0; len <= sizeof(payload); len++) {
		for (i = 0; i < len; i++)
			payload[i] = (char)('A' + (len + i) % 26);
		ck_assert_int_eq(evchat_push_frame(h->chat, payload, len), 0);
		memcpy(expect + at, payload, len);
		at += len;
		expect[at++] = '\n';
		if (len == 0)
			continue;
		payload[len / 2] = '\n';
		ck_assert_int_eq(evchat_push_frame(h->chat, payload, len), -1);
		ck_assert_int_eq(errno, EINVAL);
	}
	expect[at] = '\0';
	harness_expect_received(h, expect);
	harness_end(h, "");
}
END_TEST

START_TEST(output_framing_of_its_own_is_used_until_it_is_taken_back)
{
	struct harness *h = harness_streaming_on(_i);
	struct evchat_framing *framing = evchat_framing_delimiter("--", 2, 0);

	ck_assert_ptr_nonnull(framing);
	ck_assert_int_eq(evchat_set_output_framing(h->chat, framing), 0);
	evchat_framing_free(framing);
	ck_assert_int_eq(evchat_push_frame(h->chat, "a", 1), 0);
	harness_crlf(h);
	ck_assert_int_eq(evchat_push_frame(h->chat, "b\r\n", 3), 0);
	ck_assert_int_eq(evchat_set_output_framing(h->chat, NULL), 0);
	ck_assert_int_eq(evchat_push_frame(h->chat, "c", 1), 0);
	harness_expect_received(h, "a--b\r\n--c\r\n");
	harness_end(h, "");
}
END_TEST

START_TEST(formatted_frame_is_a_frame_of_any_length)
{
	struct harness *h = harness_streaming_on(_i);
	struct evbuffer *expect = evbuffer_new();

	harness_crlf(h);
	ck_assert_int_eq(evchat_push_frame_printf(h->chat, "%d-%s", 7, "x"),
	    0);
	ck_assert_int_eq(evchat_push_frame_printf(h->chat, "%s", ""), 0);
	errno = 0;
	ck_assert_int_eq(evchat_push_frame_printf(h->chat, "a%cb", '\r'), 0);
	ck_assert_int_eq(evchat_push_frame_printf(h->chat, "a%sb", "\r\n"),
	    -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(evchat_push_frame_printf(h->chat, "%05000d", 1), 0);
	evbuffer_add_printf(expect, "7-x\r\n\r\na\rb\r\n%05000d\r\n", 1);
	evbuffer_add(expect, "", 1);
	harness_expect_received(h, (char *)evbuffer_pullup(expect, -1));
	evbuffer_free(expect);
	harness_end(h, "");
}
END_TEST

START_TEST(frame_without_a_framing_is_refused)
{
	struct harness *h = harness_streaming_on(_i);

	ck_assert_int_eq(evchat_set_terminator_count(h->chat, 3), 0);
	errno = 0;
	ck_assert_int_eq(evchat_push_frame(h->chat, "a", 1), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_uint_eq(evchat_get_output_length(h->chat), 0);
	harness_end(h, "");
}
END_TEST

static const struct {
	const char *delimiter;
	const char *payload;
} found_early[] = {
	{ "\r\n", "\r\n" }, { "\r\n", "a\r\nb" }, { "\r\n", "a\r\n" },
	{ "aa", "a" }, { "aa", "baa" }, { "aba", "ab" }, { "aba", "cab" },
	{ "aab", "aab" }, { "--x--", "--x" }, { "--x--", "..--x" }
}, found_in_time[] = {
	{ "\r\n", "\r" }, { "\r\n", "\n\r" }, { "\r\n", "\n" },
	{ "aab", "a" }, { "aab", "aa" }, { "aba", "a" }, { "--x--", "-" },
	{ "--x--", "x--" }
};

START_TEST(payload_after_which_the_delimiter_is_found_early_is_refused)
{
	struct harness *h = harness_streaming_on(HARNESS_SOCKET);
	const char *delimiter = found_early[_i].delimiter;
	const char *payload = found_early[_i].payload;

	ck_assert_int_eq(evchat_set_terminator(h->chat, delimiter,
	    strlen(delimiter)), 0);
	ck_assert_int_eq(evchat_push_frame(h->chat, payload, strlen(payload)),
	    -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_uint_eq(evchat_get_output_length(h->chat), 0);
	ck_assert_int_eq(evchat_push(h->chat, "!", 1), 0);
	harness_expect_received(h, "!");
	harness_end(h, "");
}
END_TEST

/* What comes back from an echo is what was pushed. */
START_TEST(frame_decodes_to_its_payload)
{
	struct harness *h = harness_start_new(HARNESS_SOCKET,
	    &harness_frames);
	const char *delimiter = found_in_time[_i].delimiter;
	const char *payload = found_in_time[_i].payload;
	size_t len = strlen(payload) + strlen(delimiter);
	const void *data;
	char text[64];

	ck_assert_int_eq(evchat_set_terminator(h->chat, delimiter,
	    strlen(delimiter)), 0);
	ck_assert_int_eq(evchat_push_frame(h->chat, payload, strlen(payload)),
	    0);
	harness_run_until_received(h, len);
	data = evbuffer_pullup(h->received, -1);
	harness_feed_bytes(h, data, len);
	harness_note_bytes(h, "frame", payload, strlen(payload));
	data = strchr(harness_transcript(h), '|');
	ck_assert_ptr_nonnull(data);
	strcpy(text, (const char *)data + 1);
	ck_assert_int_eq(strncmp(harness_transcript(h), text, strlen(text)), 0);
	harness_free(h);
}
END_TEST

START_TEST(pushed_frames_are_counted)
{
	struct harness *h = harness_streaming_on(_i);
	struct evchat_stats stats;

	harness_crlf(h);
	ck_assert_int_eq(evchat_push_frame(h->chat, "ab", 2), 0);
	ck_assert_int_eq(evchat_push_frame(h->chat, "\r\n", 2), -1);
	ck_assert_int_eq(evchat_push(h->chat, "cd", 2), 0);
	harness_expect_received(h, "ab\r\ncd");
	harness_turn(h);
	evchat_get_stats(h->chat, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.frames_out, 1);
	ck_assert_uint_eq(stats.bytes_out, 6);
	harness_end(h, "");
}
END_TEST

static Suite *
push_frame_suite(void)
{
	Suite *suite = suite_create("push frame");
	TCase *tc = harness_case(suite, "frames");

	tcase_add_loop_test(tc,
	    frame_ends_with_the_last_delimiter_of_the_input, 0,
	    SINK_CARRIERS);
	tcase_add_loop_test(tc, frames_in_a_row_are_all_there, 0, SINK_CARRIERS);
	tcase_add_loop_test(tc,
	    output_framing_of_its_own_is_used_until_it_is_taken_back, 0,
	    SINK_CARRIERS);
	tcase_add_loop_test(tc, formatted_frame_is_a_frame_of_any_length, 0,
	    SINK_CARRIERS);
	tcase_add_loop_test(tc, frame_without_a_framing_is_refused, 0,
	    SINK_CARRIERS);
	tcase_add_loop_test(tc,
	    payload_after_which_the_delimiter_is_found_early_is_refused, 0,
	    (int)(sizeof(found_early) / sizeof(found_early[0])));
	tcase_add_loop_test(tc, frame_decodes_to_its_payload, 0,
	    (int)(sizeof(found_in_time) / sizeof(found_in_time[0])));
	tcase_add_loop_test(tc, pushed_frames_are_counted, 0, SINK_CARRIERS);

	return suite;
}

int
main(void)
{
	return harness_main(push_frame_suite());
}
