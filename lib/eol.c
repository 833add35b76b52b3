/*
 * CR and LF without each other. What one parser takes for the end of a line and
 * another does not is how messages are smuggled past the first.
 */

#include <string.h>

#include "eol.h"

size_t
eol_find_bare_cr(const unsigned char *bytes, size_t len)
{
	const unsigned char *cr;
	size_t at = 0;

	while (at < len &&
	    (cr = memchr(bytes + at, '\r', len - at)) != NULL) {
		at = (size_t)(cr - bytes);
		if (at + 1 == len || cr[1] != '\n')
			return (at);
		at += 2;
	}
	return (len);
}

enum scan_what
eol_reject(struct scan *scan, size_t data, const char *error,
    struct scan_step *step)
{
	step->used = step->data = data;
	if (data > 0)
		return (SCAN_MORE);
	scan->error = error;
	return (SCAN_MALFORMED);
}
