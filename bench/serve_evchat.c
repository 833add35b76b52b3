/*
 * The ways of libevchat: whole frames, each of which is pushed back.
 */
#include "server.h"
#include <event2/event.h>
#include <evchat.h>

static void
on_frame(struct evchat *chat, const void *data, size_t len, void *arg)
{
	(void)arg;
	if (evchat_push_frame(chat, data, len) == -1)
		evchat_free(chat);
}

static void
on_frame_to_group(struct evchat *chat, const void *data, size_t len, void *arg)
{
	(void)arg;
	evchat_group_broadcast_frame(evchat_get_group(chat), data, len, NULL,
	    NULL);
}

struct line {
	const void *data;
	size_t len;
};

static int
push_line(struct evchat *member, void *arg)
{
	const struct line *line = arg;

	evchat_push_frame(member, line->data, line->len);
	return 0;
}

static void
on_frame_to_each(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct line line = { data, len };

	(void)arg;
	evchat_group_foreach(evchat_get_group(chat), push_line, &line);
}

static const struct evchat_hooks echo = { .frame = on_frame };
static const struct evchat_hooks to_group = { .frame = on_frame_to_group };
static const struct evchat_hooks to_each = { .frame = on_frame_to_each };

struct service {
	const struct evchat_hooks *hooks;
	unsigned options;
	int grouped;
};

/* A channel for each connection; in a group, if there is one. */
static void
make_channels(const struct server *server, const struct service *service,
    struct event_base *base, struct evchat_framing *framing,
    struct evchat_group *group)
{
	for (int i = 0; i < server->n; i++) {
		struct evchat *chat = evchat_socket_new(base, server->fds[i],
		    service->hooks, NULL, service->options);

		if (chat == NULL || evchat_set_framing(chat, framing) == -1 ||
		    (group != NULL && evchat_group_add(group, chat) == -1))
			server_fail("channel");
	}
}

static int
serve(const struct server *server, const struct service *service,
    struct evchat_framing *framing)
{
	struct event_base *base = event_base_new();
	struct evchat_group *group = NULL;

	if (base == NULL || framing == NULL)
		server_fail("libevchat");
	if (service->grouped && (group = evchat_group_new(base, 0)) == NULL)
		server_fail("group");
	make_channels(server, service, base, framing, group);
	evchat_framing_free(framing);
	if (event_base_dispatch(base) == -1)
		return -1;
	evchat_group_free(group);
	event_base_free(base);
	return 0;
}

static struct evchat_framing *
line_framing(void)
{
	return evchat_framing_delimiter("\n", 1, 0);
}

static int
serve_lines(const struct server *server)
{
	return serve(server, &(struct service){ .hooks = &echo },
	    line_framing());
}

/* As on bufferevents that are no sockets, and under rate limits. */
static int
serve_lines_by_bufferevent(const struct server *server)
{
	return serve(server, &(struct service){ .hooks = &echo,
	    .options = EVCHAT_OPT_BUFFEREVENT_IO }, line_framing());
}

static int
serve_length(const struct server *server)
{
	struct evchat_length_field field = { .width = 4,
	    .order = EVCHAT_BIG_ENDIAN, .strip = 4 };

	return serve(server, &(struct service){ .hooks = &echo },
	    evchat_framing_length(&field));
}

static int
serve_broadcast(const struct server *server)
{
	return serve(server, &(struct service){ .hooks = &to_group,
	    .grouped = 1 }, line_framing());
}

static int
serve_loop(const struct server *server)
{
	return serve(server, &(struct service){ .hooks = &to_each,
	    .grouped = 1 }, line_framing());
}

const struct server_way server_ways[] = {
	{ "lines", serve_lines },
	{ "lines-by-bufferevent", serve_lines_by_bufferevent },
	{ "length", serve_length },
	{ "broadcast", serve_broadcast },
	{ "loop", serve_loop },
	{ NULL, NULL }
};
