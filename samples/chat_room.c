/*
 * The room. Every connection is in one group, so that one budget is for all;
 * those with a name are the users, and hear what is said.
 *
 * A line goes to everyone before the next one does, so all see the same order.
 * That is why nobody is ended while a line goes round: that somebody left is a
 * line, too, and would overtake the other one on its way to the rest. Instead
 * a sweeper is run by the event loop behind what was said. It
 * finds who is too slow, and drops them, or has them miss what is said until
 * they have caught up.
 *
 * A name is free and the others are told as soon as its owner leaves, which is
 * once, however many ways of leaving meet: /quit, then the connection's end.
 *
 * Names have no table: to look for one costs less than to say a line to all.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <event2/event.h>
#include <event2/util.h>
#include <evchat.h>
#include "chat_room.h"

/* What is typed, and around it a name or two and some words. */
#define TEXT_MAX	(ROOM_LINE_MAX + 2 * ROOM_NAME_MAX + 32)

struct line {
	char text[TEXT_MAX];
	size_t len;
};

struct search {
	const char *name;
	struct user *found;
};

static void
line_write(struct line *line, const char *format, va_list ap)
{
	int len = vsnprintf(line->text, sizeof(line->text), format, ap);

	if (len < 0)
		len = 0;
	else if (len >= TEXT_MAX)
		len = TEXT_MAX - 1;
	line->len = (size_t)len;
}

/* The policy */

static int
judge(struct evchat *member, void *arg)
{
	struct room *room = arg;
	struct user *user = evchat_get_arg(member);

	if (user->doom == NULL &&
	    evchat_get_output_length(member) > room->queue_max) {
		if (room->skips)
			user->is_behind = 1;
		else
			user->doom = "too slow";
	}
	if (user->doom != NULL)
		evchat_free(member);	/* closed says that it left */
	return 0;
}

static void
on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct room *room = arg;

	(void)fd;
	(void)what;
	evchat_group_foreach(room->group, judge, room);
}

int
room_open(struct room *room, struct event_base *base, size_t queue_max,
    int skips)
{
	room->queue_max = queue_max;
	room->skips = skips;
	room->group = evchat_group_new(base, 0);
	room->sweeper = event_new(base, -1, 0, on_sweep, room);
	return room->group != NULL && room->sweeper != NULL ? 0 : -1;
}

void
room_close(struct room *room)
{
	room->is_closing = 1;
	if (room->group != NULL)
		evchat_group_free_members(room->group);
	evchat_group_free(room->group);
	if (room->sweeper != NULL)
		event_free(room->sweeper);
}

/* Hearing */

/* Who misses a line misses all, until its queue is short again. */
static int
hear(struct user *user, const struct line *line)
{
	struct room *room = user->room;

	if (user->is_behind) {
		user->missed++;
		return -1;
	}
	if (evchat_push_frame(user->chat, line->text, line->len) == -1) {
		if (errno == EPIPE)
			return -1;
		user->doom = "out of memory";
	}
	if (user->doom != NULL ||
	    evchat_get_output_length(user->chat) > room->queue_max)
		event_active(room->sweeper, 0, 0);
	return user->doom == NULL ? 0 : -1;
}

/* Of all who are connected, those with a name do, and who is behind misses it. */
static int
wants(struct evchat *member, void *arg)
{
	const struct user *except = arg;
	struct user *user = evchat_get_arg(member);

	if (user == except || user->name[0] == '\0')
		return 0;
	if (user->is_behind)
		user->missed++;
	return !user->is_behind;
}

int
room_tell(struct user *user, const char *format, ...)
{
	struct line line;
	va_list ap;

	va_start(ap, format);
	line_write(&line, format, ap);
	va_end(ap);
	return evchat_push_frame(user->chat, line.text, line.len);
}

int
room_whisper(struct user *user, const char *format, ...)
{
	struct line line;
	va_list ap;

	va_start(ap, format);
	line_write(&line, format, ap);
	va_end(ap);
	return hear(user, &line);
}

void
room_say(struct room *room, struct user *except, const char *format, ...)
{
	struct line line;
	va_list ap;

	va_start(ap, format);
	line_write(&line, format, ap);
	va_end(ap);
	if (evchat_group_broadcast_frame(room->group, line.text, line.len,
	    wants, except) == -1)
		fprintf(stderr, "chat: a line was not heard by all: %s\n",
		    strerror(errno));
	event_active(room->sweeper, 0, 0);	/* who is behind now? */
}

int
room_catch_up(struct user *user)
{
	size_t missed = user->missed;

	user->is_behind = 0;
	user->missed = 0;
	return missed == 0 ? 0 :
	    room_tell(user, "-- ... %zu messages missed", missed);
}

/* Names */

static int
has_name(struct evchat *member, void *arg)
{
	struct search *search = arg;
	struct user *user = evchat_get_arg(member);

	if (evutil_ascii_strcasecmp(user->name, search->name) != 0)
		return 0;
	search->found = user;
	return 1;
}

struct user *
room_find(struct room *room, const char *name)
{
	struct search search = { .name = name };

	if (name[0] != '\0')
		evchat_group_foreach(room->group, has_name, &search);
	return search.found;
}

void
room_join(struct user *user, const char *name)
{
	event_del(user->deadline);
	snprintf(user->name, sizeof(user->name), "%s", name);
	user->room->named++;
	room_say(user->room, user, "-- %s joined", user->name);
}

void
room_leave(struct user *user, const char *why)
{
	char name[ROOM_NAME_MAX + 1];

	if (user->name[0] == '\0')
		return;
	memcpy(name, user->name, sizeof(name));
	user->name[0] = '\0';
	user->room->named--;
	if (!user->room->is_closing)
		room_say(user->room, user, "-- %s left (%s)", name, why);
}
