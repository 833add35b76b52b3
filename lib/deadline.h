#ifndef DEADLINE_H
#define DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

struct evchat;
struct timeval;

#define DEADLINE_SECOND ((uint64_t)1000000)
#define DEADLINE_LINGER_LIMIT (2 * DEADLINE_SECOND) /* unless another is set */
#define DEADLINE_UPGRADE_LIMIT (30 * DEADLINE_SECOND)

/*
 * Times by which something has to have happened, of one channel:
 *
 *	STOPPED --start--> RUNNING --its time is up--> EXPIRED
 *	                    |    ^
 *	             freeze v    | thaw
 *	                    FROZEN
 *
 * start and stop may come in any state. A frozen one goes on where it was.
 *
 * All share one timer, which is late on purpose: starting a deadline again
 * only writes down when it is due, and the timer, when it runs out, is set for
 * the rest. So one that is started again for each frame costs no more than one
 * that never is.
 */
enum deadline_which {
	DEADLINE_READ,
	DEADLINE_WRITE,
	DEADLINE_FRAME,
	DEADLINE_STALL,
	DEADLINE_LINGER, /* has a limit unless that is taken away */
	DEADLINE_UPGRADE, /* the same */
	DEADLINE_CONNECT,
	DEADLINE_ATTEMPT, /* has no limit of its own */
	DEADLINE_RATE_IN,
	DEADLINE_RATE_OUT,
	DEADLINES
};

enum deadline_state {
	DEADLINE_STOPPED,
	DEADLINE_RUNNING,
	DEADLINE_FROZEN,
	DEADLINE_EXPIRED
};

struct deadlines {
	struct event *event; /* the timer; made when it is first needed */
	uint64_t alarm;      /* when it runs out, or 0 */
	struct deadline {
		enum deadline_state state;
		uint64_t limit; /* in us; 0: none */
		uint64_t due;   /* RUNNING: when; FROZEN: how much is left */
	} all[DEADLINES];

	/* Not used here: what timing.c compares with. */
	uint64_t received;     /* bytes, since this is here */
	uint64_t read_timed;   /* bytes received when READ was started */
	uint64_t frame_timed;  /* which frame FRAME is about */
	uint64_t left_below;   /* bytes that have left the last output beneath */
	uint64_t left_timed;   /* bytes that had left when WRITE was started */
	uint64_t rate_in;      /* bytes a period, at least; 0: no matter */
	uint64_t rate_in_mark; /* bytes received when it began */
	uint64_t rate_out;
	uint64_t rate_out_mark;
};

/* All in us of a clock that is never set back. */
uint64_t deadline_now(void);

/*
 * tv: NULL for no limit, which stops it. It holds from the next start on. -1
 * with errno: no memory. Without any limit ever set, a channel has no
 * deadlines.
 */
int deadline_set(struct evchat *chat, enum deadline_which which,
    const struct timeval *tv);
bool deadline_has_limit(const struct evchat *chat, enum deadline_which which);
enum deadline_state deadline_get(const struct evchat *chat,
    enum deadline_which which);
/* How much is left of one that runs or is frozen. */
uint64_t deadline_left(const struct evchat *chat, enum deadline_which which);

/* The first does nothing without a limit. -1 with errno: no memory. */
int deadline_start(struct evchat *chat, enum deadline_which which);
int deadline_start_for(struct evchat *chat, enum deadline_which which,
    uint64_t us);
int deadline_thaw(struct evchat *chat, enum deadline_which which);
void deadline_freeze(struct evchat *chat, enum deadline_which which);
void deadline_stop(struct evchat *chat, enum deadline_which which);

/* The timer has run out: some have expired, and it is set anew for the others. */
int deadlines_expire(struct evchat *chat);

/* At the end; the memory when nothing calls any more. */
void deadlines_stop(struct evchat *chat);
void deadlines_free(struct evchat *chat);

#endif
