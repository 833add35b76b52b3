/*
 * What it takes to be a server, whatever the protocol: see store_server.c.
 */
#ifndef STORE_SERVER_H
#define STORE_SERVER_H

struct evchat;
struct evchat_framing;
struct evchat_group;
struct evchat_listener;
struct event_base;
struct store;

struct server {
	const char *name;
	/* Make a new channel one of this protocol. -1: it is freed. */
	int (*greet)(struct server *server, struct evchat *chat);
	struct evchat_framing *framing;	/* for greet(), as it likes */
	/* Set by server_main(): */
	struct store *store;
	struct evchat_group *clients;
	struct evchat_listener *listener;
};

/* Serve until SIGINT or SIGTERM. Returns main()'s status. */
int server_main(struct server *server, int argc, char **argv);

#endif
