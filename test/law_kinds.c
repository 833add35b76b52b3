/*
 * The framings that the encoding law is tried with: each constructor, each
 * combination of flags, and the parameters that make a difference.
 */

#include <stdio.h>
#include <string.h>
#include "law.h"

#define KEEP EVCHAT_FRAMING_KEEP_DELIMITER
#define LONGEST EVCHAT_FRAMING_MATCH_LONGEST
#define NO_LF EVCHAT_FRAMING_REJECT_BARE_LF
#define NO_CR EVCHAT_FRAMING_REJECT_BARE_CR
#define TRAILERS EVCHAT_FRAMING_DELIVER_TRAILERS
#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* One delimiter; each with and without KEEP */

static const struct {
	const char *delimiter;
	const char *alphabet;
} delimiters[] = {
	{ ";", ";x" }, { "\r\n", "\r\nx" }, { "aa", "ab" }, { "aab", "abx" },
	{ "aba", "abx" }, { "abab", "abx" }, { "--x--", "-xy" },
	{ "abaabaa", "ab" }
};

static struct evchat_framing *
make_delimiter(const struct law_kind *kind)
{
	return evchat_framing_delimiter(kind->written, strlen(kind->written),
	    kind->flags);
}

static void
fill_delimiter(struct law_kind *kind, size_t i)
{
	kind->make = make_delimiter;
	kind->judge = law_judge_delimiters;
	kind->streams = true;
	kind->flags = i % 2 == 0 ? 0 : KEEP;
	kind->mend = i % 2 == 0 ? NULL : law_mend_end;
	kind->written = delimiters[i / 2].delimiter;
	kind->delimiters[0] = kind->written;
	kind->alphabet = delimiters[i / 2].alphabet;
	kind->letters = strlen(kind->alphabet);
	snprintf(kind->name, sizeof(kind->name), "delimiter %zu", i / 2);
}

/* Several; each with and without KEEP, with and without MATCH_LONGEST */

static const struct {
	const char *set[4];
	const char *written[2]; /* without MATCH_LONGEST, and with it */
	const char *alphabet;
} sets[] = {
	{ { ";" }, { ";", ";" }, ";x" },
	{ { "\n", "\r\n" }, { "\n", "\n" }, "\r\nx" },
	{ { "\r", "\r\n" }, { "\r", "\r\n" }, "\r\nx" },
	{ { "\r\n", "\n", "\r" }, { "\n", "\r\n" }, "\r\nx" },
	{ { "\r", "\n" }, { "\r", "\r" }, "\r\nx" },
	{ { "a", "ab", "abc" }, { "a", "abc" }, "abc" },
	{ { "abc", "a", "x" }, { "a", "abc" }, "abcx" },
	{ { "aba", "b" }, { "b", "b" }, "abx" },
	{ { "ab", "aab" }, { "ab", "ab" }, "abx" },
	{ { "xa", "ab" }, { "xa", "xa" }, "abx" },
	{ { "abx", "bx", "xx" }, { "abx", "abx" }, "abx" },
	{ { "aaa", "aab" }, { "aaa", "aaa" }, "ab" }
};

static struct evchat_framing *
make_delimiters(const struct law_kind *kind)
{
	struct evbuffer_iovec set[3];
	int n;

	for (n = 0; kind->delimiters[n] != NULL; n++) {
		set[n].iov_base = (void *)(uintptr_t)kind->delimiters[n];
		set[n].iov_len = strlen(kind->delimiters[n]);
	}
	return evchat_framing_delimiters(set, n, kind->flags);
}

static void
fill_delimiters(struct law_kind *kind, size_t i)
{
	static const unsigned flags[] = { 0, KEEP, LONGEST, KEEP | LONGEST };

	kind->make = make_delimiters;
	kind->judge = law_judge_delimiters;
	kind->streams = true;
	kind->flags = flags[i % 4];
	kind->mend = (kind->flags & KEEP) != 0 ? law_mend_end : NULL;
	memcpy(kind->delimiters, sets[i / 4].set, sizeof(sets[0].set));
	kind->written = sets[i / 4].written[i % 4 / 2];
	kind->alphabet = sets[i / 4].alphabet;
	kind->letters = strlen(kind->alphabet);
	snprintf(kind->name, sizeof(kind->name), "delimiters %zu", i / 4);
}

/* Lines */

static const struct {
	enum evbuffer_eol_style style;
	unsigned flags; /* each with and without KEEP */
} lines[] = {
	{ EVBUFFER_EOL_LF, 0 }, { EVBUFFER_EOL_NUL, 0 },
	{ EVBUFFER_EOL_ANY, 0 },
	{ EVBUFFER_EOL_CRLF, 0 }, { EVBUFFER_EOL_CRLF, NO_LF },
	{ EVBUFFER_EOL_CRLF, NO_CR }, { EVBUFFER_EOL_CRLF, NO_LF | NO_CR },
	{ EVBUFFER_EOL_CRLF_STRICT, 0 }, { EVBUFFER_EOL_CRLF_STRICT, NO_LF },
	{ EVBUFFER_EOL_CRLF_STRICT, NO_CR },
	{ EVBUFFER_EOL_CRLF_STRICT, NO_LF | NO_CR }
};

static struct evchat_framing *
make_line(const struct law_kind *kind)
{
	return evchat_framing_line(kind->style, kind->flags);
}

static void
fill_line(struct law_kind *kind, size_t i)
{
	kind->make = make_line;
	kind->judge = law_judge_line;
	kind->mend = law_mend_line;
	kind->streams = true;
	kind->style = lines[i / 2].style;
	kind->flags = lines[i / 2].flags | (i % 2 == 0 ? 0 : KEEP);
	kind->alphabet = "\r\n\0x";
	kind->letters = 4;
	snprintf(kind->name, sizeof(kind->name), "line style %d",
	    (int)kind->style);
}

/* Frames that are so long */

static struct evchat_framing *
make_fixed(const struct law_kind *kind)
{
	return evchat_framing_fixed(kind->size);
}

static void
fill_fixed(struct law_kind *kind, size_t i)
{
	static const size_t sizes[] = { 1, 3, 700 };

	kind->make = make_fixed;
	kind->judge = law_judge_fixed;
	kind->mend = law_mend_size;
	kind->size = sizes[i];
	kind->alphabet = "ab";
	kind->letters = 2;
	snprintf(kind->name, sizeof(kind->name), "fixed %zu", sizes[i]);
}

/* Lengths: width, order, offset, adjustment, strip */
static const struct evchat_length_field fields[] = {
	{ 1, EVCHAT_BIG_ENDIAN, 0, 0, 1, 0 },
	{ 2, EVCHAT_BIG_ENDIAN, 0, 0, 2, 0 },
	{ 2, EVCHAT_LITTLE_ENDIAN, 0, 0, 2, 0 },
	{ 3, EVCHAT_BIG_ENDIAN, 0, 0, 3, 0 },
	{ 3, EVCHAT_LITTLE_ENDIAN, 0, 0, 3, 0 },
	{ 4, EVCHAT_BIG_ENDIAN, 0, 0, 4, 0 },
	{ 4, EVCHAT_LITTLE_ENDIAN, 0, 0, 4, 0 },
	{ 8, EVCHAT_BIG_ENDIAN, 0, 0, 8, 0 },
	{ 8, EVCHAT_LITTLE_ENDIAN, 0, 0, 8, 0 },
	/* bytes before the number, stripped; and bytes behind it */
	{ 1, EVCHAT_BIG_ENDIAN, 2, 0, 3, 0 },
	{ 2, EVCHAT_LITTLE_ENDIAN, 1, 0, 3, 0 },
	{ 1, EVCHAT_BIG_ENDIAN, 0, 0, 3, 0 },
	{ 1, EVCHAT_BIG_ENDIAN, 1, -2, 4, 0 },
	/* numbers that count themselves, too much, and too little */
	{ 1, EVCHAT_BIG_ENDIAN, 0, -1, 1, 0 },
	{ 2, EVCHAT_BIG_ENDIAN, 2, -4, 4, 0 },
	{ 1, EVCHAT_BIG_ENDIAN, 0, 3, 1, 0 },
	{ 1, EVCHAT_BIG_ENDIAN, 0, -200, 1, 0 },
	{ 8, EVCHAT_LITTLE_ENDIAN, 0, -1000000000000, 8, 0 },
	/* not stripped, or not all of it */
	{ 1, EVCHAT_BIG_ENDIAN, 0, 0, 0, 0 },
	{ 1, EVCHAT_BIG_ENDIAN, 1, 0, 0, 0 },
	{ 2, EVCHAT_BIG_ENDIAN, 0, 0, 0, 0 },
	{ 2, EVCHAT_LITTLE_ENDIAN, 0, -2, 0, 0 },
	{ 2, EVCHAT_BIG_ENDIAN, 0, 0, 1, 0 },
	{ 2, EVCHAT_LITTLE_ENDIAN, 0, 0, 1, 0 },
	{ 2, EVCHAT_LITTLE_ENDIAN, 1, 1, 2, 0 },
	{ 2, EVCHAT_BIG_ENDIAN, 2, 0, 1, 0 }
};

static struct evchat_framing *
make_length(const struct law_kind *kind)
{
	return evchat_framing_length(&kind->field);
}

static void
fill_length(struct law_kind *kind, size_t i)
{
	kind->make = make_length;
	kind->judge = law_judge_length;
	kind->mend = law_mend_number;
	kind->field = fields[i];
	kind->alphabet = "\0\1\2\3";
	kind->letters = 4;
	snprintf(kind->name, sizeof(kind->name), "length %zu", i);
}

/* Those that have at most a flag */

static struct evchat_framing *
make_varint(const struct law_kind *kind)
{
	return evchat_framing_varint(kind->flags);
}

static struct evchat_framing *
make_netstring(const struct law_kind *kind)
{
	return evchat_framing_netstring(kind->flags);
}

static struct evchat_framing *
make_octet_count(const struct law_kind *kind)
{
	return evchat_framing_octet_count(kind->flags);
}

static struct evchat_framing *
make_dot(const struct law_kind *kind)
{
	return evchat_framing_dot(kind->flags);
}

static struct evchat_framing *
make_chunked(const struct law_kind *kind)
{
	return evchat_framing_chunked(kind->flags);
}

static const struct law_kind others[] = {
	{ "varint", make_varint, law_judge_any, NULL, false, "\0\x80\xffx", 4,
	    .flags = 0 },
	{ "netstring", make_netstring, law_judge_any, NULL, false, "0:,", 3,
	    .flags = 0 },
	{ "octet count", make_octet_count, law_judge_filled,
	    law_mend_filled, false, "01 ", 3, .flags = 0 },
	{ "dot", make_dot, law_judge_dot, law_mend_dot, true, ".\r\nx", 4,
	    .flags = 0 },
	{ "dot", make_dot, law_judge_dot, law_mend_dot, true, ".\r\nx", 4,
	    .flags = NO_LF },
	{ "dot", make_dot, law_judge_dot, law_mend_dot, true, ".\r\nx", 4,
	    .flags = NO_CR },
	{ "dot", make_dot, law_judge_dot, law_mend_dot, true, ".\r\nx", 4,
	    .flags = NO_LF | NO_CR },
	{ "chunked", make_chunked, law_judge_any, NULL, true, "0\r\n;", 4,
	    .flags = 0 },
	{ "chunked", make_chunked, law_judge_any, NULL, true, "0\r\n;", 4,
	    .flags = TRAILERS }
};

static void
fill_other(struct law_kind *kind, size_t i)
{
	*kind = others[i];
}

/* All of them */

static const struct {
	void (*fill)(struct law_kind *kind, size_t i);
	size_t n;
} groups[] = {
	{ fill_delimiter, 2 * COUNT(delimiters) },
	{ fill_delimiters, 4 * COUNT(sets) },
	{ fill_line, 2 * COUNT(lines) },
	{ fill_fixed, 3 },
	{ fill_length, COUNT(fields) },
	{ fill_other, COUNT(others) }
};

int
law_kinds(void)
{
	size_t i, n = 0;

	for (i = 0; i < COUNT(groups); i++)
		n += groups[i].n;
	return (int)n;
}

void
law_kind(struct law_kind *kind, int n)
{
	size_t i = (size_t)n, group = 0;

	while (i >= groups[group].n)
		i -= groups[group++].n;
	memset(kind, 0, sizeof(*kind));
	groups[group].fill(kind, i);
}
