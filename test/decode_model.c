/*
 * The second opinion: framings that end with a delimiter, and what all share.
 */

#include <string.h>
#include <check.h>
#include "decode_model.h"

bool
model_bad(struct model *m, size_t at, const char *error)
{
	m->result->bad = at;
	m->result->error = error;
	m->result->is_last = false;
	return false;
}

void
model_data(struct model *m, size_t from, size_t to)
{
	decode_data(m->result, m->in + from, to - from);
}

bool
model_end(struct model *m, size_t at)
{
	m->at = at;
	decode_end(m->result, at);
	return true;
}

/* Nothing ends this frame. */
static bool
has_no_end(struct model *m)
{
	model_data(m, m->at, m->len);
	m->result->is_last = true;
	return false;
}

/* It ends with a delimiter that begins at one offset and ends at another. */
static bool
ends_with(struct model *m, size_t from, size_t to)
{
	model_data(m, m->at, from);
	if (m->spec->flags & EVCHAT_FRAMING_KEEP_DELIMITER)
		decode_extra(m->result, m->in + from, to - from);
	return model_end(m, to);
}

/* Delimiters */

static bool
is_at(const struct model *m, const char *delimiter, size_t at)
{
	size_t n = strlen(delimiter);

	return n <= m->len - at && memcmp(m->in + at, delimiter, n) == 0;
}

static bool
model_delimiter(struct model *m)
{
	size_t at;

	for (at = m->at; at < m->len; at++)
		if (is_at(m, m->spec->set[0], at))
			return ends_with(m, at, at + strlen(m->spec->set[0]));
	return has_no_end(m);
}

/* The longest delimiter that ends right before an offset; 0: none does. */
static size_t
longest_before(const struct model *m, size_t end)
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
longest_at(const struct model *m, size_t at)
{
	size_t i, longest = 0;

	for (i = 0; i < DECODE_SET && m->spec->set[i] != NULL; i++)
		if (strlen(m->spec->set[i]) > longest &&
		    is_at(m, m->spec->set[i], at))
			longest = strlen(m->spec->set[i]);
	return longest;
}

static bool
model_delimiters(struct model *m)
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
model_single(struct model *m, char end)
{
	size_t at;

	for (at = m->at; at < m->len; at++)
		if (m->in[at] == (unsigned char)end)
			return ends_with(m, at, at + 1);
	return has_no_end(m);
}

static bool
model_crlf(struct model *m, bool strict)
{
	bool reject_lf = m->spec->flags & EVCHAT_FRAMING_REJECT_BARE_LF;
	bool reject_cr = m->spec->flags & EVCHAT_FRAMING_REJECT_BARE_CR;
	size_t at;

	for (at = m->at; at < m->len; at++) {
		if (is_at(m, "\r\n", at))
			return ends_with(m, at, at + 2);
		if (m->in[at] == '\n' && reject_lf) {
			model_data(m, m->at, at);
			return model_bad(m, at, BARE_LF);
		}
		if (m->in[at] == '\n' && !strict)
			return ends_with(m, at, at + 1);
		if (m->in[at] == '\r' && reject_cr && at + 1 < m->len) {
			model_data(m, m->at, at);
			return model_bad(m, at, BARE_CR);
		}
	}
	has_no_end(m);
	if (reject_cr && m->in[m->len - 1] == '\r')
		m->result->is_last = false;
	return false;
}

static bool
is_end(const struct model *m, size_t at)
{
	return m->in[at] == '\r' || m->in[at] == '\n';
}

static bool
model_any(struct model *m)
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
model_line(struct model *m)
{
	switch (m->spec->style) {
	case EVBUFFER_EOL_LF:
		return model_single(m, '\n');
	case EVBUFFER_EOL_NUL:
		return model_single(m, '\0');
	case EVBUFFER_EOL_CRLF:
		return model_crlf(m, false);
	case EVBUFFER_EOL_CRLF_STRICT:
		return model_crlf(m, true);
	case EVBUFFER_EOL_ANY:
		return model_any(m);
	}
	return false;
}

/* All */

void
decode_model(const struct decode_spec *spec, const void *bytes, size_t len,
    struct decode_result *result)
{
	static model_frame *const frames[] = {
		[DECODE_DELIMITER] = model_delimiter,
		[DECODE_DELIMITERS] = model_delimiters,
		[DECODE_LINE] = model_line,
		[DECODE_FIXED] = model_fixed,
		[DECODE_LENGTH] = model_length,
		[DECODE_VARINT] = model_varint,
		[DECODE_NETSTRING] = model_netstring,
		[DECODE_OCTET_COUNT] = model_octet_count,
		[DECODE_DOT] = model_dot,
		[DECODE_CHUNKED] = model_chunked,
		[DECODE_CUSTOM] = model_custom
	};
	struct model m = { spec, bytes, len, 0, result };

	while (m.at < m.len && frames[spec->kind](&m))
		;
	result->rest.end = len; /* if it is a frame */
}
