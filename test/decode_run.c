/*
 * Channels by the hundred thousand: one loop for all of them, on a pair or on
 * a socket, with hooks that do nothing but note what they are told.
 */

#define _POSIX_C_SOURCE 200809L
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include "decode.h"
#include "harness.h"

#define TURNS 10      /* of the loop, after which a channel hangs */
#define SHOWN_CUTS 24

/* Hooks */

static void
note_length(struct unit_text *text, const struct evchat *chat)
{
	unit_note_append(text, ":%ju",
	    (uintmax_t)evchat_get_frame_length(chat));
}

static void
note_partial(struct unit_text *text, const struct evchat *chat, bool shown)
{
	size_t len = 99;
	const void *partial = evchat_get_partial(chat, &len);

	harness_must((partial == NULL) == (len == 0), "nothing is no bytes");
	note_length(text, chat);
	unit_note_append(text, ":");
	if (shown)
		unit_note_append_bytes(text, partial, len);
}

/* What of a frame that is too large is shown is the same at every cut only where
 * no length was declared. */
static bool
shows_oversize(const struct decoder *d)
{
	return d->exact || !d->declares;
}

static void
note_refusal(struct unit_text *text, const struct evchat *chat)
{
	note_partial(text, chat, true);
	unit_note_append(text, "@%ju:%s", (uintmax_t)evchat_get_offset(chat),
	    evchat_get_error(chat));
}

static void
note_offset(struct decoder *d, const struct evchat *chat)
{
	if (d->exact)
		unit_note_append(&d->text, "@%ju",
		    (uintmax_t)evchat_get_offset(chat));
}

/* What no result says, but must be the same at every cut. */
static void
note_place(struct decoder *d, const struct evchat *chat)
{
	struct evchat_stats stats;

	evchat_get_stats(chat, &stats, sizeof(stats));
	unit_note(&d->places, "%ju, %ju in", (uintmax_t)evchat_get_offset(chat),
	    (uintmax_t)stats.bytes_in);
}

static void
on_collect(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct decoder *d = arg;

	(void)chat;
	harness_must(len > 0, "collect is given something");
	unit_note_collect(&d->text, data, len);
}

static void
on_found(struct evchat *chat, void *arg)
{
	struct decoder *d = arg;

	unit_note(&d->text, "found");
	note_length(&d->text, chat);
	note_offset(d, chat);
	d->frames++;
}

static void
on_frame(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct decoder *d = arg;

	harness_must(data != NULL, "an empty frame is somewhere, too");
	unit_note_bytes(&d->text, "frame", data, len);
	note_length(&d->text, chat);
	note_offset(d, chat);
	d->frames++;
}

static void
on_event(struct evchat *chat, enum evchat_event what, void *arg)
{
	struct decoder *d = arg;

	if (what == EVCHAT_EVENT_DRAINED || what == EVCHAT_EVENT_WRITABLE)
		return;
	harness_must(d->refusal.text == NULL, "it is the last event");
	if (what == EVCHAT_EVENT_MALFORMED) {
		harness_must(evchat_get_reason(chat) ==
		    EVCHAT_REASON_MALFORMED, "the reason is told");
		unit_note(&d->refusal, "closed:malformed");
		note_refusal(&d->refusal, chat);
		return;
	}
	unit_note(&d->text, "%s", evchat_event_name(what));
	note_partial(&d->text, chat, what != EVCHAT_EVENT_OVERSIZE ||
	    shows_oversize(d));
	note_place(d, chat);
	d->oversized += what == EVCHAT_EVENT_OVERSIZE;
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct decoder *d = arg;
	struct unit_text text = { .text = NULL };
	struct evchat_stats stats;

	unit_note(&text, "closed:%s", evchat_reason_name(why));
	if (why == EVCHAT_REASON_MALFORMED)
		note_refusal(&text, chat);
	else
		note_partial(&text, chat, why != EVCHAT_REASON_OVERSIZE ||
		    shows_oversize(d));
	unit_note(&d->text, "%s", unit_text(&text));
	harness_must((why == EVCHAT_REASON_MALFORMED) ==
	    (d->refusal.text != NULL) && (d->refusal.text == NULL ||
	    strcmp(unit_text(&text), unit_text(&d->refusal)) == 0),
	    "what is malformed is told before");
	unit_text_free(&text);
	note_place(d, chat);
	evchat_get_stats(chat, &stats, sizeof(stats));
	harness_must(stats.frames_in == d->frames, "frames are counted");
	harness_must(stats.oversize == d->oversized +
	    (why == EVCHAT_REASON_OVERSIZE), "oversize frames are counted");
	harness_must(!d->closed, "closed runs once");
	d->closed = true;
}

static const struct evchat_hooks streaming = { .collect = on_collect,
    .found = on_found, .event = on_event, .closed = on_closed };
static const struct evchat_hooks whole = { .collect = on_collect,
    .frame = on_frame, .event = on_event, .closed = on_closed };

/* The peer */

struct peer {
	struct bufferevent *bev; /* NULL: fd is it */
	int fd;
};

static struct evchat *
connect_pair(struct decoder *d, const struct decode_mode *mode,
    struct peer *peer)
{
	struct bufferevent *pair[2];

	harness_must(bufferevent_pair_new(d->base, 0, pair) == 0, "a pair");
	peer->bev = pair[1];
	return evchat_new(pair[0], mode->whole ? &whole : &streaming, d,
	    mode->options);
}

static struct evchat *
connect_socket(struct decoder *d, const struct decode_mode *mode,
    struct peer *peer)
{
	int fds[2];

	harness_must(socketpair(AF_UNIX, SOCK_STREAM, 0, fds) == 0, "sockets");
	harness_must(evutil_make_socket_nonblocking(fds[0]) == 0, "a socket");
	peer->bev = NULL;
	peer->fd = fds[1];
	return evchat_socket_new(d->base, fds[0], mode->whole ? &whole :
	    &streaming, d, mode->options);
}

/* On a pair the bytes are not copied: behind a piece stands the next one, so that
 * whoever looks too far sees bytes that he will see again. */
static void
peer_send(const struct peer *peer, const void *bytes, size_t len)
{
	if (peer->bev != NULL)
		harness_must(evbuffer_add_reference(
		    bufferevent_get_output(peer->bev), bytes, len, NULL,
		    NULL) == 0, "a write");
	else
		harness_must(send(peer->fd, bytes, len, MSG_NOSIGNAL) ==
		    (ssize_t)len, "a write");
}

static void
peer_end(const struct peer *peer)
{
	if (peer->bev != NULL)
		bufferevent_flush(peer->bev, EV_WRITE, BEV_FINISHED);
	else
		shutdown(peer->fd, SHUT_WR);
}

static void
peer_free(const struct peer *peer)
{
	if (peer->bev != NULL)
		bufferevent_free(peer->bev);
	else
		close(peer->fd);
}

/* Running */

void
decoder_init(struct decoder *d)
{
	memset(d, 0, sizeof(*d));
	harness_must((d->base = event_base_new()) != NULL, "a loop");
}

void
decoder_free(struct decoder *d)
{
	event_base_loop(d->base, EVLOOP_NONBLOCK);
	event_base_free(d->base);
	unit_text_free(&d->text);
	unit_text_free(&d->places);
	unit_text_free(&d->refusal);
}

static void
feed(struct decoder *d, const struct peer *peer,
    const struct decode_input *input)
{
	size_t i, from = 0, end;

	for (i = 0; i <= input->n && !d->closed; i++, from = end) {
		end = i < input->n ? input->cuts[i] : input->len;
		if (end > from)
			peer_send(peer, (const char *)input->bytes + from,
			    end - from);
		if (end == input->len && !input->eof_alone)
			peer_end(peer);
		event_base_loop(d->base, EVLOOP_NONBLOCK);
	}
	if (!d->closed && input->eof_alone)
		peer_end(peer);
	for (i = 0; i < TURNS && !d->closed; i++)
		event_base_loop(d->base, EVLOOP_NONBLOCK);
}

void
decoder_run(struct decoder *d, struct evchat_framing *framing,
    const struct decode_mode *mode, const struct decode_input *input)
{
	struct peer peer = { NULL, -1 };
	struct evchat *chat;

	unit_text_free(&d->text);
	unit_text_free(&d->places);
	unit_text_free(&d->refusal);
	d->closed = false;
	d->frames = d->oversized = 0;
	chat = d->socket ? connect_socket(d, mode, &peer) :
	    connect_pair(d, mode, &peer);
	harness_must(chat != NULL, "a channel");
	harness_must(evchat_set_framing(chat, framing) == 0, "its framing");
	if (mode->limited)
		harness_must(evchat_set_max_frame(chat, mode->max,
		    mode->policy) == 0, "its maximum");
	feed(d, &peer, input);
	if (!d->closed) {
		unit_note(&d->text, "nothing happens any more");
		evchat_free(chat);
	}
	peer_free(&peer);
}

/* Proving */

void
decoder_report(const struct decoder *d, const struct decode_spec *spec,
    const struct decode_mode *mode, const struct decode_input *input,
    const char *expected, const char *got)
{
	static const char *const policies[] = { "close", "discard",
	    "truncate" };
	struct unit_text how = { .text = NULL };
	size_t i;

	unit_note(&how, "%s, %s, on a %s, ", spec->name, mode->whole ?
	    "whole frames" : "in pieces", d->socket ? "socket" : "pair");
	if (mode->limited)
		unit_note_append(&how, "max %ju, %s, ", (uintmax_t)mode->max,
		    policies[mode->policy]);
	if (mode->options & EVCHAT_OPT_DELIVER_LAST)
		unit_note_append(&how, "the last delivered, ");
	unit_note_append(&how, "cut at");
	for (i = 0; i < input->n && i < SHOWN_CUTS; i++)
		unit_note_append(&how, " %zu", input->cuts[i]);
	unit_note_append(&how, input->eof_alone ? " and the end\n  of        " :
	    "\n  of        ");
	unit_note_append_bytes(&how, input->bytes, input->len);
	ck_abort_msg("%s\n  expected  %s\n  got       %s", unit_text(&how),
	    expected, got);
}

void
decoder_prove(struct decoder *d, const struct decode_spec *spec,
    struct evchat_framing *framing, const struct decode_mode *mode,
    const struct decode_input *input, const char *expected)
{
	d->declares = decode_declares(spec);
	decoder_run(d, framing, mode, input);
	if (strcmp(unit_text(&d->text), expected) != 0)
		decoder_report(d, spec, mode, input, expected,
		    unit_text(&d->text));
}
