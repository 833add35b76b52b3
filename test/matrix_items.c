/*
 * What is pushed and is told its end: references, marks and producers, and the
 * books about them. Each ends exactly once, in the order of the queue, before
 * closed, and inside of no call but those that may end them.
 */

#include <errno.h>
#include <string.h>
#include "matrix.h"

struct matrix_call
call_begin(struct matrix_run *r, const char *name, bool may_tell,
    bool may_close)
{
	struct matrix_call outer = { r->calling, r->may_tell, r->may_close };

	r->calling = name;
	r->may_tell = may_tell;
	r->may_close = may_close;
	return outer;
}

void
call_end(struct matrix_run *r, struct matrix_call outer)
{
	r->calling = outer.name;
	r->may_tell = outer.may_tell;
	r->may_close = outer.may_close;
}

/* It has ended: the last that may be heard of it. */
static void
told(struct matrix_item *item, enum evchat_done how)
{
	struct matrix_run *r = item->run;
	int number = (int)(item - r->items);

	run_must(r, ++item->told == 1, "a second done or cleanup");
	run_must(r, r->calling == NULL || r->may_tell,
	    "a done or cleanup inside a call");
	run_must(r, !item->pushed || r->h->closed == 0,
	    "a done or cleanup after closed");
	item->how = how;
	if (item->pushed) {
		run_must(r, number > r->last_told,
		    "a done or cleanup out of order");
		r->last_told = number;
	} else
		item->refused = true;
	if (item == r->chosen) {
		r->chosen = NULL;
		place_act(r);
	}
}

static enum evchat_more
on_more(void *self, struct evbuffer *out, size_t want)
{
	struct matrix_item *item = self;
	struct matrix_run *r = item->run;

	run_must(r, r->calling == NULL, "more inside a call");
	run_must(r, item->told == 0 && !item->ended, "more after the end");
	run_must(r, r->h->closed == 0, "more after closed");
	run_must(r, want > 0, "more is asked for nothing");
	if (r->armed && r->cell->place->where == MATRIX_IN_MORE &&
	    ++r->seen == r->cell->nth)
		place_act(r);
	if (item->told > 0)
		return EVCHAT_MORE_END;
	if (item->stuck)
		return EVCHAT_MORE_LATER;
	run_must(r, evbuffer_add(out, item->text + item->given, 1) == 0,
	    "evbuffer_add");
	item->ended = item->text[++item->given] == '\0';
	return item->ended ? EVCHAT_MORE_END : EVCHAT_MORE_DATA;
}

static void
on_done(void *self, enum evchat_done how, uint64_t bytes)
{
	struct matrix_item *item = self;

	run_must(item->run, bytes <= item->given,
	    "done is told more bytes than were given");
	run_must(item->run, how != EVCHAT_DONE_SENT || item->ended,
	    "sent before it was asked for all");
	told(item, how);
}

static void
on_mark(struct evchat *chat, enum evchat_done how, void *arg)
{
	struct matrix_item *item = arg;

	run_must(item->run, chat == item->run->chat, "another channel's mark");
	told(item, how);
}

/* A cleanup is not told how: that shows in those before and behind it. */
static void
on_cleanup(const void *data, size_t len, void *arg)
{
	struct matrix_item *item = arg;

	run_must(item->run, data == item->text && len == strlen(item->text),
	    "another reference's cleanup");
	told(item, item->how);
}

static int
push_producer(struct matrix_item *item)
{
	static const struct evchat_producer_ops ops = { on_more, on_done };
	struct evchat_producer *producer = evchat_producer_new(&ops, item);

	run_must(item->run, producer != NULL, "a producer");
	return evchat_push_with_producer(item->run->chat, producer);
}

static void
push(struct matrix_item *item, enum matrix_item_kind kind, const char *text)
{
	struct matrix_run *r = item->run;
	struct matrix_call outer = call_begin(r, "push", true, false);
	size_t len = strlen(text);
	int result, error;

	harness_must(len < sizeof(item->text), "a short text");
	item->kind = kind;
	strcpy(item->text, text);
	errno = 0;
	if (kind == ITEM_REFERENCE)
		result = evchat_push_reference(r->chat, item->text, len,
		    on_cleanup, item);
	else if (kind == ITEM_MARK)
		result = evchat_push_callback(r->chat, on_mark, item);
	else
		result = push_producer(item);
	error = errno;
	call_end(r, outer);
	item->pushed = true;
	run_must(r, result == 0 || error == EPIPE, "a push fails with EPIPE");
	run_must(r, item->told == (result == 0 || kind == ITEM_MARK ? 0 : 1),
	    "what cannot be pushed is ended, unless it is a mark");
	item->refused = result != 0;
	r->pushed += result == 0 ? len : 0;
	item->end = r->pushed;
}

static struct matrix_item *
item_new(struct matrix_run *r)
{
	struct matrix_item *item = &r->items[r->n_items++];

	harness_must(r->n_items <= MATRIX_ITEMS, "too many items");
	item->run = r;
	return item;
}

struct matrix_item *
item_push(struct matrix_run *r, enum matrix_item_kind kind, const char *text)
{
	struct matrix_item *item = item_new(r);

	push(item, kind, text);
	return item;
}

struct matrix_item *
item_push_stuck(struct matrix_run *r)
{
	struct matrix_item *item = item_new(r);

	item->stuck = true;
	push(item, ITEM_PRODUCER, "");
	return item;
}

struct evchat_producer *
item_producer(struct matrix_run *r, const char *text)
{
	static const struct evchat_producer_ops ops = { on_more, on_done };
	struct matrix_item *item = item_new(r);

	item->kind = ITEM_PRODUCER;
	strcpy(item->text, text);
	return evchat_producer_new(&ops, item);
}

void
items_pushed(struct matrix_run *r, int first, bool pushed)
{
	struct matrix_item *item;

	for (item = &r->items[first]; item < &r->items[r->n_items]; item++) {
		run_must(r, item->told == (pushed ? 0 : 1),
		    "what is around it is ended with it");
		item->pushed = true;
		item->refused = !pushed;
		item->end = r->pushed;
	}
}

int
item_result(const struct matrix_item *item)
{
	return item->refused ? -EPIPE : 0;
}

/* What is only just being asked counts as well: it has not said END. */
bool
items_unfinished(const struct matrix_run *r)
{
	int i;

	for (i = 0; i < r->n_items; i++)
		if (r->items[i].kind == ITEM_PRODUCER &&
		    !r->items[i].refused && r->items[i].told == 0 &&
		    !r->items[i].ended)
			return true;
	return false;
}

bool
items_all_told(const struct matrix_run *r)
{
	int i;

	for (i = 0; i < r->n_items; i++)
		if (r->items[i].told == 0 && !r->items[i].refused)
			return false;
	return true;
}

/*
 * At the end: who was told what. What was dropped may have left just before;
 * but then so has all in front of it, and not what the same hook had pushed.
 */
void
items_check(const struct matrix_run *r)
{
	const struct matrix_item *item;
	bool dropped = false;
	int i;

	run_must(r, items_all_told(r), "every done and cleanup has run");
	for (i = 0; i < r->n_items; i++) {
		item = &r->items[i];
		if (item->kind == ITEM_REFERENCE || item->refused)
			continue;
		run_must(r, item->how != EVCHAT_DONE_FAILED || r->model.why ==
		    EVCHAT_REASON_READ_TIMEOUT, "nothing failed");
		if (item->how != EVCHAT_DONE_SENT) {
			run_must(r, i < r->n_dropped, "it was not discarded");
			dropped = true;
			continue;
		}
		run_must(r, i >= r->n_dropped || !dropped,
		    "nothing is sent behind what was dropped");
		run_must(r, i >= r->n_dropped || i < r->first_own,
		    "what was pushed just before the drop is dropped");
	}
}

/* How much the peer must have, of what was pushed. */
size_t
items_sent(const struct matrix_run *r)
{
	size_t sent = 0;
	int i;

	for (i = 0; i < r->n_dropped; i++)
		if (r->items[i].kind != ITEM_REFERENCE &&
		    !r->items[i].refused &&
		    r->items[i].how == EVCHAT_DONE_SENT)
			sent = r->items[i].end;
	return sent;
}
