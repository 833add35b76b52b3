/*
 * Ten thousand connections, in batches that the limit of descriptors allows,
 * come, speak and go. Behind them there are as many descriptors and blocks of
 * memory as before.
 */

#define _POSIX_C_SOURCE 200809L
#include "door.h"

#define CONNECTIONS 10000
#define BATCH 100

/* Every third is freed in its hook, and the others go by themselves. */
static void
free_some(struct door *d, struct evchat *chat)
{
	if (d->count++ % 3 == 0)
		evchat_free(chat);
}

/* Every other batch goes before anybody has been let in. */
static void
come_and_go(struct door *d)
{
	int accepted = d->accepted + BATCH, i;

	d->n = 0;
	for (i = 0; i < BATCH; i++)
		door_say(d, door_knock(d));
	if (accepted / BATCH % 2 == 0)
		door_run_until_accepted(d, accepted);
	for (i = 0; i < BATCH; i++)
		door_leave(d, i);
	door_run_until_accepted(d, accepted);
	door_run_until_living(d, 0);
}

START_TEST(many_connections_leave_nothing_behind)
{
	long blocks, descriptors;
	struct door d;
	int n;

	door_open(&d, (enum door_kind)_i);
	d.quiet = true;
	d.script.frame = free_some;
	come_and_go(&d);
	come_and_go(&d); /* libevent has its tables now */
	door_turn(&d);
	blocks = harness_blocks();
	descriptors = door_descriptors();
	for (n = 2 * BATCH; n < CONNECTIONS; n += BATCH)
		come_and_go(&d);
	door_turn(&d);
	ck_assert_int_eq(d.accepted, CONNECTIONS);
	ck_assert_uint_eq(evchat_listener_get_count(d.listener), 0);
	ck_assert_int_eq(harness_blocks(), blocks);
	ck_assert_int_eq(door_descriptors(), descriptors);
	door_end(&d, "");
}
END_TEST

static Suite *
many_suite(void)
{
	Suite *suite = suite_create("listener many");
	TCase *tc = harness_case(suite, "connections");

	tcase_add_loop_test(tc, many_connections_leave_nothing_behind,
	    DOOR_UNIX, DOOR_ADOPTED);
	return suite;
}

int
main(void)
{
	return harness_main(many_suite());
}
