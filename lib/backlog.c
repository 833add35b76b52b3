/*
 * Where pushed bytes wait. Few at a time are gathered in one flat tail, so
 * that what a turn pushes can leave in one system call and costs one copy;
 * what refers to memory elsewhere, and large copies, are chains of an
 * evbuffer, behind which a new tail begins. Both are there only while there is
 * anything in them.
 */

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "backlog.h"
#include "mem.h"

#define FEW_BYTES ((size_t)512)       /* less than a chain takes by itself */
#define LONGEST_TAIL ((size_t)65536)
#define SMALLEST_TAIL ((size_t)512)
#define WORTH_GIVING ((size_t)2048)   /* a tail, as a chain that refers to it */
#define MOVED_AT_ONCE ((size_t)1 << 30) /* libevent counts them in an int */

/* The tail is empty, or what is there is not wanted. */
static void
drop_tail(struct backlog *backlog)
{
	if (backlog->borrowed)
		hold_give_away(&backlog->tail);
	else
		hold_free(&backlog->tail);
	backlog->borrowed = false;
}

void
backlog_free(struct backlog *backlog)
{
	if (backlog->buffer != NULL)
		evbuffer_free(backlog->buffer);
	drop_tail(backlog);
}

int
backlog_copy(struct evbuffer *to, const void *data, size_t len)
{
	struct evbuffer_iovec vec;

	errno = ENOMEM;
	if (len > EV_SSIZE_MAX ||
	    evbuffer_reserve_space(to, (ev_ssize_t)len, &vec, 1) != 1)
		return (-1);
	memcpy(vec.iov_base, data, len);
	vec.iov_len = len;
	return (evbuffer_commit_space(to, &vec, 1));
}

/* The tail */

static void
free_given(const void *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	mem_free(arg);
}

/*
 * Is the tail to be a chain itself? Then nothing is copied, and no memory is
 * needed for a copy, of which libevent would take up to twice as much. What
 * has much room left is copied, or that would be kept for as long as its bytes
 * wait; and so is what is in memory of somebody else's.
 */
static bool
is_worth_giving(const struct backlog *backlog, size_t len)
{
	const struct hold *tail = &backlog->tail;

	return (!backlog->borrowed && len >= WORTH_GIVING &&
	    len == hold_len(tail) && tail->cap / 2 <= len);
}

int
backlog_move_tail(struct backlog *backlog, struct evbuffer *to, size_t len)
{
	struct hold *tail = &backlog->tail;

	errno = ENOMEM;
	if (!is_worth_giving(backlog, len)) {
		if (backlog_copy(to, hold_bytes(tail), len) == -1)
			return (-1);
		hold_consume(tail, len);
		return (0);
	}
	if (evbuffer_add_reference(to, hold_bytes(tail), len, free_given,
	    tail->buf) == -1)
		return (-1);
	hold_give_away(tail);
	return (0);
}

struct evbuffer *
backlog_buffer(struct backlog *backlog)
{
	size_t len = hold_len(&backlog->tail);

	errno = ENOMEM;
	if (backlog->buffer == NULL)
		backlog->buffer = evbuffer_new();
	if (backlog->buffer == NULL || (len > 0 &&
	    backlog_move_tail(backlog, backlog->buffer, len) == -1))
		return (NULL);
	return (backlog->buffer);
}

/*
 * libevent shows a chain that is a part of a file as if it were bytes, and
 * they are others. Only its own outputs know how to write it.
 */
int
backlog_add_buffer(struct backlog *backlog, struct evbuffer *from)
{
	bool some = evbuffer_get_length(from) > 0;
	struct evbuffer *buffer = backlog_buffer(backlog);

	if (buffer == NULL)
		return (-1);
	errno = EINVAL;
	if (evbuffer_add_buffer(buffer, from) == -1)
		return (-1);
	backlog->foreign |= some;
	return (0);
}

/* Room in the tail, of which as much as lately is going to be needed. */
static unsigned char *
reserve_in_tail(struct backlog *backlog, size_t len)
{
	size_t used = hold_len(&backlog->tail);

	if (used == 0 && len < backlog->usual)
		len = backlog->usual;
	if (used > 0 && used + len > LONGEST_TAIL &&
	    backlog_buffer(backlog) == NULL)
		return (NULL);
	if (backlog_keep(backlog) == -1)
		return (NULL);
	len += BACKLOG_SLACK;
	return (hold_reserve(&backlog->tail,
	    len > SMALLEST_TAIL ? len : SMALLEST_TAIL));
}

static unsigned char *
reserve_in_chain(struct backlog *backlog, size_t len)
{
	struct evbuffer *buffer = backlog_buffer(backlog);
	struct evbuffer_iovec vec;

	errno = ENOMEM;
	if (buffer == NULL || len > EV_SSIZE_MAX ||
	    evbuffer_reserve_space(buffer, (ev_ssize_t)len, &vec, 1) != 1)
		return (NULL);
	return (vec.iov_base);
}

unsigned char *
backlog_reserve_more(struct backlog *backlog, size_t len)
{
	return (len > BACKLOG_GATHERED ? reserve_in_chain(backlog, len) :
	    reserve_in_tail(backlog, len));
}

void
backlog_commit_chain(struct backlog *backlog, unsigned char *bytes, size_t len)
{
	struct evbuffer_iovec vec = { bytes, len };

	(void)evbuffer_commit_space(backlog->buffer, &vec, 1);
}

int
backlog_add(struct backlog *backlog, const void *data, size_t len)
{
	unsigned char *room = backlog_reserve(backlog, len);

	if (room == NULL)
		return (-1);
	memcpy(room, data, len);
	backlog_commit(backlog, room, len);
	return (0);
}

int
backlog_vprintf(struct backlog *backlog, const char *fmt, va_list ap)
{
	struct hold *tail = &backlog->tail;
	size_t room = tail->cap - tail->len;
	unsigned char *to = hold_room(tail, room);
	va_list again;
	int len;

	va_copy(again, ap);
	errno = 0;
	len = vsnprintf((char *)to, room, fmt, ap);
	if (len >= 0 && (size_t)len >= room) {
		room = (size_t)len + 1;
		to = reserve_in_tail(backlog, room);
		if (to == NULL)
			len = -1;
		else
			(void)vsnprintf((char *)to, room, fmt, again);
	} else if (len == -1 && errno == 0)
		errno = ENOMEM;
	va_end(again);
	if (len > 0)
		hold_commit(tail, (size_t)len);
	return (len);
}

/* Using up */

int
backlog_pieces(const struct backlog *backlog)
{
	return ((hold_len(&backlog->tail) > 0) + (backlog->buffer != NULL ?
	    evbuffer_peek(backlog->buffer, -1, NULL, NULL, 0) : 0));
}

/* libevent counts whole chains. */
static int
shorten(struct evbuffer_iovec *vec, int n, size_t len)
{
	int i;

	for (i = 0; i < n && len > 0; i++) {
		if (vec[i].iov_len > len)
			vec[i].iov_len = len;
		len -= vec[i].iov_len;
	}
	return (i);
}

int
backlog_peek(const struct backlog *backlog, size_t len,
    struct evbuffer_iovec *vec, int n)
{
	size_t in_buffer = backlog_in_buffer(backlog), in_tail;
	int used = 0;

	in_tail = len > in_buffer ? len - in_buffer : 0;
	if (len > in_buffer)
		len = in_buffer;
	if (len > 0)
		used = evbuffer_peek(backlog->buffer, (ev_ssize_t)len, NULL,
		    vec, n);
	if (used > n)
		return (shorten(vec, n, len));
	used = shorten(vec, used, len);
	if (in_tail > 0 && used < n) {
		vec[used].iov_base =
		    (void *)(uintptr_t)hold_bytes(&backlog->tail);
		vec[used++].iov_len = in_tail;
	}
	return (used);
}

void
backlog_consume(struct backlog *backlog, size_t len, struct evbuffer *drop)
{
	struct evbuffer *buffer = backlog->buffer;
	size_t left = backlog_in_buffer(backlog), n = len < left ? len : left;

	hold_consume(&backlog->tail, len - n);
	if (n == 0)
		return;
	/* Of the first chain a part, with which no cleanup goes. */
	if (n < evbuffer_get_contiguous_space(buffer))
		drop = NULL;
	if (drop != NULL && n == left)
		(void)evbuffer_add_buffer(drop, buffer);
	else if (drop != NULL)
		(void)evbuffer_remove_buffer(buffer, drop, n);
	/* What could not be moved is a part of a chain, which is only copied. */
	n -= left - backlog_in_buffer(backlog);
	(void)evbuffer_drain(buffer, n);
}

size_t
backlog_movable(const struct backlog *backlog)
{
	size_t len = backlog_in_buffer(backlog);

	if (len == 0)
		len = hold_len(&backlog->tail);
	return (len < MOVED_AT_ONCE ? len : MOVED_AT_ONCE);
}

/*
 * Append all of from, which nobody else may touch. A chain has a kilobyte of
 * memory however few its bytes are, so few bytes are copied into what is there
 * already: else a peer that has the channel answer byte by byte, and does not
 * read, would make it hold a thousand times what counts.
 */
int
backlog_append(struct evbuffer *to, struct evbuffer *from)
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
 * Where this splits a chain, libevent copies, and loses the bytes if it
 * cannot; so they go by the stage, where they can be counted. Few bytes do,
 * too: cleanups of theirs, which may push, are then called for what is no
 * longer part of the backlog.
 */
int
backlog_move(struct backlog *backlog, struct evbuffer *to, size_t len,
    struct evbuffer *stage)
{
	struct evbuffer *from = backlog->buffer;
	size_t left = backlog_in_buffer(backlog);

	if (left == 0)
		return (backlog_move_tail(backlog, to, len));
	errno = ENOMEM;
	if (len < left || len <= FEW_BYTES) {
		if (stage == NULL)
			return (-1);
		(void)evbuffer_remove_buffer(from, stage, len);
		from = stage;
		if (evbuffer_get_length(from) != len)
			return (-1);
	}
	return (backlog_append(to, from));
}

void
backlog_empty(struct evbuffer *buffer)
{
	struct evbuffer *dropped = evbuffer_new();

	/* Cleanups must not find it half drained. */
	if (dropped != NULL) {
		(void)evbuffer_add_buffer(dropped, buffer);
		evbuffer_free(dropped);
	} else
		(void)evbuffer_drain(buffer, evbuffer_get_length(buffer));
}

void
backlog_drop(struct backlog *backlog)
{
	drop_tail(backlog);
	if (backlog->buffer != NULL)
		backlog_empty(backlog->buffer);
}

void
backlog_settle(struct backlog *backlog)
{
	size_t len = backlog->tail.len;

	if (hold_len(&backlog->tail) == 0 && len > 0) {
		/* As much as lately, or a little less than before. */
		backlog->usual -= backlog->usual / 8;
		if (len > LONGEST_TAIL)
			len = LONGEST_TAIL;
		if (len > backlog->usual)
			backlog->usual = (uint32_t)len;
	}
	if (!backlog->borrowed)
		hold_shrink(&backlog->tail);
	else if (hold_len(&backlog->tail) == 0)
		drop_tail(backlog);
	if (backlog->buffer != NULL && backlog_in_buffer(backlog) == 0) {
		evbuffer_free(backlog->buffer);
		backlog->buffer = NULL;
		backlog->foreign = false;
	}
}

int
backlog_keep(struct backlog *backlog)
{
	if (backlog->borrowed && hold_leave(&backlog->tail) == -1)
		return (-1);
	backlog->borrowed = false;
	return (0);
}
