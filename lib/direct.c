/*
 * Input and output past the bufferevent. A bufferevent of libevent 2.1 reads
 * at most 4096 bytes each time its descriptor is readable, asks the kernel
 * first how many there are, and for each answer has the kernel wait for
 * writability and stop again: seven system calls where three do. So, where it
 * makes no difference to anybody, bytes are received straight into the memory
 * in which they are looked at, and what one pass of the loop has pushed is
 * sent in one call.
 *
 * That is so if
 *  - the bufferevent is a plain stream socket's: nothing is made of the bytes on
 *    the way, and no message is cut off;
 *  - the connection is there, for while it is being made libevent has to see that;
 *  - no rate limit, of its own or of a group, would have to count them;
 *  - nothing is in its buffers: what was there before comes first, and a send
 *    that takes a part leaves the rest to it, behind which all is the
 *    bufferevent's again until that has left;
 *  - the application has not asked for EVCHAT_OPT_BUFFEREVENT_IO.
 * All of it is looked at each time, so it may change at any time.
 *
 * It is safe because nobody else does the same: while the channel waits for
 * the descriptor, EV_READ of the bufferevent is disabled, and its output is
 * empty. The descriptor, its closing, the lock and the priority stay the
 * bufferevent's; ends and errors are passed on as if libevent had told them.
 * Hooks run in turns as ever, and nothing is sent inside a push. What a
 * channel pushes in its own turn leaves at the end of it, while the bytes are
 * at hand; what others push to it leaves by the event that wakes it, behind
 * all callbacks that are due now. So one call takes what many have pushed, to
 * one as to a thousand channels.
 */

#include <errno.h>
#include <limits.h>
#include <sys/socket.h>

#include <event2/bufferevent.h>
#include <event2/bufferevent_struct.h>
#include <event2/event.h>

#include "channel.h"
#include "layer.h"

#define SMALLEST_READ ((uint32_t)232)   /* and up in steps of 4 */
#define FIRST_READ ((uint32_t)3712)
#define SMALL_READS 16                /* until the next is to be smaller */
#define LARGEST_READ ((uint32_t)48128)
#define LARGER_READ ((size_t)65536)   /* of a frame that is large already */

void
direct_init(struct evchat *chat)
{
	chat->may_be_direct = chat->kind == TRANSPORT_SOCKET &&
	    !(chat->options & EVCHAT_OPT_BUFFEREVENT_IO) &&
	    transport_is_stream(chat->bev);
	chat->read_size = FIRST_READ;
}

static bool
may_be_direct(const struct evchat *chat)
{
#ifdef EVCHAT_NO_DIRECT_IO
	(void)chat;
	return (false);
#else
	return (chat->may_be_direct && !chat->connecting &&
	    chat->attempts == NULL);
#endif
}

/* Reading */

bool
direct_may_read(struct evchat *chat)
{
	if (!may_be_direct(chat) || transport_fd(chat->bev) == -1 ||
	    (chat->input != NULL && !input_wants(chat->input)) ||
	    evbuffer_get_length(chat->bev->input) > 0)
		return (false);
	return (transport_reads_freely(chat->bev, chat->set->max_read));
}

/* As much as came in lately; more if that was filled, less if it seldom is. */
static void
adapt(struct evchat *chat, size_t received, size_t room)
{
	uint32_t size = chat->read_size;

	if (received >= size / 8)
		chat->small_reads = 0;
	if (received == room && size < LARGEST_READ)
		size *= 4;
	else if (received < size / 8 && ++chat->small_reads == SMALL_READS) {
		chat->small_reads = 0;
		size /= 4;
	}
	if (size < SMALLEST_READ)
		size = SMALLEST_READ;
	if (size > LARGEST_READ)
		size = LARGEST_READ;
	chat->read_size = (uint16_t)size;
}

/*
 * Memory follows what was received: what is held of a frame and what comes
 * behind it take as much as a large read does. A larger frame that nothing
 * stands before takes 2.25 times as much as is held, while that is moved, and
 * as much as such a read.
 */
static size_t
len_to_receive(const struct evchat *chat)
{
	size_t waiting = input_waiting(chat->input), len = chat->read_size;
	size_t unread = unread_len(&chat->input->unread);
	size_t more = unread < LARGEST_READ / 4 * 3 ? LARGEST_READ - unread :
	    unread / 4;
	const struct hold *front = &chat->input->unread.front;

	if (unread >= LARGEST_READ && len == LARGEST_READ && front->off == 0 &&
	    front->cap < unread + len) {
		more += unread + len - front->cap;
		len = more < LARGER_READ ? more : LARGER_READ;
	}

	if (waiting >= chat->set->in_size)
		return (0);
	/* A few bytes and what is behind them stay in the smallest place. */
	if (len == SMALLEST_READ && unread < len / 2)
		len -= unread;
	if (len > more)
		len = more;
	if (len > chat->set->in_size - waiting)
		len = chat->set->in_size - waiting;
	return (len);
}

/* Into few, if that is there and enough, or else into what is allocated. */
static ssize_t
receive(struct evchat *chat, struct few *few)
{
	struct unread *unread = &chat->input->unread;
	size_t most = len_to_receive(chat), len = most;
	unsigned char *room = NULL;
	ssize_t n;

	errno = EAGAIN;
	if (len == 0)
		return (-1);
	if (few != NULL && len <= sizeof(few->in) &&
	    unread_borrow(unread, few->in, sizeof(few->in)))
		room = few->in;
	else if ((room = unread_reserve(unread, &len)) == NULL) {
		end_now(chat, EVCHAT_REASON_NO_MEMORY);
		errno = EAGAIN;
		return (-1);
	}
	if (len > most)
		len = most;
	n = recv(transport_fd(chat->bev), room, len, MSG_DONTWAIT);
	if (n <= 0)
		return (n);
	unread_commit(unread, (size_t)n);
	timing_received(chat, (size_t)n);
	adapt(chat, (size_t)n, len);
	return (n);
}

/* While closing, nobody wants it. */
static ssize_t
drop(struct evchat *chat, struct few *few)
{
	ssize_t n = recv(transport_fd(chat->bev), few->in,
	    sizeof(few->in), MSG_DONTWAIT);

	if (n > 0)
		receive_dropped(chat, (size_t)n);
	return (n);
}

/*
 * Where the bufferevent writes, it may have been told just now that the
 * connection is gone, and deferred to say so: then nothing but this end is
 * left to be read. It is still there in the next pass of the loop.
 */
static bool
is_doubtful(struct evchat *chat)
{
	bool first = !chat->eof_seen && !chat->failed;

	chat->eof_seen = true;
	return (first &&
	    evbuffer_get_length(chat->bev->output) > 0);
}

static bool
is_over(int error)
{
	return (error != EAGAIN && error != EWOULDBLOCK && error != EINTR);
}

void
direct_receive(struct evchat *chat, struct few *few)
{
	ssize_t n;

	if (layer_peeks(chat))
		return;
	if (!direct_may_read(chat)) {
		if (reading_change(chat, READING_BUFFEREVENT) == -1)
			end_now(chat, EVCHAT_REASON_NO_MEMORY);
		return;
	}
	backlog_borrow(&chat->queue.bytes, few->out, sizeof(few->out));
	n = chat->state == CHANNEL_OPEN ? receive(chat, few) :
	    drop(chat, few);
	if (n == 0 && !is_doubtful(chat))
		notice_take(chat, BEV_EVENT_EOF | BEV_EVENT_READING, 0);
	else if (n == -1 && errno == ENOTSOCK)
		chat->may_be_direct = false;
	else if (n == -1 && is_over(errno))
		notice_take(chat, BEV_EVENT_ERROR | BEV_EVENT_READING, errno);
}

void
direct_keep(struct evchat *chat)
{
	if ((chat->input != NULL && unread_keep(&chat->input->unread) == -1) ||
	    backlog_keep(&chat->queue.bytes) == -1)
		end_now(chat, EVCHAT_REASON_NO_MEMORY);
}

/* Sending has failed, and yet the peer may have sent something before. */
bool
direct_receive_last(struct evchat *chat)
{
	return (chat->failed && !chat->failed_reading && !chat->eof &&
	    direct_may_read(chat) && receive(chat, NULL) > 0);
}

/* Writing */

bool
direct_may_send_file(struct evchat *chat)
{
	return (chat->may_be_direct && transport_writes_freely(chat->bev));
}

bool
direct_may_send(struct evchat *chat)
{
	return (may_be_direct(chat) && !chat->failed &&
	    evbuffer_get_length(chat->bev->output) == 0 &&
	    transport_writes_freely(chat->bev));
}

enum queue_what
direct_send(struct evchat *chat)
{
	enum queue_what what = queue_send_bytes(&chat->queue,
	    transport_fd(chat->bev));

	if (what != QUEUE_BROKEN || errno != ENOTSOCK)
		return (what);
	chat->may_be_direct = false;
	return (QUEUE_BLOCKED);
}
