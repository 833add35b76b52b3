/*
 * Words and numbers of memcache's lines.
 */
#ifndef MEMCACHE_WORDS_H
#define MEMCACHE_WORDS_H

#include <stddef.h>
#include <stdint.h>

struct word {
	const char *data;
	size_t len;
};

/* Take the next word off the rest of a line. Returns 0 if there is none. */
int word_next(struct word *rest, struct word *word);

int word_is(const struct word *word, const char *text);

/* Returns -1 for what is not exactly a number, or above max. */
int word_number(const struct word *word, uint64_t max, uint64_t *number);

/* A time, in that of store_now(): 0 is never. Returns -1 if it is none. */
int word_time(const struct word *word, int64_t *time);

/* These return where what they wrote ends. The number has a space in front. */
char *text_put(char *to, const char *text, size_t len);
char *text_put_number(char *to, uint64_t number);

#endif
