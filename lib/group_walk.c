/*
 * What is done with each member of a group. A walk holds no lock while it has
 * a member in hand, but a reference to it, and the memory of the group. So
 * whatever is called on the way may end, add and remove members, and free the
 * group: its members have left then, and the walk finds none any more.
 */

#include "channel.h"
#include "group.h"

int
evchat_group_foreach(struct evchat_group *group,
    int (*fn)(struct evchat *member, void *arg), void *arg)
{
	struct cursor cursor;
	struct evchat *chat;
	int got = 0;

	group_hold(group);
	cursor_begin(&cursor, &group->members);
	while (got == 0 && (chat = cursor_next(&cursor)) != NULL) {
		got = fn(chat, arg);
		evchat_decref(chat);
	}
	cursor_end(&cursor);
	group_let_go(group);
	return (got);
}

/* Under the lock of each member */

struct visit {
	const struct evchat_group *group;
	void (*fn)(struct group_member *member, void *arg);
	void *arg;
};

static int
visit(struct evchat *chat, void *arg)
{
	const struct visit *to = arg;
	struct bufferevent *bev = channel_enter(chat);

	/* It may have left on the way here. */
	if (group_of(chat) == to->group)
		to->fn(group_member_of(chat), to->arg);
	channel_leave(chat, bev);
	return (0);
}

void
walk_all(const struct evchat_group *group,
    void (*fn)(struct group_member *member, void *arg), void *arg)
{
	struct visit to = { .group = group, .fn = fn, .arg = arg };

	/* A walk changes nothing that anybody could ask for. */
	(void)evchat_group_foreach((struct evchat_group *)(uintptr_t)group,
	    visit, &to);
}

/* What each member is told to do */

struct order {
	void (*fn)(struct evchat *chat);
};

static int
tell(struct evchat *chat, void *arg)
{
	const struct order *order = arg;

	order->fn(chat);
	return (0);
}

static void
tell_all(struct evchat_group *group, void (*fn)(struct evchat *chat))
{
	struct order order = { .fn = fn };

	(void)evchat_group_foreach(group, tell, &order);
}

void
evchat_group_close_when_done(struct evchat_group *group)
{
	tell_all(group, evchat_close_when_done);
}

void
evchat_group_close_after_frame(struct evchat_group *group)
{
	tell_all(group, evchat_close_after_frame);
}

void
evchat_group_free_members(struct evchat_group *group)
{
	tell_all(group, evchat_free);
}
