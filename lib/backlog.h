#ifndef BACKLOG_H
#define BACKLOG_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include <event2/buffer.h>

#include "hold.h"

/*
 * Bytes that were pushed, in order: first those of buffer, then those of tail.
 * What can fail returns -1 or NULL with errno, and has changed nothing.
 */
struct backlog {
	struct evbuffer *buffer; /* NULL unless it is needed */
	struct hold tail;
	uint32_t usual; /* how many bytes tail came to hold lately */
	bool foreign;   /* chains may be in buffer that are not in memory */
	bool borrowed;  /* tail's memory is a caller's */
};

/* Of what is pushed at once; more is a chain of its own. */
#define BACKLOG_GATHERED ((size_t)4096)
/* As many more are there behind reserved memory for at most as many. */
#define BACKLOG_SLACK ((size_t)96)

void backlog_free(struct backlog *backlog);

static inline size_t
backlog_in_buffer(const struct backlog *backlog)
{
	return (backlog->buffer != NULL ?
	    evbuffer_get_length(backlog->buffer) : 0);
}

static inline size_t
backlog_len(const struct backlog *backlog)
{
	return (backlog_in_buffer(backlog) + hold_len(&backlog->tail));
}

/* Append a copy. */
int backlog_add(struct backlog *backlog, const void *data, size_t len);
/* The same of a text; how many bytes it is, or -1. */
int backlog_vprintf(struct backlog *backlog, const char *fmt, va_list ap);
/* Move all of from, which somebody else has made. */
int backlog_add_buffer(struct backlog *backlog, struct evbuffer *from);
/*
 * Move all of from, which is in memory and which nobody else may touch, behind
 * the first at bytes. If this fails, libevent may have lost some.
 */
int backlog_insert(struct backlog *backlog, size_t at, struct evbuffer *from);
/* What to append other things to, which come behind all there are. */
struct evbuffer *backlog_buffer(struct backlog *backlog);

unsigned char *backlog_reserve_more(struct backlog *backlog, size_t len);
void backlog_commit_chain(struct backlog *backlog, unsigned char *bytes,
    size_t len);

/* Memory for so many bytes behind all there are, in one piece. */
static inline unsigned char *
backlog_reserve(struct backlog *backlog, size_t len)
{
	unsigned char *room = NULL;

	if (len <= BACKLOG_GATHERED)
		room = hold_room(&backlog->tail, len + BACKLOG_SLACK);
	return (room != NULL ? room : backlog_reserve_more(backlog, len));
}

/* And now they are bytes, all of them. */
static inline void
backlog_commit(struct backlog *backlog, unsigned char *bytes, size_t len)
{
	if (len <= BACKLOG_GATHERED)
		hold_commit(&backlog->tail, len);
	else
		backlog_commit_chain(backlog, bytes, len);
}

int backlog_pieces(const struct backlog *backlog); /* in how many they lie */
/* Where the first len bytes are, or as many as are in n pieces. How many pieces. */
int backlog_peek(const struct backlog *backlog, size_t len,
    struct evbuffer_iovec *vec, int n);
/*
 * The first bytes are done with. Chains of theirs are put into drop, to be
 * drained; if that is NULL they are freed here.
 */
void backlog_consume(struct backlog *backlog, size_t len,
    struct evbuffer *drop);

/* How many of the first bytes backlog_move takes at once. */
size_t backlog_movable(const struct backlog *backlog);
/*
 * Move the first len to the end of to, by way of stage where that is needed.
 * If this fails, libevent may have lost some; to is as it was.
 */
int backlog_move(struct backlog *backlog, struct evbuffer *to, size_t len,
    struct evbuffer *stage);

/* Drop all. Cleanups may call anything, and find it empty. */
void backlog_drop(struct backlog *backlog);
/* The same with any evbuffer. */
void backlog_empty(struct evbuffer *buffer);
/* Give back the memory that nothing is in. */
void backlog_settle(struct backlog *backlog);
/*
 * Gather few bytes, if there have been few lately, in memory of the caller's,
 * so much of it, until backlog_keep: then what is there gets its own; -1 with
 * errno: it has not.
 */
static inline void
backlog_borrow(struct backlog *backlog, unsigned char *room, size_t len)
{
	if (backlog->tail.buf != NULL || backlog->usual + BACKLOG_SLACK > len)
		return;
	backlog->tail = (struct hold){ .buf = room, .cap = len };
	backlog->borrowed = true;
}

int backlog_keep(struct backlog *backlog);

/* Append the first len bytes of the tail, of which there are some, to to. */
int backlog_move_tail(struct backlog *backlog, struct evbuffer *to, size_t len);

/* Append all of from, which nobody else may touch, and few bytes as a copy. */
int backlog_append(struct evbuffer *to, struct evbuffer *from);
/* Append a copy in memory of its own size, wherever it comes to lie. */
int backlog_copy(struct evbuffer *to, const void *data, size_t len);

#endif
