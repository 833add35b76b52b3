/*
 * Channels on narrow sockets under calls that a seed makes up: not one byte is
 * lost, doubled or out of place, each thing is told its end once, and the loop
 * neither spins nor stands still; see stress.h. What fails prints its seed:
 *
 *	EVCHAT_TEST_SEED=17 EVCHAT_TEST_CASES=1 test/check_stress
 */

#include <stdlib.h>
#include "harness.h"
#include "stress.h"

#define CASES 12 /* of each kind, both ways */

/* What channels stand on, and the options that they have. */
static const struct kind {
	unsigned bev_options;
	unsigned options;
} kinds[] = {
	{ STRESS_OWN, 0 },
	{ STRESS_OWN, EVCHAT_OPT_THREADSAFE },
	{ 0, 0 },
	{ BEV_OPT_DEFER_CALLBACKS, 0 },
	{ BEV_OPT_THREADSAFE, 0 },
	{ BEV_OPT_THREADSAFE | BEV_OPT_DEFER_CALLBACKS, 0 },
	{ BEV_OPT_THREADSAFE | BEV_OPT_DEFER_CALLBACKS |
	    BEV_OPT_UNLOCK_CALLBACKS, 0 }
};

#define KINDS ((int)(sizeof(kinds) / sizeof(kinds[0])))

/* Past the bufferevent, where that may be, and through it. */
static const unsigned ways[] = { 0, EVCHAT_OPT_BUFFEREVENT_IO };

#define WAYS 2

static uint64_t
setting(const char *name, uint64_t usual)
{
	const char *value = getenv(name);

	return (value != NULL ? strtoull(value, NULL, 10) : usual);
}

START_TEST(not_one_byte_is_lost_doubled_or_out_of_place)
{
	const struct kind *kind = &kinds[_i % KINDS];
	struct stress_case c = { .wire = (enum stress_wire)(_i / KINDS),
	    .bev_options = kind->bev_options };
	uint64_t first = setting("EVCHAT_TEST_SEED", 1), i;
	uint64_t n = setting("EVCHAT_TEST_CASES", CASES);

	for (i = 0; i < n * WAYS; i++) {
		c.seed = first + i / WAYS;
		c.options = kind->options | ways[i % WAYS];
		stress_run(&c);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("stress");
	TCase *tc = harness_case(suite, "stress");

	tcase_add_loop_test(tc, not_one_byte_is_lost_doubled_or_out_of_place,
	    0, STRESS_WIRES * KINDS);
	return (harness_main(suite));
}
