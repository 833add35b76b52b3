/*
 * The kinds of bufferevent. libevent does not tell them apart in public, but for
 * the table of functions that each kind has one of, which event2/
 * bufferevent_struct.h shows: a socket's is learned once a process from a
 * bufferevent made for the purpose.
 */

#include <errno.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include <event2/bufferevent.h>
#include <event2/bufferevent_struct.h>
#include <event2/event.h>

#include "queue.h"
#include "transport.h"

/* The functions of socket bufferevents; written once, always the same value. */
static const void *_Atomic socket_ops;

static const void *
ops_of_sockets(struct event_base *base)
{
	const void *ops = atomic_load(&socket_ops);
	struct bufferevent *probe;

	if (ops == NULL &&
	    (probe = bufferevent_socket_new(base, -1, 0)) != NULL) {
		ops = probe->be_ops;
		atomic_store(&socket_ops, ops);
		bufferevent_free(probe);
	}
	return (ops);
}

enum transport_kind
transport_kind_of(struct bufferevent *bev)
{
	if (bev->be_ops == ops_of_sockets(bufferevent_get_base(bev)))
		return (TRANSPORT_SOCKET);
	if (bufferevent_pair_get_partner(bev) != NULL)
		return (TRANSPORT_PAIR);
	return (TRANSPORT_LAYERED);
}

static struct bufferevent *
bottom(struct bufferevent *bev)
{
	struct bufferevent *below;

	while ((below = bufferevent_get_underlying(bev)) != NULL)
		bev = below;
	return (bev);
}

/* The descriptor that all goes to; -1 if there is none. */
static evutil_socket_t
bottom_fd(struct bufferevent *bev)
{
	return (bufferevent_getfd(bottom(bev)));
}

bool
transport_is_connecting(struct bufferevent *bev)
{
	struct sockaddr_storage name;
	socklen_t len = sizeof(name);
	evutil_socket_t fd = bottom_fd(bev);

	if (fd == -1)
		return (transport_kind_of(bottom(bev)) == TRANSPORT_SOCKET);
	return (getpeername(fd, (struct sockaddr *)&name, &len) == -1 &&
	    errno == ENOTCONN);
}

size_t
transport_output_length(struct bufferevent *bev)
{
	size_t len = 0;

	for (; bev != NULL; bev = bufferevent_get_underlying(bev))
		len += evbuffer_get_length(bufferevent_get_output(bev));
	return (len);
}

int
transport_watch(struct bufferevent *bev, evbuffer_cb_func wake, void *arg)
{
	struct bufferevent *below = bev;

	while ((below = bufferevent_get_underlying(below)) != NULL) {
		if (evbuffer_add_cb(bufferevent_get_output(below), wake,
		    arg) == NULL) {
			transport_unwatch(bev, wake, arg);
			errno = ENOMEM;
			return (-1);
		}
	}
	return (0);
}

void
transport_unwatch(struct bufferevent *bev, evbuffer_cb_func wake, void *arg)
{
	while ((bev = bufferevent_get_underlying(bev)) != NULL)
		(void)evbuffer_remove_cb(bufferevent_get_output(bev), wake, arg);
}

int
transport_write(struct bufferevent *bev, enum transport_kind kind)
{
	if (kind != TRANSPORT_SOCKET ||
	    evbuffer_get_length(bufferevent_get_output(bev)) == 0 ||
	    event_pending(&bev->ev_write, EV_WRITE, NULL))
		return (0);
	return (bufferevent_enable(bev, EV_WRITE));
}

/* A pair passes this on to its peer as EOF, so it must come only once. */
static void
flush_last(struct bufferevent *bev)
{
	(void)bufferevent_flush(bev, EV_WRITE, BEV_FINISHED);
}

void
transport_finish(struct bufferevent *bev)
{
	if (bottom(bev) != bev)
		flush_last(bev);
}

void
transport_shut_write(struct bufferevent *bev)
{
	evutil_socket_t fd = bottom_fd(bev);

	if (fd != -1)
		(void)shutdown(fd, SHUT_WR);
	else
		transport_hang_up(bev, true);
}

void
transport_hang_up(struct bufferevent *bev, bool finished)
{
	/* A layer that was finished has finished what is beneath it, too. */
	if (bottom_fd(bev) == -1 && !(finished && bottom(bev) != bev))
		flush_last(bottom(bev));
}

void
transport_shut(struct bufferevent *bev)
{
	evutil_socket_t fd = bottom_fd(bev);

	if (fd != -1)
		(void)shutdown(fd, SHUT_RDWR);
}

bool
transport_lingers(struct bufferevent *bev)
{
	return (bottom_fd(bev) != -1);
}

void
transport_drop_output(struct bufferevent *bev)
{
	struct evbuffer *output = bufferevent_get_output(bev);
	bool frozen;

	if (evbuffer_get_length(output) == 0)
		return;
	/* Some kinds keep others from draining it, and some do not. */
	frozen = evbuffer_drain(output, 0) == -1;
	if (frozen)
		(void)evbuffer_unfreeze(output, 1);
	queue_drop(output);
	if (frozen)
		(void)evbuffer_freeze(output, 1);
}

/* Append a copy of what from holds, in one piece; -1 if there is no memory. */
static int
append_copy(struct evbuffer *to, struct evbuffer *from)
{
	size_t len = evbuffer_get_length(from);
	struct evbuffer_iovec vec;

	if (len == 0)
		return (0);
	if (evbuffer_reserve_space(to, (ev_ssize_t)len, &vec, 1) != 1)
		return (-1);
	vec.iov_len = len;
	(void)evbuffer_copyout(from, vec.iov_base, len);
	return (evbuffer_commit_space(to, &vec, 1));
}

int
transport_own_output(struct bufferevent *bev, struct evbuffer *behind)
{
	struct evbuffer *output = bufferevent_get_output(bev);
	struct evbuffer *copy = evbuffer_new();
	int copied = -1;

	if (copy != NULL && append_copy(copy, output) == 0 &&
	    append_copy(copy, behind) == 0) {
		transport_drop_output(bev);
		queue_drop(behind);
		copied = evbuffer_add_buffer(output, copy);
	} else
		errno = ENOMEM;
	if (copy != NULL)
		evbuffer_free(copy);
	return (copied);
}
