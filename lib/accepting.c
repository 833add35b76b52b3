/*
 * How a listener accepts. libevent's evconnlistener would not do: it does not
 * say which error there was, calls back again and again when descriptors have
 * run out and, before 2.1.9, goes on accepting when a callback has disabled
 * it.
 *
 * The invariant: the socket is waited for (awaited) exactly while a
 * connection could be accepted. So the loop is not called for what has to
 * wait: not in a pause, nor with as many channels as there may be, nor when
 * the system has run out of something. In that case the listener backs off,
 * until wake.
 *
 * The lock is held while accept4 is called, which does not block, so that no
 * other thread closes the descriptor under it; never while something of the
 * application's is called, or of a channel's.
 */

#include <errno.h>
#include <string.h>

#include <event2/event.h>

#include "channel.h"
#include "listener.h"

#define AT_ONCE 16 /* connections, before others have their turn */
#define RETRY_FIRST_MS 10
#define RETRY_MOST_MS 1000

enum outcome { ACCEPTED, PASSED_OVER, NO_MORE };

static bool
may_accept(const struct evchat_listener *listener)
{
	switch (listener->state) {
	case LISTENER_LISTENING:
		return (!listener->paused && !listener->backing_off &&
		    (listener->max == 0 ||
		    listener->members.count < listener->max));
	case LISTENER_LAST_ONES:
		return (listener->last_ones > 0);
	default:
		return (false);
	}
}

/* Backing off */

static void
back_off(struct evchat_listener *listener)
{
	struct timeval tv = { 0 };
	int ms = listener->retry_ms * 2;

	if (ms < RETRY_FIRST_MS)
		ms = RETRY_FIRST_MS;
	if (ms > RETRY_MOST_MS)
		ms = RETRY_MOST_MS;
	listener->backing_off = true;
	if (listener->eager > 0)
		listener->eager--;
	else {
		listener->retry_ms = ms;
		tv.tv_sec = ms / 1000;
		tv.tv_usec = ms % 1000 * 1000;
	}
	listener_wake_in(listener, &tv);
}

void
accepting_settle(struct evchat_listener *listener)
{
	bool wanted = listener->state == LISTENER_LISTENING &&
	    may_accept(listener);

	if (wanted == listener->awaited)
		return;
	if (!wanted)
		(void)event_del_noblock(listener->ready);
	else if (event_add(listener->ready, NULL) == -1) {
		back_off(listener);
		return;
	}
	listener->awaited = wanted;
}

/* A connection could not be had. When stopping, that is all there is. */
static void
fail(struct evchat_listener *listener, int error)
{
	evchat_listener_error_cb tell = NULL;
	void *arg = NULL;

	members_lock(&listener->members);
	if (listener->state == LISTENER_LISTENING)
		back_off(listener);
	listener->last_ones = 0;
	if (listener->state != LISTENER_FREED && !listener->told) {
		listener->told = true;
		tell = listener->error;
		arg = listener->error_arg;
	}
	members_unlock(&listener->members);
	if (tell != NULL)
		tell(listener, error, arg);
}

/* Accepting */

/* Errors of one connection, which is gone; those of a network are such. */
static bool
is_passing(int error)
{
	switch (error) {
	case EINTR:
	case ECONNABORTED:
	case ECONNRESET:
	case EPROTO:
	case EPERM: /* a firewall's word */
	case ENOPROTOOPT:
	case ENETDOWN:
	case ENETUNREACH:
	case EHOSTDOWN:
	case EHOSTUNREACH:
	case ETIMEDOUT:
		return (true);
	default:
		return (false);
	}
}

/* The channel belongs to the listener before the application sees it. */
static bool
join(struct evchat_listener *listener, struct evchat *chat)
{
	struct bufferevent *bev = channel_lock(chat);
	bool joined;

	chat->in_listener = members_add(&listener->members, chat);
	joined = chat->in_listener != NULL;
	if (joined)
		listener_hold(listener);
	channel_unlock(bev);
	return (joined);
}

static enum outcome
welcome(struct evchat_listener *listener, int fd, struct sockaddr *peer,
    socklen_t len)
{
	struct evchat *chat = evchat_socket_new(listener->base, fd, NULL, NULL,
	    listener->chat_options);
	bool freed;

	if (chat == NULL || !join(listener, chat)) {
		fail(listener, errno);
		evchat_free(chat);
		return (NO_MORE);
	}
	members_lock(&listener->members);
	listener->retry_ms = 0;
	listener->told = false;
	freed = listener->state == LISTENER_FREED;
	members_unlock(&listener->members);
	if (freed)
		evchat_free(chat);
	else
		listener->accept(listener, chat, peer, (int)len,
		    listener->accept_arg);
	return (ACCEPTED);
}

static bool
is_over(int error)
{
	return (error == EAGAIN || error == EWOULDBLOCK);
}

static void
count_last_one(struct evchat_listener *listener, bool over)
{
	if (over)
		listener->last_ones = 0;
	else if (listener->last_ones > 0)
		listener->last_ones--;
}

static enum outcome
accept_next(struct evchat_listener *listener)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);
	int fd = -1, error = EAGAIN;

	memset(&peer, 0, sizeof(peer)); /* of some there is only the family */
	members_lock(&listener->members);
	if (may_accept(listener)) {
		fd = listening_accept(&listener->socket,
		    (struct sockaddr *)&peer, &len);
		error = errno;
		count_last_one(listener, fd == -1 && is_over(error));
	}
	members_unlock(&listener->members);
	if (fd != -1)
		return (welcome(listener, fd, (struct sockaddr *)&peer, len));
	if (is_passing(error))
		return (PASSED_OVER);
	if (!is_over(error))
		fail(listener, error);
	return (NO_MORE);
}

void
accepting_turn(struct evchat_listener *listener)
{
	enum outcome outcome = ACCEPTED;
	int n;

	for (n = 0; n < AT_ONCE && outcome != NO_MORE; n++)
		outcome = accept_next(listener);
	members_lock(&listener->members);
	accepting_settle(listener);
	members_unlock(&listener->members);
}
