/*
 * The scanner and the unread bytes: each is looked at once, where it lies, and
 * what it is becomes a counter.
 */

#include "blocks.h"
#include "input.h"

#define HELD_BEYOND 65536 /* a maximum: headers and the like */
#define SHOWN_AT_ONCE 128 /* bytes behind those that are shown again */

/*
 * The bytes to be looked at next: all that lie in one piece, and more than
 * have to be looked at once more. NULL: there are none, or *failed.
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
		/* So few that it pays, and so many that it remains linear. */
		if (more > again + SHOWN_AT_ONCE)
			more = again + SHOWN_AT_ONCE;
		*failed = unread_first(unread, seen + more) == NULL;
		if (*failed)
			return (NULL);
	}
	return (unread_at(unread, input->scanned, len));
}

/*
 * One byte is wrong, and scanning stops there for good. What is before it and
 * was not delivered can still be asked for, whatever the cuts: of a whole
 * frame all of it, in pieces what was held.
 */
static enum input_what
refuse(struct input *input, size_t held, const struct scan_step *found)
{
	input->refusal = input->scan.error;
	input->scanned += found->bad - held;
	input->bad = input->offset + input->scanned;
	input->scan.held = found->bad;
	if (input->scan.transforms) {
		input->scan.held = 0;
		input_consume(input, input->scanned);
	}
	return (unread_first(&input->unread, input->scanned) != NULL ?
	    INPUT_MALFORMED : INPUT_NO_MEMORY);
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

/*
 * What was decoded counts as delivered; so no more is than can be. Nor is
 * anything looked at behind the byte that makes a frame too large before that
 * is told, since it is not looked at again. Elsewhere it does not matter how
 * much is scanned at once.
 */
static size_t
len_to_scan(const struct input *input, bool whole, size_t len)
{
	uint64_t max, left;

	if (len > BLOCKS_MOST)
		len = BLOCKS_MOST;
	if (!input->scan.transforms || input->frame != FRAME_OPEN)
		return (len);
	max = input_frame_max(input, whole);
	left = max > input->passed ? max - input->passed : 1;
	return (max > 0 && len > left ? (size_t)left : len);
}

/*
 * Is more held back than a frame of at most the maximum can account for? Only
 * splitters of the application's own can do that.
 */
static bool
holds_too_much(const struct input *input, bool whole)
{
	uint64_t max, held;

	if (!input->scan.holds_any)
		return (false);
	max = input_frame_max(input, whole);
	held = (uint64_t)input->scan.held + input->scan.again;
	return (max > 0 && held > max && held - max > HELD_BEYOND);
}

/* What a search ahead has looked at begins the frame. So many bytes. */
static size_t
begin_clear(struct input *input)
{
	size_t clear = input->clear;

	input->scanned = input->data = clear;
	input->clear = 0;
	return (clear);
}

/* Look at more bytes. MORE: there are none. DATA: the steps have changed. */
enum input_what
input_scan(struct input *input, bool whole)
{
	static const struct scan_step nothing;
	bool counts = input->scan.terminator.kind == SCAN_COUNT;
	struct scan_step found;
	enum scan_what what;
	const unsigned char *bytes;
	size_t len = 0, clear = 0, held = input->scan.held;
	bool fresh = input->frame == FRAME_FRESH, failed = false;

	bytes = next_bytes(input, &len, &failed);
	if (failed)
		return (INPUT_NO_MEMORY);
	if (bytes == NULL && !(fresh && counts))
		return (INPUT_MORE);
	if (fresh && bytes != NULL &&
	    (input->scanned = scan_gap(&input->scan, bytes, len)) > 0) {
		input_consume(input, input->scanned);
		return (INPUT_DATA);
	}
	if (fresh)
		input_begin_frame(input);
	if (fresh && input->clear > 0) {
		bytes += clear = begin_clear(input);
		if ((len -= clear) == 0)
			return (INPUT_DATA);
	}
	len = len_to_scan(input, whole, len);
	what = scan_next(&input->scan, bytes, len, &found);
	/* No byte of the frame has been delivered yet: it says so again. */
	if (what == SCAN_MALFORMED && clear > 0)
		return (INPUT_DATA);
	if (what == SCAN_MALFORMED)
		return (refuse(input, held, &found));
	add_step(input, &found);
	input->ended = what == SCAN_FRAME;
	if (!input->ended && holds_too_much(input, whole)) {
		input->scan.error = "too much that the splitter leaves open";
		return (refuse(input, input->scan.held, &nothing));
	}
	return (INPUT_DATA);
}

/* All was scanned and no more will come. DATA: the steps have changed. */
enum input_what
input_scan_end(struct input *input)
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
	if (found.lead + found.data + found.keep + found.skip > 0 ||
	    input->ended)
		return (INPUT_DATA);
	if (input->end == END_TOLD)
		return (INPUT_MORE);
	input->end = END_TOLD;
	return (INPUT_EOF);
}
