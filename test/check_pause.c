/*
 * Pause is exact: after it no data hook runs until resume, and nothing is lost
 * or comes twice.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include "harness.h"

static void
stop(struct harness *h)
{
	evchat_pause(h->chat);
}

static void
pause_with_data(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	evchat_pause(h->chat);
}

static void
pause_for_a_turn(struct harness *h)
{
	evchat_pause(h->chat);
	harness_later(h, harness_resume);
}

static void
pause_with_data_for_a_turn(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	pause_for_a_turn(h);
}

static void
pause_and_resume(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	evchat_pause(h->chat);
	evchat_resume(h->chat);
}

START_TEST(pause_in_collect_holds_found_back)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);

	h->script.collect = pause_with_data;
	harness_crlf(h);
	harness_feed(h, "a\r\nb\r\n");
	harness_feed(h, "c\r\n");
	harness_expect(h, "collect:a");
	evchat_resume(h->chat);
	harness_expect(h, "collect:a");
	harness_turn(h);
	harness_expect(h, "collect:a|found|collect:b");
	evchat_resume(h->chat);
	harness_turn(h);
	harness_end(h, "collect:a|found|collect:b|found|collect:c");
}
END_TEST

START_TEST(pause_in_found_holds_the_next_frame_back)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);

	h->script.found = stop;
	harness_crlf(h);
	harness_feed(h, "ab\r\n\r\n");
	harness_feed(h, "ef\r\n");
	harness_expect(h, "collect:ab|found");
	evchat_resume(h->chat);
	harness_turn(h);
	harness_end(h, "collect:ab|found|found");
}
END_TEST

START_TEST(pause_in_frame_holds_the_next_frame_back)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_frames);

	h->script.frame = pause_with_data;
	harness_crlf(h);
	harness_feed(h, "ab\r\ncd\r\n");
	harness_feed(h, "ef\r\n");
	harness_expect(h, "frame:ab");
	evchat_resume(h->chat);
	harness_turn(h);
	harness_end(h, "frame:ab|frame:cd");
}
END_TEST

START_TEST(pause_from_outside_stops_everything)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_frames);

	harness_crlf(h);
	harness_send(h, "ab\r\n", 4);
	stop(h);
	harness_turn(h);
	harness_feed(h, "cd");
	harness_expect(h, "");
	evchat_resume(h->chat);
	harness_expect(h, "");
	harness_turn(h);
	harness_expect(h, "frame:ab");
	harness_feed(h, "\r\n");
	harness_end(h, "frame:ab|frame:cd");
}
END_TEST

START_TEST(pause_does_not_nest)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_frames);

	harness_crlf(h);
	stop(h);
	stop(h);
	harness_feed(h, "ab\r\n");
	evchat_resume(h->chat);
	harness_turn(h);
	evchat_resume(h->chat);
	harness_feed(h, "cd\r\n");
	harness_end(h, "frame:ab|frame:cd");
}
END_TEST

START_TEST(pause_and_resume_in_one_hook_change_nothing)
{
	static const struct harness_scenario streaming = {
		.input = "ab\r\n\r\ncd\r\n", .start = harness_crlf,
		.script.collect = pause_and_resume,
		.expect = "collect:ab|found|found|collect:cd|found"
	};
	static const struct harness_scenario frames = {
		.input = "ab\r\n\r\ncd\r\n", .start = harness_crlf,
		.script.frame = pause_and_resume, .hooks = &harness_frames,
		.expect = "frame:ab|frame:|frame:cd"
	};

	harness_prove(&streaming);
	harness_prove(&frames);
}
END_TEST

START_TEST(pause_in_every_hook_loses_nothing)
{
	static const struct harness_scenario streaming = {
		.input = "ab\r\n\r\ncd\r\ne\r", .start = harness_crlf,
		.script = { .collect = pause_with_data_for_a_turn,
		    .found = pause_for_a_turn }, .eof = true,
		.expect = "collect:ab|found|found|collect:cd|found"
		    "|collect:e\\r|event:eof|closed:truncated"
	};
	static const struct harness_scenario frames = {
		.input = "ab\r\n\r\ncd\r\n", .start = harness_crlf,
		.script.frame = pause_with_data_for_a_turn,
		.hooks = &harness_frames, .eof = true,
		.expect = "frame:ab|frame:|frame:cd|event:eof|closed:eof"
	};
	static const struct harness_scenario none = {
		.input = "abcdef", .eof = true,
		.script.collect = pause_with_data_for_a_turn,
		.expect = "collect:abcdef|event:eof|closed:eof"
	};

	harness_prove(&streaming);
	harness_prove(&frames);
	harness_prove(&none);
}
END_TEST

/* What waits for resume */

static void
count_zero(struct harness *h)
{
	harness_ok(h, evchat_set_terminator_count(h->chat, 0));
}

START_TEST(count_0_waits_for_resume)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);

	stop(h);
	count_zero(h);
	harness_turn(h);
	harness_expect(h, "");
	evchat_resume(h->chat);
	harness_turn(h);
	harness_end(h, "found");
}
END_TEST

START_TEST(framing_set_while_paused_is_used_after_resume)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);

	harness_crlf(h);
	harness_feed(h, "ab\r");
	stop(h);
	ck_assert_int_eq(evchat_set_terminator(h->chat, "\r", 1), 0);
	harness_turn(h);
	harness_expect(h, "collect:ab");
	evchat_resume(h->chat);
	harness_turn(h);
	harness_end(h, "collect:ab|found");
}
END_TEST

START_TEST(bytes_unread_while_paused_wait_for_resume)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_frames);

	harness_crlf(h);
	stop(h);
	harness_feed(h, "b\r\n");
	ck_assert_int_eq(evchat_unread(h->chat, "a\r\n", 3), 0);
	harness_turn(h);
	harness_expect(h, "");
	evchat_resume(h->chat);
	harness_turn(h);
	harness_end(h, "frame:a|frame:b");
}
END_TEST

START_TEST(hooks_set_while_paused_get_what_is_held)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_frames);

	harness_crlf(h);
	harness_feed(h, "ab");
	stop(h);
	ck_assert_int_eq(evchat_set_hooks(h->chat, &harness_streaming, h), 0);
	harness_feed(h, "c\r\n");
	harness_expect(h, "");
	evchat_resume(h->chat);
	harness_turn(h);
	harness_end(h, "collect:abc|found");
}
END_TEST

/* What does not */

START_TEST(output_goes_on_while_paused)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);

	stop(h);
	ck_assert_int_eq(evchat_push(h->chat, "hello", 5), 0);
	harness_expect_received(h, "hello");
	harness_push_producer(h, "p", "world");
	harness_run_until_noted(h, "done");
	harness_expect_received(h, "helloworld");
	harness_end(h, "done:p:sent:5");
}
END_TEST

START_TEST(close_when_done_overrides_pause)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_frames);

	harness_crlf(h);
	stop(h);
	harness_feed(h, "ab\r\n");
	ck_assert_int_eq(evchat_push(h->chat, "bye", 3), 0);
	evchat_close_when_done(h->chat);
	harness_run_until_closed(h);
	harness_expect_received(h, "bye");
	harness_end(h, "closed:done");
}
END_TEST

/* TLS makes records of them; one layer over another does not tell its socket. */
static void
expect_waiting(struct harness *h, int len)
{
	int fd = bufferevent_getfd(h->bev), waiting = 0;

	if (fd == -1)
		return;
	ck_assert_int_eq(ioctl(fd, FIONREAD, &waiting), 0);
	if (harness_has_tls(h))
		ck_assert_int_gt(waiting, len);
	else
		ck_assert_int_eq(waiting, len);
}

START_TEST(paused_channel_leaves_input_to_the_system)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);

	stop(h);
	harness_feed(h, "hello");
	expect_waiting(h, 5);
	harness_end(h, "");
}
END_TEST

START_TEST(bufferevent_is_disabled_before_pause_returns)
{
	struct harness *h = harness_new((enum harness_carrier)_i);

	harness_start(h, &harness_streaming, EVCHAT_OPT_BUFFEREVENT_IO);
	harness_turn(h);
	ck_assert_int_ne(bufferevent_get_enabled(h->bev) & EV_READ, 0);
	evchat_pause(h->chat);
	ck_assert_int_eq(bufferevent_get_enabled(h->bev) & EV_READ, 0);
	evchat_resume(h->chat);
	harness_turn(h);
	ck_assert_int_ne(bufferevent_get_enabled(h->bev) & EV_READ, 0);
	harness_end(h, "");
}
END_TEST

/* The loop knows already that there is something to be read. */
START_TEST(reading_stops_before_pause_returns)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);

	harness_turn(h);
	harness_later(h, stop);
	harness_send(h, "hello", 5);
	harness_turn(h);
	expect_waiting(h, 5);
	harness_expect(h, "");
	evchat_resume(h->chat);
	harness_turn(h);
	harness_end(h, "collect:hello");
}
END_TEST

static Suite *
pause_suite(void)
{
	Suite *suite = suite_create("pause");
	TCase *tc = harness_case(suite, "exact");

	tcase_add_loop_test(tc, pause_in_collect_holds_found_back, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc, pause_in_found_holds_the_next_frame_back, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc, pause_in_frame_holds_the_next_frame_back, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc, pause_from_outside_stops_everything, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc, pause_does_not_nest, 0, HARNESS_CARRIERS);
	tcase_add_test(tc, pause_and_resume_in_one_hook_change_nothing);
	tcase_add_test(tc, pause_in_every_hook_loses_nothing);

	tc = harness_case(suite, "waiting");
	tcase_add_loop_test(tc, count_0_waits_for_resume, 0, HARNESS_CARRIERS);
	tcase_add_loop_test(tc, framing_set_while_paused_is_used_after_resume,
	    0, HARNESS_CARRIERS);
	tcase_add_loop_test(tc, bytes_unread_while_paused_wait_for_resume, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc, hooks_set_while_paused_get_what_is_held, 0,
	    HARNESS_CARRIERS);

	tc = harness_case(suite, "going on");
	tcase_add_loop_test(tc, output_goes_on_while_paused, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc, close_when_done_overrides_pause, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc, paused_channel_leaves_input_to_the_system, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc, bufferevent_is_disabled_before_pause_returns, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc, reading_stops_before_pause_returns, 0,
	    HARNESS_WAITING);
	return suite;
}

int
main(void)
{
	return harness_main(pause_suite());
}
