/*
 * An SMTP session (RFC 5321): commands are lines, a message is a block that
 * ends with a dot. Which of them comes next is said by the hooks, commands or
 * message, and a framing for each. A hook that changes them has the very next
 * byte taken so, and the answers to pipelined commands (RFC 2920) are in order
 * by themselves.
 *
 * A message goes to the disk as it comes. What is wrong with it is noted on
 * the way, and said when it has ended: before that, a client does not listen.
 */
#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <evchat.h>
#include "smtpd_command.h"
#include "smtpd_session.h"

#define ERRORS_MAX	20

static const struct evchat_hooks commands, message;

/* Replies: one line each, but for that to EHLO */

static void
reply(struct session *session, const char *line)
{
	bool is_error = line[0] == '4' || line[0] == '5';

	if (is_error && ++session->errors >= ERRORS_MAX)
		line = "421 4.7.0 Too many errors";
	if (evchat_push_printf(session->chat, "%s\r\n", line) == -1)
		evchat_free(session->chat);
	else if (strncmp(line, "421", 3) == 0 || strncmp(line, "221", 3) == 0)
		evchat_close_when_done(session->chat);
}

void
session_reset(struct session *session)
{
	session->has_sender = false;
	session->n_recipients = 0;
	session->recipients_len = 0;
	free(session->recipients);
	session->recipients = NULL;
	message_drop(&session->message, &session->smtpd->maildir);
	session->refusal = NULL;
	session->line_len = 0;
}

/* The hooks */

static void
on_command(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct session *session = arg;
	char line[COMMAND_MAX + 1];
	const char *text;

	(void)chat;
	if (session->too_long || memchr(data, '\0', len) != NULL) {
		reply(session, session->too_long ?
		    "500 5.5.2 Line too long" : "500 5.5.2 A byte of zero");
		session->too_long = false;
		return;
	}
	memcpy(line, data, len);
	while (len > 0 && line[len - 1] == ' ')
		len--;
	line[len] = '\0';
	if ((text = command_run(session, line)) != NULL)
		reply(session, text);
}

static void
on_piece(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct session *session = arg;
	const char *p = data, *end = p + len, *line_end;

	(void)chat;
	for (; p < end && session->refusal == NULL; p = line_end + 1) {
		line_end = memchr(p, '\n', (size_t)(end - p));
		session->line_len += (size_t)((line_end != NULL ?
		    line_end + 1 : end) - p);
		if (session->line_len > LINE_MAX_LEN)
			session->refusal = "554 5.6.0 A line is too long";
		if (line_end == NULL)
			break;
		session->line_len = 0;
	}
	if (session->refusal == NULL &&
	    message_write(&session->message, data, len) == -1)
		session->refusal = "451 4.3.0 Cannot write the message";
}

int
session_expect_commands(struct session *session)
{
	struct evchat *chat = session->chat;
	const struct smtpd *smtpd = session->smtpd;

	if (evchat_set_hooks(chat, &commands, session) == -1 ||
	    evchat_set_framing(chat, smtpd->lines) == -1 ||
	    evchat_set_max_frame(chat, COMMAND_MAX,
	    EVCHAT_OVERSIZE_TRUNCATE) == -1)
		return -1;
	return evchat_set_timeout(chat, EVCHAT_TIMEOUT_FRAME,
	    &smtpd->patience);
}

int
session_expect_message(struct session *session)
{
	struct timeval patience = session->smtpd->patience;

	patience.tv_sec *= 10;
	if (evchat_set_hooks(session->chat, &message, session) == -1 ||
	    evchat_set_framing(session->chat, session->smtpd->dot) == -1 ||
	    evchat_set_max_frame(session->chat, session->smtpd->size_max,
	    EVCHAT_OVERSIZE_TRUNCATE) == -1)
		return -1;
	return evchat_set_timeout(session->chat, EVCHAT_TIMEOUT_FRAME,
	    &patience);
}

static void
on_message(struct evchat *chat, void *arg)
{
	struct session *session = arg;
	const char *text = session->refusal;

	if (text == NULL)
		text = message_deliver(&session->message,
		    &session->smtpd->maildir) == 0 ? "250 2.0.0 Delivered" :
		    "451 4.3.0 Cannot keep the message";
	session_reset(session);
	if (session_expect_commands(session) == -1)
		evchat_free(chat);
	else
		reply(session, text);
}

static void
on_event(struct evchat *chat, enum evchat_event what, void *arg)
{
	struct session *session = arg;

	(void)chat;
	if (what == EVCHAT_EVENT_TIMEOUT)
		reply(session, "421 4.4.2 You are too slow");
	else if (what == EVCHAT_EVENT_LAST)
		reply(session, "421 4.3.2 Going down");
	else if (what == EVCHAT_EVENT_OVERSIZE && session->message.fd == -1)
		session->too_long = true;
	else if (what == EVCHAT_EVENT_OVERSIZE)
		session->refusal = "552 5.3.4 Message too big";
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct session *session = arg;

	if (why != EVCHAT_REASON_DONE && why != EVCHAT_REASON_EOF)
		fprintf(stderr, "%s: %s: %s\n", session->peer,
		    evchat_reason_name(why), evchat_get_error(chat));
	session_reset(session);
	free(session);
}

static const struct evchat_hooks commands = {
	.frame = on_command,
	.event = on_event,
	.closed = on_closed,
};

static const struct evchat_hooks message = {
	.collect = on_piece,
	.found = on_message,
	.event = on_event,
	.closed = on_closed,
};

void
session_new(struct smtpd *smtpd, struct evchat *chat, const char *peer)
{
	struct session *session = calloc(1, sizeof(*session));

	if (session == NULL) {
		evchat_free(chat);
		return;
	}
	session->smtpd = smtpd;
	session->chat = chat;
	session->message.fd = -1;
	snprintf(session->peer, sizeof(session->peer), "%s", peer);
	if (evchat_set_hooks(chat, &commands, session) == -1)
		free(session);
	else if (session_expect_commands(session) == -1 ||
	    evchat_set_timeout(chat, EVCHAT_TIMEOUT_READ,
	    &smtpd->patience) == -1 ||
	    evchat_set_timeout(chat, EVCHAT_TIMEOUT_STALL,
	    &smtpd->patience) == -1 || evchat_push_printf(chat,
	    "220 %s ESMTP\r\n", smtpd->name) == -1)
		evchat_free(chat);
}
