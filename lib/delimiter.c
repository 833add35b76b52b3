/*
 * The framing whose frames end with a delimiter. All the work is in match.c;
 * what is matched so far is exactly what has to be held back: the longest
 * suffix of the input that may still turn out to be the delimiter.
 */

#include <errno.h>
#include <string.h>

#include "delimiter.h"
#include "framing.h"
#include "match.h"
#include "mem.h"

struct delimiter {
	struct evchat_framing framing;
	struct match *match;
	bool keeps;
};

static const struct delimiter *
delimiter_of(const struct evchat_framing *framing)
{
	return ((const struct delimiter *)framing);
}

static enum scan_what
delimiter_scan(const struct evchat_framing *framing, struct scan *scan,
    const unsigned char *bytes, size_t len, struct scan_step *step)
{
	const struct delimiter *delimiter = delimiter_of(framing);
	size_t held = scan->held, end;

	end = match_next(delimiter->match, &scan->held, bytes, len);
	step->used = end > 0 ? end : len;
	step->data = held + step->used - scan->held;
	return (end == 0 ? SCAN_MORE :
	    framing_end(step, scan->held, delimiter->keeps));
}

static enum scan_what
delimiter_finish(const struct evchat_framing *framing, struct scan *scan,
    struct scan_step *step)
{
	(void)framing;
	framing_give_held(scan, step);
	return (SCAN_LAST);
}

/* What is behind a payload: nothing where it brings the delimiter itself. */
static size_t
tail_len(const struct delimiter *delimiter)
{
	return (delimiter->keeps ? 0 : match_len(delimiter->match));
}

/* Would the delimiter behind this payload be found where it stands? */
static bool
can_follow(const struct match *match, const struct payload *payload)
{
	size_t matched = 0, n = match_len(match);
	int i;

	for (i = 0; i < payload->n; i++)
		if (match_next(match, &matched, payload->vec[i].iov_base,
		    payload->vec[i].iov_len) > 0)
			return (false);
	return (match_next(match, &matched, match_bytes(match), n) == n);
}

static int
delimiter_encode(const struct evchat_framing *framing, struct evbuffer *out,
    const struct payload *payload)
{
	const struct delimiter *delimiter = delimiter_of(framing);
	struct evbuffer_iovec tail = {
		(void *)(uintptr_t)match_bytes(delimiter->match),
		match_len(delimiter->match)
	};

	if (delimiter->keeps)
		return (framing_encode_tail(framing, out, payload, "", 0));
	if (can_follow(delimiter->match, payload))
		return (payload_append(out, payload, NULL, &tail));
	errno = EINVAL;
	return (-1);
}

static int
delimiter_encode_piece(const struct evchat_framing *framing,
    struct sending *sending, struct evbuffer *in, struct evbuffer *out)
{
	return (framing_pass_piece(framing, sending, in, out,
	    delimiter_of(framing)->keeps));
}

static int
delimiter_encode_end(const struct evchat_framing *framing,
    struct sending *sending, struct evbuffer *out)
{
	const struct delimiter *delimiter = delimiter_of(framing);

	return (framing_pass_tail(framing, sending, out,
	    match_bytes(delimiter->match), tail_len(delimiter)));
}

static void
delimiter_free(struct evchat_framing *framing)
{
	match_free(((struct delimiter *)framing)->match);
	framing_free(framing);
}

static const struct framing_ops delimiter_ops = {
	.scan = delimiter_scan,
	.finish = delimiter_finish,
	.encode = delimiter_encode,
	.encode_piece = delimiter_encode_piece,
	.encode_end = delimiter_encode_end,
	.free = delimiter_free,
};

bool
delimiter_is(const struct evchat_framing *framing, const void *bytes,
    size_t len)
{
	const struct match *match;

	if (framing == NULL || framing->ops != &delimiter_ops ||
	    delimiter_of(framing)->keeps)
		return (false);
	match = delimiter_of(framing)->match;
	return (match_len(match) == len &&
	    memcmp(match_bytes(match), bytes, len) == 0);
}

struct evchat_framing *
evchat_framing_delimiter(const void *bytes, size_t len, unsigned flags)
{
	struct delimiter *delimiter;

	if (!framing_knows(flags, EVCHAT_FRAMING_KEEP_DELIMITER) ||
	    (delimiter = framing_new(sizeof(*delimiter), &delimiter_ops)) ==
	    NULL)
		return (NULL);
	delimiter->keeps = flags & EVCHAT_FRAMING_KEEP_DELIMITER;
	if ((delimiter->match = match_new(bytes, len)) == NULL) {
		delimiter_free(&delimiter->framing);
		return (NULL);
	}
	return (&delimiter->framing);
}
