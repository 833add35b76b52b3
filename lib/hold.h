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

size_t hold_len(const struct hold *hold);
const unsigned char *hold_bytes(const struct hold *hold);
int hold_append(struct hold *hold, const void *bytes, size_t len);
/*
 * Put bytes in front, into a new buffer. *old is the old one, untouched, to be
 * freed by the caller when nobody looks at it any more.
 */
int hold_prepend(struct hold *hold, const void *bytes, size_t len, void **old);
/* Where the next len bytes go: NULL if there is no room for them; or make it. */
unsigned char *hold_room(const struct hold *hold, size_t len);
unsigned char *hold_reserve(struct hold *hold, size_t len);
void hold_commit(struct hold *hold, size_t len); /* they are there */
void hold_consume(struct hold *hold, size_t len); /* stays readable till the next append */
void hold_trim(struct hold *hold);   /* give memory back if it is empty and large */
void hold_shrink(struct hold *hold); /* the same if it is nearly so */
void hold_free(struct hold *hold);   /* and is empty again */
void hold_give_away(struct hold *hold); /* is empty, and buf is whoever's took it */

#endif
