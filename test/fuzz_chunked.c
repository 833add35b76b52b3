/* The fuzz target of chunked bodies. The framing's byte: bit 0 says that trailers
 * are delivered. */

#include "fuzz_framing.h"

static struct evchat_framing *
chunked_new(struct fuzz_case *c, struct fuzz_reader *r)
{
	uint8_t what = fuzz_take(r);

	c->producers = c->carries = true;
	return (evchat_framing_chunked(
	    what & 1 ? EVCHAT_FRAMING_DELIVER_TRAILERS : 0));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return (fuzz_framing_one(chunked_new, data, size));
}
