/*
 * What may happen to the input between two steps: more bytes, another terminator,
 * bytes put back or dropped, and questions. The bytes that the last step lent out
 * stay where they are.
 */

#include "framing.h"
#include "input.h"

bool
input_wants(const struct input *input)
{
	return (unread_wants(&input->unread));
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
input_set_terminator(struct input *input, const struct terminator *next)
{
	input_drop_next(input);
	input_reset_frame(input);
	scan_release(&input->scan);
	scan_init(&input->scan, next);
}

void
input_set_next(struct input *input, const struct terminator *next)
{
	input_drop_next(input);
	input->next = *next;
	input->has_next = true;
}

void
input_set_max(struct input *input, uint64_t max, enum evchat_oversize policy)
{
	input->next_max = max;
	input->next_max_is_default = false;
	input->next_policy = policy;
}

int
input_unread(struct input *input, const void *data, size_t len)
{
	if (len == 0)
		return (0);
	if (unread_prepend(&input->unread, data, len) == -1)
		return (-1);
	/* What was scanned and not delivered is looked at again. */
	input->scan.held = 0;
	if (input_is_declared(input))
		input->scan.remaining += input->data;
	input->scanned = input->data = input->skip = 0;
	input->ended = false;
	input->offset -= len < input->offset ? len : input->offset;
	return (0);
}

void
input_discard(struct input *input)
{
	struct terminator again = input->has_next ? input->next :
	    input->scan.terminator;
	size_t len = unread_len(&input->unread);

	framing_ref(again.framing);
	unread_consume(&input->unread, len);
	input->offset += len;
	input_set_terminator(input, &again);
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
	return (input->frame != FRAME_FRESH &&
	    input_has_frames(input) &&
	    input->passed + input->scanned > 0);
}

bool
input_incomplete(const struct input *input)
{
	return (input_is_declared(input) || input_in_frame(input));
}

const void *
input_partial(const struct input *input, bool whole, size_t *len)
{
	if (input->preview != NULL) {
		*len = input->preview_len;
		return (*len > 0 ? input->preview : NULL);
	}
	if ((*len = hold_len(&input->cut)) > 0)
		return (hold_bytes(&input->cut));
	/*
	 * In pieces, what is data is delivered, or about to be. Above the
	 * maximum, what may be seen was shown or is in cut.
	 */
	if (input->frame == FRAME_OVER)
		*len = 0;
	else if (input_is_whole(input, whole))
		*len = input->scanned;
	else if (input->data == 0 && !input->ended)
		*len = input->scan.held;
	return (*len > 0 ? unread_piece(&input->unread, len) : NULL);
}

uint64_t
input_frame_length(const struct input *input)
{
	uint64_t seen = input->passed + input->data;

	if (input_is_declared(input))
		return (input->scan.terminator.count);
	if (input->frame != FRAME_OVER)
		return (seen);
	return (input->passed > input->max ? input->passed : input->max + 1);
}
