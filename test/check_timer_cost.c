/*
 * Timeouts cost nothing by the message: how often a channel's timer is set,
 * counted in event_add() itself. What the library gives libevent comes by
 * here.
 */

#define _GNU_SOURCE /* RTLD_NEXT */
#include <dlfcn.h>
#include <string.h>
#include "hourglass.h"
#include "sink.h"

#define FRAMES 1000
#define HANDFUL 8

static int times_set;

int event_add(struct event *event, const struct timeval *tv);

int
event_add(struct event *event, const struct timeval *tv)
{
	int (*real)(struct event *, const struct timeval *);
	void *found = dlsym(RTLD_NEXT, "event_add");

	memcpy(&real, &found, sizeof(real));
	if (event_get_callback(event) == timing_alarm)
		times_set++;
	return real(event, tv);
}

static void
answer(struct harness *h, const void *data, size_t len)
{
	h->count++;
	ck_assert_int_eq(evchat_push(h->chat, data, len), 0);
}

START_TEST(thousand_frames_set_the_timer_a_handful_of_times)
{
	static const enum evchat_timeout all[] = { EVCHAT_TIMEOUT_READ,
	    EVCHAT_TIMEOUT_WRITE, EVCHAT_TIMEOUT_FRAME, EVCHAT_TIMEOUT_STALL };
	struct harness *h = harness_frames_on((int)sink_kinds[_i]);
	int i;

	times_set = 0;
	harness_crlf(h);
	h->script.frame = answer;
	for (i = 0; i < 4; i++)
		hourglass_set(h, all[i], &hourglass_hour);
	ck_assert_int_eq(evchat_set_min_rate(h->chat, 1, 1, &hourglass_hour),
	    0);
	for (i = 0; i < FRAMES; i++) {
		harness_feed(h, "hel");
		harness_feed(h, "lo\r\n");
	}
	ck_assert_int_eq(h->count, FRAMES);
	harness_run_until_received(h, 5 * FRAMES);
	ck_assert_int_ge(times_set, 1); /* else nothing is counted here */
	ck_assert_int_le(times_set, HANDFUL);
	harness_free(h);
}
END_TEST

/* When it runs out, it is set once for all that is left. */
START_TEST(timer_that_runs_out_is_set_once)
{
	struct harness *h = harness_frames_on((int)sink_kinds[_i]);

	harness_crlf(h);
	hourglass_set(h, EVCHAT_TIMEOUT_READ, &hourglass_hour);
	hourglass_set(h, EVCHAT_TIMEOUT_FRAME, &hourglass_hour);
	harness_feed(h, "ab");
	times_set = 0;
	timing_alarm(-1, EV_TIMEOUT, h->chat);
	harness_turn(h);
	ck_assert_int_eq(times_set, 1);
	harness_end(h, "");
}
END_TEST

static Suite *
timer_cost_suite(void)
{
	Suite *suite = suite_create("timer_cost");
	TCase *tc = harness_case(suite, "timer_cost");

	tcase_add_loop_test(tc,
	    thousand_frames_set_the_timer_a_handful_of_times, 0, SINK_KINDS);
	tcase_add_loop_test(tc, timer_that_runs_out_is_set_once, 0,
	    SINK_KINDS);
	return suite;
}

int
main(void)
{
	return harness_main(timer_cost_suite());
}
