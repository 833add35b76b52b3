/*
 * The main of every server: it accepts its connections, all of them before any
 * is served, and makes idle ones of socket pairs, both ends of which it
 * serves.
 */
#define _GNU_SOURCE
#include "server.h"
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void
server_fail(const char *what)
{
	fprintf(stderr, "server: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void
accept_busy(int *fds, int n)
{
	int one = 1;

	for (int i = 0; i < n; i++) {
		fds[i] = accept4(STDIN_FILENO, NULL, NULL,
		    SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fds[i] == -1)
			server_fail("accept4");
		/* Fails on AF_UNIX, where it has no meaning. */
		setsockopt(fds[i], IPPROTO_TCP, TCP_NODELAY, &one,
		    sizeof(one));
	}
}

static void
make_idle(int *fds, int n)
{
	for (int i = 0; i + 1 < n; i += 2) {
		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
		    SOCK_CLOEXEC, 0, &fds[i]) == -1)
			server_fail("socketpair");
	}
}

int
main(int argc, char **argv)
{
	const struct server_way *way = server_ways;
	struct server server;
	int busy = argc == 4 ? atoi(argv[2]) : 0;
	int idle = argc == 4 ? atoi(argv[3]) & ~1 : 0;
	int *fds;

	while (argc == 4 && way->kind != NULL && strcmp(way->kind, argv[1]))
		way++;
	if (argc != 4 || way->kind == NULL || busy <= 0 || idle < 0) {
		fprintf(stderr,
		    "usage: %s kind busy idle < listening-socket\n", argv[0]);
		return 2;
	}
	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		server_fail("signal");
	fds = calloc((size_t)busy + (size_t)idle, sizeof(*fds));
	if (fds == NULL)
		server_fail("calloc");
	make_idle(fds + busy, idle);
	accept_busy(fds, busy);
	server.fds = fds;
	server.n = busy + idle;
	if (way->serve(&server) == -1)
		server_fail(argv[1]);
	free(fds);
	return 0;
}
