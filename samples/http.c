/*
 * http: an HTTP/1.1 server with keep-alive, pipelining and request bodies.
 *
 * In one terminal:	./http
 * In another:		curl 'http://127.0.0.1:8080/hello?name=world'
 *			curl --data-binary @http.c http://127.0.0.1:8080/echo
 *
 * This is the http_request_handler of Python's asynchat manual, made whole. A
 * request is two frames: a head, which ends with an empty line, and a body of
 * as many bytes as the head says; often 0, which is a frame like any other. So
 * the frame hook is for take_head() and take_body() by turns, and each of them
 * says what is to come next, with expect_body() or expect_head(). How a head
 * is read is the matter of http_head.c.
 *
 * A request that cannot be trusted is refused: answered, and the connection
 * closed, because nobody can know where the next one begins.
 */
#define _POSIX_C_SOURCE 200809L
#include <sys/types.h>
#include <sys/socket.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <evchat.h>
#include "http_head.h"

#define HEAD_MAX	(16 * 1024)
#define BODY_MAX	(1024 * 1024)
#define NAME_MAX_LEN	64
#define CLIENTS_MAX	500	/* below the usual limit of 1024 descriptors */

#define OK		"200 OK"
#define NOT_FOUND	"404 Not Found"
#define NOT_ALLOWED	"405 Method Not Allowed"
#define BODY_TOO_LARGE	"413 Content Too Large"
#define HEAD_TOO_LARGE	"431 Request Header Fields Too Large"

static const struct timeval idle_time = { 60, 0 };
static const struct timeval head_time = { 20, 0 };
static const struct timeval body_time = { 120, 0 };

struct client {
	struct evchat *chat;		/* NULL: this place is free */
	int in_body;			/* what is being received */
	/* The request that is being received, or answered */
	struct http_request request;
	const struct route *route;	/* NULL: there is no such path */
	const char *status;		/* of the answer */
	char text[NAME_MAX_LEN + 16];	/* what to say, where it is not the body */
};

struct route {
	const char *path;
	unsigned methods;
	const char *allow;		/* the same in words */
	void (*compose)(struct client *client);	/* NULL: the body goes back */
};

/* What there is to be had */

static void
greet_all(struct client *client)
{
	snprintf(client->text, sizeof(client->text),
	    "Hello. There are /hello?name=you and, for POST, /echo.\n");
}

static void
greet_one(struct client *client)
{
	const struct http_slice stranger = { "stranger", 8 };
	struct http_slice name = http_query_get(client->request.query, "name");

	if (name.len == 0)
		name = stranger;
	snprintf(client->text, sizeof(client->text), "Hello, %.*s\n",
	    name.len < NAME_MAX_LEN ? (int)name.len : NAME_MAX_LEN, name.data);
}

static const struct route routes[] = {
	{ "/", HTTP_GET | HTTP_HEAD, "GET, HEAD", greet_all },
	{ "/hello", HTTP_GET | HTTP_HEAD, "GET, HEAD", greet_one },
	{ "/echo", HTTP_POST | HTTP_PUT, "POST, PUT", NULL },
};

/* Settle the answer while the head is there: when the body comes, it is gone. */
static void
find_answer(struct client *client)
{
	const struct http_request *request = &client->request;
	const struct route *route = routes;
	const struct route *end = routes + sizeof(routes) / sizeof(routes[0]);

	while (route < end && !http_slice_is(request->path, route->path))
		route++;
	client->route = route < end ? route : NULL;
	if (request->method == 0)
		client->status = HTTP_NOT_IMPLEMENTED;
	else if (client->route == NULL)
		client->status = NOT_FOUND;
	else if ((route->methods & request->method) == 0)
		client->status = NOT_ALLOWED;
	else if (route->compose != NULL)
		route->compose(client);
}

/* Answers. Here and below, -1 says that the channel is of no more use. */

static int
push_head(struct client *client, const char *type, size_t len)
{
	int not_allowed = strcmp(client->status, NOT_ALLOWED) == 0;
	char date[32] = "";
	time_t now = time(NULL);
	struct tm tm;

	if (gmtime_r(&now, &tm) != NULL)
		strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	return evchat_push_printf(client->chat, "HTTP/1.1 %s\r\nDate: %s\r\n"
	    "%s%s%sContent-Type: %s\r\nContent-Length: %zu\r\n"
	    "Connection: %s\r\n\r\n", client->status, date,
	    not_allowed ? "Allow: " : "",
	    not_allowed ? client->route->allow : "", not_allowed ? "\r\n" : "",
	    type, len, client->request.persists ? "keep-alive" : "close");
}

static int
push_answer(struct client *client, const void *body, size_t len)
{
	const char *type = "application/octet-stream";

	if (strcmp(client->status, OK) != 0)
		snprintf(client->text, sizeof(client->text), "%s\n",
		    client->status);
	if (client->text[0] != '\0') {
		type = "text/plain";
		body = client->text;
		len = strlen(client->text);
	}
	if (push_head(client, type, len) == -1)
		return -1;
	if (client->request.method == HTTP_HEAD)
		return 0;
	return evchat_push(client->chat, body, len);
}

static int
refuse(struct client *client, const char *status)
{
	client->status = status;
	client->request.persists = 0;
	if (push_answer(client, NULL, 0) == -1)
		return -1;
	evchat_close_when_done(client->chat);
	return 0;
}

/* The two kinds of frame */

static int
expect_head(struct client *client)
{
	client->in_body = 0;
	memset(&client->request, 0, sizeof(client->request));
	client->status = OK;
	client->text[0] = '\0';
	if (evchat_set_max_frame(client->chat, HEAD_MAX,
	    EVCHAT_OVERSIZE_DISCARD) == -1 || evchat_set_timeout(client->chat,
	    EVCHAT_TIMEOUT_FRAME, &head_time) == -1)
		return -1;
	return evchat_set_terminator(client->chat, "\r\n\r\n", 4);
}

static int
expect_body(struct client *client)
{
	client->in_body = 1;
	if (evchat_set_max_frame(client->chat, BODY_MAX,
	    EVCHAT_OVERSIZE_DISCARD) == -1 || evchat_set_timeout(client->chat,
	    EVCHAT_TIMEOUT_FRAME, &body_time) == -1)
		return -1;
	return evchat_set_terminator_count(client->chat,
	    client->request.length);
}

static int
take_head(struct client *client, const void *head, size_t len)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct http_request *request = &client->request;
	const char *refusal = http_head_parse(request, head, len);

	if (refusal != NULL)
		return refuse(client, refusal);
	find_answer(client);
	if (request->says_continue && strcmp(client->status, OK) != 0)
		return refuse(client, client->status);
	if (request->says_continue && request->length > 0 &&
	    request->length <= BODY_MAX &&
	    evchat_push(client->chat, go_on, sizeof(go_on) - 1) == -1)
		return -1;
	return expect_body(client);
}

static int
take_body(struct client *client, const void *body, size_t len)
{
	if (push_answer(client, body, len) == -1)
		return -1;
	if (client->request.persists)
		return expect_head(client);
	evchat_close_when_done(client->chat);
	return 0;
}

/* The hooks */

static void
on_frame(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct client *client = arg;

	if ((client->in_body ? take_body : take_head)(client, data, len) == -1)
		evchat_free(chat);
}

/* For a body this comes before any byte of it: its length was declared. */
static void
on_event(struct evchat *chat, enum evchat_event what, void *arg)
{
	struct client *client = arg;

	if (what == EVCHAT_EVENT_OVERSIZE && refuse(client,
	    client->in_body ? BODY_TOO_LARGE : HEAD_TOO_LARGE) == -1)
		evchat_free(chat);
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct client *client = arg;

	(void)chat;
	(void)why;
	client->chat = NULL;
}

static const struct evchat_hooks hooks = {
	.frame = on_frame,
	.event = on_event,
	.closed = on_closed,
};

/* The server */

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *peer, int peerlen, void *arg)
{
	struct client *client = arg, *end = client + CLIENTS_MAX;

	(void)peer;
	(void)peerlen;
	while (client < end && client->chat != NULL)
		client++;
	if (client == end) {
		evutil_closesocket(fd);
		return;
	}
	client->chat = evchat_socket_new(evconnlistener_get_base(listener), fd,
	    &hooks, client, 0);
	if (client->chat == NULL)
		return;
	if (evchat_set_timeout(client->chat, EVCHAT_TIMEOUT_READ,
	    &idle_time) == -1 || evchat_set_timeout(client->chat,
	    EVCHAT_TIMEOUT_WRITE, &idle_time) == -1 ||
	    expect_head(client) == -1)
		evchat_free(client->chat);
}

static struct evconnlistener *
listen_on(struct event_base *base, const char *address, const char *port,
    struct client *clients)
{
	const struct addrinfo hints = {
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
		.ai_socktype = SOCK_STREAM,
	};
	struct addrinfo *ai;
	struct evconnlistener *listener;
	char *rest;
	long number = strtol(port, &rest, 10);
	int error = number < 0 || number > 65535 || *rest != '\0' ?
	    EAI_SERVICE : getaddrinfo(address, port, &hints, &ai);

	if (error != 0) {
		fprintf(stderr, "http: %s\n", gai_strerror(error));
		return NULL;
	}
	listener = evconnlistener_new_bind(base, on_accept, clients,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE,
	    -1, ai->ai_addr, (int)ai->ai_addrlen);
	if (listener == NULL)
		perror("http: listen");
	freeaddrinfo(ai);
	return listener;
}

static int
print_address(struct evconnlistener *listener)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	char host[64], port[16];
	int is_ipv6;

	if (getsockname(evconnlistener_get_fd(listener),
	    (struct sockaddr *)&ss, &len) == -1 ||
	    getnameinfo((struct sockaddr *)&ss, len, host, sizeof(host), port,
	    sizeof(port), NI_NUMERICHOST | NI_NUMERICSERV) != 0)
		return -1;
	is_ipv6 = strchr(host, ':') != NULL;
	printf("listening on http://%s%s%s:%s/\n", is_ipv6 ? "[" : "", host,
	    is_ipv6 ? "]" : "", port);
	return fflush(stdout);
}

static void
on_signal(evutil_socket_t number, short what, void *base)
{
	(void)number;
	(void)what;
	event_base_loopbreak(base);
}

static int
serve(struct event_base *base, const char *address, const char *port)
{
	static struct client clients[CLIENTS_MAX];
	struct event *interrupt = evsignal_new(base, SIGINT, on_signal, base);
	struct event *terminate = evsignal_new(base, SIGTERM, on_signal, base);
	struct evconnlistener *listener =
	    listen_on(base, address, port, clients);
	int i, status = -1;

	if (listener != NULL &&
	    interrupt != NULL && event_add(interrupt, NULL) == 0 &&
	    terminate != NULL && event_add(terminate, NULL) == 0 &&
	    print_address(listener) == 0)
		status = event_base_dispatch(base);
	for (i = 0; i < CLIENTS_MAX; i++)
		evchat_free(clients[i].chat);
	if (listener != NULL)
		evconnlistener_free(listener);
	if (interrupt != NULL)
		event_free(interrupt);
	if (terminate != NULL)
		event_free(terminate);
	return status;
}

int
main(int argc, char **argv)
{
	const char *address = "127.0.0.1", *port = "8080";
	struct event_base *base;
	int option, status;

	while ((option = getopt(argc, argv, "a:p:")) != -1) {
		if (option == 'a')
			address = optarg;
		else if (option == 'p')
			port = optarg;
		else
			return 2;
	}
	base = event_base_new();
	if (base == NULL || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return 1;
	status = serve(base, address, port);
	event_base_free(base);
	return status == 0 ? 0 : 1;
}
