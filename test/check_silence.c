/*
 * EVCHAT_EVENT_TIMEOUT: what the hook may do about a peer that is silent, and
 * what comes of it, also with every allocation failing. No test asks how long
 * it took.
 */

#include <string.h>
#include "harness.h"
#include "sink.h"

static const struct timeval at_once = { 0, 1 };

static void
read_runs_out(struct harness *h)
{
	harness_ok(h, evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_READ, &at_once));
}

static void
frame_runs_out(struct harness *h)
{
	harness_ok(h, evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_FRAME, &at_once));
}

static void
rate_runs_out(struct harness *h)
{
	harness_ok(h, evchat_set_min_rate(h->chat, 1, 0, &at_once));
}

static void
ask_once(struct harness *h, enum evchat_event what)
{
	if (what != EVCHAT_EVENT_TIMEOUT || h->count++ > 0)
		return;
	harness_ok(h, evchat_push(h->chat, "ping", 4));
	read_runs_out(h);
}

static void
refuse(struct harness *h, enum evchat_event what)
{
	if (what != EVCHAT_EVENT_TIMEOUT)
		return;
	harness_ok(h, evchat_push(h->chat, "408", 3));
	evchat_close_when_done(h->chat);
}

static void
free_it(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_TIMEOUT)
		evchat_free(h->chat);
}

static void
detach_it(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_TIMEOUT)
		harness_detach_now(h);
}

static void
pause_it(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_TIMEOUT)
		evchat_pause(h->chat);
}

static void
set_another(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_TIMEOUT)
		harness_ok(h, evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_WRITE,
		    &at_once));
}

static void
take_back(struct harness *h, enum evchat_event what)
{
	if (what != EVCHAT_EVENT_TIMEOUT || h->count++ > 0)
		return;
	harness_ok(h, evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_FRAME, NULL));
	harness_ok(h, evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_READ, &at_once));
}

static void
rate_once(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_TIMEOUT && h->count++ == 0)
		rate_runs_out(h);
}

static void
end_of_rate(struct harness *h, enum evchat_event what)
{
	if (what != EVCHAT_EVENT_TIMEOUT || h->count++ > 0)
		return;
	harness_ok(h, evchat_set_min_rate(h->chat, 1, 0, NULL));
	frame_runs_out(h);
}

#define START .input = "ab\r\ncd", .act_at = 6, .hooks = &harness_frames
#define TOLD "frame:ab|event:timeout|"

static const struct harness_scenario cases[] = {
	{ START, .act = read_runs_out, .expect = TOLD "closed:read timeout" },
	{ START, .act = frame_runs_out, .expect = TOLD "closed:frame timeout" },
	{ START, .act = rate_runs_out, .expect = TOLD "closed:slow" },
	{ START, .act = read_runs_out, .script.event = ask_once,
	    .output = "ping",
	    .expect = TOLD "event:timeout|closed:read timeout" },
	{ START, .act = read_runs_out, .script.event = refuse,
	    .output = "408", .expect = TOLD "closed:done" },
	{ START, .act = frame_runs_out, .script.event = refuse,
	    .output = "408", .expect = TOLD "closed:done" },
	{ START, .act = rate_runs_out, .script.event = refuse,
	    .output = "408", .expect = TOLD "closed:done" },
	{ START, .act = read_runs_out, .script.event = free_it,
	    .expect = TOLD "closed:freed" },
	{ START, .act = frame_runs_out, .script.event = detach_it,
	    .expect = TOLD "closed:detached|left:cd" },
	{ START, .act = read_runs_out, .script.event = pause_it,
	    .expect = TOLD "closed:read timeout" },
	{ START, .act = frame_runs_out, .script.event = set_another,
	    .expect = TOLD "closed:frame timeout" },
	{ START, .act = frame_runs_out, .script.event = take_back,
	    .expect = TOLD "event:timeout|closed:read timeout" },
	{ START, .act = rate_runs_out, .script.event = rate_once,
	    .expect = TOLD "event:timeout|closed:slow" },
	{ START, .act = rate_runs_out, .script.event = end_of_rate,
	    .expect = TOLD "event:timeout|closed:frame timeout" },
	/* In pieces it is no different. */
	{ .input = "abc", .act_at = 3, .act = frame_runs_out,
	    .expect = "collect:abc|event:timeout|closed:frame timeout" },
	{ .input = "abc", .act_at = 3, .act = rate_runs_out,
	    .script.event = refuse, .output = "408",
	    .expect = "collect:abc|event:timeout|closed:done" },
};

#define CASES ((int)(sizeof(cases) / sizeof(cases[0])))

/* Each run waits for the timer, so each case is for one kind, in turn. */
START_TEST(what_comes_of_silence)
{
	struct harness_scenario s = cases[_i];

	s.start = harness_crlf;
	s.until_closed = true;
	harness_prove_on(&s, sink_kinds[_i % SINK_KINDS]);
}
END_TEST

/* The loop is held up, for longer than the peer has. */
static void
hold_up(void)
{
	static const struct timeval longer = { 0, 3000 };
	struct timeval begun, now, gone;

	ck_assert_int_eq(evutil_gettimeofday(&begun, NULL), 0);
	do {
		ck_assert_int_eq(evutil_gettimeofday(&now, NULL), 0);
		evutil_timersub(&now, &begun, &gone);
	} while (evutil_timercmp(&gone, &longer, <));
}

START_TEST(bytes_that_wait_are_no_silence_however_late_the_loop_is)
{
	struct harness *h = harness_frames_on((int)sink_kinds[_i]);

	harness_crlf(h);
	harness_feed(h, "a");
	frame_runs_out(h);
	read_runs_out(h);
	event_base_loop(h->base, EVLOOP_ONCE | EVLOOP_NONBLOCK);
	ck_assert_uint_eq(harness_send_some(h, "b\r\n", 3), 3);
	hold_up();
	harness_run_until_closed(h);
	harness_end(h, "frame:ab|event:timeout|closed:read timeout");
}
END_TEST

static Suite *
silence_suite(void)
{
	Suite *suite = suite_create("silence");
	TCase *tc = harness_case(suite, "silence");

	tcase_add_loop_test(tc, what_comes_of_silence, 0, CASES);
	tcase_add_loop_test(tc,
	    bytes_that_wait_are_no_silence_however_late_the_loop_is, 0,
	    SINK_KINDS);
	return suite;
}

int
main(void)
{
	return harness_main(silence_suite());
}
