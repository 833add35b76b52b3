#ifndef MEM_H
#define MEM_H

#include <stddef.h>

/*
 * The library's memory: everything that it allocates for itself comes from
 * here. NULL with errno ENOMEM on failure.
 */

void *mem_alloc(size_t size);
void *mem_calloc(size_t size);            /* zeroed */
void *mem_realloc(void *old, size_t size); /* size > 0; old stays on failure */
void mem_free(void *old);                 /* NULL is fine */

#endif
