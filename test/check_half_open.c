/*
 * evchat_set_half_open(): whether a channel outlives the peer's end is the
 * application's to say, before that end, when it is told, and behind it.
 */

#include <errno.h>
#include <string.h>
#include "feeder.h"
#include "harness.h"
#include "sink.h"

static void
set(struct harness *h, int on)
{
	ck_assert_int_eq(evchat_set_half_open(h->chat, on), 0);
}

static struct harness *
start(int carrier, unsigned options)
{
	struct harness *h = harness_new((enum harness_carrier)carrier);

	harness_start(h, &harness_streaming, options);
	return h;
}

/* It goes on behind its end as one does that was made so. */
static void
expect_to_live(struct harness *h)
{
	harness_run_until_noted(h, "event:eof");
	harness_turn(h);
	ck_assert_int_eq(h->closed, 0);
	ck_assert_int_eq(evchat_push(h->chat, "bye", 3), 0);
	harness_expect_received(h, "bye");
	harness_turn(h);
	ck_assert_int_eq(h->closed, 0);
}

/* Before the end */

START_TEST(channel_that_was_made_half_open_lives_on)
{
	struct harness *h = start(_i, 0);

	set(h, 1);
	harness_feed_eof(h);
	expect_to_live(h);
	evchat_close_when_done(h->chat);
	harness_run_until_closed(h);
	harness_end(h, "event:eof|closed:done");
}
END_TEST

START_TEST(channel_that_is_not_half_open_any_more_ends)
{
	struct harness *h = start(_i, EVCHAT_OPT_HALF_OPEN);

	harness_crlf(h);
	set(h, 0);
	harness_feed(h, "ab");
	harness_feed_eof(h);
	harness_run_until_closed(h);
	harness_end(h, "collect:ab|event:eof|closed:truncated");
}
END_TEST

static void
push_much(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	harness_push_much(h);
}

/* The other options stay what they are. */
START_TEST(channel_that_does_not_stop_by_itself_goes_on_like_that)
{
	struct harness *h = start(_i, EVCHAT_OPT_NO_AUTO_PAUSE);
	struct evchat_stats stats;

	set(h, 2);
	set(h, 0);
	harness_peer_read(h, false);
	h->script.collect = push_much;
	harness_feed(h, "a");
	harness_feed(h, "b");
	evchat_get_stats(h->chat, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.stops, 0);
	harness_end(h, "collect:ab");
}
END_TEST

/* When it is told */

static void
turn_on_at_eof(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_EOF)
		harness_ok(h, evchat_set_half_open(h->chat, 1));
}

static void
turn_off_at_eof(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_EOF)
		harness_ok(h, evchat_set_half_open(h->chat, 0));
}

START_TEST(eof_hook_may_make_the_channel_half_open)
{
	struct harness *h = start(_i, 0);

	h->script.event = turn_on_at_eof;
	harness_feed_eof(h);
	expect_to_live(h);
	evchat_close_when_done(h->chat);
	harness_run_until_closed(h);
	harness_end(h, "event:eof|closed:done");
}
END_TEST

START_TEST(eof_hook_may_let_the_channel_end)
{
	static const struct harness_scenario s = {
		.input = "ab\r\n", .eof = true, .start = harness_crlf,
		.options = EVCHAT_OPT_HALF_OPEN, .until_closed = true,
		.script.event = turn_off_at_eof,
		.expect = "collect:ab|found|event:eof|closed:eof"
	};

	harness_prove(&s);
}
END_TEST

/* Nothing of what it does but these is meant for that end. */
START_TEST(pause_at_eof_puts_the_end_off)
{
	struct harness *h = start(_i, EVCHAT_OPT_HALF_OPEN);

	harness_shake_hands(h);
	evchat_pause(h->chat);
	harness_feed_eof(h);
	harness_turn(h);
	harness_expect(h, "");
	set(h, 0);
	harness_turn(h);
	harness_expect(h, "");
	evchat_resume(h->chat);
	harness_run_until_closed(h);
	harness_end(h, "event:eof|closed:eof");
}
END_TEST

static void
pause_at_eof(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_EOF)
		evchat_pause(h->chat);
}

START_TEST(channel_that_is_paused_in_its_end_ends_when_it_is_resumed)
{
	struct harness *h = start(_i, 0);

	h->script.event = pause_at_eof;
	harness_feed_eof(h);
	expect_to_live(h);
	evchat_resume(h->chat);
	harness_run_until_closed(h);
	harness_end(h, "event:eof|closed:eof");
}
END_TEST

/* Behind it */

START_TEST(channel_ends_when_it_is_not_half_open_any_more)
{
	struct harness *h = start(_i, EVCHAT_OPT_HALF_OPEN);
	struct feeder p;

	harness_crlf(h);
	harness_feed(h, "ab");
	harness_feed_eof(h);
	expect_to_live(h);
	feeder_push(&p, h, "p", "c~d.");
	harness_expect_received(h, "byec");
	set(h, 0);
	harness_turn(h);
	ck_assert_int_eq(h->closed, 0);
	/* As behind the end of any other: it is closing. */
	errno = 0;
	ck_assert_int_eq(evchat_push(h->chat, "no", 2), -1);
	ck_assert_int_eq(errno, EPIPE);
	feeder_resume(&p);
	harness_run_until_closed(h);
	harness_expect_received(h, "byecd");
	harness_run_until_peer_eof(h);
	harness_end(h,
	    "collect:ab|event:eof|done:p:sent:2|closed:truncated");
}
END_TEST

START_TEST(bytes_unread_behind_the_end_are_delivered_before_it_counts)
{
	struct harness *h = start(_i, EVCHAT_OPT_HALF_OPEN);

	harness_crlf(h);
	harness_feed_eof(h);
	expect_to_live(h);
	ck_assert_int_eq(evchat_unread(h->chat, "xy\r\nz", 5), 0);
	set(h, 0);
	harness_run_until_closed(h);
	harness_end(h,
	    "event:eof|collect:xy|found|collect:z|closed:truncated");
}
END_TEST

static void
note_errno(struct harness *h, enum evchat_reason why)
{
	int done;

	(void)why;
	errno = 0;
	done = evchat_set_half_open(h->chat, 1);
	harness_note(h, "%d:%s", done, errno == EPIPE ? "EPIPE" : "?");
}

START_TEST(closing_and_ended_channels_are_neither)
{
	struct harness *h = start(_i, 0);
	struct evchat *chat = h->chat;

	h->script.closed = note_errno;
	evchat_incref(chat);
	evchat_close_when_done(chat);
	note_errno(h, EVCHAT_REASON_DONE);
	harness_run_until_closed(h);
	errno = 0;
	ck_assert_int_eq(evchat_set_half_open(chat, 0), -1);
	ck_assert_int_eq(errno, EPIPE);
	evchat_decref(chat);
	harness_end(h, "-1:EPIPE|closed:done|-1:EPIPE");
}
END_TEST

static Suite *
half_open_suite(void)
{
	Suite *suite = suite_create("half_open");
	TCase *tc = harness_case(suite, "before");

	sink_add(tc, channel_that_was_made_half_open_lives_on);
	sink_add(tc, channel_that_is_not_half_open_any_more_ends);
	sink_add(tc,
	    channel_that_does_not_stop_by_itself_goes_on_like_that);

	tc = harness_case(suite, "told");
	sink_add(tc, eof_hook_may_make_the_channel_half_open);
	tcase_add_test(tc, eof_hook_may_let_the_channel_end);
	sink_add(tc, pause_at_eof_puts_the_end_off);
	sink_add(tc, channel_that_is_paused_in_its_end_ends_when_it_is_resumed);

	tc = harness_case(suite, "behind");
	sink_add(tc, channel_ends_when_it_is_not_half_open_any_more);
	sink_add(tc, bytes_unread_behind_the_end_are_delivered_before_it_counts);
	sink_add(tc, closing_and_ended_channels_are_neither);
	return suite;
}

int
main(void)
{
	return harness_main(half_open_suite());
}
