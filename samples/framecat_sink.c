/*
 * framecat's stdout; see framecat_sink.h.
 *
 * What the channel writes comes into the input of our end of the pair, up to
 * its high mark; the rest stays in the channel's queue, where it is counted.
 * From our end it is written in pieces of PIPE_BUF bytes: for so many there is
 * room in a pipe that is writable, so that not even a descriptor that blocks
 * does.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include "framecat_sink.h"

#define HIGH	(64 * 1024)
#ifndef PIPE_BUF
#define PIPE_BUF	_POSIX_PIPE_BUF
#endif

struct framecat_sink {
	struct bufferevent *end;	/* ours, of the pair */
	struct event *writable;
	int error;
	int shut;			/* nothing more comes */
	int finished;			/* EOF was given in return */
};

/* Wait until there is room, drop, or say that we are through. */
static void
go_on(struct framecat_sink *sink)
{
	struct evbuffer *bytes = bufferevent_get_input(sink->end);

	if (sink->error == 0 && evbuffer_get_length(bytes) > 0 &&
	    event_add(sink->writable, NULL) == -1)
		sink->error = ENOMEM;
	if (sink->error != 0)
		(void)evbuffer_drain(bytes, evbuffer_get_length(bytes));
	if (sink->finished || (sink->error == 0 &&
	    (!sink->shut || evbuffer_get_length(bytes) > 0)))
		return;
	sink->finished = 1;
	(void)bufferevent_flush(sink->end, EV_WRITE, BEV_FINISHED);
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct framecat_sink *sink = arg;

	(void)what;
	if (evbuffer_write_atmost(bufferevent_get_input(sink->end), fd,
	    PIPE_BUF) == -1 && errno != EINTR && errno != EAGAIN)
		sink->error = errno;
	go_on(sink);
}

static void
on_bytes(struct bufferevent *end, void *arg)
{
	(void)end;
	go_on(arg);
}

static void
on_shut(struct bufferevent *end, short what, void *arg)
{
	struct framecat_sink *sink = arg;

	(void)end;
	if (what & BEV_EVENT_EOF)
		sink->shut = 1;
	go_on(sink);
}

struct framecat_sink *
framecat_sink_new(struct event_base *base, int fd, struct bufferevent **far)
{
	struct framecat_sink *sink = calloc(1, sizeof(*sink));
	struct bufferevent *pair[2];

	if (sink == NULL)
		return NULL;
	if (bufferevent_pair_new(base, 0, pair) == -1) {
		free(sink);
		errno = ENOMEM;
		return NULL;
	}
	sink->end = pair[0];
	bufferevent_setcb(sink->end, on_bytes, NULL, on_shut, sink);
	bufferevent_setwatermark(sink->end, EV_READ, 0, HIGH);
	sink->writable = event_new(base, fd, EV_WRITE, on_writable, sink);
	if (sink->writable == NULL ||
	    bufferevent_enable(sink->end, EV_READ) == -1) {
		bufferevent_free(pair[1]);
		framecat_sink_free(sink);
		errno = ENOMEM;
		return NULL;
	}
	*far = pair[1];
	return sink;
}

int
framecat_sink_error(const struct framecat_sink *sink)
{
	return sink->error;
}

void
framecat_sink_free(struct framecat_sink *sink)
{
	if (sink == NULL)
		return;
	if (sink->writable != NULL)
		event_free(sink->writable);
	bufferevent_free(sink->end);
	free(sink);
}
