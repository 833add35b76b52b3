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

/* What has left already is SENT by the discard: so is what its done pushes. */

static void
push_reference_and_mark(struct harness *h, const char *name)
{
	if (name[0] != 'a')
		return;
	harness_push_reference(h, "r", "later");
	harness_push_mark(h, "m");
}

static void
let_it_leave_and_discard(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	harness_peer_read(h, true);
	evchat_discard_buffers(h->chat);
}

START_TEST(what_done_pushes_when_a_discard_finds_all_sent_is_sent)
{
	struct harness *h = harness_start_new(HARNESS_PAIR, &harness_frames);

	h->script.frame = let_it_leave_and_discard;
	h->script.released = push_reference_and_mark;
	harness_crlf(h);
	harness_peer_read(h, false);
	ck_assert_int_eq(evchat_push(h->chat, "sent,", 5), 0);
	harness_push_mark(h, "a");
	ck_assert_int_eq(evchat_push(h->chat, "too,", 4), 0);
	harness_push_mark(h, "b");
	harness_turn(h);
	harness_feed(h, "go\r\n");
	harness_expect_received(h, "sent,too,later");
	harness_end(h, "frame:go|mark:a:sent|mark:b:sent|cleanup:r|"
	    "mark:m:sent");
}
END_TEST

/* What a discard finds in the output is discarded, if a done discards, too. */

static void
discard_again(struct harness *h, const char *name)
{
	(void)name;
	evchat_discard_buffers(h->chat);
}

START_TEST(what_was_not_sent_is_not_said_to_be_for_a_discard_inside_another)
{
	struct harness *h = harness_start_new(HARNESS_PAIR, &harness_frames);

	h->script.released = discard_again;
	harness_peer_read(h, false);
	ck_assert_int_eq(evchat_push(h->chat, "one", 3), 0);
	harness_push_mark(h, "a");
	ck_assert_int_eq(evchat_push(h->chat, "two", 3), 0);
	harness_push_mark(h, "b");
	harness_turn(h);
	evchat_discard_buffers(h->chat);
	harness_end(h, "mark:a:discarded|mark:b:discarded");
}
END_TEST

/* No hook runs while a discard calls done, whatever libevent has to tell. */

static void
trigger(struct harness *h, const char *name)
{
	bufferevent_trigger(h->bev, EV_READ | EV_WRITE, 0);
	harness_note(h, "behind %s", name);
}

START_TEST(no_event_is_told_while_a_discard_calls_done)
{
	struct harness *h = harness_start_new(HARNESS_SOCKET, &harness_frames);

	h->script.released = trigger;
	h->output_events = true;
	ck_assert_int_eq(evchat_set_watermarks(h->chat, 1, 4), 0);
	ck_assert_int_eq(evchat_push(h->chat, "above", 5), 0);
	harness_push_mark(h, "a");
	harness_push_mark(h, "b");
	evchat_discard_buffers(h->chat);
	harness_turn(h);
	harness_end(h, "mark:a:discarded|behind a|mark:b:discarded|behind b|"
	    "event:writable");
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
	tcase_add_test(tc,
	    what_done_pushes_when_a_discard_finds_all_sent_is_sent);
	tcase_add_test(tc,
	    what_was_not_sent_is_not_said_to_be_for_a_discard_inside_another);
	tcase_add_test(tc, no_event_is_told_while_a_discard_calls_done);
	ending_add(tc, done_may_try_all_while_the_channel_ends);
	return suite;
}

int
main(void)
{
	return harness_main(done_discarded_suite());
}
