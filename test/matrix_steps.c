/*
 * The model of a channel's input: the contract, written down as slowly and
 * plainly as can be. All unread bytes are one string; each step looks at the
 * whole of it, and takes away what it delivers.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "matrix.h"

/* The action is done here, if this is its place. */
static void
reach(struct matrix_model *m, enum matrix_where where)
{
	if (m->cell->place->where == where && ++m->seen == m->cell->nth)
		model_act(m);
}

static bool
has_data_hooks(const struct matrix_model *m)
{
	return m->hooks == MATRIX_STREAMING || m->hooks == MATRIX_FRAMES_TOO;
}

static void
tell_event(struct matrix_model *m, const char *token, enum matrix_where where)
{
	if (m->hooks == MATRIX_NO_HOOKS)
		return;
	model_note(m, token);
	reach(m, where);
}

/* Collecting: the channel says at which piece's end it acted, and no more. */

static void
act_in_collect(struct matrix_model *m)
{
	if (m->cell->place->where != MATRIX_IN_COLLECT || m->acted ||
	    m->collected < m->cell->nth)
		return;
	run_must(m->run, m->run->acted &&
	    m->run->acted_collected == m->collected,
	    "the action is done in a piece of one frame");
	m->collecting = m->cut.kind != MATRIX_NONE;
	model_act(m);
	m->collecting = false;
}

static void
tell_collect(struct matrix_model *m, const char *bytes, size_t len)
{
	if (!m->in_collect)
		model_note(m, "collect:");
	m->in_collect = true;
	model_append_shown(m->text, bytes, len);
	m->collected += len;
	act_in_collect(m);
}

/* Of a piece, what comes up to where the channel acted. */
static size_t
piece(const struct matrix_model *m, size_t len)
{
	size_t left = m->run->acted_collected - m->collected;

	if (m->cell->place->where != MATRIX_IN_COLLECT || !m->run->acted ||
	    m->acted)
		return len;
	run_must(m->run, left > 0, "the action was done in another piece");
	return left < len ? left : len;
}

/* The first unread bytes are used up. */
static void
use(struct matrix_model *m, size_t len)
{
	if (m->cut.kind == MATRIX_FRAMING && m->cut.framing->keeps_place)
		model_append(m->used, m->unread, len);
	model_take(m, len);
}

static bool
transforms(const struct matrix_model *m)
{
	return m->cut.kind == MATRIX_FRAMING && m->cut.framing->transforms;
}

/* Frames */

static bool
is_whole(const struct matrix_model *m)
{
	return m->hooks == MATRIX_FRAMES_TOO && m->cut.kind != MATRIX_NONE;
}

static bool
has_max(const struct matrix_model *m)
{
	return m->max > 0 && m->cut.kind != MATRIX_NONE;
}

static void
begin_frame(struct matrix_model *m)
{
	size_t ends = strspn(m->unread, "\r\n");

	if (m->skipping) {
		model_take(m, ends);
		m->skipping = m->len == 0;
	}
	if (m->begun || (m->len == 0 && m->cut.kind != MATRIX_COUNT))
		return;
	m->begun = true;
	m->max = m->next_max;
}

static void
end_frame(struct matrix_model *m)
{
	static const struct matrix_cut none = { .kind = MATRIX_NONE };

	m->skipping = m->next.kind == MATRIX_KEEP &&
	    m->cut.kind == MATRIX_FRAMING && m->cut.framing->skips_ends;
	if (m->next.kind != MATRIX_KEEP)
		m->cut = m->next;
	else if (m->cut.kind == MATRIX_COUNT)
		m->cut = none;
	m->next.kind = MATRIX_KEEP;
	model_forget_frame(m);
}

/* A frame has ended: the stream's program goes on; then comes the action. */
static void
after_frame(struct matrix_model *m, enum matrix_where where)
{
	const struct matrix_cut *cut = base_program(m->cell->base,
	    m->frames++);

	if (cut->kind != MATRIX_KEEP)
		(void)model_set_cut(m, cut);
	reach(m, where);
}

static void
tell_found(struct matrix_model *m)
{
	if (m->hooks == MATRIX_NO_HOOKS)
		return;
	model_note(m, "found");
	after_frame(m, MATRIX_IN_FOUND);
}

static void
tell_frame(struct matrix_model *m, const char *bytes, size_t len)
{
	model_note(m, "frame:");
	model_append_shown(m->text, bytes, len);
	after_frame(m, MATRIX_IN_FRAME);
}

/* Above the maximum */

static bool
goes_over(const struct matrix_model *m, const struct matrix_look *l)
{
	if (!m->begun || m->over || !has_max(m))
		return false;
	if (m->cut.kind == MATRIX_COUNT)
		return m->cut.count > m->max;
	if (l->declares)
		return l->length > m->max;
	return m->passed + l->data > m->max &&
	    (is_whole(m) || m->passed == m->max);
}

static bool
truncates(const struct matrix_model *m)
{
	return m->cell->base->policy == EVCHAT_OVERSIZE_TRUNCATE;
}

static bool
go_over(struct matrix_model *m)
{
	m->over = true;
	m->room = truncates(m) ? m->max - m->passed : 0;
	if (!truncates(m))
		m->kept_len = 0;
	m->collecting = true;
	tell_event(m, "event:oversize", MATRIX_IN_OVERSIZE);
	m->collecting = false;
	return true;
}

/* Steps: each returns whether anything was done. */

static void
close_at_end(struct matrix_model *m)
{
	m->closing = true;
	m->why = m->cut.kind == MATRIX_COUNT ||
	    (m->cut.kind != MATRIX_NONE && m->begun && (m->passed + m->len +
	    strlen(m->used) > 0 || transforms(m))) ? EVCHAT_REASON_TRUNCATED :
	    EVCHAT_REASON_EOF;
}

/* Has a frame begun and not ended? */
bool
model_is_in_frame(const struct matrix_model *m)
{
	return m->begun && m->cut.kind != MATRIX_NONE &&
	    (m->passed > 0 || m->len > 0 || m->used[0] != '\0' ||
	    transforms(m));
}

bool
model_is_last(const struct matrix_model *m)
{
	return m->last_wanted && (m->eof_told ||
	    (m->number >= m->last_number && (m->cut.kind != MATRIX_COUNT ||
	    !model_is_in_frame(m))));
}

/* All is delivered that can be: is it to be closed now? Or is one more wanted? */
static bool
close_after_frame(struct matrix_model *m)
{
	if (m->paused || !model_is_open(m) || !model_is_last(m))
		return false;
	m->last_wanted = false;
	tell_event(m, "event:last", MATRIX_IN_LAST);
	m->last_number = m->number + 1;
	if (m->eof_told && m->len == 0)
		m->last_wanted = false;
	if (model_is_open(m) && !m->last_wanted) {
		m->closing = true;
		m->why = EVCHAT_REASON_DONE;
	}
	return m->last_wanted;
}

static bool
at_the_end(struct matrix_model *m)
{
	if (!m->eof)
		return false;
	if (!m->eof_told) {
		m->eof_told = true;
		tell_event(m, "event:eof", MATRIX_IN_EOF);
		return true;
	}
	if (!m->half_open)
		close_at_end(m);
	return false;
}

/* Of a frame that is not unread until it ends: keep what is wanted. */
static void
keep(struct matrix_model *m, const struct matrix_look *l)
{
	size_t n = l->data;

	if (m->over && n > m->room)
		n = (size_t)m->room;
	memcpy(m->kept + m->kept_len, m->unread + l->lead, n);
	m->kept_len += n;
	if (m->over)
		m->room -= n;
}

/* Nothing of the frame is left to be delivered. */
static bool
no_more(struct matrix_model *m, const struct matrix_look *l)
{
	if (!l->bad)
		return at_the_end(m);
	m->why = EVCHAT_REASON_MALFORMED;
	m->refusing = true;
	tell_event(m, "event:malformed", MATRIX_IN_MALFORMED);
	m->refusing = false;
	m->closing = true;
	return false;
}

/* The data is used up, and what comes before it; is there more behind it? */
static bool
pass_data(struct matrix_model *m, const struct matrix_look *l)
{
	if (l->data == 0 && !transforms(m) && !l->ended)
		return false;
	m->passed += l->data;
	use(m, l->lead + l->data);
	return transforms(m) && l->lead + l->data > 0;
}

static bool
step_whole(struct matrix_model *m, const struct matrix_look *l)
{
	bool kept = m->over || transforms(m), told = !m->over || truncates(m);
	char bytes[MATRIX_TEXT];
	size_t n;

	if (kept)
		keep(m, l);
	n = kept ? m->kept_len : l->data;
	memcpy(bytes, kept ? m->kept : m->unread + l->lead, n);
	if (!l->ended)
		return (kept && pass_data(m, l)) || no_more(m, l);
	(void)pass_data(m, l);
	use(m, l->skip);
	end_frame(m);
	if (told)
		tell_frame(m, bytes, n);
	return true;
}

static void
give_piece(struct matrix_model *m, size_t lead, size_t len)
{
	char bytes[MATRIX_TEXT];

	if (has_data_hooks(m))
		len = piece(m, len);
	memcpy(bytes, m->unread + lead, len);
	use(m, lead + len);
	m->passed += len;
	if (m->over)
		m->room -= len;
	if (has_data_hooks(m))
		tell_collect(m, bytes, len);
}

static bool
step_in_pieces(struct matrix_model *m, const struct matrix_look *l)
{
	uint64_t left = m->over ? m->room :
	    has_max(m) ? m->max - m->passed : UINT64_MAX;
	bool told = !m->over || truncates(m);

	if (m->kept_len > 0) {
		left = m->kept_len;
		m->kept_len = 0;
		if (has_data_hooks(m))
			tell_collect(m, m->kept, (size_t)left);
		return true;
	}
	if (l->data > 0 && left > 0) {
		give_piece(m, l->lead, l->data < left ? l->data : (size_t)left);
		return true;
	}
	if (pass_data(m, l) && !l->ended)
		return true;
	if (!l->ended)
		return no_more(m, l);
	use(m, l->skip);
	end_frame(m);
	if (told)
		tell_found(m);
	return true;
}

static bool
step(struct matrix_model *m)
{
	struct matrix_look l;

	if (m->paused || m->closing || m->ended)
		return false;
	begin_frame(m);
	l = model_look(m);
	if (goes_over(m, &l))
		return go_over(m);
	return is_whole(m) ? step_whole(m, &l) : step_in_pieces(m, &l);
}

/* Is there anything to deliver of what is unread, behind the end? */
static bool
has_rest(const struct matrix_model *m)
{
	struct matrix_look l = model_look(m);

	return l.ended || l.bad || (l.data > 0 && !is_whole(m));
}

void
model_go_on(struct matrix_model *m)
{
	while (step(m) || close_after_frame(m))
		;
	/* Where both sides are shut, nothing more can come. */
	if (model_is_open(m) && m->eof_told && m->shut && !has_rest(m))
		close_at_end(m);
}

void
model_receive(struct matrix_model *m, const char *bytes, size_t len, bool eof)
{
	if (m->closing || (m->ended && !m->detached))
		return;
	model_add(m, bytes, len);
	model_go_on(m); /* the end is seen when these have been */
	if (!eof || m->closing || m->ended)
		return;
	m->eof = true;
	model_go_on(m);
}

