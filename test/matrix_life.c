/*
 * Actions on a channel's life: discard, half-close, and each end of it.
 */

#include <errno.h>
#include <string.h>
#include "matrix.h"

static int
refer(struct matrix_run *r, const struct matrix_action *a)
{
	(void)a;
	evchat_incref(r->chat);
	evchat_decref(r->chat);
	return 0;
}

static int
discard(struct matrix_run *r, const struct matrix_action *a)
{
	struct matrix_call outer = call_begin(r, "discard", true, false);

	(void)a;
	r->n_dropped = r->n_items;
	evchat_discard_buffers(r->chat);
	call_end(r, outer);
	return 0;
}

static int
means_discard(struct matrix_model *m, const struct matrix_action *a)
{
	(void)a;
	if (!m->ended) {
		model_drop(m);
		model_discard(m);
	}
	return 0;
}

static int
live_on(struct matrix_run *r, const struct matrix_action *a)
{
	(void)a;
	return action_result(evchat_set_half_open(r->chat, 1));
}

static int
means_living_on(struct matrix_model *m, const struct matrix_action *a)
{
	m->half_open = m->half_open || model_is_open(m);
	return action_means_open(m, a);
}

static int
end_with_peer(struct matrix_run *r, const struct matrix_action *a)
{
	(void)a;
	return action_result(evchat_set_half_open(r->chat, 0));
}

static int
means_ending(struct matrix_model *m, const struct matrix_action *a)
{
	m->half_open = m->half_open && !model_is_open(m);
	return action_means_open(m, a);
}

static int
close_when_done(struct matrix_run *r, const struct matrix_action *a)
{
	(void)a;
	evchat_close_when_done(r->chat);
	return 0;
}

static int
means_close(struct matrix_model *m, const struct matrix_action *a)
{
	(void)a;
	if (model_is_open(m)) {
		m->closing = true;
		m->why = EVCHAT_REASON_DONE;
	}
	return 0;
}

static int
push_eof(struct matrix_run *r, const struct matrix_action *a)
{
	(void)a;
	r->h->rude = true; /* or the input would end, too */
	return action_result(evchat_push_eof(r->chat));
}

static int
means_eof(struct matrix_model *m, const struct matrix_action *a)
{
	(void)a;
	if (!model_is_open(m))
		return -EPIPE;
	m->shut = true;
	return 0;
}

static int
detach(struct matrix_run *r, const struct matrix_action *a)
{
	bool unfinished = items_unfinished(r) || r->filed;
	int n_items = r->n_items, error;
	struct matrix_call outer = call_begin(r, "detach", true, true);
	struct bufferevent *given = evchat_detach(r->chat);

	(void)a;
	r->acted_unfinished = unfinished;
	error = errno;
	call_end(r, outer);
	if (given == NULL)
		return -error;
	r->n_dropped = n_items;
	r->h->detached = given;
	r->ended = true;
	return 0;
}

static int
means_detach(struct matrix_model *m, const struct matrix_action *a)
{
	(void)a;
	if (!model_is_open(m))
		return -EPIPE;
	if (m->run->acted_unfinished)
		return -EBUSY;
	m->detached = true;
	model_end(m, EVCHAT_REASON_DETACHED);
	return 0;
}

static int
free_channel(struct matrix_run *r, const struct matrix_action *a)
{
	struct matrix_call outer = call_begin(r, "free", true, true);

	(void)a;
	r->n_dropped = r->n_items;
	evchat_free(r->chat);
	evchat_free(r->chat); /* once more does nothing */
	call_end(r, outer);
	r->ended = true;
	return 0;
}

/* The same but for how the peer is told. */
static int
reset_channel(struct matrix_run *r, const struct matrix_action *a)
{
	struct matrix_call outer = call_begin(r, "reset", true, true);

	(void)a;
	r->n_dropped = r->n_items;
	evchat_reset(r->chat);
	evchat_reset(r->chat);
	call_end(r, outer);
	r->ended = true;
	return 0;
}

static int
means_free(struct matrix_model *m, const struct matrix_action *a)
{
	(void)a;
	if (!m->ended) {
		model_drop(m);
		model_end(m, EVCHAT_REASON_FREED);
	}
	return 0;
}

static int
free_another(struct matrix_run *r, const struct matrix_action *a)
{
	struct harness *other = r->other;

	(void)a;
	evchat_free(other->chat);
	run_must(r, other->closed == 1 &&
	    strcmp(harness_transcript(other), "done:stuck:discarded:0|"
	    "cleanup:reference|mark:mark:discarded|closed:freed") == 0,
	    "another channel ends at once, and tells it");
	return 0;
}

/* The table */

const struct matrix_action matrix_life_actions[] = {
	{ .name = "incref and decref", .act = refer,
	    .meant = action_means_nothing },
	{ .name = "discard", .act = discard, .meant = means_discard },
	{ .name = "push EOF", .act = push_eof, .meant = means_eof },
	{ .name = "live on behind the end", .act = live_on,
	    .meant = means_living_on },
	{ .name = "end with the peer", .act = end_with_peer,
	    .meant = means_ending },
	{ .name = "close when done", .act = close_when_done,
	    .meant = means_close },
	{ .name = "detach", .act = detach, .meant = means_detach },
	{ .name = "free", .act = free_channel, .meant = means_free },
	{ .name = "reset", .act = reset_channel, .meant = means_free },
	{ .name = "free another channel", .act = free_another,
	    .meant = action_means_nothing, .needs_another = true },
	{ .name = NULL }
};
