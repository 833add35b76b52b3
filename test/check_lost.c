/*
 * Lost connections: a reset is told as the reason, whenever it comes.
 */

#include <errno.h>
#include <stdio.h>
#include "harness.h"

static const enum harness_carrier tcp[] = { HARNESS_TCP, HARNESS_TCP_DEFER,
    HARNESS_TCP_THREADSAFE };

START_TEST(reset_is_the_reason_io)
{
	char expect[64];
	struct harness *h = harness_start_new(tcp[_i], &harness_frames);

	h->script.closed = harness_note_error;
	harness_crlf(h);
	harness_push_stuck(h, "p");
	harness_feed(h, "ab\r\ncd");
	harness_reset(h);
	harness_run_until_closed(h);
	snprintf(expect, sizeof(expect),
	    "frame:ab|done:p:failed:0|closed:io|error:%d", ECONNRESET);
	harness_end(h, expect);
}
END_TEST

/* What came before the reset is lost; the system does not keep it. */
START_TEST(reset_before_there_was_a_channel_is_told)
{
	char expect[64];
	struct harness *h = harness_new(tcp[_i]);

	h->script.closed = harness_note_error;
	harness_reset(h);
	harness_start(h, &harness_frames, 0);
	harness_expect(h, "");
	harness_run_until_closed(h);
	snprintf(expect, sizeof(expect), "closed:io|error:%d", ECONNRESET);
	harness_end(h, expect);
}
END_TEST

START_TEST(failing_write_is_the_reason_io)
{
	struct harness *h = harness_start_new(tcp[_i], &harness_frames);

	harness_crlf(h);
	evchat_pause(h->chat);
	harness_push_stuck(h, "p");
	harness_reset(h);
	harness_turn(h);
	ck_assert_int_eq(evchat_set_hooks(h->chat, &harness_frames, h), 0);
	ck_assert_int_eq(h->closed, 0);
	evchat_discard_buffers(h->chat);
	ck_assert_int_eq(evchat_push(h->chat, "hello", 5), 0);
	harness_run_until_closed(h);
	ck_assert_int_eq(h->why, EVCHAT_REASON_IO);
	harness_free(h);
}
END_TEST

static Suite *
lost_suite(void)
{
	Suite *suite = suite_create("lost");
	TCase *tc = harness_case(suite, "lost");

	tcase_add_loop_test(tc, reset_before_there_was_a_channel_is_told, 0, 3);
	tcase_add_loop_test(tc, reset_is_the_reason_io, 0, 3);
	tcase_add_loop_test(tc, failing_write_is_the_reason_io, 0, 3);
	return suite;
}

int
main(void)
{
	return harness_main(lost_suite());
}
