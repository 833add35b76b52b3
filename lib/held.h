#ifndef HELD_H
#define HELD_H

#include <stdint.h>

struct evchat;

/*
 * What a living channel keeps in memory, in bytes: those that it, or a
 * bufferevent, has received and that were not delivered; and those that were
 * pushed or that a producer has, in memory, and that have not left. Under its
 * lock.
 */
uint64_t held_in(const struct evchat *chat);
uint64_t held_out(const struct evchat *chat);

#endif
