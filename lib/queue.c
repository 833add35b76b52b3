/*
 * The write side. It is pulled: nothing moves, and no producer is asked, but
 * in queue_pull, one thing at a time, so that whoever drives it can look
 * between two of them at what the producers' functions have done meanwhile.
 * Those may push, discard and end the queue; so nothing is kept across such a
 * call but what can be checked.
 */

#include <errno.h>
#include <string.h>

#include "mem.h"
#include "producer.h"
#include "queue.h"

/* What no producer is in; it is only read. */
static const struct line no_line = { .lent = true };

void
queue_init(struct queue *queue)
{
	memset(queue, 0, sizeof(*queue));
	queue->line = (struct line *)(uintptr_t)&no_line;
}

int
queue_prepare(struct queue *queue)
{
	struct line *line;

	if (!queue->line->lent)
		return (0);
	if ((line = mem_alloc(sizeof(*line))) == NULL)
		return (-1);
	*line = *queue->line;
	line->lent = false;
	queue->line = line;
	return (0);
}

bool
queue_lend(struct queue *queue, struct line *line)
{
	if (queue->line != &no_line)
		return (false);
	*line = no_line;
	queue->line = line;
	return (true);
}

void
queue_take_back(struct queue *queue, const struct line *line)
{
	if (queue->line == line)
		queue->line = (struct line *)(uintptr_t)&no_line;
}

static void
free_line(struct queue *queue)
{
	struct line *line = queue->line;

	queue->line = (struct line *)(uintptr_t)&no_line;
	if (line->stage != NULL)
		evbuffer_free(line->stage);
	if (!line->lent)
		mem_free(line);
}

void
queue_free(struct queue *queue)
{
	backlog_free(&queue->bytes);
	free_line(queue);
}

/* The first producer that has not finished and is no mark, or NULL. */
static struct evchat_producer *
first_source(const struct queue *queue)
{
	struct evchat_producer *producer = queue->line->current;

	while (producer != NULL && producer->ops->more == NULL)
		producer = producer->next;
	return (producer);
}

bool
queue_has_producer(const struct queue *queue)
{
	return (first_source(queue) != NULL);
}

bool
queue_has_reference(const struct queue *queue)
{
	const struct evchat_producer *producer = queue->line->first;

	while (producer != NULL && !producer->weightless)
		producer = producer->next;
	return (producer != NULL);
}

void
queue_weigh(struct queue *queue, const struct evchat_producer *producer)
{
	queue->line->weight += producer_weight(producer);
	queue->line->held += producer_held(producer);
}

/* The same no more, or before that changes. */
void
queue_unweigh(struct queue *queue, const struct evchat_producer *producer)
{
	queue->line->weight -= producer_weight(producer);
	queue->line->held -= producer_held(producer);
}

void
queue_add_producer(struct queue *queue, struct evchat_producer *producer)
{
	producer->state = PRODUCER_QUEUED;
	producer->number = ++queue->line->pushed;
	producer->before = backlog_len(&queue->bytes) - queue->line->before;
	queue->line->before += producer->before;
	queue_weigh(queue, producer);
	if (queue->line->first == NULL)
		queue->line->first = producer;
	else
		queue->line->last->next = producer;
	queue->line->last = producer;
	if (queue->line->current == NULL)
		queue->line->current = producer;
}

struct evbuffer *
queue_stage(struct queue *queue)
{
	if (queue_prepare(queue) == -1)
		return (NULL);
	if (queue->line->stage == NULL)
		queue->line->stage = evbuffer_new();
	return (queue->line->stage);
}

/* So many of the first pushed bytes are on their way, or have left. */
void
queue_count(struct queue *queue, size_t len)
{
	queue->written += len;
	if (queue->line->current != NULL) {
		queue->line->current->before -= len;
		queue->line->before -= len;
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

/* Copy what is in the stage to the output, in chains of at most so much. */
static int
copy_stage(struct evbuffer *stage, struct evbuffer *output, size_t most)
{
	struct evbuffer_iovec first;

	while (evbuffer_peek(stage, 1, NULL, &first, 1) > 0) {
		if (first.iov_len > most)
			first.iov_len = most;
		if (evbuffer_add(output, first.iov_base, first.iov_len) == -1)
			return (-1);
		(void)evbuffer_drain(stage, first.iov_len);
	}
	return (0);
}

/* Put what is in the stage behind the pushed bytes before the producer. */
static int
keep_stage(struct queue *queue, struct evchat_producer *producer)
{
	struct evbuffer *stage = queue->line->stage;
	size_t n = evbuffer_get_length(stage);

	if (backlog_insert(&queue->bytes, producer->before, stage) == -1)
		return (-1);
	producer->before += n;
	queue->line->before += n;
	return (0);
}

/* Put what is in the stage into the output. */
static int
take_stage(struct queue *queue, struct evbuffer *output, size_t most)
{
	struct evbuffer *stage = queue->line->stage;
	size_t n = evbuffer_get_length(stage);

	if ((n > most ? copy_stage(stage, output, most) :
	    backlog_append(output, stage)) == -1)
		return (-1);
	queue->written += n;
	return (0);
}

/* What the producer has appended is not sent. */
static enum queue_what
drop_given(struct queue *queue, enum queue_what what)
{
	int error = errno;

	backlog_empty(queue->line->stage);
	errno = error;
	return (what);
}

void
queue_finish(struct queue *queue, struct evchat_producer *producer)
{
	queue_unweigh(queue, producer);
	producer->state = PRODUCER_FINISHED;
	queue_weigh(queue, producer);
	producer->end = queue->written + producer->before;
	if (producer->next != NULL)
		producer->next->before += producer->before;
	else
		queue->line->before -= producer->before;
	producer->before = 0;
	queue->line->current = producer->next;
}

/* Ask the producer. What it gives goes into the output; NULL: it is kept here. */
static enum queue_what
pull_producer(struct queue *queue, struct evchat_producer *producer,
    struct evbuffer *output, size_t want, size_t most)
{
	enum evchat_more more;
	size_t given;
	bool gone;
	int done;

	if (queue_stage(queue) == NULL)
		return (QUEUE_NO_MEMORY);
	more = producer_ask(producer, queue->line->stage, want, &gone);
	given = evbuffer_get_length(queue->line->stage);
	if (gone || more == EVCHAT_MORE_ERROR)
		return (drop_given(queue, gone ? QUEUE_GONE : QUEUE_FAILED));
	queue_count_given(queue, producer, given);
	done = producer_encode(producer, queue->line->stage,
	    more == EVCHAT_MORE_END, &gone);
	if (gone)
		return (drop_given(queue, QUEUE_GONE));
	if (done == -1)
		return (drop_given(queue, errno == ENOMEM ? QUEUE_NO_MEMORY :
		    QUEUE_FAILED));
	if ((output != NULL ? take_stage(queue, output, most) :
	    keep_stage(queue, producer)) == -1)
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
queue_pull(struct queue *queue, struct evbuffer *output, size_t want,
    size_t most)
{
	struct evchat_producer *producer = queue->line->current;
	size_t len = producer != NULL ? producer->before :
	    backlog_len(&queue->bytes);

	if (len > 0)
		return (pull_bytes(queue, output, len < most ? len : most));
	if (producer == NULL)
		return (QUEUE_EMPTY);
	if (producer->ops->more == NULL) {
		queue_finish(queue, producer);
		return (QUEUE_MOVED);
	}
	if (producer->state == PRODUCER_WAITING && !producer->resumed)
		return (QUEUE_WAITING);
	return (pull_producer(queue, producer, output, want, most));
}

bool
queue_may_gather(const struct queue *queue)
{
	const struct evchat_producer *producer = first_source(queue);

	return (producer != NULL && producer->at_once &&
	    (producer->send == NULL || producer->encoding != NULL) &&
	    !queue->bytes.foreign);
}

enum queue_what
queue_gather(struct queue *queue, size_t want)
{
	struct evchat_producer *producer = first_source(queue);

	while (queue->line->current != producer)
		queue_finish(queue, queue->line->current);
	return (pull_producer(queue, producer, NULL, want, 0));
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
	if (!queue->line->lent && queue->line->first == NULL)
		free_line(queue);
}
