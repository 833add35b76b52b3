#ifndef TRACE_H
#define TRACE_H

#include <stddef.h>

#include "input.h"

struct evchat;

/* Each for a channel that has a trace. */

/* A step of the input is about to be delivered. */
void trace_step(struct evchat *chat, enum input_what what,
    const struct input_step *step);
/* Bytes were queued, behind as many as from: none, if a mark was. */
void trace_queued(struct evchat *chat, size_t from);

#endif
