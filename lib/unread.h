#ifndef UNREAD_H
#define UNREAD_H

#include <stdbool.h>
#include <stddef.h>

#include "api.h"
#include "hold.h"

/*
 * The unread bytes of a stream, in the order received: first what front holds,
 * then what rest holds, but for the spent bytes at its start. Bytes that have
 * been used stay where they are until unread_settle, so that whoever was given
 * them may go on looking at them. Sizes are in bytes; -1 comes with errno and
 * nothing has changed.
 */
struct unread {
	struct hold front;
	struct evbuffer *rest;      /* NULL unless it is needed */
	size_t rest_len;            /* of all that it has, the spent ones too */
	const unsigned char *chain; /* the first chain of rest, or NULL */
	size_t chain_len;
	size_t spent;               /* beyond chain_len only if all were dropped */
	void *lent;                 /* a former buffer of front, in use */
	bool front_lent;            /* bytes in front's buffer are in use */
	bool front_borrowed;        /* front's buffer is a caller's */
};

void unread_init(struct unread *unread);
void unread_free(struct unread *unread);
size_t unread_len(const struct unread *unread);

/* Getting at them: what was handed out is in use until unread_return. */

/* The bytes from offset at on, as far as they lie in one piece in front or in
 * the first chain; NULL if there are none there. */
const unsigned char *unread_at(const struct unread *unread, size_t at,
    size_t *len);
/* The first len bytes, which unread_at has shown, in one piece; NULL: ENOMEM. */
const unsigned char *unread_first(struct unread *unread, size_t len);
/* As many of the first *len bytes as lie in one piece. */
const unsigned char *unread_piece(const struct unread *unread, size_t *len);
/*
 * The same of all that front holds and so many bytes of the first chain. What
 * front holds is used up then; those of the chain are not.
 */
const unsigned char *unread_join(struct unread *unread, size_t len);
void unread_lend(struct unread *unread);   /* such bytes are in use */
void unread_return(struct unread *unread); /* and now no more */

/* Using them up */

void unread_consume(struct unread *unread, size_t len);
/* What counts the bytes of the first piece that are used up, and only those. */
static inline size_t *
unread_spent(struct unread *unread)
{
	return (unread->front.off < unread->front.len ? &unread->front.off :
	    &unread->spent);
}
/* Go on to the chain behind the first one, whose first len bytes are kept. */
int unread_advance(struct unread *unread, size_t len);
/* Nothing is in use: give back all memory that is not needed. */
void unread_settle(struct unread *unread);

/* Adding to them */

bool unread_wants(const struct unread *unread); /* may more be taken? */
/*
 * Memory for bytes that are received now, about *len, but a quarter will do
 * where no byte has to be moved then; *len is how much there is. Only where
 * unread_wants. Then so many were.
 */
unsigned char *unread_reserve(struct unread *unread, size_t *len);
/*
 * The same in memory of the caller's, so much of it, who calls unread_keep
 * before it goes. False: there is other memory in use.
 */
bool unread_borrow(struct unread *unread, unsigned char *room, size_t len);
/* What is left in such memory gets its own; -1 with errno: it is still there. */
int unread_keep(struct unread *unread);
void unread_commit(struct unread *unread, size_t len);
int unread_take(struct unread *unread, struct evbuffer *from); /* all of it */
/* Behind the first at bytes, which unread_at has shown. */
int unread_insert(struct unread *unread, size_t at, const void *data,
    size_t len);
int unread_copy(const struct unread *unread, struct evbuffer *out);

#endif
