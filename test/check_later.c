/*
 * Producers that answer LATER: they are asked again when they are resumed,
 * wherever that comes from and however early.
 */

#include "feeder.h"
#include "harness.h"
#include "sink.h"

/* LATER */

START_TEST(later_waits_for_resume)
{
	struct harness *h = harness_streaming_on(_i);
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
	struct harness *h = harness_streaming_on(_i);
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
	struct harness *h = harness_streaming_on(_i);
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
	struct harness *h = harness_streaming_on(_i);
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
	struct harness *h = harness_streaming_on(_i);
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
	struct harness *h = harness_streaming_on(_i);
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
	struct harness *h = harness_streaming_on(_i);
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

static Suite *
later_suite(void)
{
	Suite *suite = suite_create("later");
	TCase *tc = harness_case(suite, "later");

	sink_add(tc, later_waits_for_resume);
	sink_add(tc, data_behind_later_is_asked_on);
	sink_add(tc, resume_in_more_is_remembered);
	sink_add(tc, resume_before_push_is_remembered);
	sink_add(tc, resume_before_later_is_remembered);
	sink_add(tc, resume_may_come_from_a_timer);
	sink_add(tc, resume_may_come_from_a_hook);
	return suite;
}

int
main(void)
{
	return harness_main(later_suite());
}
