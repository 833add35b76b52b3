/*
 * Actions on the output: pushes of each kind. What is pushed arrives behind
 * all that was pushed before, or fails.
 */

#define _DEFAULT_SOURCE /* mkstemp */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "matrix.h"

#define FILE_HEAD "before" /* what is in a file before the bytes pushed */

static int
push(struct matrix_run *r, const struct matrix_action *a)
{
	return action_result(evchat_push(r->chat, a->text, strlen(a->text)));
}

static int
push_printf(struct matrix_run *r, const struct matrix_action *a)
{
	return action_result(evchat_push_printf(r->chat, "%s", a->text));
}

static int
push_buffer(struct matrix_run *r, const struct matrix_action *a)
{
	struct evbuffer *buf = evbuffer_new();
	int result;

	run_must(r, buf != NULL && evbuffer_add(buf, a->text,
	    strlen(a->text)) == 0, "a buffer");
	result = action_result(evchat_push_buffer(r->chat, buf));
	run_must(r, evbuffer_get_length(buf) == 0, "it is left empty");
	evbuffer_free(buf);
	return result;
}

static int
push_file(struct matrix_run *r, const struct matrix_action *a)
{
	char name[] = "/tmp/evchat-matrix.XXXXXX";
	int fd = mkstemp(name);
	size_t len = strlen(a->text);

	run_must(r, fd != -1 && unlink(name) == 0 &&
	    write(fd, FILE_HEAD, strlen(FILE_HEAD)) ==
	    (ssize_t)strlen(FILE_HEAD) &&
	    write(fd, a->text, len) == (ssize_t)len, "a file");
	return action_result(evchat_push_file(r->chat, fd,
	    strlen(FILE_HEAD), -1));
}

static int
push_reference(struct matrix_run *r, const struct matrix_action *a)
{
	return item_result(item_push(r, ITEM_REFERENCE, a->text));
}

static int
push_producer(struct matrix_run *r, const struct matrix_action *a)
{
	return item_result(item_push(r, ITEM_PRODUCER, a->text));
}

static int
push_mark(struct matrix_run *r, const struct matrix_action *a)
{
	return item_result(item_push(r, ITEM_MARK, a->text));
}

static int
means_push(struct matrix_model *m, const struct matrix_action *a)
{
	return model_push(m, a->text);
}

/* Low marks: what a hook has pushed stops delivery until it has left. */
static int
set_watermarks(struct matrix_run *r, const struct matrix_action *a)
{
	(void)a;
	return action_result(evchat_set_watermarks(r->chat, 0, 1));
}

/* Frames */

static int
push_frame(struct matrix_run *r, const struct matrix_action *a)
{
	(void)a;
	return action_result(evchat_push_frame(r->chat, "out", 3));
}

static int
set_output_framing(struct matrix_run *r, const struct matrix_action *a)
{
	struct evchat_framing *framing;
	int result;

	framing = evchat_framing_delimiter(a->cut.bytes, strlen(a->cut.bytes),
	    0);
	run_must(r, framing != NULL, "a framing");
	result = action_result(evchat_set_output_framing(r->chat, framing));
	evchat_framing_free(framing);
	return result == 0 ? push_frame(r, a) : result;
}

/* With the output framing, or else with the last delimiter of the input. */
static int
means_frame(struct matrix_model *m, const struct matrix_action *a)
{
	const struct matrix_cut *cut = a->cut.bytes != NULL ? &a->cut :
	    &m->last;
	char text[32] = "out";

	if (!model_is_open(m) || m->shut)
		return -EPIPE;
	if (cut->framing != NULL && cut->framing->frame != NULL)
		strcpy(text, cut->framing->frame);
	else if (cut->bytes != NULL)
		strcat(text, cut->bytes);
	else
		return -EINVAL;
	return model_push(m, text);
}

/* The table */

#define PUSH(push) .act = (push), .meant = means_push, .text

const struct matrix_action matrix_output_actions[] = {
	{ .name = "push", PUSH(push) = "pushed" },
	{ .name = "push a reference", PUSH(push_reference) = "refer" },
	{ .name = "push a buffer", PUSH(push_buffer) = "buffer" },
	{ .name = "push a file", PUSH(push_file) = "in a file" },
	{ .name = "push with printf", PUSH(push_printf) = "printed" },
	{ .name = "push a producer", PUSH(push_producer) = "more" },
	{ .name = "push a mark", PUSH(push_mark) = "" },
	{ .name = "push a frame", .act = push_frame, .meant = means_frame },
	{ .name = "set an output framing", .act = set_output_framing,
	    .meant = means_frame, .cut.bytes = "|" },
	{ .name = "set the watermarks", .act = set_watermarks,
	    .meant = action_means_open },
	{ .name = NULL }
};
