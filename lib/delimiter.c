/*
 * The framing whose frames end with a delimiter. All the work is in match.c;
 * what is matched so far is exactly what has to be held back: the longest
 * suffix of the input that may still turn out to be the delimiter.
 */

#include <errno.h>
#include <string.h>

#include "blocks.h"
#include "delimiter.h"
#include "framing.h"
#include "match.h"
#include "mem.h"

#define LOOKED_BACK 8 /* bytes, at most, to see if a delimiter ends here */

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

/* Frames that are ready */

/* Do these bytes stand here? They are too few for a call of memcmp. */
static inline bool
stands_at(const unsigned char *here, const unsigned char *bytes, size_t len)
{
	while (len > 0 && here[len - 1] == bytes[len - 1])
		len--;
	return (len == 0);
}

/* How many bytes at the end, of so many, may be the delimiter's beginning? */
static size_t
undecided(const struct match *match, const unsigned char *end, size_t len)
{
	size_t n = match_len(match) - 1;

	if (n > len)
		n = len;
	while (n > 0 && memcmp(end - n, match_bytes(match), n) != 0)
		n--;
	return (n);
}

/*
 * A short delimiter: wherever its last byte stands, look at those before it.
 * So the search is for one byte, and for CR LF that is one of which there are
 * few.
 */
static void
find_short(const struct match *match, struct ready *ready)
{
	const unsigned char *bytes = ready->bytes, *string = match_bytes(match);
	size_t len = ready->len, n = match_len(match), i, found, begin = 0;
	uint32_t *places = ready->last, *last = places;

	found = blocks_find(bytes, len, string[n - 1], places, ready->wanted);
	/* Behind the last place it was not looked for more. */
	if (found == ready->wanted)
		len = (size_t)places[found - 1] + 1;
	for (i = 0; i < found; i++) {
		size_t end = (size_t)places[i] + 1;

		if (end - begin < n || bytes[end - 2] != string[n - 2] ||
		    !stands_at(bytes + end - n, string, n - 2))
			continue;
		begin = end;
		*last++ = places[i];
	}
	ready->n = (size_t)(last - places);
	ready->clear = len - begin - undecided(match, bytes + len, len - begin);
}

/* Nothing comes before a single byte, and it is never undecided. */
static void
find_byte(unsigned char byte, struct ready *ready)
{
	size_t n = blocks_find(ready->bytes, ready->len, byte, ready->last,
	    ready->wanted);

	ready->n = n;
	if (n < ready->wanted)
		ready->clear = ready->len - (n > 0 ?
		    (size_t)ready->last[n - 1] + 1 : 0);
}

static void
find_long(const struct match *match, struct ready *ready)
{
	size_t matched, end, begin = 0;

	while (ready->n < ready->wanted) {
		matched = 0;
		end = match_next(match, &matched, ready->bytes + begin,
		    ready->len - begin);
		if (end == 0) {
			ready->clear = ready->len - begin - matched;
			return;
		}
		begin += end;
		ready->last[ready->n++] = (uint32_t)(begin - 1);
	}
}

static void
delimiter_find(const struct evchat_framing *framing, struct ready *ready)
{
	const struct delimiter *delimiter = delimiter_of(framing);
	size_t len = match_len(delimiter->match);

	ready->keeps = delimiter->keeps;
	ready_all_alike(ready, len <= READY_MOST_AROUND ? len : 0);
	if (len == 1)
		find_byte(match_bytes(delimiter->match)[0], ready);
	else if (len <= LOOKED_BACK)
		find_short(delimiter->match, ready);
	else if (len <= READY_MOST_AROUND)
		find_long(delimiter->match, ready);
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
delimiter_encode(const struct evchat_framing *framing, struct backlog *out,
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
	match_free((struct match *)(uintptr_t)delimiter_of(framing)->match);
	framing_free(framing);
}

static const struct framing_ops delimiter_ops = {
	.scan = delimiter_scan,
	.finish = delimiter_finish,
	.find = delimiter_find,
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

/* What a byte that no payload may have tells apart is plain. */
static void
set_plain(struct delimiter *delimiter)
{
	struct plain *plain = &delimiter->framing.plain;
	size_t len = match_len(delimiter->match);

	if (delimiter->keeps || len > PLAIN_TAIL ||
	    !match_has_lone_byte(delimiter->match, &plain->absent[0]))
		return;
	plain->n_absent = 1;
	plain->tail_len = (unsigned char)len;
	memcpy(plain->tail, match_bytes(delimiter->match), len);
	plain->below = PLAIN_LONGEST + 1;
}

/*
 * The line ends are what most channels are set to, many of them one by one: so
 * these are there already, and take no memory.
 */
#define LINE_END(string, last, is_match) { \
	.framing = { \
		.ops = &delimiter_ops, \
		.refs = FRAMING_CONSTANT, \
		.plain = { \
			.below = PLAIN_LONGEST + 1, \
			.n_absent = 1, \
			.absent = { (last) }, \
			.tail_len = sizeof(string) - 1, \
			.tail = string \
		} \
	}, \
	.match = &(is_match) \
}

static const struct delimiter line_ends[] = {
	LINE_END("\n", '\n', match_lf),
	LINE_END("\r\n", '\n', match_crlf),
	LINE_END("\0", '\0', match_nul)
};

static struct evchat_framing *
line_end(const void *bytes, size_t len)
{
	size_t i;

	for (i = 0; i < sizeof(line_ends) / sizeof(line_ends[0]); i++)
		if (len == line_ends[i].framing.plain.tail_len &&
		    memcmp(bytes, line_ends[i].framing.plain.tail, len) == 0)
			return ((struct evchat_framing *)(uintptr_t)
			    &line_ends[i].framing);
	return (NULL);
}

bool
delimiter_is_line_end(const void *bytes, size_t len)
{
	return (line_end(bytes, len) != NULL);
}

void
delimiter_init(struct delimiter *delimiter, const struct match *match,
    bool keeps)
{
	framing_init(&delimiter->framing, &delimiter_ops);
	delimiter->match = match;
	delimiter->keeps = keeps;
	set_plain(delimiter);
}

struct evchat_framing *
evchat_framing_delimiter(const void *bytes, size_t len, unsigned flags)
{
	struct delimiter *delimiter;
	struct evchat_framing *constant;
	struct match *match;

	if (flags == 0 && (constant = line_end(bytes, len)) != NULL)
		return (constant);
	if (!framing_knows(flags, EVCHAT_FRAMING_KEEP_DELIMITER) ||
	    (match = match_new(bytes, len)) == NULL)
		return (NULL);
	if ((delimiter = mem_calloc(sizeof(*delimiter))) == NULL) {
		match_free(match);
		errno = ENOMEM;
		return (NULL);
	}
	delimiter_init(delimiter, match,
	    flags & EVCHAT_FRAMING_KEEP_DELIMITER);
	return (&delimiter->framing);
}
