/*
 * Marks: what has to be told of its end, a callback or a reference, is in the
 * queue as a producer that has nothing to give. And discarding, which ends
 * them.
 */

#include <errno.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "channel.h"
#include "mem.h"
#include "producer.h"
#include "push.h"

#define WORTH_REFERRING ((size_t)512)

struct mark {
	struct evchat *chat;
	void *arg;
	evchat_done_cb done;
	evbuffer_ref_cleanup_cb cleanup;
	const void *data; /* what cleanup is told */
	size_t len;
};

static void
mark_done(void *self, enum evchat_done how, uint64_t bytes)
{
	struct mark mark = *(struct mark *)self;

	(void)bytes;
	mem_free(self);
	if (mark.done != NULL)
		mark.done(mark.chat, how, mark.arg);
	if (mark.cleanup != NULL)
		mark.cleanup(mark.data, mark.len, mark.arg);
}

static const struct evchat_producer_ops mark_ops = { .done = mark_done };

/* A producer that stands for mark, or NULL with errno. */
static struct evchat_producer *
mark_new(const struct mark *mark)
{
	struct evchat_producer *producer = NULL;
	struct mark *self = mem_alloc(sizeof(*self));

	if (self != NULL) {
		*self = *mark;
		producer = producer_new(&mark_ops, self);
		if (producer == NULL)
			mem_free(self);
	}
	return (producer);
}

int
evchat_push_callback(struct evchat *chat, evchat_done_cb done, void *arg)
{
	struct bufferevent *bev = channel_lock(chat);
	struct evchat_producer *producer = NULL;

	if (done == NULL)
		errno = EINVAL;
	else if (push_may(chat)) {
		if (queue_prepare(&chat->queue) == 0)
			producer = mark_new(&(struct mark){ .chat = chat,
			    .done = done, .arg = arg });
		if (producer != NULL) {
			queue_add_producer(&chat->queue, producer);
			push_queued(chat, push_from(chat));
		}
	}
	channel_unlock(bev);
	return (producer != NULL ? 0 : -1);
}

/* Append the bytes, and then the mark that their cleanup hangs on. */
static int
push_marked(struct evchat *chat, const struct mark *mark)
{
	struct backlog *bytes = &chat->queue.bytes;
	struct evbuffer *buffer;
	struct evchat_producer *producer =
	    queue_prepare(&chat->queue) == 0 ? mark_new(mark) : NULL;
	size_t from = push_from(chat);
	int added = 0;

	if (producer == NULL)
		return (-1);
	/*
	 * A pair hands its chains on to its peer, and a layer may keep them;
	 * neither tells when they are released. So they get a copy. And few
	 * bytes are copied, since a reference takes more than they are.
	 */
	if (mark->len >= WORTH_REFERRING && chat->kind == TRANSPORT_SOCKET) {
		buffer = backlog_buffer(bytes);
		added = buffer == NULL ? -1 : evbuffer_add_reference(buffer,
		    mark->data, mark->len, NULL, NULL);
	} else if (mark->len > 0)
		added = backlog_add(bytes, mark->data, mark->len);
	if (added == -1) {
		mem_free(producer->self);
		mem_free(producer);
		errno = ENOMEM;
		return (-1);
	}
	producer->weightless = mark->len >= WORTH_REFERRING;
	queue_add_producer(&chat->queue, producer);
	push_queued(chat, from);
	return (0);
}

int
evchat_push_reference(struct evchat *chat, const void *data, size_t len,
    evbuffer_ref_cleanup_cb cleanup, void *arg)
{
	struct bufferevent *bev = channel_lock(chat);
	int done = -1, error;

	if (push_may(chat))
		done = push_marked(chat, &(struct mark){ .cleanup = cleanup,
		    .data = data, .len = len, .arg = arg });
	channel_unlock(bev);
	if (done == -1 && cleanup != NULL) {
		error = errno;
		cleanup(data, len, arg);
		errno = error;
	}
	return (done);
}

void
evchat_discard_buffers(struct evchat *chat)
{
	struct bufferevent *bev = channel_enter(chat);
	bool in_turn = chat->in_turn;
	struct input here;

	if (chat->state < CHANNEL_ENDING) {
		/* Whatever a done or cleanup sets going, it moves no output. */
		chat->in_turn = true;
		/* What comes behind an upgrade is the layer's. */
		if (!chat->upgrading) {
			input_discard(channel_open_input(chat, &here),
			    bufferevent_get_input(chat->bev));
			channel_close_input(chat, &here);
		}
		/* Where collect had a frame in progress, it has none now. */
		if (chat->running == HOOK_COLLECT)
			chat->running = HOOK_PIECE;
		/* So the queue is not going to be empty because all has left. */
		chat->undrained = false;
		queue_cancel(&chat->queue, channel_in_output(chat));
		if (chat->kind != TRANSPORT_LAYERED)
			channel_drop_output(chat);
		queue_end_cancelled(&chat->queue);
		chat->in_turn = in_turn;
		channel_wake(chat);
	}
	channel_leave(chat, bev);
}
