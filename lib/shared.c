/*
 * Bytes that are shared. A chain that refers to some takes a KiB of libevent's
 * memory by itself, so it is no longer for a few bytes: a copy of them takes
 * less.
 */

#include <errno.h>
#include <string.h>

#include "mem.h"
#include "shared.h"

/* What fits into the smallest chain that libevent makes, beside its own header. */
#define FEW 960

struct shared *
shared_new(const void *data, size_t len, evbuffer_ref_cleanup_cb cleanup,
    void *arg)
{
	struct shared *shared = mem_calloc(sizeof(*shared));

	if (shared == NULL)
		return (NULL);
	atomic_init(&shared->refs, 1);
	shared->data = data;
	shared->len = len;
	shared->cleanup = cleanup;
	shared->arg = arg;
	return (shared);
}

struct shared *
shared_new_backlog(struct backlog *backlog)
{
	struct evbuffer *buffer = NULL;
	size_t len = backlog_len(backlog);
	const void *data = hold_bytes(&backlog->tail);
	struct shared *shared = NULL;

	if (backlog->buffer != NULL) {
		buffer = backlog_buffer(backlog);
		data = buffer != NULL ? evbuffer_pullup(buffer, -1) : NULL;
	}
	errno = ENOMEM;
	if (data != NULL || len == 0)
		shared = shared_new(data, len, NULL, NULL);
	if (shared == NULL)
		return (NULL);
	shared->buffer = buffer;
	if (buffer == NULL)
		shared->memory = backlog->tail.buf;
	*backlog = (struct backlog){ .usual = 0 };
	return (shared);
}

/* The copy lies behind the structure. */
struct shared *
shared_new_copy(const void *data, size_t len)
{
	struct shared *shared = NULL;

	errno = ENOMEM;
	if (len <= SIZE_MAX - sizeof(*shared))
		shared = mem_alloc(sizeof(*shared) + len);
	if (shared == NULL)
		return (NULL);
	memset(shared, 0, sizeof(*shared));
	atomic_init(&shared->refs, 1);
	shared->len = len;
	shared->data = shared + 1;
	if (len > 0)
		memcpy(shared + 1, data, len);
	return (shared);
}

struct shared *
shared_ref(struct shared *shared)
{
	if (shared != NULL)
		atomic_fetch_add_explicit(&shared->refs, 1,
		    memory_order_relaxed);
	return (shared);
}

void
shared_drop(struct shared *shared)
{
	if (shared == NULL || atomic_fetch_sub_explicit(&shared->refs, 1,
	    memory_order_acq_rel) != 1)
		return;
	if (shared->cleanup != NULL)
		shared->cleanup(shared->data, shared->len, shared->arg);
	if (shared->buffer != NULL)
		evbuffer_free(shared->buffer);
	mem_free(shared->memory);
	mem_free(shared);
}

/* A chain that refers to them is gone. */
static void
on_chain_freed(const void *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	shared_drop(arg);
}

int
shared_append(struct shared *shared, struct backlog *to)
{
	struct evbuffer *buffer;

	if (shared->len == 0)
		return (0);
	if (shared->len <= FEW && !shared->refer)
		return (backlog_add(to, shared->data, shared->len));
	if ((buffer = backlog_buffer(to)) == NULL)
		return (-1);
	if (evbuffer_add_reference(buffer, shared->data, shared->len,
	    on_chain_freed, shared_ref(shared)) == 0)
		return (0);
	/* Not the last one: whoever calls this has one, too. */
	shared_drop(shared);
	errno = ENOMEM;
	return (-1);
}
