#ifndef UNIT_H
#define UNIT_H

/*
 * What the tests of the library's modules share, beside the memory and main of
 * the harness: a transcript that needs no channel, random numbers, all ways to
 * cut bytes into pieces, and what a delimiter means, written as plainly as can
 * be. Anything that goes wrong here fails the running Check test.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <event2/buffer.h>
#include <evchat.h>

/* A transcript such as "collect:ab|found|eof". Begins as all zeros. */
struct unit_text {
	char *text;
	size_t len;
	size_t size;
	bool collecting; /* the last token may still grow */
};

void unit_note(struct unit_text *text, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void unit_note_bytes(struct unit_text *text, const char *what,
    const void *data, size_t len); /* "what:data" */
/* Behind the last token, as a part of it. */
void unit_note_append(struct unit_text *text, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void unit_note_append_bytes(struct unit_text *text, const void *data,
    size_t len);
/* "collect:data"; what is collected in a row is one token. */
void unit_note_collect(struct unit_text *text, const void *data, size_t len);
const char *unit_text(const struct unit_text *text);
void unit_text_free(struct unit_text *text); /* and begin again */
void unit_expect(struct unit_text *text, const char *expected); /* and free */

/* Random numbers below limit; EVCHAT_TEST_SEED says which. */
size_t unit_random(size_t limit);
/* How many random cases to try; EVCHAT_TEST_CASES makes it more or less. */
size_t unit_cases(size_t usual);
/* Some bytes of an alphabet, len of them. */
void unit_random_bytes(char *bytes, size_t len, const char *alphabet);

/*
 * Ways to cut len bytes into pieces, one after the other: not at all, at every
 * byte, in two everywhere, in three everywhere, then at random. Long input is
 * not cut in two or three.
 *
 *	for (unit_cuts_init(&cuts, len, 10); unit_cuts_next(&cuts);)
 *		run(input, &cuts);
 */
struct unit_cuts {
	size_t *end;   /* where each piece ends; the last one at len */
	size_t n;      /* how many pieces; 0 if there are no bytes */

	size_t len;
	int phase;
	size_t random; /* how many random ways are left */
};

void unit_cuts_init(struct unit_cuts *cuts, size_t len, size_t random);
/* The random ones only. */
void unit_cuts_init_random(struct unit_cuts *cuts, size_t len, size_t random);
bool unit_cuts_next(struct unit_cuts *cuts); /* false: all were had */
const char *unit_cuts_text(const struct unit_cuts *cuts); /* for messages */

/* How far apart the stack was where it was looked at, in bytes; then anew. */
void unit_look_at_stack(void);
size_t unit_stack_depth(void);

/* What memory holds before anything was made of it. */
#define UNIT_JUNK 0xa5

/* The naive view of a delimiter. */

#define UNIT_NOT_FOUND SIZE_MAX
/* Where in bytes it is found first. */
size_t unit_find(const char *bytes, size_t len, const char *delimiter,
    size_t n);
/* How many bytes at the end may be its beginning; n is more than those. */
size_t unit_held(const char *bytes, size_t len, const char *delimiter,
    size_t n);

/* A framing by a delimiter, which is there. */
struct evchat_framing *unit_delimiter(const char *bytes, size_t n);

/* Append a chain of its own, whose memory is freed with it. */
void unit_add_chain(struct evbuffer *buffer, const void *bytes, size_t len);
int unit_chains(void); /* how many of them there are */

/* The library's memory in bytes, until harness_memory_init() is called again. */
void unit_count_bytes(void);
size_t unit_bytes_now(void);
size_t unit_bytes_most(void); /* since it was last asked */

#endif
