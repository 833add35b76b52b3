#ifndef BLOCKS_H
#define BLOCKS_H

#include <stddef.h>

/*
 * Where a byte stands, all its places at once. No byte behind the given ones is
 * ever read.
 */

/*
 * The first places, at most n, where byte stands in bytes. How many there are; if
 * fewer than n, it stands nowhere else in these len bytes.
 */
size_t blocks_find(const unsigned char *bytes, size_t len, unsigned char byte,
    size_t *places, size_t n);

#endif
