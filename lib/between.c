/*
 * What may happen to the input between two steps: more bytes, another
 * terminator, bytes put back or dropped, and questions. The bytes that the
 * last step lent out stay where they are.
 */

#include "framing.h"
#include "input.h"

bool
input_wants(const struct input *input)
{
	return (unread_wants(&input->unread));
}

bool
input_is_dry(const struct input *input)
{
	return (input->frame == FRAME_FRESH && input->end == END_NOT_YET &&
	    input->scan.terminator.kind != SCAN_COUNT &&
	    unread_len(&input->unread) == 0);
}

size_t
input_waiting(const struct input *input)
{
	return (unread_len(&input->unread) - input->scanned -
	    input->scan.again);
}

int
input_take(struct input *input, struct evbuffer *from)
{
	return (unread_take(&input->unread, from));
}

void
input_set_eof(struct input *input)
{
	if (input->end == END_NOT_YET)
		input->end = END_KNOWN;
}

void
input_drop_next(struct input *input)
{
	if (input->has_next)
		terminator_release(&input->next);
	input->has_next = false;
}

void
input_set_terminator(struct input *input, const struct terminator *next)
{
	input_stir(input);
	input_drop_next(input);
	input_reset_frame(input);
	scan_replace(&input->scan, next);
}

void
input_set_next(struct input *input, const struct terminator *next)
{
	input_stir(input);
	input_drop_next(input);
	input->next = *next;
	input->has_next = true;
}

void
input_set_max(struct input *input, uint64_t max, enum evchat_oversize policy)
{
	input_stir(input);
	input->next_max = max;
	input->next_max_is_default = false;
	input->next_policy = policy;
}

/* What was scanned and not delivered is looked at again. */
static int
unread_again(struct input *input, const void *data, size_t len)
{
	if (unread_insert(&input->unread, 0, data, len) == -1)
		return (-1);
	scan_rewind(&input->scan, input->entered, input->data);
	input_forget_scanned(input);
	return (0);
}

/*
 * A framing that cannot do that goes on behind what was scanned of the frame;
 * but bytes that it only holds can be looked at again.
 */
static int
unread_behind(struct input *input, const void *data, size_t len)
{
	size_t found = input->lead + input->data + input->keep + input->skip;

	/* Nothing is lost by this if there is no memory then. */
	if (!input->ended)
		found = input->scanned - scan_unhold(&input->scan);
	input->scanned = found;
	return (unread_insert(&input->unread, found + input->scan.again, data,
	    len));
}

int
input_unread(struct input *input, const void *data, size_t len)
{
	int done;

	if (len == 0)
		return (0);
	input_stir(input);
	done = scan_can_rewind(&input->scan) ?
	    unread_again(input, data, len) : unread_behind(input, data, len);
	if (done == 0)
		input->offset -= len < input->offset ? len : input->offset;
	return (done);
}

void
input_discard(struct input *input, struct evbuffer *also)
{
	struct terminator *from = input->has_next ? &input->next :
	    &input->scan.terminator;
	struct terminator again = *from;
	size_t len = unread_len(&input->unread), more =
	    evbuffer_get_length(also);
	bool after_end = input->scan.after_end && len + more == 0 &&
	    !input->has_next;

	unread_consume(&input->unread, len);
	(void)evbuffer_drain(also, more);
	input->offset += len + more;
	/* It is the same one, but begins anew. */
	*from = (struct terminator){ .kind = SCAN_NONE };
	terminator_reset(&again);
	input_set_terminator(input, &again);
	/* What ends a line may still go on, if nothing was dropped behind it. */
	input->scan.after_end = after_end;
}

int
input_copy_unread(const struct input *input, struct evbuffer *out)
{
	return (unread_copy(&input->unread, out));
}

/* Asking */

bool
input_has_frames(const struct input *input)
{
	return (input->scan.terminator.kind != SCAN_NONE);
}

bool
input_is_over(const struct input *input)
{
	return (input->end == END_TOLD &&
	    input->scanned == unread_len(&input->unread));
}

bool
input_in_frame(const struct input *input)
{
	return (input->frame != FRAME_FRESH && input_has_frames(input) &&
	    (input->scanned + input->scan.again > 0 || input->entered));
}

uint64_t
input_ended(const struct input *input)
{
	return (input_begun(input) - (input->frame != FRAME_FRESH));
}

bool
input_awaits_more(const struct input *input)
{
	return (input_in_frame(input) && input->end != END_TOLD);
}

bool
input_incomplete(const struct input *input)
{
	return (input->scan.terminator.kind == SCAN_COUNT ||
	    input_in_frame(input));
}

/* The first *len unread bytes behind lead, as far as they lie in one piece. */
static const void *
partial_at(const struct input *input, size_t *len)
{
	const unsigned char *bytes;
	size_t n;

	bytes = unread_at(&input->unread, input->lead, &n);
	if (*len > n)
		*len = n;
	return (*len > 0 ? bytes : NULL);
}

const void *
input_partial(const struct input *input, bool whole, size_t *len)
{
	*len = 0;
	if (input->preview != NULL) {
		*len = input->preview_len;
		return (*len > 0 ? input->preview : NULL);
	}
	if (input->frame != FRAME_FRESH &&
	    (*len = hold_len(&input->cut)) > 0)
		return (hold_bytes(&input->cut));
	/*
	 * In pieces, what is data is delivered, or about to be. Above the
	 * maximum, what may be seen was shown or is in cut.
	 */
	if (input->frame == FRAME_OVER)
		return (NULL);
	if (input_is_whole(input, whole))
		*len = input->scanned - input->lead;
	else if (input->data + input->keep == 0 && !input->ended)
		*len = input->scan.held;
	return (partial_at(input, len));
}

uint64_t
input_frame_length(const struct input *input)
{
	if (input->scan.declared)
		return (input->scan.length);
	if (input->frame != FRAME_OVER)
		return (input->passed + input->data);
	return (input->passed > input->max ? input->passed : input->max + 1);
}
