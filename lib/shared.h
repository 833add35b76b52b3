#ifndef SHARED_H
#define SHARED_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <event2/buffer.h>

#include "backlog.h"

/*
 * Bytes that stand in several evbuffers at once and are in memory once. They
 * are counted by the chains that refer to them and by whoever has them in
 * hand; when the last of these is gone, in whatever thread, they are released.
 */
struct shared {
	atomic_size_t refs;
	const void *data;
	size_t len;
	bool refer; /* even if they are few, and a copy would be cheaper */
	evbuffer_ref_cleanup_cb cleanup; /* or NULL */
	void *arg;
	struct evbuffer *buffer; /* that they lie in, or NULL */
	void *memory; /* the same */
};

/* Each of these is NULL with errno if there is no memory. */

/* Bytes that cleanup gives back; not called if this fails. */
struct shared *shared_new(const void *data, size_t len,
    evbuffer_ref_cleanup_cb cleanup, void *arg);
/* What a backlog holds, which is taken from it. */
struct shared *shared_new_backlog(struct backlog *backlog);
/* A copy. */
struct shared *shared_new_copy(const void *data, size_t len);

/* Another reference, for whoever has it in hand. NULL is fine. */
struct shared *shared_ref(struct shared *shared);
/* Whoever made one drops it, or refers to it. NULL is fine. */
void shared_drop(struct shared *shared);

/* Append the bytes: all of them, or -1 with errno. */
int shared_append(struct shared *shared, struct backlog *to);

#endif
