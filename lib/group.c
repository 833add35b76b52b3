/*
 * Groups: who is in one. A channel knows its member, and the member its group,
 * so that leaving takes no time; each of these changes under the channel's
 * lock. What is done with all members is in group_walk.c and broadcast.c, what
 * is kept of them in group_budget.c, group_rate.c and group_stats.c.
 */

#include <errno.h>

#include <event2/bufferevent.h>

#include "channel.h"
#include "group.h"
#include "mem.h"

void
group_hold(struct evchat_group *group)
{
	atomic_fetch_add_explicit(&group->holds, 1, memory_order_relaxed);
}

void
group_let_go(struct evchat_group *group)
{
	if (atomic_fetch_sub_explicit(&group->holds, 1,
	    memory_order_acq_rel) != 1)
		return;
	members_free(&group->members);
	mem_free(group);
}

struct evchat_group *
evchat_group_new(struct event_base *base, unsigned options)
{
	struct evchat_group *group;

	if (base == NULL || (options & ~(unsigned)EVCHAT_OPT_THREADSAFE) != 0) {
		errno = EINVAL;
		return (NULL);
	}
	if ((group = mem_calloc(sizeof(*group))) == NULL)
		return (NULL);
	if (members_init(&group->members, group,
	    (options & EVCHAT_OPT_THREADSAFE) != 0) == -1) {
		mem_free(group);
		return (NULL);
	}
	atomic_init(&group->holds, 1);
	group->base = base;
	if (budget_init(group) == -1) {
		group_let_go(group);
		errno = ENOMEM;
		return (NULL);
	}
	return (group);
}

struct group_member *
group_member_of(const struct evchat *chat)
{
	/* It is the first field there. */
	return ((struct group_member *)chat->in_group);
}

struct evchat_group *
group_of(const struct evchat *chat)
{
	return (chat->in_group != NULL ? chat->in_group->of->owner : NULL);
}

static void
leave(struct group_member *member, void *arg)
{
	(void)arg;
	group_leave(member->member.chat);
}

void
evchat_group_free(struct evchat_group *group)
{
	if (group == NULL)
		return;
	walk_all(group, leave, NULL);
	budget_free(group);
}

/* Members */

static int
join(struct evchat_group *group, struct evchat *chat)
{
	struct group_member *member = mem_calloc(sizeof(*member));

	if (member == NULL)
		return (-1);
	members_insert(&group->members, &member->member, chat);
	chat->in_group = &member->member;
	if (rate_join(member) == -1) {
		members_remove(chat->in_group);
		chat->in_group = NULL;
		return (-1);
	}
	group_stats_join(member);
	group_account(chat);
	return (0);
}

int
evchat_group_add(struct evchat_group *group, struct evchat *chat)
{
	struct bufferevent *bev = channel_lock(chat);
	int done = -1;

	if (!channel_is_open(chat))
		;
	else if (group_of(chat) == group)
		done = 0;
	else if (chat->in_group != NULL)
		errno = EBUSY;
	else if (bufferevent_get_base(chat->bev) != group->base)
		errno = EINVAL;
	else
		done = join(group, chat);
	channel_unlock(bev);
	return (done);
}

void
group_leave(struct evchat *chat)
{
	struct group_member *member = group_member_of(chat);

	if (member == NULL)
		return;
	group_stats_leave(member);
	budget_leave(member);
	rate_leave(member);
	members_remove(chat->in_group);
	chat->in_group = NULL;
}

void
evchat_group_remove(struct evchat *chat)
{
	struct bufferevent *bev = channel_enter(chat);

	group_leave(chat);
	channel_leave(chat, bev);
}

struct evchat_group *
evchat_get_group(const struct evchat *chat)
{
	struct bufferevent *bev = channel_lock(chat);
	struct evchat_group *group = group_of(chat);

	channel_unlock(bev);
	return (group);
}

size_t
evchat_group_get_count(const struct evchat_group *group)
{
	return (members_count(&group->members));
}
