/*
 * Where unread bytes lie. They come in whole chains, without copying, and are
 * looked at and handed out in place. Only what a later chain has to complete
 * is copied, to front: the beginning of a whole frame, or the possible
 * beginning of a delimiter. So memory follows what was received; an idle
 * channel holds a small buffer at most.
 */

#include <errno.h>
#include <string.h>

#include "mem.h"
#include "unread.h"

void
unread_init(struct unread *unread)
{
	memset(unread, 0, sizeof(*unread));
}

/* The memory of front, which is empty or not wanted. */
static void
drop_front(struct unread *unread)
{
	if (unread->front_borrowed)
		hold_give_away(&unread->front);
	else
		hold_free(&unread->front);
	unread->front_borrowed = false;
}

void
unread_free(struct unread *unread)
{
	drop_front(unread);
	mem_free(unread->lent);
	if (unread->rest != NULL)
		evbuffer_free(unread->rest);
}

static size_t
rest_len(const struct unread *unread)
{
	return (unread->rest_len - unread->spent);
}

size_t
unread_len(const struct unread *unread)
{
	return (hold_len(&unread->front) + rest_len(unread));
}

const unsigned char *
unread_at(const struct unread *unread, size_t at, size_t *len)
{
	size_t held = hold_len(&unread->front);

	if (at < held) {
		*len = held - at;
		return (hold_bytes(&unread->front) + at);
	}
	at = unread->spent + (at - held);
	*len = at < unread->chain_len ? unread->chain_len - at : 0;
	return (*len > 0 ? unread->chain + at : NULL);
}

const unsigned char *
unread_piece(const struct unread *unread, size_t *len)
{
	size_t n;
	const unsigned char *bytes = unread_at(unread, 0, &n);

	if (*len > n)
		*len = n;
	return (bytes);
}

/* Move bytes from the first chain to front, until it holds len of them. */
static int
fill_front(struct unread *unread, size_t len)
{
	size_t held = hold_len(&unread->front);

	if (held >= len)
		return (0);
	if (unread_keep(unread) == -1 ||
	    hold_append(&unread->front, unread->chain + unread->spent,
	    len - held) == -1)
		return (-1);
	unread->spent += len - held;
	return (0);
}

const unsigned char *
unread_first(struct unread *unread, size_t len)
{
	const unsigned char *bytes;
	size_t n = len;

	if (len == 0)
		return ((const unsigned char *)"");
	bytes = unread_piece(unread, &n);
	if (n == len)
		return (bytes);
	return (fill_front(unread, len) == 0 ? hold_bytes(&unread->front) :
	    NULL);
}

const unsigned char *
unread_join(struct unread *unread, size_t len)
{
	struct hold *front = &unread->front;
	const unsigned char *bytes;

	if (fill_front(unread, hold_len(front) + len) == -1)
		return (NULL);
	unread->spent -= len;
	bytes = hold_bytes(front);
	hold_consume(front, hold_len(front));
	return (bytes);
}

void
unread_lend(struct unread *unread)
{
	unread->front_lent = true;
}

void
unread_return(struct unread *unread)
{
	mem_free(unread->lent);
	unread->lent = NULL;
	unread->front_lent = false;
}

void
unread_consume(struct unread *unread, size_t len)
{
	size_t held = hold_len(&unread->front);

	if (held > len)
		held = len;
	hold_consume(&unread->front, held);
	unread->spent += len - held;
}

static void
next_chain(struct unread *unread)
{
	struct evbuffer_iovec vec;

	evbuffer_drain(unread->rest, unread->spent);
	unread->rest_len -= unread->spent;
	unread->spent = unread->chain_len = 0;
	unread->chain = NULL;
	if (evbuffer_peek(unread->rest, -1, NULL, &vec, 1) < 1)
		return;
	unread->chain = vec.iov_base;
	unread->chain_len = vec.iov_len;
}

int
unread_advance(struct unread *unread, size_t len)
{
	if (fill_front(unread, len) == -1)
		return (-1);
	if (rest_len(unread) > 0 || unread->spent > 0)
		next_chain(unread);
	return (0);
}

void
unread_settle(struct unread *unread)
{
	unread_return(unread);
	if (!unread->front_borrowed)
		hold_shrink(&unread->front);
	else if (hold_len(&unread->front) == 0)
		drop_front(unread);
	if (unread->spent > 0 && rest_len(unread) == 0)
		next_chain(unread);
}

bool
unread_wants(const struct unread *unread)
{
	return (rest_len(unread) == 0);
}

unsigned char *
unread_reserve(struct unread *unread, size_t *len)
{
	struct hold *front = &unread->front;
	size_t free;

	if (unread_keep(unread) == -1)
		return (NULL);
	unread_return(unread);
	free = front->cap - front->len;
	/* What is free is used up before any bytes are moved. */
	if (free > 0 && free >= *len / 4)
		*len = free;
	if (hold_reserve(front, *len) == NULL)
		return (NULL);
	*len = front->cap - front->len;
	return (front->buf + front->len);
}

bool
unread_borrow(struct unread *unread, unsigned char *room, size_t len)
{
	if (unread->front.buf != NULL)
		return (false);
	unread_return(unread);
	unread->front = (struct hold){ .buf = room, .cap = len };
	unread->front_borrowed = true;
	return (true);
}

int
unread_keep(struct unread *unread)
{
	if (unread->front_borrowed && hold_leave(&unread->front) == -1)
		return (-1);
	unread->front_borrowed = false;
	return (0);
}

void
unread_commit(struct unread *unread, size_t len)
{
	hold_commit(&unread->front, len);
}

int
unread_take(struct unread *unread, struct evbuffer *from)
{
	int done;

	unread_settle(unread);
	if (unread->rest == NULL && (unread->rest = evbuffer_new()) == NULL) {
		errno = ENOMEM;
		return (-1);
	}
	done = evbuffer_add_buffer(unread->rest, from);
	unread->rest_len = evbuffer_get_length(unread->rest);
	return (done);
}

static int
prepend(struct unread *unread, const void *data, size_t len)
{
	void *old;

	if (hold_prepend(&unread->front, data, len, &old) == -1)
		return (-1);
	if (unread->front_lent && !unread->front_borrowed)
		unread->lent = old;
	else if (!unread->front_borrowed)
		mem_free(old);
	unread->front_lent = unread->front_borrowed = false;
	return (0);
}

/* What is before the place goes in front anew, together with the data. */
int
unread_insert(struct unread *unread, size_t at, const void *data, size_t len)
{
	size_t held = hold_len(&unread->front);
	struct unread before = *unread;
	unsigned char *both;
	int done;

	if (at == 0)
		return (prepend(unread, data, len));
	if ((both = mem_alloc(at + len)) == NULL)
		return (-1);
	if (held > at)
		held = at;
	if (held > 0)
		memcpy(both, hold_bytes(&unread->front), held);
	if (at > held)
		memcpy(both + held, unread->chain + unread->spent, at - held);
	memcpy(both + at, data, len);
	unread_consume(unread, at);
	done = prepend(unread, both, at + len);
	if (done == -1)
		*unread = before;
	mem_free(both);
	return (done);
}

int
unread_copy(const struct unread *unread, struct evbuffer *out)
{
	size_t held = hold_len(&unread->front), n = rest_len(unread);
	struct evbuffer_ptr at;
	struct evbuffer_iovec vec;

	if (held > 0 && evbuffer_add(out, hold_bytes(&unread->front),
	    held) == -1)
		return (-1);
	if (n == 0)
		return (0);
	if (evbuffer_reserve_space(out, (ev_ssize_t)n, &vec, 1) != 1 ||
	    evbuffer_ptr_set(unread->rest, &at, unread->spent,
	    EVBUFFER_PTR_SET) == -1 ||
	    evbuffer_copyout_from(unread->rest, &at, vec.iov_base, n) !=
	    (ev_ssize_t)n)
		return (-1);
	vec.iov_len = n;
	return (evbuffer_commit_space(out, &vec, 1));
}
