/*
 * What is said on IRC (RFC 1459, 2812): a line is cut into words, the first of
 * them looked up in a table, and what comes of it pushed to one user or to
 * those who are in a channel, by ircd_room.c.
 *
 * No line has CR or LF in it, since the framing of the input ends lines at
 * both; and none has more behind a NUL.
 */
#define _POSIX_C_SOURCE 200809L
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "ircd.h"

#define WORDS_MAX	15

struct words {
	char *at[WORDS_MAX];
	int n;
};

struct command {
	const char *name;
	int words;		/* at least so many, with itself */
	int is_early;		/* before one is registered, too */
	int (*run)(struct user *user, struct words *words);
};

/* Names */

static int
is_nick(const char *text)
{
	const char *others = "[]\\`_^{|}";
	size_t i;

	for (i = 0; text[i] != '\0'; i++)
		if (!isalpha((unsigned char)text[i]) &&
		    strchr(others, text[i]) == NULL && (i == 0 ||
		    (!isdigit((unsigned char)text[i]) && text[i] != '-')))
			return 0;
	return i > 0 && i <= NICK_MAX;
}

static int
is_channel_name(const char *text)
{
	size_t i;

	for (i = 0; text[i] != '\0'; i++)
		if ((unsigned char)text[i] <= ' ' || text[i] == 0x7f)
			return 0;
	return text[0] == '#' && i > 1 && i <= NAME_MAX_IRC;
}

/* Commands. A word that is not there is none. */

static int
no_such(struct user *user, int number, const char *name)
{
	return room_reply(user, number, number == 401 ? "%s :No such nick" :
	    "%s :No such channel", name);
}

static int
welcome(struct user *user)
{
	if (room_reply(user, 1, ":Welcome, %s!%s@%s", user->nick, user->name,
	    user->host) == -1 ||
	    room_reply(user, 2, ":Your host is " IRCD_NAME ", a sample") == -1 ||
	    room_reply(user, 3, ":It was started when it was needed") == -1 ||
	    room_reply(user, 4, IRCD_NAME " sample o o") == -1 ||
	    room_reply(user, 5, "CASEMAPPING=ascii CHANTYPES=# NICKLEN=%d "
	    "CHANNELLEN=%d TOPICLEN=%d :are supported", NICK_MAX, NAME_MAX_IRC,
	    TOPIC_MAX) == -1)
		return -1;
	return room_reply(user, 422, ":There is no message of the day");
}

static int
run_nick(struct user *user, struct words *words)
{
	const char *nick = words->at[1];
	struct user *other = room_find_user(user->room, nick);
	int was_registered = is_registered(user);

	if (!is_nick(nick))
		return room_reply(user, 432, "%s :Erroneous nickname", nick);
	if (other != NULL && other != user)
		return room_reply(user, 433, "%s :Nickname is already in use", nick);
	if (was_registered)
		room_say((struct audience){ user, NULL, 1 }, "NICK :%s", nick);
	snprintf(user->nick, sizeof(user->nick), "%s", nick);
	return !was_registered && is_registered(user) ? welcome(user) : 0;
}

static int
run_user(struct user *user, struct words *words)
{
	const char *name = words->at[1];
	size_t i;

	if (user->name[0] != '\0')
		return room_reply(user, 462, ":You may not register again");
	for (i = 0; name[i] != '\0' && i < USER_MAX; i++)
		user->name[i] = '_';
	while (i-- > 0)
		if (isalnum((unsigned char)name[i]))
			user->name[i] = name[i];
	if (user->name[0] == '\0')
		user->name[0] = '_';
	return is_registered(user) ? welcome(user) : 0;
}

static int
join(struct user *user, const char *name)
{
	struct channel *channel = room_find_channel(user->room, name);

	if (!is_channel_name(name))
		return no_such(user, 403, name);
	if (channel != NULL && room_is_in(user, channel))
		return 0;
	if (user->joined_count == JOINED_MAX)
		return room_reply(user, 405, "%s :You are in too many", name);
	if (channel == NULL &&
	    (channel = room_make_channel(user->room, name)) == NULL)
		return -1;
	user->joined[user->joined_count++] = channel;
	channel->count++;
	room_say((struct audience){ user, channel, 1 }, "JOIN %s", channel->name);
	if (channel->topic[0] != '\0' && room_tell_topic(user, channel) == -1)
		return -1;
	return room_tell_names(user, channel);
}

static int
run_join(struct user *user, struct words *words)
{
	char *name, *rest;

	for (name = strtok_r(words->at[1], ",", &rest); name != NULL;
	    name = strtok_r(NULL, ",", &rest))
		if (join(user, name) == -1)
			return -1;
	return 0;
}

/* The channel of that name, or NULL; then why not was said, if that could be. */
static struct channel *
own_channel(struct user *user, const char *name, int *status)
{
	struct channel *channel = room_find_channel(user->room, name);

	*status = 0;
	if (channel == NULL)
		*status = no_such(user, 403, name);
	else if (!room_is_in(user, channel))
		*status = room_reply(user, 442, "%s :You are not in it", name);
	return channel != NULL && room_is_in(user, channel) ? channel : NULL;
}

static int
run_part(struct user *user, struct words *words)
{
	struct channel *channel;
	char *name, *rest;
	int status = 0;

	for (name = strtok_r(words->at[1], ",", &rest);
	    name != NULL && status == 0; name = strtok_r(NULL, ",", &rest)) {
		channel = own_channel(user, name, &status);
		if (channel == NULL)
			continue;
		room_say((struct audience){ user, channel, 1 }, "PART %s :%s",
		    channel->name, words->n > 2 ? words->at[2] : "");
		room_part(user, channel);
	}
	return status;
}

static int
run_topic(struct user *user, struct words *words)
{
	int status;
	struct channel *channel = own_channel(user, words->at[1], &status);

	if (channel == NULL)
		return status;
	if (words->n < 3)
		return room_tell_topic(user, channel);
	snprintf(channel->topic, sizeof(channel->topic), "%s", words->at[2]);
	room_say((struct audience){ user, channel, 1 }, "TOPIC %s :%s",
	    channel->name, channel->topic);
	return 0;
}

static int
run_names(struct user *user, struct words *words)
{
	int status;
	struct channel *channel = own_channel(user, words->at[1], &status);

	return channel == NULL ? status : room_tell_names(user, channel);
}

/* PRIVMSG and NOTICE, of which the latter is never answered. */
static int
run_message(struct user *user, struct words *words)
{
	const char *how = words->at[0], *to = words->at[1];
	int is_answered = strcmp(how, "PRIVMSG") == 0;
	struct channel *channel = room_find_channel(user->room, to);
	struct user *other = room_find_user(user->room, to);

	if (channel != NULL && room_is_in(user, channel))
		room_say((struct audience){ user, channel, 0 }, "%s %s :%s", how,
		    channel->name, words->at[2]);
	else if (other != NULL && is_registered(other))
		return room_tell(other, ":%s!%s@%s %s %s :%s", user->nick,
		    user->name, user->host, how, other->nick,
		    words->at[2]) == -1 && other == user ? -1 : 0;
	else if (channel != NULL && is_answered)
		return room_reply(user, 404, "%s :You are not in it", to);
	else if (is_answered)
		return no_such(user, to[0] == '#' ? 403 : 401, to);
	return 0;
}

static int
run_mode(struct user *user, struct words *words)
{
	struct channel *channel = room_find_channel(user->room, words->at[1]);

	return channel != NULL ? room_reply(user, 324, "%s +", channel->name) :
	    room_reply(user, 221, "+");
}

static int
run_who(struct user *user, struct words *words)
{
	return room_reply(user, 315, "%s :End of /WHO list", words->at[1]);
}

static int
run_ping(struct user *user, struct words *words)
{
	return room_tell(user, ":" IRCD_NAME " PONG " IRCD_NAME " :%s", words->at[1]);
}

static int
run_nothing(struct user *user, struct words *words)
{
	(void)user;
	(void)words;
	return 0;
}

static int
run_quit(struct user *user, struct words *words)
{
	room_leave(user, words->n > 1 ? words->at[1] : "quit");
	return talk_end(user, "Goodbye");
}

static const struct command commands[] = {
	{ "JOIN", 2, 0, run_join },
	{ "MODE", 2, 0, run_mode },
	{ "NAMES", 2, 0, run_names },
	{ "NICK", 2, 1, run_nick },
	{ "NOTICE", 3, 0, run_message },
	{ "PART", 2, 0, run_part },
	{ "PING", 2, 1, run_ping },
	{ "PONG", 1, 1, run_nothing },
	{ "PRIVMSG", 3, 0, run_message },
	{ "QUIT", 1, 1, run_quit },
	{ "TOPIC", 2, 0, run_topic },
	{ "USER", 5, 1, run_user },
	{ "WHO", 2, 0, run_who },
};
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

/* What the channel's hooks call */

/* Cut at spaces; behind one that begins with a colon is nothing but its rest. */
static void
cut(struct words *words, char *text)
{
	text += strspn(text, " ");
	if (*text == ':') {		/* who it is: we know */
		text += strcspn(text, " ");
		text += strspn(text, " ");
	}
	for (words->n = 0; *text != '\0' && words->n < WORDS_MAX; words->n++) {
		if (*text == ':' || words->n == WORDS_MAX - 1) {
			words->at[words->n++] = text + (*text == ':');
			return;
		}
		words->at[words->n] = text;
		text += strcspn(text, " ");
		if (*text != '\0')
			*text++ = '\0';
		text += strspn(text, " ");
	}
}

int
talk_line(struct user *user, const void *line, size_t len)
{
	char text[LINE_MAX_IRC + 1];
	struct words words;
	size_t i;

	memcpy(text, line, len);
	text[len] = '\0';
	cut(&words, text);
	if (words.n == 0)
		return 0;
	for (i = 0; words.at[0][i] != '\0'; i++)
		words.at[0][i] = (char)toupper((unsigned char)words.at[0][i]);
	for (i = 0; i < COMMANDS; i++)
		if (strcmp(commands[i].name, words.at[0]) == 0)
			break;
	if (i == COMMANDS)
		return room_reply(user, 421, "%s :Unknown command", words.at[0]);
	if (!commands[i].is_early && !is_registered(user))
		return room_reply(user, 451, ":You have not registered");
	if (words.n < commands[i].words)
		return room_reply(user, 461, "%s :Not enough parameters",
		    words.at[0]);
	return commands[i].run(user, &words);
}

int
talk_too_long(struct user *user)
{
	return room_reply(user, 417, ":Input line was too long");
}

int
talk_end(struct user *user, const char *why)
{
	room_leave(user, why);
	if (room_tell(user, "ERROR :%s", why) == -1)
		return -1;
	evchat_close_when_done(user->chat);
	return 0;
}

int
talk_ping(struct user *user)
{
	return room_tell(user, "PING :" IRCD_NAME);
}
