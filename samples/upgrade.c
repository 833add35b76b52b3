/*
 * upgrade: lines and HTTP on one port, each in the middle of the other.
 *
 * In one terminal:	./upgrade 4000
 * In another:		nc -C 127.0.0.1 4000		lines, then HTTP
 *			curl http://127.0.0.1:4000/
 *			curl --data-binary @README http://127.0.0.1:4000/echo
 *			printf "%s\r\n" "GET / HTTP/1.1" "Upgrade: lines" \
 *			    "" hello QUIT | nc 127.0.0.1 4000
 *
 * A connection speaks lines, and each is said back. If its first line is that
 * of a request, evhttp gets the connection with that line unread; so it does
 * with the line HTTP, and what is behind it. A request with the header
 * `Upgrade: lines' (RFC 9110, 7.8) brings it back, with everything behind that
 * request unread.
 *
 * How evhttp gets a channel is the matter of upgrade_carry.c. Without a port,
 * or with port 0, it takes any free one and says which. SIGINT and SIGTERM end
 * it.
 */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <evchat.h>
#include "upgrade_carry.h"

#define LINE_MAX_LEN	4096
#define HEAD_MAX	(16 * 1024)
#define BODY_MAX	(1024 * 1024)
#define CLIENTS_MAX	400	/* evhttp has a second descriptor for each */

static const struct timeval idle_time = { 60, 0 };

/* Lines */

static int
is(const char *line, size_t len, const char *word)
{
	return len == strlen(word) && strncasecmp(line, word, len) == 0;
}

static void on_line(struct evchat *chat, const void *line, size_t len,
    void *carry);

static const struct evchat_hooks lines = {
	.frame = on_line,
};

static void
on_line(struct evchat *chat, const void *line, size_t len, void *carry)
{
	int done = 0;

	if (is(line, len, "HTTP"))
		done = carry_give(carry, chat);
	else if (is(line, len, "QUIT"))
		evchat_close_when_done(chat);
	else
		done = evchat_push_printf(chat, "you said %.*s\r\n", (int)len,
		    (const char *)line);
	if (done == -1)
		evchat_free(chat);
}

/* "GET / HTTP/1.1", or what may be meant for it */
static int
is_request(const char *line, size_t len)
{
	static const char version[] = " HTTP/1.";
	size_t n = sizeof(version) - 1;

	return len > n + 1 && memcmp(line + len - n - 1, version, n) == 0;
}

static void
on_first_line(struct evchat *chat, const void *line, size_t len, void *carry)
{
	if (evchat_set_hooks(chat, &lines, carry) == -1)
		return;
	if (!is_request(line, len)) {
		on_line(chat, line, len, carry);
		return;
	}
	/* In front of what is unread the delimiter, and then ... */
	if (evchat_unread(chat, "\r\n", 2) == -1 ||
	    evchat_unread(chat, line, len) == -1 ||
	    carry_give(carry, chat) == -1)
		evchat_free(chat);
}

static const struct evchat_hooks first_line = {
	.frame = on_first_line,
};

/* HTTP */

static void
go_back(struct evhttp_request *req, struct carry *carry)
{
	struct evchat *chat = carry_take_back(carry, req);

	if (chat == NULL) {
		evhttp_send_error(req, HTTP_SERVUNAVAIL, NULL);
		return;
	}
	if (evchat_set_terminator(chat, "\r\n", 2) == -1 ||
	    evchat_push_printf(chat, "HTTP/1.1 101 Switching Protocols\r\n"
	    "Connection: Upgrade\r\nUpgrade: lines\r\n\r\n") == -1)
		evchat_free(chat);
}

static void
on_request(struct evhttp_request *req, void *carry)
{
	const char *upgrade = evhttp_find_header(
	    evhttp_request_get_input_headers(req), "Upgrade");
	const char *path = evhttp_uri_get_path(
	    evhttp_request_get_evhttp_uri(req));
	struct evbuffer *body;

	if (upgrade != NULL && strcasecmp(upgrade, "lines") == 0) {
		go_back(req, carry);
		return;
	}
	if (path != NULL && strcmp(path, "/echo") == 0) {
		evhttp_send_reply(req, HTTP_OK, "OK",
		    evhttp_request_get_input_buffer(req));
		return;
	}
	if ((body = evbuffer_new()) == NULL || evbuffer_add_printf(body,
	    "Hello over HTTP. There is /echo, and Upgrade: lines.\n") == -1)
		evhttp_send_error(req, HTTP_SERVUNAVAIL, NULL);
	else
		evhttp_send_reply(req, HTTP_OK, "OK", body);
	if (body != NULL)
		evbuffer_free(body);
}

/* The server */

static void
on_accept(struct evchat_listener *listener, struct evchat *chat,
    const struct sockaddr *peer, int peerlen, void *carry)
{
	(void)listener;
	(void)peer;
	(void)peerlen;
	if (evchat_set_hooks(chat, &first_line, carry) == -1 ||
	    evchat_set_terminator(chat, "\r\n", 2) == -1 ||
	    evchat_set_max_frame(chat, LINE_MAX_LEN,
	    EVCHAT_OVERSIZE_CLOSE) == -1 || evchat_set_timeout(chat,
	    EVCHAT_TIMEOUT_READ, &idle_time) == -1 || evchat_set_timeout(chat,
	    EVCHAT_TIMEOUT_STALL, &idle_time) == -1)
		evchat_free(chat);
}

static void
on_signal(evutil_socket_t number, short what, void *base)
{
	(void)number;
	(void)what;
	event_base_loopbreak(base);
}

static struct evchat_listener *
listen_on(struct event_base *base, const char *port, struct carry *carry)
{
	char where[EVCHAT_ADDRESS_MAX];
	struct evchat_listener *listener;

	snprintf(where, sizeof(where), "127.0.0.1:%s", port);
	listener = evchat_listener_new_text(base, on_accept, carry, 0, -1,
	    where);
	if (listener == NULL || evchat_listener_get_text(listener, where,
	    sizeof(where)) == -1) {
		evchat_listener_free(listener);
		return NULL;
	}
	evchat_listener_set_max(listener, CLIENTS_MAX);
	printf("listening on %s\n", where);
	fflush(stdout);
	return listener;
}

static int
serve(struct event_base *base, struct evhttp *http, const char *port)
{
	struct carry *carry = carry_new(base, http);
	struct evchat_listener *listener = NULL;
	int status = -1;

	evhttp_set_gencb(http, on_request, carry);
	evhttp_set_max_headers_size(http, HEAD_MAX);
	evhttp_set_max_body_size(http, BODY_MAX);
	if (carry != NULL)
		listener = listen_on(base, port, carry);
	if (listener != NULL)
		status = event_base_dispatch(base);
	evchat_listener_free(listener);
	evhttp_free(http);
	carry_free(carry);
	return status;
}

int
main(int argc, char **argv)
{
	struct event_base *base = event_base_new();
	struct evhttp *http = base != NULL ? evhttp_new(base) : NULL;
	struct event *ends[2] = { NULL, NULL };
	int status = -1;

	if (http != NULL && signal(SIGPIPE, SIG_IGN) != SIG_ERR &&
	    (ends[0] = evsignal_new(base, SIGINT, on_signal, base)) != NULL &&
	    (ends[1] = evsignal_new(base, SIGTERM, on_signal, base)) != NULL &&
	    event_add(ends[0], NULL) == 0 && event_add(ends[1], NULL) == 0)
		status = serve(base, http, argc > 1 ? argv[1] : "0");
	if (status == -1) {
		perror("upgrade");
		return 1;
	}
	/* What is left, the system takes back. */
	return 0;
}
