/*
 * What users type: first a name, then lines for all and commands.
 *
 * What one types, others' terminals show, and they obey control characters. So
 * of a line there remains what is UTF-8 and can be shown, and nothing else.
 */
#include <stdio.h>
#include <string.h>
#include <evchat.h>
#include "chat_room.h"
#include "chat_talk.h"

#define NAMES_TRIED_MAX	3

struct command {
	const char *name;
	const char *arguments;
	const char *help;
	int (*run)(struct user *user, char *words);
};

/* Text */

/* How many bytes the character has with which p begins; 0: it is none, or
 * controls terminals, as U+0000 to U+001F and U+007F to U+009F do. */
static size_t
shown_len(const unsigned char *p, size_t len)
{
	size_t i, n = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	if (n == 1)
		return p[0] >= 0x20 && p[0] != 0x7f;
	if (n > len || p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	for (i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xc2 && p[1] < 0xa0) ||	/* controls */
	    (p[0] == 0xe0 && p[1] < 0xa0) ||	/* longer than need be */
	    (p[0] == 0xed && p[1] > 0x9f) ||	/* surrogates */
	    (p[0] == 0xf0 && p[1] < 0x90) ||
	    (p[0] == 0xf4 && p[1] > 0x8f))	/* beyond U+10FFFF */
		return 0;
	return n;
}

/* text has room for len + 1 bytes. Tabs become spaces, those at the end go. */
static void
clean(char *text, const void *line, size_t len)
{
	const unsigned char *p = line, *end = p + len;
	size_t n, used = 0;

	for (; p < end; p += n > 0 ? n : 1) {
		n = shown_len(p, (size_t)(end - p));
		memcpy(text + used, p, n);
		used += n;
		if (*p == '\t')
			text[used++] = ' ';
	}
	while (used > 0 && text[used - 1] == ' ')
		used--;
	text[used] = '\0';
}

/* Cut the first word off; what follows it is returned. */
static char *
cut_word(char *text)
{
	char *rest = text + strcspn(text, " ");

	if (*rest != '\0')
		*rest++ = '\0';
	return rest + strspn(rest, " ");
}

/* Names */

static const char *
name_refusal(struct user *user, const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";
	size_t len = strlen(name);
	const struct user *owner;

	if (len == 0 || len > ROOM_NAME_MAX || strspn(name, allowed) != len)
		return "a name is 1 to 20 of A-Z, a-z, 0-9, _ and -";
	owner = room_find(user->room, name);
	return owner == NULL || owner == user ? NULL : "that name is taken";
}

static int
take_name(struct user *user, const char *name)
{
	const char *refusal = name_refusal(user, name);

	if (refusal == NULL) {
		room_join(user, name);
		return room_tell(user, "-- hello, %s: %zu here, /help helps",
		    user->name, user->room->named);
	}
	if (++user->names_tried < NAMES_TRIED_MAX)
		return room_tell(user, "-- %s. Name?", refusal);
	if (room_tell(user, "-- %s. Goodbye", refusal) == -1)
		return -1;
	evchat_close_when_done(user->chat);
	return 0;
}

/* Commands. words is what follows the command, perhaps nothing. */

static int
tell_name(struct evchat *member, void *arg)
{
	const struct user *user = evchat_get_arg(member);

	return user->name[0] == '\0' ? 0 : room_tell(arg, "-- %s", user->name);
}

static int
run_who(struct user *user, char *words)
{
	(void)words;
	return evchat_group_foreach(user->room->group, tell_name, user);
}

static int
run_me(struct user *user, char *words)
{
	if (words[0] != '\0')
		room_say(user->room, user, "* %s %s", user->name, words);
	return 0;
}

static int
run_msg(struct user *user, char *words)
{
	const char *text = cut_word(words);
	struct user *to = room_find(user->room, words);

	if (to == NULL)
		return room_tell(user, "-- nobody is called that");
	if (text[0] == '\0')
		return room_tell(user, "-- what shall %s be told?", to->name);
	if (room_whisper(to, "[%s] %s", user->name, text) == -1)
		return room_tell(user, "-- %s is too slow to hear you",
		    to->name);
	return 0;
}

static int
run_nick(struct user *user, char *words)
{
	const char *refusal = name_refusal(user, words);
	char old[ROOM_NAME_MAX + 1];

	if (refusal != NULL)
		return room_tell(user, "-- %s", refusal);
	memcpy(old, user->name, sizeof(old));
	snprintf(user->name, sizeof(user->name), "%s", words);
	room_say(user->room, user, "-- %s is now %s", old, user->name);
	return room_tell(user, "-- you are now %s", user->name);
}

static int
run_quit(struct user *user, char *words)
{
	room_leave(user, words[0] != '\0' ? words : "quit");
	if (room_tell(user, "-- goodbye") == -1)
		return -1;
	evchat_close_when_done(user->chat);
	return 0;
}

static int run_help(struct user *user, char *words);

static const struct command commands[] = {
	{ "/help", "", "these lines", run_help },
	{ "/me", " text", "what you do: * name text", run_me },
	{ "/msg", " name text", "text for one alone", run_msg },
	{ "/nick", " name", "another name for you", run_nick },
	{ "/quit", " [text]", "go, and say why", run_quit },
	{ "/who", "", "who is here", run_who },
};
static const struct command *const commands_end =
    commands + sizeof(commands) / sizeof(commands[0]);

static int
run_help(struct user *user, char *words)
{
	const struct command *command;

	(void)words;
	for (command = commands; command < commands_end; command++)
		if (room_tell(user, "-- %s%s: %s", command->name,
		    command->arguments, command->help) == -1)
			return -1;
	return 0;
}

static int
run_command(struct user *user, char *text)
{
	char *words = cut_word(text);
	const struct command *command = commands;

	while (command < commands_end && strcmp(command->name, text) != 0)
		command++;
	if (command < commands_end)
		return command->run(user, words);
	return room_tell(user, "-- no such command; /help helps");
}

/* What the channel's hooks call */

int
talk_greet(struct user *user)
{
	return room_tell(user, "Name?");
}

int
talk_line(struct user *user, const void *line, size_t len)
{
	char text[ROOM_LINE_MAX + 1];

	clean(text, line, len);
	if (user->name[0] == '\0')
		return take_name(user, text);
	if (text[0] == '/')
		return run_command(user, text);
	if (text[0] != '\0')
		room_say(user->room, user, "<%s> %s", user->name, text);
	return 0;
}

int
talk_too_long(struct user *user)
{
	if (user->name[0] == '\0')
		return take_name(user, "");
	return room_tell(user, "-- not said: it was longer than %d bytes",
	    ROOM_LINE_MAX);
}
