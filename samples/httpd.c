/*
 * httpd: an HTTP/1.1 server for the files of a directory, and for more.
 *
 * In one terminal:	./httpd -d /usr/share/doc
 * In another:		curl http://127.0.0.1:8080/
 *			curl -r 0-99 http://127.0.0.1:8080/some/file
 *			curl --compressed 'http://127.0.0.1:8080/numbers?n=9999'
 *			curl -T httpd.c http://127.0.0.1:8080/count
 *			somebody | curl -T - http://127.0.0.1:8080/echo
 *
 * This is the http sample, grown up: bodies that are chunked and never kept,
 * files by sendfile and in parts, answers whose length nobody knows
 * beforehand, and compressed. See httpd.h for its files. SIGINT and SIGTERM
 * have it finish what it is about, for 30 seconds at most; a second one kills,
 * as signals do.
 */
#define _POSIX_C_SOURCE 200809L
#include <sys/resource.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <event2/event.h>
#include "httpd.h"

struct options {
	const char *address, *port, *directory;
	long patience, body_max;
};

/* A channel has a socket and at most one file open; we, a few besides. */
static size_t
clients_max(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1 || limit.rlim_cur < 64 ||
	    limit.rlim_cur > 65536)
		limit.rlim_cur = 1024;
	return (size_t)(limit.rlim_cur - 32) / 2;
}

static void
on_accept(struct evchat_listener *listener, struct evchat *chat,
    const struct sockaddr *peer, int peerlen, void *arg)
{
	(void)listener;
	(void)peer;
	(void)peerlen;
	if (httpd_talk(arg, chat) == -1)
		evchat_free(chat);
}

static void
on_stopped(struct evchat_listener *listener, void *arg)
{
	(void)arg;
	event_base_loopbreak(evchat_listener_get_base(listener));
}

static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	const struct timeval grace = { 30, 0 };
	struct httpd_server *server = arg;

	(void)number;
	(void)what;
	server->is_stopping = 1;
	if (evchat_listener_stop(server->listener, &grace, on_stopped,
	    NULL) == -1)
		on_stopped(server->listener, NULL);
	printf("stopping\n");
	fflush(stdout);
}

static int
listen_on(struct httpd_server *server, struct event_base *base,
    const struct options *options)
{
	char where[EVCHAT_ADDRESS_MAX];

	snprintf(where, sizeof(where), "%s:%s", options->address,
	    options->port);
	server->listener = evchat_listener_new_text(base, on_accept, server, 0,
	    -1, where);
	if (server->chunked == NULL || server->listener == NULL ||
	    evchat_listener_get_text(server->listener, where,
	    sizeof(where)) == -1)
		return -1;
	evchat_listener_set_max(server->listener, clients_max());
	printf("listening on http://%s/\n", where);
	return fflush(stdout);
}

static int
serve(struct httpd_server *server, struct event_base *base,
    const struct options *options)
{
	struct event *interrupt, *terminate;
	int status = -1;

	interrupt = evsignal_new(base, SIGINT, on_signal, server);
	terminate = evsignal_new(base, SIGTERM, on_signal, server);
	server->chunked = evchat_framing_chunked(0);
	if (interrupt != NULL && event_add(interrupt, NULL) == 0 &&
	    terminate != NULL && event_add(terminate, NULL) == 0 &&
	    listen_on(server, base, options) == 0)
		status = event_base_dispatch(base);
	if (status == -1)
		perror("httpd");
	evchat_listener_free(server->listener);
	evchat_framing_free(server->chunked);
	if (interrupt != NULL)
		event_free(interrupt);
	if (terminate != NULL)
		event_free(terminate);
	return status;
}

/* The command line */

/* -1: it is not one from 0 to max. */
static long
number_of(const char *text, long max)
{
	char *rest;
	long number = strtol(text, &rest, 10);

	return rest == text || *rest != '\0' || number > max ? -1 : number;
}

static int
read_options(struct options *options, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "a:d:m:p:t:")) != -1) {
		if (option == 'a')
			options->address = optarg;
		else if (option == 'd')
			options->directory = optarg;
		else if (option == 'm')
			options->body_max = number_of(optarg, 1L << 30);
		else if (option == 'p')
			options->port = optarg;
		else if (option == 't')
			options->patience = number_of(optarg, 86400);
		else
			return -1;
	}
	return optind < argc || options->patience < 1 ||
	    options->body_max < 1 ? -1 : 0;
}

int
main(int argc, char **argv)
{
	struct options options = { .address = "127.0.0.1", .port = "8080",
	    .directory = ".", .patience = 60, .body_max = 1L << 30 };
	struct httpd_server server = { .now = -1 };
	struct event_base *base = event_base_new();
	int status;

	if (read_options(&options, argc, argv) == -1) {
		fprintf(stderr, "usage: httpd [-a address] [-p port] "
		    "[-d directory] [-t seconds] [-m bytes]\n");
		return 2;
	}
	server.patience.tv_sec = options.patience;
	server.body_max = (uint64_t)options.body_max;
	server.directory = open(options.directory,
	    O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (server.directory == -1 || base == NULL ||
	    signal(SIGPIPE, SIG_IGN) == SIG_ERR) {
		perror(options.directory);
		return 1;
	}
	status = serve(&server, base, &options);
	event_base_free(base);
	return status == -1;
}
