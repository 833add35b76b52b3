/*
 * Frames that are all so long: their header is empty, and always says the
 * same.
 */

#include <errno.h>

#include "counted.h"

struct fixed {
	struct counted counted;
	size_t size;
};

static enum header_what
fixed_header(const struct evchat_framing *framing, struct scan *scan,
    struct header *header)
{
	(void)header;
	scan->number = ((const struct fixed *)framing)->size;
	return (HEADER_DONE);
}

static int
fixed_encode(const struct evchat_framing *framing, struct backlog *out,
    const struct payload *payload)
{
	if (payload->len == ((const struct fixed *)framing)->size)
		return (payload_append(out, payload, NULL, NULL));
	errno = EINVAL;
	return (-1);
}

static const struct framing_ops fixed_ops = {
	.scan = counted_scan,
	.find = counted_find,
	.encode = fixed_encode,
	.free = framing_free,
	.declares = true,
};

struct evchat_framing *
evchat_framing_fixed(size_t size)
{
	struct fixed *fixed;

	if (size == 0) {
		errno = EINVAL;
		return (NULL);
	}
	if ((fixed = framing_new(sizeof(*fixed), &fixed_ops)) == NULL)
		return (NULL);
	fixed->counted.header = fixed_header;
	fixed->size = size;
	return (&fixed->counted.framing);
}
