/*
 * What an application sets: what is refused leaves all as it was, and nothing
 * can be set any more once a channel is closing.
 */

#include <errno.h>
#include <string.h>
#include "harness.h"

#define SHORT_MS 20

static const struct timeval short_time = { 0, SHORT_MS * 1000 };

static void
expect_error(int result, int error)
{
	ck_assert_int_eq(result, -1);
	ck_assert_int_eq(errno, error);
	errno = 0;
}

/* Timeouts */

static const enum evchat_timeout timeouts[] = { EVCHAT_TIMEOUT_READ,
    EVCHAT_TIMEOUT_WRITE, EVCHAT_TIMEOUT_FRAME, EVCHAT_TIMEOUT_LINGER };

START_TEST(time_that_is_none_is_refused)
{
	static const struct timeval wrong[] = { { 0, 0 }, { -1, 0 },
	    { -1, 999999 }, { 0, -1 }, { 1, -1 }, { 0, 1000000 },
	    { 1, 1000000 } };
	struct harness *h = harness_start_new(HARNESS_SOCKET,
	    &harness_streaming);
	size_t i;

	errno = 0;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		expect_error(evchat_set_timeout(h->chat, timeouts[_i],
		    &wrong[i]), EINVAL);
	harness_end(h, "");
}
END_TEST

/* Its reason comes, so it is in force still. */
START_TEST(refused_time_leaves_the_one_before)
{
	static const struct timeval wrong = { -1, 0 };
	struct harness *h = harness_start_new(HARNESS_SOCKET, &harness_frames);

	harness_crlf(h);
	ck_assert_int_eq(evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_FRAME,
	    &short_time), 0);
	errno = 0;
	expect_error(evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_FRAME, &wrong),
	    EINVAL);
	harness_feed(h, "ab");
	harness_run_until_closed(h);
	harness_end(h, "event:timeout|closed:frame timeout");
}
END_TEST

/* While closing, and behind the end */

static struct evchat_framing *framing;

/* Each call that sets something; by number. @return what it returns */
static int
set(struct evchat *chat, int which)
{
	switch (which) {
	case 0:
		return evchat_set_half_open(chat, 1);
	case 1:
		return evchat_set_terminator(chat, "x", 1);
	case 2:
		return evchat_set_terminator_count(chat, 1);
	case 3:
		return evchat_set_framing(chat, framing);
	case 4:
		return evchat_set_framing(chat, NULL);
	case 5:
		return evchat_set_output_framing(chat, framing);
	case 6:
		return evchat_unread(chat, "x", 1);
	case 7:
		return evchat_set_max_frame(chat, 1, EVCHAT_OVERSIZE_DISCARD);
	case 8:
		return evchat_set_max_frame(chat, 1, (enum evchat_oversize)9);
	case 9:
		return evchat_set_watermarks(chat, 1, 2);
	case 10:
		return evchat_set_watermarks(chat, 2, 1);
	case 11:
		return evchat_set_buffer_sizes(chat, 1, 1);
	case 12:
		return evchat_set_buffer_sizes(chat, 0, 0);
	default:
		return evchat_set_timeout(chat, timeouts[which - 13],
		    &short_time);
	}
}

#define SETTERS 17

/* EPIPE comes before EINVAL: the end is what matters to the caller. */
static void
expect_nothing_can_be_set(struct evchat *chat)
{
	int i;

	framing = evchat_framing_delimiter("x", 1, 0);
	ck_assert_ptr_nonnull(framing);
	errno = 0;
	for (i = 0; i < SETTERS; i++)
		expect_error(set(chat, i), EPIPE);
	evchat_set_terminator_none(chat);
	evchat_framing_free(framing);
}

START_TEST(nothing_can_be_set_while_closing)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);
	struct evchat_framing *before;

	harness_crlf(h);
	before = evchat_get_framing(h->chat);
	harness_push_stuck(h, "p");
	evchat_close_when_done(h->chat);
	harness_turn(h);
	expect_nothing_can_be_set(h->chat);
	ck_assert_ptr_eq(evchat_get_framing(h->chat), before);
	ck_assert_ptr_eq(evchat_get_arg(h->chat), h);
	harness_feed(h, "abx\r\n");
	if (_i == 0) /* no timeout comes */
		harness_wait(h, 2 * SHORT_MS);
	evchat_free(h->chat);
	harness_end(h, "done:p:discarded:0|closed:freed");
}
END_TEST

static void
set_nothing(struct harness *h, enum evchat_reason why)
{
	(void)why;
	expect_nothing_can_be_set(h->chat);
	ck_assert_ptr_eq(evchat_get_arg(h->chat), h);
}

START_TEST(nothing_can_be_set_at_the_end_or_behind_it)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);
	struct evchat *chat = h->chat;

	evchat_incref(chat);
	h->script.closed = set_nothing;
	evchat_free(chat);
	expect_nothing_can_be_set(chat);
	evchat_decref(chat);
	harness_end(h, "closed:freed");
}
END_TEST

/* Hooks */

START_TEST(without_hooks_a_channel_goes_on_by_itself)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);
	int arg;

	harness_crlf(h);
	harness_feed(h, "ab\r\n");
	ck_assert_int_eq(evchat_set_hooks(h->chat, NULL, &arg), 0);
	ck_assert_ptr_eq(evchat_get_arg(h->chat), &arg);
	harness_feed(h, "cd\r\n");
	ck_assert_uint_eq(evchat_get_offset(h->chat), 8);
	ck_assert_int_eq(evchat_push(h->chat, "hello", 5), 0);
	harness_expect_received(h, "hello");
	ck_assert_int_eq(evchat_set_hooks(h->chat, &harness_streaming, h), 0);
	harness_feed(h, "ef\r\n");
	harness_end(h, "collect:ab|found|collect:ef|found");
}
END_TEST

START_TEST(without_hooks_nobody_is_told_the_end)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);
	struct evchat *chat = h->chat;

	evchat_incref(chat);
	harness_push_mark(h, "m");
	ck_assert_int_eq(evchat_set_hooks(chat, NULL, NULL), 0);
	harness_send_eof(h);
	harness_turn(h);
	ck_assert_ptr_null(evchat_get_bufferevent(chat));
	evchat_decref(chat);
	/* The harness's books have a closed for each channel. */
	h->chat = NULL;
	h->closed = 1;
	harness_end(h, "mark:m:sent");
}
END_TEST

static Suite *
settings_suite(void)
{
	Suite *suite = suite_create("settings");
	TCase *tc = harness_case(suite, "timeouts");

	tcase_add_loop_test(tc, time_that_is_none_is_refused, 0, 4);
	tcase_add_test(tc, refused_time_leaves_the_one_before);

	tc = harness_case(suite, "closing");
	tcase_add_loop_test(tc, nothing_can_be_set_while_closing, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc, nothing_can_be_set_at_the_end_or_behind_it, 0,
	    HARNESS_WAITING);

	tc = harness_case(suite, "hooks");
	tcase_add_loop_test(tc, without_hooks_a_channel_goes_on_by_itself, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc, without_hooks_nobody_is_told_the_end, 0,
	    HARNESS_WAITING);
	return suite;
}

int
main(void)
{
	return harness_main(settings_suite());
}
