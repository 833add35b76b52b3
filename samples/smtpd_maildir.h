#ifndef SMTPD_MAILDIR_H
#define SMTPD_MAILDIR_H

/*
 * Messages on their way into a maildir. What was said to be delivered is on
 * the disk, whole, and nothing else is ever seen in new/.
 */

#include <stddef.h>

struct maildir {
	int tmp, new;			/* its directories */
	unsigned count;			/* of this process, for names */
};

struct message {
	int fd;				/* -1: none */
	char name[80];			/* in tmp/, and then in new/ */
};

/* Make what is missing. 0, or -1 with errno. */
int maildir_open(struct maildir *maildir, const char *path);

/* These too; a message that has failed is to be dropped. */
int message_begin(struct message *message, struct maildir *maildir);
int message_write(struct message *message, const void *data, size_t len);
/* The message is there, whatever happens now. */
int message_deliver(struct message *message, struct maildir *maildir);
void message_drop(struct message *message, struct maildir *maildir);

#endif
