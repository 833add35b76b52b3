/*
 * The write side of a turn: what is queued goes to the transport, while there
 * is room below the high mark. Past the output go pushed bytes and files that
 * a system call takes as they are; what it leaves, and the rest, by the
 * output.
 */

#include <errno.h>

#include <event2/bufferevent.h>
#include <event2/event.h>

#include "channel.h"
#include "layer.h"

/*
 * TLS encrypts a chain of the output as a whole, and until all of that has
 * left it cannot be seen that any has. So chains are shorter than a record, at
 * most, and with what libevent adds they are as long as memory is given out.
 */
#define LAYERED_AT_ONCE (((size_t)16 << 10) - 64)
#define SEND_AT_ONCE ((size_t)256 << 10) /* handed to one sendfile */

/* The descriptor takes nothing now: be told when it does. */
enum queue_what
output_block(struct evchat *chat)
{
	if (chat->unblock == NULL)
		chat->unblock = channel_event_new(chat,
		    bufferevent_getfd(chat->bev), EV_WRITE, notice_unblocked);
	if (chat->unblock == NULL)
		return (QUEUE_NO_MEMORY);
	channel_event_prioritize(chat, chat->unblock);
	if (event_add(chat->unblock, NULL) == -1)
		return (QUEUE_NO_MEMORY);
	chat->blocked = true;
	return (QUEUE_BLOCKED);
}

/* What goes past the output waits until that is empty. */
static enum queue_what
send_next(struct evchat *chat)
{
	enum queue_what what;

	if (transport_output_length(chat->bev) > 0 || chat->connecting ||
	    chat->blocked || chat->failed)
		return (QUEUE_BLOCKED);
	what = queue_send(&chat->queue, bufferevent_getfd(chat->bev),
	    SEND_AT_ONCE);
	return (what == QUEUE_BLOCKED ? output_block(chat) : what);
}

/*
 * Ask the next producer, so that what is before it does not leave alone. If it
 * fails, that has to leave all the same.
 */
static enum queue_what
gather_next(struct evchat *chat)
{
	enum queue_what what = queue_gather(&chat->queue, chat->set->out_size);
	int error = errno;

	if (what == QUEUE_FAILED && queue_can_send_bytes(&chat->queue))
		(void)direct_send(chat);
	errno = error;
	return (what);
}

static enum queue_what
move_next(struct evchat *chat)
{
	struct queue *queue = &chat->queue;
	enum queue_what what;

	if (queue_can_send(queue) && direct_may_send_file(chat))
		return (send_next(chat));
	chat->blocked = false;
	if (chat->unblock != NULL)
		channel_event_free(chat->unblock);
	chat->unblock = NULL;
	if (queue->line->current != NULL && queue_may_gather(queue) &&
	    backlog_len(&queue->bytes) < chat->set->high &&
	    queue_leaves_at_once(queue) && direct_may_send(chat))
		return (gather_next(chat));
	if (queue_can_send_bytes(queue) && direct_may_send(chat) &&
	    (what = direct_send(chat)) != QUEUE_BLOCKED)
		return (what);
	/* What is left goes as if nothing had been tried. */
	return (queue_pull(queue, bufferevent_get_output(chat->bev),
	    chat->set->out_size,
	    chat->kind == TRANSPORT_LAYERED ? LAYERED_AT_ONCE : SIZE_MAX));
}

void
output_move(struct evchat *chat)
{
	uint64_t from = chat->queue.written, steps = 0;

	if (layer_holds(chat))
		return;
	while (chat->state < CHANNEL_LINGERING &&
	    !queue_is_empty(&chat->queue) &&
	    (chat->in_output = transport_output_length(chat->bev)) <
	    chat->set->high) {
		if (steps++ + (chat->queue.written - from) >= chat->set->high) {
			channel_yield(chat);
			return;
		}
		switch (move_next(chat)) {
		case QUEUE_MOVED:
		case QUEUE_GONE:
			break;
		case QUEUE_EMPTY:
		case QUEUE_WAITING:
		case QUEUE_BLOCKED:
			return;
		case QUEUE_IDLE:
			channel_yield(chat);
			return;
		case QUEUE_FAILED:
			chat->error = errno;
			end_now(chat, EVCHAT_REASON_PRODUCER);
			return;
		case QUEUE_BROKEN:
			notice_take(chat, BEV_EVENT_ERROR | BEV_EVENT_WRITING,
			    errno);
			channel_wake_behind(chat);
			return;
		case QUEUE_NO_MEMORY:
			end_now(chat, EVCHAT_REASON_NO_MEMORY);
			return;
		}
	}
}

