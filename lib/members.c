/*
 * Who belongs to a group, a listener or a sink: a list, in the order of joining, with
 * cursors that are moved on when the member they point at leaves. A cursor
 * stops behind the member that was the last when it began, so a walk ends even
 * if each visit has another one join.
 *
 * The lock is that of an empty evbuffer, since libevent has no other that is
 * public, recursive, and there only if the application has set up threads.
 */

#include <errno.h>
#include <string.h>

#include <event2/buffer.h>

#include "api.h"
#include "members.h"
#include "mem.h"

int
members_init(struct members *members, void *owner, bool threadsafe)
{
	int error;

	memset(members, 0, sizeof(*members));
	members->owner = owner;
	if (!threadsafe)
		return (0);
	errno = ENOMEM;
	if ((members->lock = evbuffer_new()) == NULL)
		return (-1);
	errno = EINVAL; /* threads were not set up; or malloc says ENOMEM */
	if (evbuffer_enable_locking(members->lock, NULL) == 0)
		return (0);
	error = errno;
	evbuffer_free(members->lock);
	errno = error;
	return (-1);
}

void
members_free(struct members *members)
{
	struct cursor *cursor;

	for (cursor = members->cursors; cursor != NULL; cursor = cursor->outer)
		cursor->of = NULL;
	if (members->lock != NULL)
		evbuffer_free(members->lock);
}

void
members_lock(const struct members *members)
{
	if (members->lock != NULL)
		evbuffer_lock(members->lock);
}

void
members_unlock(const struct members *members)
{
	if (members->lock != NULL)
		evbuffer_unlock(members->lock);
}

void
members_insert(struct members *members, struct member *member,
    struct evchat *chat)
{
	member->of = members;
	member->chat = chat;
	members_lock(members);
	member->number = ++members->joined;
	member->prev = members->last;
	if (members->last != NULL)
		members->last->next = member;
	else
		members->first = member;
	members->last = member;
	members->count++;
	members_unlock(members);
}

struct member *
members_add(struct members *members, struct evchat *chat)
{
	struct member *member = mem_calloc(sizeof(*member));

	if (member != NULL)
		members_insert(members, member, chat);
	return (member);
}

static void
take_out(struct member *member)
{
	struct members *members = member->of;
	struct cursor *cursor;

	for (cursor = members->cursors; cursor != NULL; cursor = cursor->outer)
		if (cursor->next == member)
			cursor->next = member->next;
	if (member->prev != NULL)
		member->prev->next = member->next;
	else
		members->first = member->next;
	if (member->next != NULL)
		member->next->prev = member->prev;
	else
		members->last = member->prev;
	members->count--;
}

void
members_remove(struct member *member)
{
	struct members *members = member->of;

	members_lock(members);
	take_out(member);
	members_unlock(members);
	mem_free(member);
}

void
members_move_last(struct member *member)
{
	struct members *members = member->of;

	members_lock(members);
	take_out(member);
	member->next = NULL;
	members_insert(members, member, member->chat);
	members_unlock(members);
}

size_t
members_count(const struct members *members)
{
	size_t count;

	members_lock(members);
	count = members->count;
	members_unlock(members);
	return (count);
}

void
cursor_begin(struct cursor *cursor, struct members *members)
{
	members_lock(members);
	cursor->of = members;
	cursor->next = members->first;
	cursor->until = members->joined;
	cursor->outer = members->cursors;
	members->cursors = cursor;
	members_unlock(members);
}

struct evchat *
cursor_next(struct cursor *cursor)
{
	struct member *member;
	struct evchat *chat = NULL;

	if (cursor->of == NULL)
		return (NULL);
	members_lock(cursor->of);
	member = cursor->next;
	if (member != NULL && member->number <= cursor->until) {
		cursor->next = member->next;
		chat = member->chat;
		/* It is in, so it has not ended, and its memory is there. */
		evchat_incref(chat);
	}
	members_unlock(cursor->of);
	return (chat);
}

void
cursor_end(struct cursor *cursor)
{
	struct members *members = cursor->of;
	struct cursor **link;

	if (members == NULL)
		return;
	members_lock(members);
	/* With several threads, walks need not end in the order of beginning. */
	for (link = &members->cursors; *link != cursor; link = &(*link)->outer)
		;
	*link = cursor->outer;
	members_unlock(members);
}
