/*
 * Every state has its next state for every class of bytes. Bytes that are in no
 * string are all of one class, so that the table is small: for CR LF and LF four
 * states by three classes. A state's next states are those of the state for its
 * longest proper suffix, but where a string goes on.
 */

#include <errno.h>
#include <stdint.h>

#include "automaton.h"
#include "blocks.h"
#include "mem.h"

#define FEW 4 /* bytes that are looked at one by one */

struct automaton {
	uint16_t classes;        /* how many there are */
	uint16_t class_of[256];  /* 0: in no string */
	bool begins[256];        /* is it the first byte of a string? */
	struct byte_set set;     /* the same */
	unsigned states;
	uint16_t *next;          /* [state * classes + class] */
	uint16_t *depth;         /* [state] */
	uint16_t *match;         /* [state]: see automaton_match */
	bool *own;               /* [state * classes + class]: a string goes on so */
	bool *goes_on;           /* [state] */
};

static const unsigned char *
bytes_of(const struct evbuffer_iovec *string)
{
	return (string->iov_base);
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
		automaton->begins[bytes_of(&set[i])[0]] = true;
		byte_set_add(&automaton->set, bytes_of(&set[i])[0]);
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

/* The strings as a tree: each next state is that of a string, or 0. */
static void
plant(struct automaton *automaton, const struct evbuffer_iovec *set, int n)
{
	unsigned state;
	size_t at, here;
	int i;

	automaton->states = 1;
	for (i = 0; i < n; i++) {
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
		}
		automaton->match[state] = (uint16_t)state;
	}
}

/*
 * Fill in what there is to do where no string goes on: the same as in the state
 * for the longest proper suffix, which is less deep and so is complete already.
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
	automaton->next = mem_calloc(most * automaton->classes *
	    sizeof(*automaton->next));
	automaton->own = mem_calloc(most * automaton->classes *
	    sizeof(*automaton->own));
	automaton->depth = mem_calloc(most * sizeof(*automaton->depth));
	automaton->match = mem_calloc(most * sizeof(*automaton->match));
	automaton->goes_on = mem_calloc(most * sizeof(*automaton->goes_on));
	work = mem_calloc(2 * most * sizeof(*work));
	if (automaton->next != NULL && automaton->own != NULL &&
	    automaton->depth != NULL && automaton->match != NULL &&
	    automaton->goes_on != NULL && work != NULL) {
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
	mem_free(automaton);
}

/*
 * In state 0: to where a string may begin. Most bytes have nothing to do with any;
 * but where they have, a search is not worth its beginning.
 */
static inline size_t
skip(const struct automaton *automaton, const unsigned char *bytes, size_t at,
    size_t len)
{
	size_t few = len - at < FEW ? len : at + FEW;

	while (at < few && !automaton->begins[bytes[at]])
		at++;
	if (at < few || at == len)
		return (at);
	return (at + blocks_find_any(bytes + at, len - at, &automaton->set));
}

size_t
automaton_next(const struct automaton *automaton, unsigned *state,
    const unsigned char *bytes, size_t len)
{
	unsigned now = *state;
	size_t at = 0;

	while (at < len) {
		if (now == 0)
			at = skip(automaton, bytes, at, len);
		if (at == len)
			break;
		now = automaton->next[cell(automaton, now, bytes[at++])];
		if (automaton->match[now] != 0) {
			*state = now;
			return (at);
		}
	}
	*state = now;
	return (0);
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
