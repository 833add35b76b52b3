/*
 * Whether what libevent calls comes to nasty_calls.c: that depends on
 * compilers, sanitizers and the system, so it is tried.
 */

#include <sys/socket.h>
#include <unistd.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include "nasty.h"

/* Bytes through a bufferevent: is its read seen, and is its write? */
static bool
probe(struct event_base *base, const int fds[2])
{
	static const struct nasty_bend none = { "none",
	    NASTY_READS | NASTY_WRITES, 0, SIZE_MAX, true };
	struct bufferevent *bev = bufferevent_socket_new(base, fds[0], 0);
	bool seen;

	if (bev == NULL)
		return false;
	nasty_watch(fds[0], true);
	nasty_bend_often(&none, 0, 0);
	(void)bufferevent_enable(bev, EV_READ | EV_WRITE);
	(void)bufferevent_write(bev, "w", 1);
	seen = write(fds[1], "r", 1) == 1;
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	seen = seen && nasty_counted() == 2;
	nasty_stop();
	bufferevent_free(bev);
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	return seen;
}

bool
nasty_works(void)
{
	struct event_base *base = event_base_new();
	bool works = false;
	int fds[2];

	if (base != NULL && socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0) {
		(void)evutil_make_socket_nonblocking(fds[0]);
		works = probe(base, fds);
		(void)close(fds[0]);
		(void)close(fds[1]);
	}
	if (base != NULL)
		event_base_free(base);
	return works;
}
