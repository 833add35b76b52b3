#ifndef ANYTHING_H
#define ANYTHING_H

/*
 * Calls that a seeded generator makes up, and books about what was pushed by
 * them and has not ended yet.
 */

#include "harness.h"

struct anything {
	struct harness *h;
	struct evchat_group *group; /* or NULL */
	uint64_t random;
	int budget;        /* calls that may still be made in hooks */
	int depth;         /* of calls into the library, made here */
	bool ending_call;  /* one that may run closed, done and cleanups */
	bool paused;
	uint64_t traced;
	int lent;          /* to a group, not cleaned up */
	int producers, marks, references; /* queued, not ended */
};

/* A number below another one: small, and the same everywhere. */
uint64_t anything_draw(struct anything *a, uint64_t below);

/* Make a call, or none; data is what a hook was given. */
void anything_do(struct anything *a, const void *data, size_t len);

/* anything_group.c: a call on the group, which the channel may be in. */
void anything_join(struct anything *a);
void anything_end_group(struct anything *a);

#endif
