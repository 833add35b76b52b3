#ifndef OPERATIONS_H
#define OPERATIONS_H

/*
 * What the library does, counted instead of timed: the figures are the same in
 * every run, whatever else the machine has to do. Counted are
 *
 *  - each basic block of the library that is entered, in a program linked with
 *    test/libcounted.la in place of the library: no loop of it goes unseen;
 *  - the bytes that the library and libevent have memcpy and memmove copy, and
 *    memchr and memcmp look at.
 *
 * Where the compiler cannot do the one, or the system the other, the figure is
 * 0 and operations_have_... says so. Allocations are counted by ledger.h.
 */

#include <stdbool.h>
#include <stdint.h>

struct operations {
	uint64_t blocks; /* of the library, entered */
	uint64_t calls;  /* of those four functions */
	uint64_t copied; /* bytes */
	uint64_t looked; /* at so many bytes */
};

extern struct operations operations; /* so far */

void operations_clear(void);

/* Only what is done between these two is counted. */
void operations_go(void);
void operations_stop(void);

bool operations_have_blocks(void);
bool operations_have_bytes(void);

#endif
