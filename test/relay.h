#ifndef RELAY_H
#define RELAY_H

/*
 * Two channels of one event loop: what the one receives its hooks push into
 * the other, which is its sink. A stuck producer in the queue of that keeps
 * all that is behind it, so that a test decides how long the queue is: whole
 * frames of five bytes, "aaaaX" and so on, of which RELAY_FRAMES bring it
 * above its high mark.
 */

#include "feeder.h"
#include "harness.h"

#define RELAY_FRAMES 3  /* fill it */
#define RELAY_LOW 4
#define RELAY_HIGH (512 + 5 * (RELAY_FRAMES - 1))
#define RELAY_LONG (512 + 5 * RELAY_FRAMES) /* so long it is then */

struct relay {
	struct harness *from;
	struct harness *to;
	struct feeder stopper;
};

/* On two bufferevents of that kind; whole frames, or by _pieces in pieces. */
void relay_start(struct relay *relay, int carrier);
void relay_start_pieces(struct relay *relay, int carrier);

/* The same, and with options of its own. */
void relay_start_with(struct relay *relay, int carrier,
    const struct evchat_hooks *hooks, unsigned options);

/* Have what to is given wait, and then let it go. */
void relay_stop(struct relay *relay);
void relay_let_go(struct relay *relay);

/* Have from push into to what it is told: scripts, or called by such. */
void relay_frame(struct harness *h, const void *data, size_t len);
void relay_collect(struct harness *h, const void *data, size_t len);

/* How long the queue is that from fills. */
size_t relay_length(const struct relay *relay);

/* Free both, when they have been told this. */
void relay_end(struct relay *relay, const char *from, const char *to);

#endif
