/*
 * The fuzz target of one delimiter. The framing's bytes: bit 7 of the first
 * says that it is kept, the others how long it is; then it comes itself.
 */

#include "fuzz_framing.h"

static struct evchat_framing *
delimiter_new(struct fuzz_case *c, struct fuzz_reader *r)
{
	uint8_t first = fuzz_take(r), bytes[16];
	size_t i, len = (first & 0x7f) % (sizeof(bytes) + 1);

	for (i = 0; i < len; i++)
		bytes[i] = fuzz_take(r);
	c->producers = c->carries = true;
	return (evchat_framing_delimiter(bytes, len,
	    first & 0x80 ? EVCHAT_FRAMING_KEEP_DELIMITER : 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return (fuzz_framing_one(delimiter_new, data, size));
}
