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

#define FEW_BYTES 512
#define MOVED_AT_ONCE ((size_t)1 << 30) /* libevent counts them in an int */

void
queue_drop(struct evbuffer *buffer)
{
	struct evbuffer *dropped = evbuffer_new();

	/* Cleanups may call anything, so they must not find it half drained. */
	if (dropped != NULL) {
		(void)evbuffer_add_buffer(dropped, buffer);
		evbuffer_free(dropped);
	} else
		(void)evbuffer_drain(buffer, evbuffer_get_length(buffer));
}

int
queue_init(struct queue *queue)
{
	memset(queue, 0, sizeof(*queue));
	if ((queue->bytes = evbuffer_new()) != NULL)
		return (0);
	errno = ENOMEM;
	return (-1);
}

void
queue_free(struct queue *queue)
{
	if (queue->bytes != NULL)
		evbuffer_free(queue->bytes);
	if (queue->stage != NULL)
		evbuffer_free(queue->stage);
}

bool
queue_is_empty(const struct queue *queue)
{
	return (evbuffer_get_length(queue->bytes) == 0 &&
	    queue->current == NULL);
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

size_t
queue_length(const struct queue *queue)
{
	return (evbuffer_get_length(queue->bytes) + queue->weight);
}

static void
weigh(struct queue *queue, const struct evchat_producer *producer)
{
	queue->weight += producer_weight(producer);
	queue->held += producer_held(producer);
}

/* The same no more, or before that changes. */
static void
unweigh(struct queue *queue, const struct evchat_producer *producer)
{
	queue->weight -= producer_weight(producer);
	queue->held -= producer_held(producer);
}

void
queue_add_producer(struct queue *queue, struct evchat_producer *producer)
{
	producer->state = PRODUCER_QUEUED;
	producer->number = ++queue->pushed;
	producer->before = evbuffer_get_length(queue->bytes) - queue->before;
	queue->before += producer->before;
	weigh(queue, producer);
	if (queue->first == NULL)
		queue->first = producer;
	else
		queue->last->next = producer;
	queue->last = producer;
	if (queue->current == NULL)
		queue->current = producer;
}

static bool
has_stage(struct queue *queue)
{
	if (queue->stage == NULL)
		queue->stage = evbuffer_new();
	return (queue->stage != NULL);
}

/*
 * Append all of from, which nobody else may touch. A chain has a kilobyte of
 * memory however few its bytes are, so few bytes are copied into what is there
 * already: else a peer that has the channel answer byte by byte, and does not
 * read, would make it hold a thousand times what counts.
 */
static int
append(struct evbuffer *to, struct evbuffer *from)
{
	size_t len = evbuffer_get_length(from);
	const unsigned char *bytes;

	if (len <= FEW_BYTES && len > 0 && evbuffer_get_length(to) > 0 &&
	    (bytes = evbuffer_pullup(from, -1)) != NULL &&
	    evbuffer_add(to, bytes, len) == 0)
		return (evbuffer_drain(from, len));
	return (evbuffer_add_buffer(to, from));
}

/*
 * Move the first len pushed bytes to the output. Where that splits a chain,
 * libevent copies, and loses the bytes if it cannot; so they go by the stage,
 * where they can be counted. Few bytes do, too: cleanups of theirs, which may push,
 * are then called for what is no longer part of the queue.
 */
static int
move_bytes(struct queue *queue, struct evbuffer *output, size_t len)
{
	struct evbuffer *from = queue->bytes;

	if (len < evbuffer_get_length(from) || len <= FEW_BYTES) {
		if (!has_stage(queue))
			return (-1);
		(void)evbuffer_remove_buffer(from, queue->stage, len);
		from = queue->stage;
		if (evbuffer_get_length(from) != len)
			return (-1);
	}
	if (append(output, from) == -1)
		return (-1);
	queue->written += len;
	return (0);
}

/* Move bytes that stand before the current producer or, without one, behind. */
static enum queue_what
pull_bytes(struct queue *queue, struct evbuffer *output, size_t len)
{
	if (len > MOVED_AT_ONCE)
		len = MOVED_AT_ONCE;
	if (move_bytes(queue, output, len) == -1)
		return (QUEUE_NO_MEMORY);
	if (queue->current != NULL) {
		queue->current->before -= len;
		queue->before -= len;
	}
	return (QUEUE_MOVED);
}

static void
count_given(struct queue *queue, struct evchat_producer *producer, size_t given)
{
	unweigh(queue, producer);
	producer->given += given;
	weigh(queue, producer);
}

/* Put what is in the stage into the output. */
static int
take_stage(struct queue *queue, struct evbuffer *output)
{
	size_t n = evbuffer_get_length(queue->stage);

	if (append(output, queue->stage) == -1)
		return (-1);
	queue->written += n;
	return (0);
}

/* What the producer has appended is not sent. */
static enum queue_what
drop_given(struct queue *queue, enum queue_what what)
{
	int error = errno;

	queue_drop(queue->stage);
	errno = error;
	return (what);
}

static void
finish(struct queue *queue, struct evchat_producer *producer)
{
	unweigh(queue, producer);
	producer->state = PRODUCER_FINISHED;
	weigh(queue, producer);
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

	if (!has_stage(queue))
		return (QUEUE_NO_MEMORY);
	more = producer_ask(producer, queue->stage, want, &gone);
	given = evbuffer_get_length(queue->stage);
	if (gone || more == EVCHAT_MORE_ERROR)
		return (drop_given(queue, gone ? QUEUE_GONE : QUEUE_FAILED));
	count_given(queue, producer, given);
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
		finish(queue, producer);
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
	    evbuffer_get_length(queue->bytes);

	if (len > 0)
		return (pull_bytes(queue, output, len));
	if (producer == NULL)
		return (QUEUE_EMPTY);
	if (producer->ops->more == NULL) {
		finish(queue, producer);
		return (QUEUE_MOVED);
	}
	if (producer->state == PRODUCER_WAITING && !producer->resumed)
		return (QUEUE_WAITING);
	return (pull_producer(queue, producer, output, want));
}

bool
queue_can_send(const struct queue *queue)
{
	const struct evchat_producer *producer = queue->current;

	return (producer != NULL && producer->before == 0 &&
	    producer->send != NULL && producer->encoding == NULL);
}

enum queue_what
queue_send(struct queue *queue, int fd, size_t want)
{
	struct evchat_producer *producer = queue->current;
	size_t n = 0;
	enum producer_sent sent = producer->send(producer->self, fd, want, &n);

	count_given(queue, producer, n);
	queue->written += n;
	switch (sent) {
	case PRODUCER_SENT_SOME:
		return (QUEUE_MOVED);
	case PRODUCER_SENT_LAST:
		finish(queue, producer);
		return (QUEUE_MOVED);
	case PRODUCER_SENT_NONE:
		return (QUEUE_BLOCKED);
	case PRODUCER_CANNOT_SEND:
		producer->send = NULL;
		return (QUEUE_MOVED);
	case PRODUCER_HAS_FAILED:
		return (QUEUE_FAILED);
	case PRODUCER_SEND_FAILED:
		break;
	}
	return (QUEUE_BROKEN);
}

/*
 * The first is around others, which are told before it: they come before it in the
 * list, so that whoever ends the queue meanwhile finds all that are still to be told.
 */
static void
put_inner_first(struct queue *queue, enum evchat_done how)
{
	struct evchat_producer *outer = queue->first, *inner;

	queue->first = *outer->inner;
	*outer->inner = NULL;
	for (inner = queue->first; inner != outer; inner = inner->next) {
		inner->state = outer->state;
		inner->number = outer->number;
		inner->end = outer->end;
		inner->weightless = true;
		inner->ending = true;
		inner->how = how;
		if (inner->next == NULL)
			inner->next = outer;
	}
	outer->ending = true;
	outer->how = how;
}

/* Take the first producer out of the list and call its done. */
static void
end_first(struct queue *queue, enum evchat_done how)
{
	struct evchat_producer *producer = queue->first;

	if (queue->current == producer)
		queue->current = producer->next;
	if (producer->ending)
		how = producer->how;
	if (producer->inner != NULL && *producer->inner != NULL) {
		put_inner_first(queue, how);
		return;
	}
	queue->first = producer->next;
	if (queue->first == NULL)
		queue->last = NULL;
	unweigh(queue, producer);
	producer_end(producer, how);
}

static bool
has_left(const struct queue *queue, const struct evchat_producer *producer,
    size_t in_output)
{
	return (producer->state == PRODUCER_FINISHED &&
	    queue->written - producer->end >= in_output);
}

void
queue_release(struct queue *queue, size_t in_output)
{
	while (queue->first != NULL &&
	    has_left(queue, queue->first, in_output))
		end_first(queue, EVCHAT_DONE_SENT);
}

void
queue_end(struct queue *queue, size_t in_output, enum evchat_done how)
{
	queue_release(queue, in_output);
	while (queue->first != NULL)
		end_first(queue, how);
}

void
queue_cancel(struct queue *queue, size_t in_output)
{
	struct evchat_producer *producer;

	for (producer = queue->first; producer != NULL;
	    producer = producer->next) {
		if (has_left(queue, producer, in_output))
			continue;
		unweigh(queue, producer);
		producer->state = PRODUCER_CANCELLED;
	}
	queue->cancelled = queue->pushed;
	queue->current = NULL;
	queue->before = 0;
	queue_drop(queue->bytes);
}

void
queue_end_cancelled(struct queue *queue)
{
	while (queue->first != NULL &&
	    queue->first->number <= queue->cancelled)
		end_first(queue, queue->first->state == PRODUCER_CANCELLED ?
		    EVCHAT_DONE_DISCARDED : EVCHAT_DONE_SENT);
}

void
queue_refuse(struct queue *queue, struct evchat_producer *producer)
{
	producer->state = PRODUCER_CANCELLED;
	producer->number = 0;
	producer->next = queue->first;
	queue->first = producer;
	if (queue->last == NULL)
		queue->last = producer;
	while (queue->first != NULL && queue->first->number == 0)
		end_first(queue, EVCHAT_DONE_DISCARDED);
}

int
queue_flush(struct queue *queue, struct evbuffer *output)
{
	size_t n = evbuffer_get_length(queue->bytes);

	if (evbuffer_add_buffer(output, queue->bytes) == -1)
		return (-1);
	queue->written += n;
	return (0);
}
