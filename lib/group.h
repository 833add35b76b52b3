#ifndef GROUP_H
#define GROUP_H

struct evchat;

/* What a channel does with the group that it may be in; under its lock. */

/* It ends, or is taken out. */
void group_leave(struct evchat *chat);
/* Its turn is over: what it holds has changed. */
void group_account(struct evchat *chat);

#endif
