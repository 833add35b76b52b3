#ifndef DECODE_CUSTOM_H
#define DECODE_CUSTOM_H

/*
 * Framings of an application's own, each of which uses another part of the
 * interface.
 */

#include "decode.h"

/* Two bytes say how long the frame is: it has them shown again, and declares. */
extern const struct evchat_framing_ops decode_counting;

/* "--" ends a frame; nothing but again, no state. */
extern const struct evchat_framing_ops decode_dashes;

/* CR LF ends a frame, and so does the end of the input; a CR is kept in mind. */
extern const struct evchat_framing_ops decode_minding;

/* Digits up to a semicolon; anything else is malformed. */
extern const struct evchat_framing_ops decode_digits;

/* The same without saying what is wrong. */
extern const struct evchat_framing_ops decode_silent;

#endif
