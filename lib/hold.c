/*
 * Held bytes. The buffer grows by doubling while it is small and by a quarter
 * when it is large, so that even while it is being moved the old and the new
 * one together stay below 2.25 times the bytes held, and each byte is moved a
 * bounded number of times.
 */

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "hold.h"
#include "mem.h"

#define SMALLEST 64          /* of a buffer */
#define DOUBLES_UP_TO 16384  /* held bytes; beyond, a quarter more */
#define KEPT_WHEN_EMPTY 256  /* larger buffers are given back */

static size_t
capacity_for(size_t used, size_t len)
{
	size_t more = used <= DOUBLES_UP_TO ? used : used / 4;
	size_t cap = used + (len > more ? len : more);

	return (cap < SMALLEST ? SMALLEST : cap);
}

/* Move what is held, gap bytes from the start, to a new buffer. */
static unsigned char *
moved(const struct hold *hold, size_t gap, size_t cap)
{
	unsigned char *buf = mem_alloc(cap);

	if (buf != NULL && hold_len(hold) > 0)
		memcpy(buf + gap, hold_bytes(hold), hold_len(hold));
	return (buf);
}

/* Make room for len bytes at the end. */
static int
make_room(struct hold *hold, size_t len)
{
	size_t used = hold_len(hold), cap;
	unsigned char *buf;
	bool grows;

	if (used > SIZE_MAX / 4 || len > SIZE_MAX / 4) {
		errno = ENOMEM;
		return (-1);
	}
	if (hold->off >= used && hold->cap - used >= len) {
		/* The used-up front is as long as what is moved over it. */
		if (used > 0)
			memmove(hold->buf, hold_bytes(hold), used);
	} else {
		cap = capacity_for(used, len);
		grows = hold->off == 0 && used > 0;
		buf = grows ? mem_realloc(hold->buf, cap) :
		    moved(hold, 0, cap);
		if (buf == NULL)
			return (-1);
		if (!grows)
			mem_free(hold->buf);
		hold->buf = buf;
		hold->cap = cap;
	}
	hold->off = 0;
	hold->len = used;
	return (0);
}

void
hold_free(struct hold *hold)
{
	mem_free(hold->buf);
	memset(hold, 0, sizeof(*hold));
}

void
hold_give_away(struct hold *hold)
{
	memset(hold, 0, sizeof(*hold));
}

int
hold_leave(struct hold *hold)
{
	struct hold own = { NULL, 0, 0, 0 };

	if (hold_append(&own, hold_bytes(hold), hold_len(hold)) == -1)
		return (-1);
	*hold = own;
	return (0);
}

void
hold_trim(struct hold *hold)
{
	if (hold_len(hold) > 0)
		return;
	if (hold->cap > KEPT_WHEN_EMPTY)
		hold_free(hold);
	hold->off = hold->len = 0;
}

void
hold_shrink(struct hold *hold)
{
	struct hold few = { NULL, 0, 0, 0 };

	if (hold_len(hold) == 0)
		hold_free(hold);
	if (hold->cap <= KEPT_WHEN_EMPTY || hold->cap / 2 <= hold_len(hold) ||
	    hold_append(&few, hold_bytes(hold), hold_len(hold)) == -1)
		return;
	hold_free(hold);
	*hold = few;
}

unsigned char *
hold_reserve(struct hold *hold, size_t len)
{
	/* A large buffer is not kept for what is small. */
	if (hold->cap / 8 > len)
		hold_trim(hold);
	else if (hold_len(hold) == 0)
		hold->off = hold->len = 0;
	if (hold->cap - hold->len < len && make_room(hold, len) == -1)
		return (NULL);
	return (hold->buf + hold->len);
}

int
hold_append(struct hold *hold, const void *bytes, size_t len)
{
	unsigned char *room;

	if (len == 0)
		return (0);
	if ((room = hold_reserve(hold, len)) == NULL)
		return (-1);
	memcpy(room, bytes, len);
	hold_commit(hold, len);
	return (0);
}

int
hold_prepend(struct hold *hold, const void *bytes, size_t len, void **old)
{
	size_t used = hold_len(hold);
	unsigned char *buf;

	if (used > SIZE_MAX / 4 || len > SIZE_MAX / 4) {
		errno = ENOMEM;
		return (-1);
	}
	if ((buf = moved(hold, len, len + used)) == NULL)
		return (-1);
	memcpy(buf, bytes, len);
	*old = hold->buf;
	hold->buf = buf;
	hold->off = 0;
	hold->len = hold->cap = len + used;
	return (0);
}

