#ifndef IRCD_H
#define IRCD_H

/*
 * What the files of the IRC server share: ircd.c has the connections,
 * ircd_room.c who is in which channel, ircd_talk.c what is said.
 */

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/time.h>
#include <evchat.h>

#define IRCD_NAME	"irc.local"
#define LINE_MAX_IRC	510	/* without CR LF: RFC 2812, 2.3 */
#define NICK_MAX	30
#define USER_MAX	10
#define NAME_MAX_IRC	50	/* of a channel */
#define TOPIC_MAX	300
#define JOINED_MAX	10	/* channels that one may be in */

struct channel {
	struct channel *next;
	size_t count;		/* of those who are in; at 0 it goes */
	char name[NAME_MAX_IRC + 1];
	char topic[TOPIC_MAX + 1];
};

/* All who are connected are in the group. */
struct room {
	struct evchat_group *group;
	struct channel *channels;
	struct timeval idle;	/* who is silent for so long is asked */
	struct timeval hurry;	/* the time there is to register */
	long rate;		/* lines a second; 0: any number */
	int is_closing;		/* nobody is told any more that others left */
};

struct user {
	struct evchat *chat;
	struct room *room;
	char nick[NICK_MAX + 1];	/* "": none yet */
	char name[USER_MAX + 1];	/* "": not said yet */
	char host[INET_ADDRSTRLEN];
	struct channel *joined[JOINED_MAX];
	int joined_count;
	int is_asked;		/* whether it is there */
	struct event *deadline;	/* to be registered */
	int64_t paid_until;	/* in microseconds: its lines; see is_flood() */
};

/* Of no use without both names. */
static inline int
is_registered(const struct user *user)
{
	return user->nick[0] != '\0' && user->name[0] != '\0';
}

/*
 * What is typed. These return -1, with errno, if the channel is of no more
 * use: the caller frees it.
 */
int talk_line(struct user *user, const void *line, size_t len);
int talk_too_long(struct user *user);
/* Is anybody there? */
int talk_ping(struct user *user);
/* It has to leave; the others hear why, and so does it. */
int talk_end(struct user *user, const char *why);

/* Who is to hear something. */
struct audience {
	const struct user *from;
	const struct channel *channel;	/* NULL: any that from is in */
	int with_from;
};

/* Pushing a line, and a numeric reply. -1: as above. */
int room_tell(struct user *user, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
int room_reply(struct user *user, int number, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
int room_tell_topic(struct user *user, const struct channel *channel);
int room_tell_names(struct user *user, const struct channel *channel);

/* What a user says, or does, to others. */
void room_say(struct audience audience, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
/* For everybody. */
void room_notice(struct room *room, const char *text);

/* NULL: there is none. */
struct user *room_find_user(struct room *room, const char *nick);
struct channel *room_find_channel(struct room *room, const char *name);
int room_is_in(const struct user *user, const struct channel *channel);

/* An empty one, to be joined at once. NULL: no memory. */
struct channel *room_make_channel(struct room *room, const char *name);
void room_part(struct user *user, struct channel *channel);
/* Part with all, who are told. Twice is once. */
void room_leave(struct user *user, const char *why);

#endif

