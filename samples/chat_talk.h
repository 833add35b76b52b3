#ifndef CHAT_TALK_H
#define CHAT_TALK_H

/*
 * What users of the chat sample type, and what it means. -1 says that the
 * connection is of no more use.
 */

#include <stddef.h>

struct user;

int talk_greet(struct user *user);
int talk_line(struct user *user, const void *line, size_t len);
/* Instead of a line that was too long. */
int talk_too_long(struct user *user);

#endif
