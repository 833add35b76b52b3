/*
 * Searching a stream for one string: Knuth, Morris and Pratt's automaton, whose
 * state is a single number and so survives any cut, and memchr to get to where
 * the automaton has something to do.
 *
 * While the automaton is in state 0 at position p, no match in progress began
 * before p. One that begins at p or later has the string's rarest byte, the
 * pivot, at p + pivot or later; so memchr for that byte either finds the first
 * place that a match can begin at, or shows that none begins before the last
 * pivot bytes. The automaton is run from there until it is back in state 0, and
 * that is never before the pivot found. So memchr sees each byte at most once,
 * and so does the automaton: the cost is linear for any string and any stream.
 */

#include <errno.h>
#include <stdbool.h>
#include <string.h>

#include "match.h"
#include "mem.h"

struct match {
	size_t len;
	size_t pivot;         /* bytes[pivot] is what memchr looks for */
	unsigned char *bytes; /* len of them, behind border[] */
	/*
	 * border[i]: the state to go on from when i bytes have matched and the
	 * next one does not: the longest proper border of bytes[0 .. i) that is
	 * not followed by the same byte; NONE when there is none.
	 */
	uint32_t border[];
};

#define NONE UINT32_MAX

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
 * Of equally rare bytes one that stands in the string least often, or a stream of
 * the others would have it all compared; and of these the last one: a match that
 * fails there failed late.
 */
static size_t
pivot_of(const unsigned char *bytes, size_t len)
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
fill_border(struct match *match)
{
	const unsigned char *bytes = match->bytes;
	uint32_t i, k = 0;

	match->border[0] = NONE;
	for (i = 1; i < match->len; i++) {
		/* Here k is the longest proper border of bytes[0 .. i). */
		match->border[i] = bytes[i] == bytes[k] ? match->border[k] : k;
		while (k != NONE && bytes[i] != bytes[k])
			k = match->border[k];
		k = k == NONE ? 0 : k + 1;
	}
}

struct match *
match_new(const void *bytes, size_t len)
{
	struct match *match;

	if (len == 0 || len > MATCH_MAX) {
		errno = len == 0 ? EINVAL : EMSGSIZE;
		return (NULL);
	}
	match = mem_alloc(sizeof(*match) + len * sizeof(match->border[0]) + len);
	if (match == NULL)
		return (NULL);
	match->len = len;
	match->bytes = (unsigned char *)(match->border + len);
	memcpy(match->bytes, bytes, len);
	match->pivot = pivot_of(match->bytes, len);
	fill_border(match);
	return (match);
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

/* In state 0 at p: the next place from which the automaton has to be run. */
static const unsigned char *
skip(const struct match *match, const unsigned char *p,
    const unsigned char *end)
{
	const unsigned char *q;

	if ((size_t)(end - p) <= match->pivot)
		return (p);
	p += match->pivot;
	/* Where there are many, a search is not worth its beginning. */
	if (*p == match->bytes[match->pivot])
		return (p - match->pivot);
	q = memchr(p, match->bytes[match->pivot], (size_t)(end - p));
	return ((q != NULL ? q : end) - match->pivot);
}

size_t
match_next(const struct match *match, size_t *matched,
    const unsigned char *bytes, size_t len)
{
	const unsigned char *p = bytes, *end;
	uint32_t k = (uint32_t)*matched;

	if (len == 0) /* bytes may be NULL */
		return (0);
	end = bytes + len;
	while (p < end) {
		if (k == 0) {
			p = skip(match, p, end);
			if (p == end)
				break;
		}
		while (k != NONE && *p != match->bytes[k])
			k = match->border[k];
		k = k == NONE ? 0 : k + 1;
		p++;
		if (k == match->len) {
			*matched = k;
			return ((size_t)(p - bytes));
		}
	}
	*matched = k;
	return (0);
}
