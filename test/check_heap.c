/*
 * Timers for which there is no memory: libevent keeps them in a heap, and only
 * when that is full does another one take an allocation. So each test runs
 * with heaps of every fill; at one of them it has failed.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "harness.h"

#define SHORT_MS 20
#define TIMERS 20 /* more than a heap has room for at first */

static const struct timeval hour = { 3600, 0 };

struct heap {
	struct event *timers[TIMERS];
	int n;
};

static void
never(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

static void
fill(struct heap *heap, struct harness *h, int n)
{
	for (heap->n = 0; heap->n < n; heap->n++) {
		heap->timers[heap->n] = evtimer_new(h->base, never, NULL);
		ck_assert_int_eq(event_add(heap->timers[heap->n], &hour), 0);
	}
}

static void
empty(struct heap *heap)
{
	while (heap->n > 0)
		event_free(heap->timers[--heap->n]);
}

static struct harness *
start(void)
{
	struct harness *h = harness_start_new(HARNESS_SOCKET, &harness_frames);

	harness_crlf(h);
	return h;
}

/* Whether the failing allocation was reached. */
static bool
has_failed(void)
{
	bool failed = harness_allocation_failed();

	harness_fail_allocation(0);
	return failed;
}

/* evchat_set_timeout() */

static bool
set_timeout(int n)
{
	const struct timeval short_time = { 0, SHORT_MS * 1000 };
	struct harness *h = start();
	struct heap heap;
	bool failed;
	int done;

	fill(&heap, h, n);
	errno = 0;
	harness_fail_allocation(1);
	done = evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_READ, &short_time);
	failed = has_failed();
	ck_assert_int_eq(done, failed ? -1 : 0);
	empty(&heap);
	if (failed) {
		ck_assert_int_eq(errno, ENOMEM);
		evchat_pause(h->chat);
		harness_turn(h);
		evchat_resume(h->chat);
		harness_wait(h, 2 * SHORT_MS);
		harness_expect(h, "");
	}
	harness_free(h);
	return failed;
}

START_TEST(timeout_that_cannot_be_set_is_not_set)
{
	bool failed = false;
	int n;

	for (n = 0; n <= TIMERS; n++)
		failed = set_timeout(n) || failed;
	ck_assert(failed);
}
END_TEST

/* The timer of a channel, which is set in a turn */

static bool
first_timer(int n)
{
	struct harness *h = start();
	struct heap heap;
	bool failed;

	ck_assert_int_eq(evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_READ,
	    &hour), 0);
	fill(&heap, h, n);
	harness_fail_allocation(2); /* behind the event itself */
	event_base_loop(h->base, EVLOOP_NONBLOCK);
	failed = has_failed();
	empty(&heap);
	harness_end(h, failed ? "closed:no memory" : "");
	return failed;
}

START_TEST(channel_that_cannot_set_its_timer_ends)
{
	bool failed = false;
	int n;

	for (n = 0; n <= TIMERS; n++)
		failed = first_timer(n) || failed;
	ck_assert(failed);
}
END_TEST

/* Turns, which give way to others by a timer */

static void
fail_the_next(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	if (h->count++ > 0)
		return;
	ck_assert_int_eq(evchat_set_buffer_sizes(h->chat, 1, 1), 0);
	harness_fail_allocation(1);
}

static bool
yield(int n)
{
	struct harness *h = start();
	struct heap heap;
	bool failed;

	h->script.frame = fail_the_next;
	fill(&heap, h, n);
	harness_send(h, "a\r\nb\r\nc\r\n", 9);
	event_base_loop(h->base, EVLOOP_NONBLOCK);
	failed = has_failed();
	empty(&heap);
	harness_run_until_noted(h, "frame:c");
	harness_end(h, "frame:a|frame:b|frame:c");
	return failed;
}

START_TEST(turn_that_cannot_give_way_comes_all_the_same)
{
	bool failed = false;
	int n;

	for (n = 0; n <= TIMERS; n++)
		failed = yield(n) || failed;
	ck_assert(failed);
}
END_TEST

static Suite *
heap_suite(void)
{
	Suite *suite = suite_create("heap");
	TCase *tc = harness_case(suite, "heap");

	tcase_add_test(tc, timeout_that_cannot_be_set_is_not_set);
	tcase_add_test(tc, channel_that_cannot_set_its_timer_ends);
	tcase_add_test(tc, turn_that_cannot_give_way_comes_all_the_same);
	return suite;
}

int
main(void)
{
	return harness_main(heap_suite());
}
