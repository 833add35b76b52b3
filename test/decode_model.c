/*
 * The second opinion: framings that end with a delimiter, and what all share.
 */

#include <string.h>
#include <check.h>
#include "decode_model.h"

bool
naive_bad(struct naive *m, size_t at, const char *error)
{
	m->result->bad = at;
	m->result->error = error;
	m->result->is_last = false;
	return false;
}

void
naive_data(struct naive *m, size_t from, size_t to)
{
	decode_data(m->result, m->in + from, to - from);
}

bool
naive_end(struct naive *m, size_t at)
{
	m->at = at;
	decode_end(m->result, at);
	return true;
}

/* Nothing ends this frame. */
static bool
has_no_end(struct naive *m)
{
	naive_data(m, m->at, m->len);
	m->result->is_last = true;
	return false;
}

/* It ends with a delimiter that begins at one offset and ends at another. */
static bool
ends_with(struct naive *m, size_t from, size_t to)
{
	naive_data(m, m->at, from);
	if (m->spec->flags & EVCHAT_FRAMING_KEEP_DELIMITER)
		decode_extra(m->result, m->in + from, to - from);
	return naive_end(m, to);
}

/* Delimiters */

static bool
is_at(const struct naive *m, const char *delimiter, size_t at)
{
	size_t n = strlen(delimiter);

	return n <= m->len - at && memcmp(m->in + at, delimiter, n) == 0;
}

static bool
naive_delimiter(struct naive *m)
{
	size_t at;

	for (at = m->at; at < m->len; at++)
		if (is_at(m, m->spec->set[0], at))
			return ends_with(m, at, at + strlen(m->spec->set[0]));
	return has_no_end(m);
}

/* The longest delimiter that ends right before an offset; 0: none does. */
static size_t
longest_before(const struct naive *m, size_t end)
{
	size_t i, n, longest = 0;

	for (i = 0; i < DECODE_SET && m->spec->set[i] != NULL; i++) {
		n = strlen(m->spec->set[i]);
		if (n <= end - m->at && n > longest &&
		    is_at(m, m->spec->set[i], end - n))
			longest = n;
	}
	return longest;
}

/* The longest delimiter that stands at an offset. */
static size_t
longest_at(const struct naive *m, size_t at)
{
	size_t i, longest = 0;

	for (i = 0; i < DECODE_SET && m->spec->set[i] != NULL; i++)
		if (strlen(m->spec->set[i]) > longest &&
		    is_at(m, m->spec->set[i], at))
			longest = strlen(m->spec->set[i]);
	return longest;
}

static bool
naive_delimiters(struct naive *m)
{
	size_t end, n;

	for (end = m->at + 1; end <= m->len; end++) {
		if ((n = longest_before(m, end)) == 0)
			continue;
		if (m->spec->flags & EVCHAT_FRAMING_MATCH_LONGEST)
			return ends_with(m, end - n, end - n +
			    longest_at(m, end - n));
		return ends_with(m, end - n, end);
	}
	return has_no_end(m);
}

/* Lines */

static bool
naive_single(struct naive *m, char end)
{
	size_t at;

	for (at = m->at; at < m->len; at++)
		if (m->in[at] == (unsigned char)end)
			return ends_with(m, at, at + 1);
	return has_no_end(m);
}

static bool
naive_crlf(struct naive *m, bool strict)
{
	bool reject_lf = m->spec->flags & EVCHAT_FRAMING_REJECT_BARE_LF;
	bool reject_cr = m->spec->flags & EVCHAT_FRAMING_REJECT_BARE_CR;
	size_t at;

	for (at = m->at; at < m->len; at++) {
		if (is_at(m, "\r\n", at))
			return ends_with(m, at, at + 2);
		if (m->in[at] == '\n' && reject_lf) {
			naive_data(m, m->at, at);
			return naive_bad(m, at, BARE_LF);
		}
		if (m->in[at] == '\n' && !strict)
			return ends_with(m, at, at + 1);
		if (m->in[at] == '\r' && reject_cr && at + 1 < m->len) {
			naive_data(m, m->at, at);
			return naive_bad(m, at, BARE_CR);
		}
	}
	has_no_end(m);
	if (reject_cr && m->in[m->len - 1] == '\r')
		m->result->is_last = false;
	return false;
}

static bool
is_end(const struct naive *m, size_t at)
{
	return m->in[at] == '\r' || m->in[at] == '\n';
}

static bool
naive_any(struct naive *m)
{
	size_t at;

	while (m->result->n > 0 && m->at < m->len && is_end(m, m->at))
		m->at++;
	for (at = m->at; at < m->len; at++)
		if (is_end(m, at))
			return ends_with(m, at, at + 1);
	return m->at < m->len ? has_no_end(m) : false;
}

static bool
naive_line(struct naive *m)
{
	switch (m->spec->style) {
	case EVBUFFER_EOL_LF:
		return naive_single(m, '\n');
	case EVBUFFER_EOL_NUL:
		return naive_single(m, '\0');
	case EVBUFFER_EOL_CRLF:
		return naive_crlf(m, false);
	case EVBUFFER_EOL_CRLF_STRICT:
		return naive_crlf(m, true);
	case EVBUFFER_EOL_ANY:
		return naive_any(m);
	}
	return false;
}

/* All */

void
decode_model(const struct decode_spec *spec, const void *bytes, size_t len,
    struct decode_result *result)
{
	static naive_frame *const frames[] = {
		[DECODE_DELIMITER] = naive_delimiter,
		[DECODE_DELIMITERS] = naive_delimiters,
		[DECODE_LINE] = naive_line,
		[DECODE_FIXED] = naive_fixed,
		[DECODE_LENGTH] = naive_length,
		[DECODE_VARINT] = naive_varint,
		[DECODE_NETSTRING] = naive_netstring,
		[DECODE_OCTET_COUNT] = naive_octet_count,
		[DECODE_DOT] = naive_dot,
		[DECODE_CHUNKED] = naive_chunked,
		[DECODE_CUSTOM] = naive_custom
	};
	struct naive m = { spec, bytes, len, 0, result };

	while (m.at < m.len && frames[spec->kind](&m))
		;
	result->rest.end = len; /* if it is a frame */
}
