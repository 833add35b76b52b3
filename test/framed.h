#ifndef FRAMED_H
#define FRAMED_H

/*
 * Frames whose payload a producer gives: the framings that can have them, and
 * a producer whose pieces may have any bytes.
 */

#include "feeder.h"
#include "harness.h"

struct evchat_framing *framed_crlf(void);
struct evchat_framing *framed_aab(void);
struct evchat_framing *framed_kept(void);
struct evchat_framing *framed_several(void);      /* LF, CR LF and ; */
struct evchat_framing *framed_several_kept(void); /* CR and CR LF */
struct evchat_framing *framed_line(void);
struct evchat_framing *framed_line_strict(void);
struct evchat_framing *framed_line_any(void);
struct evchat_framing *framed_dot(void);
struct evchat_framing *framed_dot_strict(void);
struct evchat_framing *framed_chunked(void);

/* A channel that writes with one of them. */
struct harness *framed_start(enum harness_carrier carrier,
    struct evchat_framing *(*make)(void));

/* Push a frame that a feeder gives, which must be accepted. */
void framed_push(struct feeder *feeder, struct harness *h, const char *name,
    const char *script);

/* A payload in pieces, one for each answer, and what has to become of it. */
struct framed_sample {
	struct evchat_framing *(*make)(void);
	const char *how;       /* the answers */
	const char *pieces[6];
	const char *wire;      /* NULL: it is broken */
};

/* Push one, by the name of p; next is to be kept while that lives. */
void framed_push_sample(struct feeder *feeder, struct harness *h,
    const struct framed_sample *sample, const char *const **next);

/* The payload "abcd": what is sent when "ab" was given, and in the end. */
#define FRAMED_HALVES 4
struct framed_half {
	struct evchat_framing *(*make)(void);
	const char *first;
	const char *whole;
};
extern const struct framed_half framed_halves[FRAMED_HALVES];

/* This and nothing else is what the peer gets; 10 may also be A. */
void framed_expect(struct harness *h, const char *wire);

#endif
