/*
 * The end of a channel by evchat_free(): from every hook, in the right order,
 * exactly once.
 */

#include <string.h>
#include "harness.h"

#define MUCH (1 << 20) /* more than sockets hold */

static void
free_it(struct harness *h)
{
	evchat_free(h->chat);
}

static void
free_with_data(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	free_it(h);
}

static void
free_in_event(struct harness *h, enum evchat_event what)
{
	(void)what;
	free_it(h);
}

/* evchat_free() */

START_TEST(free_in_a_data_hook_is_the_end)
{
	static const struct harness_scenario collect = {
		.input = "a\r\nb\r\n", .start = harness_crlf,
		.script.collect = free_with_data, .expect = "collect:a|closed:freed"
	};
	static const struct harness_scenario found = {
		.input = "ab\r\ncd\r\n", .start = harness_crlf,
		.script.found = free_it,
		.expect = "collect:ab|found|closed:freed"
	};
	static const struct harness_scenario frame = {
		.input = "ab\r\ncd\r\n", .start = harness_crlf, .eof = true,
		.script.frame = free_with_data, .hooks = &harness_frames,
		.expect = "frame:ab|closed:freed"
	};

	harness_prove(&collect);
	harness_prove(&found);
	harness_prove(&frame);
}
END_TEST

static void
discard_long(struct harness *h)
{
	harness_crlf(h);
	harness_ok(h, evchat_set_max_frame(h->chat, 1,
	    EVCHAT_OVERSIZE_DISCARD));
}

START_TEST(free_in_event_is_the_end)
{
	static const struct harness_scenario eof = {
		.input = "ab", .start = harness_crlf, .eof = true,
		.script.event = free_in_event, .hooks = &harness_frames,
		.expect = "event:eof|closed:freed"
	};
	static const struct harness_scenario oversize = {
		.input = "abc\r\nd\r\n", .start = discard_long, .eof = true,
		.script.event = free_in_event, .hooks = &harness_frames,
		.expect = "event:oversize|closed:freed"
	};

	harness_prove(&eof);
	harness_prove(&oversize);
}
END_TEST

static void
free_in_closed(struct harness *h, enum evchat_reason why)
{
	(void)why;
	evchat_free(h->chat);
	evchat_close_when_done(h->chat);
	evchat_pause(h->chat);
	evchat_discard_buffers(h->chat);
}

START_TEST(free_in_closed_does_nothing)
{
	static const struct harness_scenario freed = {
		.input = "a\r\n", .start = harness_crlf,
		.script = { .found = free_it, .closed = free_in_closed },
		.expect = "collect:a|found|closed:freed"
	};
	static const struct harness_scenario eof = {
		.input = "a\r\n", .start = harness_crlf, .eof = true,
		.script.closed = free_in_closed,
		.expect = "collect:a|found|event:eof|closed:eof"
	};

	harness_prove(&freed);
	harness_prove(&eof);
}
END_TEST

static void
free_twice(struct harness *h)
{
	struct evchat *chat = h->chat;

	evchat_free(chat);
	ck_assert_int_eq(h->closed, 1);
	evchat_free(chat);
}

START_TEST(second_free_in_a_hook_does_nothing)
{
	static const struct harness_scenario s = {
		.input = "a\r\nb", .start = harness_crlf,
		.script.found = free_twice,
		.expect = "collect:a|found|closed:freed"
	};

	harness_prove(&s);
}
END_TEST

START_TEST(free_before_the_loop_runs_calls_closed_at_once)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);

	harness_send(h, "ab", 2);
	evchat_free(h->chat);
	harness_expect(h, "closed:freed");
	harness_turn(h);
	harness_end(h, "closed:freed");
}
END_TEST

START_TEST(free_takes_null)
{
	evchat_free(NULL);
}
END_TEST

/* The order of the end */

START_TEST(done_and_cleanups_run_before_closed)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);

	harness_push_stuck(h, "p");
	harness_push_reference(h, "r", "abc");
	harness_push_mark(h, "m");
	harness_push_producer(h, "q", "def");
	harness_turn(h);
	harness_expect(h, "");
	evchat_free(h->chat);
	harness_end(h, "done:p:discarded:0|cleanup:r|mark:m:discarded"
	    "|done:q:discarded:0|closed:freed");
}
END_TEST

START_TEST(output_on_its_way_is_released_before_closed)
{
	static char much[MUCH + 1];
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);

	memset(much, 'x', MUCH);
	harness_peer_read(h, false);
	harness_push_reference(h, "r", much);
	harness_push_mark(h, "m");
	harness_turn(h);
	harness_expect(h, "");
	evchat_free(h->chat);
	harness_end(h, "cleanup:r|mark:m:discarded|closed:freed");
}
END_TEST

static void
free_in_released(struct harness *h, const char *name)
{
	if (strcmp(name, "free") == 0)
		free_it(h);
}

START_TEST(free_in_done_inside_free_does_nothing)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);

	h->script.released = free_in_released;
	harness_push_stuck(h, "free");
	harness_push_mark(h, "free");
	harness_push_reference(h, "free", "abc");
	harness_turn(h);
	evchat_free(h->chat);
	harness_end(h, "done:free:discarded:0|mark:free:discarded"
	    "|cleanup:free|closed:freed");
}
END_TEST

static void
push_all_and_free(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	harness_push_reference(h, "r", "abc");
	harness_push_producer(h, "p", "def");
	harness_push_mark(h, "m");
	evchat_free(h->chat);
	ck_assert_int_eq(h->closed, 1);
}

START_TEST(what_a_hook_pushed_is_released_before_free_returns)
{
	static const struct harness_scenario s = {
		.input = "a\r\nb", .start = harness_crlf,
		.script.frame = push_all_and_free, .hooks = &harness_frames,
		.expect = "frame:a|cleanup:r|done:p:discarded:0"
		    "|mark:m:discarded|closed:freed"
	};

	harness_prove(&s);
}
END_TEST

START_TEST(failing_channel_says_failed)
{
	const struct timeval short_time = { 0, 20000 };
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_frames);

	ck_assert_int_eq(evchat_set_max_frame(h->chat, 1,
	    EVCHAT_OVERSIZE_CLOSE), 0);
	harness_crlf(h);
	ck_assert_int_eq(evchat_set_timeout(h->chat, EVCHAT_TIMEOUT_LINGER,
	    &short_time), 0);
	harness_push_stuck(h, "p");
	harness_push_mark(h, "m");
	harness_feed(h, "abc\r\n");
	harness_run_until_closed(h);
	harness_end(h, "done:p:failed:0|mark:m:failed|closed:oversize");
}
END_TEST

/* Several channels */

static void
free_other(struct harness *h, const void *data, size_t len)
{
	struct harness *other = h->user;

	(void)data;
	(void)len;
	evchat_free(other->chat);
	ck_assert_int_eq(other->closed, 1);
}

START_TEST(hook_may_free_another_channel_with_input)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_frames);
	struct harness *other = harness_new_beside(h,
	    (enum harness_carrier)_i);

	harness_start(other, &harness_frames, 0);
	h->user = other;
	other->user = h;
	h->script.frame = other->script.frame = free_other;
	harness_crlf(h);
	harness_crlf(other);
	harness_push_stuck(h, "p");
	harness_push_stuck(other, "p");
	harness_send(h, "a\r\nb", 4);
	harness_send(other, "a\r\nb", 4);
	harness_turn(h);
	ck_assert_int_eq(h->closed + other->closed, 1);
	harness_expect(h->closed ? h : other, "done:p:discarded:0|closed:freed");
	harness_expect(h->closed ? other : h, "frame:a");
	harness_free(other);
	harness_free(h);
}
END_TEST

static Suite *
life_suite(void)
{
	Suite *suite = suite_create("life");
	TCase *tc = harness_case(suite, "free");

	tcase_add_test(tc, free_in_a_data_hook_is_the_end);
	tcase_add_test(tc, free_in_event_is_the_end);
	tcase_add_test(tc, free_in_closed_does_nothing);
	tcase_add_test(tc, second_free_in_a_hook_does_nothing);
	tcase_add_loop_test(tc, free_before_the_loop_runs_calls_closed_at_once,
	    0, HARNESS_CARRIERS);
	tcase_add_test(tc, free_takes_null);

	tc = harness_case(suite, "order");
	tcase_add_loop_test(tc, done_and_cleanups_run_before_closed, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc, output_on_its_way_is_released_before_closed, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc, free_in_done_inside_free_does_nothing, 0,
	    HARNESS_CARRIERS);
	tcase_add_test(tc, what_a_hook_pushed_is_released_before_free_returns);
	tcase_add_loop_test(tc, failing_channel_says_failed, 0,
	    HARNESS_CARRIERS);

	tc = harness_case(suite, "several");
	tcase_add_loop_test(tc, hook_may_free_another_channel_with_input, 0,
	    HARNESS_CARRIERS);
	return suite;
}

int
main(void)
{
	return harness_main(life_suite());
}
