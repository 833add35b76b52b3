/*
 * The chains are made outside of the input and then moved there, as
 * evbuffer_read() would leave them.
 */
#define _POSIX_C_SOURCE 200809L
#include "feed.h"
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <event2/buffer.h>

void
feed_fail(const char *what)
{
	fprintf(stderr, "\nbench: in process: %s\n", what);
	exit(1);
}

double
feed_cpu(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

void
feed_open(struct feed *feed)
{
	struct bufferevent *pair[2];

	feed->frames = feed->bytes = 0;
	feed->base = event_base_new();
	if (feed->base == NULL ||
	    bufferevent_pair_new(feed->base, 0, pair) == -1)
		feed_fail("no pair");
	feed->bev = pair[0];
	feed->other = pair[1];
}

void
feed_close(struct feed *feed)
{
	if (feed->bev != NULL)
		bufferevent_free(feed->bev);
	bufferevent_free(feed->other);
	event_base_loop(feed->base, EVLOOP_NONBLOCK);
	event_base_free(feed->base);
}

void
feed_give(struct feed *feed, const char *data, size_t len)
{
	struct evbuffer *input = bufferevent_get_input(feed->bev);

	evbuffer_unfreeze(input, 0);
	while (len > 0) {
		struct evbuffer *chain = evbuffer_new();
		size_t n = len < FEED_CHAIN ? len : FEED_CHAIN;

		if (chain == NULL || evbuffer_expand(chain, n) == -1 ||
		    evbuffer_add(chain, data, n) == -1 ||
		    evbuffer_add_buffer(input, chain) == -1)
			feed_fail("no memory");
		evbuffer_free(chain);
		data += n;
		len -= n;
	}
	evbuffer_freeze(input, 0);
}

double
feed_run(struct feed *feed, uint64_t frames)
{
	double begin = feed_cpu();

	bufferevent_trigger(feed->bev, EV_READ, 0);
	for (int turns = 0; feed->frames < frames; turns++) {
		if (turns == 100000)
			feed_fail("frames did not arrive");
		event_base_loop(feed->base, EVLOOP_NONBLOCK);
	}
	return feed_cpu() - begin;
}

void
feed_frame(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct feed *feed = arg;

	(void)chat;
	(void)data;
	feed->frames++;
	feed->bytes += len;
}

void
feed_result(const char *work, const char *way, int round, double cost)
{
	printf("%s\t%s\t%d\t%.5f\t\n", work, way, round, cost * 1e9);
	fflush(stdout);
	fprintf(stderr, "  %s %.2f", way, cost * 1e9);
}
