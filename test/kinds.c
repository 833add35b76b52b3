/*
 * Framings of all kinds; see kinds.h.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "harness.h"
#include "kinds.h"

#define KEEP EVCHAT_FRAMING_KEEP_DELIMITER
#define LONGEST EVCHAT_FRAMING_MATCH_LONGEST
#define REJECT (EVCHAT_FRAMING_REJECT_BARE_LF | EVCHAT_FRAMING_REJECT_BARE_CR)

/* Strings of which no byte can be skipped, and all but the last are there. */
#define A16 "aaaaaaaaaaaaaaaa"
#define A63 A16 A16 A16 "aaaaaaaaaaaaaaa" /* with one more the longest there is */

const struct kind kinds[KINDS] = {
	{ "delimiter", KIND_DELIMITER, "\r\n", .set = { "\r\n" } },
	{ "kept delimiter", KIND_DELIMITER, "\r\n", .set = { "\r\n" },
	    .flags = KEEP },
	{ "delimiters", KIND_DELIMITERS_OF, "\r\n", .set = { "\r\n", "\n" } },
	{ "kept delimiters", KIND_DELIMITERS_OF, "\r\n",
	    .set = { "\r\n", "\n" }, .flags = KEEP },
	{ "delimiters of many beginnings", KIND_DELIMITERS_OF, A16 "b",
	    .set = { A16 "b", "aaaac" A16 A16, A16 "d" } },
	{ "longest delimiters", KIND_DELIMITERS_OF, "\r\n",
	    .set = { "\r", "\r\n" }, .flags = LONGEST },
	{ "longest delimiters of many beginnings", KIND_DELIMITERS_OF,
	    A63 "b", .set = { "a", A63 "b" }, .flags = LONGEST },
	{ "line", KIND_LINE, "\r\n", .style = EVBUFFER_EOL_CRLF },
	{ "kept line", KIND_LINE, "\r\n", .style = EVBUFFER_EOL_CRLF,
	    .flags = KEEP },
	{ "pure line", KIND_LINE, "\r\n", .style = EVBUFFER_EOL_CRLF,
	    .flags = REJECT },
	{ "strict line without bare LF", KIND_LINE, "\r\n",
	    .style = EVBUFFER_EOL_CRLF_STRICT,
	    .flags = EVCHAT_FRAMING_REJECT_BARE_LF },
	{ "strict line without bare CR", KIND_LINE, "\r\n",
	    .style = EVBUFFER_EOL_CRLF_STRICT,
	    .flags = EVCHAT_FRAMING_REJECT_BARE_CR },
	{ "pure strict line", KIND_LINE, "\r\n",
	    .style = EVBUFFER_EOL_CRLF_STRICT, .flags = REJECT },
	{ "any line", KIND_LINE, "\n", .style = EVBUFFER_EOL_ANY },
	{ "fixed", KIND_FIXED, .tail = NULL },
	{ "length", KIND_LENGTH, NULL,
	    .field = { 4, EVCHAT_BIG_ENDIAN, 0, 0, 4, 0 } },
	{ "wide length", KIND_LENGTH, NULL,
	    .field = { 8, EVCHAT_BIG_ENDIAN, 0, 0, 8, 0 } },
	{ "delivered length", KIND_LENGTH, NULL,
	    .field = { 8, EVCHAT_LITTLE_ENDIAN, 2, -10, 0, 0 } },
	{ "length with a long header", KIND_LENGTH, NULL,
	    .field = { 4, EVCHAT_BIG_ENDIAN, 1000, 0, 1004, 0 } },
	{ "varint", KIND_VARINT, .tail = NULL },
	{ "netstring", KIND_NETSTRING, .tail = "," },
	{ "octet count", KIND_OCTET_COUNT, .tail = NULL },
	{ "dot", KIND_DOT, ".\r\n", .transforms = true },
	{ "pure dot", KIND_DOT, ".\r\n", .flags = REJECT, .transforms = true },
	{ "chunked", KIND_CHUNKED, "\r\n0\r\n\r\n", .transforms = true },
	{ "chunked with trailers", KIND_CHUNKED, "\r\n0\r\n\r\n",
	    .flags = EVCHAT_FRAMING_DELIVER_TRAILERS, .transforms = true },
	{ "semicolon", KIND_CUSTOM, ";", .ops = &kind_semicolon },
	{ "pair", KIND_CUSTOM, ";;", .ops = &kind_pair },
	{ "numbered", KIND_CUSTOM, NULL, .ops = &kind_numbered }
};

const struct kind *
kind_named(const char *name)
{
	size_t i;

	for (i = 0; i < KINDS; i++)
		if (strcmp(kinds[i].name, name) == 0)
			return &kinds[i];
	ck_abort_msg("no kind %s", name);
	return NULL;
}

/* Making */

static struct evchat_framing *
delimiters_new(const struct kind *kind)
{
	struct evbuffer_iovec set[KIND_DELIMITERS];
	int n;

	for (n = 0; n < KIND_DELIMITERS && kind->set[n] != NULL; n++) {
		set[n].iov_base = (void *)(uintptr_t)kind->set[n];
		set[n].iov_len = strlen(kind->set[n]);
	}
	return evchat_framing_delimiters(set, n, kind->flags);
}

static struct evchat_framing *
make(const struct kind *kind, size_t size)
{
	switch (kind->make) {
	case KIND_DELIMITER:
		return evchat_framing_delimiter(kind->set[0],
		    strlen(kind->set[0]), kind->flags);
	case KIND_DELIMITERS_OF:
		return delimiters_new(kind);
	case KIND_LINE:
		return evchat_framing_line(kind->style, kind->flags);
	case KIND_FIXED:
		return evchat_framing_fixed(size);
	case KIND_LENGTH:
		return evchat_framing_length(&kind->field);
	case KIND_VARINT:
		return evchat_framing_varint(0);
	case KIND_NETSTRING:
		return evchat_framing_netstring(0);
	case KIND_OCTET_COUNT:
		return evchat_framing_octet_count(0);
	case KIND_DOT:
		return evchat_framing_dot(kind->flags);
	case KIND_CHUNKED:
		return evchat_framing_chunked(kind->flags);
	case KIND_CUSTOM:
		return evchat_framing_custom(kind->ops, NULL);
	}
	return NULL;
}

struct evchat_framing *
kind_new(const struct kind *kind, size_t size)
{
	struct evchat_framing *framing = make(kind, size);

	if (framing == NULL)
		ck_abort_msg("no framing %s", kind->name);
	return framing;
}

/* Headers */

static size_t
put_number(const struct evchat_length_field *field, uint64_t number,
    unsigned char *to)
{
	unsigned i, place;

	memset(to, 0, field->offset);
	for (i = 0; i < field->width; i++) {
		place = field->order == EVCHAT_LITTLE_ENDIAN ? i :
		    field->width - 1 - i;
		to[field->offset + place] = (unsigned char)(number >> (8 * i));
	}
	return field->offset + field->width;
}

static size_t
put_varint(uint64_t number, unsigned char *to)
{
	size_t n = 0;

	for (; number > 127; number >>= 7)
		to[n++] = (unsigned char)(number | 128);
	to[n++] = (unsigned char)number;
	return n;
}

static size_t
put_text(const char *format, uint64_t number, unsigned char *to)
{
	char *text = (char *)to;

	return (size_t)snprintf(text, KIND_HEAD, format, (uintmax_t)number);
}

size_t
kind_head(const struct kind *kind, uint64_t len, unsigned char *to)
{
	static const struct evchat_length_field numbered = { .width = 8 };

	switch (kind->make) {
	case KIND_LENGTH:
		return put_number(&kind->field,
		    len - (uint64_t)kind->field.adjustment, to);
	case KIND_VARINT:
		return put_varint(len, to);
	case KIND_NETSTRING:
		return put_text("%ju:", len, to);
	case KIND_OCTET_COUNT:
		return put_text("%ju ", len, to);
	case KIND_CHUNKED:
		return put_text("%jx\r\n", len, to);
	case KIND_CUSTOM:
		return kind->ops == &kind_numbered ?
		    put_number(&numbered, len, to) : 0;
	default:
		return 0;
	}
}

/* Frames */

static size_t
append(struct kind_sample *sample, const void *bytes, size_t len)
{
	memcpy(sample->wire + sample->len, bytes, len);
	return sample->len += len;
}

void
kind_sample(const struct kind *kind, const char *text,
    struct kind_sample *sample)
{
	const char *lines_end = kind->make == KIND_DOT ? "\r\n" : "";
	size_t len = strlen(text) + strlen(lines_end), end;

	sample->at = sample->len = kind_head(kind, len, sample->wire);
	if (kind->make == KIND_LENGTH && kind->field.strip == 0)
		sample->at = 0;
	(void)append(sample, text, strlen(text));
	end = append(sample, lines_end, strlen(lines_end));
	if (kind->tail != NULL)
		(void)append(sample, kind->tail, strlen(kind->tail));
	sample->payload_len = (kind->flags & KEEP ? sample->len : end) -
	    sample->at;
}

/* Streams */

char *
kind_stream(const struct kind_pattern *pattern, size_t *len)
{
	size_t units = *len / pattern->unit_len, at = 0, i, n;
	unsigned char head[KIND_HEAD];
	char *stream;

	n = pattern->tail != NULL ? strlen(pattern->tail) : 0;
	stream = malloc(KIND_HEAD + units * pattern->unit_len + n);
	harness_must(stream != NULL, "memory");
	if (pattern->declared)
		at = kind_head(kind_named(pattern->kind),
		    units * pattern->unit_len, head);
	memcpy(stream, head, at);
	for (i = 0; i < units; i++, at += pattern->unit_len)
		memcpy(stream + at, pattern->unit, pattern->unit_len);
	if (n > 0)
		memcpy(stream + at, pattern->tail, n);
	*len = at + n;
	return stream;
}
