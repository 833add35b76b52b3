#ifndef SCAN_H
#define SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct evchat_framing;

/*
 * The scanner: cuts a stream into frames. It is pure: it is given the bytes of
 * the stream in pieces of any size, and tells what they are. It keeps no
 * bytes, allocates nothing and cannot fail.
 */

enum scan_kind {
	SCAN_NONE,   /* no frames */
	SCAN_COUNT,  /* one frame of so many bytes */
	SCAN_FRAMING /* frames as a framing has them */
};

/* What the input is cut by. Whoever holds it owns what it refers to. */
struct terminator {
	enum scan_kind kind;
	struct evchat_framing *framing; /* SCAN_FRAMING only, else NULL */
	uint64_t count;                 /* SCAN_COUNT only, else 0 */
	void *state;                    /* of a custom framing, else NULL */
};

struct scan {
	struct terminator terminator;
	bool transforms; /* are frames other bytes than there are in the stream? */
	bool holds_any;  /* is how much is held not for the framing to limit? */
	bool finds;      /* can many of its frames be found at once? */
	size_t held;  /* bytes seen of which it is not known what they are */
	size_t again; /* so many of them, the last, are to be seen once more */

	/* The frame in progress, if its length is declared. */
	bool declared;
	uint64_t length;    /* in bytes as they are delivered */
	size_t header;      /* bytes that declared it */
	uint64_t remaining; /* bytes of the frame that have not been seen */

	/* The framing's own; all 0 when a frame begins. */
	unsigned phase;
	unsigned digits;
	uint64_t number;
	uint64_t other;

	bool after_end;    /* what comes may belong to no frame: see scan_gap */
	const char *error; /* MALFORMED: in words */
};

enum scan_what {
	SCAN_MORE,     /* the frame goes on */
	SCAN_LAST,     /* scan_finish: what there is may be taken for a frame */
	SCAN_FRAME,    /* it ends here */
	SCAN_MALFORMED /* it cannot go on like this: no byte is data in this step */
};

/*
 * What the bytes seen are: of those held before and the used ones behind them
 * the first, lead, are to be skipped; then there are data, then bytes that are
 * delivered without being counted, then some more to be skipped; and the rest
 * is held. Where a frame ends there is no rest, whatever scan.held says until
 * scan_restart: what is behind the end is not used, though it may have been
 * seen.
 */
struct scan_step {
	size_t used;
	size_t lead;
	size_t data;
	size_t keep;
	size_t skip;
	size_t bad; /* MALFORMED: the byte at fault; the first held one is 0 */
};

/* Begin with a new terminator, all of which is taken. */
void scan_init(struct scan *scan, const struct terminator *terminator);
/* The same in place of another; one framing in place of itself goes on. */
void scan_replace(struct scan *scan, const struct terminator *terminator);
void scan_release(struct scan *scan); /* and go on without any */
void terminator_release(const struct terminator *terminator);
void terminator_reset(const struct terminator *terminator); /* as if it were new */

/* Begin a frame under the same terminator; a count is over after one. */
void scan_restart(struct scan *scan);

/* How many of the next len bytes, len > 0, belong to no frame. */
size_t scan_gap(struct scan *scan, const unsigned char *bytes, size_t len);

/* Look at the next len bytes; len may be 0. */
enum scan_what scan_next(struct scan *scan, const unsigned char *bytes,
    size_t len, struct scan_step *step);

/* No more bytes will come: what the held ones are. */
enum scan_what scan_finish(struct scan *scan, struct scan_step *step);

/*
 * What was seen and is not used up is going to be seen again: all of the frame
 * or, if it was entered, the last data bytes and what is held behind them. Not
 * all framings can do that.
 */
bool scan_can_rewind(const struct scan *scan);
void scan_rewind(struct scan *scan, bool entered, uint64_t data);

/* Where that cannot be: at least the held bytes are. How many these were. */
size_t scan_unhold(struct scan *scan);

#endif
