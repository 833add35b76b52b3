#ifndef LEDGER_H
#define LEDGER_H

/*
 * What the library and libevent have allocated, in bytes as these were asked
 * for: the same on every system. While the ledger is open, it stands in place
 * of the harness's memory; blocks from before are not in it and may be freed.
 * For one thread.
 */

#include <stddef.h>
#include <stdint.h>

void ledger_open(void);
void ledger_close(void); /* the harness's memory again */
void ledger_end(void);   /* the same; and nothing is left in it */

size_t ledger_now(void);
/* With what glibc's malloc adds: 8 bytes for a block, rounded up to 16. */
size_t ledger_taken(void);
/*
 * The most that there was at once since this was asked last. While a block is
 * being moved to where it can grow, both its old place and its new one count.
 */
size_t ledger_most(void);
size_t ledger_largest(void); /* of the blocks asked for since asked last */

uint64_t ledger_calls(void); /* allocations since ledger_open() */
uint64_t ledger_moved(void); /* bytes that blocks had when they were moved */

#endif
