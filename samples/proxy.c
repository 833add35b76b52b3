/*
 * proxy: carries what two peers say to each other, as HTTP's CONNECT has it.
 *
 * In one terminal:	./proxy -p 4000
 * In another:		curl -p -x http://127.0.0.1:4000 http://example.com/
 *			nc -X connect -x 127.0.0.1:4000 example.com 80
 *
 * The client's side begins with a frame, the head of a request that says where
 * to (RFC 9110, 9.3.6); behind the answer neither side has frames, and every
 * byte goes to the other one. A side's end is passed on when all before it
 * was, and what comes the other way goes on. If one is reset, so is the other.
 *
 * A peer that reads slowly slows down the one that sends: each side is the
 * sink of the other, which is stopped while more than 128 KiB wait. So a
 * connection takes no more memory than that, however fast and however long one
 * of them sends.
 *
 * -t says for how many seconds both may be silent, or one of them take nothing
 * of what waits for it; -w, how long a head may take, and a connection.
 * SIGTERM and SIGINT end it when what was under way has been sent, a second
 * one ends it at once. It listens on 127.0.0.1 only, since it connects to
 * wherever it is told to.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include <event2/dns.h>
#include <event2/event.h>
#include <evchat.h>

#define HEAD_MAX	8192
#define SPARE		32	/* descriptors that are no connection's */

struct proxy {
	struct event_base *base;
	struct evdns_base *dns;
	struct evchat_listener *listener;
	struct timeval patience;	/* with two that are silent, */
	struct timeval wait;	/* and with a head, and a connection */
};

/* Who is joined with whom. It goes when both have ended. */
struct relay {
	struct proxy *proxy;
	struct evchat *client;
	struct evchat *server;	/* NULL: not asked for yet, or ended */
	int is_busy;		/* somebody said something */
};

static const struct timeval grace = { 10, 0 };

/* From one side to the other */

static struct evchat *
other_side(const struct relay *relay, const struct evchat *chat)
{
	return chat == relay->client ? relay->server : relay->client;
}

static void
on_bytes(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct relay *relay = arg;
	struct evchat *to = other_side(relay, chat);

	relay->is_busy = 1;
	if (evchat_push(to, data, len) == -1) {
		/* It is closing. Or there is a gap: then it must get no more. */
		if (errno != EPIPE)
			evchat_free(to);
		evchat_close_when_done(chat);
	}
}

/* Both have a timer: the one whose peer is silent asks about the other one. */
static void
on_silence(struct relay *relay, struct evchat *chat)
{
	if (relay->is_busy && evchat_set_timeout(chat, EVCHAT_TIMEOUT_READ,
	    &relay->proxy->patience) == -1)
		evchat_free(chat);
	relay->is_busy = 0;
}

static void
on_connected(struct relay *relay)
{
	if (evchat_push_printf(relay->client,
	    "HTTP/1.1 200 Connection established\r\n\r\n") == -1)
		evchat_free(relay->client);
	else
		evchat_resume(relay->client);
}

static void
on_event(struct evchat *chat, enum evchat_event what, void *arg)
{
	struct relay *relay = arg;
	struct evchat *other = other_side(relay, chat);

	if (what == EVCHAT_EVENT_CONNECTED)
		on_connected(relay);
	else if (what == EVCHAT_EVENT_EOF)
		(void)evchat_push_eof(other);	/* or it is closing */
	else if (what == EVCHAT_EVENT_TIMEOUT)
		on_silence(relay, chat);
}

static void
refuse(struct evchat *client, const char *status)
{
	if (evchat_push_printf(client, "HTTP/1.1 %s\r\nContent-Length: 0\r\n"
	    "Connection: close\r\n\r\n", status) == -1)
		evchat_free(client);
	else
		evchat_close_when_done(client);
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct relay *relay = arg;
	struct evchat *other = other_side(relay, chat);

	if (chat == relay->client)
		relay->client = NULL;
	else
		relay->server = NULL;
	if (other == NULL)
		free(relay);
	else if (why == EVCHAT_REASON_CONNECT)
		refuse(other, evchat_get_errno(chat) == ETIMEDOUT ?
		    "504 Gateway Timeout" : "502 Bad Gateway");
	else if (why == EVCHAT_REASON_IO)
		evchat_reset(other);	/* nor was that the end of it */
	else
		evchat_close_when_done(other);
}

static const struct evchat_hooks relay_hooks = {
	.collect = on_bytes,
	.event = on_event,
	.closed = on_closed,
};

static int
set_up_side(struct evchat *chat, struct evchat *other,
    const struct timeval *patience)
{
	return evchat_set_sink(chat, other) == -1 ||
	    evchat_set_timeout(chat, EVCHAT_TIMEOUT_READ, patience) == -1 ||
	    evchat_set_timeout(chat, EVCHAT_TIMEOUT_STALL, patience) == -1 ?
	    -1 : 0;
}

/* What the client wants */

/* Cut "host:port" in two, the host out of its brackets. The port, or -1. */
static int
cut_target(char *target, char **host)
{
	char *colon = strrchr(target, ':'), *rest;
	long port;

	if (colon == NULL || colon == target || colon[1] < '0' ||
	    colon[1] > '9')
		return -1;
	*colon = '\0';
	*host = target;
	if (target[0] == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		*host = target + 1;
	}
	port = strtol(colon + 1, &rest, 10);
	return *rest == '\0' && port > 0 && port <= 65535 ? (int)port : -1;
}

/* Where the head says to connect to; NULL or, if it is clear, why not. */
static const char *
read_head(char *head, char **host, int *port)
{
	char *target, *version;

	head[strcspn(head, "\r\n")] = '\0';
	target = strchr(head, ' ');
	version = target != NULL ? strchr(target + 1, ' ') : NULL;
	if (version == NULL || strncmp(version, " HTTP/1.", 8) != 0)
		return "400 Bad Request";
	*target++ = '\0';
	*version = '\0';
	if (strcmp(head, "CONNECT") != 0)
		return "405 Method Not Allowed\r\nAllow: CONNECT";
	*port = cut_target(target, host);
	return *port == -1 ? "400 Bad Request" : NULL;
}

/* From here on the relay's hooks are told, and nothing is read before CONNECTED. */
static int
join(struct relay *relay, const char *host, int port)
{
	struct proxy *proxy = relay->proxy;

	relay->server = evchat_socket_new(proxy->base, -1, &relay_hooks, relay,
	    EVCHAT_OPT_HALF_OPEN);
	if (relay->server == NULL ||
	    evchat_set_hooks(relay->client, &relay_hooks, relay) == -1 ||
	    set_up_side(relay->client, relay->server, &proxy->patience) ||
	    set_up_side(relay->server, relay->client, &proxy->patience) ||
	    evchat_set_timeout(relay->server, EVCHAT_TIMEOUT_CONNECT,
	    &proxy->wait) == -1)
		return -1;
	evchat_set_terminator_none(relay->client);
	evchat_pause(relay->client);
	return evchat_connect_hostname(relay->server, proxy->dns, AF_UNSPEC,
	    host, port);
}

static void
on_head(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct relay *relay = arg;
	char head[HEAD_MAX + 1];
	const char *status = "400 Bad Request";
	char *host;
	int port;

	memcpy(head, data, len);
	head[len] = '\0';
	if (strlen(head) == len)
		status = read_head(head, &host, &port);
	if (status != NULL)
		refuse(chat, status);
	else if (join(relay, host, port) == -1) {
		evchat_free(relay->server);
		evchat_free(relay->client);
	}
}

static void
on_head_event(struct evchat *chat, enum evchat_event what, void *arg)
{
	(void)arg;
	if (what == EVCHAT_EVENT_OVERSIZE)
		refuse(chat, "431 Request Header Fields Too Large");
	else if (what == EVCHAT_EVENT_TIMEOUT)
		refuse(chat, "408 Request Timeout");
	else if (what == EVCHAT_EVENT_EOF)
		evchat_close_when_done(chat);
}

static const struct evchat_hooks head_hooks = {
	.frame = on_head,
	.event = on_head_event,
	.closed = on_closed,
};

static void
on_accept(struct evchat_listener *listener, struct evchat *chat,
    const struct sockaddr *peer, int peerlen, void *arg)
{
	struct proxy *proxy = arg;
	struct relay *relay = calloc(1, sizeof(*relay));

	(void)listener;
	(void)peer;
	(void)peerlen;
	if (relay == NULL || evchat_set_hooks(chat, &head_hooks, relay) == -1) {
		free(relay);
		evchat_free(chat);
		return;
	}
	/* From here on closed frees it. */
	relay->proxy = proxy;
	relay->client = chat;
	if (evchat_set_terminator(chat, "\r\n\r\n", 4) == -1 ||
	    evchat_set_max_frame(chat, HEAD_MAX,
	    EVCHAT_OVERSIZE_DISCARD) == -1 ||
	    evchat_set_timeout(chat, EVCHAT_TIMEOUT_READ,
	    &proxy->wait) == -1 || evchat_set_timeout(chat,
	    EVCHAT_TIMEOUT_FRAME, &proxy->wait) == -1)
		evchat_free(chat);
}

/* The server */

/* Where there are no name servers, addresses will do. */
static int
open_dns(struct proxy *proxy)
{
	proxy->dns = evdns_base_new(proxy->base,
	    EVDNS_BASE_DISABLE_WHEN_INACTIVE);
	if (proxy->dns == NULL)
		return -1;
	(void)evdns_base_resolv_conf_parse(proxy->dns, DNS_OPTIONS_ALL,
	    "/etc/resolv.conf");
	return 0;
}

static int
listen_on(struct proxy *proxy, const char *port)
{
	char where[EVCHAT_ADDRESS_MAX];
	struct rlimit files;

	snprintf(where, sizeof(where), "127.0.0.1:%s", port);
	proxy->listener = evchat_listener_new_text(proxy->base, on_accept,
	    proxy, EVCHAT_OPT_HALF_OPEN, -1, where);
	/* The loop ends when nothing is left in it. A second signal kills. */
	if (proxy->listener == NULL || evchat_listener_stop_on(
	    proxy->listener, SIGINT, &grace, NULL, NULL) == -1 ||
	    evchat_listener_stop_on(proxy->listener, SIGTERM, &grace,
	    NULL, NULL) == -1 ||
	    evchat_listener_get_text(proxy->listener, where,
	    sizeof(where)) == -1 ||
	    getrlimit(RLIMIT_NOFILE, &files) == -1)
		return -1;
	/* Each needs two. The others wait. */
	if (files.rlim_cur > 2 * SPARE)
		evchat_listener_set_max(proxy->listener,
		    (files.rlim_cur - SPARE) / 2);
	printf("listening on %s\n", where);
	return fflush(stdout);
}

static void
close_proxy(struct proxy *proxy)
{
	evchat_listener_free(proxy->listener);
	if (proxy->dns != NULL)
		evdns_base_free(proxy->dns, 0);
	if (proxy->base != NULL) {
		event_base_loop(proxy->base, EVLOOP_NONBLOCK);
		event_base_free(proxy->base);
	}
}

/* -1: it is not one from 0 to max. */
static long
number_of(const char *text, long max)
{
	char *rest;
	long number = strtol(text, &rest, 10);

	return rest == text || *rest != '\0' || number > max ? -1 : number;
}

int
main(int argc, char **argv)
{
	static struct proxy proxy;
	const char *port = "0";
	long patience = 300, wait = 20;
	int option, wrong = 0, status = -1;

	while ((option = getopt(argc, argv, "p:t:w:")) != -1) {
		if (option == 'p')
			port = optarg;
		else if (option == 't')
			patience = number_of(optarg, 86400);
		else if (option == 'w')
			wait = number_of(optarg, 86400);
		else
			wrong = 1;
	}
	if (wrong || optind < argc || patience < 1 || wait < 1) {
		fprintf(stderr, "usage: proxy [-p port] [-t seconds] "
		    "[-w seconds]\n");
		return 2;
	}
	proxy.patience.tv_sec = patience;
	proxy.wait.tv_sec = wait;
	if ((proxy.base = event_base_new()) != NULL &&
	    signal(SIGPIPE, SIG_IGN) != SIG_ERR && open_dns(&proxy) == 0 &&
	    listen_on(&proxy, port) == 0)
		status = event_base_dispatch(proxy.base);
	if (status == -1)
		perror("proxy");
	close_proxy(&proxy);
	return status == -1;
}
