/*
 * Producers: when they are asked, what their answers do, and how they end.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "feeder.h"
#include "harness.h"
#include "sink.h"

#define MEBI ((size_t)1 << 20)
#define HIGH ((size_t)128 << 10) /* of a new channel */
#define WANT ((size_t)64 << 10)
#define LEAST 512               /* what a producer adds to the queue */

static char much[MEBI]; /* more than sockets and the marks hold */

static struct harness *
start(int carrier)
{
	return harness_start_new((enum harness_carrier)carrier,
	    &harness_streaming);
}

/* When they are asked */

START_TEST(producer_is_asked_from_the_loop)
{
	struct harness *h = start(_i);
	struct feeder p;

	feeder_push(&p, h, "p", "ab.");
	ck_assert_int_eq(p.asked, 0);
	harness_turn(h);
	ck_assert_int_eq(p.asked, 1);
	harness_run_until_noted(h, "done");
	harness_expect_received(h, "ab");
	harness_end(h, "done:p:sent:2");
}
END_TEST

START_TEST(producer_is_asked_for_the_size_that_was_set)
{
	struct harness *h = start(_i);
	struct feeder p;

	feeder_push(&p, h, "p", "a~b.");
	harness_turn(h);
	ck_assert_uint_eq(p.want, WANT);
	ck_assert_int_eq(evchat_set_buffer_sizes(h->chat, 5, 1000), 0);
	feeder_resume(&p);
	harness_run_until_noted(h, "done");
	ck_assert_uint_eq(p.want, 1000);
	harness_end(h, "done:p:sent:2");
}
END_TEST

START_TEST(producer_is_not_asked_before_what_is_ahead_is_on_its_way)
{
	struct harness *h = start(_i);
	struct feeder p;

	harness_peer_read(h, false);
	ck_assert_int_eq(evchat_push(h->chat, much, MEBI), 0);
	feeder_push(&p, h, "p", "ab.");
	harness_turn(h);
	ck_assert_int_eq(p.asked, 0);
	harness_peer_read(h, true);
	harness_run_until_noted(h, "done");
	harness_run_until_received(h, MEBI + 2);
	ck_assert_int_eq(p.asked, 1);
	harness_end(h, "done:p:sent:2");
}
END_TEST

START_TEST(what_is_behind_a_producer_does_not_hold_it_up)
{
	struct harness *h = start(_i);
	struct feeder p;

	feeder_push(&p, h, "p", "ab+cd.");
	ck_assert_int_eq(evchat_push(h->chat, much, MEBI), 0);
	harness_run_until_noted(h, "done");
	harness_run_until_received(h, MEBI + 4);
	ck_assert_int_eq(memcmp(evbuffer_pullup(h->received, 5), "abcd", 5),
	    0);
	harness_end(h, "done:p:sent:4");
}
END_TEST

START_TEST(producers_are_asked_one_after_the_other)
{
	struct harness *h = start(_i);
	struct feeder p, q;

	feeder_push(&p, h, "p", "a+b~c.");
	feeder_push(&q, h, "q", "d.");
	harness_turn(h);
	ck_assert_int_eq(p.asked, 2);
	ck_assert_int_eq(q.asked, 0);
	feeder_resume(&p);
	harness_run_until_noted(h, "done:q");
	harness_expect_received(h, "abcd");
	harness_end(h, "done:p:sent:3|done:q:sent:1");
}
END_TEST

START_TEST(producer_is_asked_only_below_the_high_mark)
{
	struct harness *h = start(_i);
	struct flood flood;

	harness_peer_read(h, false);
	flood_push(&flood, h, 64 * MEBI, 0);
	harness_turn(h);
	harness_turn(h);
	ck_assert_uint_ge(flood.given, HIGH);
	ck_assert_uint_lt(flood.given, 8 * MEBI);
	ck_assert_uint_lt(flood.most, HIGH + LEAST);
	ck_assert_uint_le(evchat_get_output_length(h->chat),
	    HIGH + WANT + LEAST);
	evchat_free(h->chat);
	harness_end(h, "flood:discarded|closed:freed");
}
END_TEST

START_TEST(flood_to_a_slow_reader_stays_in_little_memory)
{
	struct harness *h = start(_i);
	struct flood flood;
	struct sink sink;

	ck_assert_int_eq(evchat_set_watermarks(h->chat, 1000, 20000), 0);
	ck_assert_int_eq(evchat_set_buffer_sizes(h->chat, 1, 10000), 0);
	sink_start(&sink, h, 5000, true);
	flood_push(&flood, h, MEBI, 0);
	sink_run_until(&sink, MEBI);
	harness_run_until_noted(h, "flood");
	ck_assert_uint_eq(sink.got, MEBI);
	ck_assert_uint_lt(flood.most, 20000 + LEAST);
	sink_stop(&sink);
	harness_end(h, "flood:sent");
}
END_TEST

START_TEST(huge_flood_arrives)
{
	struct harness *h = start(_i);
	struct flood flood;
	struct sink sink;

	sink_start(&sink, h, WANT, true);
	flood_push(&flood, h, 64 * MEBI, 0);
	sink_run_until(&sink, 64 * MEBI);
	harness_run_until_noted(h, "flood");
	ck_assert_uint_eq(sink.got, 64 * MEBI);
	ck_assert_uint_lt(flood.most, HIGH + LEAST);
	sink_stop(&sink);
	harness_end(h, "flood:sent");
}
END_TEST

/* More than was asked for, too. */
START_TEST(pieces_of_other_sizes_than_wanted_arrive)
{
	static const size_t sizes[] = { 1, 999, 300000 };
	struct harness *h;
	struct flood flood;
	struct sink sink;
	size_t i;

	for (i = 0; i < 3; i++) {
		h = start(_i);
		sink_start(&sink, h, 10000, true);
		flood_push(&flood, h, sizes[i] * 5 + 3, sizes[i]);
		sink_run_until(&sink, sizes[i] * 5 + 3);
		harness_run_until_noted(h, "flood");
		sink_stop(&sink);
		harness_end(h, "flood:sent");
	}
}
END_TEST

/* Answers: DATA */

START_TEST(data_without_bytes_is_asked_again)
{
	struct harness *h = start(_i);
	struct feeder p;

	feeder_push(&p, h, "p", "++a+++b.");
	harness_run_until_noted(h, "done");
	ck_assert_int_eq(p.asked, 6);
	harness_expect_received(h, "ab");
	harness_end(h, "done:p:sent:2");
}
END_TEST

static void
tick(struct harness *h)
{
	if (++h->count < 3)
		harness_later(h, tick);
}

static void
wait_for_ticks(struct feeder *feeder)
{
	feeder->script = feeder->h->count < 3 ? "+" : ".";
}

START_TEST(data_without_bytes_does_not_keep_the_loop_from_timers)
{
	struct harness *h = start(_i);
	struct feeder p;

	feeder_push(&p, h, "p", "+");
	p.in_more = wait_for_ticks;
	harness_later(h, tick);
	harness_run_until_noted(h, "done");
	ck_assert_int_eq(h->count, 3);
	harness_end(h, "done:p:sent:0");
}
END_TEST

START_TEST(flood_does_not_keep_the_loop_from_timers)
{
	struct harness *h = start(_i);
	struct flood flood;
	struct sink sink;

	sink_start(&sink, h, WANT, true);
	flood_push(&flood, h, 8 * MEBI, 0);
	harness_later(h, tick);
	harness_run_until_noted(h, "flood");
	ck_assert_int_eq(h->count, 3);
	sink_stop(&sink);
	harness_end(h, "flood:sent");
}
END_TEST

/* LATER */

START_TEST(later_waits_for_resume)
{
	struct harness *h = start(_i);
	struct feeder p;

	feeder_push(&p, h, "p", "ab~c~d.");
	harness_expect_received(h, "ab");
	ck_assert_int_eq(evchat_push(h->chat, "e", 1), 0);
	harness_turn(h);
	harness_turn(h);
	ck_assert_int_eq(p.asked, 1);
	feeder_resume(&p);
	ck_assert_int_eq(p.asked, 1);
	harness_turn(h);
	ck_assert_int_eq(p.asked, 2);
	harness_expect_received(h, "abc");
	feeder_resume(&p);
	harness_run_until_noted(h, "done");
	harness_expect_received(h, "abcde");
	harness_end(h, "done:p:sent:4");
}
END_TEST

START_TEST(data_behind_later_is_asked_on)
{
	struct harness *h = start(_i);
	struct feeder p;

	feeder_push(&p, h, "p", "~a+b++c~+d.");
	harness_turn(h);
	feeder_resume(&p);
	harness_expect_received(h, "abc");
	harness_turn(h);
	ck_assert_int_eq(p.asked, 5);
	feeder_resume(&p);
	harness_run_until_noted(h, "done");
	harness_expect_received(h, "abcd");
	harness_end(h, "done:p:sent:4");
}
END_TEST

START_TEST(resume_in_more_is_remembered)
{
	struct harness *h = start(_i);
	struct feeder p;

	feeder_push(&p, h, "p", "ab~~c.");
	p.in_more = feeder_resume;
	harness_run_until_noted(h, "done");
	harness_expect_received(h, "abc");
	harness_end(h, "done:p:sent:3");
}
END_TEST

START_TEST(resume_before_push_is_remembered)
{
	struct harness *h = start(_i);
	struct feeder p;

	feeder_init(&p, h, "p", "ab~c.");
	feeder_resume(&p);
	ck_assert_int_eq(feeder_push_made(&p), 0);
	harness_run_until_noted(h, "done");
	harness_expect_received(h, "abc");
	harness_end(h, "done:p:sent:3");
}
END_TEST

START_TEST(resume_before_later_is_remembered)
{
	struct harness *h = start(_i);
	struct feeder p, q;

	feeder_push(&p, h, "p", "a~b.");
	feeder_push(&q, h, "q", "c+d~e.");
	feeder_resume(&q);
	harness_turn(h);
	ck_assert_int_eq(q.asked, 0);
	feeder_resume(&p);
	harness_run_until_noted(h, "done:q");
	harness_expect_received(h, "abcde");
	harness_end(h, "done:p:sent:2|done:q:sent:3");
}
END_TEST

static void
resume_user(struct harness *h)
{
	feeder_resume(h->user);
}

START_TEST(resume_may_come_from_a_timer)
{
	struct harness *h = start(_i);
	struct feeder p;

	h->user = &p;
	feeder_push(&p, h, "p", "~ab.");
	harness_turn(h);
	harness_later(h, resume_user);
	harness_run_until_noted(h, "done");
	harness_expect_received(h, "ab");
	harness_end(h, "done:p:sent:2");
}
END_TEST

static void
resume_with_data(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	feeder_resume(h->user);
}

START_TEST(resume_may_come_from_a_hook)
{
	struct harness *h = start(_i);
	struct feeder p;

	h->user = &p;
	h->script.collect = resume_with_data;
	feeder_push(&p, h, "p", "~ab.");
	harness_turn(h);
	harness_feed(h, "x");
	harness_run_until_noted(h, "done");
	harness_expect_received(h, "ab");
	harness_end(h, "collect:x|done:p:sent:2");
}
END_TEST

/* END */

START_TEST(end_may_come_with_bytes_or_without)
{
	struct harness *h = start(_i);
	struct feeder p, q, r;

	feeder_push(&p, h, "p", ".");
	feeder_push(&q, h, "q", "ab+.");
	feeder_push(&r, h, "r", "c.");
	harness_run_until_noted(h, "done:r");
	ck_assert_int_eq(p.asked + q.asked + r.asked, 4);
	harness_expect_received(h, "abc");
	harness_end(h, "done:p:sent:0|done:q:sent:2|done:r:sent:1");
}
END_TEST

/* Filters take all there is. */
START_TEST(producer_is_not_sent_before_its_bytes_are_out)
{
	struct harness *h = start(_i);
	struct flood flood;

	harness_peer_read(h, false);
	flood_push(&flood, h, MEBI, MEBI);
	harness_turn(h);
	ck_assert_uint_eq(flood.given, MEBI);
	harness_expect(h, "");
	harness_peer_read(h, true);
	harness_run_until_noted(h, "flood");
	harness_run_until_received(h, MEBI);
	harness_end(h, "flood:sent");
}
END_TEST

/* ERROR */

static void
note_errno(struct harness *h, enum evchat_reason why)
{
	(void)why;
	harness_note(h, "errno:%d", evchat_get_errno(h->chat));
}

START_TEST(error_ends_the_channel_and_tells_errno)
{
	struct harness *h = start(_i);
	struct feeder p, q;
	char expected[128];

	h->script.closed = note_errno;
	feeder_push(&p, h, "p", "ab+cd!");
	p.error = ENOSPC;
	feeder_push(&q, h, "q", "e.");
	harness_push_reference(h, "r", "f");
	harness_push_mark(h, "m");
	harness_run_until_closed(h);
	harness_run_until_peer_eof(h);
	ck_assert_uint_le(evbuffer_get_length(h->received), 2);
	snprintf(expected, sizeof(expected), "done:p:failed:2|done:q:failed:0"
	    "|cleanup:r|mark:m:failed|closed:producer|errno:%d", ENOSPC);
	harness_end(h, expected);
}
END_TEST

START_TEST(error_without_errno_is_told_as_none)
{
	struct harness *h = start(_i);
	struct feeder p;

	h->script.closed = note_errno;
	feeder_push(&p, h, "p", "!");
	harness_run_until_closed(h);
	harness_end(h, "done:p:failed:0|closed:producer|errno:0");
}
END_TEST

/* How they end */

START_TEST(free_discards_producers_wherever_they_are)
{
	struct harness *h = start(_i);
	struct feeder p, q, r;

	feeder_push(&p, h, "p", "ab~");
	feeder_push(&q, h, "q", "c.");
	harness_turn(h);
	feeder_push(&r, h, "r", "d.");
	evchat_free(h->chat);
	harness_end(h, "done:p:discarded:2|done:q:discarded:0"
	    "|done:r:discarded:0|closed:freed");
}
END_TEST

START_TEST(discard_discards_producers_and_the_channel_goes_on)
{
	struct harness *h = start(_i);
	struct feeder p, q, r;

	feeder_push(&p, h, "p", "ab~");
	feeder_push(&q, h, "q", "c.");
	harness_expect_received(h, "ab");
	evchat_discard_buffers(h->chat);
	harness_expect(h, "done:p:discarded:2|done:q:discarded:0");
	feeder_push(&r, h, "r", "d.");
	harness_run_until_noted(h, "done:r");
	harness_expect_received(h, "abd");
	harness_end(h,
	    "done:p:discarded:2|done:q:discarded:0|done:r:sent:1");
}
END_TEST

START_TEST(reset_by_the_peer_fails_producers)
{
	struct harness *h = start(_i);
	struct flood flood;
	struct feeder p, q;

	harness_peer_read(h, false);
	flood_push(&flood, h, MEBI, MEBI);
	feeder_push(&p, h, "p", "ab~");
	harness_push_mark(h, "m");
	harness_turn(h);
	feeder_push(&q, h, "q", "c.");
	harness_reset(h);
	harness_run_until_closed(h);
	ck_assert_ptr_nonnull(strstr(harness_transcript(h), "flood:failed"
	    "|done:p:failed:0|mark:m:failed|done:q:failed:0|closed:io"));
	harness_free(h);
}
END_TEST

START_TEST(producer_that_is_never_pushed_is_discarded_when_freed)
{
	struct harness *h = start(HARNESS_SOCKET);
	struct feeder p;

	evchat_producer_free(NULL);
	feeder_init(&p, h, "p", "ab.");
	feeder_resume(&p);
	evchat_producer_free(p.producer);
	ck_assert_int_eq(p.asked, 0);
	harness_end(h, "done:p:discarded:0");
}
END_TEST

START_TEST(producer_is_pushed_only_once)
{
	struct harness *h = start(_i);
	struct feeder p;

	errno = 0;
	ck_assert_int_eq(evchat_push_with_producer(h->chat, NULL), -1);
	ck_assert_int_eq(errno, EINVAL);
	feeder_push(&p, h, "p", "ab.");
	errno = 0;
	ck_assert_int_eq(evchat_push_with_producer(h->chat, p.producer), -1);
	ck_assert_int_eq(errno, EINVAL);
	harness_expect(h, "");
	harness_run_until_noted(h, "done");
	harness_expect_received(h, "ab");
	harness_end(h, "done:p:sent:2");
}
END_TEST

/* Of an evbuffer */

static void
note_data(const void *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	harness_note(arg, "freed");
}

static void
push_lent(struct harness *h)
{
	struct evbuffer *buf = evbuffer_new();

	ck_assert_int_eq(evbuffer_add(buf, "a", 1), 0);
	ck_assert_int_eq(evbuffer_add_reference(buf, "bc", 2, note_data, h),
	    0);
	ck_assert_int_eq(evchat_push_with_producer(h->chat,
	    evchat_producer_new_evbuffer(buf)), 0);
}

START_TEST(evbuffer_is_sent_and_freed)
{
	struct harness *h = start(_i);

	push_lent(h);
	ck_assert_int_eq(evchat_push(h->chat, "d", 1), 0);
	harness_expect_received(h, "abcd");
	evbuffer_drain(h->received, 4);
	harness_turn(h);
	harness_end(h, "freed");
}
END_TEST

START_TEST(evbuffer_is_freed_when_it_is_discarded)
{
	struct harness *h = start(_i);

	harness_push_stuck(h, "p");
	push_lent(h);
	evchat_discard_buffers(h->chat);
	harness_expect(h, "done:p:discarded:0|freed");
	push_lent(h);
	evchat_free(h->chat);
	harness_end(h, "done:p:discarded:0|freed|freed|closed:freed");
}
END_TEST

static Suite *
producers_suite(void)
{
	Suite *suite = suite_create("producers");
	TCase *tc = harness_case(suite, "asking");

	sink_add(tc, producer_is_asked_from_the_loop);
	sink_add(tc, producer_is_asked_for_the_size_that_was_set);
	sink_add(tc,
	    producer_is_not_asked_before_what_is_ahead_is_on_its_way);
	sink_add(tc, what_is_behind_a_producer_does_not_hold_it_up);
	sink_add(tc, producers_are_asked_one_after_the_other);
	sink_add(tc, producer_is_asked_only_below_the_high_mark);
	sink_add(tc, flood_to_a_slow_reader_stays_in_little_memory);
	sink_add(tc, huge_flood_arrives);
	sink_add(tc, pieces_of_other_sizes_than_wanted_arrive);

	tc = harness_case(suite, "data");
	sink_add(tc, data_without_bytes_is_asked_again);
	sink_add(tc, data_without_bytes_does_not_keep_the_loop_from_timers);
	sink_add(tc, flood_does_not_keep_the_loop_from_timers);

	tc = harness_case(suite, "later");
	sink_add(tc, later_waits_for_resume);
	sink_add(tc, data_behind_later_is_asked_on);
	sink_add(tc, resume_in_more_is_remembered);
	sink_add(tc, resume_before_push_is_remembered);
	sink_add(tc, resume_before_later_is_remembered);
	sink_add(tc, resume_may_come_from_a_timer);
	sink_add(tc, resume_may_come_from_a_hook);

	tc = harness_case(suite, "end and error");
	sink_add(tc, end_may_come_with_bytes_or_without);
	sink_add_below(tc, producer_is_not_sent_before_its_bytes_are_out,
	    HARNESS_FILTER);
	sink_add(tc, error_ends_the_channel_and_tells_errno);
	sink_add(tc, error_without_errno_is_told_as_none);

	tc = harness_case(suite, "endings");
	sink_add(tc, free_discards_producers_wherever_they_are);
	sink_add(tc, discard_discards_producers_and_the_channel_goes_on);
	sink_add_below(tc, reset_by_the_peer_fails_producers, HARNESS_PAIR);
	tcase_add_test(tc,
	    producer_that_is_never_pushed_is_discarded_when_freed);
	sink_add(tc, producer_is_pushed_only_once);

	tc = harness_case(suite, "evbuffers");
	sink_add(tc, evbuffer_is_sent_and_freed);
	sink_add(tc, evbuffer_is_freed_when_it_is_discarded);
	return suite;
}

int
main(void)
{
	return harness_main(producers_suite());
}
