/*
 * The ready-made producer of lines. As many are asked for as there is room
 * for; one that is empty counts, too, so that this comes to an end. What gives
 * them may end the channel, so it is a wrapper, though around no producer.
 */

#include <errno.h>
#include <string.h>

#include <event2/buffer.h>

#include "producer.h"
#include "wrapper.h"

#define MOST_EOL 8

struct lines {
	struct wrapper wrapper;
	evchat_line_cb next;
	void (*cleanup)(void *arg); /* NULL: none */
	void *arg;
	char eol[MOST_EOL];
	size_t eol_len;
};

static enum evchat_more
lines_more(struct wrapper *wrapper, struct evbuffer *out, size_t want)
{
	struct lines *lines = (struct lines *)wrapper;
	size_t before = evbuffer_get_length(out), n = 0, len;
	const void *line;

	while (evbuffer_get_length(out) - before < want && n++ < want) {
		len = 0;
		line = lines->next(lines->arg, &len);
		if (wrapper->ended)
			return (EVCHAT_MORE_ERROR);
		if (line == NULL)
			return (EVCHAT_MORE_END);
		errno = ENOMEM;
		if (evbuffer_add(out, line, len) == -1 ||
		    evbuffer_add(out, lines->eol, lines->eol_len) == -1)
			return (EVCHAT_MORE_ERROR);
	}
	return (EVCHAT_MORE_DATA);
}

static void
lines_done(struct wrapper *wrapper)
{
	struct lines *lines = (struct lines *)wrapper;

	if (lines->cleanup != NULL)
		lines->cleanup(lines->arg);
}

static const struct wrapper_ops lines_ops = {
	.more = lines_more,
	.done = lines_done,
};

struct evchat_producer *
evchat_producer_new_lines(evchat_line_cb next, const char *eol,
    void (*cleanup)(void *arg), void *arg)
{
	struct lines *lines = NULL;
	int error = EINVAL;

	if (next != NULL && eol != NULL && strlen(eol) <= MOST_EOL) {
		lines = wrapper_new(sizeof(*lines), &lines_ops, NULL, 0);
		error = errno;
	}
	if (lines == NULL) {
		if (cleanup != NULL)
			cleanup(arg);
		errno = error;
		return (NULL);
	}
	lines->next = next;
	lines->eol_len = strlen(eol);
	memcpy(lines->eol, eol, lines->eol_len);
	lines->cleanup = cleanup;
	lines->arg = arg;
	return (lines->wrapper.producer);
}
