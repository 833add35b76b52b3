#ifndef BLOCKS_H
#define BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/*
 * Where bytes stand, many looked at with one instruction. No byte behind the
 * given ones is ever read.
 */

#define BLOCKS_MOST ((size_t)UINT32_MAX) /* bytes, in one search */

/*
 * The first places, at most n, where byte stands in bytes. How many there are;
 * if fewer than n, it stands nowhere else in these len bytes.
 */
size_t blocks_find(const unsigned char *bytes, size_t len, unsigned char byte,
    uint32_t *places, size_t n);

#ifdef __SSE2__
/* Which of the 16 bytes here are the one sought. */
static inline __m128i
blocks_equal(const unsigned char *bytes, __m128i sought)
{
	return (_mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)bytes),
	    sought));
}
#endif

/* Does byte stand in them? */
static inline bool
blocks_have(const unsigned char *bytes, size_t len, unsigned char byte)
{
#ifdef __SSE2__
	/* Of few bytes the first and the last ones may be some of them twice. */
	if (len >= 16 && len <= 64) {
		__m128i sought = _mm_set1_epi8((char)byte);
		__m128i found = _mm_or_si128(
		    blocks_equal(bytes, sought),
		    blocks_equal(bytes + len - 16, sought));

		if (len > 32)
			found = _mm_or_si128(found, _mm_or_si128(
			    blocks_equal(bytes + 16, sought),
			    blocks_equal(bytes + len - 32, sought)));
		return (_mm_movemask_epi8(found) != 0);
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
/* The same as blocks_find where any of the set stands. */
size_t blocks_find_any(const unsigned char *bytes, size_t len,
    const struct byte_set *set, uint32_t *places, size_t n);

#endif
