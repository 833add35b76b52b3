/*
 * A call of memchr costs as much as looking at some hundred bytes does, and is
 * paid again for each short line. So 64 bytes at a time are compared, which gives
 * a mask with a bit for each of them, and all places that it shows are taken from
 * it: what a block costs, it costs once, however many lines end in it.
 *
 * There are three ways, and they find the same: by AVX2 where the processor at hand
 * has it; by SSE2, which each of its kind has, and by memchr as soon as two blocks
 * in a row have shown nothing and for as long as its finds are that far apart; and
 * elsewhere by memchr alone.
 */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif
#if defined(__x86_64__) && defined(__GNUC__)
#include <immintrin.h>
#define HAVE_AVX2 __builtin_cpu_supports("avx2")
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
last_mask(const unsigned char *bytes, size_t len, size_t at,
    unsigned char byte)
{
	const __m128i all = _mm_set1_epi8((char)byte);
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
		    last_mask(bytes, len, at, search->byte), at);
	search->found = found;
}

#else

static void
search_near(struct search *search)
{
	search_far(search, 0);
}

#endif

#ifdef HAVE_AVX2

#define WIDE ((size_t)32)

/* All bits are set where the byte stands. */
__attribute__((target("avx2"))) static inline __m256i
wide_part(const unsigned char *bytes, __m256i all)
{
	return (_mm256_cmpeq_epi8(_mm256_loadu_si256(
	    (const __m256i *)(const void *)bytes), all));
}

__attribute__((target("avx2"))) static inline uint64_t
wide_mask(const unsigned char *bytes, __m256i all)
{
	return ((unsigned)_mm256_movemask_epi8(wide_part(bytes, all)) |
	    (uint64_t)(unsigned)_mm256_movemask_epi8(wide_part(bytes + WIDE,
	    all)) << WIDE);
}

/* Does it stand in none of two blocks? */
__attribute__((target("avx2"))) static inline bool
is_nowhere(const unsigned char *bytes, __m256i all)
{
	__m256i any = _mm256_or_si256(_mm256_or_si256(wide_part(bytes, all),
	    wide_part(bytes + WIDE, all)), _mm256_or_si256(wide_part(bytes +
	    2 * WIDE, all), wide_part(bytes + 3 * WIDE, all)));

	return (_mm256_testz_si256(any, any));
}

__attribute__((target("avx2"))) static void
search_wide(struct search *search)
{
	const __m256i all = _mm256_set1_epi8((char)search->byte);
	const unsigned char *bytes = search->bytes;
	size_t len = search->len, at = 0, found = 0;
	uint64_t mask;

	while (len - at >= BLOCK && found < search->most) {
		mask = wide_mask(bytes + at, all);
		found = add_places(search->places, found, search->most, mask,
		    at);
		at += BLOCK;
		if (mask != 0)
			continue;
		/* A long line: from here on no part is in two cache lines. */
		at -= (uintptr_t)(bytes + at) % BLOCK;
		while (len - at >= 2 * BLOCK && is_nowhere(bytes + at, all))
			at += 2 * BLOCK;
	}
	/*
	 * Where the upper halves of these registers are not clear, code that knows
	 * of the lower ones only is many times slower.
	 */
	_mm256_zeroupper();
	if (found < search->most)
		found = add_places(search->places, found, search->most,
		    last_mask(bytes, len, at, search->byte), at);
	search->found = found;
}

#else
#define HAVE_AVX2 false
#define search_wide search_near
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

	if (n > 0 && HAVE_AVX2)
		search_wide(&search);
	else if (n > 0)
		search_near(&search);
	return (search.found);
}

/* Sets of bytes */

void
byte_set_add(struct byte_set *set, unsigned char byte)
{
	set->rows[byte >> 7][byte & 0xf] |= (unsigned char)
	    (1U << (byte >> 4 & 7));
}

/* As it is done where there is no better way. */
static size_t
find_slowly(const unsigned char *bytes, size_t len,
    const struct byte_set *set)
{
	size_t at = 0;

	while (at < len && (set->rows[bytes[at] >> 7][bytes[at] & 0xf] >>
	    (bytes[at] >> 4 & 7) & 1) == 0)
		at++;
	return (at);
}

#ifdef WIDE

/* A byte's row is looked up by its low bits, and in that its bit by the others. */
__attribute__((target("avx2"))) static inline unsigned
set_mask(const unsigned char *bytes, const __m256i rows[2])
{
	const __m256i highest = _mm256_set1_epi8((char)0x80);
	const __m256i bits = _mm256_set1_epi64x((long long)0x8040201008040201);
	__m256i part = _mm256_loadu_si256((const __m256i *)(const void *)bytes);
	/* A look-up by a byte whose highest bit is set gives 0. */
	__m256i row = _mm256_or_si256(_mm256_shuffle_epi8(rows[0], part),
	    _mm256_shuffle_epi8(rows[1], _mm256_xor_si256(part, highest)));
	__m256i bit = _mm256_shuffle_epi8(bits, _mm256_and_si256(
	    _mm256_srli_epi16(part, 4), _mm256_set1_epi8(0xf)));

	return ((unsigned)_mm256_movemask_epi8(_mm256_cmpeq_epi8(
	    _mm256_and_si256(row, bit), bit)));
}

__attribute__((target("avx2"))) static size_t
find_wide(const unsigned char *bytes, size_t len, const struct byte_set *set)
{
	__m256i rows[2] = {
		_mm256_broadcastsi128_si256(_mm_loadu_si128(
		    (const __m128i *)(const void *)set->rows[0])),
		_mm256_broadcastsi128_si256(_mm_loadu_si128(
		    (const __m128i *)(const void *)set->rows[1]))
	};
	unsigned mask;
	size_t at;

	for (at = 0; len - at >= WIDE; at += WIDE)
		if ((mask = set_mask(bytes + at, rows)) != 0)
			return (at + (size_t)__builtin_ctz(mask));
	if (at == len)
		return (len);
	/* Those before them are not in the set. */
	mask = set_mask(bytes + len - WIDE, rows);
	return (mask != 0 ? len - WIDE + (size_t)__builtin_ctz(mask) : len);
}

size_t
blocks_find_any(const unsigned char *bytes, size_t len,
    const struct byte_set *set)
{
	if (len >= WIDE && HAVE_AVX2)
		return (find_wide(bytes, len, set));
	return (find_slowly(bytes, len, set));
}

#else

size_t
blocks_find_any(const unsigned char *bytes, size_t len,
    const struct byte_set *set)
{
	return (find_slowly(bytes, len, set));
}

#endif
