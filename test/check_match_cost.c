/*
 * What a search costs, counted and not timed: match.c is compiled here once
 * more, with a memchr that counts the bytes it looks at. The automaton tests
 * its state against NONE, which match.c makes of UINT32_MAX, before it
 * compares a byte and after it has dealt with one; so these tests are counted.
 */

#include <ctype.h>
#include <stdint.h>
#include <string.h>

static const void *counted_memchr(const void *bytes, int byte, size_t len);
static uint32_t counted_none(void);

#define memchr(bytes, byte, len) counted_memchr(bytes, byte, len)
#undef UINT32_MAX
#define UINT32_MAX counted_none()
#include "../lib/match.c"
#undef memchr

#include "harness.h"
#include "unit.h"

#define STREAM 4096
#define SLACK 8 /* operations that do not depend on any length */

static size_t searched; /* bytes that memchr has looked at */
static size_t tests;    /* of states against NONE */

static const void *
counted_memchr(const void *bytes, int byte, size_t len)
{
	const unsigned char *found = memchr(bytes, byte, len);

	searched += found != NULL ?
	    (size_t)(found - (const unsigned char *)bytes) + 1 : len;
	return found;
}

static uint32_t
counted_none(void)
{
	tests++;
	return (uint32_t)-1;
}

/* Search all of a stream, in pieces of so many bytes. */
static void
search(const struct match *match, const char *stream, size_t len, size_t piece)
{
	size_t at = 0, end, used, matched = 0;

	searched = tests = 0;
	while (at < len) {
		end = at - at % piece + piece < len ? at - at % piece + piece :
		    len;
		used = match_next(match, &matched,
		    (const unsigned char *)stream + at, end - at);
		at = used > 0 ? at + used : end;
		if (used > 0)
			matched = 0;
	}
}

/*
 * memchr sees no byte twice. The automaton tests a byte's state once, once
 * more each time that it falls back, and once when it is done with the byte;
 * and as each byte takes it forward by one state, it cannot fall back more
 * often than there are bytes.
 */
static void
expect_linear(const char *string, size_t n, const char *stream, size_t len)
{
	static const size_t pieces[] = { 1, 2, 3, 7, 64, 1000, SIZE_MAX / 2 };
	struct match *match;
	size_t i;

	tests = 0;
	match = match_new(string, n);
	if (tests > 5 * n + SLACK)
		ck_abort_msg("%zu tests to learn %zu bytes", tests, n);
	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		search(match, stream, len, pieces[i]);
		if (searched > len || tests > 3 * len + SLACK)
			ck_abort_msg("%zu by memchr, %zu tests for %zu bytes, "
			    "%zu at a time", searched, tests, len, pieces[i]);
	}
	match_free(match);
}

/* Period after period of something. */
static void
repeat(char *bytes, size_t len, const char *period)
{
	size_t i, n = strlen(period);

	for (i = 0; i < len; i++)
		bytes[i] = period[i % n];
}

/* abaababaabaab ...: what is worst for a simpler table of borders */
static void
fibonacci(char *bytes, size_t len)
{
	size_t i, a = 1, b = 2, sum;

	memcpy(bytes, "ab", 2);
	while (b < len) {
		sum = a + b;
		for (i = b; i < sum && i < len; i++)
			bytes[i] = bytes[i - b];
		a = b;
		b = sum;
	}
}

START_TEST(counting_counts)
{
	struct match *match = match_new("aab", 3);

	/*
	 * A b cannot stand before the third byte, and four are looked at
	 * before memchr is called; the last two bytes may be a's.
	 */
	search(match, "cccccccccccc", 12, 12);
	ck_assert_uint_eq(searched, 6);
	ck_assert_uint_eq(tests, 2 * 3);
	search(match, "aaaaaaaaaaab", 12, 12);
	ck_assert_uint_eq(searched, 6);
	ck_assert_uint_eq(tests, 3 * 2);
	match_free(match);
}
END_TEST

START_TEST(stream_without_the_string_costs_little)
{
	struct match *match = match_new("\r\n", 2);
	char stream[STREAM];

	repeat(stream, sizeof(stream), "Some text, as protocols have it. ");
	search(match, stream, sizeof(stream), sizeof(stream));
	ck_assert_uint_le(searched, sizeof(stream));
	ck_assert_uint_le(tests, SLACK);
	match_free(match);
}
END_TEST

START_TEST(almost_the_string_again_and_again_is_linear)
{
	char string[64], stream[STREAM];

	memset(string, 'a', sizeof(string));
	memset(stream, 'a', sizeof(stream));
	string[63] = 'b';
	expect_linear(string, 64, stream, sizeof(stream));
	string[63] = 'a';
	string[0] = 'b';
	expect_linear(string, 64, stream, sizeof(stream));
	string[0] = 'a';
	string[31] = 'b';
	expect_linear(string, 64, stream, sizeof(stream));
	expect_linear("aaaaaaaX", 8, stream, sizeof(stream));
	expect_linear("X", 1, stream, sizeof(stream));
}
END_TEST

/* Only what the end of a piece leaves undecided is for the automaton. */
START_TEST(almost_the_string_without_its_pivot_costs_little)
{
	static const size_t pieces[] = { 256, 1000, STREAM };
	char string[64], stream[STREAM];
	struct match *match;
	size_t i, n;

	memset(string, 'a', sizeof(string));
	memset(stream, 'a', sizeof(stream));
	string[63] = 'b';
	match = match_new(string, sizeof(string));
	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		search(match, stream, sizeof(stream), pieces[i]);
		n = sizeof(stream) / pieces[i] + 1;
		ck_assert_uint_le(tests, n * (2 * 63 + SLACK));
		ck_assert_uint_le(searched, sizeof(stream));
	}
	match_free(match);
}
END_TEST

/* And with it, but always too early for a match. */
START_TEST(almost_the_string_with_its_pivot_is_linear)
{
	char string[64], stream[STREAM];
	size_t pivot, i;

	for (pivot = 1; pivot < sizeof(string); pivot += pivot / 3 + 1)
		for (i = 1; i <= sizeof(string); i += i / 5 + 1) {
			memset(string, 'a', sizeof(string));
			string[pivot] = 'b';
			memset(stream, 'a', sizeof(stream));
			for (size_t at = i; at < sizeof(stream); at += i + 1)
				stream[at] = 'b';
			expect_linear(string, sizeof(string), stream,
			    sizeof(stream));
		}
}
END_TEST

START_TEST(stream_full_of_what_memchr_looks_for_is_linear)
{
	char stream[STREAM];

	memset(stream, 'X', sizeof(stream));
	expect_linear("aX", 2, stream, sizeof(stream));
	expect_linear("aXa", 3, stream, sizeof(stream));
	expect_linear("aaaaaaaaaaaaaaaX", 16, stream, sizeof(stream));
	expect_linear("Xa", 2, stream, sizeof(stream));
	repeat(stream, sizeof(stream), "\n\r");
	expect_linear("\r\n", 2, stream, sizeof(stream));
	repeat(stream, sizeof(stream), "\r\r\n");
	expect_linear("\r\n\r\n", 4, stream, sizeof(stream));
}
END_TEST

START_TEST(fibonacci_strings_are_linear)
{
	char string[2000], stream[STREAM];
	size_t n;

	fibonacci(stream, sizeof(stream));
	fibonacci(string, sizeof(string));
	for (n = 1; n <= sizeof(string); n += n / 7 + 1) {
		expect_linear(string, n, stream, sizeof(stream));
		string[n - 1] ^= 'a' ^ 'b';
		expect_linear(string, n, stream, sizeof(stream));
		string[n - 1] ^= 'a' ^ 'b';
	}
}
END_TEST

START_TEST(large_periodic_strings_are_linear)
{
	static const char *const periods[] = { "a", "ab", "aab", "abaab",
	    "aaaaaaab", "\r\n", "a\r" };
	char string[5000], stream[STREAM * 4];
	size_t i;

	for (i = 0; i < sizeof(periods) / sizeof(periods[0]); i++) {
		repeat(stream, sizeof(stream), periods[i]);
		repeat(string, sizeof(string), periods[i]);
		expect_linear(string, sizeof(string), stream, sizeof(stream));
		string[sizeof(string) - 1] = 'z';
		expect_linear(string, sizeof(string), stream, sizeof(stream));
	}
}
END_TEST

/* Common bytes first: how often memchr stops for nothing depends on it. */
static int
kind_of(int byte)
{
	if (byte == ' ' || byte == '\0')
		return 0;
	if (byte < 0x80 && islower(byte))
		return 1;
	if (byte < 0x80 && isalnum(byte))
		return 2;
	return byte < 0x80 && ispunct(byte) ? 3 : 4;
}

static size_t
times(const unsigned char *string, size_t len, int byte)
{
	size_t i, n = 0;

	for (i = 0; i < len; i++)
		n += string[i] == byte;
	return n;
}

/* And what there is least often, where they are equally rare. */
static bool
is_better(const unsigned char *string, size_t len, int byte, int other)
{
	if (kind_of(byte) != kind_of(other))
		return kind_of(byte) > kind_of(other);
	return times(string, len, byte) <= times(string, len, other);
}

START_TEST(rarest_byte_is_looked_for_and_of_equal_ones_the_last)
{
	unsigned char string[3];
	int first, second;
	size_t best;

	for (first = 0; first < 256; first++)
		for (second = 0; second < 256; second++) {
			string[0] = ' ';
			string[1] = (unsigned char)first;
			string[2] = (unsigned char)second;
			best = is_better(string, 3, first, ' ') ? 1 : 0;
			if (is_better(string, 3, second, string[best]))
				best = 2;
			if (match_pivot(string, 3) != best)
				ck_abort_msg("%02x %02x", first, second);
		}
}
END_TEST

/* Every string, in streams that are made of it with one byte left out. */
START_TEST(all_short_strings_are_linear)
{
	char string[8], stream[600];
	size_t n, i, bits, left_out;

	for (n = 1; n <= sizeof(string); n++)
		for (bits = 0; bits < (size_t)1 << n; bits++) {
			for (i = 0; i < n; i++)
				string[i] = bits >> i & 1 ? 'b' : 'a';
			left_out = n > 1 ? unit_random(n) : n;
			for (i = 0; i < sizeof(stream); i++)
				stream[i] = string[(i + (i % n >= left_out)) %
				    n];
			expect_linear(string, n, stream, sizeof(stream));
		}
}
END_TEST

START_TEST(random_strings_are_linear)
{
	char string[12], stream[600];
	size_t i, n;

	for (i = unit_cases(3000); i > 0; i--) {
		n = 1 + unit_random(sizeof(string));
		unit_random_bytes(string, n, i % 2 == 0 ? "ab" : "a\r");
		unit_random_bytes(stream, sizeof(stream),
		    i % 2 == 0 ? "ab" : "a\r");
		expect_linear(string, n, stream, sizeof(stream));
	}
}
END_TEST

/* The rarest byte there is, and the last one of those. */
START_TEST(memchr_looks_for_the_rarest_byte)
{
	static const struct {
		const char *string;
		size_t pivot;
	} cases[] = {
		{ "a", 0 }, { "aa", 1 }, { " a", 1 }, { "a ", 0 },
		{ "az", 1 }, { "za", 1 }, { "zZ", 1 }, { "Za", 0 },
		{ "Az", 0 }, { "a0", 1 }, { "0a", 0 }, { "9z", 0 },
		{ "A0", 1 }, { "0A", 1 }, { "9Z", 1 }, { "Z9", 1 },
		{ "-A", 0 }, { "-Z", 0 }, { "-0", 0 }, { "-9", 0 },
		{ "A-", 1 }, { "@A", 0 }, { "[Z", 0 }, { "`a", 0 },
		{ "{z", 0 }, { "/0", 0 }, { ":9", 0 }, { "!~", 1 },
		{ "~!", 1 }, { "\n~", 0 }, { "\x7f~", 0 }, { "~\x7f", 1 },
		{ "\x80!", 0 }, { "\r\n", 1 }, { "\r\n--x", 1 },
		{ "\x01 ", 0 }, { "a\x1f", 1 }
	};
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		ck_assert_uint_eq(match_pivot(
		    (const unsigned char *)cases[i].string,
		    strlen(cases[i].string)), cases[i].pivot);
	ck_assert_uint_eq(match_pivot((const unsigned char *)"\0a", 2), 1);
	ck_assert_uint_eq(match_pivot((const unsigned char *)"a\0", 2), 0);
}
END_TEST

static Suite *
match_cost_suite(void)
{
	Suite *suite = suite_create("match_cost");
	TCase *tc = harness_case(suite, "cost");

	tcase_add_test(tc, counting_counts);
	tcase_add_test(tc, memchr_looks_for_the_rarest_byte);
	tcase_add_test(tc, stream_without_the_string_costs_little);
	tcase_add_test(tc,
	    rarest_byte_is_looked_for_and_of_equal_ones_the_last);
	tcase_add_test(tc, almost_the_string_again_and_again_is_linear);
	tcase_add_test(tc, almost_the_string_without_its_pivot_costs_little);
	tcase_add_test(tc, almost_the_string_with_its_pivot_is_linear);
	tcase_add_test(tc, stream_full_of_what_memchr_looks_for_is_linear);
	tcase_add_test(tc, fibonacci_strings_are_linear);
	tcase_add_test(tc, large_periodic_strings_are_linear);
	tcase_add_test(tc, all_short_strings_are_linear);
	tcase_add_test(tc, random_strings_are_linear);
	return suite;
}

int
main(void)
{
	return harness_main(match_cost_suite());
}
