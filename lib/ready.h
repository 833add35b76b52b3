#ifndef READY_H
#define READY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Frames that lie whole in one piece of the stream, one behind the other. A framing
 * finds many of them at once, and the input hands them out: see input_ready.c.
 */

#define READY_MOST ((size_t)64)

/* Skipped are lead bytes, and those that are used behind the delivered ones. */
struct ready_frame {
	size_t lead;
	size_t data;
	size_t keep; /* delivered with the data, and not counted */
	size_t used; /* in all */
};

struct ready {
	const unsigned char *bytes; /* that the first one begins with */
	size_t *spent; /* counts those of this piece that are used up */

	size_t wanted; /* frames, at most; not above READY_MOST */
	uint64_t max;  /* of the data of each */

	size_t n;      /* so many there are */
	size_t clear;  /* bytes behind them: data of a frame that goes on */
	struct ready_frame frames[READY_MOST];
};

/* One more, behind those that there are; false: it is above the maximum. */
static inline bool
ready_add(struct ready *ready, struct ready_frame frame)
{
	struct ready_frame *next = &ready->frames[ready->n];

	if (frame.data > ready->max)
		return (false);
	/* Member by member: never is a copy read that was just written. */
	next->lead = frame.lead;
	next->data = frame.data;
	next->keep = frame.keep;
	next->used = frame.used;
	ready->n++;
	return (true);
}

#endif
