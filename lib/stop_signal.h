#ifndef STOP_SIGNAL_H
#define STOP_SIGNAL_H

#include <stdbool.h>
#include <sys/time.h>

#include "api.h"

struct event;
struct evchat_listener;

/* A signal that stops a listener. libevent has its event until it is freed. */
struct stop_signal {
	struct stop_signal *next;
	struct evchat_listener *listener; /* held */
	struct event *event;
	int number;

	/* As for evchat_listener_stop(). */
	bool is_limited;
	struct timeval grace;
	evchat_stopped_cb stopped;
	void *arg;
};

/* In the loop, under the listener's lock: wait for them no more. */
void stop_signal_end(struct stop_signal *first);
/* Without that lock. They call nothing any more. */
void stop_signal_free(struct stop_signal *first);

#endif
