#ifndef INNER_H
#define INNER_H

/*
 * A producer to be wrapped, without a channel: it gives bytes as they are cut,
 * and answers in one of several manners in between. And what asks a producer
 * until it ends, as the queue does, resuming such a one that waits.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "unit.h"

enum inner_manner {
	INNER_DATA,    /* DATA with each piece; END with the last one */
	INNER_ALONE,   /* END comes by itself */
	INNER_LATER,   /* LATER with each piece */
	INNER_STUTTER, /* LATER and DATA without bytes before each piece */
	INNER_EAGER,   /* LATER with each piece, and resumed before that */
	INNER_MANNERS
};

struct inner {
	const char *bytes;
	const struct unit_cuts *cuts;
	enum inner_manner manner;
	struct evchat_producer *producer; /* NULL once it is done */

	size_t at;          /* pieces given */
	int stutter;        /* what is to be done before the next one */
	bool waits;
	int asked_waiting;  /* must stay 0 */
	size_t flushes;     /* pieces that came with LATER */

	/* Its end, and how many of all had ended before. */
	int done;
	enum evchat_done how;
	uint64_t told;
};

void inner_init(struct inner *inner, const char *bytes,
    const struct unit_cuts *cuts, enum inner_manner manner);

/* Ask until END or ERROR; where it says LATER, resume those of n that wait. */
enum evchat_more inner_drain(struct evchat_producer *producer,
    struct evbuffer *out, struct inner *inner, int n);

/* It has ended so, once, and was told how many bytes it had given. */
void inner_expect_done(const struct inner *inner, enum evchat_done how);

#endif
