/*
 * How answers are sent. They go out in the order of the requests, because each
 * is pushed when its request is there, whatever is still on its way before it.
 *
 * Behind a long answer, or many short ones, the channel is paused until they
 * have left. So a client that asks for a thousand files at once has one of
 * them open at a time, or a few if they are small, and its time does not run
 * out while it only takes what it asked for.
 */
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "httpd.h"

#define SMALL_MAX	(16 * 1024)

/* The date is written once a second, and not for each answer. */
static const char *
date_of(struct httpd_server *server)
{
	time_t now = time(NULL);

	if (now != server->now)
		httpd_date(server->date, server->now = now);
	return server->date;
}

int
httpd_answer_begin(struct httpd_client *client,
    const struct httpd_answer *answer)
{
	struct http_request *request = &client->request;
	char body[64] = "Transfer-Encoding: chunked\r\n";

	if (answer->length >= 0)
		snprintf(body, sizeof(body), "Content-Length: %jd\r\n",
		    (intmax_t)answer->length);
	else if (answer->length == HTTPD_NO_BODY || request->minor == 0)
		body[0] = '\0';
	if ((answer->length == HTTPD_UNKNOWN && request->minor == 0) ||
	    client->server->is_stopping)
		request->persists = 0;
	client->is_answered = 1;
	return evchat_push_printf(client->chat, "HTTP/1.1 %s\r\nDate: %s\r\n"
	    "Content-Type: %s\r\n%s%sConnection: %s\r\n\r\n", answer->status,
	    date_of(client->server), answer->type, answer->fields, body,
	    request->persists ? "keep-alive" : "close");
}

/* Or the channel is at its end, and this does nothing. */
static void
on_left(struct evchat *chat, enum evchat_done how, void *arg)
{
	(void)how;
	(void)arg;
	evchat_resume(chat);
}

int
httpd_answer_end(struct httpd_client *client, int is_long)
{
	client->is_answered = 0;
	if (!client->request.persists)
		evchat_close_when_done(client->chat);
	else if (is_long) {
		if (evchat_push_callback(client->chat, on_left, NULL) == -1)
			return -1;
		evchat_pause(client->chat);
	}
	return 0;
}

static int
push_text(struct httpd_client *client, const struct httpd_answer *answer,
    const char *text)
{
	if (httpd_answer_begin(client, answer) == -1)
		return -1;
	if (client->request.method != HTTP_HEAD &&
	    evchat_push(client->chat, text, strlen(text)) == -1)
		return -1;
	return httpd_answer_end(client, 0);
}

int
httpd_answer_text(struct httpd_client *client, const char *text)
{
	const struct httpd_answer answer = {
		.status = HTTPD_OK,
		.type = "text/plain",
		.fields = "",
		.length = (int64_t)strlen(text),
	};

	return push_text(client, &answer, text);
}

int
httpd_answer_status(struct httpd_client *client, const char *status,
    const char *fields)
{
	char text[64];
	const struct httpd_answer answer = {
		.status = status,
		.type = "text/plain",
		.fields = fields,
		.length = snprintf(text, sizeof(text), "%s\n", status),
	};

	return push_text(client, &answer, text);
}

/* What was begun already can only be cut off, for the client to see. */
int
httpd_refuse(struct httpd_client *client, const char *status)
{
	client->request.persists = 0;
	if (client->is_answered)
		return -1;
	return httpd_answer_status(client, status, "");
}

int
httpd_answer_part(struct httpd_client *client,
    const struct httpd_answer *answer, int fd, int64_t offset)
{
	int is_long = answer->length > SMALL_MAX;
	int status = httpd_answer_begin(client, answer);

	if (status == 0 && client->request.method != HTTP_HEAD) {
		status = evchat_push_file(client->chat, fd, offset,
		    answer->length);
		is_long |= evchat_get_output_length(client->chat) > SMALL_MAX;
	} else {
		(void)close(fd);
		is_long = 0;
	}
	return status == -1 ? -1 : httpd_answer_end(client, is_long);
}

/* A producer in a producer in a producer; NULL if one could not be made. */
static struct evchat_producer *
wrap(struct evchat_producer *producer, int is_gzip, int is_chunked)
{
	if (is_gzip)
		producer = evchat_producer_new_deflate(producer,
		    EVCHAT_DEFLATE_GZIP, -1);
	if (is_chunked)
		producer = evchat_producer_new_chunked(producer, NULL, NULL);
	return producer;
}

int
httpd_answer_stream(struct httpd_client *client, struct httpd_answer answer,
    struct evchat_producer *producer)
{
	const struct http_request *request = &client->request;
	int is_gzip = request->accepts_gzip && request->minor > 0 &&
	    evchat_has_deflate();
	char fields[256];

	if (is_gzip) {
		snprintf(fields, sizeof(fields), "%sContent-Encoding: gzip\r\n",
		    answer.fields);
		answer.fields = fields;
	}
	answer.length = HTTPD_UNKNOWN;
	if (producer == NULL || httpd_answer_begin(client, &answer) == -1) {
		evchat_producer_free(producer);
		return -1;
	}
	if (request->method == HTTP_HEAD) {
		evchat_producer_free(producer);
		return httpd_answer_end(client, 0);
	}
	if (evchat_push_with_producer(client->chat,
	    wrap(producer, is_gzip, request->minor > 0)) == -1)
		return -1;
	return httpd_answer_end(client, 1);
}
