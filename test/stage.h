#ifndef STAGE_H
#define STAGE_H

/*
 * A thread-safe channel that echoes lines, and players: threads that use it
 * meanwhile, each with a reference of its own. Players must not use Check;
 * they count, and the test judges when they have been joined.
 */

#include <pthread.h>
#include <stdatomic.h>
#include "harness.h"

#define STAGE_PLAYERS 4  /* at most */
#define STAGE_ROUNDS 400 /* of what each of them does */
#define STAGE_ECHOES 100 /* lines that the peer sends in all */
#define STAGE_LINE 8     /* bytes of one: a letter, six digits and LF */
#define STAGE_CARRIERS 6 /* on which a stage can be set up */

struct stage {
	struct harness *h;
	struct evchat *chat;     /* valid until stage_end() */
	struct bufferevent *bev;
	struct event *wake;      /* made active by each player at its end */
	int sent;                /* lines of the peer */

	/* Of all threads. */
	atomic_int finished;     /* players */
	atomic_int closed;       /* hooks */
	atomic_int why;          /* of closed */
	atomic_int lent;         /* references whose cleanup is to come */
	atomic_int pushed;       /* lines, echoed ones included */
	atomic_int paused;       /* no line may be delivered now */
	atomic_int wrong;        /* what must not be */
};

struct player {
	struct stage *stage;
	struct evchat *chat;
	pthread_t thread;
	void (*play)(struct player *player);
	char letter;             /* 'A' for the first one */
	int pushed;              /* lines */
};

void stage_start(struct stage *stage, int carrier);

/* Free the channel, if it has not ended, and look that it ended once. */
void stage_end(struct stage *stage);

/* Let n threads play while lines are echoed, until a condition holds. */
void stage_play(struct stage *stage, int n, void (*play)(struct player *),
    bool (*condition)(void *stage));

/* A condition: all of n players have finished. */
bool stage_is_over(void *stage);

/* Push the player's next line, each in another way. @return as pushes do */
int stage_push(struct player *player);

/* The peer got nothing but whole lines, of each letter in their order. */
void stage_expect_lines(struct stage *stage);

/* How many bytes the peer has got. */
size_t stage_received(struct stage *stage);

#endif
