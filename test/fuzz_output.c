/*
 * Things to push: bytes in every way, and producers, references and marks,
 * each of which must be told its end exactly once. What the peer is to get is
 * noted where it can be known here.
 */

#define _POSIX_C_SOURCE 200809L
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "fuzz.h"

#define TEXT_MAX 64
#define LONG_TEXT 3000 /* more than a producer is asked for, sometimes */

struct fuzz_thing {
	struct fuzz_thing *next;
	struct fuzz_run *f;
	struct evchat_producer *producer;
	int ends;          /* how often it was told */
	enum evchat_done how;
	size_t total, piece, given;
	unsigned kind;
	int asked;
	bool pushed;
	bool waiting;      /* said LATER, to be resumed from the loop */
};

static const char letters[TEXT_MAX + 1] =
    "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ\r\n";

/* Kinds of producers, by how they answer. */
enum {
	ANSWER_DATA, ANSWER_LATER_NOW, ANSWER_LATER, ANSWER_LATER_IDLE,
	ANSWER_NOTHING, ANSWER_ERROR, ANSWER_LONG, ANSWER_END_AT_ONCE,
	ANSWERS
};

/* Ways to push. */
enum {
	WAY_BYTES, WAY_FORMATTED, WAY_BUFFER, WAY_REFERENCE, WAY_FRAME,
	WAY_CALLBACK, WAY_PRODUCER, WAY_FILE, WAY_EVBUFFER, WAYS
};

bool
fuzz_push_is_producer(const struct fuzz_op *op)
{
	return (op->a % WAYS >= WAY_PRODUCER);
}

/* Things */

static struct fuzz_thing *
thing_new(struct fuzz_run *f)
{
	struct fuzz_thing *thing = calloc(1, sizeof(*thing));

	fuzz_must(thing != NULL, "memory for a thing");
	thing->f = f;
	thing->next = f->things;
	f->things = thing;
	f->open_things++;
	return (thing);
}

static void
thing_end(struct fuzz_thing *thing, enum evchat_done how)
{
	struct fuzz_run *f = thing->f;

	fuzz_must(thing->ends++ == 0, "a second done");
	fuzz_must(f->depth == 0 || (f->may & FUZZ_MAY_DONE),
	    "a done inside a call");
	fuzz_must(f->closed == 0, "a done behind closed");
	thing->how = how;
	thing->waiting = false;
	f->open_things--;
}

static enum evchat_more
answer(struct fuzz_thing *thing)
{
	bool end = thing->given == thing->total;

	switch (thing->kind) {
	case ANSWER_LATER_NOW:
		if (thing->asked % 2 == 0)
			break;
		evchat_producer_resume(thing->producer);
		return (EVCHAT_MORE_LATER);
	case ANSWER_LATER:
		if (thing->asked % 2 == 0)
			break;
		thing->waiting = true;
		event_active(thing->f->later, EV_TIMEOUT, 0);
		return (EVCHAT_MORE_LATER);
	case ANSWER_LATER_IDLE:
		if (thing->asked % 2 == 0)
			break;
		thing->waiting = true;
		return (EVCHAT_MORE_LATER);
	case ANSWER_ERROR:
		return (end && thing->f->in->wild ? EVCHAT_MORE_ERROR :
		    end ? EVCHAT_MORE_END : EVCHAT_MORE_DATA);
	default:
		break;
	}
	return (end ? EVCHAT_MORE_END : EVCHAT_MORE_DATA);
}

static enum evchat_more
thing_more(void *self, struct evbuffer *out, size_t want)
{
	struct fuzz_thing *thing = self;
	size_t len = thing->total - thing->given;

	fuzz_must(thing->f->depth == 0, "more inside a call");
	fuzz_must(thing->ends == 0, "more behind done");
	fuzz_must(want > 0, "a producer asked for nothing");
	fuzz_ops_at(thing->f, FUZZ_AT_OUTPUT);
	if (thing->ends > 0)
		return (EVCHAT_MORE_END);
	thing->asked++;
	if (len > thing->piece)
		len = thing->piece;
	if (thing->kind == ANSWER_NOTHING && thing->asked % 2 == 1)
		len = 0;
	thing->given += len;
	for (; len > TEXT_MAX; len -= TEXT_MAX)
		fuzz_must(evbuffer_add(out, letters, TEXT_MAX) == 0, "add");
	fuzz_must(evbuffer_add(out, letters, len) == 0, "add");
	return (answer(thing));
}

static void
thing_done(void *self, enum evchat_done how, uint64_t bytes)
{
	struct fuzz_thing *thing = self;

	thing_end(thing, how);
	fuzz_must(bytes == thing->given || thing->kind == ANSWER_ERROR,
	    "done counts other bytes than were given");
	fuzz_must(how != EVCHAT_DONE_SENT || thing->given == thing->total,
	    "sent before its end");
	fuzz_ops_at(thing->f, FUZZ_AT_OUTPUT);
}

static void
mark_done(struct evchat *chat, enum evchat_done how, void *arg)
{
	struct fuzz_thing *thing = arg;

	fuzz_must(chat == thing->f->chat, "done of another channel");
	thing_end(thing, how);
	fuzz_ops_at(thing->f, FUZZ_AT_OUTPUT);
}

static void
reference_cleanup(const void *data, size_t len, void *arg)
{
	struct fuzz_thing *thing = arg;

	fuzz_must(data == letters && len == thing->total,
	    "a cleanup of something else");
	/* It is not told how it ended. */
	thing_end(thing, EVCHAT_DONE_SENT);
	fuzz_ops_at(thing->f, FUZZ_AT_OUTPUT);
}

/* Pushing */

static void
expect(struct fuzz_run *f, const void *data, size_t len)
{
	fuzz_must(evbuffer_add(f->expected, data, len) == 0, "evbuffer_add");
}

static void
expect_pieces(struct fuzz_run *f, const struct fuzz_thing *thing)
{
	size_t left, piece, len;

	for (left = thing->total; left > 0; left -= piece) {
		piece = left < thing->piece ? left : thing->piece;
		for (len = piece; len > TEXT_MAX; len -= TEXT_MAX)
			expect(f, letters, TEXT_MAX);
		expect(f, letters, len);
	}
}

static int
push_producer(struct fuzz_run *f, uint8_t shape)
{
	static const struct evchat_producer_ops ops = { thing_more,
	    thing_done };
	struct fuzz_thing *thing = thing_new(f);

	f->producers = true;
	thing->kind = shape % ANSWERS;
	thing->piece = 1 + shape / ANSWERS % 8;
	thing->total = thing->piece * (size_t)(shape / 64);
	if (thing->kind == ANSWER_END_AT_ONCE)
		thing->piece = thing->total + 1;
	if (thing->kind == ANSWER_LONG)
		thing->piece = thing->total = LONG_TEXT;
	thing->producer = evchat_producer_new(&ops, thing);
	fuzz_must(thing->producer != NULL, "evchat_producer_new");
	if (evchat_push_with_producer(f->chat, thing->producer) == -1)
		return (-1);
	thing->pushed = true;
	expect_pieces(f, thing);
	return (0);
}

static int
push_reference(struct fuzz_run *f, size_t len)
{
	struct fuzz_thing *thing = thing_new(f);

	thing->total = len;
	if (evchat_push_reference(f->chat, letters, len, reference_cleanup,
	    thing) == -1)
		return (-1);
	expect(f, letters, len);
	return (0);
}

static int
push_callback(struct fuzz_run *f)
{
	struct fuzz_thing *thing = thing_new(f);

	if (evchat_push_callback(f->chat, mark_done, thing) == 0) {
		thing->pushed = true;
		return (0);
	}
	thing->ends++;
	f->open_things--;
	return (-1);
}

static int
push_file(struct fuzz_run *f, size_t offset, bool all)
{
	static FILE *file;
	size_t len = TEXT_MAX - offset;

	if (file == NULL) {
		file = tmpfile();
		fuzz_must(file != NULL && fwrite(letters, 1, TEXT_MAX, file) ==
		    TEXT_MAX && fflush(file) == 0, "a file");
	}
	if (!all)
		len /= 2;
	f->producers = true;
	if (evchat_push_file(f->chat, dup(fileno(file)), (int64_t)offset,
	    all ? -1 : (int64_t)len) == -1)
		return (-1);
	expect(f, letters + offset, len);
	return (0);
}

static int
push_buffer(struct fuzz_run *f, size_t len, bool by_producer)
{
	struct evbuffer *buf = evbuffer_new();
	int done;

	fuzz_must(buf != NULL && evbuffer_add(buf, letters, len) == 0,
	    "a buffer");
	if (by_producer) {
		f->producers = true;
		done = evchat_push_with_producer(f->chat,
		    evchat_producer_new_evbuffer(buf));
	} else {
		done = evchat_push_buffer(f->chat, buf);
		fuzz_must(evbuffer_get_length(buf) == 0, "a buffer not taken");
		evbuffer_free(buf);
	}
	if (done == 0)
		expect(f, letters, len);
	return (done);
}

static int
push_text(struct fuzz_run *f, size_t len, bool formatted)
{
	int done = formatted ?
	    evchat_push_printf(f->chat, "%.*s", (int)len, letters) :
	    evchat_push(f->chat, letters, len);

	if (done == 0)
		expect(f, letters, len);
	return (done);
}

static int
push_frame(struct fuzz_run *f, uint8_t a, uint8_t b)
{
	struct fuzz_bytes text = fuzz_bytes_of(f->in, a, b);

	f->inexact = true;
	return (evchat_push_frame(f->chat, text.data, text.len));
}

int
fuzz_push(struct fuzz_run *f, const struct fuzz_op *op)
{
	size_t len = op->b % (TEXT_MAX + 1);

	switch (op->a % WAYS) {
	case WAY_PRODUCER:
		return (push_producer(f, op->b));
	case WAY_REFERENCE:
		return (push_reference(f, len));
	case WAY_CALLBACK:
		return (push_callback(f));
	case WAY_FILE:
		return (push_file(f, len, op->b & 0x80));
	case WAY_EVBUFFER:
	case WAY_BUFFER:
		return (push_buffer(f, len, op->a % WAYS == WAY_EVBUFFER));
	case WAY_FRAME:
		return (push_frame(f, op->a, op->b));
	default:
		return (push_text(f, len, op->a % WAYS == WAY_FORMATTED));
	}
}

/* All of them */

void
fuzz_things_resume(struct fuzz_run *f)
{
	struct fuzz_thing *thing;

	for (thing = f->things; thing != NULL; thing = thing->next) {
		if (!thing->waiting)
			continue;
		thing->waiting = false;
		f->depth++;
		evchat_producer_resume(thing->producer);
		f->depth--;
	}
}

void
fuzz_things_free(struct fuzz_run *f)
{
	struct fuzz_thing *thing;
	bool sent = !f->in->wild && !f->discarded &&
	    f->why != EVCHAT_REASON_FREED && f->why != EVCHAT_REASON_DETACHED;

	while ((thing = f->things) != NULL) {
		fuzz_must(thing->ends == 1, "a thing without done");
		fuzz_must(!sent || !thing->pushed ||
		    thing->how == EVCHAT_DONE_SENT,
		    "not sent, though nothing kept it");
		f->things = thing->next;
		free(thing);
	}
}
