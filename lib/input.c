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
	return (whole ? input->in_pieces + DEFAULT_MAX : 0);
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
	input->passed = input->in_pieces = 0;
	input->room = 0;
	input->scanned = input->lead = 0;
	input->data = input->keep = input->skip = 0;
	input->ended = false;
}

/* It ends, and all that was found of it is used up. */
static void
end_frame(struct input *input)
{
	consume(input, input->lead + input->data + input->keep + input->skip);
	input->last_len = input->passed + input->data;
	input_reset_frame(input);
	if (input->has_next) {
		input->has_next = false;
		scan_replace(&input->scan, &input->next);
	} else
		scan_restart(&input->scan);
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
	if (input->scan.declared)
		return (input->scan.length > max);
	return (input->passed + input->data > max &&
	    (whole || input->passed == max));
}

/* What is not delivered before the first byte of a frame goes with that. */
static void
drop_lead(struct input *input)
{
	if (input->lead == 0)
		return;
	consume(input, input->lead);
	input->lead = 0;
}

/* Move the next bytes, wanted of them, to cut; *left counts them down. */
static int
cut_bytes(struct input *input, size_t *left, size_t wanted)
{
	const unsigned char *bytes;
	size_t n;

	drop_lead(input);
	for (; wanted > 0; wanted -= n) {
		n = wanted;
		bytes = unread_piece(&input->unread, &n);
		if (hold_append(&input->cut, bytes, n) == -1)
			return (-1);
		consume(input, n);
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

/*
 * What is shown to the application of a frame above the maximum: what declared
 * its length, or the first bytes of a whole one. It may still have them scanned
 * again; where that cannot be, they are in cut.
 */
static int
show_preview(struct input *input, bool whole, size_t left)
{
	size_t len = left;

	if (input->scan.declared)
		len = input->scan.header;
	else if (!whole)
		return (0);
	else if (input->scan.transforms) {
		if (cut_data(input, left) == -1)
			return (-1);
		input->preview = hold_bytes(&input->cut);
		input->preview_len = hold_len(&input->cut);
		return (0);
	}
	input->preview = unread_first(&input->unread, len);
	if (input->preview == NULL)
		return (-1);
	input->preview_len = len;
	unread_lend(&input->unread);
	return (0);
}

/* It is. */
static enum input_what
go_over(struct input *input, bool whole)
{
	uint64_t max = frame_max(input, whole);

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

/* Steps */

/*
 * Hand out the first data bytes, at most so many, that lie in one piece, and with
 * the last of them what is delivered behind.
 */
static enum input_what
give_piece(struct input *input, size_t data, struct input_step *step)
{
	size_t len = data;

	if (data == input->data && input->frame != FRAME_OVER)
		len += input->keep;
	drop_lead(input);
	step->data = unread_piece(&input->unread, &len);
	unread_lend(&input->unread);
	step->len = len;
	consume(input, len);
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

static void
drop_data(struct input *input)
{
	if (input->data + input->keep == 0)
		return;
	drop_lead(input);
	consume(input, input->data + input->keep);
	input->passed += input->data;
	input->data = input->keep = 0;
}

/* Of a stream that is transformed, what is not data is gone when it was seen. */
static void
drop_around(struct input *input)
{
	consume(input, input->lead + input->skip);
	input->lead = input->skip = 0;
}

/* The frame in progress is delivered in pieces. */
static enum input_what
step_in_pieces(struct input *input, struct input_step *step)
{
	uint64_t max = frame_max(input, false), left = UINT64_MAX;
	bool told, over = input->frame == FRAME_OVER;

	if (hold_len(&input->cut) > 0) {
		step->data = hold_bytes(&input->cut);
		step->len = hold_len(&input->cut);
		hold_consume(&input->cut, step->len);
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
	drop_data(input);
	if (input->scan.transforms)
		drop_around(input);
	if (!input->ended)
		return (INPUT_MORE);
	told = !over || input->policy == EVCHAT_OVERSIZE_TRUNCATE;
	end_frame(input);
	input->frames += told;
	return (told ? INPUT_FOUND : INPUT_MORE);
}

/* Keep, of a frame above the maximum, what is wanted, and drop the rest. */
static int
keep_wanted(struct input *input)
{
	size_t wanted = input->data < input->room ? input->data :
	    (size_t)input->room;

	if (wanted > 0 && cut_data(input, wanted) == -1)
		return (-1);
	input->room -= wanted;
	drop_data(input);
	return (0);
}

/* Put together what a stream is transformed to. */
static int
assemble(struct input *input)
{
	if (cut_data(input, input->data) == -1)
		return (-1);
	return (cut_bytes(input, &input->keep, input->keep));
}

/* The frame in progress is delivered when it is whole. */
static enum input_what
step_whole(struct input *input, struct input_step *step)
{
	bool over = input->frame == FRAME_OVER;
	bool transforms = input->scan.transforms;

	if (over && keep_wanted(input) == -1)
		return (INPUT_NO_MEMORY);
	if (!over && transforms && assemble(input) == -1)
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
	end_frame(input);
	if (over && input->policy != EVCHAT_OVERSIZE_TRUNCATE)
		return (INPUT_MORE);
	input->frames++;
	return (INPUT_FRAME);
}

/* Scanning */

/*
 * The bytes to be looked at next: all that lie in one piece, and more than have
 * to be looked at once more. NULL: there are none, or *failed.
 */
static const unsigned char *
next_bytes(struct input *input, size_t *len, bool *failed)
{
	struct unread *unread = &input->unread;
	size_t again = input->scan.again, seen = input->scanned + again, more;
	const unsigned char *bytes = unread_at(unread, input->scanned, len);

	if (bytes != NULL && *len > again)
		return (bytes);
	if (unread_at(unread, seen, &more) == NULL) {
		/* What this chain leaves undecided is kept before it goes. */
		*failed = unread_advance(unread, seen) == -1;
		if (*failed || unread_at(unread, seen, &more) == NULL)
			return (NULL);
	}
	if (again > 0) {
		*failed = unread_first(unread, seen + more) == NULL;
		if (*failed)
			return (NULL);
	}
	return (unread_at(unread, input->scanned, len));
}

/* Of what was held before, and so much that is unread, one byte is wrong. */
static enum input_what
refuse(struct input *input, size_t held, const struct scan_step *found)
{
	input->malformed = true;
	input->bad = input->offset + (input->scanned - held) + found->bad;
	return (INPUT_MALFORMED);
}

static void
add_step(struct input *input, const struct scan_step *found)
{
	input->scanned += found->used;
	input->lead += found->lead;
	input->data += found->data;
	input->keep += found->keep;
	input->skip += found->skip;
}

/* Look at more bytes. MORE: there are none. DATA: the steps have changed. */
static enum input_what
scan_more(struct input *input)
{
	bool counts = input->scan.terminator.kind == SCAN_COUNT;
	struct scan_step found;
	enum scan_what what;
	const unsigned char *bytes;
	size_t len = 0, held = input->scan.held;
	bool fresh = input->frame == FRAME_FRESH, failed = false;

	bytes = next_bytes(input, &len, &failed);
	if (failed)
		return (INPUT_NO_MEMORY);
	if (bytes == NULL && !(fresh && counts))
		return (INPUT_MORE);
	if (fresh && bytes != NULL &&
	    (input->scanned = scan_gap(&input->scan, bytes, len)) > 0) {
		consume(input, input->scanned);
		return (INPUT_DATA);
	}
	if (fresh)
		begin_frame(input);
	what = scan_next(&input->scan, bytes, len, &found);
	if (what == SCAN_MALFORMED)
		return (refuse(input, held, &found));
	add_step(input, &found);
	input->ended = what == SCAN_FRAME;
	return (INPUT_DATA);
}

/* All was scanned and no more will come. DATA: the steps have changed. */
static enum input_what
at_eof(struct input *input)
{
	struct scan_step found;
	enum scan_what what;
	size_t held;

	input->scanned += input->scan.again;
	held = input->scan.held + input->scan.again;
	what = scan_finish(&input->scan, &found);
	if (what == SCAN_MALFORMED)
		return (refuse(input, held, &found));
	add_step(input, &found);
	input->ended = what == SCAN_FRAME || (what == SCAN_LAST &&
	    input->deliver_last && input->passed + input->data > 0);
	if (found.lead + found.data + found.skip > 0 || input->ended)
		return (INPUT_DATA);
	if (input->end == END_TOLD)
		return (INPUT_MORE);
	input->end = END_TOLD;
	return (INPUT_EOF);
}

/*
 * The steps before this one are over. Where every frame is put together, the
 * buffer is kept if it is small.
 */
static void
take_back_lent(struct input *input)
{
	unread_return(&input->unread);
	input->preview = NULL;
	if (input->cut.buf == NULL || input->frame == FRAME_OPEN || (input->frame == FRAME_OVER &&
	    input->policy == EVCHAT_OVERSIZE_TRUNCATE))
		return;
	hold_consume(&input->cut, hold_len(&input->cut));
	if (input->scan.transforms)
		hold_trim(&input->cut);
	else
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
