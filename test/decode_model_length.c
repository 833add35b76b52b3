/*
 * The second opinion: framings that declare their length.
 */

#include "decode_model.h"

/*
 * The payload of a declared frame begins at an offset, and so many bytes,
 * which are not looked at here, stand behind it. False if that is not all
 * there.
 */
static bool
has_payload(struct naive *m, size_t from, uint64_t length, size_t behind)
{
	if (length <= m->len - from) {
		naive_data(m, from, from + (size_t)length);
		return m->len - from - (size_t)length >= behind;
	}
	naive_data(m, from, m->len);
	return false;
}

static bool
no_header(struct naive *m)
{
	decode_held(m->result, m->in + m->at, m->len - m->at);
	return false;
}

/* What stands before the wrong byte was of no use. */
static bool
bad_header(struct naive *m, size_t at, const char *error)
{
	decode_held(m->result, m->in + m->at, at - m->at);
	return naive_bad(m, at, error);
}

/* The header, up to an offset, says how long the frame is. */
static void
declare(struct naive *m, size_t end, uint64_t length)
{
	decode_declare(m->result, length, m->in + m->at, end - m->at);
}

bool
naive_fixed(struct naive *m)
{
	declare(m, m->at, m->spec->size);
	if (!has_payload(m, m->at, m->spec->size, 0))
		return false;
	return naive_end(m, m->at + m->spec->size);
}

/* Numbers of a fixed width */

static uint64_t
number_at(const unsigned char *bytes, const struct evchat_length_field *field)
{
	uint64_t number = 0;
	unsigned i;

	for (i = 0; i < field->width; i++)
		number = number << 8 | (field->order == EVCHAT_BIG_ENDIAN ?
		    bytes[i] : bytes[field->width - 1 - i]);
	return number;
}

/* How many bytes of a frame are delivered; what is wrong with that, or NULL. */
static const char *
delivered(uint64_t number, const struct evchat_length_field *field,
    uint64_t *length)
{
	uint64_t header = field->offset + field->width, strip = field->strip;
	uint64_t more = field->adjustment > 0 ?
	    (uint64_t)field->adjustment : 0;
	uint64_t less = field->adjustment < 0 ?
	    0 - (uint64_t)field->adjustment : 0;

	if (number < less)
		return BELOW_HEADER;
	if (number > UINT64_MAX - more)
		return ABOVE_LENGTH;
	number += more - less; /* the bytes behind it */
	if (strip > header && number < strip - header)
		return BELOW_STRIP;
	if (strip < header && number > UINT64_MAX - (header - strip))
		return ABOVE_FRAME;
	*length = number + header - strip;
	return NULL;
}

bool
naive_length(struct naive *m)
{
	const struct evchat_length_field *field = &m->spec->field;
	size_t header = field->offset + field->width, from;
	const char *error;
	uint64_t length;

	if (m->len - m->at < header)
		return no_header(m);
	error = delivered(number_at(m->in + m->at + field->offset, field),
	    field, &length);
	if (error != NULL)
		return bad_header(m, m->at + field->offset, error);
	declare(m, m->at + header, length);
	from = m->at + field->strip;
	if (from > m->len || !has_payload(m, from, length, 0))
		return false;
	return naive_end(m, from + (size_t)length);
}

/* 7 bits a byte */

bool
naive_varint(struct naive *m)
{
	uint64_t number = 0;
	unsigned i;

	for (i = 0; m->at + i < m->len; i++) {
		unsigned char byte = m->in[m->at + i];

		if (i == 9 && byte > 1)
			return bad_header(m, m->at + i, ABOVE_VARINT);
		number |= (uint64_t)(byte & 0x7f) << (7 * i);
		if (byte & 0x80)
			continue;
		declare(m, m->at + i + 1, number);
		if (!has_payload(m, m->at + i + 1, number, 0))
			return false;
		return naive_end(m, m->at + i + 1 + (size_t)number);
	}
	return no_header(m);
}

/* Decimal numbers */

/*
 * The number at the start of the frame, which a byte ends. False if there is
 * none, for one reason or the other.
 */
static bool
decimal(struct naive *m, unsigned char end, uint64_t *number, size_t *behind)
{
	size_t at;

	for (*number = 0, at = m->at; at < m->len; at++) {
		unsigned digit = (unsigned)m->in[at] - '0';

		if (m->in[at] == end && at > m->at) {
			*behind = at + 1;
			return true;
		}
		if (digit > 9)
			return bad_header(m, at, end == ':' ? NO_COLON :
			    NO_SPACE);
		if (at > m->at && *number == 0)
			return bad_header(m, at, LEADING_ZERO);
		if (*number > (UINT64_MAX - digit) / 10)
			return bad_header(m, at, ABOVE_LENGTH);
		*number = 10 * *number + digit;
	}
	return no_header(m);
}

bool
naive_netstring(struct naive *m)
{
	uint64_t number;
	size_t from;

	if (!decimal(m, ':', &number, &from))
		return false;
	declare(m, from, number);
	if (!has_payload(m, from, number, 1))
		return false;
	from += (size_t)number;
	if (m->in[from] != ',')
		return naive_bad(m, from, NO_COMMA);
	return naive_end(m, from + 1);
}

bool
naive_octet_count(struct naive *m)
{
	uint64_t number;
	size_t from;

	if (m->in[m->at] == '0')
		return naive_bad(m, m->at, FIRST_ZERO);
	if (!decimal(m, ' ', &number, &from))
		return false;
	declare(m, from, number);
	if (!has_payload(m, from, number, 0))
		return false;
	return naive_end(m, from + (size_t)number);
}
