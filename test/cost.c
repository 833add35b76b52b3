/*
 * Counting what it costs to receive; see cost.h.
 */

#include "cost.h"
#include "ledger.h"

static void
take_turn(struct tally *t, struct cost *cost)
{
	uint64_t allocations = ledger_calls(), moved = ledger_moved();

	operations_go();
	harness_turn(t->h);
	operations_stop();
	cost->allocations += ledger_calls() - allocations;
	cost->moved += ledger_moved() - moved;
	cost->turns++;
}

struct cost
cost_send(struct tally *t, const char *stream, size_t len, size_t piece,
    size_t pieces_a_turn)
{
	struct cost cost = { .frames = t->frames };
	size_t at, n;

	operations_clear();
	for (at = 0; at < len; at += n) {
		n = len - at < piece ? len - at : piece;
		tally_send(t, stream + at, n);
		if (++cost.pieces % pieces_a_turn == 0 || at + n == len)
			take_turn(t, &cost);
	}
	cost.done = operations;
	cost.frames = t->frames - cost.frames;
	return cost;
}
