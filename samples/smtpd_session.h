#ifndef SMTPD_SESSION_H
#define SMTPD_SESSION_H

/* One client: what is known of it, and of the message that it sends. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/time.h>
#include "smtpd_maildir.h"

#define COMMAND_MAX	510	/* RFC 5321, 4.5.3.1.4, without CR LF; */
#define LINE_MAX_LEN	1000	/* .6, with them; */
#define PATH_MAX_LEN	256	/* .3; */
#define RECIPIENTS_MAX	100	/* and .8 */

struct evchat;
struct evchat_framing;
struct ssl_ctx_st;

struct smtpd {
	const char *name;		/* of this host */
	struct maildir maildir;
	uint64_t size_max;		/* of a message */
	struct timeval patience;	/* a command; a message, 10 times */
	struct evchat_framing *lines, *dot;
	struct ssl_ctx_st *tls;		/* NULL: there is no STARTTLS */
};

struct session {
	struct smtpd *smtpd;
	struct evchat *chat;
	char peer[64];
	char helo[PATH_MAX_LEN];	/* "": it has not said who it is */
	bool is_extended;		/* by EHLO */
	bool has_tls;
	bool too_long;			/* the command that comes next */
	unsigned errors;
	/* The message */
	bool has_sender;
	char sender[PATH_MAX_LEN + 1];
	char *recipients;		/* lines for the message's head */
	size_t recipients_len;
	unsigned n_recipients;
	struct message message;
	size_t line_len;		/* of its line that is coming */
	const char *refusal;		/* of it; NULL: all is well */
};

/* Serve a channel that was just made; if that cannot be, it is freed. */
void session_new(struct smtpd *smtpd, struct evchat *chat, const char *peer);

/* No message is under way (RFC 5321, 4.1.1.5). */
void session_reset(struct session *session);
/* What comes next is a message, or is commands. -1: it is of no more use. */
int session_expect_message(struct session *session);
int session_expect_commands(struct session *session);

#endif
