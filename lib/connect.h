#ifndef CONNECT_H
#define CONNECT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "api.h"

struct evchat;
struct evdns_base;
struct evdns_getaddrinfo_request;
struct evutil_addrinfo;

/*
 * A connection that is being made. A channel has this from the call until it
 * is connected or has ended:
 *
 *	NAMED --> ASKED --> READY <--> TRYING --> (connected)
 *	  |         |                    |
 *	  |         +-------> OVER <-----+
 *	  +--> LEFT
 *
 * What is NAMED may be READY or OVER at once. A list of addresses begins
 * READY. Only the event loop goes from one to the next; so no hook, and no
 * callback of libevent's, runs inside the calls.
 */
enum attempts_state {
	ATTEMPTS_NAMED,  /* there is a name to be looked up */
	ATTEMPTS_ASKED,  /* evdns looks it up */
	ATTEMPTS_READY,  /* the next address is to be tried */
	ATTEMPTS_TRYING, /* the bufferevent waits for a connection */
	ATTEMPTS_LEFT,   /* to libevent, with the name */
	ATTEMPTS_OVER    /* it has failed: the channel is going to end */
};

struct address {
	struct sockaddr_storage sa;
	socklen_t len;
	int protocol;
};

struct attempts {
	enum attempts_state state;

	/* The addresses; tried are those before next. */
	struct address *addresses;
	size_t count;
	size_t next;

	/* The name, or NULL, and who knows what it stands for. */
	char *host;
	int port;
	int family;
	struct evdns_base *dns;
	struct evdns_getaddrinfo_request *request; /* while ASKED */
};

/* connect.c */

/* Copy the addresses that are of use, 0 or more. -1 with errno ENOMEM. */
int connect_copy(struct attempts *attempts,
    const struct evutil_addrinfo *list);
void connect_free(struct attempts *attempts); /* NULL is fine */

/* attempts.c: each of these for a channel that has attempts */

/* In a turn: do what is to be done next. The channel may have failed then. */
void attempts_go_on(struct evchat *chat);
/* libevent tells. False: it is to be noted as if there were no attempts. */
bool attempts_note(struct evchat *chat, short what, int error);
/* The time of the one that is tried has run out; that of all of them. */
void attempts_expired(struct evchat *chat);
void attempts_give_up(struct evchat *chat);
/* Is there a connection under way that can do without the channel? */
bool attempts_may_detach(const struct evchat *chat);
/* Forget them; what the bufferevent does, it goes on with. */
void attempts_end(struct evchat *chat);

/* What it failed with: the last failure is the channel's. */
void attempts_fail(struct evchat *chat, int error);
void attempts_fail_name(struct evchat *chat, int error); /* EVUTIL_EAI_ */
void attempts_no_memory(struct evchat *chat);

/* lookup.c */

void lookup_begin(struct evchat *chat);
void lookup_cancel(struct evchat *chat); /* nothing, if none is under way */

#endif
