#ifndef BENCH_SERVER_H
#define BENCH_SERVER_H

/*
 * What the servers share. A server is started by bench with a listening socket
 * as its standard input and told what to do, how many connections to accept
 * before it begins, and how many idle ones to make beside them. It ends when
 * its last connection has.
 */

#include <stddef.h>

struct server {
	const int *fds;	/* connected, not blocking */
	int n;
};

/* What a server can do. The table that it defines ends with no name. */
struct server_way {
	const char *kind;
	int (*serve)(const struct server *server);	/* -1: failed */
};
extern const struct server_way server_ways[];

/*
 * What the application does with a message: here, answer with the same. The
 * servers by hand call it through a pointer for every message, as a library
 * calls a hook.
 */
typedef void (*server_message_cb)(void *conn, const char *data, size_t len);

/* Print what failed, with errno, and exit. */
void server_fail(const char *what) __attribute__((noreturn));

#endif
