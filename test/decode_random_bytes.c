/*
 * Bytes at random for a framing: frame after frame, and then a mistake or two.
 */

#include <stdio.h>
#include <string.h>
#include "decode_custom.h"
#include "decode_random.h"

struct sentence {
	unsigned char *bytes;
	size_t len; /* what does not fit is left out */
};

static void
say_bytes(struct sentence *s, const void *bytes, size_t len)
{
	if (len > DECODE_RANDOM_MAX - s->len)
		len = DECODE_RANDOM_MAX - s->len;
	memcpy(s->bytes + s->len, bytes, len);
	s->len += len;
}

static void
say(struct sentence *s, const char *text)
{
	say_bytes(s, text, strlen(text));
}

static void
say_byte(struct sentence *s, unsigned byte)
{
	unsigned char it = (unsigned char)byte;

	say_bytes(s, &it, 1);
}

/* Now and then something rare: one in so many times. */
static bool
seldom(size_t times)
{
	return unit_random(times) == 0;
}

static void
say_payload(struct sentence *s, size_t len)
{
	while (len-- > 0)
		say_byte(s, (unsigned char)"ab:, \r\n."[unit_random(8)]);
}

/* Words of a language that has no headers */

static const char *const delimiter_words[] = { "a", "b", "\r", "\n", "\r\n" };
static const char *const line_words[] = { "a", "bc", "\r", "\n", "\r\n" };
static const char *const dot_words[] = { "a", ".", "..", "\r\n", "\r\n.",
    "\r\n.\r\n", ".\r\n", "\r", "\n", "b\r\n" };
static const char *const custom_words[] = { "a", "-", "--", "\r", "\n",
    "\r\n" };
static const char *const digit_words[] = { "1", "23", ";", "456;", ";;" };

static void
say_words(struct sentence *s, const char *const *words, size_t n)
{
	size_t count = unit_random(DECODE_RANDOM_MAX);

	while (count-- > 0)
		say(s, words[unit_random(n)]);
}

/* Its delimiters among other words. */
static void
say_delimiters(struct sentence *s, const struct decode_spec *spec)
{
	size_t i, n = 0, count = unit_random(24);

	while (n < DECODE_SET && spec->set[n] != NULL)
		n++;
	for (i = 0; i < count; i++)
		say(s, seldom(3) ? spec->set[unit_random(n)] :
		    delimiter_words[unit_random(5)]);
}

#define SAY_WORDS(s, words) say_words((s), (words), \
	sizeof(words) / sizeof((words)[0]))

/* Frames with headers */

static void
say_number(struct sentence *s, const struct evchat_length_field *field,
    uint64_t number)
{
	unsigned i, at;

	for (i = 0; i < field->width; i++) {
		at = field->order == EVCHAT_BIG_ENDIAN ?
		    field->width - 1 - i : i;
		say_byte(s, (unsigned)(number >> (8 * at)) & 0xff);
	}
}

/* Mostly a number that works. */
static void
say_field(struct sentence *s, const struct evchat_length_field *field)
{
	size_t behind = unit_random(6);
	uint64_t number = (uint64_t)behind - (uint64_t)field->adjustment;

	if (seldom(8))
		number = unit_random(4);
	else if (seldom(20))
		number = UINT64_MAX - unit_random(12);
	say_payload(s, field->offset);
	say_number(s, field, number);
	say_payload(s, behind);
}

static void
say_varint(struct sentence *s)
{
	size_t i, n = unit_random(5), more = seldom(6) ? unit_random(11) : 0;

	if (seldom(20))
		for (i = 0; i < 9; i++)
			say_byte(s, 0xff);
	say_byte(s, (unsigned)n | (more > 0 ? 0x80u : 0));
	for (i = 0; i < more; i++)
		say_byte(s, i + 1 < more ? 0x80 : 0);
	say_payload(s, n);
}

static void
say_decimal(struct sentence *s, char end, const char *behind)
{
	size_t n = unit_random(12);
	char text[32];

	if (seldom(20))
		say(s, "18446744073709551");
	snprintf(text, sizeof(text), "%zu%c", n, end);
	say(s, text);
	say_payload(s, n);
	say(s, behind);
}

static void
say_chunk_size(struct sentence *s, size_t size)
{
	static const char *const extensions[] = { ";a", " ;a=b", "\t", ";\"\r",
	    "; a = \"b;c\"" };
	char text[32];

	snprintf(text, sizeof(text), seldom(8) ? "00%zX" : "%zx", size);
	say(s, text);
	if (seldom(5))
		say(s, extensions[unit_random(5)]);
	say(s, "\r\n");
}

static void
say_body(struct sentence *s)
{
	static const char *const trailers[] = { "A: b\r\n", "C\r\n", "\r",
	    "a" };
	size_t size, chunks = unit_random(4);

	while (chunks-- > 0) {
		size = 1 + unit_random(seldom(10) ? 20 : 4);
		say_chunk_size(s, size);
		say_payload(s, size);
		say(s, "\r\n");
	}
	say_chunk_size(s, 0);
	while (seldom(3))
		say(s, trailers[unit_random(4)]);
	say(s, "\r\n");
}

static void
say_frame(struct sentence *s, const struct decode_spec *spec)
{
	static const struct evchat_length_field two = { .width = 2,
	    .order = EVCHAT_BIG_ENDIAN };

	switch (spec->kind) {
	case DECODE_LENGTH:
		say_field(s, &spec->field);
		break;
	case DECODE_VARINT:
		say_varint(s);
		break;
	case DECODE_NETSTRING:
		say_decimal(s, ':', ",");
		break;
	case DECODE_OCTET_COUNT:
		say_decimal(s, ' ', "");
		break;
	case DECODE_CHUNKED:
		say_body(s);
		break;
	case DECODE_CUSTOM:
		say_field(s, &two);
		break;
	default:
		say_payload(s, unit_random(DECODE_RANDOM_MAX));
	}
}

/* Mistakes */

static void
make_mistake(struct sentence *s)
{
	static const unsigned char bytes[] = "a0:,\r\n. \377;x1";
	size_t at = unit_random(s->len);

	if (seldom(2)) {
		s->bytes[at] = bytes[unit_random(sizeof(bytes))];
		return;
	}
	s->len--;
	memmove(s->bytes + at, s->bytes + at + 1, s->len - at);
}

static void
say_all(struct sentence *s, const struct decode_spec *spec)
{
	size_t frames = unit_random(6);

	if (spec->kind <= DECODE_DELIMITERS)
		say_delimiters(s, spec);
	else if (spec->kind == DECODE_LINE)
		SAY_WORDS(s, line_words);
	else if (spec->kind == DECODE_DOT)
		SAY_WORDS(s, dot_words);
	else if (spec->ops == &decode_digits)
		SAY_WORDS(s, digit_words);
	else if (spec->ops != NULL && spec->ops != &decode_counting)
		SAY_WORDS(s, custom_words);
	else
		while (frames-- > 0)
			say_frame(s, spec);
}

size_t
decode_random_bytes(const struct decode_random *random,
    unsigned char bytes[DECODE_RANDOM_MAX])
{
	struct sentence s = { bytes, 0 };
	size_t mistakes = seldom(2) ? unit_random(3) : 0;

	say_all(&s, &random->spec);
	while (mistakes-- > 0 && s.len > 0)
		make_mistake(&s);
	if (seldom(3))
		s.len = unit_random(s.len + 1);
	return s.len;
}
