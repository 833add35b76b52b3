#ifndef BLOCKS_H
#define BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

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

/* Does byte stand in them? */
static inline bool
blocks_have(const unsigned char *bytes, size_t len, unsigned char byte)
{
#ifdef __SSE2__
	/* Of few bytes the first 16 and the last 16 may be some of them twice. */
	if (len >= 16 && len <= 32) {
		__m128i sought = _mm_set1_epi8((char)byte);
		__m128i first = _mm_loadu_si128((const __m128i *)bytes);
		__m128i last = _mm_loadu_si128(
		    (const __m128i *)(bytes + len - 16));

		return (_mm_movemask_epi8(_mm_or_si128(
		    _mm_cmpeq_epi8(first, sought),
		    _mm_cmpeq_epi8(last, sought))) != 0);
	}
#endif
	return (len > 0 && memchr(bytes, byte, len) != NULL);
}

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
