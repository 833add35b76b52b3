#ifndef UPGRADE_CARRIER_H
#define UPGRADE_CARRIER_H

/* One channel that evhttp has; of upgrade_carry.c. */

#include <sys/types.h>
#include <sys/queue.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <event2/util.h>
#include "upgrade_carry.h"

struct carrier {
	LIST_ENTRY(carrier) link;
	struct carry *carry;		/* NULL: not in its list any more */
	struct evchat *chat;		/* NULL: it ended, or was taken back */
	const struct evchat_hooks *hooks; /* of before, or NULL */
	void *arg;
	struct bufferevent *bev;	/* the filter */
	struct event *pump;
	evutil_socket_t token;		/* until it is accepted, our end */
	bool serves;			/* evhttp is asked, and does not ask */
	bool has_come;			/* evhttp is to look at its input */
	bool has_written;		/* evhttp waits for that to leave */
	bool at_end;			/* the peer sends no more */
};

struct carry {
	LIST_HEAD(, carrier) carriers;
	struct event_base *base;
	struct evconnlistener *listener; /* NULL: it is the server's */
	struct sockaddr_in address;
};

/* It belongs to its bev, and is freed with it; NULL with errno. */
struct carrier *carrier_new(struct event_base *base);
/*
 * Have the channel carried, and paused until evhttp wants to read: the last
 * that can fail. -1 with errno.
 */
int carrier_begin(struct carrier *carrier, struct carry *carry,
    struct evchat *chat);
/* The channel has its hooks again; -1 with errno: it has ended. */
int carrier_give_back(struct carrier *carrier);
/* evhttp has begun: call the carrier from the loop. */
void carrier_wake(struct carrier *carrier);
/* evhttp has ended: the channel closes when all has been sent. */
void carrier_let_go(struct carrier *carrier);

#endif
