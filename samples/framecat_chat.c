/*
 * framecat's channels. The wire carries frames: on a socket, from stdin
 * (--decode) or to stdout (--encode). Two more serve it where they are needed:
 * the lines, which cut stdin into what is to be sent, and the printer, which
 * writes to stdout what was received.
 *
 *	stdin -> lines -> wire -> printer -> stdout
 *
 * Each of them may be faster than the next one, which is therefore its sink:
 * it is stopped while the queue of that is long.
 *
 * On a socket, the peer's end is not ours: the wire is half-open, and when
 * stdin ends its write side is shut; so it ends by itself when both sides are
 * through. Then the printer is given its end, and when that has gone, all is
 * over.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <evchat.h>
#include "framecat_chat.h"
#include "framecat_feed.h"
#include "framecat_sink.h"
#include "framecat_text.h"

/* What goes wrong */

void
framecat_fail(struct framecat *cat, enum framecat_status status,
    const char *format, ...)
{
	va_list ap;

	if (cat->status != FRAMECAT_OK && cat->status != FRAMECAT_REFUSED)
		return;
	cat->status = status;
	va_start(ap, format);
	vsnprintf(cat->last_words, sizeof(cat->last_words), format, ap);
	va_end(ap);
}

static void
judge_sink(struct framecat *cat)
{
	int error = cat->sink != NULL ? framecat_sink_error(cat->sink) : 0;

	/* Nobody wants to hear of a pipe that nobody reads. */
	if (error == EPIPE)
		cat->signal = SIGPIPE;
	if (error != 0)
		framecat_fail(cat, FRAMECAT_FAILED, "stdout: %s",
		    strerror(error));
}

/* How the lines or the wire ended. */
static void
judge(struct framecat *cat, struct evchat *chat, enum evchat_reason why)
{
	const char *whose = chat == cat->lines ? "stdin: " : "";
	int is_stdin = chat == cat->lines ||
	    cat->options.mode == FRAMECAT_DECODE;
	int error = is_stdin ? framecat_feed_error(cat->feed) : 0;
	enum framecat_status status =
	    why == EVCHAT_REASON_MALFORMED ? FRAMECAT_MALFORMED :
	    why == EVCHAT_REASON_TRUNCATED ? FRAMECAT_TRUNCATED :
	    why == EVCHAT_REASON_OVERSIZE ? FRAMECAT_OVERSIZE :
	    FRAMECAT_FAILED;

	if (error != 0)
		framecat_fail(cat, FRAMECAT_FAILED, "stdin: %s",
		    strerror(error));
	else if (why == EVCHAT_REASON_EOF || why == EVCHAT_REASON_FREED)
		return;
	else if (status == FRAMECAT_FAILED)
		framecat_fail(cat, status, "%s%s", whose,
		    evchat_get_error(chat));
	else
		framecat_fail(cat, status, "%s%s at offset %" PRIu64 ": %s",
		    whose, evchat_reason_name(why), evchat_get_offset(chat),
		    evchat_get_error(chat));
}

/* The printer */

static void
on_printer_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct framecat *cat = arg;

	judge_sink(cat);
	if (why != EVCHAT_REASON_EOF && why != EVCHAT_REASON_FREED)
		framecat_fail(cat, FRAMECAT_FAILED, "stdout: %s",
		    evchat_get_error(chat));
	cat->printer = NULL;
	event_base_loopbreak(cat->base);
}

static const struct evchat_hooks printer_hooks = {
	.closed = on_printer_closed,
};

/* The wire */

/* A frame or, under no framing, a piece. */
static void
on_frame(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct framecat *cat = arg;

	if (cat->printer == NULL)
		return;
	if (framecat_print_frame(&cat->options.print, cat->text, data,
	    len) == -1 || evchat_push_buffer(cat->printer, cat->text) == -1) {
		/* Not EPIPE: while it is there, it is open. */
		framecat_fail(cat, FRAMECAT_FAILED, "%s", strerror(errno));
		evchat_free(chat);
	}
}

static void
on_wire_event(struct evchat *chat, enum evchat_event what, void *arg)
{
	(void)arg;
	/* Who sits at a terminal does not know that stdin is to be ended. */
	if (what == EVCHAT_EVENT_EOF && isatty(STDIN_FILENO))
		(void)evchat_push_eof(chat);
}

static void
on_wire_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct framecat *cat = arg;

	judge(cat, chat, why);
	if (cat->options.mode == FRAMECAT_ENCODE)
		judge_sink(cat);
	cat->wire = NULL;
	evchat_free(cat->lines);
	if (cat->printer == NULL || evchat_push_eof(cat->printer) == -1)
		event_base_loopbreak(cat->base);
}

static const struct evchat_hooks wire_hooks = {
	.collect = on_frame,
	.frame = on_frame,
	.event = on_wire_event,
	.closed = on_wire_closed,
};

/* The lines */

static int
push(struct framecat *cat, const void *data, size_t len)
{
	if (cat->options.framing == NULL)
		return evchat_push(cat->wire, data, len);
	return evchat_push_frame(cat->wire, data, len);
}

static int
push_unescaped(struct framecat *cat, const char *text, size_t len)
{
	char *bytes = malloc(len + 1);
	ptrdiff_t n;
	int result = -1, error;

	if (bytes == NULL)
		return -1;
	n = framecat_unescape(bytes, text, len);
	if (n == -1)
		errno = EILSEQ;
	else
		result = push(cat, bytes, (size_t)n);
	error = errno;
	free(bytes);
	errno = error;
	return result;
}

/* With errno. The other lines may be better. */
static void
refuse(struct framecat *cat)
{
	fprintf(stderr, "framecat: line %" PRIu64 ": %s\n", cat->n_lines,
	    errno == EINVAL ? "this framing cannot carry it" :
	    errno == EMSGSIZE ? "too long for this framing" :
	    errno == EILSEQ ? "a backslash that means nothing" :
	    strerror(errno));
	framecat_fail(cat, FRAMECAT_REFUSED, "%s", "");
}

static void
on_line(struct evchat *chat, const void *line, size_t len, void *arg)
{
	struct framecat *cat = arg;
	int pushed = cat->options.unescape ? push_unescaped(cat, line, len) :
	    push(cat, line, len);

	cat->n_lines++;
	if (pushed == -1 && errno == EPIPE)
		evchat_pause(chat);	/* the wire is about to end */
	else if (pushed == -1)
		refuse(cat);
}

static void
on_lines_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct framecat *cat = arg;

	judge(cat, chat, why);
	cat->lines = NULL;
	if (cat->wire != NULL)
		(void)evchat_push_eof(cat->wire);
}

static const struct evchat_hooks lines_hooks = {
	.frame = on_line,
	.closed = on_lines_closed,
};

/* Begin and end */

/* What all channels need. bev: NULL if it could not be made. */
static struct evchat *
start(struct framecat *cat, struct bufferevent *bev,
    const struct evchat_hooks *hooks, unsigned wanted)
{
	struct evchat *chat =
	    bev != NULL ? evchat_new(bev, hooks, cat, wanted) : NULL;

	if (chat == NULL)
		return NULL;
	if (!cat->options.has_max || evchat_set_max_frame(chat,
	    cat->options.max, EVCHAT_OVERSIZE_CLOSE) == 0)
		return chat;
	evchat_free(chat);
	return NULL;
}

static int
start_wire(struct framecat *cat, int fd)
{
	const struct framecat_options *options = &cat->options;
	struct bufferevent *bev = NULL;
	unsigned wanted = options->deliver_last ? EVCHAT_OPT_DELIVER_LAST : 0;

	if (options->mode == FRAMECAT_DECODE) {
		cat->feed = framecat_feed_new(cat->base, STDIN_FILENO, &bev);
	} else if (options->mode == FRAMECAT_ENCODE) {
		cat->sink = framecat_sink_new(cat->base, STDOUT_FILENO, &bev);
	} else {
		wanted |= EVCHAT_OPT_HALF_OPEN;
		bev = bufferevent_socket_new(cat->base, fd,
		    BEV_OPT_CLOSE_ON_FREE);
	}
	cat->wire = start(cat, bev, &wire_hooks, wanted);
	if (cat->wire == NULL)
		return -1;
	return options->framing == NULL ? 0 :
	    evchat_set_framing(cat->wire, options->framing);
}

static int
start_lines(struct framecat *cat)
{
	struct bufferevent *bev = NULL;

	cat->feed = framecat_feed_new(cat->base, STDIN_FILENO, &bev);
	cat->lines = start(cat, bev, &lines_hooks, EVCHAT_OPT_DELIVER_LAST);
	return cat->lines == NULL ||
	    evchat_set_sink(cat->lines, cat->wire) == -1 ? -1 :
	    evchat_set_terminator(cat->lines, "\n", 1);
}

static int
start_printer(struct framecat *cat)
{
	struct bufferevent *bev = NULL;

	cat->text = evbuffer_new();
	cat->sink = framecat_sink_new(cat->base, STDOUT_FILENO, &bev);
	cat->printer = start(cat, bev, &printer_hooks, 0);
	return cat->text == NULL || cat->printer == NULL ||
	    evchat_set_sink(cat->wire, cat->printer) == -1 ? -1 :
	    framecat_print_start(&cat->options.print);
}

int
framecat_chat_start(struct framecat *cat, int fd)
{
	enum framecat_mode mode = cat->options.mode;

	if (start_wire(cat, fd) == -1 ||
	    (mode != FRAMECAT_DECODE && start_lines(cat) == -1) ||
	    (mode != FRAMECAT_ENCODE && start_printer(cat) == -1))
		return -1;
	return 0;
}

void
framecat_chat_end(struct framecat *cat)
{
	evchat_free(cat->wire);
	evchat_free(cat->lines);
	evchat_free(cat->printer);
	framecat_feed_free(cat->feed);
	framecat_sink_free(cat->sink);
	if (cat->text != NULL)
		evbuffer_free(cat->text);
}
