/*
 * Input as it is cut by a delimiter or not at all; what can be asked for; wrong
 * arguments.
 */

#define _XOPEN_SOURCE 700 /* random */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "harness.h"

#define LONG 5000 /* a long delimiter */

/* Delimiters */

START_TEST(delimiter_is_never_delivered)
{
	static const struct harness_scenario streaming = {
		.input = "hello\r\nworld\r\n", .start = harness_crlf,
		.expect = "collect:hello|found|collect:world|found"
	};
	static const struct harness_scenario frames = {
		.input = "hello\r\nworld\r\n", .start = harness_crlf,
		.hooks = &harness_frames, .expect = "frame:hello|frame:world"
	};

	harness_prove(&streaming);
	harness_prove(&frames);
}
END_TEST

START_TEST(empty_frame_is_found_without_collect)
{
	static const struct harness_scenario streaming = {
		.input = "\r\nab\r\n\r\n\r\n", .start = harness_crlf,
		.expect = "found|collect:ab|found|found|found"
	};
	static const struct harness_scenario frames = {
		.input = "\r\nab\r\n\r\n\r\n", .start = harness_crlf,
		.hooks = &harness_frames,
		.expect = "frame:|frame:ab|frame:|frame:"
	};

	harness_prove(&streaming);
	harness_prove(&frames);
}
END_TEST

START_TEST(false_prefix_is_delivered_with_what_follows)
{
	static const struct harness_scenario streaming = {
		.input = "a\rb\r\r\nc\n\r\r\n", .start = harness_crlf,
		.expect = "collect:a\\rb\\r|found|collect:c\\n\\r|found"
	};
	static const struct harness_scenario frames = {
		.input = "a\rb\r\r\nc\n\r\r\n", .start = harness_crlf,
		.hooks = &harness_frames,
		.expect = "frame:a\\rb\\r|frame:c\\n\\r"
	};

	harness_prove(&streaming);
	harness_prove(&frames);
}
END_TEST

/* What is delivered after each of the pieces, under a delimiter. */
static const struct {
	const char *delimiter;
	const char *pieces[4];
	const char *after[4];
} held[] = {
	{ "\r\n", { "ab\r", "xcd\r", "\r", "\n" },
	    { "collect:ab", "collect:ab\\rxcd", "collect:ab\\rxcd\\r",
	    "collect:ab\\rxcd\\r|found" } },
	{ "aab", { "xaa", "a", "b", "a" },
	    { "collect:x", "collect:xa", "collect:xa|found",
	    "collect:xa|found" } },
	{ "aaab", { "aaa", "aa", "x", "aaab" },
	    { "", "collect:aa", "collect:aaaaax", "collect:aaaaax|found" } },
	{ "abab", { "aba", "a", "bab", "abaabab" },
	    { "", "collect:aba", "collect:aba|found",
	    "collect:aba|found|collect:aba|found" } },
	{ "abcabd", { "abcab", "c", "ab", "d" },
	    { "", "collect:abc", "collect:abc", "collect:abc|found" } },
	{ "--b--", { "a--b-", "-b", "--", "--b" },
	    { "collect:a", "collect:a|found|collect:b",
	    "collect:a|found|collect:b", "collect:a|found|collect:b--" } }
};

START_TEST(only_the_longest_prefix_of_the_delimiter_is_held_back)
{
	struct harness *h;
	size_t i, j;

	for (i = 0; i < sizeof(held) / sizeof(held[0]); i++) {
		h = harness_start_new((enum harness_carrier)_i,
		    &harness_streaming);
		ck_assert_int_eq(evchat_set_terminator(h->chat,
		    held[i].delimiter, strlen(held[i].delimiter)), 0);
		for (j = 0; j < 4; j++) {
			harness_feed(h, held[i].pieces[j]);
			harness_expect(h, held[i].after[j]);
		}
		harness_free(h);
	}
}
END_TEST

static void
end_with_nuls(struct harness *h)
{
	harness_ok(h, evchat_set_terminator(h->chat, "\0\0", 2));
}

START_TEST(delimiter_may_be_any_bytes)
{
	static const struct harness_scenario s = {
		.input = "a\0b\0\0\0\0\0c\0\0", .len = 11,
		.start = end_with_nuls,
		.expect = "collect:a\\0b|found|found|collect:\\0c|found"
	};

	harness_prove(&s);
}
END_TEST

static void
end_with_a(struct harness *h)
{
	harness_ok(h, evchat_set_terminator(h->chat, "a", 1));
}

START_TEST(delimiter_may_be_one_byte)
{
	static const struct harness_scenario s = {
		.input = "abacaa", .start = end_with_a,
		.expect = "found|collect:b|found|collect:c|found|found"
	};

	harness_prove(&s);
}
END_TEST

/* Random ones of two letters, against a naive search */

static char random_delimiter[8];

static void
end_with_random(struct harness *h)
{
	harness_ok(h, evchat_set_terminator(h->chat, random_delimiter,
	    strlen(random_delimiter)));
}

static void
random_letters(char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		text[i] = (char)('a' + random() % 2);
	text[len] = '\0';
}

/* What an obviously right search gives, each token with a '|' before it. */
static void
search_naively(const char *text, const char *delimiter, char *tokens)
{
	const char *found;

	while ((found = strstr(text, delimiter)) != NULL) {
		tokens += sprintf(tokens, "|frame:%.*s", (int)(found - text),
		    text);
		text = found + strlen(delimiter);
	}
}

START_TEST(delimiter_is_found_where_a_naive_search_finds_it)
{
	char text[25], tokens[512];
	struct harness_scenario s = {
		.input = text, .start = end_with_random,
		.hooks = &harness_frames
	};
	int i;

	srandom(1);
	for (i = 0; i < 50; i++) {
		memset(tokens, 0, sizeof(tokens));
		random_letters(random_delimiter, 1 + (size_t)random() % 6);
		random_letters(text, sizeof(text) - 1);
		search_naively(text, random_delimiter, tokens);
		s.expect = tokens[0] != '\0' ? tokens + 1 : "";
		harness_prove_on(&s, HARNESS_BEV);
		harness_prove_on(&s, HARNESS_FRAGMENT);
	}
}
END_TEST

/* Long ones */

static char long_delimiter[LONG];

static void
end_with_long(struct harness *h)
{
	harness_ok(h, evchat_set_terminator(h->chat, long_delimiter, LONG));
}

START_TEST(long_delimiter_is_found)
{
	static char input[3 * LONG];
	struct harness_scenario s = {
		.input = input, .len = 2 * LONG + 1003, .start = end_with_long,
		.expect = "collect:a{1001}|found|collect:x|found|collect:b"
	};

	memset(long_delimiter, 'a', LONG - 1);
	long_delimiter[LONG - 1] = 'b';
	memset(input, 'a', sizeof(input));
	input[1000 + LONG] = 'b';
	input[1001 + LONG] = 'x';
	input[2 * LONG + 1001] = 'b';
	input[2 * LONG + 1002] = 'b';
	harness_prove_on(&s, HARNESS_SOCKET);
	harness_prove_on(&s, HARNESS_RATED);
	harness_prove_on(&s, HARNESS_PAIR);
	harness_prove_on(&s, HARNESS_FRAGMENT);
	s.hooks = &harness_frames;
	s.expect = "frame:a{1001}|frame:x";
	harness_prove_on(&s, HARNESS_SOCKET);
	harness_prove_on(&s, HARNESS_FRAGMENT);
}
END_TEST

START_TEST(frame_larger_than_any_buffer_is_delivered)
{
	static char input[300002];
	struct harness_scenario s = {
		.input = input, .len = sizeof(input), .start = harness_crlf,
		.expect = "collect:x{300000}|found"
	};
	static const size_t at[] = { 4096, 70000, 299999, 300001 };
	struct harness_cuts cuts = { at, 4, false };
	int carrier;

	memset(input, 'x', sizeof(input) - 2);
	memcpy(input + sizeof(input) - 2, "\r\n", 2);
	for (carrier = 0; carrier < HARNESS_CARRIERS; carrier++) {
		char *transcript = harness_run(&s, (enum harness_carrier)carrier,
		    &cuts);

		ck_assert_str_eq(transcript, s.expect);
		free(transcript);
	}
}
END_TEST

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
	expect_error(evchat_set_timeout(c, EVCHAT_TIMEOUT_STALL, &second),
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
	TCase *tc = harness_case(suite, "delimiter");

	tcase_add_test(tc, delimiter_is_never_delivered);
	tcase_add_test(tc, empty_frame_is_found_without_collect);
	tcase_add_test(tc, false_prefix_is_delivered_with_what_follows);
	tcase_add_loop_test(tc,
	    only_the_longest_prefix_of_the_delimiter_is_held_back, 0,
	    HARNESS_CARRIERS);
	tcase_add_test(tc, delimiter_may_be_any_bytes);
	tcase_add_test(tc, delimiter_may_be_one_byte);
	tcase_add_test(tc, delimiter_is_found_where_a_naive_search_finds_it);
	tcase_add_test(tc, long_delimiter_is_found);
	tcase_add_test(tc, frame_larger_than_any_buffer_is_delivered);

	tc = harness_case(suite, "none");
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
