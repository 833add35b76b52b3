/*
 * Who is in which channel of the IRC server, and who hears what.
 *
 * A line that is for many is encoded once: the group is asked which of its
 * members want it, and those are the ones who are in the channel or, when a
 * user changes its name or leaves, in any that it is in. So nobody hears it
 * twice. What is too long for a line is cut.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <event2/util.h>
#include "ircd.h"

#define NAMES_MAX	400	/* of a list of names in a line */

/* Pushing */

struct line {
	char text[LINE_MAX_IRC + 1];
	size_t len;
};

static void
write_line(struct line *line, const char *format, va_list ap)
{
	int len = vsnprintf(line->text, sizeof(line->text), format, ap);

	line->len = len < 0 ? 0 : len > LINE_MAX_IRC ? LINE_MAX_IRC :
	    (size_t)len;
}

int
room_tell(struct user *user, const char *format, ...)
{
	struct line line;
	va_list ap;

	va_start(ap, format);
	write_line(&line, format, ap);
	va_end(ap);
	return evchat_push_frame(user->chat, line.text, line.len);
}

/* A numeric reply: ":server number nick", and the rest. */
int
room_reply(struct user *user, int number, const char *format, ...)
{
	struct line line;
	va_list ap;

	va_start(ap, format);
	write_line(&line, format, ap);
	va_end(ap);
	return room_tell(user, ":" IRCD_NAME " %03d %s %s", number,
	    user->nick[0] != '\0' ? user->nick : "*", line.text);
}

int
room_is_in(const struct user *user, const struct channel *channel)
{
	int i;

	for (i = 0; i < user->joined_count; i++)
		if (user->joined[i] == channel)
			return 1;
	return 0;
}

static int
wants(struct evchat *member, void *arg)
{
	const struct user *user = evchat_get_arg(member);
	const struct audience *audience = arg;
	int i;

	if (user == audience->from)
		return audience->with_from;
	if (audience->channel != NULL)
		return room_is_in(user, audience->channel);
	for (i = 0; i < audience->from->joined_count; i++)
		if (room_is_in(user, audience->from->joined[i]))
			return 1;
	return 0;
}

void
room_say(struct audience audience, const char *format, ...)
{
	const struct user *from = audience.from;
	struct line line;
	char text[LINE_MAX_IRC + 1];
	va_list ap;
	int len;

	va_start(ap, format);
	write_line(&line, format, ap);
	va_end(ap);
	len = snprintf(text, sizeof(text), ":%s!%s@%s %s", from->nick,
	    from->name, from->host, line.text);
	if (evchat_group_broadcast_frame(from->room->group, text,
	    len > LINE_MAX_IRC ? LINE_MAX_IRC : (size_t)len, wants,
	    &audience) == -1)
		perror("ircd: a line was not heard by all");
}

void
room_notice(struct room *room, const char *text)
{
	char line[LINE_MAX_IRC + 1];
	int len = snprintf(line, sizeof(line), ":" IRCD_NAME " NOTICE * :%s", text);

	(void)evchat_group_broadcast_frame(room->group, line, (size_t)len,
	    NULL, NULL);
}

/* Finding */

struct search {
	const char *nick;
	struct user *found;
};

static int
has_nick(struct evchat *member, void *arg)
{
	struct user *user = evchat_get_arg(member);
	struct search *search = arg;

	if (evutil_ascii_strcasecmp(user->nick, search->nick) != 0)
		return 0;
	search->found = user;
	return 1;
}

struct user *
room_find_user(struct room *room, const char *nick)
{
	struct search search = { .nick = nick };

	if (nick[0] != '\0')
		evchat_group_foreach(room->group, has_nick, &search);
	return search.found;
}

struct channel *
room_find_channel(struct room *room, const char *name)
{
	struct channel *channel = room->channels;

	while (channel != NULL &&
	    evutil_ascii_strcasecmp(channel->name, name) != 0)
		channel = channel->next;
	return channel;
}

/* Channels */

struct channel *
room_make_channel(struct room *room, const char *name)
{
	struct channel *channel = calloc(1, sizeof(*channel));

	if (channel == NULL)
		return NULL;
	snprintf(channel->name, sizeof(channel->name), "%s", name);
	channel->next = room->channels;
	room->channels = channel;
	return channel;
}

void
room_part(struct user *user, struct channel *channel)
{
	struct channel **link = &user->room->channels;
	int i = 0;

	while (user->joined[i] != channel)
		i++;
	user->joined[i] = user->joined[--user->joined_count];
	if (--channel->count > 0)
		return;
	while (*link != channel)
		link = &(*link)->next;
	*link = channel->next;
	free(channel);
}

int
room_tell_topic(struct user *user, const struct channel *channel)
{
	if (channel->topic[0] == '\0')
		return room_reply(user, 331, "%s :No topic is set", channel->name);
	return room_reply(user, 332, "%s :%s", channel->name, channel->topic);
}

struct names {
	struct user *user;
	const struct channel *channel;
	char text[NAMES_MAX + 1];
	int status;
};

static void
flush_names(struct names *names)
{
	if (names->text[0] != '\0' && room_reply(names->user, 353, "= %s :%s",
	    names->channel->name, names->text + 1) == -1)
		names->status = -1;
	names->text[0] = '\0';
}

static int
add_name(struct evchat *member, void *arg)
{
	const struct user *user = evchat_get_arg(member);
	struct names *names = arg;
	size_t len;

	if (!room_is_in(user, names->channel))
		return 0;
	if (strlen(names->text) + 1 + strlen(user->nick) > NAMES_MAX)
		flush_names(names);
	len = strlen(names->text);
	snprintf(names->text + len, sizeof(names->text) - len, " %s",
	    user->nick);
	return names->status;
}

int
room_tell_names(struct user *user, const struct channel *channel)
{
	struct names names = { .user = user, .channel = channel };

	evchat_group_foreach(user->room->group, add_name, &names);
	flush_names(&names);
	return names.status == -1 ? -1 :
	    room_reply(user, 366, "%s :End of /NAMES list", channel->name);
}

void
room_leave(struct user *user, const char *why)
{
	if (is_registered(user) && !user->room->is_closing)
		room_say((struct audience){ user, NULL, 0 }, "QUIT :%s", why);
	user->nick[0] = '\0';
	while (user->joined_count > 0)
		room_part(user, user->joined[0]);
}

