#ifndef DEEDS_H
#define DEEDS_H

/* What a hook may do to its channel, one thing of each kind. */

#include "harness.h"

struct deed {
	const char *name;
	void (*act)(struct harness *h);
};

#define DEEDS 27
extern const struct deed deeds[DEEDS];

void deed_push_more(struct harness *h);
/* From outside of all hooks, in the same turn of the loop. */
void deed_set_terminator_later(struct harness *h);
void deed_unread_later(struct harness *h);

#endif
