/*
 * Lines in chains of 16 KiB, handed to a function one by one: by libevchat as
 * whole frames, by evbuffer_readln(), and by memchr() over the chains as they
 * lie, with one drain at the end. The last one puts together only the lines
 * that lie across two chains.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <event2/buffer.h>
#include <evchat.h>
#include "feed.h"
#include "inprocess.h"

#define CHAINS 16
#define MAX_LINE 4096

typedef void (*frame_cb)(struct evchat *chat, const void *data, size_t len,
    void *arg);

/* Every line is handed out through it, lest the compiler see through. */
static volatile frame_cb frame_hook = feed_frame;

struct lines {
	const char *name;
	const char *title;
	size_t size;		/* with the end of the line */
	int crlf;
};

static const struct lines works[] = {
	{ "lf22", "in process: lines of 22 bytes with LF", 22, 0 },
	{ "crlf22", "in process: lines of 22 bytes with CR LF", 22, 1 },
	{ "lf1k", "in process: lines of 1 KiB with LF", 1024, 0 },
};
#define WORKS (sizeof(works) / sizeof(works[0]))

static const struct evchat_hooks hooks = { .frame = feed_frame };

static void
on_readln(struct bufferevent *bev, void *arg, enum evbuffer_eol_style style)
{
	struct evbuffer *input = bufferevent_get_input(bev);
	frame_cb hook = frame_hook;
	char *line;
	size_t len;

	while ((line = evbuffer_readln(input, &len, style)) != NULL) {
		hook(NULL, line, len, arg);
		free(line);
	}
}

static void
on_readln_lf(struct bufferevent *bev, void *arg)
{
	on_readln(bev, arg, EVBUFFER_EOL_LF);
}

static void
on_readln_crlf(struct bufferevent *bev, void *arg)
{
	on_readln(bev, arg, EVBUFFER_EOL_CRLF_STRICT);
}

/* The begin of a line whose end is in the next chain. */
struct part_of_line {
	char data[MAX_LINE];
	size_t len;
};

static void
on_line(void *arg, const char *line, size_t len, int crlf)
{
	/* An LF alone does not end such a line; there is none here. */
	if (crlf && (len == 0 || line[--len] != '\r'))
		feed_fail("a line without CR");
	frame_hook(NULL, line, len, arg);
}

static size_t
memchr_chain(const char *data, size_t len, struct part_of_line *part,
    void *arg, int crlf)
{
	const char *line = data, *end = data + len, *lf;

	if (part->len > 0 && (lf = memchr(line, '\n', len)) != NULL) {
		size_t n = (size_t)(lf - line);

		if (part->len + n > sizeof(part->data))
			feed_fail("a line too long");
		memcpy(part->data + part->len, line, n);
		on_line(arg, part->data, part->len + n, crlf);
		part->len = 0;
		line = lf + 1;
	}
	while ((lf = memchr(line, '\n', (size_t)(end - line))) != NULL) {
		on_line(arg, line, (size_t)(lf - line), crlf);
		line = lf + 1;
	}
	len = (size_t)(end - line);
	if (part->len + len > sizeof(part->data))
		feed_fail("a line too long");
	memcpy(part->data + part->len, line, len);
	part->len += len;
	return len;
}

static void
on_memchr(struct bufferevent *bev, void *arg, int crlf)
{
	struct evbuffer *input = bufferevent_get_input(bev);
	struct evbuffer_iovec vec[CHAINS + 1];
	struct part_of_line part = { .len = 0 };
	int n = evbuffer_peek(input, -1, NULL, vec, CHAINS + 1);
	size_t len = 0;

	if (n > CHAINS + 1)
		feed_fail("too many chains");
	for (int i = 0; i < n; i++) {
		memchr_chain(vec[i].iov_base, vec[i].iov_len, &part, arg,
		    crlf);
		len += vec[i].iov_len;
	}
	evbuffer_drain(input, len - part.len);
}

static void
on_memchr_lf(struct bufferevent *bev, void *arg)
{
	on_memchr(bev, arg, 0);
}

static void
on_memchr_crlf(struct bufferevent *bev, void *arg)
{
	on_memchr(bev, arg, 1);
}

/* Lines of letters, all alike in length, and whole ones only. */
static char *
make_lines(const struct lines *work, size_t *len, uint64_t *n)
{
	char *data;

	*n = CHAINS * (size_t)FEED_CHAIN / work->size;
	*len = (size_t)*n * work->size;
	data = malloc(*len);
	if (data == NULL)
		feed_fail("no memory");
	for (size_t i = 0; i < *len; i++)
		data[i] = (char)('a' + (i * 7 + i / work->size) % 26);
	for (size_t i = work->size; i <= *len; i += work->size) {
		data[i - 1] = '\n';
		if (work->crlf)
			data[i - 2] = '\r';
	}
	return data;
}

static const char *const ways[] = { "evchat", "readln", "memchr" };
#define WAYS (sizeof(ways) / sizeof(ways[0]))

/* Returns the channel, if there is one. */
static struct evchat *
serve_by(struct feed *feed, const struct lines *work, const char *way)
{
	struct evchat *chat;

	if (strcmp(way, "evchat") != 0) {
		bufferevent_setcb(feed->bev, strcmp(way, "readln") == 0 ?
		    work->crlf ? on_readln_crlf : on_readln_lf :
		    work->crlf ? on_memchr_crlf : on_memchr_lf, NULL, NULL,
		    feed);
		bufferevent_enable(feed->bev, EV_READ);
		return NULL;
	}
	chat = evchat_new(feed->bev, &hooks, feed, 0);
	if (chat == NULL || evchat_set_terminator(chat,
	    work->crlf ? "\r\n" : "\n", work->crlf ? 2 : 1) == -1 ||
	    evchat_set_buffer_sizes(chat, 1 << 20, 1 << 16) == -1)
		feed_fail("no channel");
	return chat;
}

static void
run(const struct lines *work, const char *way, int round, int batches)
{
	struct feed feed;
	struct evchat *chat;
	uint64_t n;
	size_t len, end = work->crlf ? 2 : 1;
	char *data = make_lines(work, &len, &n);
	double used = 0;

	feed_open(&feed);
	chat = serve_by(&feed, work, way);
	for (int i = 1; i <= batches; i++) {
		double once;

		feed_give(&feed, data, len);
		once = feed_run(&feed, (uint64_t)i * n);
		used += i > batches / 10 ? once : 0;
	}
	if (feed.bytes != (uint64_t)batches * n * (work->size - end))
		feed_fail("lines of a wrong length");
	batches -= batches / 10;
	feed_result(work->name, way, round,
	    used / (double)batches / (double)n);
	if (chat != NULL) {
		feed.bev = NULL;
		evchat_free(chat);
	}
	feed_close(&feed);
	free(data);
}

static void
lines_titles(void)
{
	for (size_t i = 0; i < WORKS; i++)
		printf("title\t%s\t%s\tns a line\n", works[i].name,
		    works[i].title);
}

static void
lines_run(int round, enum effort effort)
{
	for (size_t i = 0; i < WORKS; i++) {
		fprintf(stderr, "\n  %s:", works[i].name);
		for (size_t j = 0; j < WAYS; j++)
			run(&works[i], ways[(j + (size_t)round) % WAYS], round,
			    (int)effort);
	}
}

const struct part part_lines = { lines_titles, lines_run };
