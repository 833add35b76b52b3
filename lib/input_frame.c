/*
 * A frame of the input: how it begins and ends, what there is to do about one
 * that is above the maximum, and the bytes of whole frames that do not stay
 * where they were received.
 */

#include "input.h"

#define DEFAULT_MAX ((uint64_t)1 << 20) /* of whole frames */

/* The first len unread bytes, which have been scanned, are used up. */
void
input_consume(struct input *input, size_t len)
{
	unread_consume(&input->unread, len);
	input->scanned -= len;
	input->offset += len;
	input->entered |= len > 0;
}

/* The maximum of the frame in progress; 0: none. */
uint64_t
input_frame_max(const struct input *input, bool whole)
{
	if (!input->max_is_default)
		return (input->max);
	return (whole ? input->in_pieces + DEFAULT_MAX : 0);
}

uint64_t
input_next_max(const struct input *input, bool whole)
{
	if (input->next_max_is_default && whole)
		return (DEFAULT_MAX);
	return (input->next_max > 0 ? input->next_max : UINT64_MAX);
}

void
input_begin_frame(struct input *input)
{
	input->frame = FRAME_OPEN;
	input->entered = false;
	input->others++;
	input->max = input->next_max;
	input->max_is_default = input->next_max_is_default;
	input->policy = input->next_policy;
}

void
input_forget_scanned(struct input *input)
{
	input->scanned = input->lead = 0;
	input->data = input->keep = input->skip = 0;
	input->ended = false;
}

/* Forget the frame in progress; its unread bytes begin another one. */
void
input_reset_frame(struct input *input)
{
	input->frame = FRAME_FRESH;
	input->passed = input->in_pieces = 0;
	input->room = 0;
	input->entered = false;
	input_forget_scanned(input);
}

/* It ends, and all that was found of it is used up. */
void
input_end_frame(struct input *input)
{
	input_consume(input, input->lead + input->data + input->keep +
	    input->skip);
	input->last_len = input->passed + input->data;
	input_reset_frame(input);
	scan_restart(&input->scan);
	if (!input->has_next)
		return;
	input->has_next = false;
	scan_replace(&input->scan, &input->next);
}

/* Bytes that go elsewhere */

/* What is not delivered before the first byte of a frame goes with that. */
void
input_drop_lead(struct input *input)
{
	if (input->lead == 0)
		return;
	input_consume(input, input->lead);
	input->lead = 0;
}

/* Move the next bytes, wanted of them, to cut; *left counts them down. */
static int
cut_bytes(struct input *input, size_t *left, size_t wanted)
{
	const unsigned char *bytes;
	size_t n;

	input_drop_lead(input);
	for (; wanted > 0; wanted -= n) {
		n = wanted;
		bytes = unread_piece(&input->unread, &n);
		if (hold_append(&input->cut, bytes, n) == -1)
			return (-1);
		input_consume(input, n);
		*left -= n;
	}
	return (0);
}

static int
cut_data(struct input *input, size_t wanted)
{
	size_t before = input->data;
	int done = cut_bytes(input, &input->data, wanted);

	input->passed += before - input->data;
	return (done);
}

void
input_drop_data(struct input *input)
{
	if (input->data + input->keep == 0)
		return;
	input_drop_lead(input);
	input_consume(input, input->data + input->keep);
	input->passed += input->data;
	input->data = input->keep = 0;
}

/* Above the maximum */

/*
 * Is the frame in progress to be reported as above the maximum? With a
 * declared length before any byte of it is delivered; else when it has become
 * certain and, in pieces, exactly the maximum was delivered.
 */
bool
input_goes_over(const struct input *input, bool whole)
{
	uint64_t max = input_frame_max(input, whole);

	if (input->frame != FRAME_OPEN || max == 0 ||
	    !input_has_frames(input))
		return (false);
	if (input->scan.declared)
		return (input->scan.length > max);
	return (input->passed + input->data > max &&
	    (whole || input->passed == max));
}

/*
 * What is shown to the application of a frame above the maximum: what declared
 * its length, or the first bytes of a whole one. It may still have them
 * scanned again; where that cannot be, they are in cut.
 */
static int
show_preview(struct input *input, bool whole, size_t left)
{
	size_t lead = input->scan.declared ? 0 : input->lead;
	size_t len = input->scan.declared ? input->scan.header : left;

	/* A header may have gone with the first pieces. */
	if (input->scan.declared ? input->entered : !whole)
		return (0);
	if (input->scan.transforms) {
		if (cut_data(input, left) == -1)
			return (-1);
		input->preview = hold_bytes(&input->cut);
		input->preview_len = hold_len(&input->cut);
		return (0);
	}
	input->preview = unread_first(&input->unread, lead + len);
	if (input->preview == NULL)
		return (-1);
	input->preview += lead;
	input->preview_len = len;
	unread_lend(&input->unread);
	return (0);
}

/* It is. */
enum input_what
input_go_over(struct input *input, bool whole)
{
	uint64_t max = input_frame_max(input, whole);

	/* Of a stream that is transformed it is gone when it was seen. */
	if (input->scan.transforms)
		input_drop_lead(input);
	if (show_preview(input, whole, (size_t)(max - input->passed)) == -1)
		return (INPUT_NO_MEMORY);
	input->frame = FRAME_OVER;
	input->room = input->policy == EVCHAT_OVERSIZE_TRUNCATE ?
	    max - input->passed : 0;
	input->max = max;
	input->max_is_default = false;
	input->oversized++;
	return (INPUT_OVERSIZE);
}

/* Keep, of a frame above the maximum, what is wanted, and drop the rest. */
int
input_keep_wanted(struct input *input)
{
	size_t wanted = input->data < input->room ? input->data :
	    (size_t)input->room;

	input_drop_lead(input);
	if (wanted > 0 && cut_data(input, wanted) == -1)
		return (-1);
	input->room -= wanted;
	input_drop_data(input);
	return (0);
}

/* Put together what a stream is transformed to. */
int
input_assemble(struct input *input)
{
	if (cut_data(input, input->data) == -1)
		return (-1);
	return (cut_bytes(input, &input->keep, input->keep));
}
