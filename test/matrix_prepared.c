/*
 * How a place at a position is reached in the model: what has come before the
 * action there, in its words. See matrix_places.c.
 */

#include <string.h>
#include "matrix.h"

/* The action comes before closed is told. */
static void
end_after_action(struct matrix_model *m, enum evchat_reason why)
{
	m->ended = true;
	m->why = why;
	model_act(m);
	model_end(m, why);
}

static void
closed_prepared(struct matrix_model *m)
{
	if (m->cell->nth == 2) {
		m->closing = true;
		m->why = EVCHAT_REASON_DONE;
	} else if (m->cell->nth != 4) {
		m->detached = m->cell->nth == 3;
		model_end(m, m->detached ? EVCHAT_REASON_DETACHED :
		    EVCHAT_REASON_FREED);
	}
}

/* Who does not set it anew is ended by it, with what is queued. */
static void
timeout_prepared(struct matrix_model *m)
{
	model_note(m, "event:timeout");
	m->why = EVCHAT_REASON_READ_TIMEOUT;
	m->timing_out = true;
	model_act(m);
	m->timing_out = false;
	if (!model_is_open(m) || m->read_anew || model_is_last(m))
		return;
	model_drop(m);
	model_end(m, EVCHAT_REASON_READ_TIMEOUT);
}

static void
load_prepared(struct matrix_model *m)
{
	(void)model_push(m, "loadonePQRtwo.");
	if (m->cell->at > strlen(m->cell->base->input)) {
		m->closing = true;
		m->why = EVCHAT_REASON_DONE;
	}
	model_act(m);
}

void
place_prepared(struct matrix_model *m)
{
	enum matrix_where where = m->cell->place->where;

	switch (where) {
	case MATRIX_OUTSIDE:
	case MATRIX_UNSEEN:
		model_act(m);
		break;
	case MATRIX_IN_FREE:
	case MATRIX_IN_DETACH:
		(void)model_push(m, "one");
		m->detached = where == MATRIX_IN_DETACH;
		if (!m->detached)
			model_drop(m);
		end_after_action(m, m->detached ? EVCHAT_REASON_DETACHED :
		    EVCHAT_REASON_FREED);
		break;
	case MATRIX_IN_DISCARD:
		(void)model_push(m, "one");
		model_drop(m);
		model_discard(m);
		model_act(m);
		break;
	case MATRIX_IN_PUSH:
		m->shut = true;
		model_act(m);
		break;
	case MATRIX_IN_CLOSED:
		closed_prepared(m);
		break;
	case MATRIX_IN_LAST:
		model_want_last(m);
		break;
	case MATRIX_IN_TIMEOUT:
		timeout_prepared(m);
		break;
	case MATRIX_IN_CONNECTED:
		model_note(m, "event:connected");
		model_act(m);
		break;
	default:
		load_prepared(m);
		break;
	}
	model_go_on(m);
}
