#ifndef AUTOMATON_H
#define AUTOMATON_H

#include <stdbool.h>
#include <stddef.h>

#include <event2/buffer.h>

/*
 * Several strings that are searched for in a stream in one pass: the automaton of
 * Aho and Corasick. A state stands for the longest suffix of what was seen that
 * is the beginning of any of the strings; state 0 for none.
 */

struct automaton;

#define AUTOMATON_MAX ((size_t)4096) /* bytes of all strings together */

/* NULL with errno; at least one string, none empty; copied. */
struct automaton *automaton_new(const struct evbuffer_iovec *set, int n);
void automaton_free(struct automaton *automaton); /* NULL is fine */

/*
 * Go on from *state until a string ends. How many bytes lead up to there, or 0 if
 * none does in these len, which were then all seen.
 */
size_t automaton_next(const struct automaton *automaton, unsigned *state,
    const unsigned char *bytes, size_t len);

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
