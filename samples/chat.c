/*
 * chat: a room where everybody hears what is said, and nobody can spoil it.
 *
 * In one terminal:	./chat -p 4000
 * In two others:	telnet 127.0.0.1 4000
 *
 * Type a name, then lines; /help tells what else there is. This is the chat
 * server of Medusa, where asynchat comes from, with what that lacked: limits.
 * Peers that are too slow, too fast, silent or dead, and lines without an end,
 * spoil nothing for the others. All limits are set here; chat_options.h lists
 * them. Who is in the room and hears what is the matter of chat_room.c, what
 * one types that of chat_talk.c.
 *
 *	./chat -p 4000 -s skip -q 4096 -i 60000 -m 100
 *
 * has slow readers miss messages instead of being dropped, calls those slow
 * who have more than 4096 bytes to read yet, asks who was silent for a minute
 * if anybody is there, and lets in 100 at a time. SIGTERM and SIGINT end it,
 * when all have finished their lines; a second one ends it at once.
 */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <evchat.h>
#include "chat_options.h"
#include "chat_room.h"
#include "chat_talk.h"

#define FLOOD_TICKS	10	/* of a flood limit, in a second */

struct server {
	struct options options;
	struct event_base *base;
	struct event *signals[2];
	struct evchat_framing *lines;
	struct ev_token_bucket_cfg *flood;	/* NULL: no limit */
	struct room room;
	struct evchat_listener *listener;
};

static struct timeval
milliseconds(unsigned long ms)
{
	const struct timeval tv = { (time_t)(ms / 1000),
	    (suseconds_t)(ms % 1000 * 1000) };

	return tv;
}

static int
set_time(struct user *user, enum evchat_timeout which, unsigned long ms)
{
	const struct timeval tv = milliseconds(ms);

	return evchat_set_timeout(user->chat, which, ms > 0 ? &tv : NULL);
}

/* The hooks */

static void
on_line(struct evchat *chat, const void *line, size_t len, void *arg)
{
	struct user *user = arg;

	user->is_asked = 0;
	if (talk_line(user, line, len) == -1)
		evchat_free(chat);
}

/* A silent user is asked once, and has as much time again to answer. */
static int
ask(struct user *user)
{
	if (evchat_get_reason(user->chat) != EVCHAT_REASON_READ_TIMEOUT ||
	    user->is_asked || user->name[0] == '\0')
		return 0;	/* and the channel ends */
	user->is_asked = 1;
	if (room_tell(user, "-- are you there?") == -1)
		return -1;
	return set_time(user, EVCHAT_TIMEOUT_READ, user->options->idle_ms);
}

static void
on_event(struct evchat *chat, enum evchat_event what, void *arg)
{
	struct user *user = arg;
	int status = 0;

	if (what == EVCHAT_EVENT_OVERSIZE)
		status = talk_too_long(user);
	else if (what == EVCHAT_EVENT_TIMEOUT)
		status = ask(user);
	else if (what == EVCHAT_EVENT_WRITABLE)
		status = room_catch_up(user);
	if (status == -1)
		evchat_free(chat);
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct user *user = arg;
	const char *words = evchat_reason_name(why);

	(void)chat;
	if (user->doom != NULL)
		words = user->doom;
	else if (why == EVCHAT_REASON_EOF || why == EVCHAT_REASON_TRUNCATED)
		words = "hung up";
	room_leave(user, words);
	if (user->deadline != NULL)
		event_free(user->deadline);
	free(user);
}

static const struct evchat_hooks hooks = {
	.frame = on_line,
	.event = on_event,
	.closed = on_closed,
};

/* A connection */

/* Who has no name yet has nothing under way that is worth lingering for. */
static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct user *user = arg;

	(void)fd;
	(void)what;
	if (room_tell(user, "-- too late. Goodbye") == -1 ||
	    evchat_set_timeout(user->chat, EVCHAT_TIMEOUT_LINGER, NULL) == -1)
		evchat_free(user->chat);
	else
		evchat_close_when_done(user->chat);
}

static int
set_deadline(struct user *user, struct event_base *base)
{
	const struct timeval tv = milliseconds(user->options->name_ms);

	user->deadline = evtimer_new(base, on_deadline, user);
	if (user->deadline == NULL)
		return -1;
	if (user->options->name_ms == 0)
		return 0;
	return evtimer_add(user->deadline, &tv);
}

static int
set_limits(struct user *user, struct ev_token_bucket_cfg *flood)
{
	const struct options *options = user->options;
	struct evchat *chat = user->chat;

	if (flood != NULL && bufferevent_set_rate_limit(
	    evchat_get_bufferevent(chat), flood) == -1)
		return -1;
	/* Between these, a slow reader is told that it is one no longer. */
	if (options->queue > 0 && evchat_set_watermarks(chat,
	    (options->queue - 1) / 2, options->queue) == -1)
		return -1;
	if (set_time(user, EVCHAT_TIMEOUT_READ, options->idle_ms) == -1 ||
	    set_time(user, EVCHAT_TIMEOUT_FRAME, options->line_ms) == -1 ||
	    set_time(user, EVCHAT_TIMEOUT_STALL, options->stall_ms) == -1)
		return -1;
	return evchat_set_max_frame(chat, ROOM_LINE_MAX,
	    EVCHAT_OVERSIZE_DISCARD);
}

static void
on_accept(struct evchat_listener *listener, struct evchat *chat,
    const struct sockaddr *peer, int peerlen, void *arg)
{
	struct server *server = arg;
	struct user *user = calloc(1, sizeof(*user));

	(void)listener;
	(void)peer;
	(void)peerlen;
	if (user == NULL || evchat_set_hooks(chat, &hooks, user) == -1) {
		free(user);
		evchat_free(chat);
		return;
	}
	/* From here on closed frees it. */
	user->chat = chat;
	user->room = &server->room;
	user->options = &server->options;
	if (set_limits(user, server->flood) == -1 ||
	    set_deadline(user, server->base) == -1 ||
	    evchat_set_framing(chat, server->lines) == -1 ||
	    evchat_group_add(server->room.group, chat) == -1 ||
	    talk_greet(user) == -1)
		evchat_free(chat);
}

/* The server */

static void
on_stopped(struct evchat_listener *listener, void *base)
{
	(void)listener;
	event_base_loopbreak(base);
}

static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	struct server *server = arg;
	struct room *room = &server->room;
	unsigned long ms = server->options.grace_ms;
	struct timeval grace = milliseconds(room->is_closing ? 0 : ms);
	const struct timeval *limit =
	    room->is_closing || ms > 0 ? &grace : NULL;

	(void)number;
	(void)what;
	if (!room->is_closing)
		room_say(room, NULL, "-- the server is going down");
	room->is_closing = 1;
	if (evchat_listener_stop(server->listener, limit, on_stopped,
	    server->base) == -1)
		event_base_loopbreak(server->base);
}

static int
catch_signal(struct server *server, int i, int number)
{
	server->signals[i] = evsignal_new(server->base, number, on_signal,
	    server);
	return server->signals[i] != NULL ?
	    event_add(server->signals[i], NULL) : -1;
}

static int
make_flood_limit(struct server *server)
{
	const struct timeval tick = { 0, 1000000 / FLOOD_TICKS };
	size_t rate = server->options.flood / FLOOD_TICKS + 1;

	if (server->options.flood == 0)
		return 0;
	/* A long line may come at once. What is sent has no limit. */
	server->flood = ev_token_bucket_cfg_new(rate, rate + ROOM_LINE_MAX,
	    EV_RATE_LIMIT_MAX, EV_RATE_LIMIT_MAX, &tick);
	return server->flood != NULL ? 0 : -1;
}

static int
listen_on(struct server *server, const char *address, unsigned long port)
{
	int is_ipv6 = address[0] != '[' && strchr(address, ':') != NULL;
	char where[EVCHAT_ADDRESS_MAX];

	snprintf(where, sizeof(where), is_ipv6 ? "[%s]:%lu" : "%s:%lu",
	    address, port);
	server->listener = evchat_listener_new_text(server->base, on_accept,
	    server, 0, -1, where);
	if (server->listener == NULL || evchat_listener_get_text(
	    server->listener, where, sizeof(where)) == -1)
		return -1;
	evchat_listener_set_max(server->listener, server->options.users);
	printf("listening on %s\n", where);
	return fflush(stdout);
}

static int
open_server(struct server *server)
{
	const struct options *options = &server->options;
	size_t queue_max = options->queue > 0 ? options->queue : SIZE_MAX;

	server->base = event_base_new();
	server->lines = evchat_framing_line(EVBUFFER_EOL_CRLF, 0);
	if (server->base == NULL || server->lines == NULL ||
	    make_flood_limit(server) == -1 ||
	    room_open(&server->room, server->base, queue_max,
	    options->skips) == -1 ||
	    evchat_group_set_budget(server->room.group, options->budget,
	    EVCHAT_BUDGET_END) == -1 ||
	    catch_signal(server, 0, SIGINT) == -1 ||
	    catch_signal(server, 1, SIGTERM) == -1)
		return -1;
	return listen_on(server, options->address, options->port);
}

static void
close_server(struct server *server)
{
	int i;

	evchat_listener_free(server->listener);
	room_close(&server->room);
	for (i = 0; i < 2; i++)
		if (server->signals[i] != NULL)
			event_free(server->signals[i]);
	evchat_framing_free(server->lines);
	if (server->base != NULL) {
		/* libevent gives back what is left of connections. */
		event_base_loop(server->base, EVLOOP_NONBLOCK);
		event_base_free(server->base);
	}
	if (server->flood != NULL)
		ev_token_bucket_cfg_free(server->flood);
}

int
main(int argc, char **argv)
{
	static struct server server;
	int status = -1;

	if (options_parse(&server.options, argc, argv) == -1)
		return 2;
	if (signal(SIGPIPE, SIG_IGN) != SIG_ERR && open_server(&server) == 0)
		status = event_base_dispatch(server.base);
	if (status == -1)
		perror("chat");
	close_server(&server);
	return status == -1 ? 1 : 0;
}
