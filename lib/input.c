/*
 * The read side: frames. The scanner looks at the unread bytes, each once,
 * where they lie; what it has found waits here, as counters, until it is
 * handed out step by step. To hand out, drop or end is to move counters, so
 * that a hook may call whatever it likes while it looks at the bytes it was
 * given.
 */

#include <string.h>

#include "input.h"

void
input_init(struct input *input, bool deliver_last)
{
	memset(input, 0, sizeof(*input));
	input->next_max_is_default = true;
	input->deliver_last = deliver_last;
	unread_init(&input->unread);
}

void
input_free(struct input *input)
{
	input_drop_next(input);
	scan_release(&input->scan);
	hold_free(&input->cut);
	unread_free(&input->unread);
}

/* Is what comes delivered as a whole, if frames are? What has no end cannot be. */
bool
input_is_whole(const struct input *input, bool whole)
{
	return (whole && input_has_frames(input));
}

/* Steps */

/*
 * Hand out the first data bytes, at most so many, that lie in one piece, and
 * with the last of them what is delivered behind.
 */
static enum input_what
give_piece(struct input *input, size_t data, struct input_step *step)
{
	size_t len = data;

	if (data == input->data && input->frame != FRAME_OVER)
		len += input->keep;
	input_drop_lead(input);
	step->data = unread_piece(&input->unread, &len);
	unread_lend(&input->unread);
	step->len = len;
	input_consume(input, len);
	if (data > len)
		data = len;
	input->data -= data;
	input->keep -= len - data;
	input->passed += data;
	input->in_pieces += data;
	if (input->frame == FRAME_OVER)
		input->room -= data;
	return (INPUT_DATA);
}

/* Of a stream that is transformed, what is not data is gone when it was seen. */
static void
drop_around(struct input *input)
{
	input_consume(input, input->lead + input->skip);
	input->lead = input->skip = 0;
}

/* The frame in progress is delivered in pieces. */
static enum input_what
step_in_pieces(struct input *input, struct input_step *step)
{
	uint64_t max = input_frame_max(input, false), left = UINT64_MAX;
	bool told, over = input->frame == FRAME_OVER;

	if (over)
		input_drop_lead(input);
	if (hold_len(&input->cut) > 0) {
		step->data = hold_bytes(&input->cut);
		step->len = hold_len(&input->cut);
		hold_consume(&input->cut, step->len);
		input->in_pieces = input->passed;
		return (INPUT_DATA);
	}
	if (over)
		left = input->room;
	else if (input_has_frames(input) && max > 0)
		left = max - input->passed;
	if (left > input->data)
		left = input->data;
	if (left > 0 || (!over && input->data == 0 && input->keep > 0))
		return (give_piece(input, (size_t)left, step));
	input_drop_data(input);
	if (input->scan.transforms)
		drop_around(input);
	if (!input->ended)
		return (INPUT_MORE);
	told = !over || input->policy == EVCHAT_OVERSIZE_TRUNCATE;
	input_end_frame(input);
	if (told)
		input_count_frame(input);
	return (told ? INPUT_FOUND : INPUT_MORE);
}

/* The frame in progress is delivered when it is whole. */
static enum input_what
step_whole(struct input *input, struct input_step *step)
{
	bool over = input->frame == FRAME_OVER;
	bool transforms = input->scan.transforms;

	if (over && input_keep_wanted(input) == -1)
		return (INPUT_NO_MEMORY);
	if (!over && transforms && input_assemble(input) == -1)
		return (INPUT_NO_MEMORY);
	if (transforms)
		drop_around(input);
	if (!input->ended)
		return (INPUT_MORE);
	if (over || transforms) {
		step->len = hold_len(&input->cut);
		step->data = step->len > 0 ? hold_bytes(&input->cut) :
		    (const unsigned char *)"";
	} else {
		step->len = input->data + input->keep;
		step->data = unread_first(&input->unread,
		    input->lead + step->len);
		if (step->data == NULL)
			return (INPUT_NO_MEMORY);
		step->data += input->lead;
		unread_lend(&input->unread);
	}
	input_end_frame(input);
	if (over && input->policy != EVCHAT_OVERSIZE_TRUNCATE)
		return (INPUT_MORE);
	input_count_frame(input);
	return (INPUT_FRAME);
}

/* The steps before this one are over. A buffer is kept only if it is small. */
void
input_return(struct input *input)
{
	unread_return(&input->unread);
	input->preview = NULL;
	if (input->cut.buf == NULL || input->frame == FRAME_OPEN ||
	    (input->frame == FRAME_OVER &&
	    input->policy == EVCHAT_OVERSIZE_TRUNCATE))
		return;
	hold_consume(&input->cut, hold_len(&input->cut));
	hold_trim(&input->cut);
}

enum input_what
input_next(struct input *input, bool whole, struct input_step *step)
{
	enum input_what what;

	input_return(input);
	for (;;) {
		if (input_goes_over(input, whole))
			return (input_go_over(input, whole));
		what = input_is_whole(input, whole) ? step_whole(input, step) :
		    step_in_pieces(input, step);
		if (what != INPUT_MORE)
			return (what);
		what = input_scan(input, whole);
		if (what == INPUT_MORE && input->end != END_NOT_YET)
			what = input_scan_end(input);
		if (what != INPUT_DATA)
			return (what);
	}
}

void
input_settle(struct input *input)
{
	input_return(input);
	unread_settle(&input->unread);
}
