#ifndef READY_H
#define READY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Frames that lie whole in one piece of the stream, one behind the other. A
 * framing finds many of them at once, and they are handed out one by one: see
 * input_ready.c.
 */

#define READY_MOST 64

/* What is around the data of one, which begins where the one before it ends. */
struct ready_around {
	uint16_t lead; /* bytes that are not delivered */
	uint16_t tail; /* and bytes that are not counted */
};

#define READY_MOST_AROUND ((size_t)UINT16_MAX)

struct ready {
	const unsigned char *bytes; /* the piece */
	size_t len;
	const unsigned char *first; /* where the first frame is */
	size_t before; /* so many bytes of it stand before the piece */
	size_t wanted; /* frames, at most; not above READY_MOST */

	size_t n;      /* so many were found */
	bool keeps;    /* are their tails delivered? */
	bool alike;    /* is what is around the first one around all of them? */
	size_t clear;  /* bytes behind them: data of a frame that goes on */
	uint32_t last[READY_MOST]; /* where the last byte of each is */
	struct ready_around around[READY_MOST];
};

static inline const struct ready_around *
ready_around(const struct ready *ready, size_t i)
{
	return (&ready->around[ready->alike ? 0 : i]);
}

/* One more, which ends before this place. */
static inline void
ready_add(struct ready *ready, size_t end, size_t lead, size_t tail)
{
	ready->around[ready->n].lead = (uint16_t)lead;
	ready->around[ready->n].tail = (uint16_t)tail;
	ready->last[ready->n++] = (uint32_t)(end - 1);
}

/* They have nothing before their data, and so much behind it. */
static inline void
ready_all_alike(struct ready *ready, size_t tail)
{
	ready->alike = true;
	ready->around[0].lead = 0;
	ready->around[0].tail = (uint16_t)tail;
}

#endif
