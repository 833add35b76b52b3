/*
 * Connecting: addresses are tried in turn, each when the one before it has
 * failed.
 *
 * connect(2) is called here, with a socket of our own, and libevent only waits
 * for what comes of it. What fails at once is so told like what fails later,
 * with its errno, and no callback comes inside of anything. Until there is a
 * connection, the channel does not read: one who only waits to write learns of
 * the outcome once, and of data after it.
 *
 * A failed attempt's descriptor is closed here, and the next one is tried in a
 * turn. By then whatever was still to be told of the old one has come, and was
 * passed over, for only while TRYING does anybody listen.
 */

#define _DEFAULT_SOURCE /* for what event2/util.h makes of timeval macros */

#include <errno.h>
#include <sys/socket.h>

#include <event2/bufferevent.h>
#include <event2/util.h>

#include "channel.h"
#include "connect.h"

/* Failure */

static void
fail(struct evchat *chat, enum evchat_reason why, int error)
{
	chat->attempts->state = ATTEMPTS_OVER;
	notice_fail_as(chat, why, error, false);
}

void
attempts_fail(struct evchat *chat, int error)
{
	fail(chat, EVCHAT_REASON_CONNECT, error);
}

void
attempts_fail_name(struct evchat *chat, int error)
{
	chat->error_text = evutil_gai_strerror(error);
	fail(chat, EVCHAT_REASON_CONNECT, 0);
}

void
attempts_no_memory(struct evchat *chat)
{
	fail(chat, EVCHAT_REASON_NO_MEMORY, 0);
}

/* One address */

/* @return a socket that is connected or going to be; -1 with errno */
static evutil_socket_t
connect_to(const struct address *address)
{
	const struct sockaddr *sa = (const struct sockaddr *)&address->sa;
	evutil_socket_t fd = socket(sa->sa_family, SOCK_STREAM,
	    address->protocol);
	int error;

	if (fd == -1)
		return (-1);
	if (evutil_make_socket_nonblocking(fd) == 0 &&
	    evutil_make_socket_closeonexec(fd) == 0 &&
	    (connect(fd, sa, address->len) == 0 ||
	    errno == EINPROGRESS || errno == EINTR))
		return (fd);
	error = errno;
	(void)evutil_closesocket(fd);
	errno = error;
	return (-1);
}

/* Another descriptor, or -1, for which libevent forgets the priority. */
static int
set_fd(struct bufferevent *bev, evutil_socket_t fd)
{
	int priority = bufferevent_get_priority(bev), done = 0;

	(void)bufferevent_setfd(bev, fd);
	/* Without an address it waits for what was begun. */
	if (fd != -1)
		done = bufferevent_socket_connect(bev, NULL, 0);
	(void)bufferevent_priority_set(bev, priority);
	return (done);
}

static void
drop_fd(struct bufferevent *bev)
{
	evutil_socket_t fd = bufferevent_getfd(bev);

	(void)set_fd(bev, -1);
	(void)evutil_closesocket(fd);
}

/* One attempt has failed. */
static void
failed(struct evchat *chat, int error)
{
	struct attempts *attempts = chat->attempts;

	if (attempts->next < attempts->count)
		attempts->state = ATTEMPTS_READY;
	else
		attempts_fail(chat, error);
}

/* Each gets an equal share of the time that is left for all. */
static int
set_time(struct evchat *chat)
{
	const struct attempts *attempts = chat->attempts;

	if (!deadline_has_limit(chat, DEADLINE_CONNECT))
		return (0);
	if (deadline_get(chat, DEADLINE_CONNECT) == DEADLINE_STOPPED &&
	    deadline_start(chat, DEADLINE_CONNECT) == -1)
		return (-1);
	return (deadline_start_for(chat, DEADLINE_ATTEMPT,
	    deadline_left(chat, DEADLINE_CONNECT) /
	    (attempts->count - attempts->next + 1)));
}

static void
try_next(struct evchat *chat)
{
	struct attempts *attempts = chat->attempts;
	evutil_socket_t fd = connect_to(&attempts->addresses[attempts->next++]);

	attempts->state = ATTEMPTS_TRYING;
	if (fd == -1)
		failed(chat, errno);
	else if (set_fd(chat->bev, fd) == -1 || set_time(chat) == -1) {
		drop_fd(chat->bev);
		attempts_no_memory(chat);
	}
}

/* All of them */

void
attempts_go_on(struct evchat *chat)
{
	reading_set(chat);
	if (chat->attempts->state == ATTEMPTS_NAMED)
		lookup_begin(chat);
	/* What was left to libevent may have failed inside of that. */
	while (chat->attempts != NULL &&
	    chat->attempts->state == ATTEMPTS_READY)
		try_next(chat);
}

bool
attempts_note(struct evchat *chat, short what, int error)
{
	enum attempts_state state = chat->attempts->state;

	if (state == ATTEMPTS_LEFT ||
	    (state == ATTEMPTS_TRYING && (what & BEV_EVENT_CONNECTED))) {
		attempts_end(chat);
		return (false);
	}
	if (state == ATTEMPTS_TRYING) {
		drop_fd(chat->bev);
		failed(chat, error);
	}
	return (true);
}

void
attempts_expired(struct evchat *chat)
{
	if (chat->attempts->state == ATTEMPTS_TRYING) {
		drop_fd(chat->bev);
		failed(chat, ETIMEDOUT);
	}
	channel_wake(chat);
}

void
attempts_give_up(struct evchat *chat)
{
	if (chat->attempts->state == ATTEMPTS_TRYING)
		drop_fd(chat->bev);
	lookup_cancel(chat);
	if (chat->attempts->state != ATTEMPTS_OVER)
		attempts_fail(chat, ETIMEDOUT);
	channel_wake(chat);
}

bool
attempts_may_detach(const struct evchat *chat)
{
	return (chat->attempts->state == ATTEMPTS_TRYING);
}

void
attempts_end(struct evchat *chat)
{
	lookup_cancel(chat);
	deadline_stop(chat, DEADLINE_ATTEMPT);
	connect_free(chat->attempts);
	chat->attempts = NULL;
}
