/*
 * The fuzz target of several delimiters. The framing's bytes: bit 7 of the
 * first says that they are kept, 6 that the longest is wanted, the others how
 * many there are; then each comes behind its length.
 */

#include "fuzz_framing.h"

#define MOST 8    /* delimiters */
#define LONGEST 6 /* bytes */

static struct evchat_framing *
delimiters_new(struct fuzz_case *c, struct fuzz_reader *r)
{
	uint8_t first = fuzz_take(r), bytes[MOST][LONGEST];
	struct evbuffer_iovec set[MOST];
	int i, n = (first & 0x3f) % (MOST + 1);
	size_t at;

	for (i = 0; i < n; i++) {
		set[i].iov_base = bytes[i];
		set[i].iov_len = fuzz_take(r) % (LONGEST + 1);
		for (at = 0; at < set[i].iov_len; at++)
			bytes[i][at] = fuzz_take(r);
	}
	c->producers = true;
	return (evchat_framing_delimiters(set, n,
	    (first & 0x80 ? EVCHAT_FRAMING_KEEP_DELIMITER : 0) |
	    (first & 0x40 ? EVCHAT_FRAMING_MATCH_LONGEST : 0)));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return (fuzz_framing_one(delimiters_new, data, size));
}
