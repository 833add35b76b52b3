/*
 * A server on the loopback interface, with what any server wants: a port, as many
 * clients as there can be descriptors, limits on what they take of time and of
 * memory, and an end in which what came is still answered.
 */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
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
	    evchat_set_timeout(chat, EVCHAT_TIMEOUT_STALL, &patience) == -1)
		evchat_free(chat);
}

static void
on_stopped(struct evchat_listener *listener, void *arg)
{
	(void)arg;
	event_base_loopbreak(evchat_listener_get_base(listener));
}

/* What came is still answered. */
static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	const struct timeval grace = { 5, 0 };
	struct server *server = arg;

	(void)number;
	(void)what;
	if (evchat_listener_stop(server->listener, &grace, on_stopped,
	    NULL) == -1)
		on_stopped(server->listener, NULL);
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
listen_on(struct server *server, struct event_base *base, uint16_t port)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int len = sizeof(sin);

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin.sin_port = htons(port);
	server->clients = evchat_group_new(base, 0);
	server->listener = evchat_listener_new_bind(base, on_accept, server, 0,
	    -1, (struct sockaddr *)&sin, len);
	if (server->clients == NULL ||
	    server->listener == NULL || evchat_group_set_budget(
	    server->clients, BUDGET, EVCHAT_BUDGET_END) == -1 ||
	    evchat_listener_get_address(server->listener,
	    (struct sockaddr *)&sin, &len) == -1)
		return -1;
	evchat_listener_set_max(server->listener, count_clients());
	printf("listening on 127.0.0.1:%d\n", ntohs(sin.sin_port));
	return fflush(stdout);
}

static int
serve(struct server *server, struct event_base *base, uint16_t port)
{
	struct event *interrupt, *terminate;
	int status = -1;

	interrupt = evsignal_new(base, SIGINT, on_signal, server);
	terminate = evsignal_new(base, SIGTERM, on_signal, server);
	if (interrupt != NULL && event_add(interrupt, NULL) == 0 &&
	    terminate != NULL && event_add(terminate, NULL) == 0 &&
	    server->store != NULL && listen_on(server, base, port) == 0)
		status = event_base_dispatch(base);
	if (status == -1)
		perror(server->name);
	evchat_listener_free(server->listener);
	evchat_group_free(server->clients);
	store_free(server->store);
	if (interrupt != NULL)
		event_free(interrupt);
	if (terminate != NULL)
		event_free(terminate);
	return status;
}

int
server_main(struct server *server, int argc, char **argv)
{
	struct event_base *base = event_base_new();
	long port = 0, megabytes = 64;
	int option, status;

	while ((option = getopt(argc, argv, "m:p:")) != -1) {
		if (option == 'm')
			megabytes = strtol(optarg, NULL, 10);
		else if (option == 'p')
			port = strtol(optarg, NULL, 10);
		else
			port = -1;
	}
	if (optind < argc || port < 0 || port > 65535 || megabytes < 1 ||
	    megabytes > 1024 * 1024) {
		fprintf(stderr, "usage: %s [-m megabytes] [-p port]\n",
		    server->name);
		return 2;
	}
	if (base == NULL || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return 1;
	server->store = store_new((size_t)megabytes * 1024 * 1024);
	status = serve(server, base, (uint16_t)port);
	event_base_free(base);
	return status == -1;
}
