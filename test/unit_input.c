/*
 * Driving the read side; see unit_input.h.
 */

#include <stdlib.h>
#include <string.h>
#include <check.h>
#include "unit_input.h"

void
unit_input_init(struct unit_input *u, bool whole, bool deliver_last)
{
	memset(u, 0, sizeof(*u));
	memset(&u->input, UNIT_JUNK, sizeof(u->input)); /* init owes nothing to it */
	u->whole = whole;
	input_init(&u->input, deliver_last);
}

void
unit_input_begin(struct unit_input *u, bool whole, const char *delimiter)
{
	unit_input_init(u, whole, false);
	unit_input_delimiter(u, delimiter, strlen(delimiter));
}

static void
forget_lent(struct unit_input *u)
{
	free(u->copy);
	u->copy = NULL;
	u->lent.len = 0;
}

void
unit_input_discard(struct unit_input *u)
{
	struct evbuffer *none = evbuffer_new();

	input_discard(&u->input, none);
	evbuffer_free(none);
}

void
unit_input_free(struct unit_input *u)
{
	input_free(&u->input);
	unit_text_free(&u->text);
	forget_lent(u);
}

void
unit_input_expect(struct unit_input *u, const char *expected)
{
	unit_expect(&u->text, expected);
	unit_input_free(u);
}

void
unit_input_delimiter(struct unit_input *u, const char *delimiter, size_t n)
{
	struct terminator terminator = { .kind = SCAN_FRAMING };

	terminator.framing = evchat_framing_delimiter(delimiter, n, 0);
	if (terminator.framing == NULL)
		ck_abort_msg("no framing");
	input_set_terminator(&u->input, &terminator);
}

void
unit_input_count(struct unit_input *u, uint64_t count)
{
	struct terminator terminator = { .kind = SCAN_COUNT, .count = count };

	input_set_terminator(&u->input, &terminator);
}

void
unit_input_set_next(struct unit_input *u, const char *delimiter)
{
	struct terminator next = { .kind = SCAN_FRAMING };

	next.framing = evchat_framing_delimiter(delimiter, strlen(delimiter),
	    0);
	input_set_next(&u->input, &next);
}

/* What a step lent must be what it was, whatever was called since. */
static void
look_again(struct unit_input *u)
{
	if (u->lent.len > 0 &&
	    memcmp(u->lent.data, u->copy, u->lent.len) != 0)
		ck_abort_msg("lent %.*s, now %.*s", (int)u->lent.len, u->copy,
		    (int)u->lent.len, u->lent.data);
	forget_lent(u);
}

static void
remember(struct unit_input *u, const void *data, size_t len)
{
	if (len == 0)
		return;
	u->lent = (struct input_step){ data, len };
	u->copy = malloc(len);
	if (u->copy == NULL)
		ck_abort_msg("no memory");
	memcpy(u->copy, data, len);
}

static void
note_end(struct unit_input *u)
{
	u->found++;
	unit_note_append(&u->text, ":%ju@%ju", (uintmax_t)u->input.last_len,
	    (uintmax_t)u->input.offset);
}

static void
note_partial(struct unit_input *u)
{
	size_t len = 99;
	const void *partial = input_partial(&u->input, u->whole,
	    &len);

	if (partial == NULL && len != 0)
		ck_abort_msg("%zu bytes of nothing", len);
	unit_note_append_bytes(&u->text, partial, len);
	unit_note_append(&u->text, "@%ju", (uintmax_t)u->input.offset);
}

static void
note(struct unit_input *u, enum input_what what, const struct input_step *step)
{
	if (what == INPUT_DATA) {
		if (step->len == 0)
			ck_abort_msg("an empty piece");
		unit_note_collect(&u->text, step->data, step->len);
		remember(u, step->data, step->len);
	} else if (what == INPUT_FOUND) {
		unit_note(&u->text, "found");
		note_end(u);
	} else if (what == INPUT_FRAME) {
		if (step->data == NULL)
			ck_abort_msg("an empty frame of nothing");
		unit_note_bytes(&u->text, "frame", step->data, step->len);
		note_end(u);
		remember(u, step->data, step->len);
	} else if (what == INPUT_OVERSIZE) {
		u->oversize++;
		u->over = u->input.policy == EVCHAT_OVERSIZE_CLOSE;
		unit_note(&u->text, "oversize:%ju:",
		    (uintmax_t)input_frame_length(&u->input));
		note_partial(u);
	} else if (what == INPUT_EOF) {
		unit_note(&u->text, "eof:");
		note_partial(u);
		if (input_incomplete(&u->input))
			unit_note_append(&u->text, "!");
	}
}

/* There is no step to be had: have more bytes, if there are. */
static bool
take(struct unit_input *u, struct evbuffer *from)
{
	if (from == NULL || evbuffer_get_length(from) == 0)
		return false;
	input_settle(&u->input);
	if (!input_wants(&u->input))
		ck_abort_msg("more bytes are not wanted");
	/* The buffer for chains is made when the first ones come. */
	if (input_take(&u->input, from) == -1) {
		u->no_memory++;
		if (input_take(&u->input, from) == -1)
			ck_abort_msg("more bytes are not taken");
	}
	if (u->last)
		input_set_eof(&u->input);
	return true;
}

void
unit_input_run(struct unit_input *u, struct evbuffer *from)
{
	enum input_what what = INPUT_MORE;
	struct input_step step = { NULL, 0 };

	while (!u->over) {
		look_again(u);
		what = input_next(&u->input, u->whole, &step);
		if (what == INPUT_NO_MEMORY)
			u->no_memory++;
		else if (what != INPUT_MORE)
			note(u, what, &step);
		else if (!take(u, from))
			break;
		if (u->act != NULL && what != INPUT_MORE)
			u->act(u, what, &step);
	}
	look_again(u);
	input_settle(&u->input);
}

void
unit_input_feed(struct unit_input *u, const char *bytes, size_t len)
{
	struct evbuffer *from = evbuffer_new();

	unit_add_chain(from, bytes, len);
	unit_input_run(u, from);
	evbuffer_free(from);
}

void
unit_input_feed_text(struct unit_input *u, const char *text)
{
	unit_input_feed(u, text, strlen(text));
}

void
unit_input_eof(struct unit_input *u)
{
	input_set_eof(&u->input);
	unit_input_run(u, NULL);
}
