#ifndef FRAMING_H
#define FRAMING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "api.h"

struct scan;
struct scan_step;

/*
 * What every framing is: a reference count and the functions of its kind. The
 * structure of each kind begins with this one. After its constructor has
 * returned, nothing but the count changes.
 */
struct framing_ops {
	/*
	 * Look at the next len bytes, len > 0, of a frame; true when it ends.
	 * See scan_next, for which this is called.
	 */
	bool (*scan)(const struct evchat_framing *framing, struct scan *scan,
	    const unsigned char *bytes, size_t len, struct scan_step *step);
	/* Append the frame that decodes to data: all of it, or -1 with errno. */
	int (*encode)(const struct evchat_framing *framing,
	    struct evbuffer *out, const void *data, size_t len);
	/* Free the whole structure. */
	void (*free)(struct evchat_framing *framing);
	/* Can what is unterminated at EOF be taken for a frame? */
	bool last_is_frame;
};

struct evchat_framing {
	const struct framing_ops *ops;
	atomic_uint refs;
};

void framing_init(struct evchat_framing *framing, const struct framing_ops *ops);
struct evchat_framing *framing_ref(struct evchat_framing *framing); /* NULL is fine */

#endif
