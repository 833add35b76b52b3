#ifndef ENDING_H
#define ENDING_H

/*
 * What runs when something that was pushed ends: a done, a cleanup or a mark,
 * as a test's number says, and what a test has it do.
 */

#include "feeder.h"
#include "harness.h"
#include "sink.h"

#define ENDING_KINDS 3

/* Each test runs for each of these, over each carrier. */
struct ending_kind {
	void (*push)(struct harness *h, struct feeder *p);
	const char *sent;
	const char *discarded;
};

extern const struct ending_kind ending_kinds[ENDING_KINDS];

void ending_add(TCase *tc, const TTest *test);
int ending_kind(int i);
struct harness *ending_start(int i);

/*
 * Push one at whose end a function is called, and q behind it, if not NULL,
 * that gives nothing before it is resumed.
 */
void ending_push(struct harness *h, int kind, struct feeder *p,
    struct feeder *q, void (*function)(struct harness *h));

/* Compare the transcript: what the kind told, and the rest. */
void ending_expect(struct harness *h, const char *first, const char *rest);

/* What it may do. */
void ending_push_z(struct harness *h);
void ending_push_producer(struct harness *h); /* of a z, and a mark m */
void ending_discard(struct harness *h); /* notes "discarded" behind it */
void ending_discard_and_push(struct harness *h); /* that and a z */
void ending_finish(struct harness *h); /* and pushes fail */
void ending_shut(struct harness *h);   /* the write side; the same */
void ending_pause(struct harness *h);
void ending_free(struct harness *h);
void ending_detach(struct harness *h);

#endif
