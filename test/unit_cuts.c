/*
 * All ways to cut bytes into pieces; see unit.h.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <check.h>
#include "unit.h"

#define THREE_WAY_MAX 48  /* longer input is not cut in three everywhere */
#define TWO_WAY_MAX 400   /* nor this in two */
#define SHOWN_CUTS 20

enum { UNCUT, BYTES, TWO, THREE, RANDOM };

void
unit_cuts_init(struct unit_cuts *cuts, size_t len, size_t random)
{
	memset(cuts, 0, sizeof(*cuts));
	cuts->len = len;
	cuts->random = random;
	cuts->end = calloc(len + 2, sizeof(*cuts->end));
	if (cuts->end == NULL)
		ck_abort_msg("no memory");
}

void
unit_cuts_init_random(struct unit_cuts *cuts, size_t len, size_t random)
{
	unit_cuts_init(cuts, len, random);
	cuts->phase = RANDOM;
}

static bool
cut_once(struct unit_cuts *cuts, size_t at)
{
	cuts->end[0] = at;
	cuts->end[1] = cuts->len;
	cuts->n = 2;
	return cuts->len <= TWO_WAY_MAX && at < cuts->len;
}

static bool
cut_twice(struct unit_cuts *cuts)
{
	if (++cuts->end[1] >= cuts->len) {
		++cuts->end[0];
		cuts->end[1] = cuts->end[0] + 1;
	}
	cuts->end[2] = cuts->len;
	cuts->n = 3;
	return cuts->len <= THREE_WAY_MAX && cuts->end[1] < cuts->len;
}

static bool
cut_at_random(struct unit_cuts *cuts)
{
	size_t at = 0, most;

	if (cuts->random == 0 || cuts->len < 2)
		return false;
	cuts->random--;
	most = 1 + unit_random(cuts->len);
	for (cuts->n = 0; at < cuts->len; cuts->n++) {
		at += 1 + unit_random(most);
		cuts->end[cuts->n] = at < cuts->len ? at : cuts->len;
	}
	return true;
}

bool
unit_cuts_next(struct unit_cuts *cuts)
{
	size_t i;

	switch (cuts->phase) {
	case UNCUT:
		cuts->phase = BYTES;
		cuts->end[0] = cuts->len;
		cuts->n = cuts->len > 0;
		return true;
	case BYTES:
		cuts->phase = TWO;
		for (i = 0; i < cuts->len; i++)
			cuts->end[i] = i + 1;
		cuts->n = cuts->len;
		return true;
	case TWO:
		if (cuts->len > 1 &&
		    cut_once(cuts, cuts->n == 2 ? cuts->end[0] + 1 : 1))
			return true;
		cuts->phase = THREE;
		cuts->end[0] = cuts->end[1] = 1;
		/* FALLTHROUGH */
	case THREE:
		if (cuts->len > 2 && cut_twice(cuts))
			return true;
		cuts->phase = RANDOM;
		/* FALLTHROUGH */
	default:
		if (cut_at_random(cuts))
			return true;
		free(cuts->end);
		cuts->end = NULL;
		return false;
	}
}

const char *
unit_cuts_text(const struct unit_cuts *cuts)
{
	static char list[SHOWN_CUTS * 21 + 8];
	size_t i, used = 0;

	list[0] = '\0';
	for (i = 0; i < cuts->n && i < SHOWN_CUTS; i++)
		used += (size_t)snprintf(list + used, sizeof(list) - used,
		    " %zu", cuts->end[i]);
	if (cuts->n > SHOWN_CUTS)
		strcpy(list + used, " ...");
	return list;
}
