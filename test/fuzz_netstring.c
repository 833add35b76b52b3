/* The fuzz target of netstrings, which have no options. */

#include "fuzz_framing.h"

static struct evchat_framing *
netstring_new(struct fuzz_case *c, struct fuzz_reader *r)
{
	(void)r;
	c->carries = true;
	return (evchat_framing_netstring(0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return (fuzz_framing_one(netstring_new, data, size));
}
