#ifndef MATCH_H
#define MATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * A string that is searched for in a stream, however the stream is cut.
 * match_new returns NULL with errno; nothing else can fail.
 */

struct match;

#define MATCH_MAX ((size_t)1 << 30) /* longest string that can be searched for */

/* These are there already, and are not freed. */
extern const struct match match_lf, match_crlf, match_nul;

struct match *match_new(const void *bytes, size_t len); /* copied; 1 to MATCH_MAX */
void match_free(struct match *match);                   /* NULL is fine */

/* The same, which cannot fail, in a place that is never given back. */
#define MATCH_SHORT ((size_t)16)
struct match_short {
	_Alignas(8) unsigned char memory[24 + 5 * 16];
};
const struct match *match_init_short(struct match_short *place,
    const void *bytes, size_t len);

const unsigned char *match_bytes(const struct match *match);
size_t match_len(const struct match *match);

/*
 * Is there a byte without which nothing that is followed by the string can
 * have the string begin in it?
 */
bool match_has_lone_byte(const struct match *match, unsigned char *byte);

/*
 * Where in a string its rarest byte stands, going by what protocols carry:
 * what is to be searched for first. len > 0.
 */
size_t match_pivot(const unsigned char *bytes, size_t len);

/*
 * Look for the string in the next len bytes of a stream. *matched, 0 at first,
 * is carried from call to call: how many bytes at the end of what was seen are
 * the beginning of the string (the longest such suffix, and never all of it).
 * Returns how many bytes lead up to and include the end of the first match,
 * and then *matched is match_len(); or 0 if there is none, and all len were
 * seen.
 */
size_t match_next(const struct match *match, size_t *matched,
    const unsigned char *bytes, size_t len);

#endif
