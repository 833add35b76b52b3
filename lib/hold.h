#ifndef HOLD_H
#define HOLD_H

#include <stddef.h>

/*
 * A contiguous run of bytes: appended to at its end, used up from its front.
 * What can fail returns -1 with errno ENOMEM and has changed nothing.
 */
struct hold {
	unsigned char *buf; /* cap bytes, of which [off, len) are held */
	size_t off;
	size_t len;
	size_t cap;
};

int hold_append(struct hold *hold, const void *bytes, size_t len);
/*
 * Put bytes in front, into a new buffer. *old is the old one, untouched, to be
 * freed by the caller when nobody looks at it any more.
 */
int hold_prepend(struct hold *hold, const void *bytes, size_t len, void **old);
/* Make room for len bytes at the end, and where it is. */
unsigned char *hold_reserve(struct hold *hold, size_t len);
void hold_trim(struct hold *hold);   /* give memory back if it is empty and large */
void hold_shrink(struct hold *hold); /* the same if it is nearly so */
void hold_free(struct hold *hold);   /* and is empty again */
void hold_give_away(struct hold *hold); /* is empty, and buf is whoever's took it */
/* Hold the same in a new buffer; the old one is left to whose it is. */
int hold_leave(struct hold *hold);

static inline size_t
hold_len(const struct hold *hold)
{
	return (hold->len - hold->off);
}

static inline const unsigned char *
hold_bytes(const struct hold *hold)
{
	return (hold->buf != NULL ? hold->buf + hold->off : NULL);
}

/* Where the next len bytes go; NULL if there is no room for them. */
static inline unsigned char *
hold_room(const struct hold *hold, size_t len)
{
	return (hold->cap - hold->len >= len && hold->buf != NULL ?
	    hold->buf + hold->len : NULL);
}

/* They are there. */
static inline void
hold_commit(struct hold *hold, size_t len)
{
	hold->len += len;
}

/* The first len are used up, and stay readable till the next append. */
static inline void
hold_consume(struct hold *hold, size_t len)
{
	hold->off += len;
}

#endif
