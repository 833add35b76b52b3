/*
 * framecat's connection; see framecat_socket.h. Until there is one, a program
 * of one connection has nothing else to do, so these calls may block; a signal
 * ends them and the program.
 */
#define _POSIX_C_SOURCE 200809L
#include <sys/types.h>
#include <sys/socket.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <event2/util.h>
#include "framecat_socket.h"

static struct addrinfo *
resolve(const char *host, const char *port, int flags)
{
	const struct addrinfo hints = {
		.ai_flags = flags,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *first = NULL;
	int error = getaddrinfo(host, port, &hints, &first);

	if (error != 0) {
		fprintf(stderr, "framecat: %s %s: %s\n", host, port,
		    gai_strerror(error));
		return NULL;
	}
	return first;
}

/* The socket, or -1 after what went wrong, as errno says, with it. */
static int
finish(int fd, int failed, const char *host, const char *port)
{
	if (!failed && evutil_make_socket_nonblocking(fd) == 0)
		return fd;
	fprintf(stderr, "framecat: %s %s: %s\n", host, port, strerror(errno));
	if (fd != -1)
		(void)close(fd);
	return -1;
}

int
framecat_connect(const char *host, const char *port)
{
	struct addrinfo *first = resolve(host, port, 0), *ai;
	int fd = -1, failed = -1, error = 0;

	if (first == NULL)
		return -1;
	for (ai = first; ai != NULL && failed != 0; ai = ai->ai_next) {
		if (fd != -1)
			(void)close(fd);
		fd = socket(ai->ai_family, ai->ai_socktype, ai->ai_protocol);
		if (fd != -1)
			failed = connect(fd, ai->ai_addr, ai->ai_addrlen);
		error = errno;
	}
	freeaddrinfo(first);
	errno = error;
	return finish(fd, failed, host, port);
}

static int
listen_on(const struct addrinfo *ai)
{
	int fd = socket(ai->ai_family, ai->ai_socktype, ai->ai_protocol);
	int error, yes = 1;

	if (fd == -1)
		return -1;
	/* A connection of a moment ago does not keep the port. */
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes,
	    sizeof(yes)) == -1 ||
	    bind(fd, ai->ai_addr, ai->ai_addrlen) == -1 ||
	    listen(fd, 1) == -1) {
		error = errno;
		(void)close(fd);
		errno = error;
		return -1;
	}
	return fd;
}

static void
say_where(int fd, const char *address)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	char port[16];

	if (getsockname(fd, (struct sockaddr *)&ss, &len) == 0 &&
	    getnameinfo((struct sockaddr *)&ss, len, NULL, 0, port,
	    sizeof(port), NI_NUMERICSERV) == 0)
		fprintf(stderr, "framecat: listening on %s %s\n", address,
		    port);
}

int
framecat_accept(const char *address, const char *port)
{
	struct addrinfo *first = resolve(address, port, AI_PASSIVE);
	int listener, fd = -1, error;

	if (first == NULL)
		return -1;
	listener = listen_on(first);
	if (listener != -1) {
		say_where(listener, address);
		do
			fd = accept(listener, NULL, NULL);
		while (fd == -1 && errno == ECONNABORTED);
	}
	error = errno;
	freeaddrinfo(first);
	if (listener != -1)
		(void)close(listener);
	errno = error;
	return finish(fd, fd == -1, address, port);
}
