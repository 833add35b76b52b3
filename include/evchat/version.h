#ifndef EVCHAT_VERSION_H
#define EVCHAT_VERSION_H

/**
 * @file evchat/version.h
 * Which version this is, and where its memory comes from.
 */

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The version of these headers, as text and as a number: 0x00MMmmpp. */
#define EVCHAT_VERSION "0.1.0"
#define EVCHAT_VERSION_NUMBER 0x00000100

/** @return the version of the library in use, such as "0.1.0"; static */
const char *evchat_get_version(void);

/** @return the same as a number, to be compared with EVCHAT_VERSION_NUMBER */
unsigned evchat_get_version_number(void);

/**
 * Have the library use another allocator.
 *
 * To be called before anything else of the library. libevent's own memory,
 * which holds the bytes on their way, follows event_set_mem_functions().
 * All three functions behave as those of the C library, of which a NULL brings
 * its own back: give all three or none.
 */
void evchat_set_mem_functions(void *(*malloc_fn)(size_t),
    void *(*realloc_fn)(void *, size_t), void (*free_fn)(void *));

#ifdef __cplusplus
}
#endif

#endif
