/*
 * The framing whose frames end with any of several delimiters. The automaton
 * finds where the first of them ends. If a longer one may begin with that, and
 * is wanted, then from there on only that is followed, through the tree of the
 * delimiters: phase 1, scan->number being the state there and scan->other the
 * one of the longest delimiter so far.
 */

#include <errno.h>
#include <string.h>

#include "automaton.h"
#include "framing.h"
#include "mem.h"

#define LONGEST_EXTENDED 64 /* bytes of a delimiter that begins with another */

struct delimiters {
	struct evchat_framing framing;
	struct automaton *automaton;
	bool keeps;
	bool longest;
	size_t most_len;     /* of any of them */
	bool alike;          /* and it is that of all */
	unsigned char *tail; /* what is sent */
	size_t tail_len;
};

enum { SEARCHING, EXTENDING };

static const struct delimiters *
delimiters_of(const struct evchat_framing *framing)
{
	return ((const struct delimiters *)framing);
}

/* The frame ends with the delimiter that scan->other stands for. */
static enum scan_what
end_with(const struct delimiters *delimiters, const struct scan *scan,
    struct scan_step *step)
{
	return (framing_end(step, automaton_depth(delimiters->automaton,
	    (unsigned)scan->other), delimiters->keeps));
}

/* All bytes that are held may be a delimiter; is the next one, too? */
static enum scan_what
extend(const struct delimiters *delimiters, struct scan *scan,
    const unsigned char *bytes, size_t len, struct scan_step *step)
{
	const struct automaton *automaton = delimiters->automaton;
	unsigned state = (unsigned)scan->number;

	while (step->used < len && automaton_goes_on(automaton, state)) {
		state = automaton_extend(automaton, state, bytes[step->used]);
		if (state == 0)
			return (end_with(delimiters, scan, step));
		step->used++;
		scan->held++;
		if (automaton_match(automaton, state) == state)
			scan->other = state;
	}
	scan->number = state;
	return (automaton_goes_on(automaton, state) ? SCAN_MORE :
	    end_with(delimiters, scan, step));
}

static enum scan_what
delimiters_scan(const struct evchat_framing *framing, struct scan *scan,
    const unsigned char *bytes, size_t len, struct scan_step *step)
{
	const struct delimiters *delimiters = delimiters_of(framing);
	const struct automaton *automaton = delimiters->automaton;
	struct automaton_search search;
	size_t held = scan->held;
	unsigned state;

	if (scan->phase == EXTENDING)
		return (extend(delimiters, scan, bytes, len, step));
	search.bytes = bytes;
	search.len = len;
	search.state = (unsigned)scan->number;
	search.wanted = 1;
	automaton_find(automaton, &search);
	step->used = search.n > 0 ? search.ends[0].at : len;
	state = search.n > 0 ? search.ends[0].state : search.state;
	scan->number = state;
	scan->held = automaton_depth(automaton, state);
	step->data = held + step->used - scan->held;
	if (search.n == 0)
		return (SCAN_MORE);
	scan->other = state;
	if (!delimiters->longest || !automaton_goes_on(automaton, state))
		return (end_with(delimiters, scan, step));
	scan->phase = EXTENDING;
	return (SCAN_MORE);
}

_Static_assert(AUTOMATON_MOST >= READY_MOST, "as many as are wanted");

/*
 * Is there a longer one that begins with this one? False: that is not known.
 * It is not even looked where there may be too few bytes, for then all that
 * was looked at would be scanned as well.
 */
static bool
find_longest(const struct delimiters *delimiters, const struct ready *ready,
    struct automaton_end *end)
{
	const struct automaton *automaton = delimiters->automaton;
	const unsigned char *next = ready->bytes + end->at;
	unsigned state = end->state;

	if (!automaton_goes_on(automaton, state))
		return (true);
	if (ready->len - end->at <
	    delimiters->most_len - automaton_depth(automaton, state))
		return (false);
	while ((state = automaton_extend(automaton, state, *next++)) != 0) {
		if (automaton_match(automaton, state) == state)
			*end = (struct automaton_end){
				.at = (size_t)(next - ready->bytes),
				.state = state
			};
		if (!automaton_goes_on(automaton, state))
			break;
	}
	return (true);
}

/* The frames that end so, or all but the last, of which it is not known. */
static bool
add_frames(const struct delimiters *delimiters, struct ready *ready,
    const struct automaton_search *search, size_t begin)
{
	const struct automaton *automaton = delimiters->automaton;
	size_t i;

	for (i = 0; i < search->n; i++) {
		struct automaton_end end = search->ends[i];

		end.at += begin;
		if (delimiters->longest &&
		    !find_longest(delimiters, ready, &end))
			return (false);
		if (delimiters->alike)
			ready->last[ready->n++] = (uint32_t)(end.at - 1);
		else
			ready_add(ready, end.at, 0, automaton_depth(automaton,
			    end.state));
	}
	return (true);
}

/* All at once or, where what follows depends on the longest one, one by one. */
static void
delimiters_find(const struct evchat_framing *framing, struct ready *ready)
{
	const struct delimiters *delimiters = delimiters_of(framing);
	struct automaton_search search;
	size_t begin = 0;

	ready->keeps = delimiters->keeps;
	if (delimiters->alike)
		ready_all_alike(ready, delimiters->most_len);
	do {
		search.bytes = ready->bytes + begin;
		search.len = ready->len - begin;
		search.state = 0;
		search.wanted = delimiters->longest ? 1 : ready->wanted;
		automaton_find(delimiters->automaton, &search);
		if (!add_frames(delimiters, ready, &search, begin))
			return;
		if (search.n < search.wanted) {
			ready->clear = search.len - automaton_depth(
			    delimiters->automaton, search.state);
			if (search.n > 0)
				ready->clear -= search.ends[search.n - 1].at;
			return;
		}
		begin = (size_t)ready->last[ready->n - 1] + 1;
	} while (ready->n < ready->wanted);
}

static enum scan_what
delimiters_finish(const struct evchat_framing *framing, struct scan *scan,
    struct scan_step *step)
{
	if (scan->phase == EXTENDING)
		return (end_with(delimiters_of(framing), scan, step));
	framing_give_held(scan, step);
	return (SCAN_LAST);
}

static int
delimiters_encode(const struct evchat_framing *framing, struct backlog *out,
    const struct payload *payload)
{
	const struct delimiters *delimiters = delimiters_of(framing);

	return (framing_encode_tail(framing, out, payload, delimiters->tail,
	    delimiters->tail_len));
}

/* A delimiter that might have become longer ends the frame if the input ends. */
static int
delimiters_encode_piece(const struct evchat_framing *framing,
    struct sending *sending, struct evbuffer *in, struct evbuffer *out)
{
	bool keeps = delimiters_of(framing)->keeps;

	if (framing_pass_piece(framing, sending, in, out, keeps) == -1)
		return (-1);
	if (sending->scan.phase != EXTENDING)
		return (0);
	sending->may_be_whole = true;
	errno = EINVAL;
	return (keeps ? 0 : -1);
}

static int
delimiters_encode_end(const struct evchat_framing *framing,
    struct sending *sending, struct evbuffer *out)
{
	const struct delimiters *delimiters = delimiters_of(framing);

	return (framing_pass_tail(framing, sending, out, delimiters->tail,
	    delimiters->tail_len));
}

static void
delimiters_free(struct evchat_framing *framing)
{
	struct delimiters *delimiters = (struct delimiters *)framing;

	automaton_free(delimiters->automaton);
	mem_free(delimiters->tail);
	framing_free(framing);
}

static const struct framing_ops delimiters_ops = {
	.scan = delimiters_scan,
	.finish = delimiters_finish,
	.find = delimiters_find,
	.encode = delimiters_encode,
	.encode_piece = delimiters_encode_piece,
	.encode_end = delimiters_encode_end,
	.free = delimiters_free,
};

/* Does it end an empty frame, with all of its bytes and no more to wait for? */
static bool
stands_alone(const struct delimiters *delimiters,
    const struct evbuffer_iovec *delimiter)
{
	const unsigned char *bytes = delimiter->iov_base;
	struct scan scan = { .held = 0 };
	size_t used = 0;

	for (;;) {
		struct scan_step step = { 0 };
		enum scan_what what = delimiters_scan(&delimiters->framing,
		    &scan, bytes + used, delimiter->iov_len - used, &step);

		used += step.used;
		if (step.data > 0)
			return (false);
		if (what == SCAN_FRAME)
			return (step.skip == delimiter->iov_len);
		if (used == delimiter->iov_len)
			return (false);
	}
}

/*
 * Bytes that do not make a longer delimiter are looked at again in the next
 * frame; a peer could have that done for each byte that it sends.
 */
static bool
is_affordable(const struct delimiters *delimiters,
    const struct evbuffer_iovec *delimiter)
{
	const struct automaton *automaton = delimiters->automaton;
	const unsigned char *bytes = delimiter->iov_base;
	unsigned state = 0;
	size_t i;

	if (!delimiters->longest || delimiter->iov_len <= LONGEST_EXTENDED)
		return (true);
	for (i = 0; i < delimiter->iov_len - 1; i++) {
		state = automaton_extend(automaton, state, bytes[i]);
		if (automaton_match(automaton, state) == state)
			return (false);
	}
	return (true);
}

static bool
are_affordable(const struct delimiters *delimiters,
    const struct evbuffer_iovec *set, int n)
{
	int i;

	for (i = 0; i < n; i++)
		if (!is_affordable(delimiters, &set[i]))
			break;
	errno = EMSGSIZE;
	return (i == n);
}

/*
 * Choose what is sent. There is one: a delimiter with no other inside or, to
 * match the longest, the longest of those that begin with such a one.
 */
static int
choose_tail(struct delimiters *delimiters, const struct evbuffer_iovec *set)
{
	while (!stands_alone(delimiters, set))
		set++;
	delimiters->tail = mem_alloc(set->iov_len);
	if (delimiters->tail == NULL)
		return (-1);
	memcpy(delimiters->tail, set->iov_base, set->iov_len);
	delimiters->tail_len = set->iov_len;
	return (0);
}

struct evchat_framing *
evchat_framing_delimiters(const struct evbuffer_iovec *set, int n,
    unsigned flags)
{
	struct delimiters *delimiters;
	int i;

	if (!framing_knows(flags, EVCHAT_FRAMING_KEEP_DELIMITER |
	    EVCHAT_FRAMING_MATCH_LONGEST) ||
	    (delimiters = framing_new(sizeof(*delimiters), &delimiters_ops)) ==
	    NULL)
		return (NULL);
	delimiters->longest = flags & EVCHAT_FRAMING_MATCH_LONGEST;
	delimiters->automaton = automaton_new(set, n);
	if (delimiters->automaton == NULL ||
	    !are_affordable(delimiters, set, n) ||
	    choose_tail(delimiters, set) == -1) {
		delimiters_free(&delimiters->framing);
		return (NULL);
	}
	for (i = 0; i < n; i++)
		if (delimiters->most_len < set[i].iov_len)
			delimiters->most_len = set[i].iov_len;
	delimiters->alike = delimiters->most_len <= READY_MOST_AROUND;
	for (i = 0; i < n; i++)
		if (set[i].iov_len != delimiters->most_len)
			delimiters->alike = false;
	/* From here on; to choose the tail was easier without. */
	if (flags & EVCHAT_FRAMING_KEEP_DELIMITER) {
		delimiters->keeps = true;
		delimiters->tail_len = 0;
	}
	return (&delimiters->framing);
}
