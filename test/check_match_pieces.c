/*
 * The search for a string in pieces that are about as long as it is, or
 * several times that, where the search leaps: whatever nearly is the string,
 * and wherever its rarest byte is missing, it is what naive search finds.
 */

#include <stdlib.h>
#include <string.h>
#include "../lib/match.h"
#include "harness.h"
#include "unit.h"

#define LONGEST 70
#define SEA 1000

struct string {
	char bytes[LONGEST];
	size_t len;
};

/* Beginnings and ends of it, in a sea of its most frequent byte. */
static size_t
fill_sea(char *sea, const struct string *string)
{
	size_t at = 0, n;

	while (at + 3 * string->len < SEA) {
		n = unit_random(3) == 0 ? string->len :
		    unit_random(string->len);
		memcpy(sea + at, string->bytes + unit_random(2) *
		    (string->len - n), n);
		at += n;
		n = unit_random(unit_random(2) == 0 ? 3 : 2 * string->len);
		unit_random_bytes(sea + at, n,
		    unit_random(2) == 0 ? "a" : "aaaaaaab");
		at += n;
	}
	return at;
}

/* Search bytes at .. end, and again from behind what is found; *from is there. */
static void
search_piece(const struct match *match, size_t *matched, const char *sea,
    size_t at, size_t end, size_t *from)
{
	const char *string = (const char *)match_bytes(match);
	size_t m = match_len(match), used, place, held;
	unsigned char *copy = malloc(end - at); /* nothing is behind its end */

	memcpy(copy, sea + at, end - at);
	for (size_t begin = at; begin < end; begin += used) {
		used = match_next(match, matched, copy + (begin - at),
		    end - begin);
		place = unit_find(sea + *from, end - *from, string, m);
		if (place != UNIT_NOT_FOUND) {
			place += *from + m;
			if (begin + used != place || *matched != m)
				ck_abort_msg("at %zu with %zu, not %zu",
				    begin + used, *matched, place);
			*from = place;
			*matched = 0;
			continue;
		}
		held = unit_held(sea + *from, end - *from, string, m);
		if (used != 0 || *matched != held)
			ck_abort_msg("%zu matched, not %zu", *matched, held);
		break;
	}
	free(copy);
}

static void
search(const struct match *match, const char *sea, size_t len, size_t piece)
{
	size_t at, matched = 0, from = 0;

	for (at = 0; at < len; at += piece)
		search_piece(match, &matched, sea, at,
		    len - at < piece ? len : at + piece, &from);
}

static void
prove(const char *alphabet)
{
	struct string string = { .len = 2 + unit_random(LONGEST - 1) };
	size_t m = string.len, len, i;
	const size_t pieces[] = { m - 1, m, m + 1, 2 * m - 1, 2 * m,
		2 * m + 1, 5 * m, 1 + unit_random(5 * m), SEA };
	struct match *match;
	char sea[SEA];

	unit_random_bytes(string.bytes, m, alphabet);
	match = match_new(string.bytes, m);
	ck_assert_ptr_nonnull(match);
	len = fill_sea(sea, &string);
	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++)
		search(match, sea, len, pieces[i]);
	match_free(match);
}

/* Strings that are most alike: in each one of them few bytes are rare. */
START_TEST(strings_of_an_alphabet_are_found)
{
	static const char *const alphabets[] = { "a", "ab", "aaaaaab",
		"aaaaaaaaaaaaaaaaaaab", "aaaaaaaaa\r", "abbbbbbbbbbbbbbbb" };
	size_t i;

	for (i = unit_cases(500); i > 0; i--)
		prove(alphabets[_i]);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("match_pieces");
	TCase *tc = harness_case(suite, "pieces");

	tcase_add_loop_test(tc, strings_of_an_alphabet_are_found, 0, 6);
	return harness_main(suite);
}
