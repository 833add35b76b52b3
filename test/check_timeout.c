/*
 * Timeouts, each with its own reason, and the wait for the peer after the last
 * byte. No test asks how long something took.
 */

#include <stdlib.h>
#include <string.h>
#include "harness.h"

#define MUCH (4 << 20)        /* more than sockets hold */
#define SHORT_MS 20
#define LONG_MS (3 * SHORT_MS)
#define LINGER_SIZE 65536     /* so much input is dropped at most */

/* One of each kind: every test here takes its time. */
static const enum harness_carrier kinds[] = { HARNESS_SOCKET,
    HARNESS_BEV_DEFER, HARNESS_BEV_UNLOCK, HARNESS_RATED, HARNESS_TCP,
    HARNESS_PAIR, HARNESS_FILTER, HARNESS_XOR_DEFER_THREADSAFE };

#define KINDS ((int)(sizeof(kinds) / sizeof(kinds[0])))

static const struct timeval short_time = { 0, SHORT_MS * 1000 };
static const struct timeval hour = { 3600, 0 };

static void
set_timeout(struct harness *h, enum evchat_timeout which,
    const struct timeval *tv)
{
	ck_assert_int_eq(evchat_set_timeout(h->chat, which, tv), 0);
}

static void
pause_with_data(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	evchat_pause(h->chat);
}

/* Read */

START_TEST(silence_is_the_reason_read_timeout)
{
	struct harness *h = harness_start_new(kinds[_i], &harness_frames);

	harness_crlf(h);
	harness_push_stuck(h, "p");
	harness_feed(h, "ab\r\ncd");
	set_timeout(h, EVCHAT_TIMEOUT_READ, &short_time);
	harness_run_until_closed(h);
	harness_end(h, "frame:ab|event:timeout|done:p:failed:0|closed:read timeout");
}
END_TEST

START_TEST(timeout_can_be_taken_back)
{
	struct harness *h = harness_start_new(kinds[_i], &harness_frames);

	set_timeout(h, EVCHAT_TIMEOUT_READ, &short_time);
	set_timeout(h, EVCHAT_TIMEOUT_READ, NULL);
	set_timeout(h, EVCHAT_TIMEOUT_FRAME, &short_time);
	set_timeout(h, EVCHAT_TIMEOUT_FRAME, NULL);
	set_timeout(h, EVCHAT_TIMEOUT_WRITE, &short_time);
	set_timeout(h, EVCHAT_TIMEOUT_WRITE, NULL);
	harness_crlf(h);
	harness_feed(h, "ab");
	harness_wait(h, LONG_MS);
	harness_end(h, "");
}
END_TEST

START_TEST(read_timeout_stands_still_while_paused)
{
	struct harness *h = harness_start_new(kinds[_i], &harness_frames);

	evchat_pause(h->chat);
	set_timeout(h, EVCHAT_TIMEOUT_READ, &short_time);
	harness_wait(h, LONG_MS);
	harness_expect(h, "");
	evchat_resume(h->chat);
	harness_run_until_closed(h);
	harness_end(h, "event:timeout|closed:read timeout");
}
END_TEST

/* Write */

START_TEST(peer_that_does_not_read_is_the_reason_write_timeout)
{
	static char much[MUCH];
	struct harness *h = harness_start_new(kinds[_i], &harness_frames);

	harness_peer_read(h, false);
	set_timeout(h, EVCHAT_TIMEOUT_WRITE, &short_time);
	ck_assert_int_eq(evchat_push(h->chat, much, MUCH), 0);
	harness_push_mark(h, "m");
	harness_push_producer(h, "p", "abc");
	harness_run_until_closed(h);
	harness_end(h,
	    "mark:m:failed|done:p:failed:0|closed:write timeout");
}
END_TEST

START_TEST(write_timeout_set_while_output_waits_applies_to_it)
{
	static char much[MUCH];
	struct harness *h = harness_start_new(kinds[_i], &harness_frames);

	harness_peer_read(h, false);
	ck_assert_int_eq(evchat_push(h->chat, much, MUCH), 0);
	harness_turn(h);
	set_timeout(h, EVCHAT_TIMEOUT_WRITE, &short_time);
	harness_run_until_closed(h);
	harness_end(h, "closed:write timeout");
}
END_TEST

START_TEST(write_timeout_does_not_run_while_nothing_is_queued)
{
	const struct timeval longer = { 0, 8 * SHORT_MS * 1000 };
	struct harness *h = harness_start_new(kinds[_i], &harness_frames);

	set_timeout(h, EVCHAT_TIMEOUT_WRITE, &longer);
	ck_assert_int_eq(evchat_push(h->chat, "hello", 5), 0);
	harness_expect_received(h, "hello");
	harness_wait(h, 12 * SHORT_MS);
	harness_end(h, "");
}
END_TEST

/* Frame */

START_TEST(frame_that_does_not_end_is_the_reason_frame_timeout)
{
	struct harness *h = harness_start_new(kinds[_i],
	    _i % 2 == 0 ? &harness_frames : &harness_found_only);

	harness_crlf(h);
	set_timeout(h, EVCHAT_TIMEOUT_FRAME, &short_time);
	harness_send(h, "ab", 2);
	harness_run_until_closed(h);
	harness_end(h, "event:timeout|closed:frame timeout");
}
END_TEST

START_TEST(frame_timeout_does_not_run_between_frames)
{
	struct harness *h = harness_start_new(kinds[_i], &harness_frames);

	harness_crlf(h);
	set_timeout(h, EVCHAT_TIMEOUT_FRAME, &short_time);
	harness_wait(h, LONG_MS);
	harness_feed(h, "ab\r\n");
	harness_wait(h, LONG_MS);
	harness_end(h, "frame:ab");
}
END_TEST

static void
drip(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	harness_send_some(arg, "x", 1);
}

START_TEST(frame_timeout_is_not_put_off_by_more_bytes)
{
	struct harness *h = harness_start_new(kinds[_i], &harness_frames_only);

	struct event *dripping = event_new(h->base, -1, EV_PERSIST, drip, h);
	const struct timeval ms = { 0, 1000 };

	ck_assert_int_eq(evchat_set_terminator_count(h->chat, 1u << 30), 0);
	ck_assert_int_eq(evchat_set_max_frame(h->chat, 0,
	    EVCHAT_OVERSIZE_CLOSE), 0);
	set_timeout(h, EVCHAT_TIMEOUT_FRAME, &short_time);
	ck_assert_int_eq(event_add(dripping, &ms), 0);
	harness_run_until_closed(h);
	event_free(dripping);
	harness_end(h, "event:timeout|closed:frame timeout");
}
END_TEST

START_TEST(frame_timeout_stands_still_while_paused)
{
	struct harness *h = harness_start_new(kinds[_i], &harness_streaming);

	h->script.collect = pause_with_data;
	harness_crlf(h);
	set_timeout(h, EVCHAT_TIMEOUT_FRAME, &short_time);
	harness_feed(h, "a");
	harness_wait(h, LONG_MS);
	harness_expect(h, "collect:a");
	evchat_resume(h->chat);
	harness_run_until_closed(h);
	harness_end(h, "collect:a|event:timeout|closed:frame timeout");
}
END_TEST

START_TEST(timeout_set_inside_a_frame_applies_to_it)
{
	struct harness *h = harness_start_new(kinds[_i], &harness_frames);

	harness_crlf(h);
	harness_feed(h, "ab");
	set_timeout(h, EVCHAT_TIMEOUT_FRAME, &short_time);
	harness_run_until_closed(h);
	harness_end(h, "event:timeout|closed:frame timeout");
}
END_TEST

START_TEST(frame_timeout_is_none_of_bytes_that_no_frame_holds)
{
	struct harness *h = harness_start_new(kinds[_i], &harness_streaming);

	set_timeout(h, EVCHAT_TIMEOUT_FRAME, &short_time);
	harness_feed(h, "ab");
	harness_wait(h, LONG_MS);
	harness_end(h, "collect:ab");
}
END_TEST

START_TEST(frame_timeout_of_a_count_waits_for_its_first_byte)
{
	struct harness *h = harness_start_new(kinds[_i], &harness_streaming);

	set_timeout(h, EVCHAT_TIMEOUT_FRAME, &short_time);
	ck_assert_int_eq(evchat_set_terminator_count(h->chat, 3), 0);
	harness_wait(h, LONG_MS);
	harness_expect(h, "");
	harness_feed(h, "a");
	harness_run_until_closed(h);
	harness_end(h, "collect:a|event:timeout|closed:frame timeout");
}
END_TEST

/* Whatever else happens meanwhile: here input, which goes on. */
START_TEST(write_timeout_is_not_put_off_by_input)
{
	static char much[MUCH];
	const struct timeval ms = { 0, 1000 }, longer = { 0, LONG_MS * 1000 };
	struct harness *h = harness_start_new(kinds[_i], &harness_frames);
	struct event *dripping = event_new(h->base, -1, EV_PERSIST, drip, h);

	harness_crlf(h);
	harness_peer_read(h, false);
	set_timeout(h, EVCHAT_TIMEOUT_WRITE, &longer);
	ck_assert_int_eq(evchat_push(h->chat, much, MUCH), 0);
	ck_assert_int_eq(event_add(dripping, &ms), 0);
	harness_run_until_closed(h);
	event_free(dripping);
	harness_end(h, "closed:write timeout");
}
END_TEST

static void
push_more(evutil_socket_t fd, short what, void *arg)
{
	struct harness *h = arg;

	(void)fd;
	(void)what;
	if (h->chat != NULL)
		ck_assert_int_eq(evchat_push(h->chat, "x", 1), 0);
}

START_TEST(write_timeout_is_not_put_off_by_more_output)
{
	static char much[MUCH];
	const struct timeval ms = { 0, 1000 }, longer = { 0, LONG_MS * 1000 };
	struct harness *h = harness_start_new(kinds[_i], &harness_frames);
	struct event *pushing = event_new(h->base, -1, EV_PERSIST, push_more,
	    h);

	harness_peer_read(h, false);
	set_timeout(h, EVCHAT_TIMEOUT_WRITE, &longer);
	/* So that what is pushed goes on to the bufferevent at once. */
	ck_assert_int_eq(evchat_set_watermarks(h->chat, 1, 4 * MUCH), 0);
	ck_assert_int_eq(evchat_push(h->chat, much, MUCH), 0);
	ck_assert_int_eq(event_add(pushing, &ms), 0);
	harness_run_until_closed(h);
	event_free(pushing);
	harness_end(h, "closed:write timeout");
}
END_TEST

/* Linger */

static const enum harness_carrier sockets[] = { HARNESS_SOCKET, HARNESS_BEV,
    HARNESS_BEV_DEFER, HARNESS_BEV_UNLOCK, HARNESS_RATED, HARNESS_TCP,
    HARNESS_TCP_DEFER, HARNESS_TCP_THREADSAFE, HARNESS_FILTER };

static void
say_bye(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	ck_assert_int_eq(evchat_push(h->chat, "bye", 3), 0);
	evchat_close_when_done(h->chat);
}

START_TEST(unread_input_does_not_destroy_the_reply)
{
	static char junk[LINGER_SIZE / 2];
	struct harness *h = harness_start_new(sockets[_i], &harness_frames);

	h->rude = true;
	h->script.frame = say_bye;
	harness_crlf(h);
	set_timeout(h, EVCHAT_TIMEOUT_LINGER, &hour);
	harness_peer_read(h, false);
	harness_send(h, "go\r\n", 4);
	harness_send(h, junk, sizeof(junk));
	harness_turn(h);
	harness_peer_read(h, true);
	harness_run_until_peer_eof(h);
	ck_assert_int_eq(h->peer_errno, 0);
	harness_expect_received(h, "bye");
	harness_send_eof(h);
	harness_run_until_closed(h);
	harness_end(h, "frame:go|closed:done");
}
END_TEST

START_TEST(peer_that_does_not_close_is_waited_for_a_limited_time)
{
	struct harness *h = harness_start_new(kinds[_i], &harness_frames);

	h->rude = true;
	set_timeout(h, EVCHAT_TIMEOUT_LINGER, &short_time);
	evchat_close_when_done(h->chat);
	harness_run_until_closed(h);
	harness_end(h, "closed:done");
}
END_TEST

START_TEST(peer_that_goes_on_sending_is_listened_to_for_a_limited_size)
{
	static char junk[4 * LINGER_SIZE];
	struct harness *h = harness_start_new(kinds[_i], &harness_frames);

	h->rude = true;
	set_timeout(h, EVCHAT_TIMEOUT_LINGER, &hour);
	evchat_close_when_done(h->chat);
	harness_turn(h);
	if (h->peer_bev == NULL) /* a pair has nothing to wait for */
		harness_expect(h, "");
	harness_send(h, junk, sizeof(junk));
	harness_run_until_closed(h);
	harness_end(h, "closed:done");
}
END_TEST

START_TEST(peer_that_closes_ends_the_wait)
{
	struct harness *h = harness_start_new(kinds[_i], &harness_frames);

	h->rude = true;
	set_timeout(h, EVCHAT_TIMEOUT_LINGER, &hour);
	evchat_close_when_done(h->chat);
	harness_run_until_peer_eof(h);
	harness_feed(h, "abc");
	if (h->peer_bev == NULL) /* a pair has nothing to wait for */
		harness_expect(h, "");
	harness_feed_eof(h);
	harness_end(h, "closed:done");
}
END_TEST

static Suite *
timeout_suite(void)
{
	Suite *suite = suite_create("timeout");
	TCase *tc = harness_case(suite, "read");

	tcase_add_loop_test(tc, silence_is_the_reason_read_timeout, 0,
	    KINDS);
	tcase_add_loop_test(tc, timeout_can_be_taken_back, 0, KINDS);
	tcase_add_loop_test(tc, read_timeout_stands_still_while_paused, 0,
	    KINDS);

	tc = harness_case(suite, "write");
	tcase_add_loop_test(tc,
	    peer_that_does_not_read_is_the_reason_write_timeout, 0,
	    KINDS);
	tcase_add_loop_test(tc,
	    write_timeout_set_while_output_waits_applies_to_it, 0, KINDS);
	tcase_add_loop_test(tc,
	    write_timeout_does_not_run_while_nothing_is_queued, 0, KINDS);

	tc = harness_case(suite, "frame");
	tcase_add_loop_test(tc,
	    frame_that_does_not_end_is_the_reason_frame_timeout, 0,
	    KINDS);
	tcase_add_loop_test(tc, frame_timeout_does_not_run_between_frames, 0,
	    KINDS);
	tcase_add_loop_test(tc, frame_timeout_is_not_put_off_by_more_bytes, 0,
	    KINDS);
	tcase_add_loop_test(tc, frame_timeout_stands_still_while_paused, 0,
	    KINDS);

	tcase_add_loop_test(tc, timeout_set_inside_a_frame_applies_to_it, 0,
	    KINDS);
	tcase_add_loop_test(tc, write_timeout_is_not_put_off_by_input, 0,
	    KINDS);
	tcase_add_loop_test(tc, write_timeout_is_not_put_off_by_more_output, 0,
	    KINDS);
	tcase_add_loop_test(tc,
	    frame_timeout_is_none_of_bytes_that_no_frame_holds, 0, 2);
	tcase_add_loop_test(tc,
	    frame_timeout_of_a_count_waits_for_its_first_byte, 0, 2);

	tc = harness_case(suite, "linger");
	tcase_add_loop_test(tc, unread_input_does_not_destroy_the_reply, 0,
	    (int)(sizeof(sockets) / sizeof(sockets[0])));
	tcase_add_loop_test(tc,
	    peer_that_does_not_close_is_waited_for_a_limited_time, 0,
	    KINDS);
	tcase_add_loop_test(tc,
	    peer_that_goes_on_sending_is_listened_to_for_a_limited_size, 0,
	    KINDS);
	tcase_add_loop_test(tc, peer_that_closes_ends_the_wait, 0,
	    KINDS);
	return suite;
}

int
main(void)
{
	return harness_main(timeout_suite());
}
