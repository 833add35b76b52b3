/*
 * What the parts of the stress share: random numbers, the streams, and how a
 * failure is told; see stress.h.
 */

#include <string.h>
#include "stress.h"

#define WORD 8 /* so many bytes of a stream are made at once */

static const char *const wires[STRESS_WIRES] = { "AF_UNIX", "TCP", "connect",
    "bufferevent_socket_connect" };
static const char *const fates[STRESS_FATES] = { "close", "peer ends",
    "half open", "detach", "reset", "free" };

/* Splitmix64. */
static uint64_t
mix(uint64_t z)
{
	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return (z ^ (z >> 31));
}

uint64_t
stress_draw(struct stress *s, uint64_t below)
{
	return (mix(s->random += 0x9e3779b97f4a7c15u) % below);
}

bool
stress_one_in(struct stress *s, uint64_t n)
{
	return (stress_draw(s, n) == 0);
}

size_t
stress_length(struct stress *s, size_t most)
{
	size_t top = most;

	while (top > 8 && stress_one_in(s, 2))
		top /= 4;
	return (1 + (size_t)stress_draw(s, top));
}

void
stress_must(const struct stress_side *side, bool holds, const char *what)
{
	const struct stress *s = side->stress;

	if (holds)
		return;
	ck_abort_msg("%s: seed %llu, %s, bufferevent options %#x, options "
	    "%#x, pass %llu, side %d of %d (%s): sent %llu, collected %llu, "
	    "pushed %llu, received %llu%s%s%s%s", what,
	    (unsigned long long)s->seed, wires[s->wire], s->bev_options,
	    s->options, (unsigned long long)s->passes, side->id, s->n,
	    fates[side->fate], (unsigned long long)side->peer.sent,
	    (unsigned long long)side->collected,
	    (unsigned long long)side->pushed,
	    (unsigned long long)side->peer.received,
	    side->closed > 0 ? ", closed" : "", side->paused ? ", paused" : "",
	    side->limited ? ", limited" : "", s->calm ? ", calm" : "");
}

/* Streams */

static uint64_t
word_at(const struct stress_side *side, enum stress_stream which,
    uint64_t index)
{
	return (mix(index * 16 + (uint64_t)side->id * 2 +
	    (which == STRESS_OUT) + side->stress->seed * 0x9e3779b97f4a7c15u));
}

void
stress_bytes(const struct stress_side *side, enum stress_stream which,
    uint64_t offset, void *to, size_t len)
{
	unsigned char *at = to;
	size_t n, skip;
	uint64_t word;

	for (; len > 0; at += n, offset += n, len -= n) {
		skip = (size_t)(offset % WORD);
		n = len < WORD - skip ? len : WORD - skip;
		word = word_at(side, which, offset / WORD);
		memcpy(at, (unsigned char *)&word + skip, n);
	}
}

void
stress_compare(struct stress_side *side, enum stress_stream which,
    uint64_t *offset, const void *data, size_t len)
{
	unsigned char expected[4096];
	const unsigned char *at = data;
	size_t n;

	for (; len > 0; at += n, len -= n, *offset += n) {
		n = len < sizeof(expected) ? len : sizeof(expected);
		stress_bytes(side, which, *offset, expected, n);
		stress_must(side, memcmp(at, expected, n) == 0,
		    which == STRESS_IN ? "other bytes are delivered than sent"
		    : "other bytes arrive than were pushed");
	}
}
