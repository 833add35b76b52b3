#ifndef SCAN_H
#define SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evchat_framing;

/*
 * The scanner: cuts a stream into frames. It is pure: it is given the bytes of
 * the stream in pieces of any size, and tells what they are. It keeps no bytes,
 * allocates nothing and cannot fail.
 */

enum scan_kind {
	SCAN_NONE,   /* no frames */
	SCAN_COUNT,  /* one frame of so many bytes */
	SCAN_FRAMING /* frames as a framing has them */
};

/* What the input is cut by. Whoever holds it owns the framing's reference. */
struct terminator {
	enum scan_kind kind;
	struct evchat_framing *framing; /* SCAN_FRAMING only, else NULL */
	uint64_t count;                 /* SCAN_COUNT only, else 0 */
};

struct scan {
	struct terminator terminator;
	uint64_t remaining; /* of a count */
	size_t held;        /* bytes seen of which it is not known what they are */
};

/*
 * What the bytes seen are: of those held before and the used ones behind them,
 * the first are data, the next are to be skipped, and the rest is held. Where a
 * frame ends there is no rest, whatever scan.held says until scan_restart, and
 * not all bytes may have been used.
 */
struct scan_step {
	size_t used;
	size_t data;
	size_t skip;
};

/* Begin with a new terminator, whose reference is taken. */
void scan_init(struct scan *scan, const struct terminator *terminator);
void scan_release(struct scan *scan); /* drops that reference */

/* Begin a frame under the same terminator; a count is over after one. */
void scan_restart(struct scan *scan);

/* Look at the next len bytes; len may be 0. True if the frame ends. */
bool scan_next(struct scan *scan, const unsigned char *bytes, size_t len,
    struct scan_step *step);

/* No more bytes will come: how many were held that are data after all. */
size_t scan_finish(struct scan *scan);

/* Is what is unterminated at the end possibly a frame? */
bool scan_last_is_frame(const struct scan *scan);

#endif
