/*
 * libuv by hand: one buffer that all connections are read into, and one write
 * for all answers to a read, tried at once.
 */
#include "server.h"
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#define READ_SIZE 65536

struct conn {
	uv_tcp_t handle;
	char *part;		/* the begin of a line, between two reads */
	size_t part_len;
	size_t part_size;
};

struct rest {
	uv_write_t request;
	struct conn *conn;
	char data[];
};

static char shared_in[READ_SIZE];
static struct {
	char *data;
	size_t len;
	size_t size;
} answers;

static void
on_line(void *conn, const char *line, size_t len)
{
	(void)conn;
	if (answers.size - answers.len < len + 1) {
		answers.size = 2 * answers.size + len + 1;
		answers.data = realloc(answers.data, answers.size);
		if (answers.data == NULL)
			server_fail("realloc");
	}
	memcpy(answers.data + answers.len, line, len);
	answers.len += len;
	answers.data[answers.len++] = '\n';
}

static volatile server_message_cb hook = on_line;

/* Behind the begin of a line, if there is one. */
static void
on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *buf)
{
	struct conn *conn = handle->data;

	(void)suggested;
	if (conn->part_len == 0) {
		*buf = uv_buf_init(shared_in, READ_SIZE);
		return;
	}
	if (conn->part_size - conn->part_len < READ_SIZE) {
		conn->part_size = 2 * conn->part_size + READ_SIZE;
		conn->part = realloc(conn->part, conn->part_size);
		if (conn->part == NULL)
			server_fail("realloc");
	}
	*buf = uv_buf_init(conn->part + conn->part_len, READ_SIZE);
}

static void
keep(struct conn *conn, const char *part, size_t len)
{
	if (len > conn->part_size) {
		conn->part_size = len;
		conn->part = realloc(conn->part, len);
		if (conn->part == NULL)
			server_fail("realloc");
	}
	if (len > 0 && part != conn->part)
		memmove(conn->part, part, len);
	conn->part_len = len;
}

static void
on_close(uv_handle_t *handle)
{
	struct conn *conn = handle->data;

	free(conn->part);
	free(conn);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf);

/* What did not go at once has gone, and reading goes on. */
static void
on_written(uv_write_t *request, int status)
{
	struct rest *rest = request->data;
	uv_stream_t *stream = (uv_stream_t *)&rest->conn->handle;

	if (status == 0)
		uv_read_start(stream, on_alloc, on_read);
	else if (!uv_is_closing((uv_handle_t *)stream))
		uv_close((uv_handle_t *)stream, on_close);
	free(rest);
}

static void
write_rest(struct conn *conn, const char *data, size_t len)
{
	struct rest *rest = malloc(sizeof(*rest) + len);
	uv_buf_t buf;

	if (rest == NULL)
		server_fail("malloc");
	memcpy(rest->data, data, len);
	rest->conn = conn;
	rest->request.data = rest;
	buf = uv_buf_init(rest->data, (unsigned)len);
	uv_read_stop((uv_stream_t *)&conn->handle);
	if (uv_write(&rest->request, (uv_stream_t *)&conn->handle, &buf, 1,
	    on_written) != 0)
		server_fail("uv_write");
}

static void
send_answers(struct conn *conn)
{
	uv_buf_t buf = uv_buf_init(answers.data, (unsigned)answers.len);
	int n = uv_try_write((uv_stream_t *)&conn->handle, &buf, 1);
	size_t sent = n > 0 ? (size_t)n : 0;

	if (n < 0 && n != UV_EAGAIN)
		uv_close((uv_handle_t *)&conn->handle, on_close);
	else if (sent < answers.len)
		write_rest(conn, answers.data + sent, answers.len - sent);
	answers.len = 0;
}

static void
on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
	struct conn *conn = stream->data;
	const char *line, *from, *end, *lf;

	if (n < 0) {
		uv_close((uv_handle_t *)stream, on_close);
		return;
	}
	line = buf->base - conn->part_len;
	from = buf->base;
	end = buf->base + n;
	while ((lf = memchr(from, '\n', (size_t)(end - from))) != NULL) {
		hook(conn, line, (size_t)(lf - line));
		line = from = lf + 1;
	}
	keep(conn, line, (size_t)(end - line));
	if (answers.len > 0)
		send_answers(conn);
}

static int
serve_lines(const struct server *server)
{
	uv_loop_t *loop = uv_default_loop();

	for (int i = 0; i < server->n; i++) {
		struct conn *conn = calloc(1, sizeof(*conn));

		if (conn == NULL || uv_tcp_init(loop, &conn->handle) != 0 ||
		    uv_tcp_open(&conn->handle, server->fds[i]) != 0)
			return -1;
		conn->handle.data = conn;
		if (uv_read_start((uv_stream_t *)&conn->handle, on_alloc,
		    on_read) != 0)
			return -1;
	}
	uv_run(loop, UV_RUN_DEFAULT);
	return uv_loop_close(loop) == 0 ? 0 : -1;
}

const struct server_way server_ways[] = {
	{ "lines", serve_lines },
	{ NULL, NULL }
};
