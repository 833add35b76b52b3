#ifndef PUSH_H
#define PUSH_H

#include <stdbool.h>

struct evchat;
struct evchat_framing;
struct payload;
struct shared;

/* Pushing what several channels are given; each under the channel's lock. */

bool push_may(const struct evchat *chat); /* if not, errno is EPIPE */
/* What its frames are encoded with, or NULL. */
struct evchat_framing *push_framing(const struct evchat *chat);

/*
 * How many bytes are queued; and when more were appended, or a mark, behind as
 * many as there were.
 */
size_t push_from(const struct evchat *chat);
void push_queued(struct evchat *chat, size_t from);

/* -1 with errno */
int push_shared(struct evchat *chat, struct shared *bytes);
/* The same for a frame, of which the payload and what it is encoded to are given. */
int push_shared_frame(struct evchat *chat, struct shared *encoded,
    const struct payload *payload);

#endif
