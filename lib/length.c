/*
 * Frames with a binary number in front. With
 *
 *	value + adjustment == bytes behind the number
 *
 * the frame is offset + width + value + adjustment bytes long, of which the
 * first strip are not delivered.
 */

#include <errno.h>
#include <string.h>

#include "counted.h"

#define MOST_STRIPPED ((size_t)1024) /* and before the number */

struct length {
	struct counted counted;
	struct evchat_length_field field;
};

static const struct evchat_length_field *
field_of(const struct evchat_framing *framing)
{
	return (&((const struct length *)framing)->field);
}

/* By how many bits the number's byte at that place is shifted. */
static unsigned
shift_of(const struct evchat_length_field *field, size_t place)
{
	if (field->order == EVCHAT_BIG_ENDIAN)
		place = field->width - 1 - place;
	return (8 * (unsigned)place);
}

/* All of the number lies here. */
static uint64_t
number_at(const struct evchat_length_field *field, const unsigned char *bytes)
{
	uint64_t number = 0;
	size_t i;

	/* As most are. */
	if (field->width == 4 && field->order == EVCHAT_BIG_ENDIAN)
		return ((uint64_t)bytes[0] << 24 | (uint64_t)bytes[1] << 16 |
		    (uint64_t)bytes[2] << 8 | bytes[3]);
	if (field->order == EVCHAT_BIG_ENDIAN)
		for (i = 0; i < field->width; i++)
			number = number << 8 | bytes[i];
	else
		for (i = field->width; i-- > 0;)
			number = number << 8 | bytes[i];
	return (number);
}

/* The number is complete: what does it mean? */
static enum header_what
adjust(const struct evchat_length_field *field, struct scan *scan)
{
	uint64_t added = (uint64_t)field->adjustment, taken = 0 - added;

	if (field->adjustment < 0 && scan->number < taken) {
		scan->error = "length below that of its own header";
		return (HEADER_MALFORMED);
	}
	if (field->adjustment > 0 && scan->number > UINT64_MAX - added) {
		scan->error = "length of 2^64 or more";
		return (HEADER_MALFORMED);
	}
	scan->number += added;
	return (HEADER_DONE);
}

/* The next bytes of a header that lies in several pieces, or may. */
static enum header_what
header_part(const struct evchat_length_field *field, struct scan *scan,
    struct header *header)
{
	size_t at, end = field->offset + field->width - scan->held;

	header->used = header->len < end ? header->len : end;
	for (at = 0; at < header->used; at++) {
		size_t place = scan->held + at;

		if (place >= field->offset)
			scan->number |= (uint64_t)header->bytes[at] <<
			    shift_of(field, place - field->offset);
	}
	return (header->used == end ? adjust(field, scan) : HEADER_MORE);
}

static enum header_what
length_header(const struct evchat_framing *framing, struct scan *scan,
    struct header *header)
{
	const struct evchat_length_field *field = field_of(framing);
	size_t end = field->offset + field->width;

	header->bad = field->offset;
	if (scan->held > 0 || header->len < end)
		return (header_part(field, scan, header));
	header->used = end;
	scan->number = number_at(field, header->bytes + field->offset);
	return (adjust(field, scan));
}

/* Encoding */

/* The number for a payload so long; -1 with errno if there is none. */
static int
number_for(const struct evchat_length_field *field, size_t len,
    uint64_t *number)
{
	uint64_t header = field->offset + field->width;
	uint64_t total = (uint64_t)len + field->strip;
	uint64_t behind = total - header, added = (uint64_t)field->adjustment;

	errno = EINVAL;
	if (total < header)
		return (-1);
	if (field->adjustment > 0 && behind < added)
		return (-1);
	*number = behind - added;
	errno = EMSGSIZE;
	if ((field->adjustment < 0 && *number < behind) ||
	    (field->width < 8 && *number >> (8 * field->width) != 0))
		return (-1);
	return (0);
}

/*
 * Put the number where it belongs: into the stripped bytes; or where it is
 * delivered, the payload must have it already.
 */
static int
place_number(const struct evchat_length_field *field, uint64_t number,
    unsigned char *stripped, const struct payload *payload)
{
	size_t i;

	for (i = 0; i < field->width; i++) {
		unsigned char byte =
		    (unsigned char)(number >> shift_of(field, i));
		size_t at = field->offset + i;

		if (at < field->strip)
			stripped[at] = byte;
		else if (payload_byte(payload, at - field->strip) != byte) {
			errno = EINVAL;
			return (-1);
		}
	}
	return (0);
}

static int
length_encode(const struct evchat_framing *framing, struct backlog *out,
    const struct payload *payload)
{
	const struct evchat_length_field *field = field_of(framing);
	unsigned char stripped[MOST_STRIPPED];
	struct evbuffer_iovec head = { stripped, field->strip };
	uint64_t number;

	memset(stripped, 0, field->strip);
	if (number_for(field, payload->len, &number) == -1 ||
	    place_number(field, number, stripped, payload) == -1)
		return (-1);
	return (payload_append(out, payload, &head, NULL));
}

/* Making */

static const struct framing_ops length_ops = {
	.scan = counted_scan,
	.find = counted_find,
	.encode = length_encode,
	.free = framing_free,
	.declares = true,
};

static bool
is_valid(const struct evchat_length_field *field)
{
	errno = EINVAL;
	if (field == NULL || field->flags != 0 || (field->width != 1 &&
	    field->width != 2 && field->width != 3 && field->width != 4 &&
	    field->width != 8) || (field->order != EVCHAT_BIG_ENDIAN &&
	    field->order != EVCHAT_LITTLE_ENDIAN))
		return (false);
	if (field->offset <= MOST_STRIPPED && field->strip <= MOST_STRIPPED)
		return (true);
	errno = EMSGSIZE;
	return (false);
}

/* Where the number is all that is stripped, and of what comes behind it. */
static void
set_plain(struct length *length)
{
	const struct evchat_length_field *field = &length->field;
	struct plain *plain = &length->counted.framing.plain;

	if (field->offset != 0 || field->strip != field->width ||
	    field->adjustment != 0)
		return;
	plain->width = (unsigned char)field->width;
	plain->little = field->order == EVCHAT_LITTLE_ENDIAN;
	plain->below = field->width == 1 ? UINT8_MAX + 1 : PLAIN_LONGEST + 1;
}

struct evchat_framing *
evchat_framing_length(const struct evchat_length_field *field)
{
	struct length *length;

	if (!is_valid(field) ||
	    (length = framing_new(sizeof(*length), &length_ops)) == NULL)
		return (NULL);
	length->field = *field;
	length->counted.header = length_header;
	length->counted.strip = field->strip;
	set_plain(length);
	return (&length->counted.framing);
}
