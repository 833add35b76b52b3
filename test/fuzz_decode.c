/*
 * One run of a framing: a stream, cut into pieces, comes to a channel, and its
 * hooks write down what they are told.
 *
 * Two transcripts are kept. What one has, all ways to cut the stream must
 * give; what is in the other must be the same, too, whether frames come in
 * pieces or whole.
 */

#include <stdlib.h>
#include <string.h>
#include "fuzz_framing.h"

#define ROUNDS_MAX 1000
#define PAUSES_MAX 100
#define NOTED_MAX 200
#define EDGE 100 /* where a long stream is cut finely */

void
fuzz_payloads_add(struct fuzz_payloads *to, const void *data, size_t len,
    bool delivered)
{
	struct fuzz_payload *payload = &to->payload[to->n];

	if (to->n == FUZZ_DELIVERED)
		return;
	/* Of exactly that size, so that reading beyond is seen. */
	payload->data = malloc(len + (len == 0));
	fuzz_must(payload->data != NULL, "memory for a payload");
	if (len > 0)
		memcpy(payload->data, data, len);
	payload->len = len;
	payload->delivered = delivered;
	payload->refused = false;
	to->n++;
}

void
fuzz_payloads_free(struct fuzz_payloads *payloads)
{
	size_t i;

	for (i = 0; i < payloads->n; i++)
		free(payloads->payload[i].data);
	payloads->n = 0;
}

/* Hooks */

static void
pause_delivery(struct fuzz_decoding *d)
{
	if (!d->c->pauses || d->pauses >= PAUSES_MAX)
		return;
	evchat_pause(d->chat);
	d->paused = true;
	d->pauses++;
}

/* Of very many frames the last are only counted. */
static bool
is_noted(const struct fuzz_decoding *d)
{
	return (d->ended < NOTED_MAX);
}

/* A frame has ended; its bytes are these. */
static void
frame_ended(struct fuzz_decoding *d, const void *data, size_t len)
{
	uint64_t length = evchat_get_frame_length(d->chat);

	fuzz_must(d->ended++ <= d->c->len, "more frames than there are bytes");
	fuzz_must(length >= len || !d->over, "a frame longer than its length");
	fuzz_must(d->c->max == 0 || d->c->wild || length <= d->c->max ||
	    (d->over && len == d->c->max), "a frame above the maximum");
	if (is_noted(d)) {
		fuzz_note_bytes(&d->frames, "frame", data, len);
		fuzz_note(&d->frames, "%ju@%ju", (uintmax_t)length,
		    (uintmax_t)evchat_get_offset(d->chat));
	}
	fuzz_payloads_add(&d->got, data, len, !d->over);
	d->over = false;
	if (d->c->again)
		fuzz_must(evchat_set_framing(d->chat, d->c->framing) == 0,
		    "evchat_set_framing");
	pause_delivery(d);
}

static void
on_collect(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct fuzz_decoding *d = arg;

	fuzz_must(d->chat == chat && !d->paused, "collect out of place");
	fuzz_must(!d->whole && len > 0, "collect of what it should not");
	if (is_noted(d))
		fuzz_note_collect(&d->told, data, len);
	(void)evbuffer_add(d->pieces, data, len);
	pause_delivery(d);
}

static void
on_found(struct evchat *chat, void *arg)
{
	struct fuzz_decoding *d = arg;
	size_t len = evbuffer_get_length(d->pieces);

	fuzz_must(d->chat == chat && !d->paused, "found out of place");
	if (is_noted(d))
		fuzz_note(&d->told, "found:%ju@%ju",
		    (uintmax_t)evchat_get_frame_length(chat),
		    (uintmax_t)evchat_get_offset(chat));
	frame_ended(d, evbuffer_pullup(d->pieces, -1), len);
	(void)evbuffer_drain(d->pieces, len);
}

static void
on_frame(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct fuzz_decoding *d = arg;

	fuzz_must(d->chat == chat && !d->paused, "frame out of place");
	if (is_noted(d))
		fuzz_note_bytes(&d->told, "frame", data, len);
	frame_ended(d, data, len);
}

static void
note_end(struct fuzz_decoding *d, const char *what)
{
	size_t len;
	const void *partial = evchat_get_partial(d->chat, &len);

	fuzz_must((partial == NULL) == (len == 0), "partial without bytes");
	fuzz_note(&d->told, "%s:%ju@%ju", what,
	    (uintmax_t)evchat_get_frame_length(d->chat),
	    (uintmax_t)evchat_get_offset(d->chat));
	fuzz_note_bytes(&d->told, "partial", partial, len);
}

/* Of what is skipped the pieces that have come are no frame. */
static void
on_oversize(struct fuzz_decoding *d)
{
	uint64_t length = evchat_get_frame_length(d->chat);

	fuzz_must(d->c->max > 0 && length > d->c->max, "oversize that is not");
	fuzz_must(!d->over, "oversize that was told");
	fuzz_note(&d->frames, "oversize:%ju", (uintmax_t)length);
	if (d->c->policy == EVCHAT_OVERSIZE_DISCARD)
		(void)evbuffer_drain(d->pieces,
		    evbuffer_get_length(d->pieces));
	else
		d->over = true;
}

static void
on_event(struct evchat *chat, enum evchat_event what, void *arg)
{
	struct fuzz_decoding *d = arg;

	fuzz_must(d->chat == chat && !d->paused, "an event out of place");
	note_end(d, evchat_event_name(what));
	if (what == EVCHAT_EVENT_OVERSIZE)
		on_oversize(d);
	else
		fuzz_note(&d->frames, "%s", evchat_event_name(what));
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct fuzz_decoding *d = arg;
	struct evchat_stats stats;

	fuzz_must(d->chat == chat, "closed out of place");
	note_end(d, "closed");
	evchat_get_stats(chat, &stats, sizeof(stats));
	fuzz_note(&d->frames, "%s:%s, %ju frames, %ju oversize",
	    evchat_reason_name(why), evchat_get_error(chat),
	    (uintmax_t)stats.frames_in, (uintmax_t)stats.oversize);
	if (why == EVCHAT_REASON_MALFORMED)
		fuzz_note(&d->frames, "@%ju",
		    (uintmax_t)evchat_get_offset(chat));
	fuzz_must(evchat_get_offset(chat) <= d->c->len, "beyond the stream");
	d->why = why;
	d->chat = NULL;
}

/* The stream */

static void
settle(struct fuzz_decoding *d)
{
	int rounds = 0;

	do {
		if (d->paused && d->chat != NULL)
			evchat_resume(d->chat);
		d->paused = false;
		fuzz_pair_settle();
		fuzz_must(++rounds < ROUNDS_MAX, "it never comes to rest");
	} while (d->paused);
}

static size_t
piece_len(uint8_t piece, size_t at, size_t len)
{
	size_t n = piece & 0x1f;

	if (n > 0 && len > FUZZ_LONG && at >= EDGE && at + FUZZ_LONG < len)
		n += FUZZ_LONG - 2 * EDGE;
	return (n == 0 || n > len - at ? len - at : n);
}

static void
send_stream(const struct fuzz_decoding *d, struct bufferevent *peer,
    size_t *at, size_t *turn)
{
	struct evbuffer *group = evbuffer_new();
	const struct fuzz_case *c = d->c;
	uint8_t piece;
	size_t n;

	fuzz_must(group != NULL, "evbuffer_new");
	do {
		piece = d->cuts->piece[(*turn)++ % sizeof(d->cuts->piece)];
		n = piece_len(piece, *at, c->len);
		fuzz_add_piece(group, c->stream + *at, n);
		*at += n;
	} while (*at < c->len && (piece & FUZZ_JOINED));
	(void)bufferevent_write_buffer(peer, group);
	evbuffer_free(group);
}

static void
start(struct fuzz_decoding *d, struct fuzz_pair *pair)
{
	static const struct evchat_hooks streaming = {
		.collect = on_collect, .found = on_found, .event = on_event,
		.closed = on_closed
	}, frames = {
		.collect = on_collect, .frame = on_frame, .event = on_event,
		.closed = on_closed
	};
	const struct fuzz_case *c = d->c;

	fuzz_pair_open(pair, d->whole ? &frames : &streaming, d, c->options);
	d->chat = pair->chat;
	fuzz_must(evchat_set_max_frame(d->chat, c->max, c->policy) == 0 &&
	    evchat_set_framing(d->chat, c->framing) == 0, "a setting");
	if (c->in > 0)
		fuzz_must(evchat_set_buffer_sizes(d->chat, c->in, 1) == 0,
		    "evchat_set_buffer_sizes");
}

void
fuzz_decode(struct fuzz_decoding *d)
{
	const struct fuzz_case *c = d->c;
	struct fuzz_pair pair;
	size_t at = 0, turn = 0;

	d->pieces = evbuffer_new();
	fuzz_must(d->pieces != NULL, "evbuffer_new");
	start(d, &pair);
	settle(d);
	while (at < c->len) {
		send_stream(d, pair.peer, &at, &turn);
		settle(d);
	}
	if (c->eof)
		(void)bufferevent_flush(pair.peer, EV_WRITE, BEV_FINISHED);
	settle(d);
	if (d->chat != NULL)
		evchat_free(d->chat);
	fuzz_must(d->chat == NULL, "closed did not run");
	bufferevent_free(pair.peer);
	fuzz_pair_settle();
	evbuffer_free(d->pieces);
}

void
fuzz_decoding_free(struct fuzz_decoding *d)
{
	free(d->told.text);
	free(d->frames.text);
	fuzz_payloads_free(&d->got);
}
