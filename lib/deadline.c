/*
 * Deadlines of a channel, on libevent's timers.
 */

#define _DEFAULT_SOURCE /* for what event2/util.h makes of timeval macros */

#include <event2/event.h>

#include "channel.h"
#include "deadline.h"

void
deadline_init(struct deadline *deadline, struct evchat *chat,
    void (*expired)(evutil_socket_t, short, void *))
{
	deadline->chat = chat;
	deadline->expired = expired;
}

void
deadline_free(struct deadline *deadline)
{
	if (deadline->event != NULL)
		channel_event_free(deadline->event);
	deadline->event = NULL;
	deadline->has_limit = deadline->running = false;
}

void
deadline_set(struct deadline *deadline, const struct timeval *tv)
{
	deadline->has_limit = tv != NULL;
	if (tv != NULL)
		deadline->limit = *tv;
	else
		deadline_stop(deadline);
}

int
deadline_start(struct deadline *deadline)
{
	if (!deadline->has_limit)
		return (0);
	return (deadline_start_for(deadline, &deadline->limit));
}

int
deadline_start_for(struct deadline *deadline, const struct timeval *limit)
{
	if (deadline->event == NULL) {
		deadline->event = channel_event_new(deadline->chat,
		    deadline->expired);
		if (deadline->event == NULL)
			return (-1);
	}
	deadline->running = true;
	deadline->frozen = false;
	return (event_add(deadline->event, limit));
}

int
deadline_thaw(struct deadline *deadline)
{
	if (!deadline->frozen)
		return (0);
	deadline->frozen = false;
	return (event_add(deadline->event, &deadline->left));
}

void
deadline_freeze(struct deadline *deadline)
{
	struct timeval when, now;

	if (!deadline->running || deadline->frozen)
		return;
	deadline->frozen = true;
	evutil_timerclear(&deadline->left);
	(void)evutil_gettimeofday(&now, NULL);
	if (event_pending(deadline->event, EV_TIMEOUT, &when) &&
	    evutil_timercmp(&when, &now, >))
		evutil_timersub(&when, &now, &deadline->left);
	(void)event_del_noblock(deadline->event);
}

void
deadline_stop(struct deadline *deadline)
{
	if (deadline->running && !deadline->frozen)
		(void)event_del_noblock(deadline->event);
	deadline->running = deadline->frozen = false;
}
