/*
 * How fast members read and write together: that is libevent's to limit. What
 * it limits is where bytes leave the process, a socket or TLS on one, also
 * beneath filters. A pair has no such place; libevent would take it in, and
 * stop it whenever the others have used up what they may.
 *
 * Those who are in the limit are in the group, and all of these are, but
 * pairs.
 */

#include <errno.h>

#include <event2/bufferevent.h>
#include <event2/event.h>

#include "channel.h"
#include "group.h"

/* What of a channel can be limited, or NULL. */
static struct bufferevent *
limited(const struct evchat *chat)
{
	struct bufferevent *bev = chat->bev, *below;

	while ((below = bufferevent_get_underlying(bev)) != NULL)
		bev = below;
	return (bufferevent_pair_get_partner(bev) == NULL ? bev : NULL);
}

int
rate_join(struct group_member *member)
{
	struct evchat_group *group = member->member.of->owner;
	struct bufferevent *bev = limited(member->member.chat);
	int done = 0;

	members_lock(&group->members);
	if (group->limit != NULL && member->limited == NULL && bev != NULL) {
		done = bufferevent_add_to_rate_limit_group(bev, group->limit);
		if (done == 0)
			member->limited = bev;
		else
			errno = ENOMEM;
	}
	members_unlock(&group->members);
	return (done);
}

void
rate_leave(struct group_member *member)
{
	if (member->limited != NULL)
		(void)bufferevent_remove_from_rate_limit_group(
		    member->limited);
	member->limited = NULL;
}

static void
join(struct group_member *member, void *failed)
{
	if (rate_join(member) == -1)
		*(bool *)failed = true;
}

static void
leave(struct group_member *member, void *arg)
{
	(void)arg;
	rate_leave(member);
}

void
rate_free(struct evchat_group *group)
{
	if (group->limit != NULL)
		bufferevent_rate_limit_group_free(group->limit);
	group->limit = NULL;
}

static void
take_away(struct evchat_group *group)
{
	struct bufferevent_rate_limit_group *limit;

	members_lock(&group->members);
	limit = group->limit;
	group->limit = NULL;
	members_unlock(&group->members);
	if (limit == NULL)
		return;
	walk_all(group, leave, NULL);
	bufferevent_rate_limit_group_free(limit);
}

/*
 * libevent does not say that it had no memory for its timer, without which
 * those who have used up what they may would stop for good. So room is made
 * for one before.
 */
static bool
has_room_for_timer(struct evchat_group *group)
{
	static const struct timeval hour = { .tv_sec = 3600 };

	if (event_add(group->deal, &hour) == -1)
		return (false);
	(void)event_remove_timer(group->deal);
	return (true);
}

/* -1: no memory, and nothing has changed. */
static int
set_limit(struct evchat_group *group, const struct ev_token_bucket_cfg *limit)
{
	int done = -1;

	members_lock(&group->members);
	if (group->limit != NULL)
		done = bufferevent_rate_limit_group_set_cfg(group->limit,
		    limit);
	else if (has_room_for_timer(group)) {
		group->limit = bufferevent_rate_limit_group_new(group->base,
		    limit);
		done = group->limit != NULL ? 0 : -1;
	}
	members_unlock(&group->members);
	return (done);
}

int
evchat_group_set_rate_limit(struct evchat_group *group,
    const struct ev_token_bucket_cfg *limit)
{
	bool failed = false;

	if (limit == NULL) {
		take_away(group);
		return (0);
	}
	if (set_limit(group, limit) == 0) {
		walk_all(group, join, &failed);
		if (!failed)
			return (0);
		/* It was new then: else all were in it. */
		take_away(group);
	}
	errno = ENOMEM;
	return (-1);
}
