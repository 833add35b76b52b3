/*
 * Bufferevents by hand, as most would write it: evbuffer_readln() or, for
 * lengths, evbuffer_copyout() and evbuffer_remove(), and bufferevent_write().
 */
#include "server.h"
#include <arpa/inet.h>
#include <stdint.h>
#include <stdlib.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#define MAX_FRAME (1 << 20)

static void
on_lines(struct bufferevent *bev, void *arg)
{
	struct evbuffer *input = bufferevent_get_input(bev);
	char *line;
	size_t len;

	(void)arg;
	while ((line = evbuffer_readln(input, &len,
	    EVBUFFER_EOL_LF)) != NULL) {
		line[len] = '\n';
		bufferevent_write(bev, line, len + 1);
		free(line);
	}
}

static void
on_lengths(struct bufferevent *bev, void *arg)
{
	static char frame[4 + MAX_FRAME];
	struct evbuffer *input = bufferevent_get_input(bev);
	size_t have = evbuffer_get_length(input);
	uint32_t len;

	(void)arg;
	while (have >= sizeof(len)) {
		evbuffer_copyout(input, &len, sizeof(len));
		len = ntohl(len);
		if (len > MAX_FRAME) {
			bufferevent_free(bev);
			return;
		}
		if (have < sizeof(len) + len)
			return;
		evbuffer_remove(input, frame, sizeof(len) + len);
		have -= sizeof(len) + len;
		bufferevent_write(bev, frame, sizeof(len) + len);
	}
}

/* All members of the room: those that have ended are NULL. */
struct room {
	struct bufferevent **members;
	int n;
};

static void
on_lines_for_all(struct bufferevent *bev, void *arg)
{
	const struct room *room = arg;
	struct evbuffer *input = bufferevent_get_input(bev);
	char *line;
	size_t len;

	while ((line = evbuffer_readln(input, &len,
	    EVBUFFER_EOL_LF)) != NULL) {
		line[len] = '\n';
		for (int i = 0; i < room->n; i++) {
			if (room->members[i] != NULL)
				bufferevent_write(room->members[i], line,
				    len + 1);
		}
		free(line);
	}
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct room *room = arg;

	if (!(what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)))
		return;
	for (int i = 0; i < room->n; i++) {
		if (room->members[i] == bev)
			room->members[i] = NULL;
	}
	bufferevent_free(bev);
}

static int
serve(const struct server *server, bufferevent_data_cb on_data)
{
	struct event_base *base = event_base_new();
	struct room room = { .n = server->n };

	room.members = calloc((size_t)room.n, sizeof(struct bufferevent *));
	if (base == NULL || room.members == NULL)
		return -1;
	for (int i = 0; i < room.n; i++) {
		struct bufferevent *bev = bufferevent_socket_new(base,
		    server->fds[i], BEV_OPT_CLOSE_ON_FREE);

		if (bev == NULL)
			return -1;
		bufferevent_setcb(bev, on_data, NULL, on_event, &room);
		bufferevent_enable(bev, EV_READ | EV_WRITE);
		room.members[i] = bev;
	}
	if (event_base_dispatch(base) == -1)
		return -1;
	free(room.members);
	event_base_free(base);
	return 0;
}

static int
serve_lines(const struct server *server)
{
	return serve(server, on_lines);
}

static int
serve_length(const struct server *server)
{
	return serve(server, on_lengths);
}

static int
serve_broadcast(const struct server *server)
{
	return serve(server, on_lines_for_all);
}

const struct server_way server_ways[] = {
	{ "lines", serve_lines },
	{ "length", serve_length },
	{ "broadcast", serve_broadcast },
	{ NULL, NULL }
};
