/*
 * One thing given to all members of a group. It is in memory once, shared by
 * all their queues, unless it is short; see shared.h. Nobody holds up anybody:
 * members that are closing are passed over, and where memory runs out the
 * others still get theirs.
 *
 * A frame is encoded once for each framing. Members often have equal ones,
 * made one by one; what these encode to is the same, and is shared, too.
 */

#include <errno.h>
#include <string.h>

#include "channel.h"
#include "framing.h"
#include "group.h"
#include "push.h"
#include "shared.h"

#define CACHED 4 /* framings */

/* What a framing makes of the payload: encoded, or NULL and an errno. */
struct encoded {
	struct evchat_framing *framing; /* NULL: nothing is here yet */
	struct shared *bytes;
	int error;
};

struct broadcast {
	evchat_wants_cb wants; /* or NULL: all do */
	void *arg;
	struct shared *bytes;          /* or, for a frame, NULL and: */
	const struct payload *payload;
	struct encoded cache[CACHED];
	unsigned next;                 /* of the cache, to be used */
	int given;                     /* to so many; and the first error: */
	int error;
};

static void
forget(struct encoded *encoded)
{
	evchat_framing_free(encoded->framing);
	shared_drop(encoded->bytes);
	memset(encoded, 0, sizeof(*encoded));
}

/* What a framing has made of it may be there already. */
static struct shared *
the_same(const struct broadcast *broadcast, struct shared *made)
{
	size_t i;

	for (i = 0; i < CACHED; i++) {
		struct shared *other = broadcast->cache[i].bytes;

		if (other == NULL || other->len != made->len ||
		    (made->len > 0 &&
		    memcmp(other->data, made->data, made->len) != 0))
			continue;
		shared_drop(made);
		return (shared_ref(other));
	}
	return (made);
}

/* NULL with errno. */
static struct shared *
encode(const struct broadcast *broadcast, const struct evchat_framing *framing)
{
	struct backlog out = { .usual = 0 };
	struct shared *made = NULL;
	int error;

	if (framing->ops->encode(framing, &out, broadcast->payload) == 0)
		made = shared_new_backlog(&out);
	error = errno;
	backlog_free(&out);
	errno = error;
	return (made != NULL ? the_same(broadcast, made) : NULL);
}

/* The caller's reference, or NULL with errno. */
static struct shared *
encoded_with(struct broadcast *broadcast, struct evchat_framing *framing)
{
	struct encoded *encoded;
	struct shared *made;
	size_t i;

	for (i = 0; i < CACHED; i++) {
		encoded = &broadcast->cache[i];
		if (encoded->framing != framing)
			continue;
		errno = encoded->error;
		return (shared_ref(encoded->bytes));
	}
	errno = 0;
	made = encode(broadcast, framing);
	/* For others there may be memory again. */
	if (made == NULL && errno == ENOMEM)
		return (NULL);
	encoded = &broadcast->cache[broadcast->next++ % CACHED];
	forget(encoded);
	encoded->framing = framing_ref(framing);
	encoded->bytes = shared_ref(made);
	encoded->error = errno;
	return (made);
}

static int
give_frame(struct broadcast *broadcast, struct evchat *chat)
{
	struct evchat_framing *framing = push_framing(chat);
	struct shared *encoded;
	int done = -1;

	if (!push_may(chat))
		return (-1);
	errno = EINVAL;
	if (framing == NULL ||
	    (encoded = encoded_with(broadcast, framing)) == NULL)
		return (-1);
	done = push_shared_frame(chat, encoded, broadcast->payload);
	shared_drop(encoded);
	return (done);
}

static int
give(struct broadcast *broadcast, struct evchat *chat)
{
	struct bufferevent *bev = channel_enter(chat);
	int done, error;

	if (broadcast->bytes != NULL)
		done = push_shared(chat, broadcast->bytes);
	else
		done = give_frame(broadcast, chat);
	error = errno;
	channel_leave(chat, bev);
	errno = error;
	return (done);
}

/* To one who wants it. Whatever comes of it, the others are next. */
static int
offer(struct evchat *chat, void *arg)
{
	struct broadcast *broadcast = arg;

	if (broadcast->wants != NULL &&
	    broadcast->wants(chat, broadcast->arg) == 0)
		return (0);
	if (give(broadcast, chat) == 0)
		broadcast->given++;
	else if (errno != EPIPE && broadcast->error == 0)
		broadcast->error = errno;
	return (0);
}

/* As the public functions return. */
static int
give_all(struct evchat_group *group, struct broadcast *broadcast)
{
	size_t i;

	(void)evchat_group_foreach(group, offer, broadcast);
	for (i = 0; i < CACHED; i++)
		forget(&broadcast->cache[i]);
	if (broadcast->error == 0)
		return (broadcast->given);
	errno = broadcast->error;
	return (-1);
}

/* Bytes that are referred to are made for this call; NULL: there was no memory. */
static int
give_bytes(struct evchat_group *group, struct broadcast *broadcast)
{
	int given, error;

	if (broadcast->bytes == NULL)
		return (-1);
	given = give_all(group, broadcast);
	error = errno;
	shared_drop(broadcast->bytes);
	errno = error;
	return (given);
}

int
evchat_group_broadcast(struct evchat_group *group, const void *data,
    size_t len, evchat_wants_cb wants, void *arg)
{
	return (give_bytes(group, &(struct broadcast){ .wants = wants,
	    .arg = arg, .bytes = shared_new_copy(data, len) }));
}

int
evchat_group_broadcast_reference(struct evchat_group *group,
    const void *data, size_t len, evbuffer_ref_cleanup_cb cleanup, void *arg)
{
	struct shared *bytes = shared_new(data, len, cleanup, arg);

	if (bytes != NULL)
		bytes->refer = true;
	else if (cleanup != NULL) {
		cleanup(data, len, arg);
		errno = ENOMEM;
	}
	return (give_bytes(group, &(struct broadcast){ .bytes = bytes }));
}

int
evchat_group_broadcast_frame(struct evchat_group *group, const void *data,
    size_t len, evchat_wants_cb wants, void *arg)
{
	struct evbuffer_iovec vec = { (void *)(uintptr_t)data, len };
	struct payload payload = { .vec = &vec, .n = 1, .len = len };

	return (give_all(group, &(struct broadcast){ .wants = wants,
	    .arg = arg, .payload = &payload }));
}
