#ifndef DELIMITER_H
#define DELIMITER_H

#include <stdbool.h>
#include <stddef.h>

#include "framing.h"

struct match;

/* The framing whose frames end with what match finds. */
struct delimiter {
	struct evchat_framing framing;
	const struct match *match;
	bool keeps;
};

/* Fill in what is all zeros. */
void delimiter_init(struct delimiter *delimiter, const struct match *match,
    bool keeps);

/* Is this a framing by just this delimiter? NULL is none. */
bool delimiter_is(const struct evchat_framing *framing, const void *bytes,
    size_t len);

/* Is it one of those that are there already? */
bool delimiter_is_line_end(const void *bytes, size_t len);

/*
 * As evchat_framing_delimiter without flags does. But if it is short, it may
 * be one that all share who want the same, and takes no memory then.
 */
struct evchat_framing *delimiter_shared(const void *bytes, size_t len);

#endif
