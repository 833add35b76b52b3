/*
 * framecat's stdin; see framecat_feed.h.
 *
 * A feed waits either for its descriptor or for the channel: while anything is
 * in the output of our end of the pair, nothing is read, and when that is
 * empty again, the write callback comes.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include "framecat_feed.h"

#define READ_SIZE	(64 * 1024)

struct framecat_feed {
	struct bufferevent *end;	/* ours, of the pair */
	struct event *readable;		/* NULL: there is no more to read */
	int error;
	char bytes[READ_SIZE];
};

static void
stop(struct framecat_feed *feed, int error)
{
	feed->error = error;
	event_free(feed->readable);
	feed->readable = NULL;
	/* This hands over what still waits here, and then EOF. */
	(void)bufferevent_flush(feed->end, EV_WRITE, BEV_FINISHED);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct framecat_feed *feed = arg;
	ssize_t n = read(fd, feed->bytes, sizeof(feed->bytes));

	(void)what;
	if (n == -1 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n <= 0)
		stop(feed, n == 0 ? 0 : errno);
	else if (bufferevent_write(feed->end, feed->bytes, (size_t)n) == -1)
		stop(feed, ENOMEM);
	else if (evbuffer_get_length(bufferevent_get_output(feed->end)) > 0)
		(void)event_del(feed->readable);
}

static void
on_taken(struct bufferevent *end, void *arg)
{
	struct framecat_feed *feed = arg;

	(void)end;
	if (feed->readable != NULL && event_add(feed->readable, NULL) == -1)
		stop(feed, ENOMEM);
}

struct framecat_feed *
framecat_feed_new(struct event_base *base, int fd, struct bufferevent **far)
{
	struct framecat_feed *feed = calloc(1, sizeof(*feed));
	struct bufferevent *pair[2];

	if (feed == NULL)
		return NULL;
	if (bufferevent_pair_new(base, 0, pair) == -1) {
		free(feed);
		errno = ENOMEM;
		return NULL;
	}
	feed->end = pair[0];
	bufferevent_setcb(feed->end, NULL, on_taken, NULL, feed);
	feed->readable = event_new(base, fd, EV_READ | EV_PERSIST, on_readable,
	    feed);
	if (feed->readable == NULL || event_add(feed->readable, NULL) == -1) {
		bufferevent_free(pair[1]);
		framecat_feed_free(feed);
		errno = ENOMEM;
		return NULL;
	}
	*far = pair[1];
	return feed;
}

int
framecat_feed_error(const struct framecat_feed *feed)
{
	return feed->error;
}

void
framecat_feed_free(struct framecat_feed *feed)
{
	if (feed == NULL)
		return;
	if (feed->readable != NULL)
		event_free(feed->readable);
	bufferevent_free(feed->end);
	free(feed);
}
