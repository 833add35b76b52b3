/*
 * Sinks without memory, one allocation failing at a time: to set one works, or
 * says ENOMEM and has changed nothing; and to stop and to go on needs none
 * that could have a channel wait for good.
 */

#include <errno.h>
#include <string.h>
#include "relay.h"
#include "sink.h"

#define MUCH "aaaaXbbbbXccccXddddXeeeeX"
#define ALLOCATIONS_MAX 300 /* more than there are */

/* Anew, or in the place of the one that it has. */
static bool
set_without_memory(int carrier, long n, bool anew)
{
	struct relay relay;
	struct harness *other;
	bool failed, worked;

	relay_start(&relay, carrier);
	other = harness_new_beside(relay.from, (enum harness_carrier)carrier);
	harness_start(other, &harness_frames, 0);
	if (anew)
		ck_assert_int_eq(evchat_set_sink(relay.from->chat, NULL), 0);
	relay_stop(&relay);
	errno = 0;
	harness_fail_allocation(n);
	worked = evchat_set_sink(relay.from->chat, other->chat) == 0;
	failed = harness_allocation_failed();
	harness_fail_allocation(0);
	ck_assert(worked || (failed && errno == ENOMEM));
	harness_feed(relay.from, MUCH);
	harness_expect(relay.from, worked || anew ?
	    "frame:aaaa|frame:bbbb|frame:cccc|frame:dddd|frame:eeee" :
	    "frame:aaaa|frame:bbbb|frame:cccc");
	harness_free(other);
	harness_free(relay.to);
	harness_free(relay.from);
	return failed;
}

START_TEST(setting_works_or_changes_nothing)
{
	long n;

	for (n = 1; set_without_memory(_i / 2, n, _i % 2 == 0); n++)
		ck_assert_int_lt(n, ALLOCATIONS_MAX);
	ck_assert_int_gt(n, 1);
}
END_TEST

/* Someone has ended, or all has come. */
static bool
is_over(void *arg)
{
	struct relay *relay = arg;

	return relay->from->closed > 0 || relay->to->closed > 0 ||
	    (strstr(harness_transcript(relay->from), "eeee") != NULL &&
	    evbuffer_get_length(relay->to->received) == strlen(MUCH));
}

/* There is a gap then, so it gets no more. */
static void
push_or_end(struct harness *h, const void *data, size_t len)
{
	struct relay *relay = h->user;
	struct evchat *to = relay->to->chat;

	if (to != NULL && (evchat_push(to, data, len) == -1 ||
	    evchat_push(to, "X", 1) == -1))
		evchat_free(to);
}

static bool
run_without_memory(enum harness_carrier carrier, long n)
{
	struct relay relay;
	bool failed;

	relay_start(&relay, (int)carrier);
	relay.from->script.frame = push_or_end;
	relay_stop(&relay);
	harness_send(relay.from, MUCH, strlen(MUCH));
	harness_fail_allocation(n);
	harness_turn(relay.from);
	if (relay.to->chat != NULL && relay.stopper.producer != NULL)
		feeder_resume(&relay.stopper);
	sink_run(relay.from, is_over, &relay);
	failed = harness_allocation_failed();
	harness_fail_allocation(0);
	if (relay.from->closed > 0)
		ck_assert_int_eq((int)relay.from->why,
		    EVCHAT_REASON_NO_MEMORY);
	if (relay.to->closed > 0)
		ck_assert(relay.to->why == EVCHAT_REASON_NO_MEMORY ||
		    relay.to->why == EVCHAT_REASON_FREED ||
		    relay.to->why == EVCHAT_REASON_PRODUCER);
	harness_free(relay.to);
	harness_free(relay.from);
	return failed;
}

/* Pairs and filters would lose bytes by themselves, TLS fails otherwise. */
START_TEST(nobody_waits_for_good)
{
	static const enum harness_carrier carriers[] = { HARNESS_SOCKET,
	    HARNESS_BEV_DEFER, HARNESS_TCP };
	long n;

	for (n = 1; run_without_memory(carriers[_i], n); n++)
		ck_assert_int_lt(n, ALLOCATIONS_MAX);
	ck_assert_int_gt(n, 1);
}
END_TEST

static Suite *
sink_memory_suite(void)
{
	Suite *suite = suite_create("sink_memory");
	TCase *tc = harness_case(suite, "memory");

	tcase_add_loop_test(tc, setting_works_or_changes_nothing, 0,
	    2 * HARNESS_WAITING);
	tcase_add_loop_test(tc, nobody_waits_for_good, 0, 3);
	return suite;
}

int
main(void)
{
	return harness_main(sink_memory_suite());
}
