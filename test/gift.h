#ifndef GIFT_H
#define GIFT_H

/*
 * Pushes of every kind, for tests of what a push that fails leaves behind.
 */

#include "feeder.h"
#include "harness.h"

#define GIFT_KINDS 11
#define GIFT_LONG 10000

/* What is to be pushed stands ready before the push that may fail. */
struct gift {
	struct harness *h;
	struct evchat *chat;
	struct feeder feeder;
	struct evchat_producer *producer;
	struct evbuffer *buf;
	int fd;
	char *text;  /* GIFT_LONG times X */
};

struct gift_kind {
	int (*push)(struct gift *gift);
	size_t len;         /* of what it sends */
	const char *failed; /* what it tells if it fails */
	const char *sent;   /* and if not */
};

extern const struct gift_kind gift_kinds[GIFT_KINDS];

/* A channel of lines to push to. */
struct harness *gift_start(int carrier);

void gift_wrap(struct gift *gift, struct harness *h, int kind);
void gift_unwrap(struct gift *gift); /* a file must have been closed */

/* A file with an X in it, without a name. @return its descriptor */
int gift_file(void);

#endif
