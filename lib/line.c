/*
 * Lines. Three of the styles are a delimiter and nothing else. The others are
 * here: lines whose LF may have a CR before it, or where one without the other
 * is an error; and lines that end with any run of CRs and LFs.
 */

#include <errno.h>
#include <string.h>

#include "blocks.h"
#include "eol.h"
#include "framing.h"

struct line {
	struct evchat_framing framing;
	bool keeps;
	bool strict;     /* a LF without CR is no end */
	bool rejects_lf; /* and an error */
	bool rejects_cr; /* as is a CR without LF */
};

enum { WHOLE, CUT_OFF };

static const struct line *
line_of(const struct evchat_framing *framing)
{
	return ((const struct line *)framing);
}

/* LF with a CR before it */

/*
 * Where in the bytes the data of this line ends: at a line end, at what is
 * rejected, or at a CR that is the last byte.
 */
static size_t
data_len(const struct line *line, const unsigned char *bytes, size_t len)
{
	const unsigned char *lf;
	size_t at = 0, end;

	for (;;) {
		lf = at < len ? memchr(bytes + at, '\n', len - at) : NULL;
		end = lf != NULL ? (size_t)(lf - bytes) : len;
		if (end > at && bytes[end - 1] == '\r') {
			end--;
			break;
		}
		if (lf == NULL || !line->strict || line->rejects_lf)
			break;
		at = end + 1;
	}
	return (line->rejects_cr ? eol_find_cr(bytes, end) : end);
}

/* A CR is held; bytes[0] is what is behind it. */
static enum scan_what
after_cr(const struct line *line, struct scan *scan,
    const unsigned char *bytes, struct scan_step *step)
{
	scan->held = 0;
	if (bytes[0] == '\n') {
		step->used = 1;
		return (framing_end(step, 2, line->keeps));
	}
	if (line->rejects_cr)
		return (eol_reject(scan, 0, EOL_BARE_CR, step));
	step->data = 1;
	return (SCAN_MORE);
}

static enum scan_what
crlf_scan(const struct evchat_framing *framing, struct scan *scan,
    const unsigned char *bytes, size_t len, struct scan_step *step)
{
	const struct line *line = line_of(framing);
	size_t data;

	if (scan->held > 0)
		return (after_cr(line, scan, bytes, step));
	data = data_len(line, bytes, len);
	step->used = step->data = data;
	if (data == len)
		return (SCAN_MORE);
	if (bytes[data] == '\n') {
		if (line->rejects_lf)
			return (eol_reject(scan, data, EOL_BARE_LF, step));
		step->used++;
		return (framing_end(step, 1, line->keeps));
	}
	step->used++;
	if (data + 1 == len) {
		scan->held = 1;
		return (SCAN_MORE);
	}
	if (bytes[data + 1] != '\n')
		return (eol_reject(scan, data, EOL_BARE_CR, step));
	step->used++;
	return (framing_end(step, 2, line->keeps));
}

/* Frames that are ready */

static size_t
data_before_cr(const struct line *line, const unsigned char *bytes, size_t len)
{
	if (line->rejects_cr)
		return (eol_find_cr(bytes, len));
	return (len > 0 && bytes[len - 1] == '\r' ? len - 1 : len);
}

/* Each line up to the first one of which crlf_scan has to say what is wrong. */
static void
crlf_find(const struct evchat_framing *framing, struct ready *ready)
{
	const struct line *line = line_of(framing);
	const unsigned char *bytes = ready->bytes;
	size_t found, i, len = ready->len, begin = 0;
	uint32_t places[READY_MOST];

	ready->keeps = line->keeps;
	found = blocks_find(bytes, len, '\n', places, ready->wanted);
	for (i = 0; i < found; i++) {
		size_t lf = places[i];
		bool cr = lf > begin && bytes[lf - 1] == '\r';

		if (!cr && line->rejects_lf)
			return;
		if (!cr && line->strict)
			continue;
		if (line->rejects_cr && eol_find_cr(bytes + begin,
		    lf - cr - begin) < lf - cr - begin)
			return;
		begin = lf + 1;
		ready_add(ready, begin, 0, cr ? 2 : 1);
	}
	/* Behind the last place it was not looked for more. */
	if (found == ready->wanted)
		len = (size_t)places[found - 1] + 1;
	ready->clear = data_before_cr(line, bytes + begin, len - begin);
}

/*
 * A CR that is held was on its way to a CR LF, or was not; so it is not
 * rejected, but where it might be, this is no line.
 */
static enum scan_what
crlf_finish(const struct evchat_framing *framing, struct scan *scan,
    struct scan_step *step)
{
	if (scan->held > 0 && line_of(framing)->rejects_cr)
		scan->phase = CUT_OFF;
	framing_give_held(scan, step);
	return (scan->phase == CUT_OFF ? SCAN_MORE : SCAN_LAST);
}

static int
crlf_encode(const struct evchat_framing *framing, struct backlog *out,
    const struct payload *payload)
{
	return (framing_encode_tail(framing, out, payload, "\r\n",
	    line_of(framing)->keeps ? 0 : 2));
}

static int
line_encode_piece(const struct evchat_framing *framing,
    struct sending *sending, struct evbuffer *in, struct evbuffer *out)
{
	return (framing_pass_piece(framing, sending, in, out,
	    line_of(framing)->keeps));
}

static int
crlf_encode_end(const struct evchat_framing *framing, struct sending *sending,
    struct evbuffer *out)
{
	return (framing_pass_tail(framing, sending, out, "\r\n",
	    line_of(framing)->keeps ? 0 : 2));
}

static const struct framing_ops crlf_ops = {
	.scan = crlf_scan,
	.finish = crlf_finish,
	.find = crlf_find,
	.encode = crlf_encode,
	.encode_piece = line_encode_piece,
	.encode_end = crlf_encode_end,
	.free = framing_free,
};

/* Any run of CRs and LFs */

static bool
is_end(unsigned char byte)
{
	return (byte == '\r' || byte == '\n');
}

/* What is left of the run that ended the line before this one. */
static size_t
any_gap(struct scan *scan, const unsigned char *bytes, size_t len)
{
	size_t n = 0;

	while (n < len && is_end(bytes[n]))
		n++;
	scan->after_end = n == len;
	return (n);
}

/* CR and LF. */
static const struct byte_set ends = {
	.rows = { { ['\r'] = 1, ['\n'] = 1 } }
};

static enum scan_what
any_scan(const struct evchat_framing *framing, struct scan *scan,
    const unsigned char *bytes, size_t len, struct scan_step *step)
{
	uint32_t place;
	size_t at;

	(void)scan;
	if (is_end(bytes[0]))
		at = 0;
	else
		at = blocks_find_any(bytes, len, &ends, &place, 1) > 0 ?
		    place : len;
	step->used = step->data = at;
	if (at == len)
		return (SCAN_MORE);
	step->used++;
	return (framing_end(step, 1, line_of(framing)->keeps));
}

static enum scan_what
any_finish(const struct evchat_framing *framing, struct scan *scan,
    struct scan_step *step)
{
	(void)framing;
	(void)scan;
	(void)step;
	return (SCAN_LAST);
}

/* An empty line would be swallowed with the end of the one before it. */
static int
any_encode(const struct evchat_framing *framing, struct backlog *out,
    const struct payload *payload)
{
	bool keeps = line_of(framing)->keeps;

	if (payload->len > 0 && !is_end(payload_byte(payload, 0)))
		return (framing_encode_tail(framing, out, payload, "\n",
		    keeps ? 0 : 1));
	errno = EINVAL;
	return (-1);
}

static int
any_encode_piece(const struct evchat_framing *framing,
    struct sending *sending, struct evbuffer *in, struct evbuffer *out)
{
	unsigned char first;

	if (sending->given == 0 && evbuffer_copyout(in, &first, 1) == 1 &&
	    is_end(first)) {
		errno = EINVAL;
		return (-1);
	}
	return (line_encode_piece(framing, sending, in, out));
}

static int
any_encode_end(const struct evchat_framing *framing, struct sending *sending,
    struct evbuffer *out)
{
	if (sending->given > 0)
		return (framing_pass_tail(framing, sending, out, "\n",
		    line_of(framing)->keeps ? 0 : 1));
	errno = EINVAL;
	return (-1);
}

static const struct framing_ops any_ops = {
	.scan = any_scan,
	.finish = any_finish,
	.gap = any_gap,
	.encode = any_encode,
	.encode_piece = any_encode_piece,
	.encode_end = any_encode_end,
	.free = framing_free,
};

/* Making */

/* Without any CR or LF, whatever is rejected elsewhere, is a line. */
static const struct plain crlf_plain = {
	.below = PLAIN_LONGEST + 1,
	.n_absent = 2,
	.absent = { '\n', '\r' },
	.tail_len = 2,
	.tail = { '\r', '\n' }
};

static struct evchat_framing *
line_new(const struct framing_ops *ops, bool strict, unsigned flags)
{
	struct line *line = framing_new(sizeof(*line), ops);

	if (line == NULL)
		return (NULL);
	line->keeps = flags & EVCHAT_FRAMING_KEEP_DELIMITER;
	line->rejects_lf = flags & EVCHAT_FRAMING_REJECT_BARE_LF;
	line->rejects_cr = flags & EVCHAT_FRAMING_REJECT_BARE_CR;
	line->strict = strict;
	if (ops == &crlf_ops && !line->keeps)
		line->framing.plain = crlf_plain;
	return (&line->framing);
}

struct evchat_framing *
evchat_framing_line(enum evbuffer_eol_style style, unsigned flags)
{
	const unsigned keep = EVCHAT_FRAMING_KEEP_DELIMITER, reject_bare =
	    EVCHAT_FRAMING_REJECT_BARE_LF | EVCHAT_FRAMING_REJECT_BARE_CR;

	switch (style) {
	case EVBUFFER_EOL_LF:
		return (evchat_framing_delimiter("\n", 1, flags));
	case EVBUFFER_EOL_NUL:
		return (evchat_framing_delimiter("", 1, flags));
	case EVBUFFER_EOL_CRLF_STRICT:
		if ((flags & reject_bare) == 0)
			return (evchat_framing_delimiter("\r\n", 2, flags));
		/* FALLTHROUGH */
	case EVBUFFER_EOL_CRLF:
		if (!framing_knows(flags, keep | reject_bare))
			return (NULL);
		return (line_new(&crlf_ops,
		    style == EVBUFFER_EOL_CRLF_STRICT, flags));
	case EVBUFFER_EOL_ANY:
		if (!framing_knows(flags, keep))
			return (NULL);
		return (line_new(&any_ops, false, flags));
	}
	errno = EINVAL;
	return (NULL);
}
