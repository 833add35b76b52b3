/*
 * What comes in the middle of pushed bytes: behind some of them, and before
 * the rest. Most of the time there is no rest, and few bytes join the tail.
 * Where there is one, what is before in the tail becomes a chain.
 */

#include <errno.h>

#include "backlog.h"

/* The chains behind the first at bytes of the buffer come behind from. */
static int
insert_chains(struct backlog *backlog, size_t at, struct evbuffer *from)
{
	struct evbuffer *all = evbuffer_new();

	if (all == NULL || evbuffer_remove_buffer(backlog->buffer, all, at) !=
	    (int)at || evbuffer_add_buffer(all, from) == -1 ||
	    evbuffer_add_buffer(all, backlog->buffer) == -1) {
		if (all != NULL)
			evbuffer_free(all);
		return (-1);
	}
	evbuffer_free(backlog->buffer);
	backlog->buffer = all;
	return (0);
}

/* Few bytes join those before them in the tail, if nothing is behind. */
static int
append_few(struct backlog *backlog, struct evbuffer *from, size_t len)
{
	unsigned char *room = backlog_reserve(backlog, len);

	if (room == NULL)
		return (-1);
	(void)evbuffer_copyout(from, room, len);
	backlog_commit(backlog, room, len);
	return (evbuffer_drain(from, len));
}

int
backlog_insert(struct backlog *backlog, size_t at, struct evbuffer *from)
{
	size_t len = evbuffer_get_length(from);
	size_t in_buffer = backlog_in_buffer(backlog);

	errno = ENOMEM;
	if (len == 0)
		return (0);
	if (at < in_buffer)
		return (insert_chains(backlog, at, from));
	if (at == backlog_len(backlog) && len <= BACKLOG_GATHERED)
		return (append_few(backlog, from, len));
	if (backlog->buffer == NULL)
		backlog->buffer = evbuffer_new();
	if (backlog->buffer == NULL || (at > in_buffer &&
	    backlog_move_tail(backlog, backlog->buffer, at - in_buffer) == -1))
		return (-1);
	return (evbuffer_add_buffer(backlog->buffer, from));
}
