/*
 * What is pushed arrives, once and in order: bytes and text. And marks, which
 * are told when all before them has left.
 */

#include <errno.h>
#include <string.h>
#include "feeder.h"
#include "harness.h"
#include "sink.h"

/* Bytes, and text */

START_TEST(push_copies)
{
	struct harness *h = harness_streaming_on(_i);
	char data[] = "hello";

	ck_assert_int_eq(evchat_push(h->chat, data, 5), 0);
	memset(data, 'x', 5);
	harness_expect_received(h, "hello");
	harness_end(h, "");
}
END_TEST

START_TEST(push_of_no_bytes_does_nothing)
{
	struct harness *h = harness_streaming_on(_i);
	struct evbuffer *empty = evbuffer_new();

	h->output_events = true;
	ck_assert_int_eq(evchat_push(h->chat, NULL, 0), 0);
	ck_assert_int_eq(evchat_push_printf(h->chat, "%s", ""), 0);
	ck_assert_int_eq(evchat_push_buffer(h->chat, empty), 0);
	ck_assert_uint_eq(evchat_get_output_length(h->chat), 0);
	harness_turn(h);
	harness_expect(h, "");
	ck_assert_int_eq(evchat_push(h->chat, "a", 1), 0);
	harness_expect_received(h, "a");
	evbuffer_free(empty);
	harness_free(h);
}
END_TEST

static int
push_list(struct harness *h, const char *fmt, ...)
{
	va_list ap;
	int pushed;

	va_start(ap, fmt);
	pushed = evchat_push_vprintf(h->chat, fmt, ap);
	va_end(ap);
	return pushed;
}

START_TEST(printf_pushes_text_of_any_length)
{
	static char expected[20100];
	struct harness *h = harness_streaming_on(_i);

	ck_assert_int_eq(evchat_push_printf(h->chat, "%s %d%c", "one", 2, '!'),
	    0);
	ck_assert_int_eq(push_list(h, "%020000d", 3), 0);
	snprintf(expected, sizeof(expected), "one 2!%020000d", 3);
	harness_expect_received(h, expected);
	harness_end(h, "");
}
END_TEST

/* Marks */

START_TEST(mark_is_told_when_all_before_it_has_left)
{
	struct harness *h = harness_streaming_on(_i);
	struct feeder p;

	harness_push_mark(h, "a");
	ck_assert_int_eq(evchat_push(h->chat, "1", 1), 0);
	harness_push_mark(h, "b");
	feeder_push(&p, h, "p", "2~3.");
	harness_push_mark(h, "c");
	harness_expect(h, "");
	harness_run_until_noted(h, "mark:b");
	harness_turn(h);
	harness_expect(h, "mark:a:sent|mark:b:sent");
	feeder_resume(&p);
	harness_run_until_noted(h, "mark:c");
	harness_expect_received(h, "123");
	harness_end(h, "mark:a:sent|mark:b:sent|done:p:sent:2|mark:c:sent");
}
END_TEST

START_TEST(mark_waits_until_the_bytes_are_out)
{
	struct harness *h = harness_streaming_on(_i);

	harness_peer_read(h, false);
	harness_push_much(h);
	harness_push_mark(h, "m");
	harness_turn(h);
	harness_expect(h, "");
	harness_peer_read(h, true);
	harness_run_until_noted(h, "mark");
	harness_end(h, "mark:m:sent");
}
END_TEST

START_TEST(mark_without_a_function_is_refused)
{
	struct harness *h = harness_streaming_on(_i);

	errno = 0;
	ck_assert_int_eq(evchat_push_callback(h->chat, NULL, h), -1);
	ck_assert_int_eq(errno, EINVAL);
	harness_end(h, "");
}
END_TEST

static Suite *
push_suite(void)
{
	Suite *suite = suite_create("push");
	TCase *tc = harness_case(suite, "bytes");

	tcase_add_loop_test(tc, push_copies, 0, SINK_CARRIERS);
	tcase_add_loop_test(tc, push_of_no_bytes_does_nothing, 0,
	    SINK_CARRIERS);
	tcase_add_loop_test(tc, printf_pushes_text_of_any_length, 0,
	    SINK_CARRIERS);

	tc = harness_case(suite, "marks");
	tcase_add_loop_test(tc, mark_is_told_when_all_before_it_has_left, 0,
	    SINK_CARRIERS);
	tcase_add_loop_test(tc, mark_waits_until_the_bytes_are_out, 0,
	    HARNESS_FILTER);
	tcase_add_loop_test(tc, mark_without_a_function_is_refused, 0,
	    SINK_CARRIERS);
	return suite;
}

int
main(void)
{
	return harness_main(push_suite());
}
