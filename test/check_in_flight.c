/*
 * A channel that is freed while output of every kind is on its way, inside of
 * each hook and from outside: all that was pushed is told its end once, before
 * closed, and nothing is told behind it.
 */

#include <string.h>
#include "feeder.h"
#include "harness.h"
#include "sink.h"

static struct feeder feeder;

static void
free_it(struct harness *h)
{
	evchat_free(h->chat);
	ck_assert_int_eq(h->closed, 1);
	ck_assert_ptr_nonnull(strstr(harness_transcript(h), "closed:freed"));
}

/* Where */

static void
in_collect(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	free_it(h);
}

static void
in_event(struct harness *h, enum evchat_event what)
{
	(void)what;
	free_it(h);
}

static void
in_released(struct harness *h, const char *name)
{
	if (h->closed == 0 && strcmp(name, "first") == 0 && h->count++ == 0)
		evchat_free(h->chat);
}

static void
in_more(struct feeder *asked)
{
	/* It ends inside of that call. */
	free_it(asked->h);
}

static void
arm_collect(struct harness *h)
{
	h->script.collect = in_collect;
	harness_send(h, "ab\r\n", 4);
}

static void
arm_found(struct harness *h)
{
	h->script.found = free_it;
	harness_send(h, "ab\r\n", 4);
}

static void
arm_eof(struct harness *h)
{
	h->script.event = in_event;
	harness_send_eof(h);
}

static void
arm_oversize(struct harness *h)
{
	ck_assert_int_eq(evchat_set_max_frame(h->chat, 2,
	    EVCHAT_OVERSIZE_DISCARD), 0);
	h->script.event = in_event;
	harness_send(h, "abcdef\r\n", 8);
}

static void
arm_writable(struct harness *h)
{
	ck_assert_int_eq(evchat_set_watermarks(h->chat, 2 * HARNESS_MUCH,
	    3 * HARNESS_MUCH), 0);
	h->script.event = in_event;
}

static void
arm_more(struct harness *h)
{
	feeder.in_more = in_more;
	/* It is behind what waits, so there has to be room. */
	ck_assert_int_eq(evchat_set_watermarks(h->chat, 1,
	    9 * HARNESS_MUCH), 0);
}

static void
arm_released(struct harness *h)
{
	h->script.released = in_released;
}

static void
arm_later(struct harness *h)
{
	harness_later(h, free_it);
}

static void
arm_closing(struct harness *h)
{
	evchat_close_when_done(h->chat);
	harness_later(h, free_it);
}

static void (*const places[])(struct harness *h) = { arm_collect, arm_found,
    arm_eof, arm_oversize, arm_writable, arm_more, arm_released, arm_later,
    arm_closing };

#define PLACES ((int)(sizeof(places) / sizeof(places[0])))

/* How often a part is in the transcript. */
static int
times(struct harness *h, const char *part)
{
	const char *at = harness_transcript(h);
	int n = 0;

	while ((at = strstr(at, part)) != NULL) {
		at += strlen(part);
		n++;
	}
	return n;
}

START_TEST(freeing_ends_all_that_is_in_flight_once)
{
	struct harness *h = harness_streaming_on(
	    (int)sink_kinds[_i / PLACES]);
	const char *end;

	harness_crlf(h);
	sink_narrow(h);
	harness_peer_read(h, false);
	harness_push_mark(h, "first");
	harness_push_much(h);
	harness_push_reference(h, "r", "reference");
	harness_push_producer(h, "p", "text");
	feeder_push(&feeder, h, "f", "ab~cd.");
	harness_push_mark(h, "m");
	places[_i % PLACES](h);
	harness_run_until_closed(h);
	ck_assert_int_eq(h->why, EVCHAT_REASON_FREED);
	ck_assert_int_eq(times(h, "mark:first:"), 1);
	ck_assert_int_eq(times(h, "cleanup:r"), 1);
	/* What a filter has taken is SENT. */
	ck_assert_int_eq(times(h, "done:p:"), 1);
	ck_assert_int_eq(times(h, "done:f:discarded"), 1);
	ck_assert_int_eq(times(h, "mark:m:discarded"), 1);
	end = strstr(harness_transcript(h), "closed:freed");
	ck_assert_ptr_nonnull(end);
	ck_assert_str_eq(end, "closed:freed");
	harness_turn(h);
	harness_turn(h);
	harness_free(h);
}
END_TEST

static Suite *
in_flight_suite(void)
{
	Suite *suite = suite_create("in flight");
	TCase *tc = harness_case(suite, "in flight");

	tcase_add_loop_test(tc, freeing_ends_all_that_is_in_flight_once, 0,
	    PLACES * SINK_KINDS);
	return suite;
}

int
main(void)
{
	return harness_main(in_flight_suite());
}
