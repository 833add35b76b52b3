/*
 * The scanner: no terminator, counts and framings; and the scan of a delimiter
 * framing, at every cut of its input.
 */

#include <stdlib.h>
#include <string.h>
#include "../lib/framing.h"
#include "../lib/scan.h"
#include "harness.h"
#include "unit.h"

/* A stream as whoever drives the scanner sees it. */
struct stream {
	struct scan scan;
	const char *bytes;
	size_t decided; /* bytes of which it is known what they are */
	size_t scanned;
	struct unit_text text;
};

/* The reference is taken by the scanner. */
static struct terminator
by_delimiter(const char *delimiter, size_t n)
{
	struct terminator terminator = { .kind = SCAN_FRAMING };

	terminator.framing = evchat_framing_delimiter(delimiter, n, 0);
	if (terminator.framing == NULL)
		ck_abort_msg("no framing");
	return terminator;
}

static struct terminator
by_count(uint64_t count)
{
	return (struct terminator){ .kind = SCAN_COUNT, .count = count };
}

static void
begin(struct stream *stream, struct terminator terminator, const char *bytes)
{
	memset(stream, 0, sizeof(*stream));
	scan_init(&stream->scan, &terminator);
	stream->bytes = bytes;
}

/* Scan up to an offset once. True if a frame ended. */
static bool
step(struct stream *stream, size_t end)
{
	const char *data = stream->bytes + stream->decided;
	struct scan_step found = { 99, 99, 99 };
	bool ended;

	ended = scan_next(&stream->scan, (const unsigned char *)stream->bytes +
	    stream->scanned, end - stream->scanned, &found);
	stream->scanned += found.used;
	stream->decided += found.data + found.skip;
	if (stream->scanned > end || stream->decided > stream->scanned)
		ck_abort_msg("used %zu, data %zu, skip %zu", found.used,
		    found.data, found.skip);
	if (found.data > 0)
		unit_note_collect(&stream->text, data, found.data);
	if (!ended && (stream->scanned != end ||
	    stream->scan.held != stream->scanned - stream->decided))
		ck_abort_msg("used %zu, %zu held", found.used,
		    stream->scan.held);
	if (ended && stream->decided != stream->scanned)
		ck_abort_msg("held at the end of a frame");
	return ended;
}

/* Scan up to an offset, with all frames that end there. */
static void
scan_to(struct stream *stream, size_t end)
{
	while (stream->scanned < end) {
		if (!step(stream, end))
			continue;
		unit_note(&stream->text, "found");
		scan_restart(&stream->scan);
	}
}

static void
finish(struct stream *stream)
{
	size_t held = scan_finish(&stream->scan);

	ck_assert_uint_eq(held, stream->scanned - stream->decided);
	if (held > 0)
		unit_note_bytes(&stream->text, "rest", stream->bytes +
		    stream->decided, held);
}

static void
end(struct stream *stream, const char *expected)
{
	scan_release(&stream->scan);
	unit_expect(&stream->text, expected);
}

/* No terminator */

START_TEST(without_a_terminator_all_bytes_are_data)
{
	struct stream stream;

	begin(&stream, (struct terminator){ .kind = SCAN_NONE }, "abc\r\n");
	ck_assert(!step(&stream, 3));
	ck_assert(!step(&stream, 3));
	ck_assert(!step(&stream, 5));
	finish(&stream);
	end(&stream, "collect:abc\\r\\n");
}
END_TEST

START_TEST(without_a_terminator_nothing_becomes_a_frame)
{
	struct scan scan;

	scan_init(&scan, &(struct terminator){ .kind = SCAN_NONE });
	ck_assert(!scan_last_is_frame(&scan));
	scan_restart(&scan);
	ck_assert_int_eq(scan.terminator.kind, SCAN_NONE);
	ck_assert_uint_eq(scan_finish(&scan), 0);
}
END_TEST

/* Counts */

START_TEST(count_is_one_frame_at_every_cut)
{
	static const char bytes[] = "hello, world";
	struct unit_cuts cuts;
	struct stream stream;
	size_t i;

	for (unit_cuts_init(&cuts, 12, 0); unit_cuts_next(&cuts);) {
		begin(&stream, by_count(5), bytes);
		for (i = 0; i < cuts.n; i++)
			scan_to(&stream, cuts.end[i]);
		end(&stream, "collect:hello|found|collect:, world");
	}
}
END_TEST

START_TEST(count_says_how_many_bytes_remain)
{
	struct stream stream;

	begin(&stream, by_count(5), "hello");
	ck_assert_uint_eq(stream.scan.remaining, 5);
	ck_assert(!step(&stream, 2));
	ck_assert_uint_eq(stream.scan.remaining, 3);
	ck_assert_uint_eq(stream.scan.terminator.count, 5);
	ck_assert(!step(&stream, 4));
	ck_assert(step(&stream, 5));
	ck_assert_uint_eq(stream.scan.remaining, 0);
	end(&stream, "collect:hello");
}
END_TEST

START_TEST(count_uses_no_byte_behind_its_frame)
{
	struct stream stream;

	begin(&stream, by_count(5), "hello, world");
	ck_assert(step(&stream, 12));
	ck_assert_uint_eq(stream.scanned, 5);
	end(&stream, "collect:hello");
}
END_TEST

START_TEST(count_of_zero_ends_without_a_byte)
{
	struct stream stream;

	begin(&stream, by_count(0), "abc");
	ck_assert(step(&stream, 0));
	end(&stream, "");

	begin(&stream, by_count(0), "abc");
	ck_assert(step(&stream, 3));
	ck_assert_uint_eq(stream.scanned, 0);
	end(&stream, "");
}
END_TEST

START_TEST(count_is_not_over_while_no_byte_came)
{
	struct stream stream;

	begin(&stream, by_count(1), "abc");
	ck_assert(!step(&stream, 0));
	ck_assert_uint_eq(stream.scan.remaining, 1);
	end(&stream, "");
}
END_TEST

START_TEST(count_may_be_as_large_as_its_type)
{
	struct stream stream;

	begin(&stream, by_count(UINT64_MAX), "abc");
	ck_assert(!step(&stream, 3));
	ck_assert_uint_eq(stream.scan.remaining, UINT64_MAX - 3);
	end(&stream, "collect:abc");

	begin(&stream, by_count((uint64_t)1 << 32), "abc");
	ck_assert(!step(&stream, 3));
	end(&stream, "collect:abc");
}
END_TEST

START_TEST(count_is_followed_by_no_terminator)
{
	struct scan scan;

	scan_init(&scan, &(struct terminator){ .kind = SCAN_COUNT, .count = 3 });
	scan_restart(&scan);
	ck_assert_int_eq(scan.terminator.kind, SCAN_NONE);
	ck_assert_uint_eq(scan.terminator.count, 0);
	ck_assert_uint_eq(scan.remaining, 0);
}
END_TEST

START_TEST(unfinished_count_holds_nothing_and_is_no_frame)
{
	struct stream stream;

	begin(&stream, by_count(5), "hel");
	scan_to(&stream, 3);
	ck_assert(!scan_last_is_frame(&stream.scan));
	finish(&stream);
	end(&stream, "collect:hel");
}
END_TEST

/* Framings */

START_TEST(framing_is_not_asked_about_no_bytes)
{
	/* It has no functions that could be called. */
	struct evchat_framing framing = { .ops = NULL };
	struct scan_step found = { 99, 99, 99 };
	struct scan scan;

	scan_init(&scan, &(struct terminator){ .kind = SCAN_FRAMING,
	    .framing = &framing });
	ck_assert(!scan_next(&scan, (const unsigned char *)"a", 0, &found));
	ck_assert_uint_eq(found.used, 0);
	ck_assert_uint_eq(found.data, 0);
	ck_assert_uint_eq(found.skip, 0);
}
END_TEST

START_TEST(scanner_begins_with_nothing_held)
{
	struct scan scan;

	memset(&scan, 0xa5, sizeof(scan));
	scan_init(&scan, &(struct terminator){ .kind = SCAN_NONE });
	ck_assert_uint_eq(scan.held, 0);
	ck_assert_uint_eq(scan.remaining, 0);
}
END_TEST

START_TEST(scanner_takes_the_reference_and_drops_it)
{
	long blocks = harness_blocks();
	struct terminator terminator = by_delimiter("\n", 1);
	struct scan scan;

	framing_ref(terminator.framing);
	scan_init(&scan, &terminator);
	ck_assert_uint_eq(atomic_load(&terminator.framing->refs), 2);
	scan_release(&scan);
	ck_assert_int_eq(scan.terminator.kind, SCAN_NONE);
	ck_assert_ptr_null(scan.terminator.framing);
	ck_assert_uint_eq(atomic_load(&terminator.framing->refs), 1);
	evchat_framing_free(terminator.framing);
	ck_assert_int_eq(harness_blocks(), blocks);
}
END_TEST

START_TEST(framing_stays_for_the_next_frame)
{
	struct terminator terminator = by_delimiter("\n", 1);
	struct scan scan;

	scan_init(&scan, &terminator);
	scan.held = 1;
	scan_restart(&scan);
	ck_assert_int_eq(scan.terminator.kind, SCAN_FRAMING);
	ck_assert_ptr_eq(scan.terminator.framing, terminator.framing);
	ck_assert_uint_eq(scan.held, 0);
	scan_release(&scan);
}
END_TEST

START_TEST(held_bytes_are_given_back_once)
{
	struct stream stream;

	begin(&stream, by_delimiter("\r\n\r\n", 4), "a\r\n\r");
	scan_to(&stream, 4);
	ck_assert_uint_eq(scan_finish(&stream.scan), 3);
	ck_assert_uint_eq(scan_finish(&stream.scan), 0);
	end(&stream, "collect:a");
}
END_TEST

START_TEST(unterminated_rest_under_a_delimiter_may_be_a_frame)
{
	struct terminator terminator = by_delimiter("\n", 1);
	struct scan scan;

	scan_init(&scan, &terminator);
	ck_assert(scan_last_is_frame(&scan));
	scan_release(&scan);
}
END_TEST

START_TEST(unterminated_rest_is_no_frame_where_the_framing_says_so)
{
	static const struct framing_ops ops = { .last_is_frame = false };
	struct evchat_framing framing;
	struct terminator terminator = { .kind = SCAN_FRAMING,
		.framing = &framing };
	struct scan scan;

	framing_init(&framing, &ops);
	scan_init(&scan, &terminator);
	ck_assert(!scan_last_is_frame(&scan));
}
END_TEST

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
	struct stream stream;
	size_t i, held;

	framing_ref(terminator.framing);
	begin(&stream, terminator, bytes);
	for (i = 0; i < cuts->n; i++)
		scan_to(&stream, cuts->end[i]);
	held = scan_finish(&stream.scan);
	if (held > 0)
		unit_note_bytes(&stream.text, "rest", bytes + stream.decided,
		    held);
	if (strcmp(unit_text(&stream.text), expected) != 0)
		ck_abort_msg("cut at%s\n  expected %s\n  got      %s",
		    unit_cuts_text(cuts), expected, unit_text(&stream.text));
	end(&stream, expected);
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
	struct terminator terminator = by_delimiter(cases[_i].delimiter,
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
	struct stream stream;
	size_t at, from = 0, n = cases[_i].n;

	begin(&stream, by_delimiter(delimiter, n), cases[_i].bytes);
	for (at = 1; at <= cases[_i].len; at++) {
		if (step(&stream, at)) {
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
	struct terminator terminator = by_delimiter(delimiter, n);
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
	terminator = by_delimiter(delimiter, n);
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
scan_suite(void)
{
	Suite *suite = suite_create("scan");
	TCase *tc = harness_case(suite, "none");

	tcase_add_test(tc, without_a_terminator_all_bytes_are_data);
	tcase_add_test(tc, without_a_terminator_nothing_becomes_a_frame);

	tc = harness_case(suite, "count");
	tcase_add_test(tc, count_is_one_frame_at_every_cut);
	tcase_add_test(tc, count_says_how_many_bytes_remain);
	tcase_add_test(tc, count_uses_no_byte_behind_its_frame);
	tcase_add_test(tc, count_of_zero_ends_without_a_byte);
	tcase_add_test(tc, count_is_not_over_while_no_byte_came);
	tcase_add_test(tc, count_may_be_as_large_as_its_type);
	tcase_add_test(tc, count_is_followed_by_no_terminator);
	tcase_add_test(tc, unfinished_count_holds_nothing_and_is_no_frame);

	tc = harness_case(suite, "framing");
	tcase_add_test(tc, framing_is_not_asked_about_no_bytes);
	tcase_add_test(tc, scanner_begins_with_nothing_held);
	tcase_add_test(tc, scanner_takes_the_reference_and_drops_it);
	tcase_add_test(tc, framing_stays_for_the_next_frame);
	tcase_add_test(tc, held_bytes_are_given_back_once);
	tcase_add_test(tc,
	    unterminated_rest_under_a_delimiter_may_be_a_frame);
	tcase_add_test(tc,
	    unterminated_rest_is_no_frame_where_the_framing_says_so);

	tc = harness_case(suite, "delimiter");
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
	return harness_main(scan_suite());
}
