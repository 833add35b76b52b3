/*
 * A frame that arrives in small pieces: what a byte of it costs must not
 * depend on how long the frame is. The pieces come into the input of a
 * bufferevent, and, since a channel may read a socket in another way, over a
 * socket.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <event2/buffer.h>
#include <evchat.h>
#include "feed.h"
#include "inprocess.h"

#define MIB (1 << 20)
#define MAX_TURNS 100000

static const struct evchat_hooks hooks = { .frame = feed_frame };

static const size_t pieces[] = { 1, 64, 1460 };
static const size_t sizes[] = { 1, 4, 16 };	/* MiB */
#define COUNT 3

static struct evchat *
channel_on(struct bufferevent *bev, struct feed *feed)
{
	struct evchat *chat;

	if (bev == NULL)
		feed_fail("no bufferevent");
	chat = evchat_new(bev, &hooks, feed, 0);
	if (chat == NULL || evchat_set_terminator(chat, "\n", 1) == -1 ||
	    evchat_set_max_frame(chat, 0, EVCHAT_OVERSIZE_CLOSE) == -1)
		feed_fail("no channel");
	return chat;
}

/* Append a piece, and have it taken. */
static void
give(struct feed *feed, const char *data, size_t len)
{
	struct evbuffer *input = bufferevent_get_input(feed->bev);

	evbuffer_unfreeze(input, 0);
	if (evbuffer_add(input, data, len) == -1)
		feed_fail("no memory");
	evbuffer_freeze(input, 0);
	bufferevent_trigger(feed->bev, EV_READ, 0);
	for (int turns = 0; evbuffer_get_length(input) > 0; turns++) {
		if (turns == MAX_TURNS)
			feed_fail("a piece is not taken");
		event_base_loop(feed->base, EVLOOP_NONBLOCK);
	}
}

static double
dribble_input(struct feed *feed, const char *data, size_t piece, size_t size)
{
	struct evchat *chat = channel_on(feed->bev, feed);
	double begin = feed_cpu(), used;

	for (size_t given = 0; given < size; given += piece)
		give(feed, data, size - given < piece ? size - given : piece);
	feed_give(feed, "\n", 1);
	feed_run(feed, 1);
	used = feed_cpu() - begin;
	feed->bev = NULL;
	evchat_free(chat);
	return used;
}

/* Send a piece, which a socket pair with an idle reader takes at once. */
static void
give_socket(struct feed *feed, int fd, const char *data, size_t len)
{
	if (send(fd, data, len, MSG_NOSIGNAL) != (ssize_t)len)
		feed_fail("a piece is not taken");
	event_base_loop(feed->base, EVLOOP_NONBLOCK);
}

static double
dribble_socket(struct feed *feed, const char *data, size_t piece, size_t size)
{
	struct evchat *chat;
	double begin, used;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) == -1)
		feed_fail("no socket pair");
	chat = channel_on(bufferevent_socket_new(feed->base, fds[0],
	    BEV_OPT_CLOSE_ON_FREE), feed);
	begin = feed_cpu();
	for (size_t given = 0; given < size; given += piece)
		give_socket(feed, fds[1], data,
		    size - given < piece ? size - given : piece);
	give_socket(feed, fds[1], "\n", 1);
	for (int turns = 0; feed->frames == 0; turns++) {
		if (turns == MAX_TURNS)
			feed_fail("the frame does not arrive");
		event_base_loop(feed->base, EVLOOP_NONBLOCK);
	}
	used = feed_cpu() - begin;
	evchat_free(chat);
	close(fds[1]);
	return used;
}

static void
run(int socket, size_t piece, size_t mib, int round)
{
	struct feed feed;
	char data[1460], work[32], way[32];
	size_t size = mib * MIB;
	double used;

	memset(data, 'a', sizeof(data));
	feed_open(&feed);
	used = (socket ? dribble_socket : dribble_input)(&feed, data, piece,
	    size);
	snprintf(work, sizeof(work), "%s-%zu", socket ? "socket" : "dribble",
	    piece);
	snprintf(way, sizeof(way), "%zuMiB", mib);
	feed_result(work, way, round, used / (double)size);
	if (feed.frames != 1 || feed.bytes != size)
		feed_fail("a frame of a wrong length");
	feed_close(&feed);
}

static void
dribble_titles(void)
{
	for (int i = 0; i < COUNT; i++)
		printf("title\tdribble-%zu\tin process: one frame in pieces "
		    "of %zu\tns a byte\n", pieces[i], pieces[i]);
	for (int i = 0; i < COUNT; i++)
		printf("title\tsocket-%zu\tthe same over a socket, with the "
		    "client\tns a byte\n", pieces[i]);
}

/* Byte by byte it takes many seconds, so that is not done in every round, and
 * over the socket not for the longest frame. */
static int
is_wanted(int socket, size_t piece, size_t mib, int round)
{
	return piece > 1 || (round == 0 && (!socket || mib < 16));
}

static void
dribble_run(int round, enum effort effort)
{
	for (int socket = 0; socket < 2; socket++) {
		fprintf(stderr, "\n  %s:", socket ? "socket" : "dribble");
		for (int i = 0; i < COUNT * COUNT; i++) {
			size_t piece = pieces[i / COUNT];
			size_t mib = sizes[(i + round) % COUNT];

			if (effort == EFFORT_TRY ? piece > 64 && mib == 1 :
			    is_wanted(socket, piece, mib,
			    effort == EFFORT_FULL ? round : 1))
				run(socket, piece, mib, round);
		}
	}
}

const struct part part_dribble = { dribble_titles, dribble_run };
