/*
 * Scenarios with deadlines, for the sake of their runs in which one of the
 * allocations fails: a deadline that cannot be set ends the channel, or it is
 * set after all.
 */

#include <stdlib.h>
#include <string.h>
#include "harness.h"

/* Carriers of every kind of transport. */
static const enum harness_carrier carriers[] = { HARNESS_SOCKET,
    HARNESS_PAIR, HARNESS_FILTER_DEFER, HARNESS_TCP };

#define CARRIERS ((int)(sizeof(carriers) / sizeof(carriers[0])))

/* Deadlines that are far */

static void
lines_in_time(struct harness *h)
{
	static const struct timeval minute = { 60, 0 };

	harness_crlf(h);
	harness_ok(h, evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_READ,
	    &minute));
	harness_ok(h, evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_WRITE,
	    &minute));
	harness_ok(h, evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_FRAME,
	    &minute));
	harness_ok(h, evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_LINGER,
	    &minute));
}

static void
echo_after_a_pause(struct harness *h, const void *data, size_t len)
{
	harness_ok(h, evchat_push_frame(h->chat, data, len));
	evchat_pause(h->chat);
	harness_later(h, harness_resume);
}

START_TEST(deadlines_that_cannot_be_set_end_the_channel)
{
	static const struct harness_scenario s = {
		.input = "ab\r\ncd\r\nef", .eof = true, .start = lines_in_time,
		.script.frame = echo_after_a_pause, .hooks = &harness_frames,
		.until_closed = true, .output = "ab\r\ncd\r\n",
		.expect = "frame:ab|frame:cd|event:eof|closed:truncated"
	};

	harness_prove_on(&s, carriers[_i]);
}
END_TEST

static void
pause_and_read_in_time(struct harness *h)
{
	static const struct timeval minute = { 60, 0 };

	harness_crlf(h);
	evchat_pause(h->chat);
	harness_ok(h, evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_READ,
	    &minute));
}

/* Reading is enabled again with a timeout that it has not had before. */
START_TEST(reading_that_cannot_go_on_ends_the_channel)
{
	static const struct harness_scenario s = {
		.input = "ab\r\n", .start = pause_and_read_in_time,
		.act = harness_resume, .act_at = 2, .hooks = &harness_frames,
		.expect = "frame:ab"
	};

	harness_prove_on(&s, carriers[_i]);
}
END_TEST

/* Deadlines that pass */

static void
set_short(struct harness *h, enum evchat_timeout which)
{
	static const struct timeval short_time = { 0, 2000 };

	harness_ok(h, evchat_set_timeout(h->chat, which, &short_time));
}

static void
lines_in_short_time(struct harness *h)
{
	harness_crlf(h);
	set_short(h, EVCHAT_TIMEOUT_FRAME);
}

static void
linger_for_a_short_time(struct harness *h)
{
	h->rude = true;
	harness_crlf(h);
	set_short(h, EVCHAT_TIMEOUT_LINGER);
}

static void
write_in_short_time(struct harness *h)
{
	harness_peer_read(h, false);
	set_short(h, EVCHAT_TIMEOUT_WRITE);
	harness_push_much(h);
}

static void
close_with_data(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	evchat_close_when_done(h->chat);
}

START_TEST(deadline_passes_or_the_channel_ends)
{
	static const struct harness_scenario frame = {
		/* No frame ends: its last piece could come too late. */
		.input = "abc", .start = lines_in_short_time,
		.hooks = &harness_frames, .until_closed = true,
		.expect = "event:timeout|closed:frame timeout"
	};
	static const struct harness_scenario linger = {
		.input = "a\r\n", .start = linger_for_a_short_time,
		.script.frame = close_with_data, .hooks = &harness_frames,
		.until_closed = true, .expect = "frame:a|closed:done"
	};
	static const struct harness_scenario write = {
		.start = write_in_short_time, .until_closed = true,
		.expect = "closed:write timeout"
	};

	harness_prove_on(&frame, carriers[_i]);
	harness_prove_on(&linger, carriers[_i]);
	harness_prove_on(&write, carriers[_i]);
}
END_TEST

/* Answers */

static void
echo(struct harness *h, const void *data, size_t len)
{
	harness_ok(h, evchat_push_frame(h->chat, data, len));
}

static void
close_above_three(struct harness *h)
{
	harness_crlf(h);
	harness_ok(h, evchat_set_max_frame(h->chat, 3, EVCHAT_OVERSIZE_CLOSE));
}

START_TEST(answers_before_an_oversize_frame_are_sent)
{
	static const struct harness_scenario s = {
		.input = "abc\r\nabcd\r\n", .start = close_above_three,
		.script.frame = echo, .hooks = &harness_frames,
		.until_closed = true, .output = "abc\r\n",
		.expect = "frame:abc|closed:oversize"
	};

	harness_prove_on(&s, carriers[_i]);
}
END_TEST

static Suite *
scarce_time_suite(void)
{
	Suite *suite = suite_create("scarce time");
	TCase *tc = harness_case(suite, "deadlines");

	tcase_add_loop_test(tc, deadlines_that_cannot_be_set_end_the_channel, 0,
	    CARRIERS);
	tcase_add_loop_test(tc, reading_that_cannot_go_on_ends_the_channel, 0,
	    CARRIERS);
	tcase_add_loop_test(tc, deadline_passes_or_the_channel_ends, 0,
	    CARRIERS);
	tcase_add_loop_test(tc, answers_before_an_oversize_frame_are_sent, 0,
	    CARRIERS);
	return suite;
}

int
main(void)
{
	return harness_main(scarce_time_suite());
}
