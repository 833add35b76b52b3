/*
 * What is done about a group that is above its budget, in an event of the
 * group's own: there no channel is locked, and any can be. Under
 * EVCHAT_BUDGET_END the biggest end, as many as it takes. Under
 * EVCHAT_BUDGET_STOP:
 *
 * - whoever goes on to receive is stopped at the end of that turn; see
 * group_account; - the biggest are stopped, as many as hold what there is too
 * much; they are looked
 *   for again only when the sum has grown by a sixteenth of the budget since;
 * - at three quarters of the budget all go on;
 * - if those who are stopped have received more than that, waiting cannot help, and
 *   stopping has not helped if the sum is a quarter above the budget nevertheless:
 *   then the biggest end;
 * - and so they do if that has not come about in some seconds, since those who are
 *   not stopped may hold what they have begun for ever.
 */

#include <event2/event.h>

#include "channel.h"
#include "group.h"

enum measure {
	ALL_HELD,
	STOPPED_IN /* what those who are stopped have received */
};

struct choice {
	struct evchat_group *group;
	enum measure by;
	uint64_t target; /* it is enough when the sum is no more than this */
	uint64_t excess; /* what was above it */
	uint64_t least;  /* members that hold so much are dealt with */
	uint64_t most;   /* and no more */
};

static uint64_t
measure(const struct group_member *member, enum measure by)
{
	if (by == ALL_HELD)
		return (member->in + member->out);
	return (member->stopped ? member->in : 0);
}

static uint64_t
sum(const struct choice *choice)
{
	return (choice->by == ALL_HELD ? choice->group->held :
	    choice->group->stopped_in);
}

/* Do those who hold so much hold all that there is too much? */
static bool
is_enough(const struct choice *choice, uint64_t least)
{
	const struct member *member = choice->group->members.first;
	uint64_t found = 0;

	for (; member != NULL && found < choice->excess;
	    member = member->next) {
		uint64_t size = measure((const struct group_member *)member,
		    choice->by);

		if (size >= least)
			found += size;
	}
	return (found >= choice->excess);
}

/*
 * Find how much the biggest hold, at least, who make up what there is too
 * much: bit by bit, which takes as many passes as the excess has bits, and no
 * memory.
 */
static bool
choose(struct choice *choice)
{
	uint64_t bit = 1, now = sum(choice);

	choice->least = 0;
	if (now <= choice->target)
		return (false);
	choice->excess = now - choice->target;
	while (bit <= now / 2)
		bit *= 2;
	for (; bit > 0; bit /= 2)
		if (is_enough(choice, choice->least + bit))
			choice->least += bit;
	return (choice->least > 0);
}

static bool
is_between(const struct choice *choice, uint64_t size)
{
	return (size >= choice->least && size <= choice->most);
}

/* The biggest come first; of those who hold just so much, as many as it takes. */
static void
deal(struct choice *choice, void (*fn)(struct group_member *, void *))
{
	uint64_t least = choice->least;

	choice->least = least + 1;
	choice->most = UINT64_MAX;
	walk_all(choice->group, fn, choice);
	choice->least = choice->most = least;
	walk_all(choice->group, fn, choice);
}

static void
end_chosen(struct group_member *member, void *arg)
{
	const struct choice *choice = arg;
	bool chosen;

	members_lock(&choice->group->members);
	chosen = is_between(choice, measure(member, choice->by)) &&
	    sum(choice) > choice->target;
	members_unlock(&choice->group->members);
	if (chosen)
		end_now(member->member.chat, EVCHAT_REASON_BUDGET);
}

/* End the biggest until the sum is no more than target. */
static void
end_biggest(struct evchat_group *group, enum measure by, uint64_t target)
{
	struct choice choice = { .group = group, .by = by, .target = target };
	bool chosen;

	members_lock(&group->members);
	chosen = choose(&choice);
	members_unlock(&group->members);
	if (chosen)
		deal(&choice, end_chosen);
}

static void
stop_chosen(struct group_member *member, void *arg)
{
	struct choice *choice = arg;
	uint64_t size;
	bool chosen;

	members_lock(&choice->group->members);
	size = measure(member, ALL_HELD);
	chosen = is_between(choice, size) && choice->excess > 0;
	if (chosen)
		choice->excess -= size < choice->excess ? size :
		    choice->excess;
	members_unlock(&choice->group->members);
	if (!chosen)
		return;
	if (!member->stopped)
		budget_stop(member);
	reading_set(member->member.chat);
	channel_wake(member->member.chat);
}

static void
stop_biggest(struct evchat_group *group)
{
	struct choice choice = { .group = group, .by = ALL_HELD };
	bool chosen;

	members_lock(&group->members);
	choice.target = budget_low(group);
	chosen = choose(&choice);
	group->scanned = group->held;
	members_unlock(&group->members);
	if (chosen)
		deal(&choice, stop_chosen);
}

/* What is to be done now? Whatever it was, there may be more of it then. */

static void
deal_by_stopping(struct evchat_group *group)
{
	uint64_t low, high, budget;
	bool stop, stuck, too_much;

	members_lock(&group->members);
	low = budget_low(group);
	high = budget_high(group);
	budget = group->budget;
	stop = budget_is_over(group) && budget_has_grown(group);
	too_much = group->held > high;
	members_unlock(&group->members);
	if (too_much)
		end_biggest(group, ALL_HELD, budget);
	else if (stop)
		stop_biggest(group);
	members_lock(&group->members);
	stuck = group->stopped_in > low;
	members_unlock(&group->members);
	if (stuck)
		end_biggest(group, STOPPED_IN, low);
}

void
deal_with_members(evutil_socket_t fd, short what, void *arg)
{
	struct evchat_group *group = arg;
	enum evchat_budget policy;
	uint64_t budget, held;
	bool lift;

	(void)fd;
	(void)what;
	members_lock(&group->members);
	policy = group->policy;
	budget = group->budget;
	held = group->held;
	lift = group->stopped > 0 && held <= budget_low(group);
	members_unlock(&group->members);
	if (lift || budget == 0)
		budget_lift(group);
	else if (policy == EVCHAT_BUDGET_END)
		end_biggest(group, ALL_HELD, budget);
	else
		deal_by_stopping(group);
	members_lock(&group->members);
	budget_look(group);
	members_unlock(&group->members);
}

/* Those who are stopped have waited for long, in vain. */
void
deal_late(evutil_socket_t fd, short what, void *arg)
{
	struct evchat_group *group = arg;
	bool late;

	members_lock(&group->members);
	late = group->stopped > 0;
	members_unlock(&group->members);
	if (late)
		end_biggest(group, ALL_HELD, budget_low(group));
	deal_with_members(fd, what, group);
}
