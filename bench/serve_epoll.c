/*
 * The bare event without libevent: epoll by hand.
 */
#include "bare.h"
#include "server.h"
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <unistd.h>

#define MAX_EVENTS 256

struct conn {
	struct bare bare;
	enum bare_state state;
};

/* Wait for what the connection waits for now. Returns whether it goes on. */
static int
go_on(int epfd, struct conn *conn, enum bare_state state)
{
	struct epoll_event ev = { .data = { .ptr = conn } };

	if (state == conn->state)
		return 1;
	if (state == BARE_END) {
		bare_close(&conn->bare);
		free(conn);
		return 0;
	}
	conn->state = state;
	ev.events = state == BARE_READ ? EPOLLIN : EPOLLOUT;
	if (epoll_ctl(epfd, EPOLL_CTL_MOD, conn->bare.fd, &ev) == -1)
		server_fail("epoll_ctl");
	return 1;
}

static int
loop(int epfd, int living, bare_split_cb split)
{
	struct epoll_event events[MAX_EVENTS];

	while (living > 0) {
		int n = epoll_wait(epfd, events, MAX_EVENTS, -1);

		if (n == -1 && errno != EINTR)
			return -1;
		for (int i = 0; i < n; i++) {
			struct conn *conn = events[i].data.ptr;
			enum bare_state state = conn->state == BARE_READ ?
			    bare_read(&conn->bare, split) :
			    bare_write(&conn->bare);

			if (!go_on(epfd, conn, state))
				living--;
		}
	}
	return 0;
}

static int
serve(const struct server *server, bare_split_cb split)
{
	int epfd = epoll_create1(EPOLL_CLOEXEC), result;

	for (int i = 0; epfd != -1 && i < server->n; i++) {
		struct conn *conn = calloc(1, sizeof(*conn));
		struct epoll_event ev = { .events = EPOLLIN,
		    .data = { .ptr = conn } };

		if (conn == NULL)
			return -1;
		conn->bare.fd = server->fds[i];
		if (epoll_ctl(epfd, EPOLL_CTL_ADD, conn->bare.fd, &ev) == -1)
			return -1;
	}
	if (epfd == -1)
		return -1;
	result = loop(epfd, server->n, split);
	close(epfd);
	return result;
}

static int
serve_lines(const struct server *server)
{
	return serve(server, bare_split_lines);
}

static int
serve_length(const struct server *server)
{
	return serve(server, bare_split_lengths);
}

const struct server_way server_ways[] = {
	{ "lines", serve_lines },
	{ "length", serve_length },
	{ NULL, NULL }
};
