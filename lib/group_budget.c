/*
 * What members hold in memory together, and the limit on it. What each of them
 * held when its last turn was over is summed up, so that every turn costs the
 * same however many they are. Who holds most is looked for only when there is
 * something to be done about it; see group_deal.c.
 */

#include <errno.h>

#include <event2/event.h>

#include "channel.h"
#include "group.h"
#include "held.h"

#define PATIENCE_S 10 /* with members that are stopped */

/* The state; under the lock of the members */

uint64_t
budget_low(const struct evchat_group *group)
{
	return (group->budget - group->budget / 4);
}

uint64_t
budget_high(const struct evchat_group *group)
{
	uint64_t high = group->budget + group->budget / 4;

	return (high > group->budget ? high : UINT64_MAX);
}

bool
budget_is_over(const struct evchat_group *group)
{
	return (group->budget > 0 && group->held > group->budget);
}

bool
budget_has_grown(const struct evchat_group *group)
{
	return (group->held - group->scanned > group->budget / 16);
}

static bool
is_to_be_dealt_with(const struct evchat_group *group)
{
	if (group->stopped > 0 && group->held <= budget_low(group))
		return (true);
	if (group->budget == 0 || group->policy == EVCHAT_BUDGET_END)
		return (budget_is_over(group));
	return ((budget_is_over(group) && budget_has_grown(group)) ||
	    group->stopped_in > budget_low(group) ||
	    group->held > budget_high(group));
}

/* Something has changed. */
void
budget_look(struct evchat_group *group)
{
	if (group->scanned > group->held)
		group->scanned = group->held;
	if (is_to_be_dealt_with(group))
		event_active(group->deal, EV_WRITE, 0);
}

/* Nobody has to be patient any more. */
static void
calm(struct evchat_group *group)
{
	if (group->stopped == 0 &&
	    event_pending(group->patience, EV_TIMEOUT, NULL))
		(void)event_del_noblock(group->patience);
}

void
budget_stop(struct group_member *member)
{
	static const struct timeval patience = { .tv_sec = PATIENCE_S };
	struct evchat_group *group = member->member.of->owner;

	members_lock(&group->members);
	/* Others may never let go of what they hold. */
	if (group->stopped == 0 && event_add(group->patience, &patience) == -1)
		event_active(group->patience, EV_WRITE, 0);
	budget_set_stopped(member, true);
	members_unlock(&group->members);
}

void
budget_set_stopped(struct group_member *member, bool stopped)
{
	struct evchat_group *group = member->member.of->owner;

	if (member->stopped == stopped)
		return;
	members_lock(&group->members);
	member->stopped = member->member.chat->over_budget = stopped;
	if (stopped) {
		group->stopped++;
		group->stopped_in += member->in;
	} else {
		group->stopped--;
		group->stopped_in -= member->in;
	}
	members_unlock(&group->members);
}

/* What has it come to? */
static void
set_held(struct group_member *member, uint64_t in, uint64_t out)
{
	struct evchat_group *group = member->member.of->owner;
	bool stopped = member->stopped;

	budget_set_stopped(member, false);
	group->held -= member->in + member->out;
	member->in = in;
	member->out = out;
	group->held += in + out;
	budget_set_stopped(member, stopped);
}

/* Turns */

void
group_account(struct evchat *chat)
{
	struct group_member *member = group_member_of(chat);
	struct evchat_group *group = member->member.of->owner;
	uint64_t in = held_in(chat), out = held_out(chat);
	bool grows, stopped = chat->over_budget;

	members_lock(&group->members);
	grows = in > member->in;
	set_held(member, in, out);
	if (!stopped && grows && budget_is_over(group) &&
	    group->policy == EVCHAT_BUDGET_STOP)
		budget_stop(member);
	budget_look(group);
	calm(group);
	members_unlock(&group->members);
	if (chat->over_budget == stopped)
		return;
	/* Its deadlines have to be seen to as well. */
	reading_set(chat);
	channel_wake(chat);
}

void
budget_leave(struct group_member *member)
{
	struct evchat_group *group = member->member.of->owner;

	members_lock(&group->members);
	if (member->stopped)
		channel_wake(member->member.chat);
	budget_set_stopped(member, false);
	set_held(member, 0, 0);
	budget_look(group);
	calm(group);
	members_unlock(&group->members);
}

int
budget_init(struct evchat_group *group)
{
	group->deal = event_new(group->base, -1, 0, deal_with_members, group);
	group->patience = event_new(group->base, -1, 0, deal_late, group);
	if (group->deal == NULL || group->patience == NULL) {
		if (group->deal != NULL)
			event_free(group->deal);
		if (group->patience != NULL)
			event_free(group->patience);
		return (-1);
	}
	/* Memory comes before whatever else there is to be done. */
	(void)event_priority_set(group->deal, 0);
	return (0);
}

/* Whichever of the two events comes first. */
static void
on_finalized(struct event *event, void *group)
{
	(void)event;
	rate_free(group);
	group_let_go(group);
}

/*
 * Another thread may be in the event's callback, or in that of the rate limit;
 * so the loop does the rest.
 */
void
budget_free(struct evchat_group *group)
{
	group_hold(group);
	(void)event_free_finalize(0, group->patience, on_finalized);
	(void)event_free_finalize(0, group->deal, on_finalized);
}

static void
go_on(struct group_member *member, void *arg)
{
	(void)arg;
	budget_set_stopped(member, false);
	channel_wake(member->member.chat);
}

void
budget_lift(struct evchat_group *group)
{
	walk_all(group, go_on, NULL);
	members_lock(&group->members);
	calm(group);
	members_unlock(&group->members);
}

int
evchat_group_set_budget(struct evchat_group *group, uint64_t bytes,
    enum evchat_budget policy)
{
	if (policy != EVCHAT_BUDGET_STOP && policy != EVCHAT_BUDGET_END) {
		errno = EINVAL;
		return (-1);
	}
	members_lock(&group->members);
	group->budget = bytes;
	group->policy = policy;
	group->scanned = 0;
	members_unlock(&group->members);
	/* Whoever is still to be stopped will be. */
	budget_lift(group);
	members_lock(&group->members);
	budget_look(group);
	members_unlock(&group->members);
	return (0);
}

uint64_t
evchat_group_get_held(const struct evchat_group *group)
{
	uint64_t held;

	members_lock(&group->members);
	held = group->held;
	members_unlock(&group->members);
	return (held);
}
