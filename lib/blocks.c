/*
 * A call of memchr costs as much as looking at some hundred bytes does, and is
 * paid again for each short line. So 64 bytes at a time are compared, which gives
 * a mask with a bit for each of them, and all places that it shows are taken from
 * it: what a block costs, it costs once, however many lines end in it.
 *
 * memchr on the other hand is the fastest way through a long line, since it may
 * use what only the processor at hand can do. It takes over when two blocks in a
 * row have shown nothing, and for as long as its finds are that far apart.
 */

#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "blocks.h"

/* Search by memchr, as long as what is found is far behind what was before. */

#define FAR ((size_t)128)

struct search {
	const unsigned char *bytes;
	size_t len;
	size_t at;       /* what is before it has been looked at */
	unsigned char byte;
	size_t *places;  /* found of them */
	size_t found;
	size_t most;
};

static void
search_far(struct search *search, size_t least)
{
	const unsigned char *place;
	size_t from;

	do {
		from = search->at;
		if (from == search->len)
			return;
		place = memchr(search->bytes + from, search->byte,
		    search->len - from);
		if (place == NULL) {
			search->at = search->len;
			return;
		}
		search->at = (size_t)(place - search->bytes);
		search->places[search->found++] = search->at++;
	} while (search->found < search->most && search->at - from > least);
}

#ifdef __SSE2__

#define BLOCK ((size_t)64)
#define PART ((size_t)16)

/* A bit for each of 16 bytes. */
static inline uint64_t
part_mask(const unsigned char *bytes, __m128i all)
{
	__m128i part = _mm_loadu_si128((const __m128i *)(const void *)bytes);

	return ((uint64_t)(unsigned)_mm_movemask_epi8(
	    _mm_cmpeq_epi8(part, all)));
}

static inline uint64_t
block_mask(const unsigned char *bytes, __m128i all)
{
	return (part_mask(bytes, all) |
	    part_mask(bytes + PART, all) << PART |
	    part_mask(bytes + 2 * PART, all) << 2 * PART |
	    part_mask(bytes + 3 * PART, all) << 3 * PART);
}

/* The mask of the last bytes, fewer than a block, of which there may be none. */
static uint64_t
last_mask(const unsigned char *bytes, size_t len, size_t at, __m128i all,
    unsigned char byte)
{
	uint64_t mask = 0;
	size_t from = at;

	/* Of what was looked at already, the bits are shifted out. */
	if (len >= BLOCK && at < len)
		return (block_mask(bytes + len - BLOCK, all) >>
		    (BLOCK - (len - at)));
	for (; len - at >= PART; at += PART)
		mask |= part_mask(bytes + at, all) << (at - from);
	for (; at < len; at++)
		mask |= (uint64_t)(bytes[at] == byte) << (at - from);
	return (mask);
}

/*
 * Add the places that the mask of the bytes at shows; how many there are then, at
 * most.
 */
static inline size_t
add_places(size_t *places, size_t found, size_t most, uint64_t mask, size_t at)
{
	while (mask != 0 && found < most) {
		places[found++] = at + (size_t)__builtin_ctzll(mask);
		mask &= mask - 1;
	}
	return (found);
}

static void
search_near(struct search *search)
{
	const __m128i all = _mm_set1_epi8((char)search->byte);
	const unsigned char *bytes = search->bytes;
	size_t len = search->len, at = 0, found = 0, none = 0;
	uint64_t mask;

	for (; len - at >= BLOCK && found < search->most; at += BLOCK) {
		mask = block_mask(bytes + at, all);
		found = add_places(search->places, found, search->most, mask,
		    at);
		none = mask != 0 ? 0 : none + BLOCK;
		if (none < FAR)
			continue;
		search->at = at + BLOCK;
		search->found = found;
		search_far(search, FAR);
		at = search->at - BLOCK;
		found = search->found;
		none = 0;
	}
	if (found < search->most)
		found = add_places(search->places, found, search->most,
		    last_mask(bytes, len, at, all, search->byte), at);
	search->found = found;
}

#else

static void
search_near(struct search *search)
{
	search_far(search, 0);
}

#endif

size_t
blocks_find(const unsigned char *bytes, size_t len, unsigned char byte,
    size_t *places, size_t n)
{
	struct search search = {
		.bytes = bytes,
		.len = len,
		.byte = byte,
		.places = places,
		.most = n
	};

	if (n > 0)
		search_near(&search);
	return (search.found);
}
