#ifndef BLOCKS_H
#define BLOCKS_H

#include <stddef.h>

/*
 * Where bytes stand, many looked at with one instruction. No byte behind the given
 * ones is ever read.
 */

/*
 * The first places, at most n, where byte stands in bytes. How many there are; if
 * fewer than n, it stands nowhere else in these len bytes.
 */
size_t blocks_find(const unsigned char *bytes, size_t len, unsigned char byte,
    size_t *places, size_t n);

/* A set of bytes; all zeros at first. */
struct byte_set {
	/* [low four bits]: a bit for each of the high three, and by the highest */
	unsigned char rows[2][16];
};

void byte_set_add(struct byte_set *set, unsigned char byte);
/* The first place where one of the set stands; len if none does. */
size_t blocks_find_any(const unsigned char *bytes, size_t len,
    const struct byte_set *set);

#endif
