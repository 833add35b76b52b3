#ifndef COUNTED_H
#define COUNTED_H

#include "framing.h"

/*
 * Framings whose frames begin with a header that says how long they are. What
 * a header looks like is the kind's own; the rest they have in common.
 */

enum header_what {
	HEADER_MORE, /* the header goes on behind these bytes */
	HEADER_DONE, /* it ends in them */
	HEADER_MALFORMED
};

/* The next bytes of a header, of which scan->held were seen before. */
struct header {
	const unsigned char *bytes;
	size_t len;
	size_t used;   /* DONE: so many of these are the header's */
	size_t bad;    /* MALFORMED: the wrong byte, its first being 0 */
};

/*
 * DONE: scan->number is the number of bytes behind the header, up to the end
 * of the payload. MALFORMED: scan->error says what is wrong.
 */
typedef enum header_what counted_header(const struct evchat_framing *framing,
    struct scan *scan, struct header *header);

struct counted {
	struct evchat_framing framing;
	counted_header *header;
	size_t strip;    /* bytes at the start that are not delivered */
	bool strips_all; /* those are the header, however long */
	bool comma;      /* stands behind the payload */
};

enum scan_what counted_scan(const struct evchat_framing *framing,
    struct scan *scan, const unsigned char *bytes, size_t len,
    struct scan_step *step);

void counted_find(const struct evchat_framing *framing, struct ready *ready);

#endif
