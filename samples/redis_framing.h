/*
 * How Redis clients write commands (RESP2).
 */
#ifndef REDIS_FRAMING_H
#define REDIS_FRAMING_H

#include <stddef.h>

#define REDIS_ARGS_MAX		1024		/* strings of a command */
#define REDIS_STRING_MAX	(1024 * 1024)	/* bytes of one of them */

struct evchat_framing;

struct slice {
	const char *data;
	size_t len;
};

/* Frames that are commands as they came. */
struct evchat_framing *redis_framing_new(void);

/*
 * Find the strings of such a frame, which lie in it: at most REDIS_ARGS_MAX.
 * Returns how many, 0 for an empty line or array; -1: too many, on a line.
 */
int redis_parse(const char *frame, size_t len, struct slice *args);

#endif
