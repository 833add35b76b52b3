#ifndef BENCH_FEED_H
#define BENCH_FEED_H

/*
 * A bufferevent that is fed without a socket, as one of a pair may be: its
 * input gets evbuffer chains, and its read callback is triggered. So everybody
 * who is measured is handed the same bytes in the same chains, and what the
 * kernel costs is left out.
 */

#include <stddef.h>
#include <stdint.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

/* The bytes of a chain; with its header it is 16 KiB. */
#define FEED_CHAIN (16384 - 48)

/*
 * The two counters are apart: side by side a compiler adds to both in one
 * access, which is slow where it lies across two cache lines, and whether it
 * does depends on where a stack happens to be.
 */
struct feed {
	uint64_t frames;	/* counted by whoever is fed */
	struct event_base *base;
	struct bufferevent *bev;	/* of a pair ... */
	struct bufferevent *other;	/* ... of which this is left alone */
	uint64_t bytes;
};

void feed_open(struct feed *feed);

/* What it is served by goes first, if that does not free the bufferevent. */
void feed_close(struct feed *feed);

/* Append bytes to the input, in chains of at most FEED_CHAIN. */
void feed_give(struct feed *feed, const char *data, size_t len);

/* Have it served until so many frames have been counted in all.
 * Returns the processor time in seconds. */
double feed_run(struct feed *feed, uint64_t frames);

struct evchat;

/*
 * The hook that all ways call for each frame, through a pointer; arg is the
 * feed. Only libevchat has a channel to give.
 */
void feed_frame(struct evchat *chat, const void *data, size_t len, void *arg);

/* Processor time of this process, in seconds. */
double feed_cpu(void);

/* Print what failed, and exit. */
void feed_fail(const char *what) __attribute__((noreturn));

/* A line of results; cost is in seconds, printed in nanoseconds. */
void feed_result(const char *work, const char *way, int round, double cost);

#endif
