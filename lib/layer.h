#ifndef LAYER_H
#define LAYER_H

#include <stdbool.h>
#include <stddef.h>

#include <event2/util.h>

#include "api.h"

/*
 * Layers of a channel, of which chat->layer is the one on top:
 *
 *	BEHIND --all before has left--> ADMITTING --> STARTING --> ON
 *
 * On the way chat->upgrading is true, and there is a gate in the queue: a
 * producer that gives nothing until the layer is ON. So what is pushed behind
 * the upgrade stays behind it.
 */
enum layer_state {
	LAYER_BEHIND,    /* what was pushed before is leaving */
	LAYER_ADMITTING, /* what the peer sends first is looked at */
	LAYER_STARTING,  /* the bufferevent is the layer's, and not ready */
	LAYER_ON
};

struct layer {
	enum layer_state state;
	bool reached; /* all before the gate is in the output */
	const struct evchat_layer_ops *ops;
	void *self;
	struct evchat_producer *gate; /* NULL if it was discarded, or when ON */
	struct bufferevent *bev;      /* its own, from STARTING on */
	bool is_finished;
	struct layer *below;
};

/* At the end of a turn, while upgrading: do what is to be done next. */
void layer_go_on(struct evchat *chat);
/* Nothing that is queued may leave: the gate is gone, so all is behind it. */
bool layer_holds(const struct evchat *chat);
/* What is queued waits for the layer, and for nothing else. */
bool layer_keeps(const struct evchat *chat);
/* While upgrading: is the descriptor not to be read from, is it to be waited for? */
bool layer_peeks(const struct evchat *chat);
bool layer_reads(const struct evchat *chat);

/* libevent tells that it is ready, or something beneath it. */
void layer_ready(struct evchat *chat);
/*
 * And that it failed: what that is without the layer; 0: nothing new. If the
 * layer knows it, *why and *text say so.
 */
short layer_judge(struct evchat *chat, short what, enum evchat_reason *why,
    const char **text);
/* Open the gate: the layer is ON, or is given up, since the channel is closing and
 * nothing is queued behind it. */
void layer_end_upgrade(struct evchat *chat);
/* It was not ready in time. */
void layer_expired(struct evchat *chat);

/* Nothing more is pushed, and all that was has left: say so, in each layer when
 * what those above it say is through it. */
enum layer_finish {
	LAYER_FINISHED,
	LAYER_NOT_YET, /* something has still to go through one */
	LAYER_BLOCKED  /* the descriptor takes nothing now */
};
enum layer_finish layers_finish(struct evchat *chat);
/* Has that begun? */
bool layer_is_finished(const struct evchat *chat);

void layers_free(struct layer *layer);

#endif
