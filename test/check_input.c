/*
 * The read side, step by step: frames in pieces and whole, under a delimiter
 * and a count, at every maximum and policy, at every cut and at end of file.
 * What must come of it is worked out from the whole stream, without any
 * scanner.
 */

#include <stdlib.h>
#include <string.h>
#include "harness.h"
#include "unit_input.h"

struct scenario {
	const char *bytes;
	size_t len;
	const char *delimiter; /* NULL: a count, or none */
	size_t n;
	bool counted;
	uint64_t count;
	uint64_t max;
	enum evchat_oversize policy;
	bool whole;
	bool eof;
	bool deliver_last;
};

/* What must come of it */

struct oracle {
	const struct scenario *s;
	struct unit_text text;
	size_t at;         /* where the frame in progress ends */
	const char *rest;  /* what is partial at EOF, rest_len bytes */
	size_t rest_len;
	size_t unread;     /* of them */
	bool incomplete;   /* EOF cuts a frame off */
	bool over;         /* nothing behind it */
};

static void
expect_end(struct oracle *o, const char *frame, size_t given, size_t len)
{
	if (o->s->whole)
		unit_note_bytes(&o->text, "frame", frame, given);
	else
		unit_note(&o->text, "found");
	unit_note_append(&o->text, ":%zu@%zu", len, o->at);
}

static void
expect_oversize(struct oracle *o, const char *frame, uint64_t declared)
{
	size_t max = (size_t)o->s->max, start = (size_t)(frame - o->s->bytes);

	unit_note(&o->text, "oversize:%ju:",
	    (uintmax_t)(declared > 0 ? declared : o->s->max + 1));
	if (o->s->whole && declared == 0)
		unit_note_append_bytes(&o->text, frame, max);
	unit_note_append(&o->text, "@%zu",
	    o->s->whole || declared > 0 ? start : start + max);
	o->over = o->s->policy == EVCHAT_OVERSIZE_CLOSE;
}

/*
 * A frame of len bytes or, if it has not ended, len that are known to be of
 * it. declared: how many it said it would be, 0 if it did not.
 */
static void
expect_frame(struct oracle *o, const char *frame, size_t len, bool ended,
    uint64_t declared)
{
	size_t max = (size_t)o->s->max, given = len;
	bool over = max > 0 && (declared > 0 ? declared : len) > max;

	if (over)
		given = o->s->policy == EVCHAT_OVERSIZE_TRUNCATE ||
		    declared == 0 ? (len < max ? len : max) : 0;
	if (over && declared > 0)
		expect_oversize(o, frame, declared);
	if (!o->over && !o->s->whole && given > 0)
		unit_note_collect(&o->text, frame, given);
	if (over && declared == 0)
		expect_oversize(o, frame, declared);
	if (ended && !o->over &&
	    (!over || o->s->policy == EVCHAT_OVERSIZE_TRUNCATE))
		expect_end(o, frame, given, len);
	o->incomplete = !ended;
	if (ended || !o->s->whole)
		return;
	o->rest = frame;
	o->rest_len = over && o->s->policy == EVCHAT_OVERSIZE_DISCARD ? 0 :
	    given;
	o->unread = over ? 0 : len;
}

static void
expect_delimited(struct oracle *o)
{
	const struct scenario *s = o->s;
	size_t end, len;

	while (!o->over) {
		const char *frame = s->bytes + o->at;

		len = s->len - o->at;
		end = unit_find(frame, len, s->delimiter, s->n);
		if (end == UNIT_NOT_FOUND) {
			if (!s->eof)
				len -= unit_held(frame, len, s->delimiter,
				    s->n);
			o->at += len;
			if (len > 0)
				expect_frame(o, frame, len,
				    s->eof && s->deliver_last, 0);
			return;
		}
		o->at += end + s->n;
		expect_frame(o, frame, end, true, 0);
	}
}

static void
expect_counted(struct oracle *o)
{
	const struct scenario *s = o->s;
	bool ended = s->count <= s->len;
	size_t len = ended ? (size_t)s->count : s->len;

	o->at = len;
	expect_frame(o, s->bytes, len, ended, s->count);
	if (!o->over && len < s->len)
		unit_note_collect(&o->text, s->bytes + len, s->len - len);
}

/* The transcript, to be freed. */
static struct unit_text
expected_of(const struct scenario *s)
{
	struct oracle o = { .s = s };

	if (s->delimiter != NULL)
		expect_delimited(&o);
	else if (s->counted)
		expect_counted(&o);
	else if (s->len > 0)
		unit_note_collect(&o.text, s->bytes, s->len);
	if (!s->eof || o.over)
		return o.text;
	unit_note(&o.text, "eof:");
	unit_note_append_bytes(&o.text, o.rest, o.rest_len);
	unit_note_append(&o.text, "@%zu%s", s->len - o.unread,
	    o.incomplete ? "!" : "");
	return o.text;
}

/* What comes of it */

static void
begin(struct unit_input *u, const struct scenario *s)
{
	unit_input_init(u, s->whole, s->deliver_last);
	input_set_max(&u->input, s->max, s->policy);
	if (s->delimiter != NULL)
		unit_input_delimiter(u, s->delimiter, s->n);
	else if (s->counted)
		unit_input_count(u, s->count);
}

static void
report(const struct scenario *s, const struct unit_cuts *cuts,
    const char *expected, const char *got)
{
	struct unit_text input = { 0 };

	unit_note_bytes(&input, "input", s->bytes, s->len);
	if (s->delimiter != NULL)
		unit_note_bytes(&input, "delimiter", s->delimiter, s->n);
	ck_abort_msg("%s, count %ju, max %ju, policy %d%s%s\ncut at%s\n"
	    "  expected %s\n  got      %s", unit_text(&input),
	    (uintmax_t)s->count, (uintmax_t)s->max, s->policy,
	    s->whole ? ", whole" : "", s->deliver_last ? ", last" : "",
	    unit_cuts_text(cuts), expected, got);
}

static void
try_cuts(const struct scenario *s, const struct unit_cuts *cuts,
    const char *expected)
{
	struct unit_input u;
	size_t i, at = 0;

	begin(&u, s);
	if (cuts->n == 0)
		unit_input_run(&u, NULL);
	for (i = 0; i < cuts->n; at = cuts->end[i++]) {
		/* The end comes with the last bytes or by itself. */
		u.last = s->eof && i + 1 == cuts->n && cuts->n % 2 == 0;
		unit_input_feed(&u, s->bytes + at, cuts->end[i] - at);
	}
	if (s->eof)
		unit_input_eof(&u);
	if (strcmp(unit_text(&u.text), expected) != 0)
		report(s, cuts, expected, unit_text(&u.text));
	if (u.input.frames != u.found || u.input.oversized != u.oversize)
		ck_abort_msg("%ju frames, %ju oversized",
		    (uintmax_t)u.input.frames, (uintmax_t)u.input.oversized);
	unit_input_free(&u);
	if (unit_chains() != 0)
		ck_abort_msg("a chain was kept");
}

static void
prove(const struct scenario *s, bool all_cuts, size_t random)
{
	struct unit_text expected = expected_of(s);
	struct unit_cuts cuts;

	if (all_cuts)
		unit_cuts_init(&cuts, s->len, random);
	else
		unit_cuts_init_random(&cuts, s->len, random);
	while (unit_cuts_next(&cuts))
		try_cuts(s, &cuts, unit_text(&expected));
	unit_text_free(&expected);
}

/* All maxima, policies, modes and ends there are. */
static void
prove_all(struct scenario s, uint64_t most)
{
	int i;

	for (s.max = 0; s.max <= most; s.max++)
		for (i = 0; i < 24; i++) {
			s.policy = (enum evchat_oversize)(i % 3);
			s.whole = i / 3 % 2;
			s.eof = i / 6 % 2;
			s.deliver_last = i / 12 % 2;
			prove(&s, true, unit_cases(10));
		}
}

static void
prove_delimiter(const char *delimiter, size_t n, const char *bytes, size_t len,
    uint64_t most)
{
	prove_all((struct scenario){ .bytes = bytes, .len = len,
	    .delimiter = delimiter, .n = n }, most);
}

START_TEST(frames_end_with_crlf)
{
	static const char bytes[] = "ab\r\n\r\n\rc\rd\r\nefgh\r";

	prove_delimiter("\r\n", 2, bytes, sizeof(bytes) - 1, 6);
}
END_TEST

START_TEST(frames_end_with_one_byte)
{
	static const char bytes[] = "a\n\nbcde\nf";

	prove_delimiter("\n", 1, bytes, sizeof(bytes) - 1, 5);
}
END_TEST

START_TEST(frames_end_with_what_is_like_itself)
{
	static const char bytes[] = "ababcabaababababbaba";

	prove_delimiter("abab", 4, bytes, sizeof(bytes) - 1, 5);
}
END_TEST

START_TEST(frames_end_with_nuls)
{
	static const char bytes[] = "\0a\0\0\0\0\0";

	prove_delimiter("\0\0", 2, bytes, sizeof(bytes) - 1, 3);
}
END_TEST

START_TEST(frames_end_with_more_than_they_have)
{
	static const char bytes[] = "-1-1-2-1-12z-1-1";

	prove_delimiter("-1-12", 5, bytes, sizeof(bytes) - 1, 7);
}
END_TEST

START_TEST(frame_has_so_many_bytes)
{
	struct scenario s = { .bytes = "abcdef", .len = 6, .counted = true };

	for (s.count = 0; s.count <= 8; s.count++)
		prove_all(s, s.count + 1);
}
END_TEST

START_TEST(nothing_is_a_frame_without_a_terminator)
{
	prove_all((struct scenario){ .bytes = "abc\r\ndef", .len = 8 }, 3);
}
END_TEST

START_TEST(no_bytes_are_no_frame)
{
	prove_all((struct scenario){ .bytes = "" }, 1);
	prove_delimiter("\n", 1, "", 0, 1);
	prove_delimiter("\n", 1, "\n", 1, 1);
	prove_all((struct scenario){ .bytes = "", .counted = true,
	    .count = 3 }, 3);
}
END_TEST

static void
prove_random(const char *alphabet)
{
	char bytes[60], delimiter[5];
	struct scenario s = { .bytes = bytes, .delimiter = delimiter };

	s.n = 1 + unit_random(sizeof(delimiter));
	s.len = unit_random(sizeof(bytes));
	unit_random_bytes(bytes, s.len, alphabet);
	unit_random_bytes(delimiter, s.n, alphabet);
	if (unit_random(6) == 0) {
		s.delimiter = NULL;
		s.counted = true;
		s.count = unit_random(sizeof(bytes));
	}
	s.max = unit_random(2) * unit_random(12);
	s.policy = (enum evchat_oversize)unit_random(3);
	s.whole = unit_random(2);
	s.eof = unit_random(2);
	s.deliver_last = unit_random(2);
	prove(&s, false, 2);
}

START_TEST(random_input_gives_what_it_is)
{
	size_t i;

	for (i = unit_cases(15000); i > 0; i--)
		prove_random(i % 2 == 0 ? "ab" : "abc");
}
END_TEST

static Suite *
input_suite(void)
{
	Suite *suite = suite_create("input");
	TCase *tc = harness_case(suite, "cuts");

	tcase_add_test(tc, frames_end_with_crlf);
	tcase_add_test(tc, frames_end_with_one_byte);
	tcase_add_test(tc, frames_end_with_what_is_like_itself);
	tcase_add_test(tc, frames_end_with_nuls);
	tcase_add_test(tc, frames_end_with_more_than_they_have);
	tcase_add_test(tc, frame_has_so_many_bytes);
	tcase_add_test(tc, nothing_is_a_frame_without_a_terminator);
	tcase_add_test(tc, no_bytes_are_no_frame);
	tcase_add_test(tc, random_input_gives_what_it_is);
	return suite;
}

int
main(void)
{
	return harness_main(input_suite());
}
