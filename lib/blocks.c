/*
 * A call of memchr costs as much as looking at some hundred bytes does, and is
 * paid again for each short line. So 64 bytes at a time are compared, which
 * gives a mask with a bit for each of them, and all places that it shows are
 * taken from it: what a block costs, it costs once, however many lines end in
 * it.
 *
 * There are three ways, and they find the same: by AVX2 where the processor at
 * hand has it; by SSE2, which each of its kind has, and by memchr as soon as
 * two blocks in a row have shown nothing and for as long as its finds are that
 * far apart; and elsewhere by memchr alone.
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
	const struct byte_set *set; /* instead of the byte */
	uint32_t *places; /* found of them */
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
		search->places[search->found++] = (uint32_t)search->at++;
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
 * Add the places that the mask of the bytes at shows; how many there are then,
 * at most.
 */
static inline size_t
add_places(uint32_t *places, size_t found, size_t most, uint64_t mask,
    size_t at)
{
	while (mask != 0 && found < most) {
		places[found++] = (uint32_t)(at +
		    (size_t)__builtin_ctzll(mask));
		mask &= mask - 1;
	}
	return (found);
}

/* Behind the last whole block. */
static void
add_last(struct search *search, uint64_t mask)
{
	search->found = add_places(search->places, search->found, search->most,
	    mask, search->at);
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
	search->at = at;
	search->found = found;
	if (found < search->most)
		add_last(search, last_mask(bytes, len, at, search->byte));
}

#else

static void
search_near(struct search *search)
{
	search_far(search, 0);
}

#endif

/* Sets of bytes */

void
byte_set_add(struct byte_set *set, unsigned char byte)
{
	set->rows[byte >> 7][byte & 0xf] |= (unsigned char)
	    (1U << (byte >> 4 & 7));
}

static inline bool
is_in(const struct byte_set *set, unsigned char byte)
{
	return (set->rows[byte >> 7][byte & 0xf] >> (byte >> 4 & 7) & 1);
}

/* As it is done where there is no better way. */
static void
search_slowly(struct search *search)
{
	size_t at;

	for (at = 0; at < search->len && search->found < search->most; at++)
		if (is_in(search->set, search->bytes[at]))
			search->places[search->found++] = (uint32_t)at;
}

#ifdef HAVE_AVX2

#define WIDE ((size_t)32)
#define AVX2 __attribute__((target("avx2"), always_inline)) static inline

/*
 * All bits are set where the byte stands or, in a search for a set, one of it.
 * Of a set a byte's row is looked up by its low bits, and in that its bit by
 * the others. A look-up by a byte whose highest bit is set gives 0.
 */
AVX2 __m256i
wide_part(const unsigned char *bytes, const __m256i *rows, bool of_set)
{
	const __m256i highest = _mm256_set1_epi8((char)0x80);
	const __m256i bits = _mm256_set1_epi64x((long long)0x8040201008040201);
	__m256i part = _mm256_loadu_si256((const __m256i *)(const void *)bytes);
	__m256i row, bit;

	if (!of_set)
		return (_mm256_cmpeq_epi8(part, rows[0]));
	row = _mm256_or_si256(_mm256_shuffle_epi8(rows[0], part),
	    _mm256_shuffle_epi8(rows[1], _mm256_xor_si256(part, highest)));
	bit = _mm256_shuffle_epi8(bits, _mm256_and_si256(
	    _mm256_srli_epi16(part, 4), _mm256_set1_epi8(0xf)));
	return (_mm256_cmpeq_epi8(_mm256_and_si256(row, bit), bit));
}

AVX2 uint64_t
wide_bits(const unsigned char *bytes, const __m256i *rows, bool of_set)
{
	return ((unsigned)_mm256_movemask_epi8(wide_part(bytes, rows, of_set)));
}

AVX2 uint64_t
wide_mask(const unsigned char *bytes, const __m256i *rows, bool of_set)
{
	return (wide_bits(bytes, rows, of_set) |
	    wide_bits(bytes + WIDE, rows, of_set) << WIDE);
}

/* Is there nothing in two blocks? */
AVX2 bool
is_nowhere(const unsigned char *bytes, const __m256i *rows, bool of_set)
{
	__m256i any = _mm256_or_si256(
	    _mm256_or_si256(wide_part(bytes, rows, of_set),
	    wide_part(bytes + WIDE, rows, of_set)),
	    _mm256_or_si256(wide_part(bytes + 2 * WIDE, rows, of_set),
	    wide_part(bytes + 3 * WIDE, rows, of_set)));

	return (_mm256_testz_si256(any, any));
}

/* In a search for a set: the mask of the last bytes, fewer than a block. */
AVX2 uint64_t
wide_last(const struct search *search, const __m256i *rows)
{
	const unsigned char *bytes = search->bytes;
	size_t len = search->len, at = search->at, from = at;
	uint64_t mask = 0;

	/* Of what was looked at already, the bits are shifted out. */
	if (len >= BLOCK && at < len)
		return (wide_mask(bytes + len - BLOCK, rows, true) >>
		    (BLOCK - (len - at)));
	if (len - at >= WIDE)
		return (wide_bits(bytes, rows, true) |
		    wide_bits(bytes + len - WIDE, rows, true) << (len - WIDE));
	for (; at < len; at++)
		mask |= (uint64_t)is_in(search->set, bytes[at]) << (at - from);
	return (mask);
}

/*
 * Behind a block that shows nothing: the mask of the next one that shows
 * something, and where it is. 0: there is none before *at, behind which there
 * are fewer than two blocks.
 */
AVX2 uint64_t
skip_nothing(const struct search *search, size_t *at, const __m256i *rows,
    bool of_set)
{
	const unsigned char *bytes = search->bytes;
	size_t len = search->len, here = *at;
	uint64_t mask;

	/* From here on no part is in two cache lines. */
	here += BLOCK - (uintptr_t)(bytes + here) % BLOCK;
	while (len - here >= 2 * BLOCK &&
	    is_nowhere(bytes + here, rows, of_set))
		here += 2 * BLOCK;
	*at = here;
	if (len - here < 2 * BLOCK)
		return (0);
	/* A branch: what follows would wait for a place that is computed. */
	mask = wide_mask(bytes + here, rows, of_set);
	if (mask != 0)
		return (mask);
	*at = here + BLOCK;
	return (wide_mask(bytes + here + BLOCK, rows, of_set));
}

AVX2 void
search_blocks(struct search *search, const __m256i *rows, bool of_set)
{
	size_t len = search->len, at = 0, found = 0;
	uint64_t mask;

	while (len - at >= BLOCK && found < search->most) {
		mask = wide_mask(search->bytes + at, rows, of_set);
		if (mask == 0 && (mask = skip_nothing(search, &at, rows,
		    of_set)) == 0)
			continue;
		found = add_places(search->places, found, search->most, mask,
		    at);
		at += BLOCK;
	}
	search->at = at;
	search->found = found;
}

/*
 * Where the upper halves of these registers are not clear, code that knows of
 * the lower ones only is many times slower.
 */
__attribute__((target("avx2"))) static void
search_wide(struct search *search)
{
	const __m256i all = _mm256_set1_epi8((char)search->byte);

	search_blocks(search, &all, false);
	_mm256_zeroupper();
	if (search->found < search->most)
		add_last(search, last_mask(search->bytes, search->len,
		    search->at, search->byte));
}

__attribute__((target("avx2"))) static void
search_wide_set(struct search *search)
{
	const __m256i rows[2] = {
		_mm256_broadcastsi128_si256(_mm_loadu_si128(
		    (const __m128i *)(const void *)search->set->rows[0])),
		_mm256_broadcastsi128_si256(_mm_loadu_si128(
		    (const __m128i *)(const void *)search->set->rows[1]))
	};

	search_blocks(search, rows, true);
	if (search->found < search->most)
		add_last(search, wide_last(search, rows));
	_mm256_zeroupper();
}

#else
#define HAVE_AVX2 false
#define search_wide search_near
#define search_wide_set search_slowly
#endif

size_t
blocks_find(const unsigned char *bytes, size_t len, unsigned char byte,
    uint32_t *places, size_t n)
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

size_t
blocks_find_any(const unsigned char *bytes, size_t len,
    const struct byte_set *set, uint32_t *places, size_t n)
{
	struct search search = {
		.bytes = bytes,
		.len = len,
		.set = set,
		.places = places,
		.most = n
	};

	if (n > 0 && HAVE_AVX2)
		search_wide_set(&search);
	else if (n > 0)
		search_slowly(&search);
	return (search.found);
}
