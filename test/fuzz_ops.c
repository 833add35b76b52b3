/*
 * Operations: any call, made when its moment has come. Which of them do the
 * same at every cut, and when, is what the table says; fuzz_channel.c says
 * why. Others happen in wild inputs only.
 */

#include <stdlib.h>
#include <string.h>
#include "fuzz.h"

#define AT(moment) (1u << FUZZ_AT_ ## moment)
#define AT_INPUT (AT(FRAME) | AT(BYTE) | AT(LOOP))
#define AT_ALL (AT_INPUT | AT(OUTPUT))

static const struct {
	const char *name;
	unsigned moments; /* at which it does not depend on the cuts */
} table[FUZZ_WHATS] = {
	[FUZZ_DELIMITER] = { "delimiter", AT_INPUT },
	[FUZZ_COUNT] = { "count", AT_INPUT },
	[FUZZ_NONE] = { "none", AT_INPUT },
	[FUZZ_FRAMING] = { "framing", AT_INPUT },
	[FUZZ_HOOKS] = { "hooks", AT(FRAME) | AT(LOOP) },
	[FUZZ_MAX] = { "max", AT_INPUT },
	[FUZZ_PAUSE] = { "pause", AT_ALL },
	[FUZZ_UNREAD] = { "unread", AT(FRAME) | AT(LOOP) },
	[FUZZ_DISCARD] = { "discard", AT(LOOP) },
	[FUZZ_PUSH] = { "push", AT_ALL },
	[FUZZ_PUSH_EOF] = { "push-eof", AT_INPUT },
	[FUZZ_CLOSE] = { "close", AT_INPUT },
	[FUZZ_DETACH] = { "detach", AT_INPUT },
	[FUZZ_FREE] = { "free", AT_INPUT },
	[FUZZ_SIZES] = { "sizes", AT_ALL },
	[FUZZ_MARKS] = { "marks", AT_ALL },
	[FUZZ_TIMEOUT] = { "timeout", AT_ALL },
	[FUZZ_REFERENCE] = { "reference", AT_ALL },
	[FUZZ_OUTPUT_FRAMING] = { "output-framing", AT_INPUT },
};

const char *
fuzz_what_name(enum fuzz_what what)
{
	return (table[what].name);
}

static bool
is_terminator(const struct fuzz_op *op)
{
	return (op->what <= FUZZ_FRAMING);
}

static bool
may_do(const struct fuzz_run *f, enum fuzz_moment moment,
    const struct fuzz_op *op)
{
	if (f->in->wild)
		return (true);
	if (op->what == FUZZ_DISCARD && f->in_eof)
		return (true); /* all was delivered */
	if (!(table[op->what].moments & (1u << moment)))
		return (false);
	if (moment == FUZZ_AT_BYTE && is_terminator(op))
		return (f->now.kind != FUZZ_KIND_UNSURE);
	/* Whether a producer has ended depends on when. */
	if (op->what == FUZZ_DETACH)
		return (moment == FUZZ_AT_LOOP || !f->producers);
	if (op->what == FUZZ_PUSH && moment == FUZZ_AT_OUTPUT)
		return (!fuzz_push_is_producer(op));
	return (true);
}

/* Input */

static int
unread(struct fuzz_run *f, const struct fuzz_op *op)
{
	struct fuzz_bytes text = fuzz_bytes_of(f->in, op->a, op->b);

	if (op->a < 0xc0 || f->last_len == 0)
		return (evchat_unread(f->chat, text.data, text.len));
	text.len = 1 + op->b % f->last_len;
	return (evchat_unread(f->chat, f->last + f->last_len - text.len,
	    text.len));
}

static void
discard(struct fuzz_run *f, enum fuzz_moment moment)
{
	struct evbuffer *got = bufferevent_get_input(f->peer);
	size_t len = evbuffer_get_length(got);

	if (f->has_next)
		f->now = f->then;
	f->has_next = false;
	if (moment == FUZZ_AT_LOOP) {
		/* All that was pushed before this moment has arrived. */
		(void)evbuffer_drain(f->expected,
		    evbuffer_get_length(f->expected));
		if (len > 0)
			(void)evbuffer_add(f->expected,
			    evbuffer_pullup(got, -1), len);
	} else
		f->discarded = f->loose = true;
	evchat_discard_buffers(f->chat);
}

/* Flow */

static void
pause_input(struct fuzz_run *f, enum fuzz_moment moment, unsigned how)
{
	evchat_pause(f->chat);
	f->paused = true;
	switch (how % 4) {
	case 0:
		fuzz_resume(f);
		break;
	case 1:
		f->resume_later = true;
		event_active(f->later, EV_TIMEOUT, 0);
		break;
	case 2:
		if (moment == FUZZ_AT_FRAME || moment == FUZZ_AT_LOOP) {
			f->stay = true;
			f->stayed = false;
			break;
		}
		/* FALLTHROUGH */
	default:
		f->resume_idle = true;
	}
}

void
fuzz_resume(struct fuzz_run *f)
{
	if (f->stay)
		return;
	f->paused = f->resume_later = f->resume_idle = false;
	if (f->chat == NULL)
		return;
	f->depth++;
	evchat_resume(f->chat);
	f->depth--;
}

static int
set_timeout(struct fuzz_run *f, const struct fuzz_op *op)
{
	static const struct timeval long_time = { .tv_sec = 86400 };

	return (evchat_set_timeout(f->chat, (enum evchat_timeout)(op->a % 5),
	    op->b & 1 ? &long_time : NULL));
}

static void
refer(struct fuzz_run *f, const struct fuzz_op *op)
{
	if (op->a & 1) {
		f->kept = f->chat;
		f->references++;
		evchat_incref(f->chat);
	} else if (f->references > 0) {
		evchat_decref(f->chat);
		if (--f->references == 0)
			f->kept = NULL;
	}
}

static int
set_output_framing(struct fuzz_run *f, const struct fuzz_op *op)
{
	struct evchat_framing *framing = NULL;
	int done;

	if (op->a % 4 > 0)
		framing = f->in->target->framing_new(f->in, op->a, op->b);
	done = evchat_set_output_framing(f->chat, framing);
	evchat_framing_free(framing);
	return (done);
}

/* Ends */

static int
detach(struct fuzz_run *f)
{
	bool trimmed = f->trimmed;
	size_t len = f->rest_len;

	/* Whether it can be done shows too late for what closed notes. */
	f->left = malloc(len + 1);
	fuzz_must(f->left != NULL, "memory for what is left");
	if (len > 0)
		memcpy(f->left, f->rest, len);
	f->left_len = len;
	f->detached = evchat_detach(f->chat);
	if (f->detached == NULL) {
		free(f->left);
		f->left = NULL;
		f->trimmed = trimmed;
		return (-1);
	}
	(void)bufferevent_enable(f->detached, EV_READ | EV_WRITE);
	return (0);
}

static int
finish(struct fuzz_run *f, enum fuzz_moment moment, const struct fuzz_op *op)
{
	bool trimmed = f->trimmed;
	int done = 0;

	f->trimmed = f->trimmed || moment == FUZZ_AT_BYTE;
	switch (op->what) {
	case FUZZ_CLOSE:
		f->closing = true;
		evchat_close_when_done(f->chat);
		break;
	case FUZZ_DETACH:
		if ((done = detach(f)) == -1)
			f->trimmed = trimmed;
		break;
	default:
		f->loose = true;
		evchat_free(f->chat);
	}
	return (done);
}

/* Doing them */

static int
call_setting(struct fuzz_run *f, enum fuzz_moment moment,
    const struct fuzz_op *op)
{
	switch (op->what) {
	case FUZZ_HOOKS:
		f->plain = false;
		return (evchat_set_hooks(f->chat, fuzz_hooks(op->a), f));
	case FUZZ_MAX:
		f->same_max = false;
		fuzz_set_max(f, op);
		return (0);
	case FUZZ_SIZES:
		return (evchat_set_buffer_sizes(f->chat, 1u + op->a,
		    1u + op->b));
	case FUZZ_MARKS:
		return (evchat_set_watermarks(f->chat, op->a,
		    1u + op->a + op->b));
	case FUZZ_TIMEOUT:
		return (set_timeout(f, op));
	case FUZZ_REFERENCE:
		refer(f, op);
		return (0);
	case FUZZ_OUTPUT_FRAMING:
		return (set_output_framing(f, op));
	default:
		return (fuzz_set_terminator_at(f, moment, op));
	}
}

static int
call(struct fuzz_run *f, enum fuzz_moment moment, const struct fuzz_op *op)
{
	switch (op->what) {
	case FUZZ_PAUSE:
		pause_input(f, moment, op->a);
		return (0);
	case FUZZ_UNREAD:
		f->plain = false;
		return (unread(f, op));
	case FUZZ_DISCARD:
		f->may |= FUZZ_MAY_DONE;
		discard(f, moment);
		return (0);
	case FUZZ_PUSH:
		f->may |= FUZZ_MAY_DONE;
		return (fuzz_push(f, op));
	case FUZZ_PUSH_EOF:
		return (evchat_push_eof(f->chat));
	case FUZZ_CLOSE:
	case FUZZ_DETACH:
	case FUZZ_FREE:
		f->may |= FUZZ_MAY_DONE | FUZZ_MAY_CLOSED;
		return (finish(f, moment, op));
	default:
		return (call_setting(f, moment, op));
	}
}

const struct fuzz_op *
fuzz_ops_next(const struct fuzz_run *f, enum fuzz_moment moment)
{
	const struct fuzz_ops *ops = &f->in->ops[moment];

	return (f->next[moment] < ops->n ? &ops->op[f->next[moment]] : NULL);
}

void
fuzz_ops_do(struct fuzz_run *f, enum fuzz_moment moment)
{
	const struct fuzz_op *op = fuzz_ops_next(f, moment);
	unsigned may = f->may;
	int done;

	f->next[moment]++;
	f->waited[moment] = 0;
	if (f->chat == NULL || !may_do(f, moment, op))
		return;
	/* What ends the channel must not be noted behind its end. */
	if (moment != FUZZ_AT_OUTPUT)
		fuzz_note(&f->text, "%s", table[op->what].name);
	f->depth++;
	done = call(f, moment, op);
	f->depth--;
	f->may = may;
	fuzz_must(!f->closing || op->what != FUZZ_PUSH || done == -1,
	    "a push behind evchat_close_when_done");
	if (moment != FUZZ_AT_OUTPUT && done == -1)
		fuzz_note(&f->text, "failed");
}

void
fuzz_ops_at(struct fuzz_run *f, enum fuzz_moment moment)
{
	const struct fuzz_op *op;

	while ((op = fuzz_ops_next(f, moment)) != NULL && f->chat != NULL &&
	    op->wait == f->waited[moment])
		fuzz_ops_do(f, moment);
	f->waited[moment]++;
}
