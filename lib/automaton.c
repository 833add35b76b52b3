/*
 * Every state has its next state for every class of bytes. Bytes that are in
 * no string are all of one class, so that the table is small: for CR LF and LF
 * four states by three classes. A state's next states are those of the state
 * for its longest proper suffix, but where a string goes on.
 *
 * A byte takes several steps that wait for each other, and most bytes need not
 * be looked at so. Each string has a pivot, its rarest byte. As long as of
 * each string that is followed the pivot is still to come, none ends before
 * the next place of a pivot, and none that may end there begins more than
 * most_pivot before it: so the automaton goes on from there, in state 0. As in
 * match.c neither it nor the search for pivots looks at a byte twice.
 */

#include <errno.h>
#include <stdint.h>

#include "automaton.h"
#include "blocks.h"
#include "match.h"
#include "mem.h"

struct automaton {
	uint16_t classes;        /* how many there are */
	uint16_t class_of[256];  /* 0: in no string */
	struct byte_set pivots;
	size_t most_pivot;       /* where in any string it is, at most */
	unsigned states;
	uint16_t *next;          /* [state * classes + class] */
	uint16_t *depth;         /* [state] */
	uint16_t *match;         /* [state]: see automaton_match */
	bool *own;               /* [state * classes + class]: a string goes on so */
	bool *goes_on;           /* [state] */
	bool *seen;              /* [state]: is a pivot behind, of what it follows? */
};

static const unsigned char *
bytes_of(const struct evbuffer_iovec *string)
{
	return (string->iov_base);
}

/* Where the byte of a string is that is searched for first: the rarest one. */
static size_t
pivot_of(const struct evbuffer_iovec *string)
{
	return (match_pivot(bytes_of(string), string->iov_len));
}

/* The length of all together, or 0 with errno. */
static size_t
total_len(const struct evbuffer_iovec *set, int n)
{
	size_t total = 0;
	int i;

	errno = EINVAL;
	if (set == NULL || n < 1)
		return (0);
	for (i = 0; i < n; i++) {
		if (set[i].iov_len == 0)
			return (0);
		if (set[i].iov_len > AUTOMATON_MAX - total) {
			errno = EMSGSIZE;
			return (0);
		}
		total += set[i].iov_len;
	}
	return (total);
}

/* Number the classes. */
static void
classify(struct automaton *automaton, const struct evbuffer_iovec *set, int n)
{
	size_t at;
	int i;

	automaton->classes = 1;
	for (i = 0; i < n; i++) {
		for (at = 0; at < set[i].iov_len; at++) {
			uint16_t *class =
			    &automaton->class_of[bytes_of(&set[i])[at]];

			if (*class == 0)
				*class = automaton->classes++;
		}
	}
}

static size_t
cell(const struct automaton *automaton, unsigned state, unsigned char byte)
{
	return ((size_t)state * automaton->classes +
	    automaton->class_of[byte]);
}

static void
choose_pivots(struct automaton *automaton, const struct evbuffer_iovec *set,
    int n)
{
	size_t pivot;
	int i;

	for (i = 0; i < n; i++) {
		pivot = pivot_of(&set[i]);
		byte_set_add(&automaton->pivots, bytes_of(&set[i])[pivot]);
		if (automaton->most_pivot < pivot)
			automaton->most_pivot = pivot;
	}
}

/* The strings as a tree: each next state is that of a string, or 0. */
static void
plant(struct automaton *automaton, const struct evbuffer_iovec *set, int n)
{
	unsigned state;
	size_t at, here, pivot;
	int i;

	automaton->states = 1;
	for (i = 0; i < n; i++) {
		pivot = pivot_of(&set[i]);
		for (state = 0, at = 0; at < set[i].iov_len; at++) {
			here = cell(automaton, state, bytes_of(&set[i])[at]);
			if (!automaton->own[here]) {
				automaton->own[here] = true;
				automaton->goes_on[state] = true;
				automaton->depth[automaton->states] =
				    (uint16_t)(at + 1);
				automaton->next[here] =
				    (uint16_t)automaton->states++;
			}
			state = automaton->next[here];
			automaton->seen[state] |= at >= pivot;
		}
		automaton->match[state] = (uint16_t)state;
	}
}

/*
 * Fill in what there is to do where no string goes on: the same as in the
 * state for the longest proper suffix, which is less deep and so is complete
 * already.
 */
static void
complete(struct automaton *automaton, uint16_t *suffix, uint16_t *queue)
{
	unsigned first = 0, last = 0, state, class;

	queue[last++] = 0;
	while (first < last) {
		state = queue[first++];
		if (automaton->match[state] == 0)
			automaton->match[state] =
			    automaton->match[suffix[state]];
		automaton->seen[state] |= automaton->seen[suffix[state]];
		for (class = 0; class < automaton->classes; class++) {
			size_t here = (size_t)state * automaton->classes + class;
			uint16_t other = state == 0 ? 0 : automaton->next[
			    (size_t)suffix[state] * automaton->classes + class];

			if (automaton->own[here]) {
				suffix[automaton->next[here]] = other;
				queue[last++] = automaton->next[here];
			} else
				automaton->next[here] = other;
		}
	}
}

static int
build(struct automaton *automaton, const struct evbuffer_iovec *set, int n,
    size_t most)
{
	uint16_t *work;

	classify(automaton, set, n);
	choose_pivots(automaton, set, n);
	automaton->next = mem_calloc(most * automaton->classes *
	    sizeof(*automaton->next));
	automaton->own = mem_calloc(most * automaton->classes *
	    sizeof(*automaton->own));
	automaton->depth = mem_calloc(most * sizeof(*automaton->depth));
	automaton->match = mem_calloc(most * sizeof(*automaton->match));
	automaton->goes_on = mem_calloc(most * sizeof(*automaton->goes_on));
	automaton->seen = mem_calloc(most * sizeof(*automaton->seen));
	work = mem_calloc(2 * most * sizeof(*work));
	if (automaton->next != NULL && automaton->own != NULL &&
	    automaton->depth != NULL && automaton->match != NULL &&
	    automaton->goes_on != NULL && automaton->seen != NULL &&
	    work != NULL) {
		plant(automaton, set, n);
		complete(automaton, work, work + most);
		mem_free(work);
		return (0);
	}
	mem_free(work);
	return (-1);
}

struct automaton *
automaton_new(const struct evbuffer_iovec *set, int n)
{
	size_t total = total_len(set, n);
	struct automaton *automaton;

	if (total == 0 || (automaton = mem_calloc(sizeof(*automaton))) == NULL)
		return (NULL);
	if (build(automaton, set, n, total + 1) == 0)
		return (automaton);
	automaton_free(automaton);
	errno = ENOMEM;
	return (NULL);
}

void
automaton_free(struct automaton *automaton)
{
	if (automaton == NULL)
		return;
	mem_free(automaton->next);
	mem_free(automaton->own);
	mem_free(automaton->depth);
	mem_free(automaton->match);
	mem_free(automaton->goes_on);
	mem_free(automaton->seen);
	mem_free(automaton);
}

/* Where pivots stand, of which some are looked for at once. */
struct pivots {
	size_t wanted; /* so many, the next time */
	size_t behind; /* before it all have been looked for */
	size_t from;   /* what the places are counted from */
	size_t next;   /* the first of n places that may matter */
	size_t n;
	uint32_t places[AUTOMATON_MOST];
};

/*
 * Find some more. The more there were before, the more are looked for: what is
 * looked at in vain, behind the last end that is wanted, stays in proportion.
 */
static void
find_pivots(const struct automaton *automaton, struct pivots *pivots,
    const struct automaton_search *search, size_t at)
{
	size_t most = pivots->wanted;

	pivots->from = at > pivots->behind ? at : pivots->behind;
	pivots->n = blocks_find_any(search->bytes + pivots->from,
	    search->len - pivots->from, &automaton->pivots, pivots->places,
	    most);
	pivots->next = 0;
	pivots->behind = pivots->n < most ? search->len :
	    pivots->from + pivots->places[most - 1] + 1;
	pivots->wanted = most < AUTOMATON_MOST / 2 ? 2 * most : AUTOMATON_MOST;
}

/* The first one at this place or behind it; search->len: there is none. */
static inline size_t
next_pivot(const struct automaton *automaton, struct pivots *pivots,
    const struct automaton_search *search, size_t at)
{
	for (;;) {
		while (pivots->next < pivots->n) {
			size_t place = pivots->from +
			    pivots->places[pivots->next++];

			if (place >= at)
				return (place);
		}
		if (pivots->behind == search->len)
			return (search->len);
		find_pivots(automaton, pivots, search, at);
	}
}

void
automaton_find(const struct automaton *automaton,
    struct automaton_search *search)
{
	size_t most = automaton->most_pivot, at = 0, behind = 0, place;
	struct pivots pivots;
	unsigned now = search->state;

	pivots.wanted = search->wanted;
	pivots.behind = pivots.next = pivots.n = 0;
	search->n = 0;
	while (at < search->len && search->n < search->wanted) {
		if (at >= behind && !automaton->seen[now]) {
			place = next_pivot(automaton, &pivots, search, at);
			behind = place + 1;
			if (place > at + most) {
				at = place - most;
				now = 0;
			}
			if (at == search->len)
				break;
		}
		now = automaton->next[cell(automaton, now,
		    search->bytes[at++])];
		if (automaton->match[now] != 0) {
			search->ends[search->n++] = (struct automaton_end){
				.at = at,
				.state = automaton->match[now]
			};
			now = 0;
		}
	}
	search->state = now;
}

size_t
automaton_depth(const struct automaton *automaton, unsigned state)
{
	return (automaton->depth[state]);
}

unsigned
automaton_match(const struct automaton *automaton, unsigned state)
{
	return (automaton->match[state]);
}

bool
automaton_goes_on(const struct automaton *automaton, unsigned state)
{
	return (automaton->goes_on[state]);
}

unsigned
automaton_extend(const struct automaton *automaton, unsigned state,
    unsigned char byte)
{
	size_t here = cell(automaton, state, byte);

	return (automaton->own[here] ? automaton->next[here] : 0);
}
