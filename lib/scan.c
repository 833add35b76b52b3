/*
 * The scanner: no terminator and a count are so simple that they are done here;
 * a framing does its own. State is carried in struct scan from piece to piece,
 * so that every byte is looked at once and the cuts between pieces leave no
 * trace in the result.
 */

#include "framing.h"
#include "scan.h"

void
scan_init(struct scan *scan, const struct terminator *terminator)
{
	scan->terminator = *terminator;
	scan->remaining = terminator->count;
	scan->held = 0;
}

void
scan_release(struct scan *scan)
{
	evchat_framing_free(scan->terminator.framing);
	scan_init(scan, &(struct terminator){ .kind = SCAN_NONE });
}

void
scan_restart(struct scan *scan)
{
	scan->held = 0;
	if (scan->terminator.kind == SCAN_COUNT)
		scan_release(scan);
}

static bool
scan_count(struct scan *scan, size_t len, struct scan_step *step)
{
	if (len > scan->remaining)
		len = (size_t)scan->remaining;
	scan->remaining -= len;
	step->used = step->data = len;
	return (scan->remaining == 0);
}

bool
scan_next(struct scan *scan, const unsigned char *bytes, size_t len,
    struct scan_step *step)
{
	const struct evchat_framing *framing = scan->terminator.framing;

	step->used = step->data = step->skip = 0;
	switch (scan->terminator.kind) {
	case SCAN_NONE:
		step->used = step->data = len;
		return (false);
	case SCAN_COUNT:
		return (scan_count(scan, len, step));
	case SCAN_FRAMING:
		break;
	}
	return (len > 0 && framing->ops->scan(framing, scan, bytes, len, step));
}

size_t
scan_finish(struct scan *scan)
{
	size_t held = scan->held;

	scan->held = 0;
	return (held);
}

bool
scan_last_is_frame(const struct scan *scan)
{
	return (scan->terminator.kind == SCAN_FRAMING &&
	    scan->terminator.framing->ops->last_is_frame);
}
