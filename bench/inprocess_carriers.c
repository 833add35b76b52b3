/*
 * Bufferevents that are no plain sockets: an echo of lines over
 * bufferevent_pair, over a filter that passes everything, and over TLS, by
 * libevchat and by evbuffer_readln() and bufferevent_write(). The client is in
 * the same process, the same for both, and counted. So is a handshake, which
 * is a small part of it.
 */
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <event2/buffer.h>
#include <evchat.h>
#include "echo.h"
#include "feed.h"
#include "inprocess.h"
#ifdef HAVE_OPENSSL
#include <evchat/openssl.h>
#include "secure.h"
#endif

#define LINE 32
#define BURST 32

struct carrier {
	struct event_base *base;
	struct bufferevent *client;
	struct bufferevent *server;	/* what is served, or TLS on: */
	int fd;
	char burst[BURST * LINE];
	uint64_t bursts;
	uint64_t wanted;
};

/* The client: the next burst when all of the last one has come back. */
static void
on_answers(struct bufferevent *bev, void *arg)
{
	struct carrier *carrier = arg;
	char back[BURST * LINE];

	while (evbuffer_get_length(bufferevent_get_input(bev)) >=
	    sizeof(back)) {
		bufferevent_read(bev, back, sizeof(back));
		if (memcmp(back, carrier->burst, sizeof(back)) != 0)
			feed_fail("something else came back");
		if (++carrier->bursts == carrier->wanted)
			event_base_loopbreak(carrier->base);
		else
			bufferevent_write(bev, carrier->burst,
			    sizeof(carrier->burst));
	}
}

/* Two ends of a socket. */
static void
open_socket(int fds[2])
{
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == -1)
		feed_fail("no socket pair");
}

static void
open_pair(struct carrier *carrier)
{
	struct bufferevent *pair[2];

	if (bufferevent_pair_new(carrier->base, 0, pair) == -1)
		feed_fail("no pair");
	carrier->client = pair[0];
	carrier->server = pair[1];
}

static void
open_filter(struct carrier *carrier)
{
	struct bufferevent *socket;
	int fds[2];

	open_socket(fds);
	carrier->client = bufferevent_socket_new(carrier->base, fds[0],
	    BEV_OPT_CLOSE_ON_FREE);
	socket = bufferevent_socket_new(carrier->base, fds[1],
	    BEV_OPT_CLOSE_ON_FREE);
	if (carrier->client == NULL || socket == NULL)
		feed_fail("no bufferevent");
	carrier->server = bufferevent_filter_new(socket, NULL, NULL,
	    BEV_OPT_CLOSE_ON_FREE, NULL, NULL);
	if (carrier->server == NULL)
		feed_fail("no filter");
}

static struct evchat *
new_chat(struct carrier *carrier)
{
	return evchat_new(carrier->server, &echo_hooks, NULL, 0);
}

#ifdef HAVE_OPENSSL
static void
open_tls(struct carrier *carrier)
{
	int fds[2];

	open_socket(fds);
	carrier->client = secure_bufferevent(carrier->base, fds[0],
	    secure_connecting());
	carrier->fd = fds[1];
}

static void
open_tls_by_hand(struct carrier *carrier)
{
	open_tls(carrier);
	carrier->server = secure_bufferevent(carrier->base, carrier->fd,
	    secure_accepting());
}

static struct evchat *
new_tls_chat(struct carrier *carrier)
{
	struct evchat *chat = evchat_socket_new(carrier->base, carrier->fd,
	    &echo_hooks, NULL, 0);

	if (chat == NULL || evchat_starttls(chat, secure_accepting(),
	    EVCHAT_TLS_ACCEPT, 0) == -1)
		feed_fail("no TLS");
	return chat;
}
#endif

static const struct kind {
	const char *name;
	void (*open)(struct carrier *);         /* for a channel */
	void (*open_by_hand)(struct carrier *); /* with the server's end */
	struct evchat *(*new_chat)(struct carrier *);
} kinds[] = {
	{ "pair", open_pair, open_pair, new_chat },
	{ "filter", open_filter, open_filter, new_chat },
#ifdef HAVE_OPENSSL
	{ "tls", open_tls, open_tls_by_hand, new_tls_chat },
#endif
};

static struct evchat *
serve(struct carrier *carrier, const struct kind *kind, int by_hand)
{
	struct evchat *chat;

	if (by_hand) {
		kind->open_by_hand(carrier);
		bufferevent_setcb(carrier->server, echo_lines, NULL, NULL,
		    NULL);
		bufferevent_enable(carrier->server, EV_READ | EV_WRITE);
		return NULL;
	}
	kind->open(carrier);
	chat = kind->new_chat(carrier);
	if (chat == NULL || evchat_set_terminator(chat, "\n", 1) == -1)
		feed_fail("no channel");
	return chat;
}

static void
run(const struct kind *kind, int by_hand, int round, uint64_t bursts)
{
	struct carrier carrier = { .wanted = bursts };
	struct evchat *chat;
	double used;

	carrier.base = event_base_new();
	if (carrier.base == NULL)
		feed_fail("no event base");
	memset(carrier.burst, 'a', sizeof(carrier.burst));
	for (int i = LINE; i <= BURST * LINE; i += LINE)
		carrier.burst[i - 1] = '\n';
	chat = serve(&carrier, kind, by_hand);
	bufferevent_setcb(carrier.client, on_answers, NULL, NULL, &carrier);
	bufferevent_enable(carrier.client, EV_READ | EV_WRITE);
	used = feed_cpu();
	bufferevent_write(carrier.client, carrier.burst,
	    sizeof(carrier.burst));
	event_base_dispatch(carrier.base);
	used = feed_cpu() - used;
	if (carrier.bursts < bursts)
		feed_fail("answers are missing");
	feed_result(kind->name, by_hand ? "readln" : "evchat", round,
	    used / (double)bursts / BURST);
	if (chat != NULL)
		evchat_free(chat);
	else
		bufferevent_free(carrier.server);
	bufferevent_free(carrier.client);
	event_base_loop(carrier.base, EVLOOP_NONBLOCK);
	event_base_free(carrier.base);
}

static void
carriers_titles(void)
{
	printf("title\tpair\tin process: echo of 32 lines of 32 bytes over "
	    "bufferevent_pair, with the client\tns a line\n");
	printf("title\tfilter\tin process: the same over a filter on an "
	    "AF_UNIX socket\tns a line\n");
#ifdef HAVE_OPENSSL
	printf("title\ttls\tin process: the same over TLS 1.3 on an AF_UNIX "
	    "socket\tns a line\n");
#endif
}

static void
carriers_run(int round, enum effort effort)
{
	uint64_t bursts = 25 * (uint64_t)effort;

	for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
		fprintf(stderr, "\n  %s:", kinds[k].name);
		for (int i = 0; i < 2; i++)
			run(&kinds[k], (i + round) % 2, round, bursts);
	}
}

const struct part part_carriers = { carriers_titles, carriers_run };
