#ifndef GROUP_H
#define GROUP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api.h"
#include "members.h"

struct event_base;

/*
 * A group. What is in it is under the lock of its members, which is taken behind
 * that of a channel. The memory is there as long as anybody has it in hand: a
 * walk, in which the application may free the group.
 */
struct evchat_group {
	struct members members;
	atomic_uint holds; /* of the memory: one until it is freed, each walk */
	struct event_base *base;
};

/* What a group knows of a member. */
struct group_member {
	struct member member; /* the first field: members.c frees it */
};

/* What a channel does with the group that it may be in; under its lock. */

/* It ends, or is taken out. */
void group_leave(struct evchat *chat);
/* Its turn is over: what it holds has changed. */
void group_account(struct evchat *chat);

/* Walks: see members.h. The group may be freed meanwhile. */

struct walk {
	struct evchat_group *group;
	struct cursor cursor;
};

void walk_begin(struct walk *walk, const struct evchat_group *group);
/* The next member, with a reference that is the caller's, or NULL. */
struct evchat *walk_next(struct walk *walk);
void walk_end(struct walk *walk);

/* Among the files of the group */

void group_hold(struct evchat_group *group);
void group_let_go(struct evchat_group *group);

#endif
