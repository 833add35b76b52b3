/*
 * How a listener stops: it accepts what waits, closes its socket, asks its
 * channels to end, and tells when they have. All of it is done in turns of
 * the loop; the call only says that it is wanted. So it may be made in any
 * hook, and in any thread, whatever locks that has.
 *
 * Channels are visited while the listener's lock is free, and each is held by
 * a reference: its end calls hooks, which may free others, or the listener.
 */

#include <errno.h>

#include <event2/event.h>

#include "channel.h"
#include "listener.h"

#define READING_PASSES 2 /* of the loop */

static void
for_each(struct evchat_listener *listener, void (*end)(struct evchat *))
{
	struct cursor cursor;
	struct evchat *chat;

	cursor_begin(&cursor, &listener->members);
	while (!listener_is_freed(listener) &&
	    (chat = cursor_next(&cursor)) != NULL) {
		end(chat);
		evchat_decref(chat);
	}
	cursor_end(&cursor);
}

/*
 * Whether it is time to have the channels closed. Those that were just
 * accepted may have been sent something, which is to be answered: so they
 * have had the time to read it.
 */
static bool
is_time_to_close(struct evchat_listener *listener)
{
	if (listener->state == LISTENER_LAST_ONES) {
		if (listener->last_ones <= 0 || listener->grace_over) {
			listener_close(listener);
			listener->state = LISTENER_DRAINING;
			listener->passes = READING_PASSES;
		}
		listener_wake(listener);
		return (false);
	}
	if (listener->state != LISTENER_DRAINING || listener->passes == 0)
		return (false);
	if (--listener->passes > 0)
		listener_wake(listener);
	return (listener->passes == 0);
}

static void
tell_stopped(struct evchat_listener *listener)
{
	evchat_stopped_cb stopped = NULL;
	void *arg = NULL;

	members_lock(&listener->members);
	if (listener->state == LISTENER_DRAINING &&
	    listener->members.count == 0) {
		listener->state = LISTENER_IDLE;
		listener->passes = 0;
		(void)event_del_noblock(listener->grace);
		stopped = listener->stopped;
		arg = listener->stopped_arg;
	}
	members_unlock(&listener->members);
	if (stopped != NULL)
		stopped(listener, arg);
}

void
stopping_turn(struct evchat_listener *listener)
{
	bool drain, grace_over;

	members_lock(&listener->members);
	drain = is_time_to_close(listener);
	grace_over = listener->grace_over;
	if (listener->state != LISTENER_LISTENING)
		stop_signal_end(listener->signals);
	members_unlock(&listener->members);
	if (drain)
		for_each(listener, evchat_close_after_frame);
	if (grace_over)
		for_each(listener, evchat_free);
	tell_stopped(listener);
}

/* -1 with errno, and as it was. */
static int
set_grace(struct evchat_listener *listener, const struct timeval *grace)
{
	if (grace != NULL && event_add(listener->grace, grace) == -1) {
		errno = ENOMEM;
		return (-1);
	}
	if (grace == NULL)
		(void)event_del_noblock(listener->grace);
	listener->grace_over = false;
	return (0);
}

bool
stopping_is_grace(const struct timeval *grace)
{
	return (grace == NULL || (grace->tv_sec >= 0 && grace->tv_usec >= 0 &&
	    grace->tv_usec < 1000000));
}

int
stopping_begin(struct evchat_listener *listener, const struct timeval *grace)
{
	if (set_grace(listener, grace) == -1)
		return (-1);
	if (listener->state == LISTENER_LISTENING) {
		listener->state = LISTENER_LAST_ONES;
		listener->last_ones = listener->socket.waiting_most + 1;
		accepting_settle(listener);
		listening_unlink(&listener->socket);
	} else if (listener->state == LISTENER_IDLE)
		listener->state = LISTENER_DRAINING; /* to tell it again */
	listener_wake(listener);
	return (0);
}

int
evchat_listener_stop(struct evchat_listener *listener,
    const struct timeval *grace, evchat_stopped_cb stopped, void *arg)
{
	int result;

	if (!stopping_is_grace(grace)) {
		errno = EINVAL;
		return (-1);
	}
	members_lock(&listener->members);
	if ((result = stopping_begin(listener, grace)) == 0) {
		listener->stopped = stopped;
		listener->stopped_arg = arg;
	}
	members_unlock(&listener->members);
	return (result);
}
