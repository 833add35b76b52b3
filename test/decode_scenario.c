/*
 * Scenarios of channels where trouble has nothing to add: on two carriers,
 * unsplit, byte by byte and at every split in two.
 */

#include <stdlib.h>
#include <string.h>
#include "decode.h"
#include "harness.h"

#define CUTS 64

static void
run(const struct harness_scenario *s, enum harness_carrier carrier,
    const struct harness_cuts *cuts)
{
	char *text = harness_run(s, carrier, cuts);

	if (strcmp(text, s->expect) != 0)
		ck_abort_msg("over a %s, %zu cuts, the first at %zu, of %s"
		    "\n  expected  %s\n  got       %s",
		    harness_carrier_name(carrier), cuts->n,
		    cuts->n > 0 ? cuts->at[0] : 0, s->input, s->expect, text);
	free(text);
}

static void
prove_on(const struct harness_scenario *s, enum harness_carrier carrier)
{
	size_t at[CUTS];
	struct harness_cuts cuts = { at, 0, true };

	harness_must(s->len > 0 && s->len <= CUTS, "a scenario of bytes");
	run(s, carrier, &cuts);
	for (cuts.n = 1, at[0] = 1; at[0] < s->len; at[0]++) {
		cuts.eof_alone = at[0] % 2 != 0;
		run(s, carrier, &cuts);
	}
	for (cuts.n = 0; cuts.n + 1 < s->len; cuts.n++)
		at[cuts.n] = cuts.n + 1;
	run(s, carrier, &cuts);
}

void
decode_prove(const struct harness_scenario *s)
{
	prove_on(s, HARNESS_PAIR);
	prove_on(s, HARNESS_SOCKET);
}
