/*
 * Judges of the encoding law: which payloads come back, as plainly as it can
 * be said. Each one looks at the whole of what would be written.
 */

#include <errno.h>
#include <string.h>
#include "law.h"

#define LF 0x0a
#define CR 0x0d

/* What would be written; judges of delimiters look at that. */
static unsigned char wire[LAW_LONGEST + 2 * LAW_ROOM];

static size_t
write_wire(const unsigned char *payload, size_t len, const char *end)
{
	if (len > 0)
		memcpy(wire, payload, len);
	memcpy(wire + len, end, strlen(end));
	return len + strlen(end);
}

/* Delimiters */

static bool
begins_with(const unsigned char *bytes, size_t len, const char *delimiter)
{
	return strlen(delimiter) <= len &&
	    memcmp(bytes, delimiter, strlen(delimiter)) == 0;
}

/* The longest delimiter of those that end just there; 0: none does. */
static size_t
longest_before(const struct law_kind *kind, size_t end)
{
	size_t i, n, longest = 0;

	for (i = 0; kind->delimiters[i] != NULL; i++) {
		n = strlen(kind->delimiters[i]);
		if (n <= end && n > longest &&
		    begins_with(wire + end - n, n, kind->delimiters[i]))
			longest = n;
	}
	return longest;
}

/* The longest that begins with the n bytes at at. */
static size_t
longest_from(const struct law_kind *kind, size_t at, size_t n, size_t len)
{
	size_t i, more, longest = n;

	for (i = 0; kind->delimiters[i] != NULL; i++) {
		more = strlen(kind->delimiters[i]);
		if (more > longest && begins_with(wire + at, len - at,
		    kind->delimiters[i]))
			longest = more;
	}
	return longest;
}

/* Is what begins at at, up to the end, the beginning of a longer one? */
static bool
may_grow(const struct law_kind *kind, size_t at, size_t len)
{
	size_t i;

	for (i = 0; kind->delimiters[i] != NULL; i++) {
		if (strlen(kind->delimiters[i]) > len - at &&
		    memcmp(wire + at, kind->delimiters[i], len - at) == 0)
			return true;
	}
	return false;
}

/* Do these bytes end in their last one, by n of them, or by any if n is 0? */
static bool
ends_at_last(const struct law_kind *kind, size_t len, size_t n)
{
	size_t end = 0, found = 0;

	while (found == 0 && end < len)
		found = longest_before(kind, ++end);
	if (found > 0 && (kind->flags & EVCHAT_FRAMING_MATCH_LONGEST) != 0) {
		end -= found;
		found = longest_from(kind, end, found, len);
		if (may_grow(kind, end, len))
			return false;
		end += found;
	}
	return found > 0 && end == len && (n == 0 || n == found);
}

int
law_judge_delimiters(const struct law_kind *kind, const unsigned char *payload,
    size_t len)
{
	bool kept = (kind->flags & EVCHAT_FRAMING_KEEP_DELIMITER) != 0;
	size_t n = kept ? 0 : strlen(kind->written);

	len = write_wire(payload, len, kept ? "" : kind->written);
	return ends_at_last(kind, len, n) ? 0 : EINVAL;
}

/* Lines */

static bool
has_forbidden(unsigned flags, const unsigned char *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if ((flags & EVCHAT_FRAMING_REJECT_BARE_LF) != 0 &&
		    bytes[i] == LF && (i == 0 || bytes[i - 1] != CR))
			return true;
		if ((flags & EVCHAT_FRAMING_REJECT_BARE_CR) != 0 &&
		    bytes[i] == CR && (i + 1 == len || bytes[i + 1] != LF))
			return true;
	}
	return false;
}

/* Is this byte one at which a line of this style ends? */
static bool
is_end(enum evbuffer_eol_style style, size_t i)
{
	switch (style) {
	case EVBUFFER_EOL_ANY:
		return wire[i] == CR || wire[i] == LF;
	case EVBUFFER_EOL_CRLF_STRICT:
		return wire[i] == LF && i > 0 && wire[i - 1] == CR;
	case EVBUFFER_EOL_NUL:
		return wire[i] == 0;
	default:
		return wire[i] == LF;
	}
}

static const char *
line_end(enum evbuffer_eol_style style)
{
	return style == EVBUFFER_EOL_CRLF || style == EVBUFFER_EOL_CRLF_STRICT ?
	    "\r\n" : "\n";
}

int
law_judge_line(const struct law_kind *kind, const unsigned char *payload,
    size_t len)
{
	bool kept = (kind->flags & EVCHAT_FRAMING_KEEP_DELIMITER) != 0;
	size_t i = 0;

	len = write_wire(payload, len, kept ? "" : line_end(kind->style));
	if (!kept && kind->style == EVBUFFER_EOL_NUL)
		wire[len - 1] = 0;
	while (i < len && !is_end(kind->style, i))
		i++;
	if (i + 1 != len || has_forbidden(kind->flags, wire, len))
		return EINVAL;
	/* Behind another line it would be taken for a part of its end. */
	if (kind->style == EVBUFFER_EOL_ANY && len == 1)
		return EINVAL;
	return 0;
}

int
law_judge_dot(const struct law_kind *kind, const unsigned char *payload,
    size_t len)
{
	if (len == 0)
		return 0;
	if (len == 1 || payload[len - 2] != CR || payload[len - 1] != LF)
		return EINVAL;
	return has_forbidden(kind->flags, payload, len) ? EINVAL : 0;
}

/* Lengths */

int
law_judge_fixed(const struct law_kind *kind, const unsigned char *payload,
    size_t len)
{
	(void)payload;
	return len == kind->size ? 0 : EINVAL;
}

/* The number's byte that stands at an offset behind the field's. */
static unsigned char
digit(const struct evchat_length_field *field, uint64_t number, size_t i)
{
	if (field->order == EVCHAT_BIG_ENDIAN)
		i = field->width - 1 - i;
	return (unsigned char)(number >> (8 * i));
}

int
law_judge_length(const struct law_kind *kind, const unsigned char *payload,
    size_t len)
{
	const struct evchat_length_field *field = &kind->field;
	int64_t number = (int64_t)(field->strip + len) - field->adjustment -
	    (int64_t)(field->offset + field->width);
	size_t i;

	if (field->strip + len < field->offset + field->width || number < 0)
		return EINVAL;
	if (field->width < 8 && number >> (8 * field->width) != 0)
		return EMSGSIZE;
	for (i = 0; i < field->width; i++)
		if (field->offset + i >= field->strip &&
		    payload[field->offset + i - field->strip] !=
		    digit(field, (uint64_t)number, i))
			return EINVAL;
	return 0;
}

int
law_judge_filled(const struct law_kind *kind, const unsigned char *payload,
    size_t len)
{
	(void)kind;
	(void)payload;
	return len > 0 ? 0 : EINVAL;
}

int
law_judge_any(const struct law_kind *kind, const unsigned char *payload,
    size_t len)
{
	(void)kind;
	(void)payload;
	(void)len;
	return 0;
}
