/*
 * Signals that stop a listener. Each is an event of the loop, and only as long
 * as the listener listens: when it is to stop, the loop waits for none of them
 * any more, so that it can return, and the next one does to the program what
 * that signal did before.
 *
 * Locks: to end an event of a signal that another thread is dealing with,
 * libevent waits for its callback, which wants the listener's lock. So that is
 * not held then, and while the listener lives its events end in its loop.
 */

#include <errno.h>
#include <signal.h>

#include <event2/event.h>

#include "listener.h"
#include "mem.h"
#include "stop_signal.h"

/* Without memory for a timer there is no limit. The next signal kills. */
static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	struct stop_signal *signal = arg;
	struct evchat_listener *listener = signal->listener;

	(void)number;
	(void)what;
	members_lock(&listener->members);
	if (listener->state == LISTENER_LISTENING) {
		if (stopping_begin(listener, signal->is_limited ?
		    &signal->grace : NULL) == -1)
			(void)stopping_begin(listener, NULL);
		listener->stopped = signal->stopped;
		listener->stopped_arg = signal->arg;
	}
	members_unlock(&listener->members);
}

void
stop_signal_end(struct stop_signal *first)
{
	for (; first != NULL; first = first->next)
		(void)event_del_noblock(first->event);
}

static void
on_finalized(struct event *event, void *arg)
{
	struct stop_signal *signal = arg;

	(void)event;
	listener_let_go(signal->listener);
	mem_free(signal);
}

void
stop_signal_free(struct stop_signal *first)
{
	struct stop_signal *next;

	for (; first != NULL; first = next) {
		next = first->next;
		(void)event_free_finalize(0, first->event, on_finalized);
	}
}

/* Making */

static struct stop_signal *
find(struct evchat_listener *listener, int number)
{
	struct stop_signal *signal = listener->signals;

	while (signal != NULL && signal->number != number)
		signal = signal->next;
	return (signal);
}

/* Without memory libevent may leave its handler behind. */
static int
add_event(struct stop_signal *signal)
{
	struct sigaction before;

	(void)sigaction(signal->number, NULL, &before);
	if (event_add(signal->event, NULL) == 0)
		return (0);
	(void)sigaction(signal->number, &before, NULL);
	return (-1);
}

/* NULL with errno ENOMEM. */
static struct stop_signal *
signal_new(struct evchat_listener *listener, int number)
{
	struct stop_signal *signal = mem_calloc(sizeof(*signal));

	if (signal == NULL)
		return (NULL);
	signal->listener = listener;
	signal->number = number;
	signal->event = evsignal_new(listener->base, number, on_signal,
	    signal);
	if (signal->event == NULL || add_event(signal) == -1) {
		if (signal->event != NULL)
			event_free(signal->event);
		mem_free(signal);
		errno = ENOMEM;
		return (NULL);
	}
	listener_hold(listener);
	signal->next = listener->signals;
	listener->signals = signal;
	return (signal);
}

/* Under the lock: one of this number. NULL with errno, and as it was. */
static struct stop_signal *
find_or_make(struct evchat_listener *listener, int number)
{
	struct stop_signal *signal = find(listener, number);

	if (listener->state != LISTENER_LISTENING) {
		errno = EBADF;
		return (NULL);
	}
	return (signal != NULL ? signal : signal_new(listener, number));
}

/* libevent would print what it does not like. */
static bool
can_be_caught(int number)
{
	struct sigaction action;

	return (number != SIGKILL && number != SIGSTOP &&
	    sigaction(number, NULL, &action) == 0);
}

int
evchat_listener_stop_on(struct evchat_listener *listener, int number,
    const struct timeval *grace, evchat_stopped_cb stopped, void *arg)
{
	struct stop_signal *signal;

	if (!can_be_caught(number) || !stopping_is_grace(grace)) {
		errno = EINVAL;
		return (-1);
	}
	members_lock(&listener->members);
	if ((signal = find_or_make(listener, number)) != NULL) {
		signal->is_limited = grace != NULL;
		if (grace != NULL)
			signal->grace = *grace;
		signal->stopped = stopped;
		signal->arg = arg;
	}
	members_unlock(&listener->members);
	return (signal != NULL ? 0 : -1);
}
