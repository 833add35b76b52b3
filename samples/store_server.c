/*
 * A server on the loopback interface, with what any server wants: a port, as
 * many clients as there can be descriptors, limits on what they take of time
 * and of memory, and an end in which what came is still answered. A long value
 * that is on its way is kept whole until its last byte has left, and counts
 * only for what is left of it: so who takes an answer has to take it at some
 * speed.
 */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include <event2/event.h>
#include <evchat.h>
#include "store.h"
#include "store_server.h"

#define BUDGET	(64 * 1024 * 1024)	/* what clients hold that is not done */
#define OUT_MIN	(256 * 1024)		/* bytes a minute, while one waits */

/* What came is still answered. */
static const struct timeval grace = { 5, 0 };

/* A client may be silent for ever, but not in the middle of something. */
static void
on_accept(struct evchat_listener *listener, struct evchat *chat,
    const struct sockaddr *peer, int peerlen, void *arg)
{
	const struct timeval patience = { 60, 0 };
	struct server *server = arg;

	(void)listener;
	(void)peer;
	(void)peerlen;
	if (server->greet(server, chat) == -1 ||
	    evchat_group_add(server->clients, chat) == -1 ||
	    evchat_set_timeout(chat, EVCHAT_TIMEOUT_FRAME, &patience) == -1 ||
	    evchat_set_timeout(chat, EVCHAT_TIMEOUT_STALL, &patience) == -1 ||
	    evchat_set_min_rate(chat, 0, OUT_MIN, &patience) == -1)
		evchat_free(chat);
}

/* As many as there can be descriptors; some are for the server itself. */
static size_t
count_clients(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		return 100;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) == -1 &&
	    getrlimit(RLIMIT_NOFILE, &limit) == -1)
		return 100;
	return limit.rlim_cur < 20000 ? (size_t)limit.rlim_cur - 16 : 20000;
}

static int
listen_on(struct server *server, struct event_base *base, const char *port)
{
	char where[EVCHAT_ADDRESS_MAX];

	snprintf(where, sizeof(where), "127.0.0.1:%s", port);
	server->clients = evchat_group_new(base, 0);
	server->listener = evchat_listener_new_text(base, on_accept, server, 0,
	    -1, where);
	if (server->clients == NULL ||
	    server->listener == NULL || evchat_group_set_budget(
	    server->clients, BUDGET, EVCHAT_BUDGET_END) == -1 ||
	    evchat_listener_stop_on(server->listener, SIGINT,
	    &grace, NULL, NULL) == -1 ||
	    evchat_listener_stop_on(server->listener, SIGTERM,
	    &grace, NULL, NULL) == -1 ||
	    evchat_listener_get_text(server->listener, where,
	    sizeof(where)) == -1)
		return -1;
	evchat_listener_set_max(server->listener, count_clients());
	printf("listening on %s\n", where);
	return fflush(stdout);
}

static int
serve(struct server *server, struct event_base *base, const char *port)
{
	int status = -1;

	if (server->store != NULL && listen_on(server, base, port) == 0)
		status = event_base_dispatch(base);
	if (status == -1)
		perror(server->name);
	evchat_listener_free(server->listener);
	evchat_group_free(server->clients);
	store_free(server->store);
	return status;
}

int
server_main(struct server *server, int argc, char **argv)
{
	struct event_base *base = event_base_new();
	long megabytes = 64;
	const char *port = "0";
	int option, status, wrong = 0;

	while ((option = getopt(argc, argv, "m:p:")) != -1) {
		if (option == 'm')
			megabytes = strtol(optarg, NULL, 10);
		else if (option == 'p')
			port = optarg;
		else
			wrong = 1;
	}
	if (wrong || optind < argc || megabytes < 1 ||
	    megabytes > 1024 * 1024) {
		fprintf(stderr, "usage: %s [-m megabytes] [-p port]\n",
		    server->name);
		return 2;
	}
	if (base == NULL || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return 1;
	server->store = store_new((size_t)megabytes * 1024 * 1024);
	status = serve(server, base, port);
	event_base_free(base);
	return status == -1;
}
