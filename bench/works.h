#ifndef BENCH_WORKS_H
#define BENCH_WORKS_H

/*
 * What is measured: workloads, and the ways in which each is served. A way is
 * a program and the name of what it is to do, which is one of its `ways'; see
 * server.h.
 */

#include <stddef.h>

enum load {
	LOAD_LINES,	/* every message comes back: lines */
	LOAD_LENGTH,	/* the same with 4-byte lengths in front */
	LOAD_BROADCAST	/* every line comes to everybody */
};

struct way {
	const char *name;	/* in the tables */
	const char *program;
	const char *kind;	/* what it does of what it can do */
	int idle;		/* connections that do nothing */
};

#define WORK_MAX_WAYS 8

struct work {
	const char *name;
	const char *title;
	enum load load;
	int conns;		/* connections that are busy */
	int depth;		/* messages that each sends at once */
	size_t size;		/* of a message, with its framing */
	struct way ways[WORK_MAX_WAYS];	/* the last one has no name */
};

/* Ends with one that has no name. */
extern const struct work works[];

#endif
