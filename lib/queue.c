/*
 * The write side. It is pulled: nothing moves, and no producer is asked, but in
 * queue_pull, one thing at a time, so that whoever drives it can look between
 * two of them at what the producers' functions have done meanwhile. Those may
 * push, discard and end the queue; so nothing is kept across such a call but
 * what can be checked.
 */

#include <errno.h>
#include <string.h>

#include "producer.h"
#include "queue.h"

void
queue_init(struct queue *queue)
{
	memset(queue, 0, sizeof(*queue));
}

void
queue_free(struct queue *queue)
{
	backlog_free(&queue->bytes);
	if (queue->stage != NULL)
		evbuffer_free(queue->stage);
}

bool
queue_has_producer(const struct queue *queue)
{
	const struct evchat_producer *producer = queue->current;

	while (producer != NULL && producer->ops->more == NULL)
		producer = producer->next;
	return (producer != NULL);
}

bool
queue_has_reference(const struct queue *queue)
{
	const struct evchat_producer *producer = queue->first;

	while (producer != NULL && !producer->weightless)
		producer = producer->next;
	return (producer != NULL);
}

void
queue_weigh(struct queue *queue, const struct evchat_producer *producer)
{
	queue->weight += producer_weight(producer);
	queue->held += producer_held(producer);
}

/* The same no more, or before that changes. */
void
queue_unweigh(struct queue *queue, const struct evchat_producer *producer)
{
	queue->weight -= producer_weight(producer);
	queue->held -= producer_held(producer);
}

void
queue_add_producer(struct queue *queue, struct evchat_producer *producer)
{
	producer->state = PRODUCER_QUEUED;
	producer->number = ++queue->pushed;
	producer->before = backlog_len(&queue->bytes) - queue->before;
	queue->before += producer->before;
	queue_weigh(queue, producer);
	if (queue->first == NULL)
		queue->first = producer;
	else
		queue->last->next = producer;
	queue->last = producer;
	if (queue->current == NULL)
		queue->current = producer;
}

struct evbuffer *
queue_stage(struct queue *queue)
{
	if (queue->stage == NULL)
		queue->stage = evbuffer_new();
	return (queue->stage);
}

/* So many of the first pushed bytes are on their way, or have left. */
void
queue_count(struct queue *queue, size_t len)
{
	queue->written += len;
	if (queue->current != NULL) {
		queue->current->before -= len;
		queue->before -= len;
	}
}

/* Move bytes that stand before the current producer or, without one, behind. */
static enum queue_what
pull_bytes(struct queue *queue, struct evbuffer *output, size_t len)
{
	size_t movable = backlog_movable(&queue->bytes);
	struct evbuffer *stage = NULL;

	if (len > movable)
		len = movable;
	if (queue->bytes.buffer != NULL)
		stage = queue_stage(queue);
	if (backlog_move(&queue->bytes, output, len, stage) == -1)
		return (QUEUE_NO_MEMORY);
	queue_count(queue, len);
	return (QUEUE_MOVED);
}

void
queue_count_given(struct queue *queue, struct evchat_producer *producer, size_t given)
{
	queue_unweigh(queue, producer);
	producer->given += given;
	queue_weigh(queue, producer);
}

/* Put what is in the stage into the output. */
static int
take_stage(struct queue *queue, struct evbuffer *output)
{
	size_t n = evbuffer_get_length(queue->stage);

	if (backlog_append(output, queue->stage) == -1)
		return (-1);
	queue->written += n;
	return (0);
}

/* What the producer has appended is not sent. */
static enum queue_what
drop_given(struct queue *queue, enum queue_what what)
{
	int error = errno;

	backlog_empty(queue->stage);
	errno = error;
	return (what);
}

void
queue_finish(struct queue *queue, struct evchat_producer *producer)
{
	queue_unweigh(queue, producer);
	producer->state = PRODUCER_FINISHED;
	queue_weigh(queue, producer);
	producer->end = queue->written;
	queue->current = producer->next;
}

static enum queue_what
pull_producer(struct queue *queue, struct evchat_producer *producer,
    struct evbuffer *output, size_t want)
{
	enum evchat_more more;
	size_t given;
	bool gone;
	int done;

	if (queue_stage(queue) == NULL)
		return (QUEUE_NO_MEMORY);
	more = producer_ask(producer, queue->stage, want, &gone);
	given = evbuffer_get_length(queue->stage);
	if (gone || more == EVCHAT_MORE_ERROR)
		return (drop_given(queue, gone ? QUEUE_GONE : QUEUE_FAILED));
	queue_count_given(queue, producer, given);
	done = producer_encode(producer, queue->stage,
	    more == EVCHAT_MORE_END, &gone);
	if (gone)
		return (drop_given(queue, QUEUE_GONE));
	if (done == -1)
		return (drop_given(queue, errno == ENOMEM ? QUEUE_NO_MEMORY :
		    QUEUE_FAILED));
	if (take_stage(queue, output) == -1)
		return (QUEUE_NO_MEMORY);
	switch (more) {
	case EVCHAT_MORE_END:
		queue_finish(queue, producer);
		return (QUEUE_MOVED);
	case EVCHAT_MORE_LATER:
		producer->state = PRODUCER_WAITING;
		break;
	default:
		break;
	}
	return (given > 0 ? QUEUE_MOVED : QUEUE_IDLE);
}

enum queue_what
queue_pull(struct queue *queue, struct evbuffer *output, size_t want)
{
	struct evchat_producer *producer = queue->current;
	size_t len = producer != NULL ? producer->before :
	    backlog_len(&queue->bytes);

	if (len > 0)
		return (pull_bytes(queue, output, len));
	if (producer == NULL)
		return (QUEUE_EMPTY);
	if (producer->ops->more == NULL) {
		queue_finish(queue, producer);
		return (QUEUE_MOVED);
	}
	if (producer->state == PRODUCER_WAITING && !producer->resumed)
		return (QUEUE_WAITING);
	return (pull_producer(queue, producer, output, want));
}

int
queue_flush(struct queue *queue, struct evbuffer *output)
{
	struct evbuffer *bytes = backlog_buffer(&queue->bytes);
	size_t n = backlog_len(&queue->bytes);

	if (bytes == NULL || evbuffer_add_buffer(output, bytes) == -1)
		return (-1);
	queue->written += n;
	return (0);
}

void
queue_settle(struct queue *queue)
{
	backlog_settle(&queue->bytes);
	if (queue->stage != NULL && queue->first == NULL) {
		evbuffer_free(queue->stage);
		queue->stage = NULL;
	}
}
