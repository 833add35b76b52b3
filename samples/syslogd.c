/*
 * syslogd: writes down what others log, as it comes over TCP and TLS.
 *
 * In one terminal:	./syslogd -p 4000
 * In another:		logger -T -n 127.0.0.1 -P 4000 --octet-count hello
 *			logger -T -n 127.0.0.1 -P 4000 hello
 * With TLS:		openssl req -x509 -newkey rsa:2048 -nodes -days 9 \
 *			    -subj /CN=localhost -keyout key.pem -out cert.pem
 *			./syslogd -p 4000 -s 4001 -c cert.pem -k key.pem
 *			echo '<13>hello' | openssl s_client -quiet \
 *			    -no_ign_eof -connect 127.0.0.1:4001
 *
 * RFC 6587 has two ways to say where a message ends: with its length before
 * it, or with a line end behind it. Each message tells by its first byte which
 * it is: no message begins with a digit, and no length with anything else. So
 * that byte is taken as a frame, put back, and the framing set by which the
 * message is read.
 *
 * A message becomes a line: who sent it, its facility and severity, and the
 * rest, with an octal number for what no line can have. What is longer than
 * 8192 bytes is cut there. -o names a file for all this, which SIGHUP has
 * opened anew. -t says how many seconds a message, or a handshake, may take.
 * SIGTERM and SIGINT end it when the messages that have begun are complete,
 * within ten seconds; a second one ends it at once.
 */
#define _POSIX_C_SOURCE 200809L
#include <sys/types.h>
#include <sys/socket.h>
#include <ctype.h>
#include <netdb.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>
#include <event2/event.h>
#include <evchat.h>
#ifdef HAVE_OPENSSL
#include <openssl/err.h>
#include <evchat/openssl.h>
#define TLS_USAGE	" [-s port -c certificate -k key]"
#else
#define TLS_USAGE	""
#endif

#define MESSAGE_MAX	8192
#define SPARE		32	/* descriptors that are no connection's */

struct syslogd {
	struct event_base *base;
	struct evchat_framing *byte;
	struct evchat_framing *counted;
	struct evchat_framing *lines;
	struct evchat_listener *listeners[2];	/* plain, and for TLS */
	int listening;		/* of these, those that have not stopped */
	struct event *hangup;
	struct event *flush;	/* when there is nothing more to read */
	const char *path;	/* NULL: it goes to stdout */
	FILE *log;		/* NULL: it could not be opened anew */
	struct timeval patience;	/* with what has begun */
	int failed;
#ifdef HAVE_OPENSSL
	SSL_CTX *tls;
#endif
};

struct sender {
	struct syslogd *syslogd;
	char host[64];
	int is_inside;		/* a message: its first byte was looked at */
};

static const struct timeval grace = { 10, 0 };

/* Writing down */

/* RFC 5424, 6.2.1 */
static const char *const facilities[] = { "kern", "user", "mail", "daemon",
    "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
    "audit", "alert", "clock", "local0", "local1", "local2", "local3",
    "local4", "local5", "local6", "local7" };
static const char *const severities[] = { "emerg", "alert", "crit", "err",
    "warning", "notice", "info", "debug" };

/* Read "<priority>". The length of it; 0: there is none, and it is user.notice. */
static size_t
read_priority(const unsigned char *text, size_t len, unsigned *priority)
{
	unsigned number = 0;
	size_t i;

	*priority = 13;
	if (len < 3 || text[0] != '<')
		return 0;
	for (i = 1; i < len && i < 4 && isdigit(text[i]); i++)
		number = number * 10 + text[i] - '0';
	if (i == 1 || i == len || text[i] != '>' || number > 191)
		return 0;
	*priority = number;
	return i + 1;
}

/* Nothing of a message can look like the end of its line, or move a cursor. */
static void
write_text(FILE *log, const unsigned char *text, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++)
		if (text[i] < ' ' || text[i] == 0x7f || text[i] == '\\')
			fprintf(log, "\\%03o", text[i]);
		else
			putc(text[i], log);
}

static void
write_message(struct sender *sender, const unsigned char *text, size_t len)
{
	FILE *log = sender->syslogd->log;
	unsigned priority;
	size_t skip;

	while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\r' ||
	    text[len - 1] == '\0'))
		len--;
	if (len == 0 || log == NULL)
		return;
	skip = read_priority(text, len, &priority);
	fprintf(log, "%s %s.%s ", sender->host, facilities[priority / 8],
	    severities[priority % 8]);
	write_text(log, text + skip, len - skip);
	putc('\n', log);
	event_active(sender->syslogd->flush, 0, 0);
}

/* It waits for the disk, and the senders for it. What is lost is not hidden. */
static void
on_flush(evutil_socket_t fd, short what, void *arg)
{
	struct syslogd *syslogd = arg;

	(void)fd;
	(void)what;
	if (syslogd->log != NULL && fflush(syslogd->log) == 0 &&
	    !ferror(syslogd->log))
		return;
	perror("syslogd: cannot write");
	syslogd->failed = 1;
	event_base_loopbreak(syslogd->base);
}

static int
open_log(struct syslogd *syslogd)
{
	syslogd->log = syslogd->path != NULL ? fopen(syslogd->path, "a") :
	    stdout;
	return syslogd->log != NULL ? 0 : -1;
}

/* The hooks */

static int
begin_message(struct sender *sender, struct evchat *chat, const char *first)
{
	struct syslogd *syslogd = sender->syslogd;

	if (evchat_unread(chat, first, 1) == -1)
		return -1;
	sender->is_inside = 1;
	return evchat_set_framing(chat, isdigit((unsigned char)*first) ?
	    syslogd->counted : syslogd->lines);
}

static void
on_frame(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct sender *sender = arg;
	int status;

	if (!sender->is_inside)
		status = begin_message(sender, chat, data);
	else {
		write_message(sender, data, len);
		sender->is_inside = 0;
		status = evchat_set_framing(chat, sender->syslogd->byte);
	}
	if (status == -1)
		evchat_free(chat);
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct sender *sender = arg;

	if (why != EVCHAT_REASON_EOF && why != EVCHAT_REASON_DONE)
		fprintf(stderr, "syslogd: %s: %s: %s\n", sender->host,
		    evchat_reason_name(why), evchat_get_error(chat));
	free(sender);
}

static const struct evchat_hooks hooks = {
	.frame = on_frame,
	.closed = on_closed,
};

/* A connection */

static int
start_tls(struct syslogd *syslogd, struct evchat *chat)
{
#ifdef HAVE_OPENSSL
	if (evchat_get_listener(chat) == syslogd->listeners[1])
		return evchat_starttls(chat, SSL_new(syslogd->tls),
		    EVCHAT_TLS_ACCEPT, 0);
#endif
	(void)syslogd;
	(void)chat;
	return 0;
}

/* Who has nothing to log may be silent for ever. */
static void
on_accept(struct evchat_listener *listener, struct evchat *chat,
    const struct sockaddr *peer, int peerlen, void *arg)
{
	struct syslogd *syslogd = arg;
	struct sender *sender = calloc(1, sizeof(*sender));

	(void)listener;
	if (sender == NULL || evchat_set_hooks(chat, &hooks, sender) == -1) {
		free(sender);
		evchat_free(chat);
		return;
	}
	/* From here on closed frees it. */
	sender->syslogd = syslogd;
	if (getnameinfo(peer, (socklen_t)peerlen, sender->host,
	    sizeof(sender->host), NULL, 0, NI_NUMERICHOST) != 0 ||
	    evchat_set_framing(chat, syslogd->byte) == -1 ||
	    evchat_set_max_frame(chat, MESSAGE_MAX,
	    EVCHAT_OVERSIZE_TRUNCATE) == -1 || evchat_set_timeout(chat,
	    EVCHAT_TIMEOUT_FRAME, &syslogd->patience) == -1 ||
	    evchat_set_timeout(chat, EVCHAT_TIMEOUT_UPGRADE,
	    &syslogd->patience) == -1 || start_tls(syslogd, chat) == -1)
		evchat_free(chat);
}

/* The server */

static void
on_hangup(evutil_socket_t number, short what, void *arg)
{
	struct syslogd *syslogd = arg;

	(void)number;
	(void)what;
	if (syslogd->path == NULL)
		return;
	if (syslogd->log != NULL && fclose(syslogd->log) == EOF)
		perror("syslogd: cannot write");
	(void)open_log(syslogd);
	on_flush(-1, 0, syslogd);
}

/* With the last one the loop has nothing more to wait for. */
static void
on_stopped(struct evchat_listener *listener, void *arg)
{
	struct syslogd *syslogd = arg;

	(void)listener;
	if (--syslogd->listening == 0)
		event_del(syslogd->hangup);
}

static int
listen_on(struct syslogd *syslogd, int which, const char *port)
{
	char where[EVCHAT_ADDRESS_MAX];
	struct evchat_listener *listener;
	struct rlimit files;

	snprintf(where, sizeof(where), "127.0.0.1:%s", port);
	listener = evchat_listener_new_text(syslogd->base, on_accept, syslogd,
	    EVCHAT_OPT_DELIVER_LAST, -1, where);
	syslogd->listeners[which] = listener;
	if (listener == NULL || evchat_listener_stop_on(listener, SIGINT,
	    &grace, on_stopped, syslogd) == -1 || evchat_listener_stop_on(
	    listener, SIGTERM, &grace, on_stopped, syslogd) == -1 ||
	    evchat_listener_get_text(listener, where, sizeof(where)) == -1 ||
	    getrlimit(RLIMIT_NOFILE, &files) == -1)
		return -1;
	syslogd->listening++;
	/* The others wait. */
	if (files.rlim_cur > 2 * SPARE)
		evchat_listener_set_max(listener, (files.rlim_cur - SPARE) / 2);
	printf("listening on %s%s\n", where, which == 1 ? " for TLS" : "");
	return fflush(stdout);
}

/* -1: it says why */
static int
open_tls(struct syslogd *syslogd, const char *certificate, const char *key)
{
#ifdef HAVE_OPENSSL
	if (certificate != NULL && key != NULL && (syslogd->tls =
	    evchat_ssl_server_ctx_new(certificate, key)) != NULL)
		return 0;
	ERR_print_errors_fp(stderr);
#endif
	(void)syslogd;
	fprintf(stderr, "syslogd: no TLS with %s and %s\n",
	    certificate != NULL ? certificate : "no certificate",
	    key != NULL ? key : "no key");
	return -1;
}

static int
open_syslogd(struct syslogd *syslogd, const char *const ports[2])
{
	syslogd->base = event_base_new();
	syslogd->byte = evchat_framing_fixed(1);
	syslogd->counted = evchat_framing_octet_count(0);
	syslogd->lines = evchat_framing_line(EVBUFFER_EOL_LF, 0);
	if (syslogd->base == NULL || syslogd->byte == NULL ||
	    syslogd->counted == NULL || syslogd->lines == NULL ||
	    open_log(syslogd) == -1)
		return -1;
	syslogd->flush = event_new(syslogd->base, -1, 0, on_flush, syslogd);
	syslogd->hangup = evsignal_new(syslogd->base, SIGHUP, on_hangup,
	    syslogd);
	if (syslogd->flush == NULL || syslogd->hangup == NULL ||
	    event_add(syslogd->hangup, NULL) == -1 ||
	    signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
	    listen_on(syslogd, 0, ports[0]) == -1)
		return -1;
	return ports[1] == NULL ? 0 : listen_on(syslogd, 1, ports[1]);
}

static void
close_syslogd(struct syslogd *syslogd)
{
	int i;

	for (i = 0; i < 2; i++)
		evchat_listener_free(syslogd->listeners[i]);
	if (syslogd->hangup != NULL)
		event_free(syslogd->hangup);
	if (syslogd->flush != NULL)
		event_free(syslogd->flush);
	if (syslogd->base != NULL) {
		event_base_loop(syslogd->base, EVLOOP_NONBLOCK);
		event_base_free(syslogd->base);
	}
	evchat_framing_free(syslogd->byte);
	evchat_framing_free(syslogd->counted);
	evchat_framing_free(syslogd->lines);
#ifdef HAVE_OPENSSL
	SSL_CTX_free(syslogd->tls);
#endif
	if (syslogd->log != NULL && fclose(syslogd->log) == EOF)
		syslogd->failed = 1;
}

/* -1: it is none, or too long. */
static long
seconds_of(const char *text)
{
	char *rest;
	long number = strtol(text, &rest, 10);

	return rest == text || *rest != '\0' || number < 1 ||
	    number > 86400 ? -1 : number;
}

int
main(int argc, char **argv)
{
	static struct syslogd syslogd = { .patience = { 30, 0 } };
	const char *certificate = NULL, *key = NULL;
	const char *ports[2] = { "0", NULL };
	int option, wrong = 0;

	while ((option = getopt(argc, argv, "p:s:c:k:o:t:")) != -1) {
		if (option == 'p')
			ports[0] = optarg;
		else if (option == 's')
			ports[1] = optarg;
		else if (option == 't')
			wrong |= (syslogd.patience.tv_sec =
			    seconds_of(optarg)) == -1;
		else if (option == 'c')
			certificate = optarg;
		else if (option == 'k')
			key = optarg;
		else if (option == 'o')
			syslogd.path = optarg;
		else
			wrong = 1;
	}
	if (wrong || optind < argc) {
		fprintf(stderr, "usage: syslogd [-p port] [-o file] "
		    "[-t seconds]" TLS_USAGE "\n");
		return 2;
	}
	if (ports[1] != NULL && open_tls(&syslogd, certificate, key) == -1)
		return 1;
	if (open_syslogd(&syslogd, ports) == -1 ||
	    event_base_dispatch(syslogd.base) == -1) {
		perror("syslogd");
		syslogd.failed = 1;
	}
	close_syslogd(&syslogd);
	return syslogd.failed;
}
