/*
 * A listener and its channels, which note what they are told; door_clients.c
 * has those who knock.
 */

#define _DEFAULT_SOURCE /* mkdtemp */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>
#include "door.h"

#define DESCRIPTORS 1100
#define GUARD_TICKS 500 /* of 20 ms */

long
door_descriptors(void)
{
	struct pollfd fds[DESCRIPTORS];
	nfds_t n = (nfds_t)sysconf(_SC_OPEN_MAX), i;
	long open = 0;

	if (n > DESCRIPTORS)
		n = DESCRIPTORS;
	memset(fds, 0, sizeof(fds));
	for (i = 0; i < n; i++)
		fds[i].fd = (int)i;
	harness_must(poll(fds, n, 0) >= 0, "poll");
	for (i = 0; i < n; i++)
		open += (fds[i].revents & POLLNVAL) == 0;
	return open;
}

/* Transcript */

void
door_note(struct door *d, const char *fmt, ...)
{
	va_list ap;
	int len;

	if (d->len > 0)
		d->text[d->len++] = '|';
	va_start(ap, fmt);
	len = vsnprintf(d->text + d->len, sizeof(d->text) - d->len, fmt, ap);
	va_end(ap);
	harness_must(len >= 0 && (size_t)len < sizeof(d->text) - d->len - 1,
	    "room in the transcript");
	d->len += (size_t)len;
}

void
door_expect(struct door *d, const char *transcript)
{
	ck_assert_str_eq(d->text, transcript);
}

/* Callbacks */

static void
on_frame(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct door *d = arg;

	if (!d->quiet)
		door_note(d, "frame:%.*s", (int)len, (const char *)data);
	if (evchat_push_frame(chat, data, len) == -1)
		door_note(d, "refused");
	if (d->script.frame != NULL)
		d->script.frame(d, chat);
}

static void
on_event(struct evchat *chat, enum evchat_event what, void *arg)
{
	struct door *d = arg;

	if (what != EVCHAT_EVENT_EOF && what != EVCHAT_EVENT_LAST)
		return;
	if (what == EVCHAT_EVENT_LAST && !d->quiet)
		door_note(d, "last");
	if (d->script.event != NULL)
		d->script.event(d, chat);
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct door *d = arg;

	if (!d->quiet)
		door_note(d, "closed:%s", evchat_reason_name(why));
	d->living--;
	if (d->script.closed != NULL)
		d->script.closed(d, chat);
	if (d->last == chat)
		d->last = NULL;
}

static const struct evchat_hooks hooks = {
	.frame = on_frame, .event = on_event, .closed = on_closed
};

static void
on_accept(struct evchat_listener *listener, struct evchat *chat,
    const struct sockaddr *peer, int peerlen, void *arg)
{
	struct door *d = arg;

	harness_must(listener == d->listener, "the listener is told");
	if (!d->quiet)
		door_note(d, "accept");
	memcpy(&d->peer, peer, (size_t)peerlen);
	d->peer_len = peerlen;
	d->last = chat;
	d->living++;
	d->accepted++;
	if (evchat_set_hooks(chat, &hooks, d) == -1 ||
	    evchat_set_terminator(chat, "\n", 1) == -1)
		evchat_free(chat);
	else if (d->script.accept != NULL)
		d->script.accept(d, chat);
}

static const char *
error_name(int error)
{
	return error == EMFILE ? "EMFILE" : error == ENOMEM ? "ENOMEM" :
	    error == ENOBUFS ? "ENOBUFS" : strerror(error);
}

static void
on_error(struct evchat_listener *listener, int error, void *arg)
{
	struct door *d = arg;

	harness_must(listener == d->listener, "the listener is told");
	door_note(d, "error:%s", error_name(error));
	if (d->script.error != NULL)
		d->script.error(d);
}

void
door_stopped(struct evchat_listener *listener, void *arg)
{
	struct door *d = arg;

	harness_must(listener == d->listener, "the listener is told");
	door_note(d, "stopped");
	if (d->script.stopped != NULL)
		d->script.stopped(d);
}

void
door_stop(struct door *d, int grace_ms)
{
	struct timeval tv = { grace_ms / 1000, grace_ms % 1000 * 1000 };

	harness_must(evchat_listener_stop(d->listener,
	    grace_ms < 0 ? NULL : &tv, door_stopped, d) == 0, "it stops");
}

void
door_free_chat(struct door *d, struct evchat *chat)
{
	(void)d;
	evchat_free(chat);
}

/* Opening */

/* Time passes; a system that is busy may deliver bytes only then. */
static void
on_guard(evutil_socket_t fd, short what, void *arg)
{
	struct door *d = arg;

	(void)fd;
	(void)what;
	if (++d->ticks > GUARD_TICKS)
		ck_abort_msg("nothing happens any more: %s", d->text);
}

static void
set_address(struct door *d)
{
	struct sockaddr_in *sin = (struct sockaddr_in *)&d->address;
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)&d->address;
	struct sockaddr_un *un = (struct sockaddr_un *)&d->address;
	const char *tmp = getenv("TMPDIR");

	memset(&d->address, 0, sizeof(d->address));
	if (d->kind == DOOR_UNIX) {
		snprintf(d->directory, sizeof(d->directory), "%.40s/%s",
		    tmp != NULL && strlen(tmp) <= 40 ? tmp : "/tmp",
		    "evchat-door.XXXXXX");
		harness_must(mkdtemp(d->directory) != NULL, "mkdtemp");
		un->sun_family = AF_UNIX;
		snprintf(un->sun_path, sizeof(un->sun_path), "%s/socket",
		    d->directory);
		d->address_len = sizeof(*un);
	} else if (d->kind == DOOR_TCP6) {
		sin6->sin6_family = AF_INET6;
		sin6->sin6_addr = in6addr_loopback;
		d->address_len = sizeof(*sin6);
	} else {
		sin->sin_family = AF_INET;
		sin->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		d->address_len = sizeof(*sin);
	}
}

void
door_init(struct door *d, enum door_kind kind)
{
	memset(d, 0, sizeof(*d));
	d->kind = kind;
	d->listener_fd = -1;
	set_address(d);
	d->blocks = harness_blocks();
	d->descriptors = door_descriptors();
	harness_must((d->base = event_base_new()) != NULL, "memory");
	d->guard = event_new(d->base, -1, EV_PERSIST, on_guard, d);
	harness_must(d->guard != NULL, "memory");
}

static struct evchat_listener *
adopt(struct door *d, unsigned options)
{
	int fd = socket(d->address.ss_family, SOCK_STREAM, 0);

	harness_must(fd != -1 && bind(fd, (struct sockaddr *)&d->address,
	    (socklen_t)d->address_len) == 0, "bind");
	d->listener_fd = fd;
	return evchat_listener_new(d->base, on_accept, d, options, -1, fd);
}

bool
door_listen(struct door *d, unsigned options)
{
	if (d->kind == DOOR_THREADSAFE)
		options |= EVCHAT_OPT_THREADSAFE;
	if (d->kind == DOOR_UNIX)
		options |= EVCHAT_LISTENER_UNLINK;
	if (d->kind == DOOR_ADOPTED)
		d->listener = adopt(d, options);
	else if (d->where != NULL)
		d->listener = evchat_listener_new_text(d->base, on_accept, d,
		    options, -1, d->where);
	else
		d->listener = evchat_listener_new_bind(d->base, on_accept, d,
		    options, -1, (struct sockaddr *)&d->address,
		    d->address_len);
	if (d->listener == NULL)
		return false;
	evchat_listener_set_error_cb(d->listener, on_error, d);
	d->address_len = sizeof(d->address);
	harness_must(evchat_listener_get_address(d->listener,
	    (struct sockaddr *)&d->address, &d->address_len) == 0, "address");
	return true;
}

void
door_open(struct door *d, enum door_kind kind)
{
	door_init(d, kind);
	harness_must(door_listen(d, 0), "it listens");
}

/* Closing */

void
door_free_listener(struct door *d)
{
	struct evchat_listener *listener = d->listener;

	d->listener = NULL;
	evchat_listener_free(listener);
}

void
door_close(struct door *d)
{
	int i;

	d->quiet = true;
	memset(&d->script, 0, sizeof(d->script));
	for (i = 0; i < d->n; i++)
		door_leave(d, i);
	door_run_until_living(d, 0);
	door_free_listener(d);
	event_free(d->guard);
	(void)event_base_loop(d->base, EVLOOP_NONBLOCK);
	event_base_free(d->base);
	if (d->kind == DOOR_UNIX)
		ck_assert_int_eq(rmdir(d->directory), 0);
	ck_assert_int_eq(door_descriptors(), d->descriptors);
	ck_assert_int_eq(harness_blocks(), d->blocks);
}

void
door_end(struct door *d, const char *transcript)
{
	door_expect(d, transcript);
	door_close(d);
}
