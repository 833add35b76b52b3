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

/* Each begins where the one before it ends. Between lead and tail it is data. */
struct ready_frame {
	uint32_t end;  /* where in the piece */
	uint16_t lead; /* bytes that are not delivered */
	uint16_t tail; /* and bytes that are not counted */
};

#define READY_MOST_BYTES ((size_t)UINT32_MAX) /* of a piece */
#define READY_MOST_AROUND ((size_t)UINT16_MAX) /* lead and tail */

struct ready {
	const unsigned char *bytes; /* the piece */
	size_t len;
	const unsigned char *first; /* where the first frame is */
	size_t before; /* so many bytes of it stand before the piece */
	size_t wanted; /* frames, at most; not above READY_MOST */

	size_t n;      /* so many were found */
	bool keeps;    /* are their tails delivered? */
	size_t clear;  /* bytes behind them: data of a frame that goes on */
	struct ready_frame frames[READY_MOST];
};

#endif
