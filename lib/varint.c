/* Frames with their length before them as a base-128 varint. */

#include "counted.h"

#define MOST_BYTES 10 /* that 64 bits need */

static enum header_what
varint_header(const struct evchat_framing *framing, struct scan *scan,
    struct header *header)
{
	size_t at;

	(void)framing;
	for (at = 0; at < header->len; at++) {
		size_t place = scan->held + at;
		unsigned char byte = header->bytes[at];

		if (place == MOST_BYTES - 1 && byte > 1) {
			header->bad = place;
			scan->error = "varint of more than 64 bits";
			return (HEADER_MALFORMED);
		}
		scan->number |= (uint64_t)(byte & 0x7f) << (7 * place);
		if (byte < 0x80) {
			header->used = at + 1;
			return (HEADER_DONE);
		}
	}
	return (HEADER_MORE);
}

static int
varint_encode(const struct evchat_framing *framing, struct backlog *out,
    const struct payload *payload)
{
	unsigned char bytes[MOST_BYTES];
	struct evbuffer_iovec head = { bytes, 0 };
	uint64_t left = payload->len;

	(void)framing;
	while (left >= 0x80) {
		bytes[head.iov_len++] = (unsigned char)(left | 0x80);
		left >>= 7;
	}
	bytes[head.iov_len++] = (unsigned char)left;
	return (payload_append(out, payload, &head, NULL));
}

static const struct framing_ops varint_ops = {
	.scan = counted_scan,
	.find = counted_find,
	.encode = varint_encode,
	.free = framing_free,
	.declares = true,
};

struct evchat_framing *
evchat_framing_varint(unsigned flags)
{
	struct counted *counted;

	if (!framing_knows(flags, 0) ||
	    (counted = framing_new(sizeof(*counted), &varint_ops)) == NULL)
		return (NULL);
	counted->header = varint_header;
	counted->strips_all = true;
	return (&counted->framing);
}
