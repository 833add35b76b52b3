/*
 * Searching a stream for one string: Knuth, Morris and Pratt's automaton,
 * whose state is a single number and so survives any cut, and memchr to get to
 * where the automaton has something to do.
 *
 * The automaton in state k at a place follows a match that began k bytes
 * before it, and no other one that is still possible began earlier. So the
 * string's rarest byte, the pivot, has to stand where it then is in that
 * match, or behind: memchr finds the first place that it can be at. Where that
 * is so far ahead that even a match which begins here is too early for it, the
 * automaton goes on in state 0 from the place that a match with this pivot
 * begins at; else it is run until the match that would have this pivot has
 * failed. Both places only go forward: memchr sees each byte at most once, and
 * so does the automaton. So the cost is linear for any string, any stream and
 * any cuts, and what nearly is the string, again and again, costs no more than
 * memchr where the pivot is missing.
 */

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "match.h"
#include "mem.h"

struct match {
	uint32_t len;
	uint32_t pivot;             /* bytes[pivot] is what memchr looks for */
	const unsigned char *bytes; /* len of them */
	/*
	 * border[i]: the state to go on from when i bytes have matched and the
	 * next one does not: the longest proper border of bytes[0 .. i) that
	 * is not followed by the same byte; NONE when there is none.
	 */
	const uint32_t *border;
};

#define NONE UINT32_MAX
#define NOWHERE (SIZE_MAX / 2) /* behind any stream */
#define FEW 4 /* bytes that are looked at one by one */

/* What match_new makes of it, where the last byte stands once, behind another. */
#define LINE_END(string) { \
	.len = sizeof(string) - 1, \
	.pivot = sizeof(string) - 2, \
	.bytes = (const unsigned char *)(string), \
	.border = (const uint32_t[]){ (uint32_t)-1, 0 } \
}

const struct match match_lf = LINE_END("\n");
const struct match match_crlf = LINE_END("\r\n");
const struct match match_nul = LINE_END("\0");

/* How rare a byte is in what protocols carry: text first of all. */
static int
rarity(unsigned char byte)
{
	if (byte == ' ' || byte == '\0')
		return (0);
	if (byte >= 'a' && byte <= 'z')
		return (1);
	if ((byte >= '0' && byte <= '9') || (byte >= 'A' && byte <= 'Z'))
		return (2);
	if (byte > ' ' && byte < 0x7f)
		return (3);
	return (4);
}

/*
 * Of equally rare bytes one that stands in the string least often, or a stream
 * of the others would have it all compared; and of these the last one: a match
 * that fails there failed late.
 */
size_t
match_pivot(const unsigned char *bytes, size_t len)
{
	size_t i, best = 0, times[256] = { 0 };

	for (i = 0; i < len; i++)
		times[bytes[i]]++;
	for (i = 1; i < len; i++) {
		int more = rarity(bytes[i]) - rarity(bytes[best]);

		if (more > 0 || (more == 0 &&
		    times[bytes[i]] <= times[bytes[best]]))
			best = i;
	}
	return (best);
}

static void
fill_border(const struct match *match, uint32_t *border)
{
	const unsigned char *bytes = match->bytes;
	uint32_t i, k = 0;

	border[0] = NONE;
	for (i = 1; i < match->len; i++) {
		/* Here k is the longest proper border of bytes[0 .. i). */
		border[i] = bytes[i] == bytes[k] ? border[k] : k;
		while (k != NONE && bytes[i] != bytes[k])
			k = border[k];
		k = k == NONE ? 0 : k + 1;
	}
}

/* In memory that is long enough: bytes and borders lie behind. */
static struct match *
fill(struct match *match, const void *bytes, size_t len)
{
	uint32_t *border = (uint32_t *)(match + 1);

	match->len = (uint32_t)len;
	match->border = border;
	match->bytes = memcpy(border + len, bytes, len);
	match->pivot = (uint32_t)match_pivot(match->bytes, len);
	fill_border(match, border);
	return (match);
}

struct match *
match_new(const void *bytes, size_t len)
{
	struct match *match;

	if (len == 0 || len > MATCH_MAX) {
		errno = len == 0 ? EINVAL : EMSGSIZE;
		return (NULL);
	}
	match = mem_alloc(sizeof(*match) + len * sizeof(uint32_t) + len);
	return (match != NULL ? fill(match, bytes, len) : NULL);
}

const struct match *
match_init_short(struct match_short *place, const void *bytes, size_t len)
{
	_Static_assert(sizeof(place->memory) >= sizeof(struct match) +
	    MATCH_SHORT * (sizeof(uint32_t) + 1), "room for a short match");

	return (fill((struct match *)(void *)place->memory, bytes, len));
}

void
match_free(struct match *match)
{
	mem_free(match);
}

const unsigned char *
match_bytes(const struct match *match)
{
	return (match->bytes);
}

size_t
match_len(const struct match *match)
{
	return (match->len);
}

bool
match_has_lone_byte(const struct match *match, unsigned char *byte)
{
	*byte = match->bytes[match->pivot];
	return (memchr(match->bytes, *byte, match->pivot) == NULL);
}

/* The first place from at on where the pivot stands; len if there is none. */
static size_t
find_pivot(const struct match *match, const unsigned char *bytes, size_t at,
    size_t len)
{
	unsigned char pivot = match->bytes[match->pivot];
	const unsigned char *place;
	int i;

	/* Where there are many, a search is not worth its beginning. */
	for (i = 0; i < FEW; i++, at++)
		if (at >= len || bytes[at] == pivot)
			return (at);
	if (at >= len)
		return (at);
	place = memchr(bytes + at, pivot, len - at);
	return (place != NULL ? (size_t)(place - bytes) : len);
}

size_t
match_next(const struct match *match, size_t *matched,
    const unsigned char *bytes, size_t len)
{
	size_t pivot = match->pivot, at = 0, place, behind = 0;
	uint32_t k = (uint32_t)*matched;

	while (at < len) {
		/* Not before behind can the pivot of this match stand. */
		if (at + pivot >= behind + k) {
			place = find_pivot(match, bytes, at + pivot - k, len);
			behind = place < len ? place + 1 : NOWHERE;
			if (place > at + pivot) {
				at = place - pivot;
				k = 0;
			}
			if (at == len)
				break;
		}
		while (k != NONE && bytes[at] != match->bytes[k])
			k = match->border[k];
		k = k == NONE ? 0 : k + 1;
		at++;
		if (k == match->len) {
			*matched = k;
			return (at);
		}
	}
	*matched = k;
	return (0);
}
