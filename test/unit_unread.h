#ifndef UNIT_UNREAD_H
#define UNIT_UNREAD_H

/*
 * Unread bytes that lie in chains. A test writes them as one string, in which
 * a space separates two chains.
 */

#include "../lib/unread.h"
#include "unit.h"

/* Of junk, with the first chain in view. */
void unit_unread_begin(struct unread *unread, const char *chains);
void unit_unread_take(struct unread *unread, const char *chains);

/* What is shown at an offset, and all that is unread. */
void unit_unread_expect_at(const struct unread *unread, size_t at,
    const char *text);
void unit_unread_expect(const struct unread *unread, const char *text);

#endif
