#ifndef SINK_H
#define SINK_H

/*
 * A peer that takes its time: instead of the harness's own it reads, so many
 * bytes a turn of the loop, and either keeps them in h->received or compares
 * them with a pattern that can be as long as one likes.
 */

#include "harness.h"

struct sink {
	struct harness *h;
	size_t piece;        /* what it reads at once */
	bool known;          /* compare with the pattern, keep nothing */
	uint64_t got;        /* bytes so far */
	struct event *read;  /* NULL for a pair */
};

/* The carriers that differ in how output leaves them: all those below. */
#define SINK_CARRIERS HARNESS_WAITING

/* One of each kind, for tests that take their time. */
#ifdef HAVE_OPENSSL
#define SINK_KINDS 7
#else
#define SINK_KINDS 5
#endif
#define SINK_EXACT 5 /* of these a byte that is pushed is one of the output */
extern const enum harness_carrier sink_kinds[SINK_KINDS];

/* Add a test that runs on each of them; or on those up to one of them. */
void sink_add(TCase *tcase, const TTest *test);
void sink_add_below(TCase *tcase, const TTest *test,
    enum harness_carrier limit);

/* Take the place of the harness's peer. */
void sink_start(struct sink *sink, struct harness *h, size_t piece, bool known);

/* To be called before the harness is freed. */
void sink_stop(struct sink *sink);

/* Run the loop until so many bytes have come, or the end. */
void sink_run_until(struct sink *sink, uint64_t len);

/* Append bytes of the pattern, those from an offset on. */
void sink_pattern(struct evbuffer *to, uint64_t offset, size_t len);

/* An open file without a name that holds them. */
int sink_file(uint64_t offset, size_t len);

/* Whether these bytes are the pattern's. */
bool sink_is_pattern(const void *data, uint64_t offset, size_t len);

/* Let the sockets between the channel and its peer hold as little as can be. */
void sink_narrow(struct harness *h);

/* Run the loop until a condition holds; a test that hangs fails. */
void sink_run(struct harness *h, bool (*condition)(void *arg), void *arg);

#endif
