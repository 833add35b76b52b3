/*
 * The ready-made producer of what an evbuffer holds.
 */

#include <errno.h>

#include <event2/buffer.h>

#include "api.h"
#include "mem.h"
#include "producer.h"

/* An evbuffer */

static enum evchat_more
buffer_more(void *self, struct evbuffer *out, size_t want)
{
	struct evbuffer *buf = self;
	size_t left = evbuffer_get_length(buf);
	size_t given = evbuffer_get_length(out);

	if (want > left)
		want = left;
	/* It loses what it cannot copy, and tells by nothing but the lengths. */
	(void)evbuffer_remove_buffer(buf, out, want);
	if (evbuffer_get_length(out) - given != want) {
		errno = ENOMEM;
		return (EVCHAT_MORE_ERROR);
	}
	return (want < left ? EVCHAT_MORE_DATA : EVCHAT_MORE_END);
}

static void
buffer_done(void *self, enum evchat_done how, uint64_t bytes)
{
	(void)how;
	(void)bytes;
	evbuffer_free(self);
}

static const struct evchat_producer_ops buffer_ops = {
	.more = buffer_more,
	.done = buffer_done,
};

struct evchat_producer *
evchat_producer_new_evbuffer(struct evbuffer *buf)
{
	struct evchat_producer *producer;

	if (buf == NULL) {
		errno = EINVAL;
		return (NULL);
	}
	if ((producer = producer_new(&buffer_ops, buf)) == NULL) {
		evbuffer_free(buf);
		return (NULL);
	}
	producer->held = evbuffer_get_length(buf);
	return (producer);
}
