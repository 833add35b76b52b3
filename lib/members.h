#ifndef MEMBERS_H
#define MEMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evbuffer;
struct evchat;

/*
 * Channels that belong to something: a group, a listener, a sink. Who is in can be
 * walked through while members come and go, in any thread.
 *
 * Locks: a channel's is taken before that of what it belongs to. So who walks
 * holds none while it has a channel in hand, but a reference to that channel.
 */

struct member {
	struct members *of;
	struct evchat *chat;
	struct member *prev;
	struct member *next;
	uint64_t number; /* in the order of joining */
};

struct members {
	void *owner;           /* the group or listener */
	struct evbuffer *lock; /* that of an evbuffer, or NULL for one thread */
	struct member *first;
	struct member *last;
	size_t count;
	uint64_t joined;
	struct cursor *cursors; /* the walks that are under way */
};

/* A walk through those who were in when it began. */
struct cursor {
	struct members *of;  /* NULL when that is gone */
	struct member *next;
	uint64_t until;      /* the number of the last to be visited */
	struct cursor *outer;
};

/* -1 with errno. */
int members_init(struct members *members, void *owner, bool threadsafe);
/* None is in any more. */
void members_free(struct members *members);

void members_lock(const struct members *members);
void members_unlock(const struct members *members);

/*
 * Under the channel's lock. NULL with errno. members_insert is for those who
 * need to know more of a member: it is what mem_calloc gave, or begins with
 * it.
 */
struct member *members_add(struct members *members, struct evchat *chat);
void members_insert(struct members *members, struct member *member,
    struct evchat *chat);
/* The same. The member is freed. */
void members_remove(struct member *member);
/* As if it had just joined. */
void members_move_last(struct member *member);

size_t members_count(const struct members *members);

void cursor_begin(struct cursor *cursor, struct members *members);
/* The next channel, with a reference that is the caller's, or NULL. */
struct evchat *cursor_next(struct cursor *cursor);
void cursor_end(struct cursor *cursor);

#endif
