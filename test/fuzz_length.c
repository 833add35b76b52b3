/*
 * The fuzz target of frames that declare their length. The framing's bytes:
 *
 *	0   bits 0 to 2 the width: 1, 2, 3, 4, 8 and others; 3 little endian;
 *	    4 the adjustment is as small or large as one can be
 *	1 2 offset and strip; from 250 on, large ones
 *	3   the adjustment, with its sign
 */

#include "fuzz_framing.h"

static size_t
take_size(struct fuzz_reader *r)
{
	uint8_t size = fuzz_take(r);

	return (size < 250 ? size : 1024u + size - 254);
}

static struct evchat_framing *
length_new(struct fuzz_case *c, struct fuzz_reader *r)
{
	static const unsigned widths[] = { 1, 2, 3, 4, 8, 0, 5, 9 };
	struct evchat_length_field field = { .flags = 0 };
	uint8_t first = fuzz_take(r);
	int8_t adjustment;

	field.width = widths[first & 7];
	field.order = first & 8 ? EVCHAT_LITTLE_ENDIAN : EVCHAT_BIG_ENDIAN;
	field.offset = take_size(r);
	field.strip = take_size(r);
	adjustment = (int8_t)fuzz_take(r);
	field.adjustment = adjustment;
	if (first & 0x10)
		field.adjustment += adjustment < 0 ? INT64_MIN + 128 :
		    INT64_MAX - 127;
	c->carries = true;
	return (evchat_framing_length(&field));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return (fuzz_framing_one(length_new, data, size));
}
