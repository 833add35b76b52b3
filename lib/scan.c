/*
 * The scanner: no terminator and a count are so simple that they are done
 * here; a framing does its own. State is carried in struct scan from piece to
 * piece, so that every byte is looked at once and the cuts between pieces
 * leave no trace in the result.
 */

#include <string.h>

#include "framing.h"
#include "mem.h"
#include "scan.h"

static const struct framing_ops *
ops_of(const struct scan *scan)
{
	return (scan->terminator.kind == SCAN_FRAMING ?
	    scan->terminator.framing->ops : NULL);
}

/* Forget the frame in progress. */
static void
begin(struct scan *scan)
{
	scan->held = scan->again = 0;
	scan->declared = scan->terminator.kind == SCAN_COUNT;
	scan->length = scan->remaining = scan->terminator.count;
	scan->header = 0;
	scan->phase = scan->digits = 0;
	scan->number = scan->other = 0;
}

void
scan_init(struct scan *scan, const struct terminator *terminator)
{
	const struct framing_ops *ops;

	scan->terminator = *terminator;
	ops = ops_of(scan);
	scan->transforms = ops != NULL && ops->transforms;
	scan->holds_any = ops != NULL && ops->holds_any;
	scan->finds = ops != NULL && ops->find != NULL;
	scan->after_end = false;
	scan->error = NULL;
	begin(scan);
}

void
terminator_release(const struct terminator *terminator)
{
	evchat_framing_free(terminator->framing);
	mem_free(terminator->state);
}

void
terminator_reset(const struct terminator *terminator)
{
	if (terminator->state != NULL)
		memset(terminator->state, 0, terminator->framing->state_size);
}

void
scan_replace(struct scan *scan, const struct terminator *terminator)
{
	struct terminator old = scan->terminator;
	bool goes_on = scan->after_end && old.framing != NULL &&
	    old.framing == terminator->framing;

	scan_init(scan, terminator);
	scan->after_end = goes_on;
	terminator_release(&old);
}

void
scan_release(struct scan *scan)
{
	scan_replace(scan, &(struct terminator){ .kind = SCAN_NONE });
}

void
scan_restart(struct scan *scan)
{
	if (scan->terminator.kind == SCAN_COUNT)
		scan_release(scan);
	else {
		begin(scan);
		scan->after_end = ops_of(scan) != NULL &&
		    ops_of(scan)->gap != NULL;
	}
}

size_t
scan_gap(struct scan *scan, const unsigned char *bytes, size_t len)
{
	if (!scan->after_end)
		return (0);
	return (ops_of(scan)->gap(scan, bytes, len));
}

static enum scan_what
scan_count(struct scan *scan, size_t len, struct scan_step *step)
{
	if (len > scan->remaining)
		len = (size_t)scan->remaining;
	scan->remaining -= len;
	step->used = step->data = len;
	return (scan->remaining == 0 ? SCAN_FRAME : SCAN_MORE);
}

enum scan_what
scan_next(struct scan *scan, const unsigned char *bytes, size_t len,
    struct scan_step *step)
{
	memset(step, 0, sizeof(*step));
	switch (scan->terminator.kind) {
	case SCAN_NONE:
		step->used = step->data = len;
		return (SCAN_MORE);
	case SCAN_COUNT:
		return (scan_count(scan, len, step));
	case SCAN_FRAMING:
		break;
	}
	if (len == 0)
		return (SCAN_MORE);
	return (ops_of(scan)->scan(scan->terminator.framing, scan, bytes, len,
	    step));
}

enum scan_what
scan_finish(struct scan *scan, struct scan_step *step)
{
	const struct framing_ops *ops = ops_of(scan);

	memset(step, 0, sizeof(*step));
	scan->held += scan->again;
	scan->again = 0;
	if (ops == NULL || ops->finish == NULL)
		return (SCAN_MORE);
	return (ops->finish(scan->terminator.framing, scan, step));
}

bool
scan_can_rewind(const struct scan *scan)
{
	const struct framing_ops *ops = ops_of(scan);

	return (ops == NULL || !ops->goes_on);
}

void
scan_rewind(struct scan *scan, bool entered, uint64_t data)
{
	scan->held = 0;
	if (scan->declared && entered)
		scan->remaining += data;
	else
		begin(scan);
}

size_t
scan_unhold(struct scan *scan)
{
	const struct framing_ops *ops = ops_of(scan);
	size_t held = scan->held;

	if (ops == NULL || ops->unhold == NULL)
		return (0);
	ops->unhold(scan);
	scan->held = 0;
	return (held);
}
