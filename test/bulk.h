#ifndef BULK_H
#define BULK_H

/*
 * A channel that pushes in every way there is, while as much comes in. What
 * arrives at either end is compared with the pattern of a sink as it comes;
 * what was pushed is looked at for being told its end once.
 */

#include <stdio.h>
#include "harness.h"
#include "sink.h"

struct bulk {
	struct harness *h;
	struct sink sink;
	size_t len;       /* each way */
	FILE *file;       /* the first len bytes of the pattern */

	/* Out; what was pushed is in one piece in the pattern. */
	size_t pushed;
	int lent;         /* references, producers and marks */
	int ended;        /* of those */
	size_t sent;      /* what they say has left: so many bytes at least */

	/* In. */
	struct event *feed; /* of the peer */
	size_t fed;
	size_t collected;
	bool eof;         /* was told; all was collected before */

	/* The end. */
	int error;        /* that closed told */
	bool unexpected;  /* DISCARDED, or behind closed */
};

/* A channel that pushes len bytes and is to get as many. */
void bulk_start(struct bulk *bulk, enum harness_carrier carrier, size_t len);

/* Run until it has ended at both ends. Then the kernel is no longer nasty. */
void bulk_transfer(struct bulk *bulk);

/* Compare the transcript, which has but events and closed; then free. */
void bulk_end(struct bulk *bulk, const char *transcript);

#endif
