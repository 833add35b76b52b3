/*
 * What there is to be had besides files: a greeting, numbers that are made as
 * they are sent, and two that take a body as it comes and keep nothing of it.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "httpd.h"

#define NUMBERS_MAX	99999999

/* GET /hello */

static int
answer_hello(struct httpd_client *client)
{
	return httpd_answer_text(client, "Hello, world\n");
}

/* GET /numbers?n=99: from 1 to n, a line each */

struct numbers {
	unsigned long at, end;
	char text[16];
};

static const void *
next_number(void *arg, size_t *len)
{
	struct numbers *numbers = arg;

	if (numbers->at == numbers->end)
		return NULL;
	*len = (size_t)snprintf(numbers->text, sizeof(numbers->text), "%lu",
	    ++numbers->at);
	return numbers->text;
}

/* 10, unless the query says otherwise; -1: it says what is no number. */
static long
how_many(struct http_slice query)
{
	struct http_slice n = http_query_get(query, "n");
	char text[16] = "10", *end;
	long number;

	if (n.data != NULL)
		snprintf(text, sizeof(text), "%.*s",
		    n.len < sizeof(text) ? (int)n.len : 0, n.data);
	number = strtol(text, &end, 10);
	return end == text || *end != '\0' || number > NUMBERS_MAX ? -1 :
	    number;
}

static int
answer_numbers(struct httpd_client *client)
{
	const struct httpd_answer answer = {
		.status = HTTPD_OK,
		.type = "text/plain",
		.fields = HTTPD_VARY,
	};
	long n = how_many(client->request.query);
	struct numbers *numbers;

	if (n < 0)
		return httpd_answer_status(client, HTTP_BAD_REQUEST, "");
	if ((numbers = calloc(1, sizeof(*numbers))) == NULL)
		return -1;
	numbers->end = (unsigned long)n;
	return httpd_answer_stream(client, answer,
	    evchat_producer_new_lines(next_number, "\n", free, numbers));
}

/* POST /count: how many bytes came, and what sum(1) says of them */

static int
take_count(struct httpd_client *client, const void *data, size_t len)
{
	const unsigned char *byte = data, *end = byte + len;
	unsigned sum = client->sum;

	for (; byte < end; byte++)
		sum = ((sum >> 1) + (sum << 15) + *byte) & 0xffff;
	client->sum = sum;
	return 0;
}

static int
answer_count(struct httpd_client *client)
{
	char text[64];

	snprintf(text, sizeof(text), "%" PRIu64 " bytes, sum %05u\n",
	    client->bytes, client->sum);
	return httpd_answer_text(client, text);
}

/* POST /echo: a chunk goes back for each piece that comes */

static int
begin_echo(struct httpd_client *client)
{
	const struct httpd_answer answer = {
		.status = HTTPD_OK,
		.type = "application/octet-stream",
		.fields = "",
		.length = HTTPD_UNKNOWN,
	};

	return httpd_answer_begin(client, &answer);
}

/* If the client does not take it, no more is read from it. */
static int
take_echo(struct httpd_client *client, const void *data, size_t len)
{
	struct evchat *chat = client->chat;

	if (client->request.minor == 0)
		return evchat_push(chat, data, len);
	if (evchat_push_printf(chat, "%zx\r\n", len) == -1 ||
	    evchat_push(chat, data, len) == -1)
		return -1;
	return evchat_push(chat, "\r\n", 2);
}

static int
answer_echo(struct httpd_client *client)
{
	if (client->request.minor > 0 &&
	    evchat_push(client->chat, "0\r\n\r\n", 5) == -1)
		return -1;
	return httpd_answer_end(client, 0);
}

/* All of them */

const struct httpd_page *
httpd_page_find(struct http_slice path)
{
	static const struct httpd_page pages[] = {
		{ "/hello", HTTP_GET | HTTP_HEAD, "GET, HEAD", NULL, NULL,
		    answer_hello },
		{ "/numbers", HTTP_GET | HTTP_HEAD, "GET, HEAD", NULL, NULL,
		    answer_numbers },
		{ "/count", HTTP_POST | HTTP_PUT, "POST, PUT", NULL, take_count,
		    answer_count },
		{ "/echo", HTTP_POST | HTTP_PUT, "POST, PUT", begin_echo,
		    take_echo, answer_echo },
		{ NULL, HTTP_GET | HTTP_HEAD, "GET, HEAD", NULL, NULL,
		    httpd_file_answer },
	};
	const struct httpd_page *page = pages;

	while (page->path != NULL && !http_slice_is(path, page->path))
		page++;
	return page;
}
