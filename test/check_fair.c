/*
 * What one channel must not do to the others, whatever its hooks and its peer
 * do: keep the loop, grow without limit, hang.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "harness.h"

/* Keeping the loop */

struct tick {
	struct harness *h;
	struct event *event;
	int n;
};

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct tick *tick = arg;

	(void)fd;
	(void)what;
	if (++tick->n == 3)
		event_base_loopbreak(tick->h->base);
}

/* Run the loop until a timer beside the channel has fired three times. */
static void
run_beside_timer(struct harness *h)
{
	static const struct timeval soon = { 0, 1000 };
	struct tick tick = { .h = h };

	tick.event = event_new(h->base, -1, EV_PERSIST, on_tick, &tick);
	ck_assert_ptr_nonnull(tick.event);
	ck_assert_int_eq(event_add(tick.event, &soon), 0);
	event_base_dispatch(h->base);
	ck_assert_int_eq(tick.n, 3);
	event_free(tick.event);
}

static struct evchat_producer *endless;

static enum evchat_more
nothing_more(void *self, struct evbuffer *out, size_t want)
{
	(void)self;
	(void)out;
	(void)want;
	return EVCHAT_MORE_DATA;
}

static enum evchat_more
resumed_more(void *self, struct evbuffer *out, size_t want)
{
	(void)self;
	(void)out;
	(void)want;
	evchat_producer_resume(endless);
	return EVCHAT_MORE_LATER;
}

static enum evchat_more
endless_more(void *self, struct evbuffer *out, size_t want)
{
	static const char zeros[4096];

	(void)self;
	evbuffer_add(out, zeros, want < sizeof(zeros) ? want : sizeof(zeros));
	return EVCHAT_MORE_DATA;
}

static void
nothing_done(void *self, enum evchat_done how, uint64_t bytes)
{
	(void)self;
	(void)how;
	(void)bytes;
}

static const struct evchat_producer_ops tireless[] = {
	{ nothing_more, nothing_done },
	{ resumed_more, nothing_done },
	{ endless_more, nothing_done },
};

START_TEST(tireless_producer_leaves_the_loop_to_others)
{
	enum harness_carrier carriers[] = { HARNESS_SOCKET, HARNESS_PAIR,
	    HARNESS_FILTER,
#ifdef HAVE_OPENSSL
	    HARNESS_TLS, HARNESS_TLS_FILTER
#endif
	};
	struct harness *h = harness_start_new(carriers[_i / 3],
	    &harness_streaming);

	endless = evchat_producer_new(&tireless[_i % 3], NULL);
	ck_assert_ptr_nonnull(endless);
	ck_assert_int_eq(evchat_push_with_producer(h->chat, endless), 0);
	run_beside_timer(h);
	evchat_free(h->chat);
	harness_free(h);
}
END_TEST

static void
count_again(struct harness *h)
{
	if (h->chat != NULL)
		ck_assert_int_eq(evchat_set_terminator_count(h->chat, 0), 0);
}

START_TEST(frames_of_nothing_leave_the_loop_to_others)
{
	struct harness *h = harness_start_new(HARNESS_SOCKET,
	    &harness_found_only);

	h->script.found = count_again;
	count_again(h);
	run_beside_timer(h);
	h->script.found = NULL;
	evchat_free(h->chat);
	harness_free(h);
}
END_TEST

/* Priorities */

static void
on_other(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	harness_note(arg, "other");
}

/* Whichever is active first, the priority decides. */
START_TEST(channel_has_its_bufferevents_priority_higher_or_lower)
{
	static const enum harness_carrier sockets[] = { HARNESS_SOCKET,
	    HARNESS_BEV_DEFER, HARNESS_TCP };
	static const int priorities[] = { 2, 0, 2, 0 };
	struct harness *h = harness_new(sockets[_i]);
	struct event *other = event_new(h->base, -1, 0, on_other, h);
	size_t i;

	ck_assert_int_eq(event_base_priority_init(h->base, 3), 0);
	ck_assert_int_eq(event_priority_set(other, 1), 0);
	harness_start(h, &harness_found_only, 0);
	harness_turn(h);
	for (i = 0; i < sizeof(priorities) / sizeof(priorities[0]); i++) {
		bufferevent_priority_set(h->bev, priorities[i]);
		if (priorities[i] == 0)
			event_active(other, EV_TIMEOUT, 0);
		count_again(h);
		if (priorities[i] != 0)
			event_active(other, EV_TIMEOUT, 0);
		harness_turn(h);
	}
	event_free(other);
	harness_end(h,
	    "other|found|found|other|other|found|found|other");
}
END_TEST

/* Growing without limit */

static void
answer_at_length(struct harness *h, enum evchat_event what)
{
	static const char answer[1000];

	if (what == EVCHAT_EVENT_OVERSIZE)
		ck_assert_int_eq(evchat_push(h->chat, answer,
		    sizeof(answer)), 0);
}

START_TEST(answers_to_frames_above_the_maximum_are_stopped_like_others)
{
	struct harness *h = harness_start_new(HARNESS_SOCKET, &harness_frames);
	size_t i, most = 0, len;

	harness_crlf(h);
	h->script.event = answer_at_length;
	ck_assert_int_eq(evchat_set_max_frame(h->chat, 2,
	    EVCHAT_OVERSIZE_DISCARD), 0);
	harness_peer_read(h, false);
	for (i = 0; i < 20000 && harness_send_some(h, "long\r\n", 6) == 6; i++) {
		harness_turn(h);
		len = evchat_get_output_length(h->chat);
		most = len > most ? len : most;
	}
	ck_assert_uint_gt(most, 128 * 1024);
	ck_assert_uint_le(most, 128 * 1024 + 1000);
	evchat_free(h->chat);
	harness_free(h);
}
END_TEST

/* Hanging */

START_TEST(peer_that_is_gone_ends_a_channel_that_closes)
{
	struct harness *h = harness_start_new(HARNESS_TCP, &harness_streaming);

	harness_push_stuck(h, "p");
	evchat_close_when_done(h->chat);
	harness_turn(h);
	harness_reset(h);
	harness_run_until_closed(h);
	harness_end(h, "done:p:failed:0|closed:io");
}
END_TEST

START_TEST(connection_that_was_reset_before_is_not_being_made)
{
	struct harness *h = harness_new(HARNESS_TCP);

	harness_reset(h);
	harness_start(h, &harness_streaming, 0);
	harness_run_until_closed(h);
	harness_end(h, "closed:io");
}
END_TEST

/* Halves */

START_TEST(frame_is_queued_whole_or_not_at_all)
{
	static char payload[8000];
	struct harness *h = harness_start_new(HARNESS_SOCKET, &harness_frames);
	size_t before;
	int done;

	memset(payload, 'x', sizeof(payload));
	harness_crlf(h);
	/* So that the payload fits behind it and the delimiter does not. */
	ck_assert_int_eq(evchat_push(h->chat, payload, 1000 + (size_t)_i), 0);
	before = evchat_get_output_length(h->chat);
	harness_fail_allocation(1);
	done = evchat_push_frame(h->chat, payload, sizeof(payload));
	if (harness_allocation_failed()) {
		ck_assert_int_eq(done, -1);
		ck_assert_int_eq(errno, ENOMEM);
		ck_assert_uint_eq(evchat_get_output_length(h->chat), before);
	}
	harness_fail_allocation(0);
	evchat_close_when_done(h->chat);
	harness_run_until_closed(h);
	ck_assert_uint_eq(evbuffer_get_length(h->received), done == 0 ?
	    before + sizeof(payload) + 2 : before);
	harness_end(h, "closed:done");
}
END_TEST

/* The queue tells that it is above the high mark, whatever brought it there. */
static void
note_queue(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_WRITABLE)
		harness_note(h, "low:%d",
		    evchat_get_output_length(h->chat) <= 10);
}

START_TEST(lowering_the_high_mark_tells_when_the_queue_is_below_it)
{
	static const char some[100000];
	struct harness *h = harness_start_new(HARNESS_SOCKET,
	    &harness_streaming);

	h->script.event = note_queue;
	ck_assert_int_eq(evchat_push(h->chat, some, sizeof(some)), 0);
	ck_assert_int_eq(evchat_set_watermarks(h->chat, 10, 1000), 0);
	harness_run_until_received(h, sizeof(some));
	harness_run_until_noted(h, "low:1");
	evchat_free(h->chat);
	harness_end(h, "low:1|closed:freed");
}
END_TEST

static Suite *
fair_suite(void)
{
	Suite *suite = suite_create("fair");
	TCase *tc = harness_case(suite, "loop");

	tcase_add_loop_test(tc, tireless_producer_leaves_the_loop_to_others, 0,
	    9);
	tcase_add_test(tc, frames_of_nothing_leave_the_loop_to_others);
	tcase_add_loop_test(tc,
	    channel_has_its_bufferevents_priority_higher_or_lower, 0, 3);
	tc = harness_case(suite, "limits");
	tcase_add_test(tc,
	    answers_to_frames_above_the_maximum_are_stopped_like_others);
	tc = harness_case(suite, "ends");
	tcase_add_test(tc, peer_that_is_gone_ends_a_channel_that_closes);
	tcase_add_test(tc, connection_that_was_reset_before_is_not_being_made);
	tc = harness_case(suite, "halves");
	tcase_add_loop_test(tc, frame_is_queued_whole_or_not_at_all, 0, 40);
	tcase_add_test(tc,
	    lowering_the_high_mark_tells_when_the_queue_is_below_it);
	return suite;
}

int
main(void)
{
	return harness_main(fair_suite());
}
