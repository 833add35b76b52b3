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
#include "scan.h"

struct delimiter {
	struct evchat_framing framing;
	struct match *match;
};

/* A frame up to this length is put together first and appended at once. */
#define SMALL_FRAME 512

static const struct match *
match_of(const struct evchat_framing *framing)
{
	return (((const struct delimiter *)framing)->match);
}

static bool
delimiter_scan(const struct evchat_framing *framing, struct scan *scan,
    const unsigned char *bytes, size_t len, struct scan_step *step)
{
	const struct match *match = match_of(framing);
	size_t held = scan->held, end;

	end = match_next(match, &scan->held, bytes, len);
	step->used = end > 0 ? end : len;
	step->data = held + step->used - scan->held;
	step->skip = end > 0 ? scan->held : 0;
	return (end > 0);
}

/* Would the delimiter behind this payload be found where it stands? */
static bool
can_carry(const struct match *match, const void *data, size_t len)
{
	size_t matched = 0, n = match_len(match);

	return (match_next(match, &matched, data, len) == 0 &&
	    match_next(match, &matched, match_bytes(match), n) == n);
}

/* Room is reserved for both, so that there is never one without the other. */
static int
append_both(struct evbuffer *out, const void *data, size_t len,
    const struct match *match)
{
	size_t n = match_len(match);
	struct evbuffer_iovec vec;

	if (len > EV_SSIZE_MAX - n ||
	    evbuffer_reserve_space(out, (ev_ssize_t)(len + n), &vec, 1) != 1)
		return (-1);
	if (len > 0)
		memcpy(vec.iov_base, data, len);
	memcpy((unsigned char *)vec.iov_base + len, match_bytes(match), n);
	vec.iov_len = len + n;
	return (evbuffer_commit_space(out, &vec, 1));
}

static int
delimiter_encode(const struct evchat_framing *framing, struct evbuffer *out,
    const void *data, size_t len)
{
	const struct match *match = match_of(framing);
	unsigned char small[SMALL_FRAME];
	size_t n = match_len(match);

	if (!can_carry(match, data, len)) {
		errno = EINVAL;
		return (-1);
	}
	errno = ENOMEM;
	if (len >= sizeof(small) || n > sizeof(small) - len)
		return (append_both(out, data, len, match));
	/* libevent makes room for small ones more cleverly by itself. */
	if (len > 0)
		memcpy(small, data, len);
	memcpy(small + len, match_bytes(match), n);
	return (evbuffer_add(out, small, len + n));
}

static void
delimiter_free(struct evchat_framing *framing)
{
	struct delimiter *delimiter = (struct delimiter *)framing;

	match_free(delimiter->match);
	mem_free(delimiter);
}

static const struct framing_ops delimiter_ops = {
	.scan = delimiter_scan,
	.encode = delimiter_encode,
	.free = delimiter_free,
	.last_is_frame = true,
};

bool
delimiter_is(const struct evchat_framing *framing, const void *bytes,
    size_t len)
{
	const struct match *match;

	if (framing == NULL || framing->ops != &delimiter_ops)
		return (false);
	match = match_of(framing);
	return (match_len(match) == len &&
	    memcmp(match_bytes(match), bytes, len) == 0);
}

struct evchat_framing *
evchat_framing_delimiter(const void *bytes, size_t len, unsigned flags)
{
	struct delimiter *delimiter;

	if (flags != 0) {
		errno = EINVAL;
		return (NULL);
	}
	if ((delimiter = mem_calloc(sizeof(*delimiter))) == NULL)
		return (NULL);
	framing_init(&delimiter->framing, &delimiter_ops);
	if ((delimiter->match = match_new(bytes, len)) == NULL) {
		delimiter_free(&delimiter->framing);
		return (NULL);
	}
	return (&delimiter->framing);
}
