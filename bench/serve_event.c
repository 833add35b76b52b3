/*
 * The bare event: a persistent EV_READ event for each connection, and recv()
 * and send() by hand.
 */
#include "bare.h"
#include "server.h"
#include <stdlib.h>
#include <event2/event.h>

struct conn {
	struct bare bare;
	bare_split_cb split;
	struct event *readable;
	struct event *writable;
};

/* Wait for what the connection waits for now. */
static void
go_on(struct conn *conn, enum bare_state state)
{
	switch (state) {
	case BARE_READ:
		event_add(conn->readable, NULL);
		break;
	case BARE_WRITE:
		event_del(conn->readable);
		event_add(conn->writable, NULL);
		break;
	case BARE_END:
		event_free(conn->readable);
		event_free(conn->writable);
		bare_close(&conn->bare);
		free(conn);
	}
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;
	enum bare_state state = bare_read(&conn->bare, conn->split);

	(void)fd;
	(void)what;
	if (state != BARE_READ)
		go_on(conn, state);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;

	(void)fd;
	(void)what;
	go_on(conn, bare_write(&conn->bare));
}

static int
serve(const struct server *server, bare_split_cb split)
{
	struct event_base *base = event_base_new();

	for (int i = 0; base != NULL && i < server->n; i++) {
		struct conn *conn = calloc(1, sizeof(*conn));

		if (conn == NULL)
			return -1;
		conn->bare.fd = server->fds[i];
		conn->split = split;
		conn->readable = event_new(base, conn->bare.fd,
		    EV_READ | EV_PERSIST, on_readable, conn);
		conn->writable = event_new(base, conn->bare.fd, EV_WRITE,
		    on_writable, conn);
		if (conn->readable == NULL || conn->writable == NULL ||
		    event_add(conn->readable, NULL) == -1)
			return -1;
	}
	if (base == NULL || event_base_dispatch(base) == -1)
		return -1;
	event_base_free(base);
	return 0;
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
