#ifndef DELIMITER_H
#define DELIMITER_H

#include <stdbool.h>
#include <stddef.h>

struct evchat_framing;

/* Is this a framing by just this delimiter? NULL is none. */
bool delimiter_is(const struct evchat_framing *framing, const void *bytes,
    size_t len);

#endif
