/*
 * A channel's input as it is cut by a delimiter: what is delivered, what is
 * held back meanwhile, and delimiters of any bytes and of any length.
 */

#define _XOPEN_SOURCE 700 /* random */
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

static Suite *
delimiter_suite(void)
{
	Suite *suite = suite_create("delimiter");
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
	return suite;
}

int
main(void)
{
	return harness_main(delimiter_suite());
}
