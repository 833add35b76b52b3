/*
 * What framings with a declared length have in common. The bytes of the header
 * are held until it is complete; from then on the length is known, and bytes
 * are only counted; scan->other of them are still to be stripped. So nothing
 * is ever reserved for what was merely declared.
 */

#include "counted.h"

/* Bytes of the payload, or of nothing but the header, have been seen. */
static enum scan_what
after_bytes(const struct counted *counted, const struct scan *scan)
{
	return (scan->remaining == 0 && !counted->comma ? SCAN_FRAME :
	    SCAN_MORE);
}

/* Some of the bytes that are not delivered are behind the header. */
static enum scan_what
strip(const struct counted *counted, struct scan *scan, size_t len,
    struct scan_step *step)
{
	if (len > scan->other)
		len = (size_t)scan->other;
	scan->other -= len;
	scan->remaining -= len;
	step->used = step->lead = len;
	return (scan->other > 0 ? SCAN_MORE : after_bytes(counted, scan));
}

/* How long the frame is as delivered, header included. False: it cannot be. */
static bool
delivered_len(struct scan *scan, size_t size, size_t strip)
{
	if (strip > size && scan->number < strip - size) {
		scan->error = "frame shorter than what is to be stripped";
		return (false);
	}
	if (strip < size && scan->number > UINT64_MAX - (size - strip)) {
		scan->error = "frame of 2^64 bytes or more";
		return (false);
	}
	scan->length = scan->number + size - strip;
	return (true);
}

/* The header is complete, and is the first size bytes of the frame. */
static enum scan_what
declare(const struct counted *counted, struct scan *scan, size_t size,
    struct scan_step *step)
{
	size_t strip = counted->strips_all ? size : counted->strip;

	if (!delivered_len(scan, size, strip))
		return (SCAN_MALFORMED);
	scan->declared = true;
	scan->remaining = scan->number;
	scan->header = size;
	scan->held = 0;
	step->lead = strip < size ? strip : size;
	step->data = size - step->lead;
	scan->other = strip - step->lead;
	return (scan->other > 0 ? SCAN_MORE : after_bytes(counted, scan));
}

static enum scan_what
scan_header(const struct counted *counted, struct scan *scan,
    const unsigned char *bytes, size_t len, struct scan_step *step)
{
	struct header header = { .bytes = bytes, .len = len };
	size_t held = scan->held;

	switch (counted->header(&counted->framing, scan, &header)) {
	case HEADER_MORE:
		step->used = len;
		scan->held = held + len;
		break;
	case HEADER_DONE:
		step->used = header.used;
		step->bad = header.bad;
		return (declare(counted, scan, held + header.used, step));
	case HEADER_MALFORMED:
		step->bad = header.bad;
		return (SCAN_MALFORMED);
	}
	return (SCAN_MORE);
}

static enum scan_what
scan_comma(struct scan *scan, const unsigned char *bytes,
    struct scan_step *step)
{
	if (bytes[0] != ',') {
		scan->error = "no comma behind the netstring";
		return (SCAN_MALFORMED);
	}
	step->used = step->skip = 1;
	return (SCAN_FRAME);
}

enum scan_what
counted_scan(const struct evchat_framing *framing, struct scan *scan,
    const unsigned char *bytes, size_t len, struct scan_step *step)
{
	const struct counted *counted = (const struct counted *)framing;

	if (!scan->declared)
		return (scan_header(counted, scan, bytes, len, step));
	if (scan->other > 0)
		return (strip(counted, scan, len, step));
	/* Where it was over and something was unread there, it is over again. */
	if (scan->remaining == 0)
		return (counted->comma ? scan_comma(scan, bytes, step) :
		    SCAN_FRAME);
	if (len > scan->remaining)
		len = (size_t)scan->remaining;
	scan->remaining -= len;
	step->used = step->data = len;
	return (after_bytes(counted, scan));
}

/* Frames that are ready */

/*
 * Add the frame that begins here. False: not all of it is there, or there is
 * something wrong with it.
 */
static bool
add_frame(const struct counted *counted, struct scan *scan, size_t begin,
    struct ready *ready)
{
	const unsigned char *bytes = ready->bytes + begin;
	size_t len = ready->len - begin;
	struct header header = { .bytes = bytes, .len = len };
	size_t end, strip, comma = counted->comma ? 1 : 0;

	scan->number = 0;
	scan->digits = 0;
	if (counted->header(&counted->framing, scan, &header) != HEADER_DONE)
		return (false);
	strip = counted->strips_all ? header.used : counted->strip;
	if (len - header.used < comma ||
	    scan->number > len - header.used - comma ||
	    strip > header.used + scan->number || strip > READY_MOST_AROUND)
		return (false);
	end = header.used + (size_t)scan->number;
	if (comma > 0 && bytes[end] != ',')
		return (false);
	ready_add(ready, begin + end + comma, strip, comma);
	return (true);
}

void
counted_find(const struct evchat_framing *framing, struct ready *ready)
{
	const struct counted *counted = (const struct counted *)framing;
	struct scan scan = { .held = 0 };
	size_t begin = 0;

	while (ready->n < ready->wanted && begin < ready->len &&
	    add_frame(counted, &scan, begin, ready))
		begin = (size_t)ready->last[ready->n - 1] + 1;
}
