/*
 * The bare event for lines that are too big for one read, in two ways.
 * `stream' does what an echo needs: it finds the ends of the lines and sends
 * on what it has read. `whole' assembles a line in memory before it answers,
 * as a server must that does more than echo, and sends the answer from where
 * it stands. Neither reads while it has something to send.
 */
#include "server.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <event2/event.h>

#define READ_SIZE 65536

struct conn {
	int fd;
	struct event *readable;
	struct event *writable;
	size_t lines;
	int whole;
	char *data;
	size_t size;
	size_t len;	/* bytes received */
	size_t off;	/* of them are sent */
	size_t end;	/* of them may be sent */
};

static void
end(struct conn *conn)
{
	event_free(conn->readable);
	event_free(conn->writable);
	close(conn->fd);
	free(conn->data);
	free(conn);
}

static void
count_lines(struct conn *conn)
{
	const char *at = conn->data, *stop = at + conn->len, *lf;

	while ((lf = memchr(at, '\n', (size_t)(stop - at))) != NULL) {
		conn->lines++;
		at = lf + 1;
	}
	conn->end = conn->len;
}

/* Up to where the lines are whole, of which the last `fresh' bytes are new. */
static void
find_whole(struct conn *conn, size_t fresh)
{
	const char *at = conn->data + conn->len - fresh, *lf;
	const char *stop = conn->data + conn->len;

	while ((lf = memchr(at, '\n', (size_t)(stop - at))) != NULL) {
		conn->lines++;
		at = lf + 1;
		conn->end = (size_t)(at - conn->data);
	}
}

/* Send, and when all is sent move the rest to the front and read again. */
static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;
	ssize_t n = send(fd, conn->data + conn->off, conn->end - conn->off,
	    MSG_NOSIGNAL);

	if (n == -1 && errno != EAGAIN && errno != EINTR) {
		end(conn);
		return;
	}
	conn->off += n > 0 ? (size_t)n : 0;
	if (conn->off < conn->end) {
		if (what == EV_READ)
			event_del(conn->readable);
		event_add(conn->writable, NULL);
		return;
	}
	conn->len -= conn->end;
	memmove(conn->data, conn->data + conn->end, conn->len);
	conn->off = conn->end = 0;
	if (what == EV_WRITE)
		event_add(conn->readable, NULL);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct conn *conn = arg;
	ssize_t n;

	if (conn->size - conn->len < READ_SIZE) {
		conn->size = 2 * conn->size + READ_SIZE;
		conn->data = realloc(conn->data, conn->size);
		if (conn->data == NULL)
			server_fail("realloc");
	}
	n = recv(fd, conn->data + conn->len, READ_SIZE, 0);
	if (n == 0 || (n == -1 && errno != EAGAIN && errno != EINTR)) {
		end(conn);
		return;
	}
	if (n == -1)
		return;
	conn->len += (size_t)n;
	if (conn->whole)
		find_whole(conn, (size_t)n);
	else
		count_lines(conn);
	if (conn->end > 0)
		on_writable(fd, what, conn);
}

static int
serve(const struct server *server, int whole)
{
	struct event_base *base = event_base_new();

	for (int i = 0; base != NULL && i < server->n; i++) {
		struct conn *conn = calloc(1, sizeof(*conn));

		if (conn == NULL)
			return -1;
		conn->fd = server->fds[i];
		conn->whole = whole;
		conn->readable = event_new(base, conn->fd,
		    EV_READ | EV_PERSIST, on_readable, conn);
		conn->writable = event_new(base, conn->fd, EV_WRITE,
		    on_writable, conn);
		if (conn->readable == NULL || conn->writable == NULL ||
		    event_add(conn->readable, NULL) == -1)
			return -1;
	}
	if (base == NULL || event_base_dispatch(base) == -1)
		return -1;
	event_base_free(base);
	return 0;
}

static int
serve_stream(const struct server *server)
{
	return serve(server, 0);
}

static int
serve_whole(const struct server *server)
{
	return serve(server, 1);
}

const struct server_way server_ways[] = {
	{ "stream", serve_stream },
	{ "whole", serve_whole },
	{ NULL, NULL }
};
