#ifndef COST_H
#define COST_H

/*
 * What it costs to receive a stream over a channel, counted and not timed; see
 * operations.h. For programs that are linked with test/libcounted.la.
 */

#include <stddef.h>
#include <stdint.h>
#include "operations.h"
#include "tally.h"

struct cost {
	struct operations done;
	uint64_t frames;
	uint64_t pieces;
	uint64_t turns;
	uint64_t allocations;
	uint64_t moved;
};

/*
 * Send it in pieces, with a turn of the loop for so many of them. The ledger
 * is open, and all that the channel does before this is over.
 */
struct cost cost_send(struct tally *t, const char *stream, size_t len,
    size_t piece, size_t pieces_a_turn);

#endif
