/*
 * What an application asks: inside of hooks, in closed, and of a channel that
 * has ended.
 */

#include <string.h>
#include "harness.h"

static void
expect_partial(struct harness *h, const char *text)
{
	size_t len = 99;
	const char *bytes = evchat_get_partial(h->chat, &len);

	ck_assert_uint_eq(len, strlen(text));
	ck_assert(len == 0 ? bytes == NULL : memcmp(bytes, text, len) == 0);
}

/* At the end */

static void
ask_in_closed(struct harness *h, enum evchat_reason why)
{
	struct evchat_stats stats;

	ck_assert_int_eq(why, EVCHAT_REASON_TRUNCATED);
	ck_assert_ptr_eq(evchat_get_arg(h->chat), h);
	ck_assert_int_eq(evchat_get_errno(h->chat), 0);
	ck_assert_ptr_nonnull(evchat_get_error(h->chat));
	expect_partial(h, "cd");
	ck_assert_uint_eq(evchat_get_frame_length(h->chat), 2);
	ck_assert_uint_eq(evchat_get_offset(h->chat), 4);
	evchat_get_stats(h->chat, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.bytes_in, 4);
	ck_assert_uint_eq(stats.bytes_out, 5);
	ck_assert_uint_eq(stats.frames_in, 1);
}

static void
expect_no_answers(const struct evchat *chat)
{
	struct evchat_stats stats, none;
	size_t len = 99;

	memset(&stats, 0xff, sizeof(stats));
	memset(&none, 0, sizeof(none));
	ck_assert_ptr_null(evchat_get_bufferevent(chat));
	ck_assert_ptr_null(evchat_get_arg(chat));
	ck_assert_ptr_null(evchat_get_framing(chat));
	ck_assert_uint_eq(evchat_get_terminator_remaining(chat), 0);
	ck_assert_uint_eq(evchat_get_output_length(chat), 0);
	ck_assert_int_eq(evchat_get_errno(chat), 0);
	ck_assert_ptr_null(evchat_get_error(chat));
	ck_assert_ptr_null(evchat_get_partial(chat, &len));
	ck_assert_uint_eq(len, 0);
	ck_assert_uint_eq(evchat_get_frame_length(chat), 0);
	ck_assert_uint_eq(evchat_get_offset(chat), 0);
	evchat_get_stats(chat, &stats, sizeof(stats));
	ck_assert_mem_eq(&stats, &none, sizeof(none));
}

START_TEST(closed_may_ask_and_nobody_behind_it)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_frames);
	struct evchat *chat = h->chat;

	evchat_incref(chat);
	h->script.closed = ask_in_closed;
	harness_crlf(h);
	ck_assert_int_eq(evchat_push(chat, "hello", 5), 0);
	harness_expect_received(h, "hello");
	harness_feed(h, "ab\r\ncd");
	harness_feed_eof(h);
	harness_run_until_closed(h);
	expect_no_answers(chat);
	evchat_decref(chat);
	harness_end(h, "frame:ab|event:eof|closed:truncated");
}
END_TEST

/* The frame in progress */

/* The delimiter is known to follow, so what was matched of it is not held. */
static void
note_partial(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	harness_note_partial(h);
}

START_TEST(beginning_of_a_delimiter_is_partial_and_a_whole_one_is_not)
{
	struct harness *h = harness_start_new(HARNESS_SOCKET,
	    &harness_streaming);

	harness_crlf(h);
	h->script.collect = note_partial;
	harness_feed(h, "ab\r");
	harness_feed(h, "\nc\r\n");
	harness_end(h,
	    "collect:ab|partial:\\r|found|collect:c|partial:|found");
}
END_TEST

static void
note_length(struct harness *h, enum evchat_event what)
{
	(void)what;
	harness_note(h, "length:%ju",
	    (uintmax_t)evchat_get_frame_length(h->chat));
	harness_note_partial(h);
}

static void
note_length_closed(struct harness *h, enum evchat_reason why)
{
	(void)why;
	note_length(h, EVCHAT_EVENT_EOF);
}

static void
discard_above_two(struct harness *h)
{
	harness_crlf(h);
	ck_assert_int_eq(evchat_set_max_frame(h->chat, 2,
	    EVCHAT_OVERSIZE_DISCARD), 0);
}

/* In the event it is max + 1; then it is as long as it has become. */
START_TEST(frame_above_the_maximum_has_the_length_that_was_seen)
{
	static const struct harness_scenario s = {
		.input = "abcdef", .eof = true, .hooks = &harness_frames,
		.start = discard_above_two,
		.script = { .event = note_length,
		    .closed = note_length_closed },
		.expect = "event:oversize|length:3|partial:ab"
		    "|event:eof|length:6|partial:"
		    "|closed:truncated|length:6|partial:"
	};

	harness_prove(&s);
}
END_TEST

/* Where in the stream */

static void
unread_and_look(struct harness *h, const void *data, size_t len)
{
	if (h->count++ > 0)
		return;
	ck_assert_uint_eq(evchat_get_offset(h->chat), 4);
	harness_ok(h, evchat_unread(h->chat, data, len));
	ck_assert_uint_eq(evchat_get_offset(h->chat), 2);
	harness_ok(h, evchat_unread(h->chat, "\r\n", 2));
	ck_assert_uint_eq(evchat_get_offset(h->chat), 0);
	/* There is nothing before the stream's beginning. */
	harness_ok(h, evchat_unread(h->chat, "x", 1));
	ck_assert_uint_eq(evchat_get_offset(h->chat), 0);
}

START_TEST(unread_bytes_are_before_those_that_were_delivered)
{
	static const struct harness_scenario s = {
		.input = "ab\r\ncd\r\n", .hooks = &harness_frames,
		.start = harness_crlf, .script.frame = unread_and_look,
		.expect = "frame:ab|frame:x|frame:abcd"
	};

	harness_prove(&s);
}
END_TEST

static Suite *
getters_suite(void)
{
	Suite *suite = suite_create("getters");
	TCase *tc = harness_case(suite, "end");

	tcase_add_loop_test(tc, closed_may_ask_and_nobody_behind_it, 0,
	    HARNESS_WAITING);

	tc = harness_case(suite, "frame");
	tcase_add_test(tc,
	    beginning_of_a_delimiter_is_partial_and_a_whole_one_is_not);
	tcase_add_test(tc,
	    frame_above_the_maximum_has_the_length_that_was_seen);

	tc = harness_case(suite, "offset");
	tcase_add_test(tc, unread_bytes_are_before_those_that_were_delivered);
	return suite;
}

int
main(void)
{
	return harness_main(getters_suite());
}
