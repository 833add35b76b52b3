#ifndef QUEUE_H
#define QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/util.h>

#include "api.h"
#include "backlog.h"

/*
 * The write side: what was pushed, in order, and is not yet in the output, the
 * evbuffer that it is drained into. It knows no bufferevent and calls no hook;
 * more and done of producers are called only where it is said so.
 *
 * All pushed bytes are in one backlog. A producer says how many of them stand
 * between it and the one before it, so that the order is
 *
 *	bytes[first->before] first bytes[first->next->before] first->next ...
 *
 * and behind the last producer the rest of the bytes. What a producer has
 * given may be among those before it. Producers that have finished stay at the
 * head of the list until their bytes have left the output.
 */

enum queue_what {
	QUEUE_EMPTY,    /* all is in the output */
	QUEUE_MOVED,    /* something is, and there is more */
	QUEUE_WAITING,  /* the first producer has nothing now */
	QUEUE_IDLE,     /* it gave nothing, and is to be asked again later */
	QUEUE_GONE,     /* it was ended while it was asked */
	QUEUE_FAILED,   /* it has failed, with errno or 0 */
	QUEUE_BLOCKED,  /* the descriptor takes nothing now */
	QUEUE_BROKEN,   /* it has failed, with errno */
	QUEUE_NO_MEMORY
};

/* What there is beside bytes. One that is empty and not written to is shared. */
struct line {
	struct evbuffer *stage; /* what a producer appends to, while asked */
	struct evchat_producer *first;
	struct evchat_producer *last;
	struct evchat_producer *current; /* the first that has not finished */
	size_t before;    /* bytes that stand before a producer; others are behind */
	size_t weight;    /* of all producers */
	size_t held;      /* bytes that producers keep in memory */
	uint64_t pushed;  /* producers so far */
	uint64_t cancelled; /* so many of them, if they have not ended */
	bool lent;          /* by who goes on to use it: not to be freed */
};

struct queue {
	struct backlog bytes;
	struct line *line; /* never NULL */
	uint64_t written; /* bytes that were put into the output, or past it */
};

void queue_init(struct queue *queue);
void queue_free(struct queue *queue); /* ended before */

/* Is nothing left but what is in the output? */
static inline bool
queue_is_empty(const struct queue *queue)
{
	return (queue->line->current == NULL && backlog_len(&queue->bytes) == 0);
}

/* Is a producer queued that has not finished, marks aside? */
bool queue_has_producer(const struct queue *queue);
/* Is a reference queued, or on its way, whose cleanup was not called? */
bool queue_has_reference(const struct queue *queue);
/* What was pushed and is not yet in the output, producers by their weight. */
static inline size_t
queue_length(const struct queue *queue)
{
	return (backlog_len(&queue->bytes) + queue->line->weight);
}

/*
 * To push bytes, put them into queue->bytes. A producer is taken, but only if
 * there is memory for its line: queue_prepare, which gives -1 with errno if
 * not.
 */
int queue_prepare(struct queue *queue);
void queue_add_producer(struct queue *queue, struct evchat_producer *producer);

/*
 * Put the next bytes into the output. May call one producer's more, which is
 * asked for want. What is longer than most is put there in pieces of that,
 * which are copies.
 */
enum queue_what queue_pull(struct queue *queue, struct evbuffer *output,
    size_t want, size_t most);

/*
 * Are pushed bytes next? Send them to a socket past the output, if that is
 * empty: in one system call all, or many, of those before the first producer
 * that has more to give. BLOCKED: it takes no more now. BROKEN: it has failed,
 * with errno.
 */
bool queue_can_send_bytes(const struct queue *queue);
enum queue_what queue_send_bytes(struct queue *queue, evutil_socket_t fd);

/*
 * Does the next producer give something as soon as it is asked? Then ask it
 * before the bytes in front of it are sent: what it gives is put behind them,
 * as if it had been pushed, so that all can leave together. MOVED, GONE,
 * FAILED or NO_MEMORY.
 */
bool queue_may_gather(const struct queue *queue);
/* Would one system call take all that was pushed, and a little more? */
bool queue_leaves_at_once(const struct queue *queue);
enum queue_what queue_gather(struct queue *queue, size_t want);

/*
 * Does what comes next go to a descriptor as well, past the output, if that is
 * empty? Send it there.
 */
bool queue_can_send(const struct queue *queue);
enum queue_what queue_send(struct queue *queue, int fd, size_t want);

/*
 * Call done of the producers whose bytes have left, given how many are still
 * in the output; queue_end: and then of all the others, as how says.
 */
void queue_release(struct queue *queue, size_t in_output);
void queue_end(struct queue *queue, size_t in_output, enum evchat_done how);

/*
 * Discarding: what is queued now is cancelled, but for producers whose bytes
 * have left; pushed bytes are dropped. Then queue_end_cancelled calls done of
 * all of them. What anything called meanwhile pushes is not concerned.
 */
void queue_cancel(struct queue *queue, size_t in_output);
void queue_end_cancelled(struct queue *queue);

/* A producer is not queued after all: it is told so before all others. */
void queue_refuse(struct queue *queue, struct evchat_producer *producer);

/* Put all pushed bytes into the output; marks may remain. */
int queue_flush(struct queue *queue, struct evbuffer *output);

/* Drop all pushed bytes, at the end. */
void queue_drop(struct queue *queue);
/* The memory that is not needed between two turns. */
void queue_settle(struct queue *queue);

/* Among the files of the queue only */

/* Have line, which is the caller's, be there to be written to, if none is. */
bool queue_lend(struct queue *queue, struct line *line);
void queue_take_back(struct queue *queue, const struct line *line);
/* What goes from here to there, in between; NULL: no memory. */
struct evbuffer *queue_stage(struct queue *queue);
/* What a producer adds to the length; and the same no more, or before that changes. */
void queue_weigh(struct queue *queue, const struct evchat_producer *producer);
void queue_unweigh(struct queue *queue,
    const struct evchat_producer *producer);
/* So many of the first pushed bytes are in the output, or past it. */
void queue_count(struct queue *queue, size_t len);
/* The producer has given so many. */
void queue_count_given(struct queue *queue, struct evchat_producer *producer,
    size_t given);
/* The current producer has given all. */
void queue_finish(struct queue *queue, struct evchat_producer *producer);

#endif
