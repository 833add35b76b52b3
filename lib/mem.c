/*
 * The allocator hook. It is written before anything else is called, so it needs
 * no lock. Besides it the library has only globals that are written once: what a
 * socket's bufferevent is (transport.c), and short delimiters
 * (delimiter_shared.c).
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api.h"
#include "mem.h"

static void *(*mem_malloc_fn)(size_t) = malloc;
static void *(*mem_realloc_fn)(void *, size_t) = realloc;
static void (*mem_free_fn)(void *) = free;

void
evchat_set_mem_functions(void *(*malloc_fn)(size_t),
    void *(*realloc_fn)(void *, size_t), void (*free_fn)(void *))
{
	mem_malloc_fn = malloc_fn != NULL ? malloc_fn : malloc;
	mem_realloc_fn = realloc_fn != NULL ? realloc_fn : realloc;
	mem_free_fn = free_fn != NULL ? free_fn : free;
}

void *
mem_alloc(size_t size)
{
	void *new = mem_malloc_fn(size);

	if (new == NULL)
		errno = ENOMEM;
	return (new);
}

void *
mem_calloc(size_t size)
{
	void *new = mem_alloc(size);

	if (new != NULL)
		memset(new, 0, size);
	return (new);
}

void *
mem_realloc(void *old, size_t size)
{
	void *new = mem_realloc_fn(old, size);

	if (new == NULL)
		errno = ENOMEM;
	return (new);
}

void
mem_free(void *old)
{
	if (old != NULL)
		mem_free_fn(old);
}
