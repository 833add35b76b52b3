/*
 * The life of a listener, and its public calls.
 *
 * The application frees it while channels, events and other threads may still
 * refer to it. So its memory is held by each of them: the application until
 * it frees, a channel until it ends, an event until libevent has finalized
 * it, and a callback while it runs. A channel need not be visited when its
 * listener is freed, then: it finds out by itself that there is none any
 * more.
 *
 * Locks: a channel's is taken before the listener's, which is that of its
 * members; so no channel is called while the listener's is held.
 */

#include <errno.h>
#include <string.h>

#include <event2/event.h>

#include "channel.h"
#include "listener.h"
#include "mem.h"

#define CHAT_OPTIONS (CHANNEL_OPTIONS | EVCHAT_OPT_THREADSAFE)
#define ALL_OPTIONS (CHAT_OPTIONS | EVCHAT_LISTENER_REUSEPORT | \
    EVCHAT_LISTENER_IPV6ONLY | EVCHAT_LISTENER_UNLINK)
#define EAGER_TRIES 2 /* passes of the loop between closed and close */

/* Memory */

void
listener_hold(struct evchat_listener *listener)
{
	atomic_fetch_add_explicit(&listener->holds, 1, memory_order_relaxed);
}

void
listener_let_go(struct evchat_listener *listener)
{
	if (atomic_fetch_sub_explicit(&listener->holds, 1,
	    memory_order_acq_rel) != 1)
		return;
	members_free(&listener->members);
	mem_free(listener);
}

bool
listener_is_freed(const struct evchat_listener *listener)
{
	bool freed;

	members_lock(&listener->members);
	freed = listener->state == LISTENER_FREED;
	members_unlock(&listener->members);
	return (freed);
}

/* Events */

static void
turn(struct evchat_listener *listener)
{
	listener_hold(listener);
	accepting_turn(listener);
	stopping_turn(listener);
	listener_let_go(listener);
}

static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	turn(arg);
}

static void
on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct evchat_listener *listener = arg;

	(void)fd;
	(void)what;
	members_lock(&listener->members);
	listener->backing_off = false;
	members_unlock(&listener->members);
	turn(listener);
}

static void
on_grace(evutil_socket_t fd, short what, void *arg)
{
	struct evchat_listener *listener = arg;

	(void)fd;
	(void)what;
	members_lock(&listener->members);
	listener->grace_over = true;
	members_unlock(&listener->members);
	turn(listener);
}

void
listener_wake_in(struct evchat_listener *listener, const struct timeval *tv)
{
	/* Without memory for the timer, spinning is better than hanging. */
	if (event_add(listener->wake, tv) == -1)
		event_active(listener->wake, EV_TIMEOUT, 0);
}

/* By a timer of no time, it is fair to all others; see channel_yield. */
void
listener_wake(struct evchat_listener *listener)
{
	static const struct timeval now;

	if (listener->state != LISTENER_FREED)
		listener_wake_in(listener, &now);
}

static void
on_finalized(struct event *event, void *arg)
{
	(void)event;
	listener_let_go(arg);
}

/* Another thread may be in its callback, waiting for the lock held here. */
static void
finalize(struct event **event)
{
	if (*event != NULL)
		(void)event_free_finalize(0, *event, on_finalized);
	*event = NULL;
}

static struct event *
event_of(struct evchat_listener *listener, int fd, short what,
    event_callback_fn fn)
{
	struct event *event = event_new(listener->base, fd, what, fn,
	    listener);

	if (event != NULL)
		listener_hold(listener);
	return (event);
}

void
listener_close(struct evchat_listener *listener)
{
	if (listener->awaited)
		(void)event_del_noblock(listener->ready);
	listener->awaited = false;
	listening_close(&listener->socket);
}

/* Making */

static int
begin(struct evchat_listener *listener, const struct listening *socket)
{
	listener->socket = *socket;
	listener->ready = event_of(listener, socket->fd, EV_READ | EV_PERSIST,
	    on_ready);
	listener->wake = event_of(listener, -1, 0, on_wake);
	listener->grace = event_of(listener, -1, 0, on_grace);
	if (listener->ready == NULL || listener->wake == NULL ||
	    listener->grace == NULL ||
	    event_add(listener->ready, NULL) == -1) {
		errno = ENOMEM;
		return (-1);
	}
	listener->awaited = true;
	return (0);
}

/* No loop has called it. */
static void
half_built_free(struct evchat_listener *listener)
{
	struct event *events[] = { listener->ready, listener->wake,
	    listener->grace };
	size_t i;

	for (i = 0; i < sizeof(events) / sizeof(events[0]); i++)
		if (events[i] != NULL)
			event_free(events[i]);
	listening_close(&listener->socket);
	members_free(&listener->members);
	mem_free(listener);
}

/* The socket is taken. */
static struct evchat_listener *
listener_new(struct event_base *base, evchat_accept_cb accept, void *arg,
    unsigned options, struct listening *socket)
{
	struct evchat_listener *listener = mem_calloc(sizeof(*listener));
	int error;

	if (listener == NULL || members_init(&listener->members, listener,
	    options & EVCHAT_OPT_THREADSAFE) == -1) {
		error = errno;
		mem_free(listener);
		listening_close(socket);
		errno = error;
		return (NULL);
	}
	atomic_init(&listener->holds, 1);
	listener->base = base;
	listener->accept = accept;
	listener->accept_arg = arg;
	listener->chat_options = options & CHAT_OPTIONS;
	if (begin(listener, socket) == -1) {
		half_built_free(listener);
		errno = ENOMEM;
		return (NULL);
	}
	return (listener);
}

static bool
is_sound(struct event_base *base, evchat_accept_cb accept, unsigned options)
{
	errno = EINVAL;
	return (base != NULL && accept != NULL &&
	    (options & ~ALL_OPTIONS) == 0);
}

struct evchat_listener *
evchat_listener_new_bind(struct event_base *base, evchat_accept_cb accept,
    void *arg, unsigned options, int backlog, const struct sockaddr *sa,
    int socklen)
{
	struct listening socket;

	if (!is_sound(base, accept, options) ||
	    listening_bind(&socket, options, backlog, sa, socklen) == -1)
		return (NULL);
	return (listener_new(base, accept, arg, options, &socket));
}

struct evchat_listener *
evchat_listener_new(struct event_base *base, evchat_accept_cb accept,
    void *arg, unsigned options, int backlog, evutil_socket_t fd)
{
	struct listening socket;

	if (!is_sound(base, accept, options)) {
		if (fd != -1)
			(void)evutil_closesocket(fd);
		errno = EINVAL;
		return (NULL);
	}
	if (listening_adopt(&socket, options, backlog, fd) == -1)
		return (NULL);
	return (listener_new(base, accept, arg, options, &socket));
}

void
evchat_listener_free(struct evchat_listener *listener)
{
	struct stop_signal *signals;

	if (listener == NULL)
		return;
	members_lock(&listener->members);
	listener_close(listener);
	listener->state = LISTENER_FREED;
	finalize(&listener->ready);
	finalize(&listener->wake);
	finalize(&listener->grace);
	signals = listener->signals;
	listener->signals = NULL;
	members_unlock(&listener->members);
	stop_signal_free(signals);
	listener_let_go(listener);
}

/* Its channels */

void
listener_leave(struct evchat *chat)
{
	struct member *member = chat->in_listener;
	struct evchat_listener *listener;

	if (member == NULL)
		return;
	chat->in_listener = NULL;
	listener = member->of->owner;
	members_lock(&listener->members);
	members_remove(member);
	if (listener->backing_off) {
		listener->retry_ms = 0;
		listener->eager = EAGER_TRIES;
		listener_wake(listener);
	} else if (listener->state == LISTENER_DRAINING &&
	    listener->members.count == 0)
		listener_wake(listener);
	else
		accepting_settle(listener);
	members_unlock(&listener->members);
	listener_let_go(listener);
}

struct evchat_listener *
evchat_get_listener(const struct evchat *chat)
{
	struct bufferevent *bev = channel_lock(chat);
	struct evchat_listener *listener = NULL;

	if (chat->in_listener != NULL) {
		listener = chat->in_listener->of->owner;
		if (listener_is_freed(listener))
			listener = NULL;
	}
	channel_unlock(bev);
	return (listener);
}

/* Settings */

static void
set_paused(struct evchat_listener *listener, bool paused)
{
	members_lock(&listener->members);
	listener->paused = paused;
	accepting_settle(listener);
	members_unlock(&listener->members);
}

void
evchat_listener_pause(struct evchat_listener *listener)
{
	set_paused(listener, true);
}

void
evchat_listener_resume(struct evchat_listener *listener)
{
	set_paused(listener, false);
}

void
evchat_listener_set_max(struct evchat_listener *listener, size_t max)
{
	members_lock(&listener->members);
	listener->max = max;
	accepting_settle(listener);
	members_unlock(&listener->members);
}

void
evchat_listener_set_error_cb(struct evchat_listener *listener,
    evchat_listener_error_cb error, void *arg)
{
	members_lock(&listener->members);
	listener->error = error;
	listener->error_arg = arg;
	members_unlock(&listener->members);
}

/* Asking */

size_t
evchat_listener_get_count(const struct evchat_listener *listener)
{
	return (members_count(&listener->members));
}

int
evchat_listener_get_address(const struct evchat_listener *listener,
    struct sockaddr *sa, int *socklen)
{
	socklen_t len = (socklen_t)*socklen;
	int result;

	members_lock(&listener->members);
	result = getsockname(listener->socket.fd, sa, &len);
	members_unlock(&listener->members);
	if (result == 0)
		*socklen = (int)len;
	return (result);
}

struct event_base *
evchat_listener_get_base(const struct evchat_listener *listener)
{
	return (listener->base);
}
