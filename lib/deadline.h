#ifndef DEADLINE_H
#define DEADLINE_H

#include <stdbool.h>
#include <sys/time.h>

#include <event2/util.h>

struct event;
struct evchat;

/*
 * A time by which something has to have happened. Its clock can be stopped for a
 * while, and goes on where it was.
 */
struct deadline {
	struct evchat *chat;
	void (*expired)(evutil_socket_t, short, void *); /* arg: chat */
	struct event *event;  /* made when it is first started */
	struct timeval limit;
	bool has_limit;
	bool running;         /* started and not stopped; perhaps frozen */
	bool frozen;
	struct timeval left;  /* frozen: of the limit */
};

void deadline_init(struct deadline *deadline, struct evchat *chat,
    void (*expired)(evutil_socket_t, short, void *));
void deadline_free(struct deadline *deadline);
/* tv: NULL for no limit. It holds from the next start on. */
void deadline_set(struct deadline *deadline, const struct timeval *tv);

/* As though this were the limit, which may even be none. -1 with errno ENOMEM. */
int deadline_start_for(struct deadline *deadline, const struct timeval *limit);
/* Each of these does nothing without a limit. The same. */
int deadline_start(struct deadline *deadline); /* anew, if it was running */
int deadline_thaw(struct deadline *deadline);  /* go on, if it was frozen */
void deadline_freeze(struct deadline *deadline);
void deadline_stop(struct deadline *deadline);

#endif
