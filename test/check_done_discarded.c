/*
 * Any call from inside done, from cleanups and from marks that are DISCARDED,
 * and from those of a channel that ends.
 */

#include <errno.h>
#include "ending.h"

/* DISCARDED */

START_TEST(done_may_push_while_all_is_discarded)
{
	struct harness *h = ending_start(_i);
	struct feeder p, q;

	ending_push(h, ending_kind(_i), &p, &q, ending_push_z);
	evchat_discard_buffers(h->chat);
	ending_expect(h, ending_kinds[ending_kind(_i)].discarded,
	    "done:q:discarded:0");
	harness_expect_received(h, "z");
	ending_expect(h, ending_kinds[ending_kind(_i)].discarded,
	    "done:q:discarded:0");
	harness_free(h);
}
END_TEST

START_TEST(done_may_discard_while_all_is_discarded)
{
	struct harness *h = ending_start(_i);
	struct feeder p, q;

	ending_push(h, ending_kind(_i), &p, &q, ending_discard);
	evchat_discard_buffers(h->chat);
	ending_expect(h, ending_kinds[ending_kind(_i)].discarded,
	    "done:q:discarded:0|discarded");
	ending_push_z(h);
	harness_expect_received(h, "z");
	harness_free(h);
}
END_TEST

START_TEST(done_may_free_the_channel_while_all_is_discarded)
{
	struct harness *h = ending_start(_i);
	struct feeder p, q;

	ending_push(h, ending_kind(_i), &p, &q, ending_free);
	evchat_discard_buffers(h->chat);
	ending_expect(h, ending_kinds[ending_kind(_i)].discarded,
	    "done:q:discarded:0|closed:freed");
	harness_free(h);
}
END_TEST

START_TEST(done_may_detach_while_all_is_discarded)
{
	struct harness *h = ending_start(_i);
	struct feeder p;

	ending_push(h, ending_kind(_i), &p, NULL, ending_detach);
	evchat_discard_buffers(h->chat);
	ending_expect(h, ending_kinds[ending_kind(_i)].discarded,
	    "closed:detached");
	ck_assert_int_eq(bufferevent_write(h->detached, "z", 1), 0);
	harness_expect_received(h, "z");
	harness_free(h);
}
END_TEST

/* While the channel ends: all calls fail, and no harm is done */

static void
try_all(struct harness *h)
{
	ck_assert_int_eq(evchat_push(h->chat, "z", 1), -1);
	ck_assert_int_eq(errno, EPIPE);
	ck_assert_int_eq(evchat_push_eof(h->chat), -1);
	ck_assert(!harness_detach(h));
	ck_assert_int_eq(errno, EPIPE);
	evchat_discard_buffers(h->chat);
	evchat_close_when_done(h->chat);
	evchat_pause(h->chat);
	evchat_resume(h->chat);
	evchat_free(h->chat);
	ck_assert_int_eq(h->closed, 0);
}

START_TEST(done_may_try_all_while_the_channel_ends)
{
	struct harness *h = ending_start(_i);
	struct feeder p, q;

	ending_push(h, ending_kind(_i), &p, &q, try_all);
	evchat_free(h->chat);
	ending_expect(h, ending_kinds[ending_kind(_i)].discarded,
	    "done:q:discarded:0|closed:freed");
	harness_free(h);
}
END_TEST

static Suite *
done_discarded_suite(void)
{
	Suite *suite = suite_create("done_discarded");
	TCase *tc = harness_case(suite, "discarded");

	ending_add(tc, done_may_push_while_all_is_discarded);
	ending_add(tc, done_may_discard_while_all_is_discarded);
	ending_add(tc, done_may_free_the_channel_while_all_is_discarded);
	ending_add(tc, done_may_detach_while_all_is_discarded);
	ending_add(tc, done_may_try_all_while_the_channel_ends);
	return suite;
}

int
main(void)
{
	return harness_main(done_discarded_suite());
}
