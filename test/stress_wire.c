/*
 * Narrow sockets for the stress; see stress.h. What a socket may hold has to
 * be said before it is connected where the peers agree on a window.
 */

#define _DEFAULT_SOURCE 1
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include "stress.h"

#define NARROWEST 2304
#define TCP_WINDOW 4096
#define TCP_SEGMENT 600 /* more of them than one fit into the window */

static void
set(int fd, int level, int option, int value)
{
	(void)setsockopt(fd, level, option, &value, sizeof(value));
}

static void
narrow(struct stress *s, int fd)
{
	int size = NARROWEST + (int)stress_draw(s, 6000);

	set(fd, SOL_SOCKET, SO_SNDBUF, size);
	if (s->wire != STRESS_UNIX)
		set(fd, IPPROTO_TCP, TCP_NODELAY, 1);
}

static int
tcp_socket(struct stress *s)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_ne(fd, -1);
	if (stress_one_in(s, 2))
		set(fd, SOL_SOCKET, SO_RCVBUF,
		    TCP_WINDOW + (int)stress_draw(s, 8000));
	set(fd, IPPROTO_TCP, TCP_MAXSEG, TCP_SEGMENT);
	return (fd);
}

static struct sockaddr_in
listen_somewhere(struct stress_side *side)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	side->listener = tcp_socket(side->stress);
	ck_assert_int_eq(bind(side->listener, (void *)&sin, len), 0);
	ck_assert_int_eq(listen(side->listener, 1), 0);
	ck_assert_int_eq(getsockname(side->listener, (void *)&sin, &len), 0);
	return (sin);
}

static void
on_connection(evutil_socket_t listener, short what, void *arg)
{
	struct stress_side *side = arg;
	int fd = accept(listener, NULL, NULL);

	(void)what;
	if (fd == -1)
		return;
	narrow(side->stress, fd);
	stress_peer_open(side, fd);
	if (side->accept != NULL)
		event_free(side->accept);
	side->accept = NULL;
}

static int
open_tcp(struct stress_side *side)
{
	struct sockaddr_in sin = listen_somewhere(side);
	int fd = tcp_socket(side->stress);

	ck_assert_int_eq(connect(fd, (void *)&sin, sizeof(sin)), 0);
	ck_assert_int_eq(evutil_make_socket_nonblocking(fd), 0);
	narrow(side->stress, fd);
	on_connection(side->listener, EV_READ, side);
	return (fd);
}

static int
open_unix(struct stress_side *side)
{
	int fds[2], i;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	for (i = 0; i < 2; i++)
		narrow(side->stress, fds[i]);
	ck_assert_int_eq(evutil_make_socket_nonblocking(fds[0]), 0);
	stress_peer_open(side, fds[1]);
	return (fds[0]);
}

int
stress_open(struct stress_side *side)
{
	switch (side->stress->wire) {
	case STRESS_UNIX:
		return (open_unix(side));
	case STRESS_TCP:
		return (open_tcp(side));
	default:
		side->connecting = true;
		return (-1);
	}
}

/* The peer accepts when the loop comes to it. */
void
stress_connect(struct stress_side *side)
{
	struct sockaddr_in sin = listen_somewhere(side);

	side->accept = event_new(side->stress->base, side->listener,
	    EV_READ | EV_PERSIST, on_connection, side);
	ck_assert_ptr_nonnull(side->accept);
	ck_assert_int_eq(evutil_make_socket_nonblocking(side->listener), 0);
	ck_assert_int_eq(event_add(side->accept, NULL), 0);
	if (side->stress->wire == STRESS_CONNECT)
		ck_assert_int_eq(evchat_connect(side->chat, (void *)&sin,
		    sizeof(sin)), 0);
	else
		ck_assert_int_eq(bufferevent_socket_connect(side->bev,
		    (void *)&sin, sizeof(sin)), 0);
}
