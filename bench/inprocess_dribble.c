/*
 * A frame that arrives in small pieces: what a byte of it costs must not
 * depend on how long the frame is.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <evchat.h>
#include "feed.h"
#include "inprocess.h"

#define MIB (1 << 20)

static void
on_frame(struct evchat *chat, const void *data, size_t len, void *arg)
{
	(void)chat;
	feed_frame(arg, data, len);
}

static const struct evchat_hooks hooks = { .frame = on_frame };

static const size_t pieces[] = { 1, 64, 1460 };
static const size_t sizes[] = { 1, 4, 16 };	/* MiB */
#define COUNT 3

/* Give a piece, and have it taken. */
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
		if (turns == 100000)
			feed_fail("a piece is not taken");
		event_base_loop(feed->base, EVLOOP_NONBLOCK);
	}
}

static void
run(size_t piece, size_t mib, int round)
{
	struct feed feed;
	struct evchat *chat;
	char data[1460], work[32], way[32];
	size_t size = mib * MIB;
	double begin;

	feed_open(&feed);
	chat = evchat_new(feed.bev, &hooks, &feed, 0);
	if (chat == NULL || evchat_set_terminator(chat, "\n", 1) == -1 ||
	    evchat_set_max_frame(chat, 0, EVCHAT_OVERSIZE_CLOSE) == -1)
		feed_fail("no channel");
	memset(data, 'a', sizeof(data));
	begin = feed_cpu();
	for (size_t given = 0; given < size; given += piece)
		give(&feed, data, size - given < piece ? size - given : piece);
	feed_give(&feed, "\n", 1);
	feed_run(&feed, 1);
	snprintf(work, sizeof(work), "dribble-%zu", piece);
	snprintf(way, sizeof(way), "%zuMiB", mib);
	feed_result(work, way, round, (feed_cpu() - begin) / (double)size);
	if (feed.bytes != size)
		feed_fail("a frame of a wrong length");
	feed.bev = NULL;
	evchat_free(chat);
	feed_close(&feed);
}

static void
dribble_titles(void)
{
	for (int i = 0; i < COUNT; i++)
		printf("title\tdribble-%zu\tin process: one frame in pieces "
		    "of %zu\tns a byte\n", pieces[i], pieces[i]);
}

/* Byte by byte it takes seconds, so that is done in three rounds only. */
static int
is_wanted(size_t piece, size_t mib, int round, enum effort effort)
{
	if (effort == EFFORT_TRY)
		return piece > 1 && mib == 1;
	return piece > 1 || (effort == EFFORT_FULL && round < 3);
}

static void
dribble_run(int round, enum effort effort)
{
	fprintf(stderr, "\n  dribble:");
	for (int i = 0; i < COUNT * COUNT; i++) {
		size_t piece = pieces[i / COUNT];
		size_t mib = sizes[(i + round) % COUNT];

		if (is_wanted(piece, mib, round, effort))
			run(piece, mib, round);
	}
}

const struct part part_dribble = { dribble_titles, dribble_run };
