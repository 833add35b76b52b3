/*
 * The peers of the guard's server: raw sockets, which send their round and
 * receive the answers between two passes of the server's loop. Each byte that
 * comes back is compared.
 */

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "guard.h"

struct peer {
	int fd;
	size_t sent;      /* of this round */
	size_t received;
};

struct guard_peers {
	const struct guard_work *work;
	unsigned n;       /* that are there */
	struct peer *peer;
	char *burst;
	size_t len;       /* of it */
	size_t expected;  /* by each peer, in a round */
};

/* Messages: letters, so that no line ends early. */
static void
write_message(const struct guard_work *work, char *at)
{
	size_t i, len = work->len;

	for (i = 0; i < len; i++)
		at[i] = (char)('a' + i % 26);
	switch (work->framing) {
	case GUARD_LENGTH:
		len -= 4;
		for (i = 0; i < 4; i++)
			at[i] = (char)(len >> (8 * (3 - i)));
		break;
	case GUARD_CRLF:
		at[len - 2] = '\r';
		/* FALLTHROUGH */
	case GUARD_LF:
		at[len - 1] = '\n';
		break;
	}
}

static bool
make_burst(struct guard_peers *peers)
{
	const struct guard_work *work = peers->work;
	size_t at;

	peers->len = work->len * work->in_flight;
	if ((peers->burst = malloc(peers->len)) == NULL)
		return (false);
	for (at = 0; at < peers->len; at += work->len)
		write_message(work, peers->burst + at);
	if (work->answer == GUARD_ECHO)
		peers->expected = peers->len;
	else if (work->answer == GUARD_BROADCAST)
		peers->expected = peers->len * work->connections;
	return (true);
}

static bool
connect_all(struct guard_peers *peers, int *fds)
{
	int pair[2], i;

	while (peers->n < peers->work->connections) {
		if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == -1)
			return (false);
		for (i = 0; i < 2; i++)
			(void)fcntl(pair[i], F_SETFL, O_NONBLOCK);
		fds[peers->n] = pair[0];
		peers->peer[peers->n++].fd = pair[1];
	}
	return (true);
}

struct guard_peers *
guard_peers_new(const struct guard_work *work, int *fds)
{
	struct guard_peers *peers = calloc(1, sizeof(*peers));

	if (peers == NULL)
		return (NULL);
	peers->work = work;
	peers->peer = calloc(work->connections, sizeof(*peers->peer));
	if (peers->peer == NULL || !make_burst(peers) ||
	    !connect_all(peers, fds)) {
		guard_peers_free(peers);
		return (NULL);
	}
	return (peers);
}

void
guard_peers_free(struct guard_peers *peers)
{
	while (peers->n > 0)
		(void)close(peers->peer[--peers->n].fd);
	free(peers->peer);
	free(peers->burst);
	free(peers);
}

const void *
guard_peers_burst(const struct guard_peers *peers, size_t *len)
{
	*len = peers->len;
	return (peers->burst);
}

void
guard_peers_begin(struct guard_peers *peers)
{
	unsigned i;

	for (i = 0; i < peers->n; i++) {
		peers->peer[i].received = 0;
		peers->peer[i].sent = peers->work->source == GUARD_SOCKETS ?
		    0 : peers->len;
	}
}

static bool
send_some(const struct guard_peers *peers, struct peer *peer)
{
	ssize_t n;

	while (peer->sent < peers->len) {
		n = send(peer->fd, peers->burst + peer->sent,
		    peers->len - peer->sent, MSG_NOSIGNAL);
		if (n == -1)
			return (errno == EAGAIN);
		peer->sent += (size_t)n;
	}
	return (true);
}

/* All messages are the same, so a piece may begin within any of them. */
static bool
is_right(const struct guard_peers *peers, size_t from, const char *data,
    size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (data[i] != peers->burst[(from + i) % peers->work->len])
			return (false);
	return (true);
}

static bool
receive_some(const struct guard_peers *peers, struct peer *peer)
{
	char data[65536];
	ssize_t n;

	while (peer->received < peers->expected) {
		n = recv(peer->fd, data, sizeof(data), 0);
		if (n == -1)
			return (errno == EAGAIN);
		if (n == 0 || !is_right(peers, peer->received, data,
		    (size_t)n))
			return (false);
		peer->received += (size_t)n;
	}
	return (true);
}

bool
guard_peers_run(struct guard_peers *peers)
{
	unsigned i;

	for (i = 0; i < peers->n; i++)
		if (!send_some(peers, &peers->peer[i]) ||
		    !receive_some(peers, &peers->peer[i]))
			return (false);
	return (true);
}

bool
guard_peers_are_done(const struct guard_peers *peers)
{
	unsigned i;

	for (i = 0; i < peers->n; i++)
		if (peers->peer[i].sent < peers->len ||
		    peers->peer[i].received < peers->expected)
			return (false);
	return (true);
}
