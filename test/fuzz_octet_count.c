/* The fuzz target of octet counting, which has no options. */

#include "fuzz_framing.h"

static struct evchat_framing *
octet_count_new(struct fuzz_case *c, struct fuzz_reader *r)
{
	(void)r;
	c->carries = true;
	return (evchat_framing_octet_count(0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return (fuzz_framing_one(octet_count_new, data, size));
}
