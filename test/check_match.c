/*
 * The search for a string in a stream: whatever is searched for, in whatever
 * it is searched, and however that is cut, it is what naive search finds.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "../lib/match.h"
#include "harness.h"
#include "unit.h"

#define LARGE 5000

/* Bytes that may be NUL. */
struct bytes {
	const char *at;
	size_t len;
};
#define BYTES(literal) { literal, sizeof(literal) - 1 }

/* The naive view: how much is matched after each byte; all at a match's end. */
static size_t *
naive(struct bytes string, struct bytes stream)
{
	size_t *matched = calloc(stream.len + 1, sizeof(*matched));
	size_t i, from = 0, most = 0, len;

	for (i = 0; i < stream.len; i++) {
		/* One byte more cannot match more than one byte more. */
		len = most + 1 < i + 1 - from ? most + 1 : i + 1 - from;
		if (len == string.len &&
		    memcmp(stream.at + i + 1 - len, string.at, len) == 0) {
			matched[i] = len;
			from = i + 1;
			most = 0;
			continue;
		}
		most = unit_held(stream.at + i + 1 - len, len, string.at,
		    string.len);
		matched[i] = most;
	}
	return matched;
}

/* Search a piece, copied so that nothing can be read behind its end. */
static void
search_piece(const struct match *match, size_t *matched, struct bytes piece,
    const size_t *expected)
{
	unsigned char *copy = malloc(piece.len);
	size_t at, end, used;
	bool found;

	memcpy(copy, piece.at, piece.len);
	for (at = 0; at < piece.len; at = end) {
		for (end = at; end < piece.len;)
			if (expected[end++] == match_len(match))
				break;
		used = match_next(match, matched, copy + at, piece.len - at);
		found = expected[end - 1] == match_len(match);
		/* An assertion that holds costs more than a search. */
		if (used != (found ? end - at : 0) ||
		    *matched != expected[end - 1])
			ck_abort_msg("found at %zu with %zu matched, not %zu",
			    used, *matched, expected[end - 1]);
		if (found)
			*matched = 0;
	}
	free(copy);
}

static void
search(const struct match *match, struct bytes stream, const size_t *expected,
    const struct unit_cuts *cuts)
{
	size_t i, at = 0, matched = 0;

	for (i = 0; i < cuts->n; at = cuts->end[i++])
		search_piece(match, &matched, (struct bytes){ stream.at + at,
		    cuts->end[i] - at }, expected + at);
}

static void
prove(struct bytes string, struct bytes stream, size_t random)
{
	struct match *match = match_new(string.at, string.len);
	size_t *expected = naive(string, stream);
	struct unit_cuts cuts;

	ck_assert_ptr_nonnull(match);
	for (unit_cuts_init(&cuts, stream.len, random); unit_cuts_next(&cuts);)
		search(match, stream, expected, &cuts);
	free(expected);
	match_free(match);
}

/* At every cut */

#define A15 "aaaaaaaaaaaaaaa"
#define A62 A15 A15 A15 A15 "aa"

static const struct {
	struct bytes string;
	struct bytes stream;
} cases[] = {
	{ BYTES("\n"), BYTES("a\nb\n\nc") },
	{ BYTES("a"), BYTES("aaabacaa") },
	{ BYTES("\r\n"), BYTES("a\r\nb\r\r\n\r\n\nc\n\rd\r") },
	{ BYTES("\r\n\r\n"), BYTES("G\r\n\r\r\n\r\nb\r\n\r\n\r\n\r\n\nc\r\n\r") },
	{ BYTES("aab"), BYTES("aaabaabaaaabbaabaa") },
	{ BYTES("aaab"), BYTES("aaaabaabaaabaaaaaabaaa") },
	{ BYTES("abab"), BYTES("abaababababababbabaabab") },
	{ BYTES("abcabcabd"), BYTES("abcabcabcabdabcabcabdabcabcabcabcabcabdab") },
	{ BYTES("\0\0"), BYTES("\0a\0\0\0\0\0b\0") },
	{ BYTES("\r\n.\r\n"), BYTES("a\r\n..\r\n.\r\n.\r\nb\r\n.\r\r\n.\r\n") },
	{ BYTES("--x--"), BYTES("--x-x--x------x--x----x--") },
	{ BYTES("\xff\xff\x00\xff"), BYTES("\xff\xff\xff\x00\xff\xff\x00\xff\xff") },
	{ BYTES(A62 "ab"), BYTES(A62 "b" A62 "ab" A62 "aab" A62 A62 "aaab" A62) }
};
#define N_CASES ((int)(sizeof(cases) / sizeof(cases[0])))

START_TEST(string_is_found_at_every_cut)
{
	prove(cases[_i].string, cases[_i].stream, unit_cases(100));
}
END_TEST

START_TEST(any_single_byte_is_found)
{
	char byte, stream[64];
	int value;

	for (value = 0; value < 256; value++) {
		byte = (char)value;
		unit_random_bytes(stream, sizeof(stream), "ab \r");
		stream[unit_random(sizeof(stream))] = byte;
		stream[unit_random(sizeof(stream))] = byte;
		prove((struct bytes){ &byte, 1 },
		    (struct bytes){ stream, sizeof(stream) }, 1);
	}
}
END_TEST

START_TEST(nothing_is_found_in_an_empty_piece)
{
	struct match *match = match_new("ab", 2);
	size_t matched = 1;

	ck_assert_uint_eq(match_next(match, &matched,
	    (const unsigned char *)"b", 0), 0);
	ck_assert_uint_eq(match_next(match, &matched, NULL, 0), 0);
	ck_assert_uint_eq(matched, 1);
	match_free(match);
}
END_TEST

/* What is large: too many cuts for all of them */

/* A stream in which a string, and much that looks like it, is found. */
static char *
stream_of(struct bytes string, size_t *len)
{
	char *stream = malloc(6 * string.len), *at = stream;
	size_t i, n;

	ck_assert_ptr_nonnull(stream);
	for (i = 0; i < 5; i++) {
		n = i % 2 == 0 ? string.len - unit_random(2) :
		    unit_random(string.len);
		memcpy(at, string.at + unit_random(2) * (string.len - n), n);
		at += n;
		if (i == 2)
			*at++ = 'x';
	}
	*len = (size_t)(at - stream);
	return stream;
}

static void
prove_large(const char *large)
{
	struct bytes string = { large, LARGE };
	size_t i, len;
	char *stream;

	for (i = unit_cases(8); i > 0; i--) {
		stream = stream_of(string, &len);
		prove(string, (struct bytes){ stream, len }, 20);
		free(stream);
	}
}

START_TEST(large_random_string_is_found)
{
	char string[LARGE];

	unit_random_bytes(string, LARGE, "abcdefghijklmnopqrstuvwxyz\r\n \x80");
	prove_large(string);
}
END_TEST

START_TEST(large_periodic_string_is_found)
{
	char string[LARGE];
	size_t i;

	for (i = 0; i < LARGE; i++)
		string[i] = "abaab"[i % 5];
	prove_large(string);
	string[LARGE - 1] = 'z';
	prove_large(string);
}
END_TEST

START_TEST(large_string_of_one_byte_is_found)
{
	char string[LARGE];

	memset(string, 'a', LARGE);
	prove_large(string);
	string[LARGE / 2] = '-';
	prove_large(string);
}
END_TEST

/* At random */

static void
prove_random(const char *alphabet, size_t most)
{
	char string[16], stream[80];
	size_t len = 1 + unit_random(most), n = unit_random(sizeof(stream));
	struct match *match;
	size_t *expected;
	struct unit_cuts cuts;

	unit_random_bytes(string, len, alphabet);
	unit_random_bytes(stream, n, alphabet);
	match = match_new(string, len);
	expected = naive((struct bytes){ string, len },
	    (struct bytes){ stream, n });
	unit_cuts_init_random(&cuts, n, 2);
	while (unit_cuts_next(&cuts))
		search(match, (struct bytes){ stream, n }, expected, &cuts);
	free(expected);
	match_free(match);
}

START_TEST(random_strings_of_two_letters_are_found)
{
	size_t i;

	for (i = unit_cases(40000); i > 0; i--)
		prove_random("ab", 10);
}
END_TEST

START_TEST(random_strings_of_three_letters_are_found)
{
	size_t i;

	for (i = unit_cases(40000); i > 0; i--)
		prove_random("abc", 7);
}
END_TEST

/* Rare and common ones, so that what memchr looks for stands anywhere. */
START_TEST(random_strings_of_mixed_bytes_are_found)
{
	size_t i;

	for (i = unit_cases(40000); i > 0; i--)
		prove_random(i % 2 == 0 ? "a0- \r" : "a\n", 6);
}
END_TEST

/* Making one */

START_TEST(empty_string_is_refused)
{
	errno = 0;
	ck_assert_ptr_null(match_new("", 0));
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(string_above_the_limit_is_refused)
{
	errno = 0;
	ck_assert_ptr_null(match_new("a", MATCH_MAX + 1));
	ck_assert_int_eq(errno, EMSGSIZE);
}
END_TEST

START_TEST(string_at_the_limit_fails_for_memory_only)
{
	harness_fail_allocation(1);
	errno = 0;
	ck_assert_ptr_null(match_new("a", MATCH_MAX));
	ck_assert_int_eq(errno, ENOMEM);
	harness_fail_allocation(0);
}
END_TEST

START_TEST(string_is_copied)
{
	char string[] = "abc";
	struct match *match = match_new(string, 3);
	size_t matched = 0;

	memset(string, 'x', 3);
	ck_assert_uint_eq(match_len(match), 3);
	ck_assert_mem_eq(match_bytes(match), "abc", 3);
	ck_assert_uint_eq(match_next(match, &matched,
	    (const unsigned char *)"xabc", 4), 4);
	match_free(match);
}
END_TEST

START_TEST(freeing_gives_all_memory_back)
{
	long blocks = harness_blocks();

	match_free(match_new("abc", 3));
	match_free(NULL);
	ck_assert_int_eq(harness_blocks(), blocks);
}
END_TEST

static Suite *
match_suite(void)
{
	Suite *suite = suite_create("match");
	TCase *tc = harness_case(suite, "cuts");

	tcase_add_loop_test(tc, string_is_found_at_every_cut, 0, N_CASES);
	tcase_add_test(tc, any_single_byte_is_found);
	tcase_add_test(tc, nothing_is_found_in_an_empty_piece);

	tc = harness_case(suite, "large");
	tcase_add_test(tc, large_random_string_is_found);
	tcase_add_test(tc, large_periodic_string_is_found);
	tcase_add_test(tc, large_string_of_one_byte_is_found);

	tc = harness_case(suite, "random");
	tcase_add_test(tc, random_strings_of_two_letters_are_found);
	tcase_add_test(tc, random_strings_of_three_letters_are_found);
	tcase_add_test(tc, random_strings_of_mixed_bytes_are_found);

	tc = harness_case(suite, "new");
	tcase_add_test(tc, empty_string_is_refused);
	tcase_add_test(tc, string_above_the_limit_is_refused);
	tcase_add_test(tc, string_at_the_limit_fails_for_memory_only);
	tcase_add_test(tc, string_is_copied);
	tcase_add_test(tc, freeing_gives_all_memory_back);
	return suite;
}

int
main(void)
{
	return harness_main(match_suite());
}
