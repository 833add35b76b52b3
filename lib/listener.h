#ifndef LISTENER_H
#define LISTENER_H

struct evchat;

/* The channel ends, under its lock: its listener, if there is one, has room. */
void listener_leave(struct evchat *chat);

#endif
