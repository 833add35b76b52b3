/*
 * The kinds of bufferevent. libevent does not tell them apart in public, but
 * for the table of functions that each kind has one of, which event2/
 * bufferevent_struct.h shows: a socket's is learned once a process from a
 * bufferevent made for the purpose.
 */

#include <errno.h>
#include <poll.h>
#include <stdatomic.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <event2/bufferevent.h>
#include <event2/bufferevent_struct.h>
#include <event2/event.h>

#include "queue.h"
#include "transport.h"

#define WRITE_AT_ONCE ((size_t)256 << 10) /* through what is not a socket */
#define UNLIMITED EV_RATE_LIMIT_MAX       /* above any limit that is one */

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

static bool
is_socket(struct bufferevent *bev)
{
	return (bev->be_ops == ops_of_sockets(bufferevent_get_base(bev)));
}

int
transport_kind_of(struct bufferevent *bev, enum transport_kind *kind)
{
	if (ops_of_sockets(bufferevent_get_base(bev)) == NULL) {
		errno = ENOMEM;
		return (-1);
	}
	if (is_socket(bev))
		*kind = TRANSPORT_SOCKET;
	else if (bufferevent_pair_get_partner(bev) != NULL)
		*kind = TRANSPORT_PAIR;
	else
		*kind = TRANSPORT_LAYERED;
	return (0);
}

evutil_socket_t
transport_fd(struct bufferevent *bev)
{
	return (event_get_fd(&bev->ev_read));
}

bool
transport_is_stream(struct bufferevent *bev)
{
	evutil_socket_t fd = transport_fd(bev);
	int type = 0;
	socklen_t len = sizeof(type);

	return (fd == -1 || (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type,
	    &len) == 0 && type == SOCK_STREAM));
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

/*
 * Why nothing can be read. libevent would lose it, since it takes what it
 * reads behind it for the end. Where bytes wait before it, it comes by itself.
 */
static int
pending_error(evutil_socket_t fd)
{
	int error = 0, waiting = 0;
	socklen_t len = sizeof(error);

	if (ioctl(fd, FIONREAD, &waiting) == 0 && waiting > 0)
		return (0);
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		return (errno);
	return (error);
}

bool
transport_is_connecting(struct bufferevent *bev, int *error)
{
	struct pollfd poller = { .fd = bottom_fd(bev), .events = POLLIN };
	struct sockaddr_storage name;
	socklen_t len = sizeof(name);

	*error = 0;
	if (poller.fd == -1)
		return (is_socket(bottom(bev)));
	if (getpeername(poller.fd, (struct sockaddr *)&name, &len) == 0 ||
	    errno != ENOTCONN)
		return (false);
	/* One that was refused, or was connected and is reset, tells so. */
	(void)poll(&poller, 1, 0);
	if (poller.revents & POLLERR)
		*error = pending_error(poller.fd);
	return ((poller.revents & (POLLIN | POLLERR)) == 0);
}

bool
transport_is_last_output(struct bufferevent *bev,
    const struct evbuffer *output)
{
	return (output == bufferevent_get_output(bottom(bev)));
}

size_t
transport_output_length(struct bufferevent *bev)
{
	size_t len = evbuffer_get_length(bev->output);

	/* Nothing is beneath a socket's. */
	if (bev->be_ops == atomic_load_explicit(&socket_ops,
	    memory_order_relaxed))
		return (len);
	while ((bev = bufferevent_get_underlying(bev)) != NULL)
		len += evbuffer_get_length(bev->output);
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

bool
transport_reads_freely(struct bufferevent *bev, size_t at_once)
{
	/* Of its own limits and of its group's, the least is told. */
	(void)bufferevent_set_max_single_read(bev, UNLIMITED);
	if (bufferevent_get_max_to_read(bev) == UNLIMITED)
		return (true);
	(void)bufferevent_set_max_single_read(bev, at_once);
	return (false);
}

bool
transport_writes_freely(struct bufferevent *bev)
{
	return (transport_fd(bev) != -1 && (bev->enabled & EV_WRITE) &&
	    bufferevent_get_max_to_write(bev) == UNLIMITED);
}

void
transport_write_all(struct bufferevent *bev, enum transport_kind kind)
{
	(void)bufferevent_set_max_single_write(bev, kind == TRANSPORT_SOCKET ?
	    UNLIMITED : WRITE_AT_ONCE);
}

/* Is it enabled, and yet the loop does not wait for it? */
static bool
is_forgotten(struct bufferevent *bev, struct event *event, short what)
{
	return ((bufferevent_get_enabled(bev) & what) &&
	    !event_pending(event, what, NULL));
}

int
transport_revive(struct bufferevent *bev)
{
	short forgotten = 0;

	bev = bottom(bev);
	if (transport_fd(bev) == -1)
		return (0);
	if (is_forgotten(bev, &bev->ev_read, EV_READ))
		forgotten |= EV_READ;
	if (evbuffer_get_length(bufferevent_get_output(bev)) > 0 &&
	    is_forgotten(bev, &bev->ev_write, EV_WRITE))
		forgotten |= EV_WRITE;
	return (forgotten != 0 ? bufferevent_enable(bev, forgotten) : 0);
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

/*
 * To close a descriptor resets its connection if no time is left for what is
 * on its way. Linux does the same at once when the socket is to be connected
 * to nowhere; its descriptor stays open, and who writes to it is told of a
 * reset.
 */
bool
transport_reset(struct bufferevent *bev)
{
	static const struct linger no_time = { .l_onoff = 1, .l_linger = 0 };
	static const struct sockaddr nowhere = { .sa_family = AF_UNSPEC };
	evutil_socket_t fd = bottom_fd(bev);

	if (fd == -1)
		return (false);
	(void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &no_time, sizeof(no_time));
	return (connect(fd, &nowhere, sizeof(nowhere)) == 0);
}

bool
transport_lingers(struct bufferevent *bev)
{
	return (bottom_fd(bev) != -1);
}

/*
 * Some kinds of bufferevent keep others from the start of their outputs, even
 * from copying, and some do not.
 */
static bool
thaw(struct evbuffer *output)
{
	bool frozen = evbuffer_drain(output, 0) == -1;

	if (frozen)
		(void)evbuffer_unfreeze(output, 1);
	return (frozen);
}

static void
freeze_again(struct evbuffer *output, bool frozen)
{
	if (frozen)
		(void)evbuffer_freeze(output, 1);
}

/* Move what bev's output holds to the end of to; NULL: away. */
static void
take_output(struct bufferevent *bev, struct evbuffer *to)
{
	struct evbuffer *output = bufferevent_get_output(bev);
	bool frozen = thaw(output);

	if (to != NULL)
		(void)evbuffer_add_buffer(to, output);
	else
		(void)evbuffer_drain(output, evbuffer_get_length(output));
	freeze_again(output, frozen);
}

void
transport_drain_output(struct bufferevent *bev, size_t len)
{
	struct evbuffer *output = bufferevent_get_output(bev);
	bool frozen = thaw(output);

	(void)evbuffer_drain(output, len);
	freeze_again(output, frozen);
}

void
transport_drop_output(struct bufferevent *bev)
{
	struct evbuffer *dropped;

	if (evbuffer_get_length(bufferevent_get_output(bev)) == 0)
		return;
	/* Cleanups may call anything, so they must not find it half drained. */
	dropped = evbuffer_new();
	take_output(bev, dropped);
	if (dropped != NULL)
		evbuffer_free(dropped);
}

int
transport_copy(struct evbuffer *to, struct evbuffer *from)
{
	size_t len = evbuffer_get_length(from);
	struct evbuffer_iovec vec;
	ev_ssize_t copied;
	bool frozen;

	if (len == 0)
		return (0);
	if (evbuffer_reserve_space(to, (ev_ssize_t)len, &vec, 1) != 1)
		return (-1);
	frozen = thaw(from);
	copied = evbuffer_copyout(from, vec.iov_base, len);
	freeze_again(from, frozen);
	if (copied != (ev_ssize_t)len)
		return (-1);
	vec.iov_len = len;
	return (evbuffer_commit_space(to, &vec, 1));
}

void
transport_swap_output(struct bufferevent *bev, struct evbuffer *new,
    struct evbuffer *old)
{
	take_output(bev, old);
	(void)evbuffer_add_buffer(bufferevent_get_output(bev), new);
}
