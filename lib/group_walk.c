/*
 * What is done with each member of a group. A walk holds no lock while it has a
 * member in hand, but a reference to it, and the memory of the group. So whatever
 * is called on the way may end, add and remove members, and free the group: its
 * members have left then, and the walk finds none any more.
 */

#include "channel.h"
#include "group.h"

void
walk_begin(struct walk *walk, const struct evchat_group *group)
{
	/* A walk changes nothing that anybody could ask for. */
	walk->group = (struct evchat_group *)(uintptr_t)group;
	group_hold(walk->group);
	cursor_begin(&walk->cursor, &walk->group->members);
}

struct evchat *
walk_next(struct walk *walk)
{
	return (cursor_next(&walk->cursor));
}

void
walk_end(struct walk *walk)
{
	cursor_end(&walk->cursor);
	group_let_go(walk->group);
}

void
walk_all(const struct evchat_group *group,
    void (*fn)(struct group_member *member, void *arg), void *arg)
{
	struct evchat *chat;
	struct walk walk;

	walk_begin(&walk, group);
	while ((chat = walk_next(&walk)) != NULL) {
		struct bufferevent *bev = channel_enter(chat);

		/* It may have left on the way here. */
		if (group_of(chat) == group)
			fn(group_member_of(chat), arg);
		channel_leave(chat, bev);
		evchat_decref(chat);
	}
	walk_end(&walk);
}

int
evchat_group_foreach(struct evchat_group *group,
    int (*fn)(struct evchat *member, void *arg), void *arg)
{
	struct evchat *chat;
	struct walk walk;
	int got = 0;

	walk_begin(&walk, group);
	while (got == 0 && (chat = walk_next(&walk)) != NULL) {
		got = fn(chat, arg);
		evchat_decref(chat);
	}
	walk_end(&walk);
	return (got);
}

static void
for_all(struct evchat_group *group, void (*fn)(struct evchat *chat))
{
	struct evchat *chat;
	struct walk walk;

	walk_begin(&walk, group);
	while ((chat = walk_next(&walk)) != NULL) {
		fn(chat);
		evchat_decref(chat);
	}
	walk_end(&walk);
}

void
evchat_group_close_when_done(struct evchat_group *group)
{
	for_all(group, evchat_close_when_done);
}

void
evchat_group_close_after_frame(struct evchat_group *group)
{
	for_all(group, evchat_close_after_frame);
}

void
evchat_group_free_members(struct evchat_group *group)
{
	for_all(group, evchat_free);
}
