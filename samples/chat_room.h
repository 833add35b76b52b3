#ifndef CHAT_ROOM_H
#define CHAT_ROOM_H

/*
 * The room of the chat sample: who is there, who hears what, and who is too
 * slow to. It knows nothing of what users type, nor of sockets and limits.
 */

#include <stddef.h>

struct event;
struct event_base;
struct evchat;
struct evchat_group;
struct options;

#define ROOM_NAME_MAX	20
#define ROOM_LINE_MAX	512	/* of what a user types */

#ifdef __GNUC__
#define ROOM_PRINTF(n)	__attribute__((format(printf, n, (n) + 1)))
#else
#define ROOM_PRINTF(n)
#endif

struct room {
	struct evchat_group *group;	/* all connections, named or not */
	struct event *sweeper;		/* applies the policy */
	size_t named;			/* how many have a name */
	/* The policy, for a user with more than queue_max bytes to read yet */
	size_t queue_max;
	int skips;			/* it misses lines; else it goes */
	int is_closing;			/* who leaves is no news any more */
};

struct user {
	struct evchat *chat;
	struct room *room;
	const struct options *options;	/* those of chat.c */
	struct event *deadline;		/* by which it has a name, or goes */
	char name[ROOM_NAME_MAX + 1];	/* "": it is not, or no longer, here */
	const char *doom;		/* why it is to be ended, or NULL */
	int is_behind;			/* it was too slow: it misses lines, */
	size_t missed;			/* so many by now */
	int names_tried;
	int is_asked;			/* whether it is still there */
};

/* All of these return 0, or -1 with errno as the library does. */

int room_open(struct room *room, struct event_base *base, size_t queue_max,
    int skips);
/* Frees who is still there, without a word. */
void room_close(struct room *room);

/* One line for one user; whatever its queue is like, since it asked for it. */
int room_tell(struct user *user, const char *format, ...) ROOM_PRINTF(2);
/* The same, under the policy: -1 also if it is too slow to hear it. */
int room_whisper(struct user *user, const char *format, ...) ROOM_PRINTF(2);
/* One line for all who have a name, but for one, or NULL. */
void room_say(struct room *room, struct user *except,
    const char *format, ...) ROOM_PRINTF(3);

/* Who has a name, whatever its case; or NULL. */
struct user *room_find(struct room *room, const char *name);
/* Take a name that is free. */
void room_join(struct user *user, const char *name);
/* Give it back, and tell the others why. Any number of times. */
void room_leave(struct user *user, const char *why);

/* Its queue is short again: tell it what it missed. */
int room_catch_up(struct user *user);

#endif
