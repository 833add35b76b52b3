/*
 * Detaching: every unread byte is back, in order; and when it is refused.
 */

#include <errno.h>
#include <string.h>
#include "harness.h"
#include "sink.h"

#define LENT 400000

static void
detach_with_data(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	harness_detach_now(h);
}

static void
detach_in_event(struct harness *h, enum evchat_event what)
{
	(void)what;
	harness_detach_now(h);
}

/* Unread bytes */

START_TEST(detach_in_a_hook_gives_back_all_behind_what_it_got)
{
	static const struct harness_scenario collect = {
		.input = "a\r\nbc\r\nd", .start = harness_crlf,
		.script.collect = detach_with_data,
		.expect = "collect:a|closed:detached|left:\\r\\nbc\\r\\nd"
	};
	static const struct harness_scenario found = {
		.input = "ab\r\ncd\r\ne\r", .start = harness_crlf,
		.script.found = harness_detach_now,
		.expect = "collect:ab|found|closed:detached|left:cd\\r\\ne\\r"
	};
	static const struct harness_scenario frame = {
		.input = "ab\r\ncd\r\ne\r", .start = harness_crlf,
		.script.frame = detach_with_data, .hooks = &harness_frames,
		.expect = "frame:ab|closed:detached|left:cd\\r\\ne\\r"
	};
	static const struct harness_scenario count = {
		.input = "abcdef", .start = harness_count_three,
		.script.frame = detach_with_data, .hooks = &harness_frames,
		.expect = "frame:abc|closed:detached|left:def"
	};

	harness_prove(&collect);
	harness_prove(&found);
	harness_prove(&frame);
	harness_prove(&count);
}
END_TEST

START_TEST(detach_from_outside_gives_back_the_frame_in_progress)
{
	static const struct harness_scenario streaming = {
		.input = "ab\r\ncd\r\n", .start = harness_crlf,
		.act = harness_detach_now,
		.act_at = 6, .expect = "collect:ab|found|collect:cd"
		    "|closed:detached|left:\\r\\n"
	};
	static const struct harness_scenario prefix = {
		.input = "ab\r\ncd\r\n", .start = harness_crlf,
		.act = harness_detach_now,
		.act_at = 3, .expect = "collect:ab|closed:detached"
		    "|left:\\r\\ncd\\r\\n"
	};
	static const struct harness_scenario frames = {
		.input = "ab\r\ncd\r\n", .start = harness_crlf,
		.act = harness_detach_now,
		.act_at = 7, .hooks = &harness_frames,
		.expect = "frame:ab|closed:detached|left:cd\\r\\n"
	};
	static const struct harness_scenario count = {
		.input = "abcd", .start = harness_count_three,
		.act = harness_detach_now,
		.act_at = 2, .hooks = &harness_frames,
		.expect = "closed:detached|left:abcd"
	};

	harness_prove(&streaming);
	harness_prove(&prefix);
	harness_prove(&frames);
	harness_prove(&count);
}
END_TEST

START_TEST(detach_gives_back_what_a_pause_left_unread)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_frames);

	h->script.frame = NULL;
	harness_crlf(h);
	harness_feed(h, "ab\r\ncd");
	evchat_pause(h->chat);
	harness_feed(h, "ef\r\n");
	ck_assert_int_eq(evchat_unread(h->chat, "x\r\ny", 4), 0);
	harness_detach_now(h);
	harness_feed(h, "gh");
	harness_note_left(h);
	harness_end(h, "frame:ab|closed:detached|left:x\\r\\nycdef\\r\\ngh");
}
END_TEST

START_TEST(detach_at_eof_gives_back_the_rest)
{
	static const struct harness_scenario s = {
		.input = "ab\r\ncd", .start = harness_crlf, .eof = true,
		.script.event = detach_in_event, .hooks = &harness_frames,
		.expect = "frame:ab|event:eof|closed:detached|left:cd"
	};

	harness_prove(&s);
}
END_TEST

START_TEST(detach_before_the_loop_runs_gives_back_waiting_input)
{
	struct harness *h = harness_new((enum harness_carrier)_i);

	if (h->bev == NULL) { /* made by the channel: no input before that */
		harness_free(h);
		return;
	}
	bufferevent_enable(h->bev, EV_READ);
	harness_feed(h, "ab\r\ncd");
	harness_start(h, &harness_frames, 0);
	harness_crlf(h);
	harness_detach_now(h);
	harness_expect(h, "closed:detached");
	harness_note_left(h);
	harness_end(h, "closed:detached|left:ab\\r\\ncd");
}
END_TEST

/* The bufferevent */

/* A part of it has left, a part is on its way, and a part is still queued. */
START_TEST(reference_that_is_being_sent_goes_on_as_a_copy)
{
	struct harness *h = harness_start_new(sink_kinds[_i], &harness_frames);
	struct evbuffer *pattern = evbuffer_new();
	struct sink sink;
	unsigned char *lent;

	sink_narrow(h);
	sink_pattern(pattern, 0, LENT);
	lent = evbuffer_pullup(pattern, -1);
	ck_assert_ptr_nonnull(lent);
	harness_peer_read(h, false);
	ck_assert_int_eq(evchat_push(h->chat, lent, 100), 0);
	ck_assert_int_eq(evchat_push_reference(h->chat, lent + 100, LENT - 200,
	    NULL, NULL), 0);
	ck_assert_int_eq(evchat_push(h->chat, lent + LENT - 100, 100), 0);
	(void)event_base_loop(h->base, EVLOOP_NONBLOCK);
	harness_detach_now(h);
	memset(lent, 0, LENT);
	evbuffer_free(pattern);
	sink_start(&sink, h, 1000, true);
	sink_run_until(&sink, LENT);
	sink_stop(&sink);
	harness_end(h, "closed:detached");
}
END_TEST

/* Refusal */

START_TEST(detach_is_refused_while_a_producer_is_queued)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_frames);

	harness_crlf(h);
	harness_push_stuck(h, "p");
	harness_feed(h, "ab");
	errno = 0;
	ck_assert(!harness_detach(h));
	ck_assert_int_eq(errno, EBUSY);
	harness_feed(h, "\r\ncd");
	harness_expect(h, "frame:ab");
	evchat_discard_buffers(h->chat);
	harness_expect(h, "frame:ab|done:p:discarded:0");
	harness_detach_now(h);
	harness_feed(h, "ef");
	harness_note_left(h);
	harness_end(h,
	    "frame:ab|done:p:discarded:0|closed:detached|left:ef");
}
END_TEST

START_TEST(detach_works_when_producers_are_done)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_frames);

	harness_push_producer(h, "p", "abc");
	harness_run_until_noted(h, "done");
	harness_push_mark(h, "m");
	harness_detach_now(h);
	harness_expect_received(h, "abc");
	ck_assert_ptr_nonnull(strstr(harness_transcript(h), "mark:m:"));
	ck_assert_ptr_nonnull(strstr(harness_transcript(h),
	    "|closed:detached"));
	harness_free(h);
}
END_TEST

START_TEST(reference_does_not_keep_what_was_detached_from_working)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_frames);
	struct evchat *chat = h->chat;

	evchat_incref(chat);
	ck_assert_int_eq(evchat_push(chat, "hello", 5), 0);
	harness_detach_now(h);
	ck_assert_int_eq(bufferevent_write(h->detached, " world", 6), 0);
	harness_expect_received(h, "hello world");
	ck_assert(!h->peer_eof);
	bufferevent_enable(h->detached, EV_READ);
	harness_feed(h, "ab");
	ck_assert_uint_eq(evbuffer_get_length(
	    bufferevent_get_input(h->detached)), 2);
	evchat_decref(chat);
	harness_end(h, "closed:detached");
}
END_TEST

static void
detach_again(struct harness *h, enum evchat_reason why)
{
	(void)why;
	errno = 0;
	ck_assert_ptr_null(evchat_detach(h->chat));
	ck_assert_int_eq(errno, EPIPE);
}

START_TEST(detach_in_closed_is_refused)
{
	static const struct harness_scenario s = {
		.input = "a", .eof = true, .start = harness_crlf,
		.script.closed = detach_again,
		.expect = "collect:a|event:eof|closed:truncated"
	};

	harness_prove(&s);
}
END_TEST

static Suite *
detach_suite(void)
{
	Suite *suite = suite_create("detach");
	TCase *tc = harness_case(suite, "unread");

	tcase_add_test(tc, detach_in_a_hook_gives_back_all_behind_what_it_got);
	tcase_add_test(tc,
	    detach_from_outside_gives_back_the_frame_in_progress);
	tcase_add_loop_test(tc, detach_gives_back_what_a_pause_left_unread, 0,
	    HARNESS_CARRIERS);
	tcase_add_test(tc, detach_at_eof_gives_back_the_rest);
	tcase_add_loop_test(tc,
	    detach_before_the_loop_runs_gives_back_waiting_input, 0,
	    HARNESS_CARRIERS);

	tc = harness_case(suite, "refusal");
	tcase_add_loop_test(tc, detach_is_refused_while_a_producer_is_queued, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc,
	    reference_that_is_being_sent_goes_on_as_a_copy, 0, SINK_KINDS);
	tcase_add_loop_test(tc, detach_works_when_producers_are_done, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc,
	    reference_does_not_keep_what_was_detached_from_working, 0,
	    HARNESS_WAITING);
	tcase_add_test(tc, detach_in_closed_is_refused);
	return suite;
}

int
main(void)
{
	return harness_main(detach_suite());
}
