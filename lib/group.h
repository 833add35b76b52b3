#ifndef GROUP_H
#define GROUP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/util.h>

#include "api.h"
#include "members.h"

struct bufferevent;
struct bufferevent_rate_limit_group;
struct event;
struct event_base;

/*
 * A group. All of it is under the lock of its members, which is taken behind
 * that of a channel. The memory is there as long as anybody has it in hand:
 * its event, until libevent has finalized it, and each walk, in which the
 * application may free the group.
 */
struct evchat_group {
	struct members members;
	atomic_uint holds;
	struct event_base *base;

	/* The budget. */
	uint64_t budget;       /* 0: none */
	enum evchat_budget policy;
	uint64_t held;         /* the sum of what members held when last seen */
	size_t stopped;        /* members that are; and what they had received: */
	uint64_t stopped_in;
	uint64_t scanned;      /* held, at the least, since the biggest were looked for */
	struct event *deal;    /* in which members are dealt with */
	struct event *patience; /* and that, when some have long been stopped */

	struct bufferevent_rate_limit_group *limit; /* or NULL */
	struct evchat_stats past; /* of those who have left */
};

/* What a group knows of a member. */
struct group_member {
	struct member member; /* the first field: members.c frees it */
	uint64_t in, out;     /* what it held when it was last seen */
	bool stopped;         /* for being over the budget */
	struct bufferevent *limited; /* in the group's limit, or NULL */
	struct evchat_stats joined;  /* as they were then */
};

/* What a channel does with the group that it may be in; under its lock. */

/* It ends, or is taken out. */
void group_leave(struct evchat *chat);
/* Its turn is over: what it holds has changed. */
void group_account(struct evchat *chat);

/* group_walk.c: call fn with each member, locked. It may free the group. */
void walk_all(const struct evchat_group *group,
    void (*fn)(struct group_member *member, void *arg), void *arg);

/* Among the files of the group; a member's channel is locked, if there is one. */

void group_hold(struct evchat_group *group);
void group_let_go(struct evchat_group *group);
/* The group that a channel is in, and what it is there, or NULL. */
struct evchat_group *group_of(const struct evchat *chat);
struct group_member *group_member_of(const struct evchat *chat);

/* group_budget.c */

int budget_init(struct evchat_group *group); /* -1 with errno */
void budget_free(struct evchat_group *group); /* no members; lets go of it */
void budget_leave(struct group_member *member);
uint64_t budget_low(const struct evchat_group *group);  /* all may go on */
uint64_t budget_high(const struct evchat_group *group); /* stopping has not helped */
bool budget_is_over(const struct evchat_group *group);
/* Has the sum grown so much that other members may hold most? */
bool budget_has_grown(const struct evchat_group *group);
void budget_set_stopped(struct group_member *member, bool stopped);
/* Stop one that is not stopped; the first has others get a limited time. */
void budget_stop(struct group_member *member);
void budget_lift(struct evchat_group *group); /* nobody is stopped; no lock */
void budget_look(struct evchat_group *group); /* is there anything to be done? */

/* group_deal.c: what the event calls */

void deal_with_members(evutil_socket_t fd, short what, void *group);
void deal_late(evutil_socket_t fd, short what, void *group);

/* group_rate.c and group_stats.c */

int rate_join(struct group_member *member); /* -1 with errno */
void rate_leave(struct group_member *member);
void rate_free(struct evchat_group *group); /* in the loop; no members */

void group_stats_join(struct group_member *member);
void group_stats_leave(struct group_member *member);

#endif
