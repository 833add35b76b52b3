/*
 * Pushing. Every push appends to the queue and wakes the channel; nothing is
 * written, and no producer asked, before the loop's next turn.
 */

#include <errno.h>

#include "channel.h"
#include "encoding.h"
#include "framing.h"
#include "mem.h"
#include "producer.h"
#include "push.h"
#include "shared.h"
#include "trace.h"

bool
push_may(const struct evchat *chat)
{
	if (chat->state == CHANNEL_OPEN && chat->output == OUTPUT_OPEN)
		return (true);
	errno = EPIPE;
	return (false);
}

/*
 * Something has been queued. Whether it is above the high mark is looked at
 * now, since a peer may take it before the next turn.
 */
static inline void
queued(struct evchat *chat)
{
	chat->undrained = true;
	if (queue_length(&chat->queue) + chat->in_output > chat->set->high)
		turn_note_high(chat);
	if (chat->in_turn) {
		chat->again = true;
		return;
	}
	chat->pushed_to = true;
	channel_wake_behind(chat);
}

size_t
push_from(const struct evchat *chat)
{
	return (backlog_len(&chat->queue.bytes));
}

void
push_queued(struct evchat *chat, size_t from)
{
	queued(chat);
	if (chat->set->trace != NULL)
		trace_queued(chat, from);
}

/* A frame has been queued, whose payload is this. */
static inline void
queued_frame(struct evchat *chat, const struct payload *payload)
{
	chat->frames_out++;
	queued(chat);
	if (chat->set->trace != NULL)
		chat->set->trace(chat, EVCHAT_TRACE_PUSH_FRAME, payload->vec,
		    payload->n, chat->set->trace_arg);
}

/* Bytes */

int
evchat_push(struct evchat *chat, const void *data, size_t len)
{
	struct bufferevent *bev = channel_lock(chat);
	size_t from = push_from(chat);
	int done = -1;

	if (push_may(chat)) {
		done = len > 0 ? backlog_add(&chat->queue.bytes, data, len) : 0;
		if (done == 0 && len > 0)
			push_queued(chat, from);
	}
	channel_unlock(bev);
	return (done);
}

int
evchat_push_buffer(struct evchat *chat, struct evbuffer *buf)
{
	struct bufferevent *bev = channel_lock(chat);
	size_t len = evbuffer_get_length(buf), from = push_from(chat);
	int done = -1, error;

	if (push_may(chat)) {
		done = backlog_add_buffer(&chat->queue.bytes, buf);
		if (done == 0 && len > 0)
			push_queued(chat, from);
	}
	channel_unlock(bev);
	if (done == -1) {
		error = errno;
		backlog_empty(buf);
		errno = error;
	}
	return (done);
}

int
evchat_push_vprintf(struct evchat *chat, const char *fmt, va_list ap)
{
	struct bufferevent *bev = channel_lock(chat);
	size_t from = push_from(chat);
	int len = -1;

	if (push_may(chat)) {
		len = backlog_vprintf(&chat->queue.bytes, fmt, ap);
		if (len > 0)
			push_queued(chat, from);
	}
	channel_unlock(bev);
	return (len == -1 ? -1 : 0);
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
	return (chat->set->output_framing != NULL ? chat->set->output_framing :
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

static int
encode(const struct evchat_framing *framing, struct backlog *out,
    const struct payload *payload)
{
	if (payload->n == 1 && plain_suits(&framing->plain,
	    payload->vec->iov_base, payload->len))
		return (plain_append(&framing->plain, out,
		    payload->vec->iov_base, payload->len));
	errno = EINVAL;
	return (framing->ops->encode(framing, out, payload));
}

static int
push_payload(struct evchat *chat, const struct payload *payload)
{
	const struct evchat_framing *framing = push_framing(chat);
	int done = -1;

	errno = EINVAL;
	if (framing != NULL)
		done = encode(framing, &chat->queue.bytes, payload);
	if (done == 0)
		queued_frame(chat, payload);
	return (done);
}

static int
push_vec(struct evchat *chat, const struct evbuffer_iovec *vec, int n)
{
	struct payload payload = { .vec = vec, .n = n };

	if (!push_may(chat) || measure(&payload) == -1)
		return (-1);
	return (push_payload(chat, &payload));
}

int
evchat_push_framev(struct evchat *chat, const struct evbuffer_iovec *vec, int n)
{
	struct bufferevent *bev = channel_lock(chat);
	int done = push_vec(chat, vec, n);

	channel_unlock(bev);
	return (done);
}

/*
 * Most frames are of few bytes, and encoded plainly. Without a lock that costs
 * no more than to look whether it is so, and the copying.
 */
static inline bool
push_few(struct evchat *chat, const void *data, size_t len)
{
	const struct evchat_framing *framing;

	/* What others may change is looked at only where there are none. */
	if (chat->lock != NULL || (framing = push_framing(chat)) == NULL ||
	    chat->set->trace != NULL || chat->state != CHANNEL_OPEN ||
	    chat->output != OUTPUT_OPEN ||
	    !plain_append_few(&framing->plain, &chat->queue.bytes, data, len))
		return (false);
	chat->frames_out++;
	queued(chat);
	return (true);
}

int
evchat_push_frame(struct evchat *chat, const void *data, size_t len)
{
	struct evbuffer_iovec vec;

	if (push_few(chat, data, len))
		return (0);
	vec.iov_base = (void *)(uintptr_t)data;
	vec.iov_len = len;
	return (evchat_push_framev(chat, &vec, 1));
}

int
evchat_push_frame_vprintf(struct evchat *chat, const char *fmt, va_list ap)
{
	struct evbuffer *text = evbuffer_new();
	struct evbuffer_iovec vec = { NULL, 0 };
	int done = -1;

	errno = ENOMEM;
	if (text == NULL)
		return (-1);
	errno = 0;
	if (evbuffer_add_vprintf(text, fmt, ap) != -1) {
		vec.iov_len = evbuffer_get_length(text);
		vec.iov_base = evbuffer_pullup(text, -1);
		if (vec.iov_base != NULL || vec.iov_len == 0)
			done = evchat_push_framev(chat, &vec, 1);
	} else if (errno == 0)
		errno = ENOMEM;
	evbuffer_free(text);
	return (done);
}

int
evchat_push_frame_printf(struct evchat *chat, const char *fmt, ...)
{
	va_list ap;
	int done;

	va_start(ap, fmt);
	done = evchat_push_frame_vprintf(chat, fmt, ap);
	va_end(ap);
	return (done);
}

/* What several channels are given */

int
push_shared(struct evchat *chat, struct shared *bytes)
{
	size_t from = push_from(chat);

	if (!push_may(chat) || shared_append(bytes, &chat->queue.bytes) == -1)
		return (-1);
	if (bytes->len > 0)
		push_queued(chat, from);
	return (0);
}

int
push_shared_frame(struct evchat *chat, struct shared *encoded,
    const struct payload *payload)
{
	if (!push_may(chat) ||
	    shared_append(encoded, &chat->queue.bytes) == -1)
		return (-1);
	queued_frame(chat, payload);
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

/* Tell it so, where an end of the channel meanwhile finds what is not told yet. */
static void
refuse(struct evchat *chat, struct evchat_producer *producer)
{
	int error = errno;

	if (chat->state < CHANNEL_ENDING)
		queue_refuse(&chat->queue, producer);
	else
		evchat_producer_free(producer);
	errno = error;
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
	bev = channel_enter(chat);
	if (push_may(chat) && queue_prepare(&chat->queue) == 0 &&
	    (!framed || encode_producer(chat, producer) == 0)) {
		producer->chat = chat;
		queue_add_producer(&chat->queue, producer);
		chat->frames_out += framed;
		queued(chat);
		if (chat->set->trace != NULL)
			chat->set->trace(chat, framed ? EVCHAT_TRACE_PUSH_FRAME :
			    EVCHAT_TRACE_PUSH, NULL, 0, chat->set->trace_arg);
		done = 0;
	} else
		refuse(chat, producer);
	error = errno;
	channel_leave(chat, bev);
	errno = error;
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
