/*
 * Two buffers serve all connections: one that is read into, and one in which
 * the answers are gathered. Only the begin of a message whose rest has not
 * arrived, and what a socket does not take, is kept in the connection's own
 * memory; where a message has begun, its rest is read straight behind it.
 */
#include "bare.h"
#include "server.h"
#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define READ_SIZE 65536
#define MAX_FRAME (1 << 20)

static char shared_in[READ_SIZE];
static struct {
	char *data;
	size_t len;
	size_t size;
} answers;

/* Room for n bytes more of answers. */
static char *
answer(size_t n)
{
	char *at;

	if (answers.size - answers.len < n) {
		answers.size = 2 * answers.size + n;
		answers.data = realloc(answers.data, answers.size);
		if (answers.data == NULL)
			server_fail("realloc");
	}
	at = answers.data + answers.len;
	answers.len += n;
	return at;
}

static void
on_line(void *conn, const char *line, size_t len)
{
	char *at = answer(len + 1);

	(void)conn;
	memcpy(at, line, len);
	at[len] = '\n';
}

static void
on_frame(void *conn, const char *frame, size_t len)
{
	char *at = answer(sizeof(uint32_t) + len);
	uint32_t number = htonl((uint32_t)len);

	(void)conn;
	memcpy(at, &number, sizeof(number));
	memcpy(at + sizeof(number), frame, len);
}

/* Not const, lest the compiler see through them. */
static volatile server_message_cb line_hook = on_line;
static volatile server_message_cb frame_hook = on_frame;

size_t
bare_split_lines(struct bare *conn, const char *data, size_t len, size_t seen)
{
	server_message_cb hook = line_hook;
	const char *line = data, *end = data + len, *from = data + seen, *lf;

	while ((lf = memchr(from, '\n', (size_t)(end - from))) != NULL) {
		hook(conn, line, (size_t)(lf - line));
		line = from = lf + 1;
	}
	return (size_t)(line - data);
}

size_t
bare_split_lengths(struct bare *conn, const char *data, size_t len,
    size_t seen)
{
	server_message_cb hook = frame_hook;
	size_t used = 0;
	uint32_t n;

	(void)seen;
	while (len - used >= sizeof(n)) {
		memcpy(&n, data + used, sizeof(n));
		n = ntohl(n);
		if (n > MAX_FRAME)
			server_fail("a frame too long");
		if (len - used - sizeof(n) < n)
			break;
		hook(conn, data + used + sizeof(n), n);
		used += sizeof(n) + n;
	}
	return used;
}

/* Where to read to: behind the begin of a message, if there is one. */
static char *
room(struct bare *conn)
{
	if (conn->in_len == 0)
		return shared_in;
	if (conn->in_size - conn->in_len < READ_SIZE) {
		conn->in_size = 2 * conn->in_size + READ_SIZE;
		conn->in = realloc(conn->in, conn->in_size);
		if (conn->in == NULL)
			server_fail("realloc");
	}
	return conn->in;
}

/* Keep a rest, which may lie in the connection's own memory already. */
static void
keep(struct bare *conn, const char *rest, size_t len)
{
	if (len > conn->in_size) {
		conn->in_size = len;
		conn->in = realloc(conn->in, len);
		if (conn->in == NULL)
			server_fail("realloc");
	}
	if (len > 0 && rest != conn->in)
		memmove(conn->in, rest, len);
	conn->in_len = len;
}

/* Send the answers; what is left of them waits. */
static enum bare_state
send_answers(struct bare *conn)
{
	ssize_t n = send(conn->fd, answers.data, answers.len, MSG_NOSIGNAL);
	size_t sent = n > 0 ? (size_t)n : 0, left = answers.len - sent;

	answers.len = 0;
	if (n == -1 && errno != EAGAIN && errno != EINTR)
		return BARE_END;
	if (left == 0)
		return BARE_READ;
	conn->out = malloc(left);
	if (conn->out == NULL)
		server_fail("malloc");
	memcpy(conn->out, answers.data + sent, left);
	conn->out_off = 0;
	conn->out_len = left;
	return BARE_WRITE;
}

enum bare_state
bare_read(struct bare *conn, bare_split_cb split)
{
	char *data = room(conn);
	size_t had = conn->in_len, len, used;
	ssize_t n = recv(conn->fd, data + had, READ_SIZE, 0);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return BARE_READ;
	if (n <= 0)
		return BARE_END;
	len = had + (size_t)n;
	used = split(conn, data, len, had);
	keep(conn, data + used, len - used);
	return answers.len > 0 ? send_answers(conn) : BARE_READ;
}

enum bare_state
bare_write(struct bare *conn)
{
	ssize_t n = send(conn->fd, conn->out + conn->out_off,
	    conn->out_len - conn->out_off, MSG_NOSIGNAL);

	if (n == -1)
		return errno == EAGAIN || errno == EINTR ? BARE_WRITE :
		    BARE_END;
	conn->out_off += (size_t)n;
	if (conn->out_off < conn->out_len)
		return BARE_WRITE;
	free(conn->out);
	conn->out = NULL;
	return BARE_READ;
}

void
bare_close(struct bare *conn)
{
	close(conn->fd);
	free(conn->in);
	free(conn->out);
}
