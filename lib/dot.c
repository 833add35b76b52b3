/*
 * Dot-stuffed blocks of lines. A dot at the start of a line is dropped as soon
 * as it is seen, and a CR is held until it is known what is behind it:
 *
 *	LINE_START --dot--> DOT --CR--> DOT_CR --LF--> the block ends
 *	    |  ^             |            |
 *	    |  +---LF---+    |            |
 *	    v           |    v            v
 *	  IN_LINE ---CR-+- LINE_CR      IN_LINE again
 */

#include <errno.h>
#include <string.h>

#include "eol.h"
#include "framing.h"

enum { LINE_START, DOT, DOT_CR, IN_LINE, LINE_CR };

struct dot {
	struct evchat_framing framing;
	bool rejects_lf;
	bool rejects_cr;
};

static const struct dot *
dot_of(const struct evchat_framing *framing)
{
	return ((const struct dot *)framing);
}

/* Decoding */

/* A CR is held; bytes[0] is what is behind it. */
static enum scan_what
after_cr(const struct dot *dot, struct scan *scan, const unsigned char *bytes,
    struct scan_step *step)
{
	bool ends = scan->phase == DOT_CR;

	if (bytes[0] == '\n') {
		step->used = 1;
		step->data = ends ? 0 : 2;
		step->skip = ends ? 2 : 0;
		scan->phase = LINE_START;
	} else if (dot->rejects_cr) {
		scan->error = EOL_BARE_CR;
		return (SCAN_MALFORMED);
	} else {
		ends = false;
		step->data = 1;
		scan->phase = IN_LINE;
	}
	scan->held = 0;
	return (ends ? SCAN_FRAME : SCAN_MORE);
}

/* A CR is the last byte of those seen. */
static enum scan_what
hold_cr(struct scan *scan, unsigned phase, size_t data, struct scan_step *step)
{
	step->used = data + 1;
	step->data = data;
	scan->held = 1;
	scan->phase = phase;
	return (SCAN_MORE);
}

/* All up to the next line that begins with a dot is data. */
static enum scan_what
scan_lines(const struct dot *dot, struct scan *scan,
    const unsigned char *bytes, size_t len, struct scan_step *step)
{
	const unsigned char *lf;
	size_t at = 0, end, cr;
	bool is_crlf, is_last;

	scan->phase = IN_LINE;
	do {
		lf = memchr(bytes + at, '\n', len - at);
		end = lf != NULL ? (size_t)(lf - bytes) : len;
		is_crlf = end > at && bytes[end - 1] == '\r';
		is_last = lf == NULL;
		cr = end - is_crlf;
		if (dot->rejects_cr &&
		    (cr = at + eol_find_cr(bytes + at, cr - at)) <
		    end - is_crlf)
			return (eol_reject(scan, cr, EOL_BARE_CR, step));
		if (is_last && is_crlf)
			return (hold_cr(scan, LINE_CR, cr, step));
		if (!is_last && !is_crlf && dot->rejects_lf)
			return (eol_reject(scan, end, EOL_BARE_LF, step));
		at = is_last ? len : end + 1;
	} while (at < len && !(is_crlf && bytes[at] == '.'));
	if (!is_last && is_crlf)
		scan->phase = LINE_START;
	step->used = step->data = at;
	return (SCAN_MORE);
}

static enum scan_what
dot_scan(const struct evchat_framing *framing, struct scan *scan,
    const unsigned char *bytes, size_t len, struct scan_step *step)
{
	const struct dot *dot = dot_of(framing);

	if (scan->held > 0)
		return (after_cr(dot, scan, bytes, step));
	if (scan->phase == LINE_START && bytes[0] == '.') {
		step->used = step->lead = 1;
		scan->phase = DOT;
		return (SCAN_MORE);
	}
	if (scan->phase == DOT && bytes[0] == '\r')
		return (hold_cr(scan, DOT_CR, 0, step));
	return (scan_lines(dot, scan, bytes, len, step));
}

static enum scan_what
dot_finish(const struct evchat_framing *framing, struct scan *scan,
    struct scan_step *step)
{
	(void)framing;
	framing_give_held(scan, step);
	return (SCAN_MORE);
}

static void
dot_unhold(struct scan *scan)
{
	if (scan->held > 0)
		scan->phase = scan->phase == DOT_CR ? DOT : IN_LINE;
}

/* Encoding */

/*
 * Write a piece with its dots, or only count them where to is NULL. *phase is
 * carried from piece to piece. How long that is, or -1 with EINVAL.
 */
static ev_ssize_t
stuff(const struct dot *dot, unsigned *phase, const struct evbuffer_iovec *vec,
    unsigned char *to)
{
	const unsigned char *bytes = vec->iov_base;
	size_t at, n = 0;

	for (at = 0; at < vec->iov_len; at++) {
		unsigned char byte = bytes[at];
		bool after = *phase == LINE_CR;

		if ((byte != '\n' && after && dot->rejects_cr) ||
		    (byte == '\n' && !after && dot->rejects_lf)) {
			errno = EINVAL;
			return (-1);
		}
		if (byte == '.' && *phase == LINE_START) {
			if (to != NULL)
				to[n] = '.';
			n++;
		}
		if (to != NULL)
			to[n] = byte;
		n++;
		if (byte == '\r')
			*phase = LINE_CR;
		else
			*phase = byte == '\n' && after ? LINE_START : IN_LINE;
	}
	return ((ev_ssize_t)n);
}

/* How long the stuffed payload is, or -1 with errno. */
static ev_ssize_t
stuffed_len(const struct dot *dot, const struct payload *payload)
{
	unsigned phase = LINE_START;
	ev_ssize_t len = 0, n;
	int i;

	if (payload->len > EV_SSIZE_MAX / 2 - 3) {
		errno = EMSGSIZE;
		return (-1);
	}
	for (i = 0; i < payload->n; i++) {
		n = stuff(dot, &phase, &payload->vec[i], NULL);
		if (n == -1)
			return (-1);
		len += n;
	}
	if (phase == LINE_START)
		return (len);
	errno = EINVAL;
	return (-1);
}

static int
dot_encode(const struct evchat_framing *framing, struct backlog *out,
    const struct payload *payload)
{
	const struct dot *dot = dot_of(framing);
	ev_ssize_t len = stuffed_len(dot, payload);
	unsigned phase = LINE_START;
	unsigned char *room, *to;
	int i;

	if (len == -1)
		return (-1);
	if ((room = backlog_reserve(out, (size_t)len + 3)) == NULL)
		return (-1);
	to = room;
	for (i = 0; i < payload->n; i++)
		to += stuff(dot, &phase, &payload->vec[i], to);
	memcpy(to, ".\r\n", 3);
	backlog_commit(out, room, (size_t)len + 3);
	return (0);
}

static int
dot_encode_piece(const struct evchat_framing *framing, struct sending *sending,
    struct evbuffer *in, struct evbuffer *out)
{
	struct evbuffer_iovec from, to;
	unsigned phase;
	ev_ssize_t len;
	int done = 0;

	while (done == 0 && evbuffer_peek(in, -1, NULL, &from, 1) > 0 &&
	    from.iov_len > 0) {
		phase = sending->scan.phase;
		len = stuff(dot_of(framing), &phase, &from, NULL);
		if (len == -1)
			return (-1);
		errno = ENOMEM;
		if (evbuffer_reserve_space(out, len, &to, 1) != 1)
			return (-1);
		(void)stuff(dot_of(framing), &sending->scan.phase, &from,
		    to.iov_base);
		to.iov_len = (size_t)len;
		done = evbuffer_commit_space(out, &to, 1);
		(void)evbuffer_drain(in, from.iov_len);
	}
	return (done);
}

static int
dot_encode_end(const struct evchat_framing *framing, struct sending *sending,
    struct evbuffer *out)
{
	(void)framing;
	errno = sending->scan.phase == LINE_START ? ENOMEM : EINVAL;
	return (sending->scan.phase == LINE_START ?
	    evbuffer_add(out, ".\r\n", 3) : -1);
}

static const struct framing_ops dot_ops = {
	.scan = dot_scan,
	.finish = dot_finish,
	.unhold = dot_unhold,
	.encode = dot_encode,
	.encode_piece = dot_encode_piece,
	.encode_end = dot_encode_end,
	.free = framing_free,
	.transforms = true,
	.goes_on = true,
};

struct evchat_framing *
evchat_framing_dot(unsigned flags)
{
	struct dot *dot;

	if (!framing_knows(flags, EVCHAT_FRAMING_REJECT_BARE_LF |
	    EVCHAT_FRAMING_REJECT_BARE_CR) ||
	    (dot = framing_new(sizeof(*dot), &dot_ops)) == NULL)
		return (NULL);
	dot->rejects_lf = flags & EVCHAT_FRAMING_REJECT_BARE_LF;
	dot->rejects_cr = flags & EVCHAT_FRAMING_REJECT_BARE_CR;
	return (&dot->framing);
}
