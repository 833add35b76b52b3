#ifndef FRAMECAT_TEXT_H
#define FRAMECAT_TEXT_H

/*
 * Bytes as text, there and back: what framecat prints of a frame can be given
 * to it again. And numbers. There is no channel in here.
 */

#include <stddef.h>
#include <stdint.h>

struct evbuffer;

/*
 * Append bytes as text that no terminal minds: what is not printable ASCII,
 * and the backslash, is \\ \r \n \t \0 or \xNN. Returns 0, or -1 if there is
 * no memory.
 */
int framecat_add_escaped(struct evbuffer *to, const void *data, size_t len);

/*
 * The bytes that such a text means; a backslash before punctuation means that
 * very character. out, which may be the text itself, has room for len bytes.
 * Returns how many there are, or -1 for an escape that means nothing.
 */
ptrdiff_t framecat_unescape(char *out, const char *text, size_t len);

/* A decimal number and nothing else. Returns 0, or -1 with errno EINVAL. */
int framecat_number(const char *text, uint64_t max, uint64_t *number);

#endif
