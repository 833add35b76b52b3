/*
 * Sending past the output. Bytes that a system call has taken are counted as
 * if they had gone through an output that is empty again, so that nobody who
 * asks what has left sees a difference.
 */

#include <errno.h>
#include <sys/socket.h>

#include "producer.h"
#include "queue.h"

#define PIECES 64 /* at most in one system call */

bool
queue_leaves_at_once(const struct queue *queue)
{
	struct evbuffer_iovec pieces[PIECES];

	return (backlog_peek(&queue->bytes, backlog_len(&queue->bytes), pieces,
	    PIECES) < PIECES);
}

/* How many bytes stand before the first producer that has more to give. */
static size_t
sendable(const struct queue *queue)
{
	const struct evchat_producer *producer;
	size_t len = 0;

	for (producer = queue->line->current; producer != NULL;
	    producer = producer->next) {
		len += producer->before;
		if (producer->ops->more != NULL)
			return (len);
	}
	return (backlog_len(&queue->bytes));
}

/* The marks among the first len bytes, and right behind them, are passed. */
static void
pass_marks(struct queue *queue, size_t len)
{
	struct evchat_producer *producer;

	while ((producer = queue->line->current) != NULL &&
	    producer->before <= len) {
		len -= producer->before;
		queue_count(queue, producer->before);
		if (producer->ops->more != NULL)
			break;
		queue_finish(queue, producer);
	}
	queue_count(queue, len);
}

bool
queue_can_send_bytes(const struct queue *queue)
{
	return (!queue->bytes.foreign && backlog_len(&queue->bytes) > 0 &&
	    sendable(queue) > 0);
}

/* -1 with errno */
static ssize_t
send_pieces(evutil_socket_t fd, struct evbuffer_iovec *pieces, int n)
{
	struct msghdr message = {
		.msg_iov = (struct iovec *)pieces,
		.msg_iovlen = (size_t)n
	};

	if (n == 1)
		return (send(fd, pieces[0].iov_base, pieces[0].iov_len,
		    MSG_NOSIGNAL | MSG_DONTWAIT));
	return (sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT));
}

enum queue_what
queue_send_bytes(struct queue *queue, evutil_socket_t fd)
{
	struct evbuffer_iovec pieces[PIECES];
	int i, n = backlog_peek(&queue->bytes, sendable(queue), pieces, PIECES);
	struct evbuffer *drop = NULL;
	ssize_t sent = n > 0 ? send_pieces(fd, pieces, n) : 0;
	size_t len = 0;

	if (sent == -1 && (errno == EAGAIN || errno == EWOULDBLOCK ||
	    errno == EINTR))
		return (QUEUE_BLOCKED);
	if (sent == -1)
		return (QUEUE_BROKEN);
	for (i = 0; i < n; i++)
		len += pieces[i].iov_len;
	/* Cleanups may call anything, so all is counted before. */
	pass_marks(queue, (size_t)sent);
	if (queue->bytes.buffer != NULL)
		drop = queue_stage(queue);
	backlog_consume(&queue->bytes, (size_t)sent, drop);
	if (drop != NULL)
		backlog_empty(drop);
	return ((size_t)sent == len ? QUEUE_MOVED : QUEUE_BLOCKED);
}

bool
queue_can_send(const struct queue *queue)
{
	const struct evchat_producer *producer = queue->line->current;

	return (producer != NULL && producer->before == 0 &&
	    producer->send != NULL && producer->encoding == NULL);
}

enum queue_what
queue_send(struct queue *queue, int fd, size_t want)
{
	struct evchat_producer *producer = queue->line->current;
	size_t n = 0;
	enum producer_sent sent = producer->send(producer->self, fd, want, &n);

	queue_count_given(queue, producer, n);
	queue->written += n;
	switch (sent) {
	case PRODUCER_SENT_SOME:
		return (QUEUE_MOVED);
	case PRODUCER_SENT_LAST:
		queue_finish(queue, producer);
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
