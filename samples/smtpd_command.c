/*
 * The commands of SMTP: each function checks its arguments and whether it is
 * in order (RFC 5321, 4.1.4), and returns a reply of one line, with an
 * enhanced status code (RFC 3463).
 */
#define _POSIX_C_SOURCE 200809L
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <evchat.h>
#ifdef HAVE_OPENSSL
#include <evchat/openssl.h>
#endif
#include "smtpd_command.h"
#include "smtpd_session.h"

struct command {
	const char *name;
	const char *(*run)(struct session *session, const char *rest);
};

static const char *
greet(struct session *session, const char *name, bool is_extended)
{
	size_t len = strcspn(name, " ");

	/* It is going to stand in a head line of the message. */
	if (len == 0 || len >= sizeof(session->helo) ||
	    strpbrk(name, "\r\n") != NULL)
		return "501 5.5.4 Say who you are";
	session_reset(session);
	memcpy(session->helo, name, len);
	session->helo[len] = '\0';
	session->is_extended = is_extended;
	return NULL;
}

static const char *
run_helo(struct session *session, const char *rest)
{
	static const char ok[] = "250 Hello";
	const char *wrong = greet(session, rest, false);

	return wrong != NULL ? wrong : ok;
}

static const char *
run_ehlo(struct session *session, const char *rest)
{
	const struct smtpd *smtpd = session->smtpd;
	const char *wrong = greet(session, rest, true);

	if (wrong != NULL)
		return wrong;
	if (evchat_push_printf(session->chat, "250-%s\r\n250-PIPELINING\r\n"
	    "250-SIZE %llu\r\n250-ENHANCEDSTATUSCODES\r\n%s", smtpd->name,
	    (unsigned long long)smtpd->size_max,
	    smtpd->tls != NULL && !session->has_tls ? "250-STARTTLS\r\n" :
	    "") == -1)
		return "421 4.3.0 No memory";
	return "250 8BITMIME";
}

/*
 * "<path>" and what follows; a source route, "@a,@b:", is dropped (4.1.1.3).
 * NULL if it is none.
 */
static const char *
get_path(const char *rest, char *path)
{
	const char *end;
	size_t len;

	while (*rest == ' ')
		rest++;
	if (*rest++ != '<' || (end = strchr(rest, '>')) == NULL)
		return NULL;
	if (*rest == '@' && memchr(rest, ':', (size_t)(end - rest)) != NULL)
		rest = strchr(rest, ':') + 1;
	len = (size_t)(end - rest);
	if (len > PATH_MAX_LEN || (end[1] != '\0' && end[1] != ' '))
		return NULL;
	for (const char *p = rest; p < end; p++)
		if (*p == ' ' || *p == '<' || iscntrl((unsigned char)*p))
			return NULL;
	memcpy(path, rest, len);
	path[len] = '\0';
	return end + 1;
}

/* SIZE= (RFC 1870) and BODY= (RFC 6152); NULL: nothing is wrong with them. */
static const char *
check_parameters(const struct session *session, const char *p)
{
	unsigned long long size;
	char *end;

	for (p += strspn(p, " "); *p != '\0'; p += strspn(p, " ")) {
		size_t len = strcspn(p, " ");

		if (!session->is_extended)
			return "555 5.5.4 Parameters are for EHLO";
		if (strncasecmp(p, "SIZE=", 5) == 0 &&
		    isdigit((unsigned char)p[5])) {
			size = strtoull(p + 5, &end, 10);
			if (end != p + len)
				return "501 5.5.4 Bad SIZE";
			if (size > session->smtpd->size_max)
				return "552 5.3.4 Message too big";
		} else if ((len != 9 || strncasecmp(p, "BODY=7BIT", 9) != 0) &&
		    (len != 13 || strncasecmp(p, "BODY=8BITMIME", 13) != 0))
			return "555 5.5.4 Unknown parameter";
		p += len;
	}
	return NULL;
}

static const char *
run_mail(struct session *session, const char *rest)
{
	const char *wrong;

	if (session->helo[0] == '\0')
		return "503 5.5.1 Say EHLO first";
	if (session->has_sender)
		return "503 5.5.1 Sender already given";
	if (strncasecmp(rest, "FROM:", 5) != 0 ||
	    (rest = get_path(rest + 5, session->sender)) == NULL)
		return "501 5.5.4 MAIL FROM:<address>";
	if ((wrong = check_parameters(session, rest)) != NULL)
		return wrong;
	session->has_sender = true;
	return "250 2.1.0 Sender ok";
}

static int
add_recipient(struct session *session, const char *path)
{
	static const char name[] = "Delivered-To: ";
	size_t size = session->recipients_len + sizeof(name) + 2 +
	    strlen(path);
	char *lines = realloc(session->recipients, size);

	if (lines == NULL)
		return -1;
	session->recipients = lines;
	session->recipients_len += (size_t)snprintf(
	    lines + session->recipients_len, size - session->recipients_len,
	    "%s%s\r\n", name, path);
	session->n_recipients++;
	return 0;
}

static const char *
run_rcpt(struct session *session, const char *rest)
{
	char path[PATH_MAX_LEN + 1];

	if (!session->has_sender)
		return "503 5.5.1 Say MAIL first";
	if (strncasecmp(rest, "TO:", 3) != 0 ||
	    (rest = get_path(rest + 3, path)) == NULL || path[0] == '\0')
		return "501 5.5.4 RCPT TO:<address>";
	if (rest[strspn(rest, " ")] != '\0')
		return "555 5.5.4 Unknown parameter";
	if (session->n_recipients == RECIPIENTS_MAX)
		return "452 4.5.3 Too many recipients";
	if (add_recipient(session, path) == -1)
		return "451 4.3.0 No memory";
	return "250 2.1.5 Recipient ok";
}

/* What is known of the message goes in front of it (4.4). */
static int
write_head(struct session *session)
{
	char head[1024], date[64] = "";
	time_t now = time(NULL);
	struct tm tm;
	int n;

	if (gmtime_r(&now, &tm) != NULL)
		strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S +0000",
		    &tm);
	n = snprintf(head, sizeof(head), "Return-Path: <%s>\r\n"
	    "Received: from %s (%s)\r\n\tby %s with %sSMTP%s; %s\r\n",
	    session->sender, session->helo, session->peer,
	    session->smtpd->name, session->is_extended ? "E" : "",
	    session->has_tls ? "S" : "", date);
	if (n < 0 || (size_t)n >= sizeof(head))
		return -1;
	if (message_write(&session->message, head, (size_t)n) == -1)
		return -1;
	return message_write(&session->message, session->recipients,
	    session->recipients_len);
}

static const char *
run_data(struct session *session, const char *rest)
{
	if (*rest != '\0')
		return "501 5.5.4 DATA has no parameters";
	if (session->n_recipients == 0)
		return "503 5.5.1 Say RCPT first";
	if (message_begin(&session->message, &session->smtpd->maildir) == -1 ||
	    write_head(session) == -1) {
		message_drop(&session->message, &session->smtpd->maildir);
		return "451 4.3.0 Cannot write the message";
	}
	if (session_expect_message(session) == -1)
		return "421 4.3.0 No memory";
	return "354 End with a dot on a line";
}

static const char *
run_rset(struct session *session, const char *rest)
{
	if (*rest != '\0')
		return "501 5.5.4 RSET has no parameters";
	session_reset(session);
	return "250 2.0.0 Ok";
}

static const char *
run_noop(struct session *session, const char *rest)
{
	(void)session;
	(void)rest;
	return "250 2.0.0 Ok";
}

static const char *
run_vrfy(struct session *session, const char *rest)
{
	(void)session;
	return *rest == '\0' ? "501 5.5.4 VRFY whom?" :
	    "252 2.1.5 Send a message, and see";
}

static const char *
run_quit(struct session *session, const char *rest)
{
	(void)session;
	(void)rest;
	return "221 2.0.0 Bye";
}

static const char *
run_missing(struct session *session, const char *rest)
{
	(void)session;
	(void)rest;
	return "502 5.5.1 Not implemented";
}

#ifdef HAVE_OPENSSL
/* The reply leaves in clear, and the channel refuses what came before it. */
static const char *
run_starttls(struct session *session, const char *rest)
{
	if (session->smtpd->tls == NULL)
		return "502 5.5.1 Not implemented";
	if (*rest != '\0')
		return "501 5.5.4 STARTTLS has no parameters";
	if (session->has_tls)
		return "503 5.5.1 TLS is there";
	if (evchat_push_printf(session->chat,
	    "220 2.0.0 Go ahead\r\n") == -1 ||
	    evchat_starttls(session->chat, SSL_new(session->smtpd->tls),
	    EVCHAT_TLS_ACCEPT, 0) == -1)
		return "421 4.3.0 No memory";
	session_reset(session);
	session->helo[0] = '\0';
	session->has_tls = true;
	return NULL;
}
#else
#define run_starttls run_missing
#endif

static const struct command table[] = {
	{ "EHLO", run_ehlo }, { "HELO", run_helo }, { "MAIL", run_mail },
	{ "RCPT", run_rcpt }, { "DATA", run_data }, { "RSET", run_rset },
	{ "NOOP", run_noop }, { "VRFY", run_vrfy }, { "QUIT", run_quit },
	{ "STARTTLS", run_starttls }, { "EXPN", run_missing },
	{ "HELP", run_missing },
};

const char *
command_run(struct session *session, const char *line)
{
	size_t len = strcspn(line, " ");

	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (len == strlen(table[i].name) &&
		    strncasecmp(line, table[i].name, len) == 0)
			return table[i].run(session,
			    line + len + strspn(line + len, " "));
	return "500 5.5.2 Unknown command";
}
