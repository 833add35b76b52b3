/*
 * The read side: frames. The scanner looks at the unread bytes, each once, where
 * they lie; what it has found waits here, as counters, until it is handed out
 * step by step. To hand out, drop or end is to move counters, so that a hook may
 * call whatever it likes while it looks at the bytes it was given.
 */

#include <string.h>

#include "framing.h"
#include "input.h"

#define DEFAULT_MAX ((uint64_t)1 << 20) /* of whole frames */

int
input_init(struct input *input, bool deliver_last)
{
	memset(input, 0, sizeof(*input));
	input->next_max_is_default = true;
	input->deliver_last = deliver_last;
	return (unread_init(&input->unread));
}

void
input_drop_next(struct input *input)
{
	if (input->has_next)
		evchat_framing_free(input->next.framing);
	input->has_next = false;
}

void
input_free(struct input *input)
{
	input_drop_next(input);
	scan_release(&input->scan);
	hold_free(&input->cut);
	unread_free(&input->unread);
}

/* The first len unread bytes, which have been scanned, are used up. */
static void
consume(struct input *input, size_t len)
{
	unread_consume(&input->unread, len);
	input->scanned -= len;
	input->offset += len;
}

/* Frames: how they begin and end */

/* The maximum of the frame in progress; 0: none. */
static uint64_t
frame_max(const struct input *input, bool whole)
{
	if (!input->max_is_default)
		return (input->max);
	return (whole ? input->passed + DEFAULT_MAX : 0);
}

static void
begin_frame(struct input *input)
{
	input->frame = FRAME_OPEN;
	input->begun++;
	input->max = input->next_max;
	input->max_is_default = input->next_max_is_default;
	input->policy = input->next_policy;
}

/* Forget the frame in progress; its unread bytes begin another one. */
void
input_reset_frame(struct input *input)
{
	input->frame = FRAME_FRESH;
	input->passed = 0;
	input->room = 0;
	input->scanned = input->data = input->skip = 0;
	input->ended = false;
}

static void
end_frame(struct input *input)
{
	consume(input, input->skip);
	input->last_len = input->passed;
	input_reset_frame(input);
	if (input->has_next) {
		input->has_next = false;
		scan_release(&input->scan);
		scan_init(&input->scan, &input->next);
	} else
		scan_restart(&input->scan);
}

bool
input_is_declared(const struct input *input)
{
	return (input->scan.terminator.kind == SCAN_COUNT);
}

/* Is what comes delivered as a whole, if frames are? What has no end cannot be. */
bool
input_is_whole(const struct input *input, bool whole)
{
	return (whole && input_has_frames(input));
}

/*
 * Is the frame in progress to be reported as above the maximum? With a declared
 * length before any byte of it is delivered; else when it has become certain
 * and, in pieces, exactly the maximum was delivered.
 */
static bool
goes_over(const struct input *input, bool whole)
{
	uint64_t max = frame_max(input, whole);

	if (input->frame != FRAME_OPEN || max == 0 ||
	    !input_has_frames(input))
		return (false);
	if (input_is_declared(input))
		return (input->scan.terminator.count > max);
	return (input->passed + input->data > max &&
	    (whole || input->passed == max));
}

/*
 * It is. With whole frames its first bytes are shown to the application, which
 * may still have them scanned again, before they are kept or dropped.
 */
static enum input_what
go_over(struct input *input, bool whole)
{
	uint64_t max = frame_max(input, whole), left = max - input->passed;

	if (whole && !input_is_declared(input)) {
		input->preview = unread_first(&input->unread, (size_t)left);
		if (input->preview == NULL)
			return (INPUT_NO_MEMORY);
		input->preview_len = (size_t)left;
		unread_lend(&input->unread);
	}
	input->frame = FRAME_OVER;
	input->max = max;
	input->max_is_default = false;
	input->room = input->policy == EVCHAT_OVERSIZE_TRUNCATE ? left : 0;
	input->oversized++;
	return (INPUT_OVERSIZE);
}

/* Steps */

/* Hand out the first data bytes, at most len of them, that lie in one piece. */
static enum input_what
give_piece(struct input *input, size_t len, struct input_step *step)
{
	step->data = unread_piece(&input->unread, &len);
	unread_lend(&input->unread);
	step->len = len;
	consume(input, len);
	input->data -= len;
	input->passed += len;
	if (input->frame == FRAME_OVER)
		input->room -= len;
	return (INPUT_DATA);
}

static void
drop_data(struct input *input)
{
	consume(input, input->data);
	input->passed += input->data;
	input->data = 0;
}

/* The frame in progress is delivered in pieces. */
static enum input_what
step_in_pieces(struct input *input, struct input_step *step)
{
	uint64_t max = frame_max(input, false), left = UINT64_MAX;
	bool told;

	if (hold_len(&input->cut) > 0) {
		step->data = hold_bytes(&input->cut);
		step->len = hold_len(&input->cut);
		hold_consume(&input->cut, step->len);
		return (INPUT_DATA);
	}
	if (input->frame == FRAME_OVER)
		left = input->room;
	else if (input_has_frames(input) && max > 0)
		left = max - input->passed;
	if (input->data > 0 && left > 0)
		return (give_piece(input, input->data < left ? input->data :
		    (size_t)left, step));
	drop_data(input);
	if (!input->ended)
		return (INPUT_MORE);
	told = input->frame != FRAME_OVER ||
	    input->policy == EVCHAT_OVERSIZE_TRUNCATE;
	end_frame(input);
	input->frames += told;
	return (told ? INPUT_FOUND : INPUT_MORE);
}

/* Keep, of a frame above the maximum, what is wanted, and drop the rest. */
static int
keep_wanted(struct input *input)
{
	size_t n, wanted = input->data < input->room ? input->data :
	    (size_t)input->room;
	const unsigned char *bytes;

	while (wanted > 0) {
		n = wanted;
		bytes = unread_piece(&input->unread, &n);
		if (hold_append(&input->cut, bytes, n) == -1)
			return (-1);
		consume(input, n);
		input->data -= n;
		input->passed += n;
		input->room -= n;
		wanted -= n;
	}
	drop_data(input);
	return (0);
}

/* The frame in progress is delivered when it is whole. */
static enum input_what
step_whole(struct input *input, struct input_step *step)
{
	bool over = input->frame == FRAME_OVER;

	if (over && keep_wanted(input) == -1)
		return (INPUT_NO_MEMORY);
	if (!input->ended)
		return (INPUT_MORE);
	if (over) {
		step->len = hold_len(&input->cut);
		step->data = step->len > 0 ? hold_bytes(&input->cut) :
		    (const unsigned char *)"";
	} else {
		step->len = input->data;
		step->data = unread_first(&input->unread, step->len);
		if (step->data == NULL)
			return (INPUT_NO_MEMORY);
		unread_lend(&input->unread);
		drop_data(input);
	}
	end_frame(input);
	if (over && input->policy != EVCHAT_OVERSIZE_TRUNCATE)
		return (INPUT_MORE);
	input->frames++;
	return (INPUT_FRAME);
}

/* Look at more bytes. MORE: there are none. DATA: the steps have changed. */
static enum input_what
scan_more(struct input *input)
{
	struct scan_step found;
	const unsigned char *bytes;
	size_t len = 0;
	bool begins;

	bytes = unread_at(&input->unread, input->scanned, &len);
	if (bytes == NULL) {
		/* What this chain leaves undecided is kept before it goes. */
		if (unread_advance(&input->unread, input->scanned) == -1)
			return (INPUT_NO_MEMORY);
		bytes = unread_at(&input->unread, input->scanned, &len);
	}
	begins = input->frame == FRAME_FRESH &&
	    (bytes != NULL || input_is_declared(input));
	if (bytes == NULL && !begins)
		return (INPUT_MORE);
	if (begins)
		begin_frame(input);
	input->ended = scan_next(&input->scan, bytes, len, &found);
	input->scanned += found.used;
	input->data += found.data;
	input->skip += found.skip;
	return (INPUT_DATA);
}

/* All was scanned and no more will come. DATA: the steps have changed. */
static enum input_what
at_eof(struct input *input)
{
	size_t held = scan_finish(&input->scan);

	input->data += held;
	input->ended = input->deliver_last &&
	    scan_last_is_frame(&input->scan) &&
	    input->passed + input->data > 0;
	if (held > 0 || input->ended)
		return (INPUT_DATA);
	if (input->end == END_TOLD)
		return (INPUT_MORE);
	input->end = END_TOLD;
	return (INPUT_EOF);
}

/* The steps before this one are over. */
static void
take_back_lent(struct input *input)
{
	unread_return(&input->unread);
	input->preview = NULL;
	if (input->frame != FRAME_OVER)
		hold_free(&input->cut);
}

enum input_what
input_next(struct input *input, bool whole, struct input_step *step)
{
	enum input_what what;

	take_back_lent(input);
	for (;;) {
		if (goes_over(input, whole))
			return (go_over(input, whole));
		what = input_is_whole(input, whole) ? step_whole(input, step) :
		    step_in_pieces(input, step);
		if (what != INPUT_MORE)
			return (what);
		what = scan_more(input);
		if (what == INPUT_MORE && input->end != END_NOT_YET)
			what = at_eof(input);
		if (what != INPUT_DATA)
			return (what);
	}
}

void
input_settle(struct input *input)
{
	take_back_lent(input);
	unread_settle(&input->unread);
}
