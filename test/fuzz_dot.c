/* The fuzz target of dot-stuffed blocks. The framing's byte: bit 0 and 1 say that
 * a bare LF and CR are rejected. */

#include "fuzz_framing.h"

static struct evchat_framing *
dot_new(struct fuzz_case *c, struct fuzz_reader *r)
{
	uint8_t what = fuzz_take(r);

	c->producers = c->carries = true;
	return (evchat_framing_dot(
	    (what & 1 ? EVCHAT_FRAMING_REJECT_BARE_LF : 0) |
	    (what & 2 ? EVCHAT_FRAMING_REJECT_BARE_CR : 0)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return (fuzz_framing_one(dot_new, data, size));
}
