/*
 * The model of a channel: what calls mean to it. All it knows is strings; what
 * it does with them, step by step, is in matrix_steps.c.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "matrix.h"

/* The transcript */

void
model_append(char *text, const char *more, size_t len)
{
	size_t old = strlen(text);

	harness_must(old + len < MATRIX_TEXT, "the model's text is too long");
	memcpy(text + old, more, len);
	text[old + len] = '\0';
}

/* As the harness writes bytes. */
void
model_append_shown(char *text, const char *more, size_t len)
{
	for (; len > 0; len--, more++) {
		if (*more == '\r')
			model_append(text, "\\r", 2);
		else if (*more == '\n')
			model_append(text, "\\n", 2);
		else
			model_append(text, more, 1);
	}
}

void
model_note(struct matrix_model *m, const char *token)
{
	if (m->text[0] != '\0')
		model_append(m->text, "|", 1);
	model_append(m->text, token, strlen(token));
	m->in_collect = false;
}

/* Unread bytes */

void
model_take(struct matrix_model *m, size_t len)
{
	m->len -= len;
	memmove(m->unread, m->unread + len, m->len + 1);
}

void
model_add(struct matrix_model *m, const char *bytes, size_t len)
{
	model_append(m->unread, bytes, len);
	m->len += len;
}

void
model_unread(struct matrix_model *m, const char *text)
{
	char rest[MATRIX_TEXT];

	strcpy(rest, m->unread);
	m->unread[0] = '\0';
	m->len = 0;
	model_add(m, text, strlen(text));
	model_add(m, rest, strlen(rest));
}

/* Frames */

void
model_forget_frame(struct matrix_model *m)
{
	m->number += m->begun;
	m->begun = m->over = false;
	m->passed = m->room = 0;
	m->kept_len = 0;
	m->used[0] = '\0';
}

void
model_want_last(struct matrix_model *m)
{
	if (!m->last_wanted)
		m->last_number = m->number + model_is_in_frame(m);
	m->last_wanted = true;
}

static void
set_now(struct matrix_model *m, const struct matrix_cut *cut)
{
	m->cut = *cut;
	m->next.kind = MATRIX_KEEP;
	m->skipping = false;
	model_forget_frame(m);
}

int
model_set_cut(struct matrix_model *m, const struct matrix_cut *cut)
{
	if (!model_is_open(m))
		return -EPIPE;
	if (cut->kind == MATRIX_DELIMITER || cut->kind == MATRIX_FRAMING)
		m->last = *cut;
	if (m->collecting)
		m->next = *cut;
	else
		set_now(m, cut);
	return 0;
}

void
model_discard(struct matrix_model *m)
{
	struct matrix_cut again = m->next.kind != MATRIX_KEEP ? m->next :
	    m->cut;
	bool skipping = m->skipping && m->len == 0 &&
	    m->next.kind == MATRIX_KEEP;

	model_take(m, m->len);
	set_now(m, &again);
	m->skipping = skipping;
}

/* Calls */

void
model_init(struct matrix_model *m, const struct matrix_run *run,
    const struct matrix_cell *cell)
{
	memset(m, 0, sizeof(*m));
	m->cell = cell;
	m->run = run;
	m->hooks = cell->hooks;
	m->next_max = cell->base->max;
	m->half_open = cell->base->options & EVCHAT_OPT_HALF_OPEN;
	(void)model_set_cut(m, &cell->base->start);
}

bool
model_is_open(const struct matrix_model *m)
{
	return !m->closing && !m->ended;
}

int
model_push(struct matrix_model *m, const char *text)
{
	if (!model_is_open(m) || m->shut)
		return -EPIPE;
	model_append(m->behind, text, strlen(text));
	return 0;
}

/* What was pushed since it was dropped last has had no time to leave. */
void
model_drop(struct matrix_model *m)
{
	if (!m->dropped)
		model_append(m->before, m->behind, strlen(m->behind));
	m->behind[0] = '\0';
	m->dropped = true;
}

void
model_end(struct matrix_model *m, enum evchat_reason why)
{
	char token[32];

	m->ended = m->told = true;
	m->why = why;
	snprintf(token, sizeof(token), "closed:%s", harness_reason_name(why));
	model_note(m, token);
	if (m->cell->place->where == MATRIX_IN_CLOSED && !m->acted)
		model_act(m);
}
