/*
 * The guard's server: guard NAME does a work of guard_works, and prints how
 * many messages there were and how many system calls the server made for them;
 * guard --list prints the names; guard --version that of libevent. Under
 * callgrind, with --toggle-collect=guard_serve, the instructions are the
 * server's. See guard.sh.
 *
 * Some rounds go before, which are not counted: what is done only once is not
 * a message's cost.
 */

#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <evchat.h>
#include "guard.h"

#define WARM_ROUNDS 3
#define PASSES_MAX 100000 /* in a round */
#define KIBI ((size_t)1024)

const struct guard_work guard_works[] = {
	{ "lf-frames", GUARD_INPUT, GUARD_LF, GUARD_NONE, false, 22, 1, 744,
	    40 },
	{ "crlf-frames", GUARD_INPUT, GUARD_CRLF, GUARD_NONE, false, 22, 1,
	    744, 40 },
	{ "lf-pieces", GUARD_INPUT, GUARD_LF, GUARD_NONE, true, 22, 1, 744,
	    40 },
	{ "crlf-pieces", GUARD_INPUT, GUARD_CRLF, GUARD_NONE, true, 22, 1,
	    744, 40 },
	{ "lf-frames-socket", GUARD_SOCKETS, GUARD_LF, GUARD_NONE, false, 22,
	    1, 744, 40 },
	{ "echo", GUARD_SOCKETS, GUARD_LF, GUARD_ECHO, false, 32, 16, 32, 30 },
	{ "ping-pong", GUARD_SOCKETS, GUARD_LF, GUARD_ECHO, false, 32, 16, 1,
	    200 },
	{ "length", GUARD_SOCKETS, GUARD_LENGTH, GUARD_ECHO, false, 68, 16,
	    32, 30 },
	{ "lines-1k", GUARD_SOCKETS, GUARD_LF, GUARD_ECHO, false, KIBI, 16, 8,
	    20 },
	{ "line-1m", GUARD_SOCKETS, GUARD_LF, GUARD_NONE, false,
	    KIBI * KIBI, 1, 1, 6 },
	{ "broadcast", GUARD_SOCKETS, GUARD_LF, GUARD_BROADCAST, false, 32,
	    16, 1, 60 },
	{ NULL, GUARD_SOCKETS, GUARD_LF, GUARD_NONE, false, 0, 0, 0, 0 }
};

struct server {
	const struct guard_work *work;
	struct event_base *base;
	struct evchat_framing *framing;
	struct evchat_group *group;
	struct evchat **chats;
	unsigned long messages;
	int failed;
};

static void
die(const char *what)
{
	fprintf(stderr, "guard: %s\n", what);
	exit(1);
}

/* Hooks */

static void
on_frame(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct server *server = arg;

	server->messages++;
	if (server->work->answer == GUARD_ECHO)
		server->failed |= evchat_push_frame(chat, data, len);
	else if (server->work->answer == GUARD_BROADCAST)
		server->failed |= evchat_group_broadcast_frame(server->group,
		    data, len, NULL, NULL) == -1;
}

static void
on_collect(struct evchat *chat, const void *data, size_t len, void *arg)
{
	(void)chat;
	(void)data;
	(void)len;
	(void)arg;
}

static void
on_found(struct evchat *chat, void *arg)
{
	(void)chat;
	((struct server *)arg)->messages++;
}

static const struct evchat_hooks frames = { .frame = on_frame };
static const struct evchat_hooks pieces = { .collect = on_collect,
    .found = on_found };

/* The server */

static struct evchat_framing *
new_framing(enum guard_framing framing)
{
	static const struct evchat_length_field field = { .width = 4,
	    .order = EVCHAT_BIG_ENDIAN, .strip = 4 };

	switch (framing) {
	case GUARD_LENGTH:
		return (evchat_framing_length(&field));
	case GUARD_CRLF:
		return (evchat_framing_line(EVBUFFER_EOL_CRLF_STRICT, 0));
	default:
		return (evchat_framing_line(EVBUFFER_EOL_LF, 0));
	}
}

static struct evchat *
new_chat(struct server *server, int fd)
{
	struct evchat *chat = evchat_socket_new(server->base, fd,
	    server->work->pieces ? &pieces : &frames, server, 0);

	if (chat == NULL || evchat_set_framing(chat, server->framing) == -1 ||
	    evchat_group_add(server->group, chat) == -1)
		die("no channel");
	return (chat);
}

static void
begin(struct server *server, const int *fds)
{
	unsigned i, n = server->work->connections;

	server->base = event_base_new();
	if (server->base == NULL)
		die("no event base");
	server->framing = new_framing(server->work->framing);
	server->group = evchat_group_new(server->base, 0);
	server->chats = calloc(n, sizeof(struct evchat *));
	if (server->framing == NULL || server->group == NULL ||
	    server->chats == NULL)
		die("no memory");
	for (i = 0; i < n; i++)
		server->chats[i] = new_chat(server, fds[i]);
}

static void
end(struct server *server)
{
	evchat_group_free_members(server->group);
	evchat_group_free(server->group);
	evchat_framing_free(server->framing);
	(void)event_base_loop(server->base, EVLOOP_NONBLOCK);
	event_base_free(server->base);
	free(server->chats);
}

/* A pass of the loop: what is measured. No other name may begin like this. */
void guard_serve(struct event_base *base);

__attribute__((noinline)) void
guard_serve(struct event_base *base)
{
	guard_count(true);
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	guard_count(false);
}

static void
warm_up(struct event_base *base)
{
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
}

/* Give all channels a round of messages without a socket. */
static void
fill_inputs(struct server *server, const struct guard_peers *peers)
{
	struct evbuffer *chain = evbuffer_new();
	struct bufferevent *bev;
	const void *burst;
	unsigned i;
	size_t len;

	burst = guard_peers_burst(peers, &len);
	for (i = 0; i < server->work->connections; i++) {
		bev = evchat_get_bufferevent(server->chats[i]);
		if (chain == NULL || evbuffer_add_reference(chain, burst, len,
		    NULL, NULL) == -1 || evbuffer_prepend_buffer(
		    bufferevent_get_input(bev), chain) == -1)
			die("no memory");
		bufferevent_trigger(bev, EV_READ, BEV_TRIG_IGNORE_WATERMARKS |
		    BEV_TRIG_DEFER_CALLBACKS);
	}
	evbuffer_free(chain);
}

static void
do_round(struct server *server, struct guard_peers *peers,
    void (*pass)(struct event_base *base))
{
	unsigned long last = server->messages + (unsigned long)
	    server->work->connections * server->work->in_flight;
	unsigned passes = 0;

	guard_peers_begin(peers);
	if (server->work->source == GUARD_INPUT)
		fill_inputs(server, peers);
	do {
		if (!guard_peers_run(peers))
			die("a peer got what it should not");
		pass(server->base);
		if (!guard_peers_run(peers))
			die("a peer got what it should not");
		if (server->failed || passes++ == PASSES_MAX)
			die("no end of it");
	} while (server->messages < last || !guard_peers_are_done(peers));
	if (server->messages > last)
		die("too many messages");
}

static void
tell(const struct guard_work *work)
{
	unsigned long all = 0;
	int i;

	for (i = 0; i < GUARD_CALLS; i++)
		all += guard_counted((enum guard_call)i);
	printf("%s %lu %lu", work->name, (unsigned long)work->connections *
	    work->in_flight * work->rounds, all);
	for (i = 0; i < GUARD_CALLS; i++)
		if (guard_counted((enum guard_call)i) > 0)
			printf(" %s:%lu", guard_call_names[i],
			    guard_counted((enum guard_call)i));
	printf("\n");
}

static int
measure(const struct guard_work *work)
{
	struct server server = { .work = work };
	int *fds = calloc(work->connections, sizeof(*fds));
	struct guard_peers *peers;
	unsigned i;

	if (fds == NULL || (peers = guard_peers_new(work, fds)) == NULL)
		die("no peers");
	begin(&server, fds);
	for (i = 0; i < WARM_ROUNDS; i++)
		do_round(&server, peers, warm_up);
	for (i = 0; i < work->rounds; i++)
		do_round(&server, peers, guard_serve);
	end(&server);
	guard_peers_free(peers);
	free(fds);
	tell(work);
	return (0);
}

int
main(int argc, char **argv)
{
	const struct guard_work *work;

	if (argc == 2 && strcmp(argv[1], "--version") == 0) {
		printf("libevent %s\n", event_get_version());
		return (0);
	}
	for (work = guard_works; argc == 2 && work->name != NULL; work++) {
		if (strcmp(argv[1], "--list") == 0)
			printf("%s\n", work->name);
		else if (strcmp(argv[1], work->name) == 0)
			return (measure(work));
	}
	if (argc == 2 && strcmp(argv[1], "--list") == 0)
		return (0);
	fprintf(stderr, "usage: guard --list | --version | NAME\n");
	return (2);
}
