/*
 * The deadlines of a channel, on one libevent timer. The timer is never later
 * than the first deadline that runs, and may be earlier: then it is set again
 * when it runs out. Which deadline runs when, and what follows, is in
 * timing.c.
 */

#define _POSIX_C_SOURCE 200809L /* clock_gettime */

#include <errno.h>
#include <time.h>

#include <sys/time.h>

#include <event2/event.h>

#include "channel.h"
#include "deadline.h"
#include "mem.h"

uint64_t
deadline_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return ((uint64_t)now.tv_sec * DEADLINE_SECOND + (uint64_t)now.tv_nsec / 1000);
}

/* What holds unless another is set. */
static const uint64_t default_limits[DEADLINES] = {
	[DEADLINE_LINGER] = DEADLINE_LINGER_LIMIT,
	[DEADLINE_UPGRADE] = DEADLINE_UPGRADE_LIMIT
};

/* Those of a channel, which may have none yet. NULL with errno. */
static struct deadlines *
get_deadlines(struct evchat *chat)
{
	struct deadlines *deadlines = chat->deadlines;
	size_t i;

	if (deadlines == NULL &&
	    (deadlines = mem_calloc(sizeof(*deadlines))) != NULL) {
		for (i = 0; i < DEADLINES; i++)
			deadlines->all[i].limit = default_limits[i];
		chat->deadlines = deadlines;
	}
	return (deadlines);
}

/* Times without end are far enough away. */
static uint64_t
in_us(const struct timeval *tv)
{
	uint64_t seconds = (uint64_t)tv->tv_sec;

	if (seconds > UINT32_MAX)
		seconds = UINT32_MAX;
	return (seconds * DEADLINE_SECOND + (uint64_t)tv->tv_usec);
}

int
deadline_set(struct evchat *chat, enum deadline_which which,
    const struct timeval *tv)
{
	struct deadlines *deadlines = get_deadlines(chat);

	if (deadlines == NULL)
		return (-1);
	deadlines->all[which].limit = tv != NULL ? in_us(tv) : 0;
	if (tv == NULL)
		deadline_stop(chat, which);
	return (0);
}

bool
deadline_has_limit(const struct evchat *chat, enum deadline_which which)
{
	if (chat->deadlines == NULL)
		return (default_limits[which] != 0);
	return (chat->deadlines->all[which].limit != 0);
}

enum deadline_state
deadline_get(const struct evchat *chat, enum deadline_which which)
{
	return (chat->deadlines == NULL ? DEADLINE_STOPPED :
	    chat->deadlines->all[which].state);
}

uint64_t
deadline_left(const struct evchat *chat, enum deadline_which which)
{
	const struct deadline *deadline;
	uint64_t now;

	if (chat->deadlines == NULL)
		return (0);
	deadline = &chat->deadlines->all[which];
	if (deadline->state == DEADLINE_FROZEN)
		return (deadline->due);
	now = deadline_now();
	return (deadline->state == DEADLINE_RUNNING && deadline->due > now ?
	    deadline->due - now : 0);
}

/* Have the timer run out at that time at the latest. */
static int
set_alarm(struct evchat *chat, uint64_t due, uint64_t now)
{
	struct deadlines *deadlines = chat->deadlines;
	uint64_t left = due > now ? due - now : 0;
	struct timeval tv = {
		.tv_sec = (time_t)(left / DEADLINE_SECOND),
		.tv_usec = (suseconds_t)(left % DEADLINE_SECOND)
	};

	if (deadlines->alarm != 0 && deadlines->alarm <= due)
		return (0);
	if (deadlines->event == NULL)
		deadlines->event = channel_event_new(chat, -1, 0,
		    timing_alarm);
	if (deadlines->event != NULL)
		channel_event_prioritize(chat, deadlines->event);
	if (deadlines->event == NULL ||
	    event_add(deadlines->event, &tv) == -1) {
		errno = ENOMEM;
		return (-1);
	}
	deadlines->alarm = due;
	return (0);
}

static int
run(struct evchat *chat, struct deadline *deadline, uint64_t us)
{
	uint64_t now = deadline_now();

	if (chat->state >= CHANNEL_ENDING)
		return (0);
	if (set_alarm(chat, now + us, now) == -1)
		return (-1);
	deadline->state = DEADLINE_RUNNING;
	deadline->due = now + us;
	return (0);
}

int
deadline_start_for(struct evchat *chat, enum deadline_which which, uint64_t us)
{
	struct deadlines *deadlines = get_deadlines(chat);

	if (deadlines == NULL)
		return (-1);
	return (run(chat, &deadlines->all[which], us));
}

int
deadline_start(struct evchat *chat, enum deadline_which which)
{
	if (!deadline_has_limit(chat, which))
		return (0);
	return (deadline_start_for(chat, which, chat->deadlines == NULL ?
	    default_limits[which] : chat->deadlines->all[which].limit));
}

int
deadline_thaw(struct evchat *chat, enum deadline_which which)
{
	if (deadline_get(chat, which) != DEADLINE_FROZEN)
		return (0);
	return (run(chat, &chat->deadlines->all[which],
	    chat->deadlines->all[which].due));
}

void
deadline_freeze(struct evchat *chat, enum deadline_which which)
{
	struct deadline *deadline;

	if (deadline_get(chat, which) != DEADLINE_RUNNING)
		return;
	deadline = &chat->deadlines->all[which];
	deadline->due = deadline_left(chat, which);
	deadline->state = DEADLINE_FROZEN;
}

void
deadline_stop(struct evchat *chat, enum deadline_which which)
{
	if (chat->deadlines != NULL)
		chat->deadlines->all[which].state = DEADLINE_STOPPED;
}

int
deadlines_expire(struct evchat *chat)
{
	struct deadlines *deadlines = chat->deadlines;
	uint64_t now = deadline_now(), next = 0;
	int i;

	deadlines->alarm = 0;
	for (i = 0; i < DEADLINES; i++) {
		struct deadline *deadline = &deadlines->all[i];

		if (deadline->state != DEADLINE_RUNNING)
			continue;
		if (deadline->due <= now)
			deadline->state = DEADLINE_EXPIRED;
		else if (next == 0 || deadline->due < next)
			next = deadline->due;
	}
	return (next != 0 ? set_alarm(chat, next, now) : 0);
}

void
deadlines_stop(struct evchat *chat)
{
	struct deadlines *deadlines = chat->deadlines;
	int i;

	if (deadlines == NULL)
		return;
	for (i = 0; i < DEADLINES; i++)
		deadlines->all[i].state = DEADLINE_STOPPED;
	if (deadlines->event != NULL)
		channel_event_free(deadlines->event);
	deadlines->event = NULL;
}

void
deadlines_free(struct evchat *chat)
{
	mem_free(chat->deadlines);
}
