/*
 * Actions with producers made of others, with a descriptor that gives nothing
 * at first, and with a file long enough for the system to send. Such a file is
 * a run of one letter, which stands once for all of it in the model.
 */

#define _DEFAULT_SOURCE /* mkstemp */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "matrix.h"

/* A file */

static int
long_file(struct matrix_run *r)
{
	static char bytes[MATRIX_RUN];
	char name[] = "/tmp/evchat-matrix.XXXXXX";
	int fd = mkstemp(name);

	memset(bytes, MATRIX_RUN_OF, sizeof(bytes));
	run_must(r, fd != -1 && unlink(name) == 0 &&
	    write(fd, bytes, sizeof(bytes)) == (ssize_t)sizeof(bytes),
	    "a long file");
	return fd;
}

static int
push_long_file(struct matrix_run *r, const struct matrix_action *a)
{
	int result;

	(void)a;
	result = action_result(evchat_push_file(r->chat, long_file(r), 0, -1));
	r->filed = r->filed || result == 0;
	return result;
}

/* Around others */

static int
push_made(struct matrix_run *r, struct evchat_producer *producer, int first)
{
	struct matrix_call outer = call_begin(r, "push", true, false);
	int result;

	run_must(r, producer != NULL, "a producer");
	result = action_result(evchat_push_with_producer(r->chat, producer));
	call_end(r, outer);
	items_pushed(r, first, result == 0);
	return result;
}

/* "1" CR LF, a byte and CR LF for each of these; it gives them one by one. */
static int
push_chunked_chain(struct matrix_run *r, const struct matrix_action *a)
{
	int first = r->n_items;
	struct evchat_producer *parts[2];

	(void)a;
	parts[0] = item_producer(r, "a");
	parts[1] = item_producer(r, "bc");
	return push_made(r, evchat_producer_new_chunked(
	    evchat_producer_new_chain(parts, 2), NULL, NULL), first);
}

static int
push_dot_of_dots(struct matrix_run *r, const struct matrix_action *a)
{
	int first = r->n_items;

	(void)a;
	return push_made(r, evchat_producer_new_dot(evchat_producer_new_dot(
	    item_producer(r, "."))), first);
}

/* What is in the pipe comes when a turn has passed. */
static void
fill_pipe(struct harness *h)
{
	struct matrix_run *r = h->user;

	if (r->pipe != -1) {
		(void)!write(r->pipe, "piped", 5);
		close(r->pipe);
	}
	r->pipe = -1;
}

static int
push_descriptor(struct matrix_run *r, const struct matrix_action *a)
{
	struct evchat_producer *producer;
	int fds[2];

	(void)a;
	run_must(r, pipe(fds) == 0, "a pipe");
	producer = evchat_producer_new_descriptor(r->h->base, fds[0], -1);
	r->pipe = fds[1];
	harness_later(r->h, fill_pipe);
	return push_made(r, producer, r->n_items);
}

static int
means_push(struct matrix_model *m, const struct matrix_action *a)
{
	return model_push(m, a->text);
}

/* The table */

#define PUSH(push) .act = (push), .meant = means_push, .text

const struct matrix_action matrix_more_actions[] = {
	{ .name = "push a long file", PUSH(push_long_file) = "#" },
	{ .name = "push a chain in chunks", PUSH(push_chunked_chain) =
	    "1\r\na\r\n1\r\nb\r\n1\r\nc\r\n0\r\n\r\n" },
	{ .name = "push a block of a block", PUSH(push_dot_of_dots) =
	    "...\r\n..\r\n.\r\n" },
	{ .name = "push a descriptor", PUSH(push_descriptor) = "piped" },
	{ .name = NULL }
};
