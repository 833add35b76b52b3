#ifndef MAKERS_H
#define MAKERS_H

/*
 * Every constructor of framings, called with flags and arguments that work.
 */

#include "harness.h"

#define MAKERS 15

struct maker {
	struct evchat_framing *(*make)(unsigned flags);
	unsigned allowed; /* flags; all, where they are not looked at */
};

extern const struct maker makers[MAKERS];

/* The last of them is custom, by these; and how often its free was called. */
extern const struct evchat_framing_ops makers_custom;
extern int makers_frees;

#endif
