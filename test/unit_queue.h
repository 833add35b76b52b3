#ifndef UNIT_QUEUE_H
#define UNIT_QUEUE_H

/*
 * The write side as whoever drives it does so, with producers that do what
 * they are told to.
 *
 * The transcript: "more:p" when a producer is asked, "done:p:sent:5" when it
 * ends, and what a pull gave that is not QUEUE_MOVED: "empty", "waiting",
 * "idle", "gone", "failed", "no memory".
 */

#include "../lib/queue.h"
#include "unit.h"

struct unit_queue {
	struct queue queue;
	struct evbuffer *output;
	size_t want;
	struct unit_text text;
	int error;      /* errno of the last pull that failed */
};

/*
 * A producer that was told what to do. Its steps are separated by spaces, one
 * for each time it is asked: bytes to append, perhaps none, and behind them
 * how to answer: nothing EVCHAT_MORE_DATA, ~ LATER, $ END, ! ERROR.
 */
struct unit_producer {
	struct unit_queue *q;
	const char *name;
	const char *steps;
	int error;      /* errno of ERROR */
	bool at_once;   /* it never has nothing to give */
	/* Called in more when the bytes were appended, and in done. */
	void (*in_more)(struct unit_producer *p);
	void (*in_done)(struct unit_producer *p);
	struct evchat_producer *producer;
};

void unit_queue_init(struct unit_queue *q);
void unit_queue_free(struct unit_queue *q); /* ends it, too, as DISCARDED */

/* Push. What is not pushed as a chain shares one with its neighbours. */
void unit_queue_bytes(struct unit_queue *q, const char *bytes);
void unit_queue_chain(struct unit_queue *q, const char *bytes);
/* p is borrowed until done; the rest of it is set by whoever calls this. */
void unit_queue_producer(struct unit_queue *q, struct unit_producer *p);
void unit_queue_mark(struct unit_queue *q, struct unit_producer *p);

/* The producer of p, not pushed. */
struct evchat_producer *unit_producer_new(struct unit_producer *p);

enum queue_what unit_queue_pull(struct unit_queue *q); /* once */
void unit_queue_run(struct unit_queue *q); /* while something moves */
size_t unit_queue_in_output(const struct unit_queue *q);

/* Discard all that is queued, given how much is still in the output. */
void unit_queue_discard(struct unit_queue *q, size_t in_output);
void unit_queue_sent(struct unit_queue *q, size_t len); /* have left */

/* Compare the transcript and begin another one. */
void unit_queue_expect(struct unit_queue *q, const char *expected);
void unit_queue_expect_output(struct unit_queue *q, const char *expected);

#endif
