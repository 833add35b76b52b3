/*
 * The peer of a channel, in the same loop: a raw socket that reads and writes
 * in odd sizes, or not for a while; see stress.h.
 */

#define _DEFAULT_SOURCE 1
#include <errno.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>
#include "stress.h"

#define PIECE_MAX 6000
#define SENT_MAX 4000  /* at once */

static void
set_event(struct event *event, bool on)
{
	if (event == NULL)
		return;
	if (on)
		ck_assert_int_eq(event_add(event, NULL), 0);
	else
		(void)event_del(event);
}

/* Reading */

static void
read_some(struct stress_side *side)
{
	struct stress_peer *peer = &side->peer;
	char data[PIECE_MAX];
	size_t len = peer->piece;
	ssize_t n;

	if (stress_one_in(side->stress, 3))
		len = stress_length(side->stress, PIECE_MAX);
	n = recv(peer->fd, data, len, 0);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	side->stress->moves++;
	if (n > 0) {
		stress_compare(side, STRESS_OUT, &peer->received, data,
		    (size_t)n);
		stress_must(side, peer->received <= side->pushed,
		    "more arrives than was pushed");
		return;
	}
	set_event(peer->read, false);
	peer->eof = n == 0;
	peer->gone = peer->gone || n == -1;
	/* A channel that closes waits for this. */
	if (side->fate == STRESS_CLOSE) {
		side->in_len = peer->sent;
		stress_peer_end(side);
	}
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	read_some(arg);
}

/* Writing */

static void
shut(struct stress_side *side)
{
	struct stress_peer *peer = &side->peer;

	set_event(peer->write, false);
	if (!peer->ending || peer->shut)
		return;
	(void)shutdown(peer->fd, SHUT_WR);
	peer->shut = true;
	side->stress->moves++;
}

static void
write_some(struct stress_side *side)
{
	struct stress_peer *peer = &side->peer;
	char data[SENT_MAX];
	size_t len = stress_length(side->stress, SENT_MAX);
	ssize_t n;

	if (len > side->in_len - peer->sent)
		len = (size_t)(side->in_len - peer->sent);
	stress_bytes(side, STRESS_IN, peer->sent, data, len);
	n = len == 0 ? 0 : send(peer->fd, data, len, MSG_NOSIGNAL);
	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n == -1) {
		peer->gone = true;
		set_event(peer->write, false);
		return;
	}
	side->stress->moves += n > 0;
	peer->sent += (uint64_t)n;
	if (peer->sent == side->in_len)
		shut(side);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	write_some(arg);
}

/* Life */

void
stress_peer_open(struct stress_side *side, int fd)
{
	struct stress_peer *peer = &side->peer;
	struct event_base *base = side->stress->base;

	ck_assert_int_eq(evutil_make_socket_nonblocking(fd), 0);
	peer->fd = fd;
	peer->piece = stress_length(side->stress, PIECE_MAX);
	peer->read = event_new(base, fd, EV_READ | EV_PERSIST, on_readable,
	    side);
	peer->write = event_new(base, fd, EV_WRITE | EV_PERSIST, on_writable,
	    side);
	ck_assert(peer->read != NULL && peer->write != NULL);
	set_event(peer->read, true);
	set_event(peer->write, true);
}

void
stress_peer_close(struct stress_side *side)
{
	struct stress_peer *peer = &side->peer;

	if (peer->read != NULL)
		event_free(peer->read);
	if (peer->write != NULL)
		event_free(peer->write);
	peer->read = peer->write = NULL;
	if (peer->fd != -1)
		(void)close(peer->fd);
	peer->fd = -1;
}

void
stress_peer_act(struct stress_side *side)
{
	struct stress_peer *peer = &side->peer;
	struct stress *s = side->stress;

	if (peer->fd == -1 || peer->eof || peer->gone)
		return;
	switch (stress_draw(s, 5)) {
	case 0:
		set_event(peer->read, stress_one_in(s, 2));
		break;
	case 1:
		set_event(peer->write, !peer->shut && stress_one_in(s, 2));
		break;
	case 2:
		peer->piece = stress_length(s, PIECE_MAX);
		break;
	default:
		set_event(peer->read, true);
		set_event(peer->write, !peer->shut);
		break;
	}
}

void
stress_peer_stop(struct stress_side *side)
{
	set_event(side->peer.read, false);
	set_event(side->peer.write, false);
}

void
stress_peer_settle(struct stress_side *side)
{
	struct stress_peer *peer = &side->peer;

	if (peer->fd == -1 || peer->gone)
		return;
	peer->piece = PIECE_MAX;
	set_event(peer->read, !peer->eof);
	set_event(peer->write, !peer->shut);
}

void
stress_peer_end(struct stress_side *side)
{
	side->peer.ending = true;
	if (side->peer.fd != -1 && !side->peer.gone &&
	    side->peer.sent == side->in_len)
		shut(side);
}

void
stress_peer_reset(struct stress_side *side)
{
	struct linger now = { .l_onoff = 1 };

	(void)setsockopt(side->peer.fd, SOL_SOCKET, SO_LINGER, &now,
	    sizeof(now));
	stress_peer_close(side);
	side->peer.gone = true;
	side->stress->moves++;
}

/* Asking the kernel */

static uint64_t
waiting(int fd, unsigned long which)
{
	int n = 0;

	return (fd != -1 && ioctl(fd, which, &n) == 0 ? (uint64_t)n : 0);
}

/*
 * What the peer's kernel has not yet got is in the one of the channel. AF_UNIX
 * knows no such place. Bytes go from the one to the other at any time.
 */
bool
stress_has_left(const struct stress_side *side, uint64_t end)
{
	const struct stress_peer *peer = &side->peer;
	uint64_t left = peer->received;

	if (side->stress->wire != STRESS_UNIX && side->bev != NULL)
		left += waiting(bufferevent_getfd(side->bev), TIOCOUTQ);
	left += waiting(peer->fd, FIONREAD);
	return (peer->gone || left >= end);
}

bool
stress_is_taken(const struct stress_side *side)
{
	const struct stress_peer *peer = &side->peer;

	if (peer->fd == -1 || peer->gone || peer->shut || side->bev == NULL)
		return (false);
	return (waiting(bufferevent_getfd(side->bev), FIONREAD) == 0 &&
	    (side->stress->wire == STRESS_UNIX ||
	    waiting(peer->fd, TIOCOUTQ) == 0));
}

uint64_t
stress_waiting(const struct stress_side *side)
{
	if (side->bev == NULL)
		return (0);
	return (waiting(bufferevent_getfd(side->bev), FIONREAD));
}
