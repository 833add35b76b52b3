#ifndef LISTENER_H
#define LISTENER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/time.h>

#include "api.h"
#include "listening.h"
#include "members.h"
#include "stop_signal.h"

struct event;
struct event_base;

/*
 * A listener:
 *
 *	LISTENING --stop--> LAST_ONES --no more--> DRAINING --empty--> IDLE
 *	    |                   |                     |                 |
 *	    +-------------------+------------+--------+------free-------+
 *	                                 v
 *	                               FREED
 *
 * The socket is open in the first two. In FREED nothing of the application is
 * called any more; the memory stays until the last channel and the last event
 * have gone.
 */
enum listener_state {
	LISTENER_LISTENING,
	LISTENER_LAST_ONES, /* what waits is accepted, and no more */
	LISTENER_DRAINING,  /* its channels are to end */
	LISTENER_IDLE,      /* all have, and that was told */
	LISTENER_FREED
};

/* All below holds is protected by the lock of members. */
struct evchat_listener {
	/* Life. */
	struct event_base *base;
	unsigned chat_options;   /* of its channels */
	struct members members;  /* its channels */
	atomic_uint holds;       /* of the memory: the application's, channels',
				    events', callbacks' */
	enum listener_state state;

	/* The application. */
	evchat_accept_cb accept;
	void *accept_arg;
	evchat_listener_error_cb error;
	void *error_arg;
	evchat_stopped_cb stopped;
	void *stopped_arg;

	/* Accepting. */
	struct listening socket;
	struct event *ready;     /* the socket has a connection */
	bool awaited;            /* ready is added */
	struct event *wake;      /* something is to be done */
	bool paused;
	size_t max;              /* channels; 0: any number */
	bool backing_off;        /* until wake comes */
	int retry_ms;            /* for so long; 0: it went well last time */
	int eager;               /* tries that need not wait: a descriptor is
				    about to be closed */
	bool told;               /* the error, since it went well */

	/* Stopping. */
	struct event *grace;     /* its end */
	bool grace_over;
	int last_ones;           /* so many may have been waiting */
	int passes;              /* of the loop, before channels are closed */
	struct stop_signal *signals; /* that have it stop */
};

/* The channel ends, under its lock: its listener, if any, has room. */
void listener_leave(struct evchat *chat);

/* listener.c */

void listener_hold(struct evchat_listener *listener);
void listener_let_go(struct evchat_listener *listener);
bool listener_is_freed(const struct evchat_listener *listener);
/* Under the lock: have a turn, soon, that does what there is to do. */
void listener_wake(struct evchat_listener *listener);
/* The same after a time; not if it was freed. */
void listener_wake_in(struct evchat_listener *listener,
    const struct timeval *tv);
/* Under the lock: the socket has done its duty. */
void listener_close(struct evchat_listener *listener);

/* accepting.c */

/* Accept what waits, as far as that is allowed; not all at once. */
void accepting_turn(struct evchat_listener *listener);
/* Under the lock: wait for connections, or do not, as it is now. */
void accepting_settle(struct evchat_listener *listener);

/* stopping.c */

/* What there is to do when the listener is to stop. */
void stopping_turn(struct evchat_listener *listener);
/* Under the lock: it is to. -1 with errno ENOMEM, and as it was. */
int stopping_begin(struct evchat_listener *listener,
    const struct timeval *grace);
/* Can channels have so long? NULL is for ever. */
bool stopping_is_grace(const struct timeval *grace);

#endif
