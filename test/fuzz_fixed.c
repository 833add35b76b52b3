/* The fuzz target of frames that are all so long: the framing's byte; 255 is as
 * long as can be. */

#include "fuzz_framing.h"

static struct evchat_framing *
fixed_new(struct fuzz_case *c, struct fuzz_reader *r)
{
	uint8_t size = fuzz_take(r);

	c->carries = true;
	return (evchat_framing_fixed(size == 0xff ? SIZE_MAX : size));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return (fuzz_framing_one(fixed_new, data, size));
}
