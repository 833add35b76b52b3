/*
 * Channels on TLS of the application's, made before its handshake: what is
 * pushed waits for that, what is asked for holds behind it, and if it fails
 * the channel ends. All else is in the tests of what carriers have in common.
 */

#include <string.h>
#include <sys/socket.h>
#include "harness.h"

static const enum harness_carrier carriers[] = { HARNESS_TLS_HANDSHAKE,
    HARNESS_TLS_FILTER_HANDSHAKE };

#define CARRIERS ((int)(sizeof(carriers) / sizeof(carriers[0])))

static struct harness *
start(int i)
{
	struct harness *h = harness_start_new(carriers[i], &harness_frames);

	harness_crlf(h);
	return h;
}

START_TEST(what_is_pushed_before_the_handshake_leaves_behind_it)
{
	struct harness *h = start(_i);

	h->output_events = true;
	harness_push_producer(h, "p", "hello ");
	harness_push_reference(h, "r", "wor");
	ck_assert_int_eq(evchat_push(h->chat, "ld", 2), 0);
	harness_push_mark(h, "m");
	harness_expect(h, "");
	harness_expect_received(h, "hello world");
	harness_run_until_noted(h, "drained");
	harness_end(h,
	    "done:p:sent:6|cleanup:r|mark:m:sent|event:drained");
}
END_TEST

START_TEST(what_was_pushed_before_the_handshake_is_sent_before_the_end)
{
	struct harness *h = start(_i);

	ck_assert_int_eq(evchat_push(h->chat, "bye", 3), 0);
	evchat_close_when_done(h->chat);
	harness_expect_received(h, "bye");
	harness_run_until_closed(h);
	harness_end(h, "closed:done");
}
END_TEST

START_TEST(channel_may_be_freed_before_the_handshake)
{
	struct harness *h = start(_i);

	harness_push_producer(h, "p", "no");
	harness_push_mark(h, "m");
	evchat_free(h->chat);
	harness_run_until_peer_eof(h);
	ck_assert_uint_eq(evbuffer_get_length(h->received), 0);
	harness_end(h, "done:p:discarded:0|mark:m:discarded|closed:freed");
}
END_TEST

START_TEST(detached_before_the_handshake_it_goes_on_with_it)
{
	struct harness *h = start(_i);

	ck_assert_int_eq(evchat_push(h->chat, "ab", 2), 0);
	harness_detach_now(h);
	ck_assert_int_eq(bufferevent_write(h->detached, "cd", 2), 0);
	harness_expect_received(h, "abcd");
	harness_send(h, "ef", 2);
	bufferevent_enable(h->detached, EV_READ);
	harness_note_left(h);
	harness_end(h, "closed:detached|left:ef");
}
END_TEST

START_TEST(what_is_no_handshake_ends_the_channel)
{
	static const char text[] = "GET / HTTP/1.0\r\n\r\n";
	struct harness *h = harness_new(carriers[_i]);

	h->rude = true;
	harness_peer_read(h, false);
	harness_start(h, &harness_frames, 0);
	ck_assert_int_eq(evchat_push(h->chat, "secret", 6), 0);
	harness_push_mark(h, "m");
	ck_assert_int_eq(send(h->peer_fd, text, sizeof(text) - 1,
	    MSG_NOSIGNAL), sizeof(text) - 1);
	harness_run_until_closed(h);
	ck_assert_ptr_nonnull(strstr(harness_transcript(h), "mark:m:failed"));
	ck_assert(h->why == EVCHAT_REASON_IO || h->why == EVCHAT_REASON_TLS);
	harness_free(h);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tls_before");
	TCase *tc = harness_case(suite, "handshake");

	tcase_add_loop_test(tc,
	    what_is_pushed_before_the_handshake_leaves_behind_it, 0, CARRIERS);
	tcase_add_loop_test(tc,
	    what_was_pushed_before_the_handshake_is_sent_before_the_end, 0,
	    CARRIERS);
	tcase_add_loop_test(tc, channel_may_be_freed_before_the_handshake, 0,
	    CARRIERS);
	tcase_add_loop_test(tc,
	    detached_before_the_handshake_it_goes_on_with_it, 0, CARRIERS);
	tcase_add_loop_test(tc, what_is_no_handshake_ends_the_channel, 0,
	    CARRIERS);
	return harness_main(suite);
}
