/*
 * ircd: an IRC server, with TLS.
 *
 * In one terminal:	./ircd -p 6667
 * In two others:	irssi -c 127.0.0.1, or ii -s 127.0.0.1 -n somebody
 * With TLS:		openssl req -x509 -newkey rsa:2048 -nodes -days 9 \
 *			    -subj /CN=localhost -keyout key.pem -out cert.pem
 *			./ircd -p 6667 -s 6697 -c cert.pem -k key.pem
 *			openssl s_client -quiet -crlf -connect 127.0.0.1:6697
 *
 * What one can say is in ircd_talk.c, who hears it in ircd_room.c: NICK, USER,
 * JOIN, PART, PRIVMSG, NOTICE, TOPIC, NAMES, PING, QUIT, and a little that
 * clients ask by themselves. There are no operators.
 *
 * Here are the connections and their limits: who has not registered in -r
 * seconds goes; who is silent is asked whether it is there, after -i seconds,
 * and has as long again to answer; who says more than -f lines a second, and
 * ten times as many at once, goes; so does who takes nothing of what waits for
 * it for a minute; and when all together hold more than 16 MiB, those who hold
 * most go.
 *
 * SIGTERM and SIGINT end it when the lines that have begun are complete,
 * within ten seconds; a second one ends it at once.
 */
#define _POSIX_C_SOURCE 200809L
#include <sys/types.h>
#include <sys/socket.h>
#include <netdb.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
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
#include "ircd.h"

#define BUDGET		(16 * 1024 * 1024)
#define SPARE		32	/* descriptors that are no connection's */
#define BURST		10	/* seconds, whose lines may come at once */
#define SECOND		1000000	/* in microseconds */

struct ircd {
	struct event_base *base;
	struct evchat_framing *any_end;	/* of a line: what we read */
	struct evchat_framing *crlf;	/* and what we write */
	struct evchat_listener *listeners[2];	/* plain, and for TLS */
	struct event *signals[2];
	struct room room;
#ifdef HAVE_OPENSSL
	SSL_CTX *tls;
#endif
};

static const struct timeval line_time = { 30, 0 };
static const struct timeval stall_time = { 60, 0 };
static const struct timeval grace = { 10, 0 };

/* The hooks */

/* Each line is worth some time, and no user may be far ahead of the clock. */
static int
is_flood(struct user *user)
{
	struct timespec ts;
	int64_t now;

	if (user->room->rate == 0 || clock_gettime(CLOCK_MONOTONIC, &ts) == -1)
		return 0;
	now = (int64_t)ts.tv_sec * SECOND + ts.tv_nsec / 1000;
	if (user->paid_until < now)
		user->paid_until = now;
	user->paid_until += SECOND / user->room->rate;
	return user->paid_until - now > BURST * SECOND;
}

static void
on_line(struct evchat *chat, const void *line, size_t len, void *arg)
{
	struct user *user = arg;

	user->is_asked = 0;
	if ((is_flood(user) ? talk_end(user, "Excess flood") :
	    talk_line(user, line, len)) == -1)
		evchat_free(chat);
}

/* Who has said QUIT in time is none who has registered, and may go as well. */
static void
on_deadline(evutil_socket_t fd, short what, void *arg)
{
	struct user *user = arg;

	(void)fd;
	(void)what;
	if (!is_registered(user) &&
	    talk_end(user, "You have not registered") == -1)
		evchat_free(user->chat);
}

/* A silent user is asked once; setting the time again is what lets it go on. */
static int
ask(struct user *user)
{
	if (evchat_get_reason(user->chat) != EVCHAT_REASON_READ_TIMEOUT ||
	    user->is_asked || !is_registered(user))
		return 0;	/* and the channel ends */
	user->is_asked = 1;
	if (talk_ping(user) == -1)
		return -1;
	return evchat_set_timeout(user->chat, EVCHAT_TIMEOUT_READ,
	    &user->room->idle);
}

static void
on_event(struct evchat *chat, enum evchat_event what, void *arg)
{
	struct user *user = arg;
	int status = 0;

	if (what == EVCHAT_EVENT_OVERSIZE)
		status = is_flood(user) ? talk_end(user, "Excess flood") :
		    talk_too_long(user);
	else if (what == EVCHAT_EVENT_TIMEOUT)
		status = ask(user);
	if (status == -1)
		evchat_free(chat);
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct user *user = arg;

	(void)chat;
	room_leave(user, why == EVCHAT_REASON_EOF ||
	    why == EVCHAT_REASON_TRUNCATED ? "hung up" :
	    evchat_reason_name(why));
	if (user->deadline != NULL)
		event_free(user->deadline);
	free(user);
}

static const struct evchat_hooks hooks = {
	.frame = on_line,
	.event = on_event,
	.closed = on_closed,
};

/* A connection */

static int
start_tls(struct ircd *ircd, struct evchat *chat)
{
#ifdef HAVE_OPENSSL
	if (evchat_get_listener(chat) == ircd->listeners[1])
		return evchat_starttls(chat, SSL_new(ircd->tls),
		    EVCHAT_TLS_ACCEPT, EVCHAT_TLS_ALLOW_TRUNCATION);
#endif
	(void)ircd;
	(void)chat;
	return 0;
}

/* Two framings: we are told lines with any end, and write what clients expect. */
static int
set_up(struct ircd *ircd, struct evchat *chat)
{
	if (evchat_set_framing(chat, ircd->any_end) == -1 ||
	    evchat_set_output_framing(chat, ircd->crlf) == -1 ||
	    evchat_set_max_frame(chat, LINE_MAX_IRC,
	    EVCHAT_OVERSIZE_DISCARD) == -1 || evchat_set_timeout(chat,
	    EVCHAT_TIMEOUT_READ, &ircd->room.idle) == -1 ||
	    evchat_set_timeout(chat, EVCHAT_TIMEOUT_FRAME, &line_time) == -1 ||
	    evchat_set_timeout(chat, EVCHAT_TIMEOUT_STALL, &stall_time) == -1 ||
	    evchat_set_timeout(chat, EVCHAT_TIMEOUT_UPGRADE,
	    &ircd->room.hurry) == -1 ||
	    evchat_group_add(ircd->room.group, chat) == -1)
		return -1;
	return start_tls(ircd, chat);
}

static int
set_deadline(struct ircd *ircd, struct user *user)
{
	user->deadline = evtimer_new(ircd->base, on_deadline, user);
	return user->deadline != NULL ?
	    evtimer_add(user->deadline, &ircd->room.hurry) : -1;
}

static void
on_accept(struct evchat_listener *listener, struct evchat *chat,
    const struct sockaddr *peer, int peerlen, void *arg)
{
	struct ircd *ircd = arg;
	struct user *user = calloc(1, sizeof(*user));

	(void)listener;
	if (user == NULL || evchat_set_hooks(chat, &hooks, user) == -1) {
		free(user);
		evchat_free(chat);
		return;
	}
	/* From here on closed frees it. */
	user->chat = chat;
	user->room = &ircd->room;
	if (getnameinfo(peer, (socklen_t)peerlen, user->host,
	    sizeof(user->host), NULL, 0, NI_NUMERICHOST) != 0 ||
	    set_up(ircd, chat) == -1 || set_deadline(ircd, user) == -1)
		evchat_free(chat);
}

/* The server */

/* When nothing is left in it, the loop ends. A second signal kills. */
static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	struct ircd *ircd = arg;
	int i;

	(void)number;
	(void)what;
	room_notice(&ircd->room, "The server is going down");
	ircd->room.is_closing = 1;
	for (i = 0; i < 2; i++) {
		event_del(ircd->signals[i]);
		if (ircd->listeners[i] != NULL && evchat_listener_stop(
		    ircd->listeners[i], &grace, NULL, NULL) == -1)
			event_base_loopbreak(ircd->base);
	}
}

static int
catch_signal(struct ircd *ircd, int i, int number)
{
	ircd->signals[i] = evsignal_new(ircd->base, number, on_signal, ircd);
	return ircd->signals[i] != NULL ?
	    event_add(ircd->signals[i], NULL) : -1;
}

static int
listen_on(struct ircd *ircd, int which, const char *port)
{
	char where[EVCHAT_ADDRESS_MAX];
	struct evchat_listener *listener;
	struct rlimit files;

	snprintf(where, sizeof(where), "127.0.0.1:%s", port);
	listener = evchat_listener_new_text(ircd->base, on_accept, ircd, 0, -1,
	    where);
	ircd->listeners[which] = listener;
	if (listener == NULL || evchat_listener_get_text(listener, where,
	    sizeof(where)) == -1 ||
	    getrlimit(RLIMIT_NOFILE, &files) == -1)
		return -1;
	/* The others wait. */
	if (files.rlim_cur > 2 * SPARE)
		evchat_listener_set_max(listener, (files.rlim_cur - SPARE) / 2);
	printf("listening on %s%s\n", where, which == 1 ? " for TLS" : "");
	return fflush(stdout);
}

/* -1: it says why */
static int
open_tls(struct ircd *ircd, const char *certificate, const char *key)
{
#ifdef HAVE_OPENSSL
	if (certificate != NULL && key != NULL && (ircd->tls =
	    evchat_ssl_server_ctx_new(certificate, key)) != NULL)
		return 0;
	ERR_print_errors_fp(stderr);
#endif
	(void)ircd;
	fprintf(stderr, "ircd: no TLS with %s and %s\n",
	    certificate != NULL ? certificate : "no certificate",
	    key != NULL ? key : "no key");
	return -1;
}

static int
open_ircd(struct ircd *ircd, const char *const ports[2])
{
	ircd->base = event_base_new();
	ircd->any_end = evchat_framing_line(EVBUFFER_EOL_ANY, 0);
	ircd->crlf = evchat_framing_line(EVBUFFER_EOL_CRLF_STRICT, 0);
	if (ircd->base == NULL || ircd->any_end == NULL || ircd->crlf == NULL ||
	    signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
	    (ircd->room.group = evchat_group_new(ircd->base, 0)) == NULL ||
	    evchat_group_set_budget(ircd->room.group, BUDGET,
	    EVCHAT_BUDGET_END) == -1 ||
	    catch_signal(ircd, 0, SIGINT) == -1 ||
	    catch_signal(ircd, 1, SIGTERM) == -1 ||
	    listen_on(ircd, 0, ports[0]) == -1)
		return -1;
	return ports[1] == NULL ? 0 : listen_on(ircd, 1, ports[1]);
}

static void
close_ircd(struct ircd *ircd)
{
	int i;

	ircd->room.is_closing = 1;
	for (i = 0; i < 2; i++) {
		evchat_listener_free(ircd->listeners[i]);
		if (ircd->signals[i] != NULL)
			event_free(ircd->signals[i]);
	}
	if (ircd->room.group != NULL)
		evchat_group_free_members(ircd->room.group);
	evchat_group_free(ircd->room.group);
	evchat_framing_free(ircd->any_end);
	evchat_framing_free(ircd->crlf);
	if (ircd->base != NULL) {
		event_base_loop(ircd->base, EVLOOP_NONBLOCK);
		event_base_free(ircd->base);
	}
#ifdef HAVE_OPENSSL
	SSL_CTX_free(ircd->tls);
#endif
}

/* -1: it is not one from 0 to max. */
static long
number_of(const char *text, long max)
{
	char *rest;
	long number = strtol(text, &rest, 10);

	return rest == text || *rest != '\0' || number < 0 || number > max ?
	    -1 : number;
}

int
main(int argc, char **argv)
{
	static struct ircd ircd = { .room.idle = { 120, 0 },
	    .room.hurry = { 30, 0 }, .room.rate = 10 };
	const char *certificate = NULL, *key = NULL;
	const char *ports[2] = { "0", NULL };
	int option, wrong = 0, status = -1;

	while ((option = getopt(argc, argv, "p:s:c:k:i:r:f:")) != -1) {
		if (option == 'p')
			ports[0] = optarg;
		else if (option == 's')
			ports[1] = optarg;
		else if (option == 'i')
			wrong |= (ircd.room.idle.tv_sec =
			    number_of(optarg, 86400)) < 1;
		else if (option == 'r')
			wrong |= (ircd.room.hurry.tv_sec =
			    number_of(optarg, 86400)) < 1;
		else if (option == 'f')
			wrong |= (ircd.room.rate =
			    number_of(optarg, SECOND)) == -1;
		else if (option == 'c')
			certificate = optarg;
		else if (option == 'k')
			key = optarg;
		else
			wrong = 1;
	}
	if (wrong || optind < argc) {
		fprintf(stderr, "usage: ircd [-p port] [-i seconds] "
		    "[-r seconds] [-f lines]" TLS_USAGE "\n");
		return 2;
	}
	if (ports[1] != NULL && open_tls(&ircd, certificate, key) == -1)
		return 1;
	if (open_ircd(&ircd, ports) == 0)
		status = event_base_dispatch(ircd.base);
	if (status == -1)
		perror("ircd");
	close_ircd(&ircd);
	return status == -1;
}
