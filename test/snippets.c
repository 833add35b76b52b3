/*
 * What snippets_check.sh makes a program of: the snippets of a page, and
 * behind each of them the lines that say what comes of it. Built by that
 * script only, because snippets.inc is made by it.
 *
 * A line of input is sent to a channel twice, whole and byte by byte. What its
 * hooks were told is printed as the page has it, with the line's number in
 * front.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/util.h>
#include <evchat.h>

static void must(int holds, const char *what);
static void use_framing(struct evchat *chat, struct evchat_framing *framing);

struct listing {
	int line;                           /* of the page */
	void (*snippet)(struct evchat *chat);
	unsigned options;                   /* of the channel */
	int push;                           /* bytes are a payload, not input */
	const char *bytes;
	size_t len;
};

#include "snippets.inc"

/* The channel of the line at hand, and what is said of it. */
struct stage {
	struct event_base *base;
	struct evchat *chat;
	int peer;
	struct evbuffer *told;
	int in_raw;                         /* the last word is raw, and may grow */
};

static void
must(int holds, const char *what)
{
	if (holds)
		return;
	fprintf(stderr, "snippets: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* What the page leaves out behind a snippet that makes a framing. */
static void
use_framing(struct evchat *chat, struct evchat_framing *framing)
{
	if (framing == NULL)
		return;
	must(evchat_set_framing(chat, framing) == 0, "evchat_set_framing");
	evchat_framing_free(framing);
}

static void
tell(struct stage *stage, const char *word)
{
	evbuffer_add_printf(stage->told, "%s %s", stage->in_raw ? "\"" : "",
	    word);
	stage->in_raw = 0;
}

/* As in a string of C, with nothing but octal numbers for what has no letter. */
static void
tell_bytes(struct stage *stage, const void *data, size_t len)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < len; i++) {
		const char *named = bytes[i] == '\n' ? "\\n" :
		    bytes[i] == '\r' ? "\\r" : bytes[i] == '"' ? "\\\"" :
		    bytes[i] == '\\' ? "\\\\" : NULL;

		if (named != NULL)
			evbuffer_add_printf(stage->told, "%s", named);
		else
			evbuffer_add_printf(stage->told, bytes[i] < ' ' ||
			    bytes[i] > '~' ? "\\%03o" : "%c", bytes[i]);
	}
}

static void
on_collect(struct evchat *chat, const void *data, size_t len, void *stage)
{
	(void)chat;
	if (!((struct stage *)stage)->in_raw)
		tell(stage, "raw \"");
	tell_bytes(stage, data, len);
	((struct stage *)stage)->in_raw = 1;
}

static void
on_frame(struct evchat *chat, const void *data, size_t len, void *stage)
{
	(void)chat;
	tell(stage, "\"");
	tell_bytes(stage, data, len);
	evbuffer_add(((struct stage *)stage)->told, "\"", 1);
}

static void
on_event(struct evchat *chat, enum evchat_event what, void *stage)
{
	(void)chat;
	if (what == EVCHAT_EVENT_OVERSIZE)
		tell(stage, "(oversize)");
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *stage)
{
	(void)chat;
	tell(stage, evchat_reason_name(why));
}

static const struct evchat_hooks telling = {
	.collect = on_collect,
	.frame = on_frame,
	.event = on_event,
	.closed = on_closed
};

static void
stage_open(struct stage *stage, const struct listing *listing)
{
	int fd[2];

	memset(stage, 0, sizeof(*stage));
	must(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0 &&
	    evutil_make_socket_nonblocking(fd[0]) == 0, "socketpair");
	stage->peer = fd[1];
	stage->told = evbuffer_new();
	stage->base = event_base_new();
	must(stage->told != NULL && stage->base != NULL, "libevent");
	stage->chat = evchat_socket_new(stage->base, fd[0], &telling, stage,
	    listing->options);
	must(stage->chat != NULL, "evchat_socket_new");
	listing->snippet(stage->chat);
}

/* The peer ends, the channel ends, and its answer is told. */
static void
stage_close(struct stage *stage, int quiet)
{
	char answer[4096];
	ssize_t len;

	must(shutdown(stage->peer, SHUT_WR) == 0, "shutdown");
	must(event_base_dispatch(stage->base) != -1, "event_base_dispatch");
	if (quiet)
		evbuffer_drain(stage->told, evbuffer_get_length(stage->told));
	while ((len = read(stage->peer, answer, sizeof(answer))) > 0) {
		tell(stage, quiet ? "\"" : "sends \"");
		tell_bytes(stage, answer, (size_t)len);
		evbuffer_add(stage->told, "\"", 1);
	}
	close(stage->peer);
	event_base_free(stage->base);
	must(evbuffer_add(stage->told, "", 1) == 0, "evbuffer_add");
}

static void
print(const struct listing *listing, struct stage *stage)
{
	printf("%d%s\n", listing->line, evbuffer_pullup(stage->told, -1));
	evbuffer_free(stage->told);
}

static void
run_push(const struct listing *listing)
{
	struct stage stage;

	stage_open(&stage, listing);
	if (evchat_push_frame(stage.chat, listing->bytes, listing->len) == 0)
		stage_close(&stage, 1);
	else {
		const char *name = errno == EINVAL ? "EINVAL" :
		    errno == EMSGSIZE ? "EMSGSIZE" : strerror(errno);

		stage_close(&stage, 1);
		evbuffer_drain(stage.told, evbuffer_get_length(stage.told));
		evbuffer_add_printf(stage.told, " %s", name);
		evbuffer_add(stage.told, "", 1);
	}
	print(listing, &stage);
}

static void
run_input(const struct listing *listing, size_t piece)
{
	struct stage stage;

	stage_open(&stage, listing);
	for (size_t at = 0; at < listing->len; at += piece) {
		must(write(stage.peer, listing->bytes + at, piece) ==
		    (ssize_t)piece || errno == EPIPE, "write");
		must(event_base_loop(stage.base, EVLOOP_NONBLOCK) != -1,
		    "event_base_loop");
	}
	stage_close(&stage, 0);
	print(listing, &stage);
}

int
main(void)
{
	signal(SIGPIPE, SIG_IGN);
	for (const struct listing *listing = listings;
	    listing->snippet != NULL; listing++) {
		if (listing->push) {
			run_push(listing);
			continue;
		}
		if (listing->len > 0)
			run_input(listing, listing->len);
		run_input(listing, 1);
	}
	return 0;
}
