/*
 * Payloads for the encoding law: all that are short, and random ones, in which
 * what matters to a framing occurs often, but not so that all are refused.
 */

#include <string.h>
#include "harness.h"
#include "law.h"
#include "unit.h"

#define PLAIN 'q' /* means nothing to any framing */

size_t
law_strings(const struct law_kind *kind, size_t len)
{
	return len == 0 ? 1 : kind->letters * law_strings(kind, len - 1);
}

void
law_string(const struct law_kind *kind, unsigned char *bytes, size_t len,
    size_t i)
{
	for (; len > 0; len--, i /= kind->letters)
		*bytes++ = (unsigned char)kind->alphabet[i % kind->letters];
}

/* Mending */

static size_t
append(unsigned char *payload, size_t len, const char *end)
{
	memcpy(payload + len, end, strlen(end));
	return len + strlen(end);
}

size_t
law_mend_end(const struct law_kind *kind, unsigned char *payload, size_t len)
{
	size_t n = 0;

	while (kind->delimiters[n] != NULL)
		n++;
	return append(payload, len, kind->delimiters[unit_random(n)]);
}

size_t
law_mend_line(const struct law_kind *kind, unsigned char *payload, size_t len)
{
	bool kept = (kind->flags & EVCHAT_FRAMING_KEEP_DELIMITER) != 0;

	if (kind->style == EVBUFFER_EOL_ANY && len == 0)
		payload[len++] = PLAIN;
	if (!kept)
		return len;
	switch (kind->style) {
	case EVBUFFER_EOL_NUL:
		payload[len] = 0;
		return len + 1;
	case EVBUFFER_EOL_ANY:
		return append(payload, len, unit_random(2) == 0 ? "\r" : "\n");
	case EVBUFFER_EOL_LF:
		return append(payload, len, "\n");
	default:
		return append(payload, len, "\r\n");
	}
}

size_t
law_mend_size(const struct law_kind *kind, unsigned char *payload, size_t len)
{
	if (len < kind->size)
		memset(payload + len, PLAIN, kind->size - len);
	return kind->size;
}

/* Have none below 0; where it is not stripped, put the right one in. */
size_t
law_mend_number(const struct law_kind *kind, unsigned char *payload, size_t len)
{
	const struct evchat_length_field *field = &kind->field;
	int64_t header = (int64_t)(field->offset + field->width);
	uint64_t number;
	size_t i, at;

	if (field->adjustment > 0)
		header += field->adjustment;
	for (; (int64_t)(field->strip + len) < header; len++)
		payload[len] = PLAIN;
	number = field->strip + len - field->offset - field->width -
	    (uint64_t)field->adjustment;
	for (i = 0; i < field->width; i++) {
		at = field->order == EVCHAT_LITTLE_ENDIAN ? i :
		    field->width - 1 - i;
		if (field->offset + at >= field->strip)
			payload[field->offset + at - field->strip] =
			    (unsigned char)(number >> (8 * i));
	}
	return len;
}

size_t
law_mend_filled(const struct law_kind *kind, unsigned char *payload, size_t len)
{
	(void)kind;
	payload[len] = PLAIN;
	return len > 0 ? len : 1;
}

/* End with CR LF and, if the others are forbidden, have no other CR or LF. */
size_t
law_mend_dot(const struct law_kind *kind, unsigned char *payload, size_t len)
{
	size_t i;

	for (i = 0; kind->flags != 0 && i < len; i++) {
		if (payload[i] == '\r' && i + 1 < len)
			payload[++i] = '\n';
		else if (payload[i] == '\r' || payload[i] == '\n')
			payload[i] = PLAIN;
	}
	return append(payload, len, "\r\n");
}

/* Random ones */

static size_t
random_length(void)
{
	static const size_t lengths[] = { 0, 1, 127, 128, 254, 255, 256, 257,
	    511, 512, 513, 4095, 4096, 4097, 16383, 16384, 65535, 65536 };

	switch (unit_random(8)) {
	case 0:
		return lengths[unit_random(sizeof(lengths) /
		    sizeof(lengths[0]))];
	case 1:
		return unit_random(1000);
	default:
		return unit_random(12);
	}
}

/* About every so many bytes one to three that mean something. */
static void
sprinkle(const struct law_kind *kind, unsigned char *bytes, size_t len,
    size_t distance)
{
	size_t i, n;

	memset(bytes, PLAIN, len + LAW_ROOM);
	for (i = unit_random(distance); i < len;
	    i += 1 + unit_random(2 * distance - 1))
		for (n = 1 + unit_random(3); n > 0 && i < len; n--)
			bytes[i++] = (unsigned char)
			    kind->alphabet[unit_random(kind->letters)];
}

size_t
law_random(const struct law_kind *kind, unsigned char *bytes)
{
	static const size_t distances[] = { 1, 4, 100, 10000 };
	size_t len = random_length();

	sprinkle(kind, bytes, len, distances[unit_random(4)]);
	if (kind->mend != NULL && unit_random(4) > 0)
		len = kind->mend(kind, bytes, len);
	return len;
}

size_t
law_lawful(const struct law_kind *kind, unsigned char *bytes, size_t len)
{
	size_t n;

	int tries;

	for (tries = 0; tries < 100; tries++) {
		memset(bytes, PLAIN, len + LAW_ROOM);
		n = kind->mend != NULL ? kind->mend(kind, bytes, len) : len;
		if (kind->judge(kind, bytes, n) == 0)
			return n;
		if (tries % 10 == 9)
			len /= 2;
	}
	harness_must(false, "a lawful payload");
	return 0;
}
