/*
 * Those who knock at a door, and the loop that lets them in. They are
 * blocking sockets of the same thread: connecting, and a few bytes, do not
 * need the other side to act.
 */

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "door.h"
#include "harness_trouble.h"

#define TURNS 5
#define TICK_MS 20

/* Clients */

int
door_knock(struct door *d)
{
	int fd = socket(d->address.ss_family, SOCK_STREAM, 0);

	harness_must(fd != -1 && d->n < DOOR_CLIENTS &&
	    connect(fd, (struct sockaddr *)&d->address,
	    (socklen_t)d->address_len) == 0, "connect");
	d->clients[d->n] = fd;
	return d->n++;
}

void
door_say(struct door *d, int client)
{
	char line[2] = { (char)('a' + client % 26), '\n' };

	harness_must(send(d->clients[client], line, sizeof(line),
	    MSG_NOSIGNAL) == sizeof(line), "send");
}

void
door_finish(struct door *d, int client)
{
	(void)shutdown(d->clients[client], SHUT_WR);
}

void
door_leave(struct door *d, int client)
{
	if (d->clients[client] != -1)
		close(d->clients[client]);
	d->clients[client] = -1;
}

bool
door_echoed(struct door *d, int client)
{
	char line[3] = "";

	return recv(d->clients[client], line, sizeof(line), MSG_DONTWAIT |
	    MSG_PEEK) == 2 && line[0] == 'a' + client % 26;
}

bool
door_ended(struct door *d, int client)
{
	char byte;
	ssize_t n;

	while ((n = recv(d->clients[client], &byte, 1, MSG_DONTWAIT)) > 0)
		;
	return n == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

int
door_visit(struct door *d)
{
	int client = door_knock(d);

	door_say(d, client);
	door_run_until_echoed(d, client);
	return client;
}

/* The loop */

static void
set_guard(struct door *d)
{
	const struct timeval tv = { 0, TICK_MS * 1000 };

	d->ticks = 0;
	harness_spare();
	harness_must(event_add(d->guard, &tv) == 0, "event_add");
	harness_spare_end();
}

static void
loop_once(struct door *d)
{
	harness_must(event_base_loop(d->base, EVLOOP_ONCE) >= 0, "loop");
}

void
door_turn(struct door *d)
{
	int i;

	for (i = 0; i < TURNS; i++)
		harness_must(event_base_loop(d->base, EVLOOP_NONBLOCK) >= 0,
		    "loop");
}

static int
count_noted(const struct door *d, const char *part)
{
	const char *at = d->text;
	int n = 0;

	for (; (at = strstr(at, part)) != NULL; at += strlen(part))
		n++;
	return n;
}

void
door_run_until(struct door *d, const char *part, int times)
{
	set_guard(d);
	while (count_noted(d, part) < times)
		loop_once(d);
	event_del(d->guard);
}

void
door_run_until_living(struct door *d, int living)
{
	set_guard(d);
	while (d->living != living)
		loop_once(d);
	event_del(d->guard);
}

void
door_run_until_accepted(struct door *d, int accepted)
{
	set_guard(d);
	while (d->accepted < accepted)
		loop_once(d);
	event_del(d->guard);
}

static void
run_until_client(struct door *d, int client,
    bool (*condition)(struct door *, int))
{
	set_guard(d);
	while (!condition(d, client))
		loop_once(d);
	event_del(d->guard);
}

void
door_run_until_echoed(struct door *d, int client)
{
	run_until_client(d, client, door_echoed);
}

void
door_run_until_ended(struct door *d, int client)
{
	run_until_client(d, client, door_ended);
}
