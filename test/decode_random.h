#ifndef DECODE_RANDOM_H
#define DECODE_RANDOM_H

/*
 * Framings at random, and bytes for them that are mostly right: so that ends,
 * what looks like an end for a while, headers and wrong headers all occur.
 */

#include "decode.h"

struct decode_random {
	struct decode_spec spec;
	char name[160];        /* the spec's, with all that is in it */
	char set[DECODE_SET][8];
};

#define DECODE_RANDOM_MAX 48 /* bytes */

/* The same dice as in unit.h: EVCHAT_TEST_SEED says how they fall. */
void decode_random_spec(struct decode_random *random);

/* @return how many bytes */
size_t decode_random_bytes(const struct decode_random *random,
    unsigned char bytes[DECODE_RANDOM_MAX]);

#endif
