/*
 * Counting what the library does; see operations.h.
 *
 * The compiler has each basic block of test/libcounted.la begin with a call.
 * The functions of the C library are counted by others of the same names: what
 * a program defines goes before what shared libraries define, for all of them.
 * To do the work, these call relatives that have other names, by pointers that
 * keep the compiler from knowing better. Sanitizers have functions of these
 * names, too; so with them this part is left out.
 */

#ifndef _GNU_SOURCE
#define _GNU_SOURCE 1 /* mempcpy, memmem */
#endif

#include <stddef.h>
#include <string.h>
#include <strings.h>
#include "operations.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || \
    __has_feature(memory_sanitizer)
#define SANITIZED 1
#endif
#endif

struct operations operations;

static bool going;

void
operations_clear(void)
{
	static const struct operations none;

	operations = none;
}

void
operations_go(void)
{
	going = true;
}

void
operations_stop(void)
{
	going = false;
}

/* Basic blocks */

void __sanitizer_cov_trace_pc(void); /* the name is the compiler's */

void
__sanitizer_cov_trace_pc(void)
{
	operations.blocks += going;
}

bool
operations_have_blocks(void)
{
#ifdef COUNTED_BLOCKS
	return true;
#else
	return false;
#endif
}

/* The C library's functions */

#if defined(__GLIBC__) && !defined(SANITIZED)

static void *(*volatile copy)(void *, const void *, size_t) = mempcpy;
static void (*volatile copy_within)(const void *, void *, size_t) = bcopy;
static int (*volatile compare)(const void *, const void *, size_t) = bcmp;
static void *(*volatile find)(const void *, size_t, const void *, size_t) =
    memmem;

void *__memcpy_chk(void *to, const void *from, size_t len, size_t room);

static void
note(uint64_t *bytes, size_t len)
{
	if (!going)
		return;
	operations.calls++;
	*bytes += len;
}

void *
memcpy(void *restrict to, const void *restrict from, size_t len)
{
	note(&operations.copied, len);
	copy(to, from, len);
	return to;
}

/* memcpy() of a libevent that was built to be careful. */
void *
__memcpy_chk(void *to, const void *from, size_t len, size_t room)
{
	(void)room;
	note(&operations.copied, len);
	copy(to, from, len);
	return to;
}

void *
memmove(void *to, const void *from, size_t len)
{
	note(&operations.copied, len);
	copy_within(from, to, len);
	return to;
}

int
memcmp(const void *a, const void *b, size_t len)
{
	note(&operations.looked, len);
	return compare(a, b, len);
}

void *
memchr(const void *bytes, int byte, size_t len)
{
	unsigned char wanted = (unsigned char)byte;
	unsigned char *found = find(bytes, len, &wanted, 1);

	note(&operations.looked, found == NULL ? len :
	    (size_t)(found - (const unsigned char *)bytes) + 1);
	return found;
}

bool
operations_have_bytes(void)
{
	return true;
}

#else

bool
operations_have_bytes(void)
{
	return false;
}

#endif
