/*
 * The search for several strings in a stream: whatever they are, and however
 * the stream is cut, each end is the one that naive search finds. What the
 * search for pivots looks at is counted: automaton.c is compiled here once
 * more.
 */

#include <stdlib.h>
#include <string.h>
#include "../lib/blocks.h"

static size_t counted_find_any(const unsigned char *bytes, size_t len,
    const struct byte_set *set, uint32_t *places, size_t n);

#define blocks_find_any(bytes, len, set, places, n) \
	counted_find_any(bytes, len, set, places, n)
#include "../lib/automaton.c"
#undef blocks_find_any

#include "harness.h"
#include "unit.h"

#define STRINGS 24
#define LONGEST 20
#define STREAM 1500
#define SLACK 64 /* bytes that do not depend on any length */

static size_t looked_at; /* bytes */

static size_t
counted_find_any(const unsigned char *bytes, size_t len,
    const struct byte_set *set, uint32_t *places, size_t n)
{
	size_t found = blocks_find_any(bytes, len, set, places, n);

	looked_at += found < n ? len : (size_t)places[n - 1] + 1;
	return found;
}

struct set {
	char bytes[STRINGS][LONGEST];
	struct evbuffer_iovec strings[STRINGS];
	int n;
};

static void
make_set(struct set *set, const char *alphabet, size_t longest)
{
	int i;

	set->n = 1 + (int)unit_random(unit_random(2) ? STRINGS : 3);
	for (i = 0; i < set->n; i++) {
		set->strings[i].iov_base = set->bytes[i];
		set->strings[i].iov_len = 1 + unit_random(longest);
		unit_random_bytes(set->bytes[i], set->strings[i].iov_len,
		    alphabet);
	}
}

/* The longest string that these bytes end with; 0: none. */
static size_t
ends_with(const struct set *set, const char *bytes, size_t len)
{
	size_t longest = 0, n;
	int i;

	for (i = 0; i < set->n; i++) {
		n = set->strings[i].iov_len;
		if (n > longest && n <= len &&
		    memcmp(bytes + len - n, set->bytes[i], n) == 0)
			longest = n;
	}
	return longest;
}

/* How many bytes at the end may be the beginning of one. */
static size_t
held(const struct set *set, const char *bytes, size_t len)
{
	size_t most = 0, n;
	int i;

	for (i = 0; i < set->n; i++) {
		n = unit_held(bytes, len, set->bytes[i],
		    set->strings[i].iov_len);
		if (n > most)
			most = n;
	}
	return most;
}

/* Some of the strings, and their beginnings and ends, in a stream of letters. */
static size_t
fill_stream(char *stream, const struct set *set, const char *alphabet)
{
	const struct evbuffer_iovec *string;
	size_t at = 0, n;

	while (at + 4 * LONGEST < STREAM) {
		string = &set->strings[unit_random((size_t)set->n)];
		n = unit_random(2) ? string->iov_len :
		    unit_random(string->iov_len);
		memcpy(stream + at, (char *)string->iov_base +
		    unit_random(2) * (string->iov_len - n), n);
		at += n;
		n = unit_random(unit_random(3) ? 3 : 3 * LONGEST);
		unit_random_bytes(stream + at, n,
		    unit_random(2) ? alphabet : "c");
		at += n;
	}
	return at;
}

/* A stream that is searched; begin is where the string is that is looked for. */
struct run {
	const struct set *set;
	const struct automaton *automaton;
	const char *stream;
	size_t begin;
	unsigned state;
};

static void
expect_end(struct run *run, size_t from, size_t at, unsigned state)
{
	size_t end = run->begin, n = 0;

	while (n == 0)
		n = ends_with(run->set, run->stream + run->begin,
		    ++end - run->begin);
	if (from + at != end || automaton_depth(run->automaton, state) != n)
		ck_abort_msg("%zu bytes end at %zu, not %zu at %zu",
		    automaton_depth(run->automaton, state), from + at, n, end);
	run->begin = end;
}

/* From here to there, with copies so that nothing can be read behind. */
static void
search(struct run *run, size_t from, size_t to, size_t wanted)
{
	struct automaton_search search = { .wanted = wanted };
	unsigned char *copy;
	size_t i, n;

	do {
		copy = malloc(to - from);
		memcpy(copy, run->stream + from, to - from);
		search.bytes = copy;
		search.len = to - from;
		search.state = run->state;
		automaton_find(run->automaton, &search);
		for (i = 0; i < search.n; i++)
			expect_end(run, from, search.ends[i].at,
			    search.ends[i].state);
		if (search.n > 0)
			from = run->begin;
		run->state = search.n < wanted ? search.state : 0;
		free(copy);
	} while (search.n == wanted && from < to);
	n = held(run->set, run->stream + run->begin, to - run->begin);
	if (automaton_depth(run->automaton, run->state) != n)
		ck_abort_msg("%zu are held, not %zu",
		    automaton_depth(run->automaton, run->state), n);
	for (i = run->begin; i < to; i++)
		if (ends_with(run->set, run->stream + run->begin,
		    i + 1 - run->begin) > 0)
			ck_abort_msg("nothing ends at %zu", i + 1);
}

static void
prove(const char *alphabet, size_t longest, size_t wanted)
{
	static const size_t pieces[] = { 1, 2, 7, 31, 64, 100, 333, STREAM };
	char stream[STREAM];
	struct set set;
	struct automaton *automaton;
	size_t i, at, len;

	make_set(&set, alphabet, longest);
	len = fill_stream(stream, &set, alphabet);
	automaton = automaton_new(set.strings, set.n);
	ck_assert_ptr_nonnull(automaton);
	for (i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		struct run run = { &set, automaton, stream, 0, 0 };

		looked_at = 0;
		for (at = 0; at < len; at += pieces[i])
			search(&run, at, len - at < pieces[i] ? len :
			    at + pieces[i], wanted);
		if (wanted == 1 && looked_at > 2 * len + SLACK)
			ck_abort_msg("looked at %zu bytes of %zu in pieces of "
			    "%zu", looked_at, len, pieces[i]);
	}
	automaton_free(automaton);
}

START_TEST(every_end_is_found)
{
	static const char *const alphabets[] = { "a", "ab", "abcdefgh",
		"aaaaab", "ab\r\n", "aaa\n", "\x80\xffzZ09;- " };
	size_t i;

	for (i = unit_cases(20); i > 0; i--) {
		prove(alphabets[_i], 3, 1);
		prove(alphabets[_i], LONGEST, 1);
		prove(alphabets[_i], 3, 1 + unit_random(AUTOMATON_MOST));
		prove(alphabets[_i], LONGEST, 1 + unit_random(AUTOMATON_MOST));
	}
}
END_TEST

START_TEST(stream_without_pivots_is_looked_at_once)
{
	struct evbuffer_iovec strings[] = { { "aaaa;", 5 }, { "\r\n", 2 } };
	struct automaton *automaton = automaton_new(strings, 2);
	struct automaton_search search = { .wanted = 1 };
	unsigned char stream[STREAM];
	int i;

	memset(stream, 'a', STREAM);
	search.bytes = stream;
	search.len = STREAM;
	looked_at = 0;
	for (i = 0; i < 4; i++)
		automaton_find(automaton, &search);
	ck_assert_uint_eq(search.n, 0);
	ck_assert_uint_eq(automaton_depth(automaton, search.state), 4);
	ck_assert_uint_eq(looked_at, 4 * STREAM);
	automaton_free(automaton);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("automaton");
	TCase *tc = harness_case(suite, "ends");

	tcase_add_loop_test(tc, every_end_is_found, 0, 7);
	tcase_add_test(tc, stream_without_pivots_is_looked_at_once);
	return harness_main(suite);
}
