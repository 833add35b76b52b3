/*
 * The second opinion: framings that change what they frame, dot-stuffed blocks
 * and chunked bodies.
 */

#include <string.h>
#include "decode_model.h"

#define DIGITS 16 /* of 64 bits */

static bool
has(const struct naive *m, size_t at, const char *what)
{
	return strlen(what) <= m->len - at &&
	    memcmp(m->in + at, what, strlen(what)) == 0;
}

/* The input ends inside the frame. */
static bool
unfinished(struct naive *m)
{
	m->result->begun = true;
	return false;
}

/* Dot-stuffed blocks */

/* Is the byte at an offset a CR or LF that the flags do not allow? */
static const char *
bare(const struct naive *m, size_t at)
{
	bool behind_cr = at > m->at && m->in[at - 1] == '\r';

	if (m->in[at] == '\n' && !behind_cr &&
	    m->spec->flags & EVCHAT_FRAMING_REJECT_BARE_LF)
		return BARE_LF;
	if (m->in[at] == '\r' && at + 1 < m->len && m->in[at + 1] != '\n' &&
	    m->spec->flags & EVCHAT_FRAMING_REJECT_BARE_CR)
		return BARE_CR;
	return NULL;
}

bool
naive_dot(struct naive *m)
{
	bool line_begins = true;
	const char *error;
	size_t at;

	for (at = m->at; at < m->len; at++) {
		if (line_begins && has(m, at, ".\r\n"))
			return naive_end(m, at + 3);
		if (line_begins && m->in[at] == '.') {
			line_begins = false;
			continue;
		}
		if ((error = bare(m, at)) != NULL)
			return naive_bad(m, at, error);
		naive_data(m, at, at + 1);
		line_begins = at > m->at && has(m, at - 1, "\r\n");
	}
	return unfinished(m);
}

/* Chunked bodies, but for the limits of what is not the body */

static int
hex(unsigned char byte)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *digit = byte != '\0' ? strchr(digits, byte) : NULL;

	if (digit == NULL)
		return -1;
	return digit - digits < 16 ? (int)(digit - digits) :
	    (int)(digit - digits) - 6;
}

/* Is this all there? If not, or if it is wrong, deal with it. */
static bool
has_line_end(struct naive *m, size_t at)
{
	if (has(m, at, "\r\n"))
		return true;
	if (at + 1 >= m->len)
		return unfinished(m);
	return naive_bad(m, at + 1, NO_LF_BEHIND);
}

/* What stands behind a size, up to the end of the line. */
static bool
extension(struct naive *m, size_t *at)
{
	size_t from = *at;

	for (; *at < m->len && m->in[*at] != '\r'; ++*at) {
		size_t i = from;

		while (i < *at && memchr(" \t", m->in[i], 2) != NULL)
			i++;
		if (i == *at && memchr(" \t;", m->in[i], 3) == NULL)
			return naive_bad(m, *at, m->in[i] == '\n' ?
			    BARE_LF_SIZE : *at == from ? NO_HEX :
			    NO_SEMICOLON);
		if (m->in[*at] == '\n')
			return naive_bad(m, *at, BARE_LF_EXTENSION);
	}
	if (*at == m->len)
		return unfinished(m);
	if (!has_line_end(m, *at))
		return false;
	*at += 2;
	return true;
}

static bool
chunk_size(struct naive *m, size_t *at, uint64_t *size)
{
	size_t from = *at;

	for (*size = 0; *at < m->len && hex(m->in[*at]) >= 0; ++*at) {
		if (*at - from == DIGITS)
			return naive_bad(m, *at, MANY_HEX);
		*size = *size << 4 | (unsigned)hex(m->in[*at]);
	}
	if (*at == m->len)
		return unfinished(m);
	if (*at == from)
		return naive_bad(m, *at, NO_SIZE);
	return extension(m, at);
}

static bool
deliver_trailer(struct naive *m, size_t from, size_t to)
{
	if (m->spec->flags & EVCHAT_FRAMING_DELIVER_TRAILERS)
		decode_extra(m->result, m->in + from, to - from);
	return unfinished(m);
}

/* The lines behind the last chunk, up to an empty one. */
static bool
trailers(struct naive *m, size_t from)
{
	size_t at = from;

	while (at < m->len && m->in[at] != '\r' && m->in[at] != '\n')
		at++;
	deliver_trailer(m, from, at);
	if (at == m->len)
		return false;
	if (m->in[at] == '\n')
		return naive_bad(m, at, BARE_LF_TRAILERS);
	if (at > from) /* it is not the end, then */
		deliver_trailer(m, at, at + 1);
	if (!has_line_end(m, at))
		return false;
	if (at == from)
		return naive_end(m, at + 2);
	deliver_trailer(m, at + 1, at + 2);
	return trailers(m, at + 2);
}

bool
naive_chunked(struct naive *m)
{
	size_t at = m->at;
	uint64_t size;

	while (chunk_size(m, &at, &size)) {
		if (size == 0)
			return trailers(m, at);
		if (size > m->len - at)
			size = m->len - at;
		naive_data(m, at, at + (size_t)size);
		at += (size_t)size;
		if (at == m->len)
			return unfinished(m);
		if (m->in[at] != '\r')
			return naive_bad(m, at, NO_CHUNK_END);
		if (!has_line_end(m, at))
			return false;
		at += 2;
	}
	return false;
}
