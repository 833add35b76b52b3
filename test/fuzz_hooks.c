/*
 * The hooks: they note what they are told, look at what must always hold, and
 * do the operations that are due.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "fuzz.h"

#define AGAINS_MAX 64

static void
check_hook(const struct fuzz_run *f, const struct evchat *chat)
{
	fuzz_must(f->depth == 0, "a hook inside a call");
	fuzz_must(f->closed == 0 && f->chat == chat, "a hook after closed");
	fuzz_must(!f->closing, "a hook behind evchat_close_when_done");
}

static void
check_input_hook(const struct fuzz_run *f, const struct evchat *chat)
{
	check_hook(f, chat);
	fuzz_must(!f->paused, "input while paused");
}

static void *
copy_of(const void *data, size_t len)
{
	void *copy = malloc(len + 1);

	fuzz_must(copy != NULL, "memory for a copy");
	if (len > 0)
		memcpy(copy, data, len);
	return (copy);
}

/* What a hook was given stays as it is until the hook returns. */
static void
check_lent(const void *data, void *copy, size_t len)
{
	fuzz_must(len == 0 || memcmp(data, copy, len) == 0,
	    "what a hook was given has changed");
	free(copy);
}

/* A frame has ended: which terminator is in force now? */
static void
go_on(struct fuzz_run *f)
{
	fuzz_must(f->in->wild || f->now.kind != FUZZ_KIND_COUNT ||
	    evchat_get_frame_length(f->chat) == f->now.count,
	    "a frame of another length than its count");
	if (f->has_next)
		f->now = f->then;
	else if (f->now.kind == FUZZ_KIND_COUNT)
		f->now.kind = FUZZ_KIND_NONE;
	f->has_next = false;
}

static void
first_again(struct fuzz_run *f)
{
	if (f->in->again && f->now.kind == FUZZ_KIND_NONE && f->chat != NULL &&
	    !f->closing && f->agains++ < AGAINS_MAX) {
		f->depth++;
		fuzz_set_terminator(f, &f->in->first);
		f->depth--;
	}
}

/* Bytes that were delivered are those of the stream, at the offset that is told. */
static void
check_piece(const struct fuzz_run *f, const void *data, size_t len)
{
	uint64_t offset = evchat_get_offset(f->chat);

	if (f->plain)
		fuzz_must(offset >= len && offset <= f->in->len &&
		    memcmp(f->in->stream + offset - len, data, len) == 0,
		    "collect of other bytes than there are");
}

static void
check_frame(const struct fuzz_run *f, const void *data, size_t len)
{
	uint64_t offset = evchat_get_offset(f->chat), at;

	if (!f->plain || len == 0)
		return;
	for (at = 0; at + len <= offset && offset <= f->in->len; at++)
		if (memcmp(f->in->stream + at, data, len) == 0)
			return;
	fuzz_must(false, "a frame of other bytes than there are");
}

/* Go through a piece from one byte with an operation to the next one. */
static void
collect(struct fuzz_run *f, const unsigned char *data, size_t len)
{
	const struct fuzz_op *op;
	size_t n;

	f->surplus = false;
	while ((op = fuzz_ops_next(f, FUZZ_AT_BYTE)) != NULL &&
	    op->wait - f->waited[FUZZ_AT_BYTE] <= len) {
		n = op->wait - f->waited[FUZZ_AT_BYTE];
		fuzz_note_collect(&f->text, data, n);
		data += n;
		len -= n;
		f->rest = data;
		f->rest_len = len;
		fuzz_ops_do(f, FUZZ_AT_BYTE);
		if (f->trimmed || f->surplus)
			return;
		if (f->chat == NULL)
			break;
	}
	fuzz_note_collect(&f->text, data, len);
	f->waited[FUZZ_AT_BYTE] += (unsigned)len;
}

static void
on_collect(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct fuzz_run *f = arg;
	void *copy = copy_of(data, len);

	check_input_hook(f, chat);
	fuzz_must(len > 0, "collect of nothing");
	check_piece(f, data, len);
	f->last = data;
	f->last_len = len;
	collect(f, data, len);
	f->last = NULL;
	f->rest = NULL;
	f->rest_len = 0;
	f->last_len = 0;
	check_lent(data, copy, len);
}

static void
on_found(struct evchat *chat, void *arg)
{
	struct fuzz_run *f = arg;

	check_input_hook(f, chat);
	fuzz_note(&f->text, "found:%ju@%ju", (uintmax_t)evchat_get_frame_length(chat),
	    (uintmax_t)evchat_get_offset(chat));
	go_on(f);
	fuzz_ops_at(f, FUZZ_AT_FRAME);
	first_again(f);
}

static void
on_frame(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct fuzz_run *f = arg;
	void *copy = copy_of(data, len);

	check_input_hook(f, chat);
	fuzz_must(!f->plain || evchat_get_frame_length(chat) >= len,
	    "a frame longer than its length");
	check_frame(f, data, len);
	fuzz_note(&f->text, "%ju@%ju", (uintmax_t)evchat_get_frame_length(chat),
	    (uintmax_t)evchat_get_offset(chat));
	fuzz_note_bytes(&f->text, "frame", data, len);
	go_on(f);
	f->last = data;
	f->last_len = len;
	fuzz_ops_at(f, FUZZ_AT_FRAME);
	first_again(f);
	f->last = NULL;
	f->last_len = 0;
	check_lent(data, copy, len);
}

static void
note_partial(struct fuzz_run *f, struct evchat *chat)
{
	size_t len;
	const void *partial = evchat_get_partial(chat, &len);

	fuzz_must((partial == NULL) == (len == 0), "partial without bytes");
	if (len > 0)
		fuzz_note_bytes(&f->text, "partial", partial, len);
}

/* A frame of exactly the maximum is legal, so more than that was seen. */
static void
check_oversize(const struct fuzz_run *f, struct evchat *chat)
{
	const struct fuzz_input *in = f->in;
	const struct fuzz_bytes *delimiter = &f->now.delimiter;
	uint64_t max = (in->max.a - 1u) % 32, at = evchat_get_offset(chat);

	if (in->wild || !f->plain || !f->same_max)
		return;
	if (fuzz_hooks(in->hooks)->frame != NULL)
		at += max;
	if (f->now.kind == FUZZ_KIND_COUNT)
		fuzz_must(f->now.count > max, "a count below the maximum");
	else if (f->now.kind == FUZZ_KIND_FRAMING && delimiter->len > 0)
		fuzz_must(at + delimiter->len > in->len ||
		    memcmp(in->stream + at, delimiter->data, delimiter->len) != 0,
		    "oversize that is not");
}

static void
on_input_event(struct fuzz_run *f, enum evchat_event what)
{
	check_input_hook(f, f->chat);
	fuzz_note(&f->text, "%s:%ju@%ju", evchat_event_name(what),
	    (uintmax_t)evchat_get_frame_length(f->chat),
	    (uintmax_t)evchat_get_offset(f->chat));
	note_partial(f, f->chat);
	if (what == EVCHAT_EVENT_EOF) {
		fuzz_must(!f->eof_told, "a second EOF");
		f->eof_told = f->in_eof = true;
		fuzz_must(!f->plain || !f->all ||
		    fuzz_hooks(f->in->hooks)->frame != NULL ||
		    f->in->len == evchat_get_offset(f->chat),
		    "EOF before the last byte");
	} else {
		check_oversize(f, f->chat);
		if (f->now.kind != FUZZ_KIND_FRAMING || f->has_next) {
			f->now.kind = FUZZ_KIND_UNSURE;
			f->has_next = false;
		}
	}
	f->in_oversize = what == EVCHAT_EVENT_OVERSIZE;
	fuzz_ops_at(f, FUZZ_AT_FRAME);
	f->in_oversize = f->in_eof = false;
}

static void
on_event(struct evchat *chat, enum evchat_event what, void *arg)
{
	struct fuzz_run *f = arg;

	check_hook(f, chat);
	fuzz_must(what != EVCHAT_EVENT_CONNECTED, "a pair that connects");
	if (what == EVCHAT_EVENT_EOF || what == EVCHAT_EVENT_OVERSIZE)
		on_input_event(f, what);
	else
		fuzz_ops_at(f, FUZZ_AT_OUTPUT);
}

/* Calls on a channel that is ending or has ended do nothing. */
static void
check_dead(struct evchat *chat)
{
	evchat_free(chat);
	evchat_close_when_done(chat);
	evchat_pause(chat);
	evchat_resume(chat);
	evchat_set_terminator_none(chat);
	evchat_discard_buffers(chat);
	errno = 0;
	fuzz_must(evchat_push(chat, "x", 1) == -1 && errno == EPIPE,
	    "a push behind the end");
	fuzz_must(evchat_unread(chat, "x", 1) == -1 &&
	    evchat_set_terminator(chat, "x", 1) == -1 &&
	    evchat_set_terminator_count(chat, 1) == -1 &&
	    evchat_push_eof(chat) == -1 && evchat_detach(chat) == NULL,
	    "a call that works behind the end");
}

void
fuzz_check_ended(struct evchat *chat)
{
	size_t len = 1;

	check_dead(chat);
	fuzz_must(evchat_get_partial(chat, &len) == NULL && len == 0 &&
	    evchat_get_offset(chat) == 0 && evchat_get_framing(chat) == NULL &&
	    evchat_get_bufferevent(chat) == NULL && evchat_get_arg(chat) ==
	    NULL && evchat_get_output_length(chat) == 0,
	    "an ended channel tells something");
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct fuzz_run *f = arg;
	struct evchat_stats stats;

	fuzz_must(f->closed++ == 0, "a second closed");
	fuzz_must(f->depth == 0 || (f->may & FUZZ_MAY_CLOSED),
	    "closed inside a call");
	fuzz_must(f->open_things == 0, "closed before all was released");
	fuzz_must(evchat_get_error(chat) != NULL, "no words for the end");
	f->why = why;
	fuzz_note(&f->text, "closed:%s", evchat_reason_name(why));
	if (!f->trimmed) {
		evchat_get_stats(chat, &stats, sizeof(stats));
		fuzz_note(&f->text, "%ju frames, %ju oversize @%ju",
		    (uintmax_t)stats.frames_in, (uintmax_t)stats.oversize,
		    (uintmax_t)evchat_get_offset(chat));
		if (why == EVCHAT_REASON_OVERSIZE)
			check_oversize(f, chat);
		note_partial(f, chat);
	}
	check_dead(chat);
	f->chat = NULL;
}

const struct evchat_hooks *
fuzz_hooks(uint8_t which)
{
	static const struct evchat_hooks hooks[] = {
		{ .collect = on_collect, .found = on_found,
		    .event = on_event, .closed = on_closed },
		{ .collect = on_collect, .frame = on_frame,
		    .event = on_event, .closed = on_closed },
		{ .frame = on_frame, .event = on_event, .closed = on_closed },
		{ .found = on_found, .event = on_event, .closed = on_closed }
	};

	return (&hooks[which % (sizeof(hooks) / sizeof(hooks[0]))]);
}
