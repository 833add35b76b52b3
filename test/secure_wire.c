/*
 * What the two ends of a conversation are connected by; see secure.h.
 */

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <event2/bufferevent.h>
#include "harness.h"
#include "secure.h"

static struct bufferevent *
wrap(struct bufferevent *bev, bool filtered)
{
	return filtered ? bufferevent_filter_new(bev, NULL, NULL,
	    BEV_OPT_CLOSE_ON_FREE, NULL, NULL) : bev;
}

static struct evchat *
chat_on(struct secure_end *end, int fd, unsigned options)
{
	struct secure *s = end->of;
	struct bufferevent *bev;

	options |= s->wire == SECURE_THREADSAFE ?
	    EVCHAT_OPT_THREADSAFE : s->wire == SECURE_INDIRECT ?
	    EVCHAT_OPT_BUFFEREVENT_IO : 0;
	if (s->wire != SECURE_BEV && s->wire != SECURE_FILTER)
		return evchat_socket_new(s->base, fd, end->hooks, end, options);
	bev = wrap(bufferevent_socket_new(s->base, fd, BEV_OPT_CLOSE_ON_FREE),
	    s->wire == SECURE_FILTER);
	/* As libevent's own users do before they hand it over. */
	bufferevent_enable(bev, EV_READ | EV_WRITE);
	return evchat_new(bev, end->hooks, end, options);
}

static void
connect_by_pair(struct secure *s, unsigned options)
{
	struct bufferevent *bevs[2];

	ck_assert_int_eq(bufferevent_pair_new(s->base, 0, bevs), 0);
	s->server.chat = evchat_new(bevs[0], s->server.hooks, &s->server,
	    options);
	s->client.chat = evchat_new(bevs[1], s->client.hooks, &s->client,
	    options);
}

static void
make_tcp(int fds[2])
{
	struct sockaddr_in here = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct sockaddr *address = (struct sockaddr *)&here;
	socklen_t len = sizeof(here);
	int listener = socket(AF_INET, SOCK_STREAM, 0), on = 1;

	harness_must(bind(listener, address, len) == 0, "bind");
	harness_must(listen(listener, 1) == 0, "listen");
	harness_must(getsockname(listener, address, &len) == 0, "getsockname");
	fds[1] = socket(AF_INET, SOCK_STREAM, 0);
	harness_must(connect(fds[1], address, len) == 0, "connect");
	fds[0] = accept(listener, NULL, NULL);
	harness_must(fds[0] != -1, "accept");
	setsockopt(fds[0], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(fds[1], IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	close(listener);
}

static void
connect_end(struct secure_end *end, int fd, bool chat, unsigned options)
{
	evutil_make_socket_nonblocking(fd);
	if (chat)
		end->chat = chat_on(end, fd, options);
	else
		end->fd = fd;
}

void
secure_connect(struct secure *s, int ends, unsigned options)
{
	int fds[2];

	if (s->wire == SECURE_PAIR) {
		connect_by_pair(s, options);
		return;
	}
	if (s->wire == SECURE_TCP)
		make_tcp(fds);
	else
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	connect_end(&s->server, fds[0], ends & SECURE_SERVER, options);
	connect_end(&s->client, fds[1], ends & SECURE_CLIENT, options);
}
