#ifndef EVCHAT_FRAMING_H
#define EVCHAT_FRAMING_H

/**
 * @file evchat/framing.h
 * Framings: how a stream of bytes is cut into frames, and frames are written.
 *
 * A framing is an immutable value. It is reference counted atomically and may
 * be shared by any number of channels, in any number of threads; each of them
 * decodes with it and, through evchat_push_frame(), encodes with it.
 * Constructors return NULL with errno EINVAL or EMSGSIZE for what cannot work,
 * and with ENOMEM. The caller owns one reference to what they return.
 * Sizes are in bytes.
 */

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct evchat_framing;

/**
 * Make a framing whose frames end with a delimiter, any string of bytes.
 *
 * The delimiter is never delivered, and an empty frame is a frame. Finding it
 * costs time linear in the bytes received, whatever the delimiter looks like.
 * evchat_push_frame() writes the payload and then the delimiter; it refuses,
 * with EINVAL, a payload after which the delimiter would be found early.
 *
 * @param bytes the delimiter; copied
 * @param len its length: EINVAL if 0, EMSGSIZE above 1 GiB
 * @param flags 0; EINVAL otherwise
 * @return the framing, or NULL with errno
 */
struct evchat_framing *evchat_framing_delimiter(const void *bytes, size_t len,
    unsigned flags);

/**
 * Drop the caller's reference. The framing lives on while channels use it.
 * NULL is fine. Any thread, any hook.
 */
void evchat_framing_free(struct evchat_framing *framing);

#ifdef __cplusplus
}
#endif

#endif
