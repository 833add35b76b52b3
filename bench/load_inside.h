#ifndef BENCH_LOAD_INSIDE_H
#define BENCH_LOAD_INSIDE_H

/*
 * What the kinds of load share with load.c, which has the sockets: what a
 * connection sends, and what is made of what it gets.
 */

#include "load.h"

struct load_conn {
	int fd;
	int index;
	int armed;		/* waits for room to write */
	const char *out;	/* what is left to be sent */
	size_t out_len;
	uint64_t got;		/* bytes */
	void *own;		/* of the kind */
};

struct load_kind {
	/* Makes what all its connections share. */
	void *(*start)(const struct work *work);
	/* Sets out and out_len to the first messages. */
	void (*begin)(struct load_conn *conn, void *shared);
	/* Checks bytes; when messages are due, sets out and out_len. */
	void (*got)(struct load_conn *conn, void *shared, const char *data,
	    size_t len);
	void (*end)(struct load_conn *conn);
	void (*stop)(void *shared);
};

extern const struct load_kind load_echo, load_broadcast;

void *load_alloc(size_t size);

#endif
