/*
 * Messages that come back: each connection sends a number of them at once, and
 * the next ones when all have come back. They are taken from a circle of
 * different ones, at another place by each connection, so that one that is
 * lost, doubled or sent to somebody else shows.
 */
#include "load_inside.h"
#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

/* With big messages, fewer: the circle should stay in the cache. */
#define CIRCLE 61
#define CIRCLE_BIG 3
#define BIG 65536

struct circle {
	char *data;	/* the circle, and a burst more */
	size_t len;	/* of the circle */
	size_t burst;
	size_t size;	/* of a message */
};

static char
letter(size_t message, size_t place)
{
	return (char)('a' + (message * 7 + place) % 26);
}

static void
write_message(char *at, const struct work *work, size_t message)
{
	size_t size = work->size;
	uint32_t len = htonl((uint32_t)(size - sizeof(len)));

	for (size_t i = 0; i < size; i++)
		at[i] = letter(message, i);
	if (work->load == LOAD_LENGTH)
		memcpy(at, &len, sizeof(len));
	else
		at[size - 1] = '\n';
}

static void *
echo_start(const struct work *work)
{
	struct circle *circle = load_alloc(sizeof(*circle));
	size_t n = work->size < BIG ? CIRCLE : CIRCLE_BIG;

	circle->size = work->size;
	circle->len = n * work->size;
	circle->burst = (size_t)work->depth * work->size;
	circle->data = load_alloc(circle->len + circle->burst);
	for (size_t i = 0; i < n + (size_t)work->depth; i++)
		write_message(circle->data + i * work->size, work, i % n);
	return circle;
}

/* Where in the circle a byte of a connection stands. */
static size_t
place(const struct load_conn *conn, const struct circle *circle, uint64_t byte)
{
	return (size_t)(((uint64_t)conn->index * circle->size + byte) %
	    circle->len);
}

static void
send_burst(struct load_conn *conn, const struct circle *circle, uint64_t from)
{
	conn->out = circle->data + place(conn, circle, from);
	conn->out_len = circle->burst;
}

static void
echo_begin(struct load_conn *conn, void *shared)
{
	send_burst(conn, shared, 0);
}

static void
echo_got(struct load_conn *conn, void *shared, const char *data, size_t len)
{
	const struct circle *circle = shared;
	size_t burst = circle->burst, at = (size_t)(conn->got % burst);

	if (at + len > burst)
		load_fail("more came back than was sent");
	if (memcmp(data, circle->data + place(conn, circle, conn->got - at) +
	    at, len) != 0)
		load_fail("something else came back than was sent");
	if (at + len == burst)
		send_burst(conn, circle, conn->got + len);
}

static void
echo_end(struct load_conn *conn)
{
	(void)conn;
}

static void
echo_stop(void *shared)
{
	struct circle *circle = shared;

	free(circle->data);
	free(circle);
}

const struct load_kind load_echo = { echo_start, echo_begin, echo_got,
	echo_end, echo_stop };
