/*
 * What members have done while they were: what a channel had done before is
 * taken off, and what one has done is kept when it leaves.
 */

#include "channel.h"
#include "group.h"

/* What is unread again takes back what was received. */
static uint64_t
since(uint64_t now, uint64_t then)
{
	return (now > then ? now - then : 0);
}

static void
add(struct evchat_stats *sum, const struct group_member *member)
{
	const struct evchat_stats *then = &member->joined;
	struct evchat_stats now;

	getters_stats(member->member.chat, &now);
	sum->bytes_in += since(now.bytes_in, then->bytes_in);
	sum->bytes_out += since(now.bytes_out, then->bytes_out);
	sum->frames_in += since(now.frames_in, then->frames_in);
	sum->frames_out += since(now.frames_out, then->frames_out);
	sum->oversize += since(now.oversize, then->oversize);
	sum->stops += since(now.stops, then->stops);
	sum->held_in += now.held_in;
	sum->held_out += now.held_out;
}

void
group_stats_join(struct group_member *member)
{
	getters_stats(member->member.chat, &member->joined);
}

void
group_stats_leave(struct group_member *member)
{
	struct evchat_group *group = member->member.of->owner;

	members_lock(&group->members);
	add(&group->past, member);
	group->past.held_in = group->past.held_out = 0;
	members_unlock(&group->members);
}

static void
add_living(struct group_member *member, void *sum)
{
	add(sum, member);
}

void
evchat_group_get_stats(const struct evchat_group *group,
    struct evchat_stats *stats, size_t size)
{
	struct evchat_stats sum;

	members_lock(&group->members);
	sum = group->past;
	members_unlock(&group->members);
	walk_all(group, add_living, &sum);
	getters_copy_stats(stats, size, &sum);
}
