/*
 * Producers: when they are asked, and again behind DATA.
 */

#include <string.h>
#include "feeder.h"
#include "harness.h"
#include "sink.h"

#define MEBI ((size_t)1 << 20)
#define HIGH ((size_t)128 << 10) /* of a new channel */
#define WANT ((size_t)64 << 10)
#define LEAST 512               /* what a producer adds to the queue */

static char much[MEBI]; /* more than sockets and the marks hold */

/* When they are asked */

START_TEST(producer_is_asked_from_the_loop)
{
	struct harness *h = harness_streaming_on(_i);
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
	struct harness *h = harness_streaming_on(_i);
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
	struct harness *h = harness_streaming_on(_i);
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
	struct harness *h = harness_streaming_on(_i);
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
	struct harness *h = harness_streaming_on(_i);
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
	struct harness *h = harness_streaming_on(_i);
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
	struct harness *h = harness_streaming_on(_i);
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
	struct harness *h = harness_streaming_on((int)sink_kinds[_i]);
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
		h = harness_streaming_on(_i);
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
	struct harness *h = harness_streaming_on(_i);
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
	struct harness *h = harness_streaming_on(_i);
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
	struct harness *h = harness_streaming_on(_i);
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
	tcase_add_loop_test(tc, huge_flood_arrives, 0, SINK_KINDS);
	sink_add(tc, pieces_of_other_sizes_than_wanted_arrive);

	tc = harness_case(suite, "data");
	sink_add(tc, data_without_bytes_is_asked_again);
	sink_add(tc, data_without_bytes_does_not_keep_the_loop_from_timers);
	sink_add(tc, flood_does_not_keep_the_loop_from_timers);
	return suite;
}

int
main(void)
{
	return harness_main(producers_suite());
}
