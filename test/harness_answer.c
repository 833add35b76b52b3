/*
 * What harness_ok() is made of: a call of a scenario that fails in trouble
 * must have changed nothing, and ends the scenario there.
 */

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <string.h>
#include "harness_inside.h"
#include "harness_trouble.h"

/* All that a call which fails must not change, as far as it can be asked for. */
static struct harness_state
state_of(const struct evchat *chat)
{
	struct harness_state state = { 0 };

	state.output = evchat_get_output_length(chat);
	state.framing = evchat_get_framing(chat);
	state.remaining = evchat_get_terminator_remaining(chat);
	state.frame_length = evchat_get_frame_length(chat);
	state.offset = evchat_get_offset(chat);
	state.partial = evchat_get_partial(chat, &state.partial_len);
	return state;
}

static bool
same_state(const struct harness_state *a, const struct harness_state *b)
{
	return a->output == b->output && a->framing == b->framing &&
	    a->remaining == b->remaining &&
	    a->frame_length == b->frame_length && a->offset == b->offset &&
	    a->partial == b->partial && a->partial_len == b->partial_len;
}

void
harness_ask(struct harness *h)
{
	if (h->in->trouble != NULL && h->chat != NULL)
		h->in->before = state_of(h->chat);
}

void
harness_answer(struct harness *h, int result, const char *call)
{
	const struct harness_trouble *trouble = h->in->trouble;
	struct harness_state after;
	int error = errno;

	if (result == 0)
		return;
	if (trouble == NULL || !trouble->struck() || trouble->error == 0 ||
	    error != trouble->error || h->chat == NULL)
		ck_abort_msg("failed: %s: %s: %s", call, strerror(error),
		    harness_transcript(h));
	after = state_of(h->chat);
	if (!same_state(&after, &h->in->before))
		ck_abort_msg("failed and has changed something: %s", call);
	h->in->gave_up = true;
	evchat_free(h->chat);
	harness_must(h->in->way_out != NULL, "a script that can be cut short");
	longjmp(*h->in->way_out, 1);
}
