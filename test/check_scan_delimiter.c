/*
 * The scan of a delimiter framing, at every cut of its input.
 */

#include <stdlib.h>
#include <string.h>
#include "../lib/framing.h"
#include "harness.h"
#include "unit_scan.h"

/* Delimiters: what is expected comes from looking for them naively */

/* What a stream is, cut by a delimiter, when all of it is known. */
static void
expected_of(struct unit_text *text, const char *bytes, size_t len,
    const char *delimiter, size_t n)
{
	size_t at, held;

	while ((at = unit_find(bytes, len, delimiter, n)) != UNIT_NOT_FOUND) {
		if (at > 0)
			unit_note_collect(text, bytes, at);
		unit_note(text, "found");
		bytes += at + n;
		len -= at + n;
	}
	held = unit_held(bytes, len, delimiter, n);
	if (len > held)
		unit_note_collect(text, bytes, len - held);
	if (held > 0)
		unit_note_bytes(text, "rest", bytes + len - held, held);
}

static void
run(struct terminator terminator, const char *bytes,
    const struct unit_cuts *cuts, const char *expected)
{
	struct unit_scan stream;
	size_t i, held;

	framing_ref(terminator.framing);
	unit_scan_begin(&stream, terminator, bytes);
	for (i = 0; i < cuts->n; i++)
		unit_scan_to(&stream, cuts->end[i]);
	held = unit_scan_rest(&stream.scan);
	if (held > 0)
		unit_note_bytes(&stream.text, "rest", bytes + stream.decided,
		    held);
	if (strcmp(unit_text(&stream.text), expected) != 0)
		ck_abort_msg("cut at%s\n  expected %s\n  got      %s",
		    unit_cuts_text(cuts), expected, unit_text(&stream.text));
	unit_scan_end(&stream, expected);
}

static const struct {
	const char *delimiter;
	size_t n;
	const char *bytes;
	size_t len;
	const char *expected;
} cases[] = {
#define CASE(delimiter, bytes, expected) \
    { delimiter, sizeof(delimiter) - 1, bytes, sizeof(bytes) - 1, expected }
	CASE("\n", "a\n\nbc\nd", "collect:a|found|found|collect:bc|found"
	    "|collect:d"),
	CASE("\r\n", "a\r\n\r\n\r\r\nb\rc\nd\r", "collect:a|found|found"
	    "|collect:\\r|found|collect:b\\rc\\nd|rest:\\r"),
	CASE("\r\n\r\n", "A\r\n\rB\r\n\r\n\r\n\r\nC\r\n\r", "collect:A\\r\\n\\rB"
	    "|found|found|collect:C|rest:\\r\\n\\r"),
	CASE("aab", "aaabaabaaabbaa", "collect:a|found|found|collect:a|found"
	    "|collect:b|rest:aa"),
	CASE("aaab", "aaaabaabaaaba", "collect:a|found|collect:aab|found|rest:a"),
	CASE("abab", "abaababababaababx", "collect:aba|found|found|collect:a"
	    "|found|collect:x"),
	CASE("abcabcabd", "abcabcabcabdabcabcabcabc", "collect:abc|found"
	    "|collect:abcabc|rest:abcabc"),
	CASE("\0\0", "\0a\0\0\0\0\0", "collect:\\0a|found|found|rest:\\0"),
	CASE("aa", "aaaaa", "found|found|rest:a")
#undef CASE
};
#define N_CASES ((int)(sizeof(cases) / sizeof(cases[0])))

START_TEST(delimiter_gives_the_same_at_every_cut)
{
	struct terminator terminator = unit_scan_delimiter(cases[_i].delimiter,
	    cases[_i].n);
	struct unit_text naive = { 0 };
	struct unit_cuts cuts;

	expected_of(&naive, cases[_i].bytes, cases[_i].len, cases[_i].delimiter,
	    cases[_i].n);
	unit_expect(&naive, cases[_i].expected);
	unit_cuts_init(&cuts, cases[_i].len, unit_cases(50));
	while (unit_cuts_next(&cuts))
		run(terminator, cases[_i].bytes, &cuts, cases[_i].expected);
	evchat_framing_free(terminator.framing);
}
END_TEST

START_TEST(held_is_the_longest_possible_beginning_after_every_byte)
{
	const char *delimiter = cases[_i].delimiter;
	struct unit_scan stream;
	size_t at, from = 0, n = cases[_i].n;

	unit_scan_begin(&stream, unit_scan_delimiter(delimiter, n),
	    cases[_i].bytes);
	for (at = 1; at <= cases[_i].len; at++) {
		if (unit_scan_step(&stream, at)) {
			scan_restart(&stream.scan);
			from = at;
		}
		ck_assert_uint_eq(stream.scan.held,
		    unit_held(cases[_i].bytes + from, at - from, delimiter, n));
	}
	scan_release(&stream.scan);
	unit_text_free(&stream.text);
}
END_TEST

static void
prove_large(const char *delimiter, size_t n)
{
	struct terminator terminator = unit_scan_delimiter(delimiter, n);
	char *bytes = malloc(3 * n + 3);
	struct unit_text expected = { 0 };
	struct unit_cuts cuts;
	size_t len = 0;

	memcpy(bytes + len, delimiter + 1, n - 1);
	len += n - 1;
	memcpy(bytes + len, delimiter, n);
	len += n;
	bytes[len++] = delimiter[n - 1];
	memcpy(bytes + len, delimiter, n - 1);
	len += n - 1;
	expected_of(&expected, bytes, len, delimiter, n);
	unit_cuts_init(&cuts, len, unit_cases(50));
	while (unit_cuts_next(&cuts))
		run(terminator, bytes, &cuts, unit_text(&expected));
	unit_text_free(&expected);
	evchat_framing_free(terminator.framing);
	free(bytes);
}

START_TEST(large_delimiter_gives_the_same_at_every_cut)
{
	char delimiter[5000];
	size_t i;

	unit_random_bytes(delimiter, sizeof(delimiter), "abcdefgh\r\n");
	prove_large(delimiter, sizeof(delimiter));
	for (i = 0; i < sizeof(delimiter); i++)
		delimiter[i] = "aab"[i % 3];
	prove_large(delimiter, sizeof(delimiter));
	memset(delimiter, 'a', sizeof(delimiter));
	delimiter[63] = 'b';
	prove_large(delimiter, 64);
}
END_TEST

static void
prove_random(const char *alphabet, size_t most)
{
	char delimiter[16], bytes[64];
	size_t n = 1 + unit_random(most), len = unit_random(sizeof(bytes));
	struct unit_text expected = { 0 };
	struct terminator terminator;
	struct unit_cuts cuts;

	unit_random_bytes(delimiter, n, alphabet);
	unit_random_bytes(bytes, len, alphabet);
	terminator = unit_scan_delimiter(delimiter, n);
	expected_of(&expected, bytes, len, delimiter, n);
	unit_cuts_init_random(&cuts, len, 2);
	while (unit_cuts_next(&cuts))
		run(terminator, bytes, &cuts, unit_text(&expected));
	unit_text_free(&expected);
	evchat_framing_free(terminator.framing);
}

START_TEST(random_delimiters_give_what_naive_search_gives)
{
	size_t i;

	for (i = unit_cases(10000); i > 0; i--) {
		prove_random("ab", 8);
		prove_random("abc", 5);
	}
}
END_TEST

static Suite *
scan_delimiter_suite(void)
{
	Suite *suite = suite_create("scan_delimiter");
	TCase *tc = harness_case(suite, "delimiter");

	tcase_add_loop_test(tc, delimiter_gives_the_same_at_every_cut, 0,
	    N_CASES);
	tcase_add_loop_test(tc,
	    held_is_the_longest_possible_beginning_after_every_byte, 0,
	    N_CASES);
	tcase_add_test(tc, large_delimiter_gives_the_same_at_every_cut);
	tcase_add_test(tc, random_delimiters_give_what_naive_search_gives);
	return suite;
}

int
main(void)
{
	return harness_main(scan_delimiter_suite());
}
