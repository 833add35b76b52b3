/*
 * Framings at random; see decode_random.h.
 */

#include <stdio.h>
#include <string.h>
#include "decode_custom.h"
#include "decode_random.h"

#define KEEP EVCHAT_FRAMING_KEEP_DELIMITER
#define LONGEST EVCHAT_FRAMING_MATCH_LONGEST
#define NO_LF EVCHAT_FRAMING_REJECT_BARE_LF
#define NO_CR EVCHAT_FRAMING_REJECT_BARE_CR
#define TRAILERS EVCHAT_FRAMING_DELIVER_TRAILERS

/* Some of these flags. */
static unsigned
some_of(unsigned flags)
{
	return flags & (unsigned)unit_random(0x20);
}

/* The name, so that a failure says what it was. */

static void
name_text(struct decode_random *r, const char *text)
{
	strncat(r->name, text, sizeof(r->name) - strlen(r->name) - 1);
}

static void
name_number(struct decode_random *r, const char *what, long number)
{
	char text[48];

	snprintf(text, sizeof(text), " %s%ld", what, number);
	name_text(r, text);
}

static void
name_delimiter(struct decode_random *r, const char *delimiter)
{
	struct unit_text text = { .text = NULL };

	unit_note_bytes(&text, " ", delimiter, strlen(delimiter));
	name_text(r, unit_text(&text));
	unit_text_free(&text);
}

/* Of each kind */

static void
random_delimiters(struct decode_random *r)
{
	static const char *const alphabets[] = { "a", "ab", "ab\r\n",
	    "\r\n" };
	const char *alphabet = alphabets[unit_random(4)];
	bool one = r->spec.kind == DECODE_DELIMITER;
	size_t i, n = one ? 1 : 1 + unit_random(DECODE_SET);

	for (i = 0; i < n; i++) {
		unit_random_bytes(r->set[i], 1 + unit_random(4), alphabet);
		r->spec.set[i] = r->set[i];
		name_delimiter(r, r->set[i]);
	}
	r->spec.flags = some_of(one ? KEEP : KEEP | LONGEST);
}

static void
random_line(struct decode_random *r)
{
	static const enum evbuffer_eol_style styles[] = { EVBUFFER_EOL_LF,
	    EVBUFFER_EOL_NUL, EVBUFFER_EOL_CRLF, EVBUFFER_EOL_CRLF_STRICT,
	    EVBUFFER_EOL_ANY };
	enum evbuffer_eol_style style = styles[unit_random(5)];
	bool rejects = style == EVBUFFER_EOL_CRLF ||
	    style == EVBUFFER_EOL_CRLF_STRICT;

	r->spec.style = style;
	r->spec.flags = some_of(rejects ? KEEP | NO_LF | NO_CR : KEEP);
	name_number(r, "style ", (long)style);
}

static void
random_field(struct decode_random *r)
{
	static const unsigned widths[] = { 1, 2, 3, 4, 8 };
	struct evchat_length_field *field = &r->spec.field;
	size_t header;

	field->width = widths[unit_random(5)];
	field->order = unit_random(2) == 0 ? EVCHAT_BIG_ENDIAN :
	    EVCHAT_LITTLE_ENDIAN;
	field->offset = unit_random(3);
	header = field->offset + field->width;
	field->adjustment = (int64_t)unit_random(header + 4) -
	    (int64_t)header;
	field->strip = unit_random(header + 3);
	name_number(r, "width ", (long)field->width);
	name_number(r, "order ", (long)field->order);
	name_number(r, "offset ", (long)field->offset);
	name_number(r, "adjustment ", (long)field->adjustment);
	name_number(r, "strip ", (long)field->strip);
}

static void
random_custom(struct decode_random *r)
{
	static const struct evchat_framing_ops *const ops[] = {
	    &decode_counting, &decode_dashes, &decode_minding,
	    &decode_digits };
	static const char *const names[] = { " counting", " dashes",
	    " minding", " digits" };
	size_t i = unit_random(4);

	r->spec.ops = ops[i];
	r->spec.declares = i == 0;
	name_text(r, names[i]);
}

void
decode_random_spec(struct decode_random *r)
{
	static const char *const names[] = { "delimiter", "delimiters", "line",
	    "fixed", "length", "varint", "netstring", "octet count", "dot",
	    "chunked", "custom" };

	memset(r, 0, sizeof(*r));
	r->spec.kind = (enum decode_kind)unit_random(DECODE_CUSTOM + 1);
	r->spec.name = r->name;
	name_text(r, names[r->spec.kind]);
	if (r->spec.kind <= DECODE_DELIMITERS)
		random_delimiters(r);
	else if (r->spec.kind == DECODE_LINE)
		random_line(r);
	else if (r->spec.kind == DECODE_FIXED)
		name_number(r, "", (long)(r->spec.size = 1 + unit_random(5)));
	else if (r->spec.kind == DECODE_LENGTH)
		random_field(r);
	else if (r->spec.kind == DECODE_DOT)
		r->spec.flags = some_of(NO_LF | NO_CR);
	else if (r->spec.kind == DECODE_CHUNKED)
		r->spec.flags = some_of(TRAILERS);
	else if (r->spec.kind == DECODE_CUSTOM)
		random_custom(r);
	if (r->spec.flags != 0)
		name_number(r, "flags ", (long)r->spec.flags);
}
