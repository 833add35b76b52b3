/* The fuzz target of lengths as varints, which have no options. */

#include "fuzz_framing.h"

static struct evchat_framing *
varint_new(struct fuzz_case *c, struct fuzz_reader *r)
{
	(void)r;
	c->carries = true;
	return (evchat_framing_varint(0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return (fuzz_framing_one(varint_new, data, size));
}
