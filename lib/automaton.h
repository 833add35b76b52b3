#ifndef AUTOMATON_H
#define AUTOMATON_H

#include <stdbool.h>
#include <stddef.h>

#include <event2/buffer.h>

/*
 * Several strings that are searched for in a stream in one pass: the automaton
 * of Aho and Corasick. A state stands for the longest suffix of what was seen
 * that is the beginning of any of the strings; state 0 for none.
 */

struct automaton;

#define AUTOMATON_MAX ((size_t)4096) /* bytes of all strings together */

/* NULL with errno; at least one string, none empty; copied. */
struct automaton *automaton_new(const struct evbuffer_iovec *set, int n);
void automaton_free(struct automaton *automaton); /* NULL is fine */

/* Where a string ends, and the state of the longest one that does. */
struct automaton_end {
	size_t at; /* so many bytes lead up to there */
	unsigned state;
};

#define AUTOMATON_MOST 64 /* ends that are found at once */

struct automaton_search {
	const unsigned char *bytes; /* the next ones of the stream */
	size_t len;
	unsigned state;             /* before them, and then behind them */
	size_t wanted;              /* ends, at most AUTOMATON_MOST */

	size_t n;                   /* so many were found */
	struct automaton_end ends[AUTOMATON_MOST];
};

/*
 * Find the first string that ends, then the first one that begins behind it,
 * and so on, until so many are found as are wanted, or all bytes were seen.
 */
void automaton_find(const struct automaton *automaton,
    struct automaton_search *search);

/* How long the suffix is that a state stands for. */
size_t automaton_depth(const struct automaton *automaton, unsigned state);
/* The state of the longest string that ends here; 0: none does. */
unsigned automaton_match(const struct automaton *automaton, unsigned state);
/* Is it the beginning of something longer? */
bool automaton_goes_on(const struct automaton *automaton, unsigned state);
/* The state for one byte more of the same; 0 if no string is like that. */
unsigned automaton_extend(const struct automaton *automaton, unsigned state,
    unsigned char byte);

#endif
