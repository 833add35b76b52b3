/*
 * The places: how each is reached in the channel and, in the model's words,
 * what has come before it there. In half of the cells bytes, a reference and a
 * mark are pushed before the action, and bytes behind it, so that the action
 * finds a queue, and what it does to pushes shows.
 */

#include <errno.h>
#include <string.h>
#include "matrix.h"

#define LOW 4 /* WRITABLE: marks that the load passes */
#define HIGH 8

const struct matrix_place matrix_places[MATRIX_WHERES] = {
	{ "collect", MATRIX_IN_COLLECT, 0, 11 },
	{ "found", MATRIX_IN_FOUND, 0, 3 },
	{ "frame", MATRIX_IN_FRAME, 0, 3 },
	{ "event OVERSIZE", MATRIX_IN_OVERSIZE, 0, 1 },
	{ "event EOF", MATRIX_IN_EOF, 0, 1 },
	{ "event MALFORMED", MATRIX_IN_MALFORMED, 0, 1 },
	{ "event CONNECTED", MATRIX_IN_CONNECTED, 1, 3 },
	{ "outside of all hooks", MATRIX_OUTSIDE, 1, 37 },
	{ "outside, with input unseen", MATRIX_UNSEEN, 1, 37 },
	{ "more", MATRIX_IN_MORE, 2, 97 },
	{ "done of a producer", MATRIX_IN_DONE, 1, 97 },
	{ "done of a mark", MATRIX_IN_MARK, 2, 97 },
	{ "cleanup of a reference", MATRIX_IN_CLEANUP, 2, 97 },
	{ "event WRITABLE", MATRIX_IN_WRITABLE, 1, 97 },
	{ "event DRAINED", MATRIX_IN_DRAINED, 1, 97 },
	{ "event LAST", MATRIX_IN_LAST, 1, 97 },
	{ "event TIMEOUT", MATRIX_IN_TIMEOUT, 1, 251 },
	{ "done inside free", MATRIX_IN_FREE, 3, 199 },
	{ "done inside detach", MATRIX_IN_DETACH, 2, 199 },
	{ "done inside discard", MATRIX_IN_DISCARD, 3, 199 },
	{ "done inside a failing push", MATRIX_IN_PUSH, 2, 199 },
	{ "closed", MATRIX_IN_CLOSED, 4, 199 },
};

/*
 * The action, and what is pushed around it, unless the cell is quiet: a push
 * has the channel look at all that there is to do, and the action may have to.
 */

static int
push_bytes(struct matrix_run *r, const char *bytes)
{
	struct matrix_call outer = call_begin(r, "push", false, false);
	int result = evchat_push(r->chat, bytes, strlen(bytes));
	int error = errno;

	call_end(r, outer);
	r->pushed += result == 0 ? strlen(bytes) : 0;
	return result == 0 ? 0 : -error;
}

static void
push_before(struct matrix_run *r)
{
	if (r->cell->quiet)
		return;
	r->before = push_bytes(r, "<");
	run_must(r, item_result(item_push(r, ITEM_REFERENCE, "ref")) ==
	    r->before && item_result(item_push(r, ITEM_MARK, "")) == r->before,
	    "all pushes fail, or none");
}

void
place_act(struct matrix_run *r)
{
	const struct matrix_action *action = r->cell->action;
	struct matrix_call outer;

	run_must(r, !r->acted, "the place is reached twice");
	r->acted = true;
	r->acted_collected = r->collected;
	r->first_own = r->n_items;
	harness_note(r->h, "act");
	push_before(r);
	outer = call_begin(r, action->name, false, false);
	r->result = action->act(r, action);
	call_end(r, outer);
	if (!r->cell->quiet)
		r->behind = push_bytes(r, ">");
}

void
model_act(struct matrix_model *m)
{
	const struct matrix_run *r = m->run;

	m->acted = true;
	model_note(m, "act");
	run_must(r, r->acted, "the place was not reached");
	run_must(r, m->cell->quiet || model_push(m, "<ref") == r->before,
	    "the result of a push before the action");
	run_must(r, m->cell->action->meant(m, m->cell->action) == r->result,
	    "the result of the action");
	run_must(r, m->cell->quiet || model_push(m, ">") == r->behind,
	    "the result of a push behind the action");
}

/* Hooks */

/* One more time at a place inside of hooks. */
static void
reach(struct matrix_run *r, enum matrix_where where)
{
	if (r->cell->place->where == where && ++r->seen == r->cell->nth)
		place_act(r);
}

static void
check_hook(struct matrix_run *r, bool is_data)
{
	run_must(r, r->calling == NULL, "a hook inside a call");
	run_must(r, !r->ended, "a hook after the end");
	run_must(r, !is_data || !r->paused, "a data hook while paused");
}

static void
on_collect(struct harness *h, const void *data, size_t len)
{
	struct matrix_run *r = h->user;

	(void)data;
	check_hook(r, true);
	r->collected += len;
	if (r->cell->place->where == MATRIX_IN_COLLECT && !r->acted &&
	    r->collected >= r->cell->nth)
		place_act(r);
}

void
place_set_cut(struct matrix_run *r, const struct matrix_cut *cut)
{
	const struct matrix_action set = { .cut = *cut };

	if (cut->kind != MATRIX_KEEP)
		run_must(r, action_set_cut(r, &set) == 0, "a terminator");
}

/* The stream's program goes on, and then comes the action. */
static void
after_frame(struct matrix_run *r, enum matrix_where where)
{
	check_hook(r, true);
	place_set_cut(r, base_program(r->cell->base, r->frames++));
	reach(r, where);
}

static void
on_found(struct harness *h)
{
	after_frame(h->user, MATRIX_IN_FOUND);
}

static void
on_frame(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	after_frame(h->user, MATRIX_IN_FRAME);
}

static void
on_event(struct harness *h, enum evchat_event what)
{
	static const enum matrix_where places[] = {
		[EVCHAT_EVENT_CONNECTED] = MATRIX_IN_CONNECTED,
		[EVCHAT_EVENT_EOF] = MATRIX_IN_EOF,
		[EVCHAT_EVENT_WRITABLE] = MATRIX_IN_WRITABLE,
		[EVCHAT_EVENT_DRAINED] = MATRIX_IN_DRAINED,
		[EVCHAT_EVENT_OVERSIZE] = MATRIX_IN_OVERSIZE,
		[EVCHAT_EVENT_TIMEOUT] = MATRIX_IN_TIMEOUT,
		[EVCHAT_EVENT_LAST] = MATRIX_IN_LAST,
		[EVCHAT_EVENT_MALFORMED] = MATRIX_IN_MALFORMED
	};
	struct matrix_run *r = h->user;

	check_hook(r, what == EVCHAT_EVENT_EOF);
	if ((what != EVCHAT_EVENT_WRITABLE && what != EVCHAT_EVENT_DRAINED) ||
	    r->armed)
		reach(r, places[what]);
}

static void
on_closed(struct harness *h, enum evchat_reason why)
{
	struct matrix_run *r = h->user;

	run_must(r, r->calling == NULL || r->may_close,
	    "closed inside a call");
	run_must(r, items_all_told(r), "a done or cleanup behind closed");
	if (why == EVCHAT_REASON_READ_TIMEOUT)
		r->n_dropped = r->n_items;
	if (r->cell->place->where == MATRIX_IN_CLOSED && !r->acted)
		place_act(r);
	r->ended = true;
}

void
place_install(struct matrix_run *r)
{
	r->h->user = r;
	r->h->script = (struct harness_script){ .collect = on_collect,
	    .found = on_found, .frame = on_frame, .event = on_event,
	    .closed = on_closed };
}

/* Places at a position */

/* What is queued there, for its ends to be told. */
static void
push_load(struct matrix_run *r)
{
	enum matrix_where where = r->cell->place->where;
	size_t nth = r->cell->nth;
	struct matrix_item *items[6];

	run_must(r, push_bytes(r, "load") == 0, "a push");
	items[0] = item_push(r, ITEM_REFERENCE, "one");
	items[1] = item_push(r, ITEM_MARK, "");
	items[2] = item_push(r, ITEM_PRODUCER, "PQR");
	items[3] = item_push(r, ITEM_MARK, "");
	items[4] = item_push(r, ITEM_REFERENCE, "two");
	run_must(r, push_bytes(r, ".") == 0, "a push");
	if (where == MATRIX_IN_CLEANUP)
		r->chosen = items[nth == 1 ? 0 : 4];
	else if (where == MATRIX_IN_MARK)
		r->chosen = items[nth == 1 ? 1 : 3];
	else if (where == MATRIX_IN_DONE)
		r->chosen = items[2];
}

/* Nothing of it leaves. A channel that is to be detached has no producer. */
static void
push_stuck_load(struct matrix_run *r)
{
	size_t n = 0;
	struct matrix_item *items[3];

	if (r->cell->place->where != MATRIX_IN_DETACH)
		items[n++] = item_push_stuck(r);
	items[n++] = item_push(r, ITEM_REFERENCE, "one");
	items[n++] = item_push(r, ITEM_MARK, "");
	r->chosen = items[r->cell->nth - 1];
}

/* A push that fails, because the write side is to be shut. */
static void
push_in_vain(struct matrix_run *r)
{
	enum matrix_item_kind kind = r->cell->nth == 1 ? ITEM_REFERENCE :
	    ITEM_PRODUCER;

	r->h->rude = true;
	run_must(r, evchat_push_eof(r->chat) == 0, "evchat_push_eof");
	r->chosen = &r->items[r->n_items];
	(void)item_push(r, kind, "no");
}

void
place_act_outside(struct matrix_run *r)
{
	evchat_incref(r->chat); /* or it may be gone in the middle */
	place_act(r);
	evchat_decref(r->chat);
}

/* End, or discard, here; and the action is done in a done of that. */
static void
call_here(struct matrix_run *r, const char *name)
{
	const struct matrix_action *action = action_named(name);

	run_must(r, action->act(r, action) == 0, name);
}

void
place_prepare(struct harness *h)
{
	static const char *const ends[] = {
		"free", "close when done", "detach"
	};
	static const struct timeval soon = { 0, 1000 };
	struct matrix_run *r = h->user;
	const struct matrix_cell *cell = r->cell;

	r->armed = true;
	switch (cell->place->where) {
	case MATRIX_OUTSIDE:
		place_act_outside(r);
		break;
	case MATRIX_IN_FREE:
	case MATRIX_IN_DETACH:
	case MATRIX_IN_DISCARD:
		push_stuck_load(r);
		call_here(r, cell->place->where == MATRIX_IN_FREE ? "free" :
		    cell->place->where == MATRIX_IN_DETACH ? "detach" :
		    "discard");
		break;
	case MATRIX_IN_PUSH:
		push_in_vain(r);
		break;
	case MATRIX_IN_CLOSED:
		if (cell->nth <= 3)
			call_here(r, ends[cell->nth - 1]);
		break;
	case MATRIX_IN_LAST:
		evchat_close_after_frame(r->chat);
		break;
	case MATRIX_IN_TIMEOUT:
		run_must(r, evchat_set_timeout(r->chat, EVCHAT_TIMEOUT_READ,
		    &soon) == 0, "evchat_set_timeout");
		break;
	case MATRIX_IN_WRITABLE:
		run_must(r, evchat_set_watermarks(r->chat, LOW, HIGH) == 0,
		    "evchat_set_watermarks");
		push_load(r);
		break;
	default:
		push_load(r);
		break;
	}
	if (cell->at > strlen(cell->base->input))
		evchat_close_when_done(r->chat);
}
