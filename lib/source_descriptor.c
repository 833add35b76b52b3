/*
 * The ready-made producer of what a descriptor gives. Whether it can be read
 * is asked before each read, so that one which blocks is read, too; and where
 * it cannot, an event resumes the producer. What poll() always calls readable,
 * such as a regular file, is never waited for, and an epoll would refuse it.
 *
 * The event may be running in another thread, about to take the channel's
 * lock, while done runs under that lock. So from the first wait on it keeps a
 * reference to the channel, and the structure stays until libevent has
 * finalized the event.
 */

#define _POSIX_C_SOURCE 200809L

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <event2/buffer.h>
#include <event2/event.h>

#include "channel.h"
#include "mem.h"
#include "producer.h"

/*
 * Read there, and copied: space that is reserved for what may come would stay
 * allocated behind the few bytes that did.
 */
#define READ_AT_ONCE 16384

struct descriptor {
	int fd;
	int64_t left; /* bytes to send, or -1: all there are */
	struct evchat_producer *producer; /* NULL when it is done */
	struct event *event; /* added while it is waited for */
	struct evchat *chat; /* referred to, when that has been the case */
};

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct descriptor *descriptor = arg;
	struct bufferevent *bev = descriptor->chat != NULL ?
	    channel_lock(descriptor->chat) : NULL;

	(void)fd;
	(void)what;
	if (descriptor->producer != NULL)
		evchat_producer_resume(descriptor->producer);
	if (bev != NULL)
		channel_unlock(bev);
}

/* Have it resumed when there is something to read. */
static enum evchat_more
wait_for_more(struct descriptor *descriptor)
{
	const struct evchat_producer *outermost = descriptor->producer;

	while (outermost->outer != NULL)
		outermost = outermost->outer;
	if (descriptor->chat == NULL && outermost->chat != NULL) {
		descriptor->chat = outermost->chat;
		evchat_incref(descriptor->chat);
	}
	errno = ENOMEM;
	return (event_add(descriptor->event, NULL) == 0 ? EVCHAT_MORE_LATER :
	    EVCHAT_MORE_ERROR);
}

static bool
is_readable(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	int n;

	do
		n = poll(&poll_fd, 1, 0);
	while (n == -1 && errno == EINTR);
	/* An error is found by reading. */
	return (n != 0);
}

static bool
is_passing(int error)
{
	return (error == EAGAIN || error == EWOULDBLOCK || error == EINTR);
}

static enum evchat_more
descriptor_more(void *self, struct evbuffer *out, size_t want)
{
	struct descriptor *descriptor = self;
	char bytes[READ_AT_ONCE];
	ssize_t n;

	if (descriptor->left == 0)
		return (EVCHAT_MORE_END);
	if (!is_readable(descriptor->fd))
		return (wait_for_more(descriptor));
	if (want > sizeof(bytes))
		want = sizeof(bytes);
	if (descriptor->left > 0 && (uint64_t)descriptor->left < want)
		want = (size_t)descriptor->left;
	n = read(descriptor->fd, bytes, want);
	if (n == -1 && is_passing(errno))
		return (wait_for_more(descriptor));
	if (n == -1)
		return (EVCHAT_MORE_ERROR);
	errno = 0;
	if (n == 0)
		return (descriptor->left == -1 ? EVCHAT_MORE_END :
		    EVCHAT_MORE_ERROR);
	errno = ENOMEM;
	if (evbuffer_add(out, bytes, (size_t)n) == -1)
		return (EVCHAT_MORE_ERROR);
	if (descriptor->left > 0)
		descriptor->left -= n;
	return (descriptor->left == 0 ? EVCHAT_MORE_END : EVCHAT_MORE_DATA);
}

static void
on_finalized(struct event *event, void *arg)
{
	struct descriptor *descriptor = arg;

	(void)event;
	evchat_decref(descriptor->chat);
	mem_free(descriptor);
}

static void
descriptor_done(void *self, enum evchat_done how, uint64_t bytes)
{
	struct descriptor *descriptor = self;
	int fd = descriptor->fd;

	(void)how;
	(void)bytes;
	descriptor->producer = NULL;
	if (descriptor->chat != NULL)
		(void)event_free_finalize(0, descriptor->event, on_finalized);
	else {
		event_free(descriptor->event);
		mem_free(descriptor);
	}
	(void)close(fd);
}

static const struct evchat_producer_ops descriptor_ops = {
	.more = descriptor_more,
	.done = descriptor_done,
};

static bool
may_be_read(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags == -1)
		return (false);
	errno = EBADF;
	return ((flags & O_ACCMODE) != O_WRONLY);
}

static struct evchat_producer *
make(struct descriptor *descriptor, struct event_base *base)
{
	descriptor->event = event_new(base, descriptor->fd, EV_READ,
	    on_readable, descriptor);
	errno = ENOMEM;
	if (descriptor->event == NULL)
		return (NULL);
	descriptor->producer = producer_new(&descriptor_ops, descriptor);
	if (descriptor->producer == NULL)
		event_free(descriptor->event);
	return (descriptor->producer);
}

struct evchat_producer *
evchat_producer_new_descriptor(struct event_base *base, int fd, int64_t len)
{
	struct evchat_producer *producer = NULL;
	struct descriptor *descriptor = NULL;
	int error;

	if (base == NULL || len < -1)
		errno = EINVAL;
	else if (may_be_read(fd) &&
	    (descriptor = mem_calloc(sizeof(*descriptor))) != NULL) {
		descriptor->fd = fd;
		descriptor->left = len;
		producer = make(descriptor, base);
	}
	if (producer == NULL) {
		error = errno;
		mem_free(descriptor);
		(void)close(fd);
		errno = error;
	}
	return (producer);
}
