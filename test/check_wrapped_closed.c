/*
 * Producers around others whose channel is ended by the first of them that is
 * told its end: the rest of them are told before closed.
 */

#include <evchat.h>
#include "feeder.h"

static void
free_channel(struct feeder *feeder)
{
	evchat_free(feeder->h->chat);
}

/* Two that give what their scripts say, of which the first one's done frees. */
static struct harness *
start(struct feeder *a, struct feeder *b, const char *script)
{
	struct harness *h = harness_streaming_on(HARNESS_SOCKET);
	struct evchat_producer *parts[2];

	feeder_init(a, h, "a", script);
	feeder_init(b, h, "b", script);
	a->in_done = free_channel;
	parts[0] = a->producer;
	parts[1] = b->producer;
	ck_assert_int_eq(evchat_push_with_producer(h->chat,
	    evchat_producer_new_chain(parts, 2)), 0);
	a->pushed = b->pushed = true;
	return h;
}

START_TEST(rest_of_what_was_discarded_is_told_before_closed)
{
	struct feeder a, b;
	struct harness *h = start(&a, &b, "~");

	evchat_discard_buffers(h->chat);
	harness_end(h, "done:a:discarded:0|done:b:discarded:0|closed:freed");
}
END_TEST

START_TEST(rest_of_what_was_sent_is_told_before_closed)
{
	struct feeder a, b;
	struct harness *h = start(&a, &b, "x.");

	harness_run_until_closed(h);
	harness_end(h, "done:a:sent:1|done:b:sent:1|closed:freed");
}
END_TEST

static Suite *
closed_suite(void)
{
	Suite *suite = suite_create("wrapped closed");
	TCase *tc = harness_case(suite, "done");

	tcase_add_test(tc, rest_of_what_was_discarded_is_told_before_closed);
	tcase_add_test(tc, rest_of_what_was_sent_is_told_before_closed);
	return suite;
}

int
main(void)
{
	return harness_main(closed_suite());
}
