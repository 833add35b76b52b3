/*
 * How producers leave a queue: each once, with its done, in the order in which
 * they were pushed, when their bytes have left or never will.
 */

#include "producer.h"
#include "queue.h"

/*
 * The first is around others, which are told before it: they come before it in
 * the list, so that whoever ends the queue meanwhile finds all that are still
 * to be told.
 */
static void
put_inner_first(struct queue *queue, enum evchat_done how)
{
	struct evchat_producer *outer = queue->line->first, *inner;

	queue->line->first = *outer->inner;
	*outer->inner = NULL;
	for (inner = queue->line->first; inner != outer; inner = inner->next) {
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
	struct evchat_producer *producer = queue->line->first;

	if (queue->line->current == producer)
		queue->line->current = producer->next;
	if (producer->ending)
		how = producer->how;
	if (producer->inner != NULL && *producer->inner != NULL) {
		put_inner_first(queue, how);
		return;
	}
	queue->line->first = producer->next;
	if (queue->line->first == NULL)
		queue->line->last = NULL;
	queue_unweigh(queue, producer);
	producer_end(producer, how);
}

static bool
has_left(const struct queue *queue, const struct evchat_producer *producer,
    size_t in_output)
{
	return (producer->state == PRODUCER_FINISHED &&
	    queue->written >= producer->end &&
	    queue->written - producer->end >= in_output);
}

void
queue_release(struct queue *queue, size_t in_output)
{
	while (queue->line->first != NULL &&
	    has_left(queue, queue->line->first, in_output))
		end_first(queue, EVCHAT_DONE_SENT);
}

void
queue_end(struct queue *queue, size_t in_output, enum evchat_done how)
{
	queue_release(queue, in_output);
	while (queue->line->first != NULL)
		end_first(queue, how);
}

void
queue_cancel(struct queue *queue, size_t in_output)
{
	struct evchat_producer *producer;

	for (producer = queue->line->first; producer != NULL;
	    producer = producer->next) {
		if (has_left(queue, producer, in_output))
			continue;
		queue_unweigh(queue, producer);
		producer->state = PRODUCER_CANCELLED;
	}
	if (queue->line->first != NULL) {
		queue->line->cancelled = queue->line->pushed;
		queue->line->current = NULL;
		queue->line->before = 0;
	}
	backlog_drop(&queue->bytes);
}

void
queue_end_cancelled(struct queue *queue)
{
	while (queue->line->first != NULL &&
	    queue->line->first->number <= queue->line->cancelled)
		end_first(queue, queue->line->first->state == PRODUCER_CANCELLED ?
		    EVCHAT_DONE_DISCARDED : EVCHAT_DONE_SENT);
}

void
queue_refuse(struct queue *queue, struct evchat_producer *producer)
{
	struct line line;

	/* For want of memory this must not fail. */
	(void)queue_lend(queue, &line);
	producer->state = PRODUCER_CANCELLED;
	producer->number = 0;
	producer->next = queue->line->first;
	queue->line->first = producer;
	if (queue->line->last == NULL)
		queue->line->last = producer;
	while (queue->line->first != NULL && queue->line->first->number == 0)
		end_first(queue, EVCHAT_DONE_DISCARDED);
	queue_take_back(queue, &line);
}

void
queue_drop(struct queue *queue)
{
	backlog_drop(&queue->bytes);
}
