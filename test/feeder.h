#ifndef FEEDER_H
#define FEEDER_H

/*
 * A producer that follows a script: the bytes that it appends when it is
 * asked, and behind them what it answers, '+' for DATA, '~' for LATER, '.' for
 * END and '!' for ERROR. So "ab+~cd." gives ab, has nothing until it is
 * resumed, and ends with cd. Its end is noted, as "done:name:sent:4".
 *
 * That more is called from the loop only, outside of all hooks, and that done
 * comes once, is proved by every test that uses one.
 */

#include "harness.h"

struct feeder {
	struct harness *h;
	const char *name;
	const char *script;  /* what is left of it */
	struct evchat_producer *producer; /* NULL once done was entered */
	bool pushed;
	int asked;           /* how often */
	size_t want;         /* by the last more */
	int error;           /* errno with ERROR */
	size_t most;         /* the longest queue that more has seen */

	/* What more and done do, after they have appended or noted. */
	void (*in_more)(struct feeder *feeder);
	void (*in_done)(struct feeder *feeder);
	struct evbuffer *out; /* in_more may append to it */
	void *user;
};

/* Make one; it stays the test's, and must outlive its producer. */
void feeder_init(struct feeder *feeder, struct harness *h, const char *name,
    const char *script);

/* The same, and push it. */
void feeder_push(struct feeder *feeder, struct harness *h, const char *name,
    const char *script);

/* Push one that was made. @return what evchat_push_with_producer() does */
int feeder_push_made(struct feeder *feeder);

/* evchat_producer_resume() */
void feeder_resume(struct feeder *feeder);

/* A producer of the bytes that a sink knows by heart, in pieces of any size. */
struct flood {
	struct harness *h;
	uint64_t given;
	uint64_t len;        /* in all */
	size_t piece;        /* 0: what is wanted */
	size_t most;         /* the longest queue that more has seen */
};

void flood_push(struct flood *flood, struct harness *h, uint64_t len,
    size_t piece);

#endif
