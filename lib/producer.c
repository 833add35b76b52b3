/*
 * Producers: what is known of one, from its making to its one call of done.
 * Where it stands in a queue is the queue's business.
 */

#include <errno.h>

#include "channel.h"
#include "encoding.h"
#include "mem.h"
#include "producer.h"

#define LEAST_WEIGHT 512 /* so that producers without end cannot be queued */

struct evchat_producer *
producer_new(const struct evchat_producer_ops *ops, void *self)
{
	struct evchat_producer *producer = mem_calloc(sizeof(*producer));

	if (producer != NULL) {
		producer->ops = ops;
		producer->self = self;
		producer->state = PRODUCER_NEW;
	}
	return (producer);
}

struct evchat_producer *
evchat_producer_new(const struct evchat_producer_ops *ops, void *self)
{
	if (ops == NULL || ops->more == NULL || ops->done == NULL) {
		errno = EINVAL;
		return (NULL);
	}
	return (producer_new(ops, self));
}

void
evchat_producer_free(struct evchat_producer *producer)
{
	if (producer != NULL && producer->state == PRODUCER_NEW)
		producer_end(producer, EVCHAT_DONE_DISCARDED);
}

void
evchat_producer_resume(struct evchat_producer *producer)
{
	struct evchat_producer *outermost = producer;
	struct bufferevent *bev = NULL;
	struct evchat *chat;

	while (outermost->outer != NULL)
		outermost = outermost->outer;
	chat = outermost->chat;
	if (chat != NULL)
		bev = channel_lock(chat);
	/* Nobody asks it but the one around it, which has to be asked, too. */
	for (; producer != NULL; producer = producer->outer)
		producer->resumed = true;
	if (chat != NULL)
		channel_wake(chat);
	channel_unlock(bev);
}

static void
release(struct evchat_producer *producer)
{
	encoding_free(producer->encoding);
	mem_free(producer);
}

/* Nothing of the application is running any more. Has it ended the producer? */
static bool
is_gone(struct evchat_producer *producer)
{
	producer->asking = false;
	if (producer->state != PRODUCER_GONE)
		return (false);
	release(producer);
	return (true);
}

enum evchat_more
producer_ask(struct evchat_producer *producer, struct evbuffer *out,
    size_t want, bool *gone)
{
	enum evchat_more more;

	/* A resume is used up by the LATER that it is for, or comes before. */
	if (producer->state == PRODUCER_WAITING) {
		producer->resumed = false;
		producer->state = PRODUCER_QUEUED;
	}
	producer->asking = true;
	errno = 0;
	more = producer->ops->more(producer->self, out, want);
	*gone = is_gone(producer);
	return (more);
}

int
producer_encode(struct evchat_producer *producer, struct evbuffer *piece,
    bool last, bool *gone)
{
	int done;

	*gone = false;
	if (producer->encoding == NULL)
		return (0);
	/* What the producer gave may have cleanups, which may end it. */
	producer->asking = true;
	done = encoding_pass(producer->encoding, piece, last);
	*gone = is_gone(producer);
	return (done);
}

void
producer_end(struct evchat_producer *producer, enum evchat_done how)
{
	producer->state = PRODUCER_GONE;
	producer->ops->done(producer->self, how, producer->given);
	if (!producer->asking)
		release(producer);
}

static bool
is_spent(const struct evchat_producer *producer)
{
	return (producer->state >= PRODUCER_FINISHED || producer->weightless);
}

size_t
producer_held(const struct evchat_producer *producer)
{
	if (is_spent(producer) || producer->held <= producer->given)
		return (0);
	return ((size_t)(producer->held - producer->given));
}

size_t
producer_weight(const struct evchat_producer *producer)
{
	size_t held = producer_held(producer);

	if (producer->state > PRODUCER_FINISHED || producer->weightless)
		return (0);
	/* It takes memory until it is told its end, if its bytes do not. */
	if (producer->state == PRODUCER_FINISHED)
		return (producer->given < LEAST_WEIGHT ?
		    LEAST_WEIGHT - (size_t)producer->given : 0);
	return (held > LEAST_WEIGHT ? held : LEAST_WEIGHT);
}
