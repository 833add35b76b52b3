/*
 * What a connection goes through. It waits for a head; the head may announce a
 * body, which is taken piece by piece, be it counted or chunked; then there is
 * an answer, and the next head is waited for. A head is a frame and goes to
 * the hook of that name, a body is one as well and goes to collect and found.
 *
 * A request that cannot be trusted is refused: answered, and the connection
 * closed, because nobody can know where the next one begins. A head ends with
 * an empty line; what there is between, and that its lines end with CR LF, is
 * the matter of http_head.c.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "httpd.h"

#define HEAD_MAX	(16 * 1024)
#define FIELDS_MAX	100
#define BODY_RATE	1024		/* bytes, while we have patience once */
#define LINGER_MAX	(1024 * 1024)	/* of what was refused, to be dropped */

static const struct evchat_hooks head_hooks, body_hooks;

/* The two kinds of frame. Setting what is in force already costs nothing. */

static int
expect_head(struct httpd_client *client)
{
	struct evchat *chat = client->chat;

	client->in_body = 0;
	if (evchat_set_hooks(chat, &head_hooks, client) == -1 ||
	    evchat_set_max_frame(chat, HEAD_MAX,
	    EVCHAT_OVERSIZE_DISCARD) == -1 ||
	    evchat_set_timeout(chat, EVCHAT_TIMEOUT_FRAME,
	    &client->server->patience) == -1)
		return -1;
	return evchat_set_terminator(chat, "\r\n\r\n", 4);
}

/* How long it may take depends on how long it is: see the rate. */
static int
expect_body(struct httpd_client *client)
{
	struct evchat *chat = client->chat;

	client->in_body = 1;
	client->bytes = 0;
	client->sum = 0;
	if (evchat_set_hooks(chat, &body_hooks, client) == -1 ||
	    evchat_set_max_frame(chat, client->server->body_max,
	    EVCHAT_OVERSIZE_DISCARD) == -1 ||
	    evchat_set_timeout(chat, EVCHAT_TIMEOUT_FRAME, NULL) == -1)
		return -1;
	if (client->request.is_chunked)
		return evchat_set_framing(chat, client->server->chunked);
	return evchat_set_terminator_count(chat, client->request.length);
}

/* Requests */

/*
 * What makes it unsafe, or no use, to go on. A body where none belongs is as
 * good as none for one server, and the next request for another (RFC 9110,
 * 9.3.1).
 */
static const char *
find_refusal(const struct httpd_client *client)
{
	const struct http_request *request = &client->request;
	int has_body = request->length > 0 || request->is_chunked;
	int takes_body = client->page->take != NULL;

	if (request->fields > FIELDS_MAX)
		return HTTPD_HEAD_TOO_LARGE;
	if (request->path.len > HTTPD_TARGET_MAX)
		return HTTPD_TARGET_TOO_LONG;
	if (request->lengths > 1)
		return HTTP_BAD_REQUEST;
	if (request->length > client->server->body_max)
		return HTTPD_BODY_TOO_LARGE;
	if (request->method == 0)
		return has_body ? HTTP_NOT_IMPLEMENTED : NULL;
	if ((client->page->methods & request->method) == 0)
		return has_body ? HTTPD_NOT_ALLOWED : NULL;
	if (has_body && !takes_body)
		return HTTP_BAD_REQUEST;
	if (takes_body && request->lengths == 0 && !request->is_chunked)
		return HTTPD_LENGTH_REQUIRED;
	return NULL;
}

static int
answer(struct httpd_client *client)
{
	const struct httpd_page *page = client->page;
	char allow[64];

	if (client->request.method == 0)
		return httpd_answer_status(client, HTTP_NOT_IMPLEMENTED, "");
	if ((page->methods & client->request.method) == 0) {
		snprintf(allow, sizeof(allow), "Allow: %s\r\n", page->allow);
		return httpd_answer_status(client, HTTPD_NOT_ALLOWED, allow);
	}
	return page->answer(client);
}

static int
take_head(struct httpd_client *client, const char *head, size_t len)
{
	static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
	struct http_request *request = &client->request;
	const char *refusal = http_head_parse_coded(request, head, len);
	int has_body = request->length > 0 || request->is_chunked;

	if (refusal == NULL) {
		client->page = httpd_page_find(request->path);
		refusal = find_refusal(client);
	}
	if (refusal != NULL)
		return httpd_refuse(client, refusal);
	if (has_body && request->says_continue &&
	    evchat_push(client->chat, go_on, sizeof(go_on) - 1) == -1)
		return -1;
	if (client->page->begin != NULL && client->page->begin(client) == -1)
		return -1;
	return has_body ? expect_body(client) : answer(client);
}

static void
on_head(struct evchat *chat, const void *head, size_t len, void *arg)
{
	if (take_head(arg, head, len) == -1)
		evchat_free(chat);
}

static void
on_piece(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct httpd_client *client = arg;

	client->bytes += len;
	if (client->page->take(client, data, len) == -1)
		evchat_free(chat);
}

static void
on_body(struct evchat *chat, void *arg)
{
	struct httpd_client *client = arg;

	if (expect_head(client) == -1 || answer(client) == -1)
		evchat_free(chat);
}

/* What else happens */

/* Of an idle connection there is nothing to be said. */
static const char *
find_reply(const struct httpd_client *client, enum evchat_event what)
{
	const char *partial;
	size_t len;

	switch (what) {
	case EVCHAT_EVENT_OVERSIZE:
		if (client->in_body)
			return HTTPD_BODY_TOO_LARGE;
		partial = evchat_get_partial(client->chat, &len);
		return partial != NULL && memchr(partial, '\r', len) == NULL ?
		    HTTPD_TARGET_TOO_LONG : HTTPD_HEAD_TOO_LARGE;
	case EVCHAT_EVENT_TIMEOUT:
		return evchat_get_frame_length(client->chat) > 0 ||
		    client->in_body ? HTTPD_TIMEOUT : NULL;
	case EVCHAT_EVENT_MALFORMED:
		return HTTP_BAD_REQUEST;
	default:
		return NULL;
	}
}

static void
on_event(struct evchat *chat, enum evchat_event what, void *arg)
{
	struct httpd_client *client = arg;
	const char *reply = find_reply(client, what);

	/* A body that was asked for is still taken. */
	if (what == EVCHAT_EVENT_LAST && client->in_body)
		evchat_close_after_frame(chat);
	if (!client->in_body)
		memset(&client->request, 0, sizeof(client->request));
	if (reply != NULL && httpd_refuse(client, reply) == -1)
		evchat_free(chat);
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	(void)chat;
	(void)why;
	free(arg);
}

static const struct evchat_hooks head_hooks = {
	.frame = on_head,
	.event = on_event,
	.closed = on_closed,
};

static const struct evchat_hooks body_hooks = {
	.collect = on_piece,
	.found = on_body,
	.event = on_event,
	.closed = on_closed,
};

int
httpd_talk(struct httpd_server *server, struct evchat *chat)
{
	const struct timeval *patience = &server->patience;
	struct httpd_client *client = calloc(1, sizeof(*client));

	if (client == NULL)
		return -1;
	client->chat = chat;
	client->server = server;
	if (evchat_set_hooks(chat, &head_hooks, client) == -1) {
		free(client);
		return -1;
	}
	/* From here on it is on_closed() that frees it. */
	if (expect_head(client) == -1 ||
	    evchat_set_timeout(chat, EVCHAT_TIMEOUT_READ, patience) == -1 ||
	    evchat_set_timeout(chat, EVCHAT_TIMEOUT_STALL, patience) == -1 ||
	    evchat_set_min_rate(chat, BODY_RATE, BODY_RATE, patience) == -1 ||
	    evchat_set_linger_size(chat, LINGER_MAX) == -1)
		return -1;
	return 0;
}
