/*
 * CR and LF without each other. What one parser takes for the end of a line
 * and another does not is how messages are smuggled past the first.
 */

#include <string.h>

#include "eol.h"

size_t
eol_find_cr(const unsigned char *bytes, size_t len)
{
	const unsigned char *cr = len > 0 ? memchr(bytes, '\r', len) : NULL;

	return (cr != NULL ? (size_t)(cr - bytes) : len);
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
