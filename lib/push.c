/*
 * Pushing. Every push appends to the queue and wakes the channel; nothing is
 * written, and no producer asked, before the loop's next turn. What has to be
 * told of its end, a reference or a callback, is a mark in the queue: a producer
 * that has nothing to give.
 */

#include <errno.h>

#include "channel.h"
#include "encoding.h"
#include "framing.h"
#include "mem.h"
#include "producer.h"
#include "push.h"
#include "shared.h"

bool
push_may(const struct evchat *chat)
{
	if (!channel_is_open(chat))
		return (false);
	if (chat->output == OUTPUT_OPEN)
		return (true);
	errno = EPIPE;
	return (false);
}

/* Something has been queued. */
static void
pushed(struct evchat *chat)
{
	chat->pushed = chat->undrained = true;
	if (turn_output_length(chat) > chat->high)
		chat->above_high = true;
	channel_wake(chat);
}

int
evchat_push(struct evchat *chat, const void *data, size_t len)
{
	struct bufferevent *bev = channel_lock(chat);
	int done = -1;

	if (push_may(chat)) {
		errno = ENOMEM;
		done = len == 0 ? 0 :
		    evbuffer_add(chat->queue.bytes, data, len);
		if (done == 0 && len > 0)
			pushed(chat);
	}
	channel_unlock(bev);
	return (done);
}

int
evchat_push_buffer(struct evchat *chat, struct evbuffer *buf)
{
	struct bufferevent *bev = channel_lock(chat);
	size_t len = evbuffer_get_length(buf);
	int done = -1;

	if (push_may(chat)) {
		errno = EINVAL;
		done = evbuffer_add_buffer(chat->queue.bytes, buf);
		if (done == 0 && len > 0)
			pushed(chat);
	}
	channel_unlock(bev);
	if (done == -1) {
		int error = errno;

		queue_drop(buf);
		errno = error;
	}
	return (done);
}

int
evchat_push_vprintf(struct evchat *chat, const char *fmt, va_list ap)
{
	struct bufferevent *bev = channel_lock(chat);
	int done = -1, len;

	if (push_may(chat)) {
		errno = 0;
		len = evbuffer_add_vprintf(chat->queue.bytes, fmt, ap);
		done = len == -1 ? -1 : 0;
		if (len > 0)
			pushed(chat);
		else if (len == -1 && errno == 0)
			errno = ENOMEM;
	}
	channel_unlock(bev);
	return (done);
}

int
evchat_push_printf(struct evchat *chat, const char *fmt, ...)
{
	va_list ap;
	int done;

	va_start(ap, fmt);
	done = evchat_push_vprintf(chat, fmt, ap);
	va_end(ap);
	return (done);
}

/* Frames */

struct evchat_framing *
push_framing(const struct evchat *chat)
{
	return (chat->output_framing != NULL ? chat->output_framing :
	    chat->last_framing);
}

/* Add up the lengths of a payload's pieces, or -1 with errno. */
static int
measure(struct payload *payload)
{
	int i;

	if (payload->n < 0 || (payload->n > 0 && payload->vec == NULL)) {
		errno = EINVAL;
		return (-1);
	}
	for (i = 0; i < payload->n; i++) {
		if (payload->vec[i].iov_len > EV_SSIZE_MAX - payload->len) {
			errno = EMSGSIZE;
			return (-1);
		}
		payload->len += payload->vec[i].iov_len;
	}
	return (0);
}

/* A frame has been queued, whose payload is this. */
static void
pushed_frame(struct evchat *chat, const struct payload *payload)
{
	(void)payload;
	chat->frames_out++;
	pushed(chat);
}

int
evchat_push_framev(struct evchat *chat, const struct evbuffer_iovec *vec, int n)
{
	struct bufferevent *bev = channel_lock(chat);
	const struct evchat_framing *framing = push_framing(chat);
	struct payload payload = { .vec = vec, .n = n };
	int done = -1;

	if (push_may(chat) && measure(&payload) == 0) {
		errno = EINVAL;
		if (framing != NULL)
			done = framing->ops->encode(framing, chat->queue.bytes,
			    &payload);
		if (done == 0)
			pushed_frame(chat, &payload);
	}
	channel_unlock(bev);
	return (done);
}

int
evchat_push_frame(struct evchat *chat, const void *data, size_t len)
{
	struct evbuffer_iovec vec = { (void *)(uintptr_t)data, len };

	return (evchat_push_framev(chat, &vec, 1));
}

/* What several channels are given */

int
push_shared(struct evchat *chat, struct shared *bytes)
{
	if (!push_may(chat) || shared_append(bytes, chat->queue.bytes) == -1)
		return (-1);
	if (bytes->len > 0)
		pushed(chat);
	return (0);
}

int
push_shared_frame(struct evchat *chat, struct shared *encoded,
    const struct payload *payload)
{
	if (!push_may(chat) ||
	    shared_append(encoded, chat->queue.bytes) == -1)
		return (-1);
	pushed_frame(chat, payload);
	return (0);
}

/* Producers */

/* Have what the producer gives encoded as one frame. */
static int
encode_producer(const struct evchat *chat, struct evchat_producer *producer)
{
	struct evchat_framing *framing = push_framing(chat);

	if (framing == NULL || framing->ops->encode_piece == NULL) {
		errno = EINVAL;
		return (-1);
	}
	producer->encoding = encoding_new(framing);
	return (producer->encoding != NULL ? 0 : -1);
}

/* The producer is taken, even if this fails; but not where it is none. */
static int
push_producer(struct evchat *chat, struct evchat_producer *producer,
    bool framed)
{
	struct bufferevent *bev;
	int done = -1, error;

	if (producer == NULL || producer->state != PRODUCER_NEW) {
		errno = EINVAL;
		return (-1);
	}
	bev = channel_lock(chat);
	if (push_may(chat) &&
	    (!framed || encode_producer(chat, producer) == 0)) {
		producer->chat = chat;
		queue_add_producer(&chat->queue, producer);
		chat->frames_out += framed;
		pushed(chat);
		done = 0;
	}
	channel_unlock(bev);
	if (done == -1) {
		error = errno;
		evchat_producer_free(producer);
		errno = error;
	}
	return (done);
}

int
evchat_push_with_producer(struct evchat *chat, struct evchat_producer *producer)
{
	return (push_producer(chat, producer, false));
}

int
evchat_push_frame_with_producer(struct evchat *chat,
    struct evchat_producer *producer)
{
	return (push_producer(chat, producer, true));
}

int
evchat_push_file(struct evchat *chat, int fd, int64_t offset, int64_t len)
{
	struct evchat_producer *producer;

	producer = evchat_producer_new_file(fd, offset, len);
	if (producer == NULL)
		return (-1);
	return (evchat_push_with_producer(chat, producer));
}

/* Marks */

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
		producer = mark_new(&(struct mark){ .chat = chat,
		    .done = done, .arg = arg });
		if (producer != NULL) {
			queue_add_producer(&chat->queue, producer);
			pushed(chat);
		}
	}
	channel_unlock(bev);
	return (producer != NULL ? 0 : -1);
}

/* Append the bytes, and then the mark that their cleanup hangs on. */
static int
push_marked(struct evchat *chat, const struct mark *mark)
{
	struct evbuffer *bytes = chat->queue.bytes;
	struct evchat_producer *producer = mark_new(mark);
	int added = 0;

	if (producer == NULL)
		return (-1);
	/*
	 * A pair hands its chains on to its peer, and a layer may keep them;
	 * neither tells when they are released. So they get a copy.
	 */
	if (mark->len > 0 && chat->kind == TRANSPORT_SOCKET)
		added = evbuffer_add_reference(bytes, mark->data, mark->len,
		    NULL, NULL);
	else if (mark->len > 0)
		added = evbuffer_add(bytes, mark->data, mark->len);
	if (added == -1) {
		mem_free(producer->self);
		mem_free(producer);
		errno = ENOMEM;
		return (-1);
	}
	producer->weightless = mark->len > 0;
	queue_add_producer(&chat->queue, producer);
	pushed(chat);
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

	if (chat->state < CHANNEL_ENDING) {
		/* Whatever a done or cleanup sets going, it moves no output. */
		chat->in_turn = true;
		input_discard(&chat->input, bufferevent_get_input(bev));
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
