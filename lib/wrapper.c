/*
 * Producers around producers. Whatever a wrapper calls may end the channel,
 * and with it the wrapper, in the middle of its own more. So done ends those
 * that it is around, but the memory stays until more returns; ended says that
 * it did.
 *
 * An inner producer is QUEUED from the moment it is taken, and is asked by its
 * wrapper only. It is resumed through evchat_producer_resume(), which marks
 * all that are around it. A wrapper may use up such a mark while it asks
 * another one; so it looks at the mark of each that says LATER, and has itself
 * asked again.
 */

#include <errno.h>

#include <event2/buffer.h>

#include "mem.h"
#include "producer.h"
#include "wrapper.h"

static void
wrapper_free(struct wrapper *wrapper)
{
	if (wrapper->ops->free != NULL)
		wrapper->ops->free(wrapper);
	encoding_free(wrapper->encoding);
	if (wrapper->piece != NULL)
		evbuffer_free(wrapper->piece);
	mem_free(wrapper);
}

static enum evchat_more
wrapper_more(void *self, struct evbuffer *out, size_t want)
{
	struct wrapper *wrapper = self;
	enum evchat_more more;

	wrapper->running = true;
	more = wrapper->ops->more(wrapper, out, want);
	wrapper->running = false;
	if (wrapper->ended)
		wrapper_free(wrapper);
	return (more);
}

/* End the first one and those behind it, in order. */
static void
end_all(struct evchat_producer **first, enum evchat_done how)
{
	struct evchat_producer *producer;

	while ((producer = *first) != NULL) {
		*first = producer->next;
		producer_end(producer, how);
	}
}

static void
wrapper_done(void *self, enum evchat_done how, uint64_t bytes)
{
	struct wrapper *wrapper = self;

	(void)bytes;
	end_all(&wrapper->inner, how);
	if (wrapper->ops->done != NULL)
		wrapper->ops->done(wrapper);
	wrapper->ended = true;
	if (!wrapper->running)
		wrapper_free(wrapper);
}

static const struct evchat_producer_ops producer_ops = {
	.more = wrapper_more,
	.done = wrapper_done,
};

/* Making */

/* Take those that may be taken. Are these all? */
static bool
take(struct evchat_producer **first, struct evchat_producer *const *inner,
    int n)
{
	bool all = true;
	int i;

	for (i = 0; i < n; i++) {
		if (inner[i] == NULL || inner[i]->state != PRODUCER_NEW) {
			all = false;
			continue;
		}
		inner[i]->state = PRODUCER_QUEUED;
		*first = inner[i];
		first = &inner[i]->next;
	}
	return (all);
}

void *
wrapper_new(size_t size, const struct wrapper_ops *ops,
    struct evchat_producer *const *inner, int n)
{
	struct evchat_producer *first = NULL, *producer = NULL;
	struct wrapper *wrapper = NULL;
	int error;

	if (!take(&first, inner, n))
		errno = EINVAL;
	else if ((wrapper = mem_calloc(size)) != NULL)
		producer = producer_new(&producer_ops, wrapper);
	if (producer == NULL) {
		error = errno;
		mem_free(wrapper);
		end_all(&first, EVCHAT_DONE_DISCARDED);
		errno = error;
		return (NULL);
	}
	wrapper->ops = ops;
	wrapper->producer = producer;
	wrapper->inner = first;
	producer->inner = &wrapper->inner;
	for (; first != NULL; first = first->next) {
		producer->held += producer_held(first);
		first->outer = producer;
	}
	return (wrapper);
}

void *
wrapper_new_piece(size_t size, const struct wrapper_ops *ops,
    struct evchat_producer *inner, struct evchat_framing *framing)
{
	struct wrapper *wrapper = wrapper_new(size, ops, &inner, 1);

	if (wrapper == NULL)
		return (NULL);
	if (framing != NULL &&
	    (wrapper->encoding = encoding_new(framing)) == NULL)
		return (wrapper_undo(wrapper));
	if ((wrapper->piece = evbuffer_new()) == NULL) {
		errno = ENOMEM;
		return (wrapper_undo(wrapper));
	}
	return (wrapper);
}

void *
wrapper_undo(struct wrapper *wrapper)
{
	wrapper_refuse(wrapper->producer);
	return (NULL);
}

void
wrapper_refuse(struct evchat_producer *inner)
{
	int error = errno;

	evchat_producer_free(inner);
	errno = error;
}

/* Asking */

enum evchat_more
wrapper_ask(struct wrapper *wrapper, struct evchat_producer *inner,
    struct evbuffer *out, size_t want)
{
	size_t before = evbuffer_get_length(out);
	enum evchat_more more;
	bool gone;

	if (inner->state == PRODUCER_WAITING && !inner->resumed)
		return (EVCHAT_MORE_LATER);
	more = producer_ask(inner, out, want, &gone);
	if (gone || more == EVCHAT_MORE_ERROR)
		return (EVCHAT_MORE_ERROR);
	inner->given += evbuffer_get_length(out) - before;
	if (more == EVCHAT_MORE_END)
		inner->state = PRODUCER_FINISHED;
	if (more == EVCHAT_MORE_LATER) {
		inner->state = PRODUCER_WAITING;
		wrapper->producer->resumed |= inner->resumed;
	}
	return (more);
}

int
wrapper_pass(struct wrapper *wrapper, struct evbuffer *out, bool last)
{
	/* What was given may have cleanups, which may end the wrapper. */
	if (encoding_pass(wrapper->encoding, wrapper->piece, last) == -1 ||
	    wrapper->ended)
		return (-1);
	errno = ENOMEM;
	return (evbuffer_add_buffer(out, wrapper->piece));
}
