/*
 * evchat_close_after_frame(): where it takes effect, what is delivered before,
 * and what EVCHAT_EVENT_LAST may still push.
 */

#include <errno.h>
#include <string.h>
#include "harness.h"
#include "place.h"
#include "sink.h"

static void
close_after(struct harness *h)
{
	evchat_close_after_frame(h->chat);
}

static void
close_after_twice(struct harness *h)
{
	evchat_close_after_frame(h->chat);
	evchat_close_after_frame(h->chat);
}

static void
say_bye(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_LAST)
		harness_ok(h, evchat_push(h->chat, "bye", 3));
}

/* Takes the framing; without memory there is none. */
static void
set_framing(struct harness *h, struct evchat_framing *framing)
{
	int done = framing != NULL ? evchat_set_framing(h->chat, framing) : -1;

	evchat_framing_free(framing);
	harness_answer(h, done, "evchat_set_framing");
}

static void
start_dot(struct harness *h)
{
	harness_ask(h);
	set_framing(h, evchat_framing_dot(0));
}

static void
start_chunked(struct harness *h)
{
	harness_ask(h);
	set_framing(h, evchat_framing_chunked(0));
}

static void
skip_long_ones(struct harness *h)
{
	harness_crlf(h);
	harness_ok(h, evchat_set_max_frame(h->chat, 2,
	    EVCHAT_OVERSIZE_DISCARD));
}

static void
close_when_done_instead(struct harness *h)
{
	evchat_close_after_frame(h->chat);
	evchat_close_when_done(h->chat);
}

static void
shut_before(struct harness *h)
{
	evchat_close_after_frame(h->chat);
	harness_ok(h, evchat_push_eof(h->chat));
}

/* Where it takes effect, whoever calls it outside of hooks */

#define ENDED "event:last|closed:done"
#define SAYS_BYE .script.event = say_bye, .output = "bye"

static const struct harness_scenario outside[] = {
	{ .input = "ab\r\n", .act_at = 4, .start = harness_crlf,
	    .act = close_after, SAYS_BYE,
	    .expect = "collect:ab|found|" ENDED },
	{ .input = "ab\r\n", .act_at = 4, .start = harness_crlf,
	    .act = close_after_twice, SAYS_BYE,
	    .expect = "collect:ab|found|" ENDED },
	{ .input = "ab\r\ncd\r\n", .act_at = 5, .start = harness_crlf,
	    .act = close_after, SAYS_BYE,
	    .expect = "collect:ab|found|collect:cd|found|" ENDED },
	/* The beginning of the end is the beginning of a frame. */
	{ .input = "ab\r\n\r\n", .act_at = 5, .start = harness_crlf,
	    .act = close_after, SAYS_BYE,
	    .expect = "collect:ab|found|found|" ENDED },
	{ .input = "abc", .act_at = 1, .start = harness_count_three,
	    .act = close_after, SAYS_BYE,
	    .expect = "collect:abc|found|" ENDED },
	{ .input = "abc", .act_at = 3, .start = harness_none,
	    .act = close_after, SAYS_BYE, .expect = "collect:abc|" ENDED },
	{ .input = "a\r\n.\r\n", .act_at = 1, .start = start_dot,
	    .act = close_after, SAYS_BYE,
	    .expect = "collect:a\\r\\n|found|" ENDED },
	{ .input = "a\r\n.\r\n", .act_at = 4, .start = start_dot,
	    .act = close_after, SAYS_BYE,
	    .hooks = &harness_frames, .expect = "frame:a\\r\\n|" ENDED },
	{ .input = "2\r\nab\r\n0\r\n\r\n", .act_at = 1,
	    .start = start_chunked, .act = close_after, SAYS_BYE,
	    .expect = "collect:ab|found|" ENDED },
	{ .input = "2\r\nab\r\n0\r\n\r\n", .act_at = 10,
	    .start = start_chunked, .act = close_after, SAYS_BYE,
	    .hooks = &harness_frames, .expect = "frame:ab|" ENDED },
	/* One that is skipped is one as well. */
	{ .input = "abcd\r\n", .act_at = 4, .start = skip_long_ones,
	    .act = close_after, SAYS_BYE,
	    .hooks = &harness_frames, .expect = "event:oversize|" ENDED },
	/* Who says so in stronger words is heard. */
	{ .input = "ab", .act_at = 2, .start = harness_crlf,
	    .act = close_when_done_instead, .expect = "collect:ab|closed:done" },
	{ .input = "ab\r\n", .act_at = 4, .start = harness_crlf,
	    .act = shut_before, .hooks = &harness_frames,
	    .expect = "frame:ab|" ENDED },
};

#define OUTSIDE ((int)(sizeof(outside) / sizeof(outside[0])))

START_TEST(it_takes_effect_between_two_frames)
{
	struct harness_scenario s = outside[_i / SINK_KINDS];

	s.until_closed = true;
	harness_prove_on(&s, sink_kinds[_i % SINK_KINDS]);
}
END_TEST

/* Inside hooks */

static void
close_in_collect(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	evchat_close_after_frame(h->chat);
}

static void
close_in_event(struct harness *h, enum evchat_event what)
{
	say_bye(h, what);
	if (what != EVCHAT_EVENT_LAST)
		evchat_close_after_frame(h->chat);
}

static void
close_in_released(struct harness *h, const char *name)
{
	(void)name;
	if (h->chat != NULL)
		evchat_close_after_frame(h->chat);
}

static void
start_with_mark(struct harness *h)
{
	harness_crlf(h);
	harness_push_mark(h, "m");
}

static void
close_at_last(struct harness *h, enum evchat_event what)
{
	(void)what;
	evchat_close_after_frame(h->chat);
	evchat_close_when_done(h->chat);
}

static void
free_at_last(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_LAST)
		evchat_free(h->chat);
}

static void
detach_at_last(struct harness *h, enum evchat_event what)
{
	if (what != EVCHAT_EVENT_LAST)
		return;
	harness_ok(h, evchat_push(h->chat, "bye", 3));
	harness_detach_now(h);
}

static void
pause_at_last(struct harness *h, enum evchat_event what)
{
	say_bye(h, what);
	evchat_pause(h->chat);
}

static void
push_producers_at_last(struct harness *h, enum evchat_event what)
{
	if (what != EVCHAT_EVENT_LAST)
		return;
	harness_push_producer(h, "p", "by");
	harness_push_reference(h, "r", "e");
}

static const struct harness_scenario inside[] = {
	{ .input = "ab\r\n", .script.collect = close_in_collect, SAYS_BYE,
	    .expect = "collect:ab|found|" ENDED },
	{ .input = "ab\r\n", .script.found = close_after, SAYS_BYE,
	    .expect = "collect:ab|found|" ENDED },
	{ .input = "ab\r\n", .script.frame = close_in_collect, SAYS_BYE,
	    .hooks = &harness_frames, .expect = "frame:ab|" ENDED },
	{ .input = "abcd\r\n", .start = skip_long_ones,
	    .script.event = close_in_event, .output = "bye",
	    .hooks = &harness_frames, .expect = "event:oversize|" ENDED },
	{ .input = "ab\r\n", .eof = true, .options = EVCHAT_OPT_HALF_OPEN,
	    .script.event = close_in_event, .output = "bye",
	    .hooks = &harness_frames, .expect = "frame:ab|event:eof|" ENDED },
	{ .input = "", .start = start_with_mark,
	    .script.event = say_bye, .script.released = close_in_released,
	    .output = "bye", .expect = "mark:m:sent|" ENDED },
	{ .input = "ab\r\n", .script.found = close_after,
	    .script.event = free_at_last, .output = "",
	    .expect = "collect:ab|found|event:last|closed:freed" },
	{ .input = "ab\r\n", .script.found = close_after,
	    .script.event = detach_at_last, .output = "bye",
	    .expect = "collect:ab|found|event:last|closed:detached|left:" },
	{ .input = "ab\r\n", .script.found = close_after,
	    .script.event = pause_at_last, .output = "bye",
	    .expect = "collect:ab|found|" ENDED },
	{ .input = "ab\r\n", .script.found = close_after,
	    .script.event = push_producers_at_last, .output = "bye",
	    .expect = "collect:ab|found|event:last|"
	    "done:p:sent:2|cleanup:r|closed:done" },
	/* The peer's end is the end of all frames. */
	{ .input = "ab", .eof = true, .script.collect = close_in_collect,
	    .expect = "collect:ab|event:eof|closed:truncated" },
};

#define INSIDE ((int)(sizeof(inside) / sizeof(inside[0])))

START_TEST(every_hook_may_call_it)
{
	struct harness_scenario s = inside[_i / SINK_KINDS];

	if (s.start == NULL)
		s.start = harness_crlf;
	s.until_closed = true;
	harness_prove_on(&s, sink_kinds[_i % SINK_KINDS]);
}
END_TEST

/* By hand */

START_TEST(channel_that_is_paused_waits_for_its_resume)
{
	struct harness *h = harness_frames_on((int)sink_kinds[_i]);

	harness_crlf(h);
	h->script.event = say_bye;
	evchat_pause(h->chat);
	evchat_close_after_frame(h->chat);
	harness_turn(h);
	harness_expect(h, "");
	evchat_resume(h->chat);
	harness_run_until_closed(h);
	harness_expect_received(h, "bye");
	harness_end(h, ENDED);
}
END_TEST

static void
pause_once(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	if (h->count++ == 0)
		evchat_pause(h->chat);
}

START_TEST(frames_that_have_come_by_then_are_delivered_before)
{
	struct harness *h = harness_frames_on((int)sink_kinds[_i]);

	harness_crlf(h);
	h->script.frame = pause_once;
	h->script.event = say_bye;
	harness_feed(h, "ab\r\n\r\ncd\r\nef");
	harness_expect(h, "frame:ab");
	evchat_close_after_frame(h->chat);
	harness_turn(h);
	evchat_resume(h->chat);
	harness_turn(h);
	/* What has begun behind the call is not waited for. */
	harness_run_until_closed(h);
	harness_expect_received(h, "bye");
	harness_end(h, "frame:ab|frame:|frame:cd|" ENDED);
}
END_TEST

static void
push_much(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	if (h->count++ == 0)
		harness_push_much(h);
}

START_TEST(channel_whose_queue_is_full_waits_until_it_has_fallen)
{
	struct harness *h = harness_frames_on((int)sink_kinds[_i]);

	harness_crlf(h);
	h->script.frame = push_much;
	h->script.event = say_bye;
	harness_peer_read(h, false);
	harness_send(h, "a\r\nb\r\n", 6);
	harness_turn(h);
	evchat_close_after_frame(h->chat);
	harness_turn(h);
	harness_expect(h, "frame:a");
	harness_peer_read(h, true);
	harness_run_until_closed(h);
	ck_assert_uint_eq(evbuffer_get_length(h->received), HARNESS_MUCH + 3);
	harness_end(h, "frame:a|frame:b|" ENDED);
}
END_TEST

START_TEST(frames_behind_the_last_one_are_dropped)
{
	struct harness *h = harness_frames_on((int)sink_kinds[_i]);

	harness_crlf(h);
	h->script.event = say_bye;
	harness_peer_read(h, false);
	harness_push_much(h);
	evchat_close_after_frame(h->chat);
	harness_turn(h);
	ck_assert_int_eq(evchat_push(h->chat, "x", 1), -1);
	ck_assert_int_eq(errno, EPIPE);
	harness_feed(h, "ab\r\n");
	evchat_close_after_frame(h->chat); /* to no effect */
	harness_peer_read(h, true);
	harness_run_until_closed(h);
	ck_assert_uint_eq(evbuffer_get_length(h->received), HARNESS_MUCH + 3);
	harness_end(h, ENDED);
}
END_TEST

START_TEST(connection_that_is_being_made_is_made_for_the_last_words)
{
	struct place place;
	struct harness *h;

	place_listen(&place, place_family(_i));
	h = harness_start_new(HARNESS_UNCONNECTED, &harness_frames);
	h->script.event = say_bye;
	harness_crlf(h);
	place_connect(h, &place);
	evchat_close_after_frame(h->chat);
	harness_turn(h);
	harness_accept(h, place.listener);
	harness_expect_received(h, "bye");
	harness_run_until_closed(h);
	harness_expect(h, ENDED);
	harness_free(h);
	place_free(&place);
}
END_TEST

START_TEST(frame_that_the_peers_end_cut_off_is_not_waited_for)
{
	struct harness *h = harness_new(sink_kinds[_i]);

	harness_start(h, &harness_frames, EVCHAT_OPT_HALF_OPEN);
	harness_crlf(h);
	h->script.event = say_bye;
	harness_feed(h, "ab\r\ncd");
	harness_feed_eof(h);
	harness_expect(h, "frame:ab|event:eof");
	evchat_close_after_frame(h->chat);
	harness_turn(h);
	ck_assert_ptr_nonnull(strstr(harness_transcript(h), "event:last"));
	harness_expect_received(h, "bye");
	harness_end(h, "frame:ab|event:eof|" ENDED);
}
END_TEST

/* A frame more */

static void
announce_three_bytes(struct harness *h, const void *data, size_t len)
{
	(void)data;
	if (len == 4)
		harness_ok(h, evchat_set_terminator_count(h->chat, 3));
}

/* So often as count says. */
static void
want_more(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_LAST && h->count-- > 0)
		evchat_close_after_frame(h->chat);
	else
		say_bye(h, what);
}

static struct harness *
wanting(enum harness_carrier carrier, int count, unsigned options)
{
	struct harness *h = harness_new(carrier);

	harness_start(h, &harness_frames, options);
	harness_crlf(h);
	h->script.frame = announce_three_bytes;
	h->script.event = want_more;
	h->count = count;
	return h;
}

START_TEST(body_that_was_announced_may_be_waited_for)
{
	struct harness *h = wanting(sink_kinds[_i], 1, 0);

	harness_feed(h, "head\r\n");
	evchat_close_after_frame(h->chat);
	harness_turn(h);
	harness_expect(h, "frame:head|event:last");
	harness_feed(h, "a");
	harness_feed(h, "bc");
	harness_expect_received(h, "bye");
	harness_end(h, "frame:head|event:last|frame:abc|" ENDED);
}
END_TEST

/* Those that were given up count as well, also when the channel has rested. */
START_TEST(frames_that_were_discarded_make_no_difference)
{
	struct harness *h = wanting(sink_kinds[_i], 1, 0);

	harness_ok(h, evchat_set_max_frame(h->chat, 4,
	    EVCHAT_OVERSIZE_DISCARD));
	harness_feed(h, "too long\r\nhe");
	evchat_close_after_frame(h->chat);
	harness_feed(h, "ad\r\n");
	harness_feed(h, "abc");
	harness_expect_received(h, "bye");
	harness_end(h, "event:oversize|frame:head|event:last|frame:abc|" ENDED);
}
END_TEST

START_TEST(each_frame_more_is_asked_for_by_itself)
{
	struct harness *h = wanting(sink_kinds[_i], 3, 0);

	evchat_close_after_frame(h->chat);
	harness_turn(h);
	harness_turn(h);
	harness_expect(h, "event:last");
	harness_feed(h, "a\r\nb\r\n");
	harness_expect(h, "event:last|frame:a|frame:b|event:last");
	harness_feed(h, "\r");
	harness_feed(h, "\n");
	harness_expect(h, "event:last|frame:a|frame:b|event:last|frame:|"
	    "event:last");
	harness_feed(h, "c\r\n");
	harness_expect_received(h, "bye");
	harness_end(h, "event:last|frame:a|frame:b|event:last|frame:|"
	    "event:last|frame:c|" ENDED);
}
END_TEST

/* In either order, and wherever the beginning of the body is cut off. */
static void
want_another_kind(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_LAST && h->count == 2)
		evchat_close_after_frame(h->chat);
	if (what == EVCHAT_EVENT_LAST && h->count > 0)
		harness_ok(h, evchat_set_terminator(h->chat, ";", 1));
	if (what == EVCHAT_EVENT_LAST && h->count == 1)
		evchat_close_after_frame(h->chat);
	if (h->count == 0)
		say_bye(h, what);
	h->count = 0;
}

START_TEST(frame_more_is_of_the_framing_that_the_hook_sets)
{
	size_t order, cut;

	for (order = 1; order <= 2; order++)
		for (cut = 4; cut < 8; cut++) {
			struct harness *h = wanting(sink_kinds[_i],
			    (int)order, 0);

			h->script.event = want_another_kind;
			h->script.frame = close_in_collect;
			harness_feed_bytes(h, "on\r\nabcd", cut);
			harness_expect(h, "frame:on|event:last");
			harness_feed_bytes(h, &"on\r\nabcd;"[cut], 9 - cut);
			harness_expect_received(h, "bye");
			harness_end(h, "frame:on|event:last|frame:abcd|" ENDED);
		}
}
END_TEST

static void
want_for_ever(struct harness *h, enum evchat_event what)
{
	(void)what;
	evchat_close_after_frame(h->chat);
}

START_TEST(behind_the_end_there_is_no_frame_more)
{
	struct harness *h = wanting(sink_kinds[_i], 0,
	    EVCHAT_OPT_HALF_OPEN);

	h->script.event = want_for_ever;
	harness_feed(h, "a\r\n");
	harness_feed_eof(h);
	harness_run_until_closed(h);
	harness_end(h, "frame:a|event:eof|" ENDED);
}
END_TEST

START_TEST(frame_more_is_not_waited_for_behind_the_end)
{
	struct harness *h = wanting(sink_kinds[_i], 1,
	    EVCHAT_OPT_HALF_OPEN);

	evchat_close_after_frame(h->chat);
	harness_turn(h);
	harness_feed(h, "a");
	harness_feed_eof(h);
	harness_expect_received(h, "bye");
	harness_end(h, "event:last|event:eof|" ENDED);
}
END_TEST

START_TEST(frame_more_and_a_close_is_a_close)
{
	struct harness *h = wanting(sink_kinds[_i], 0, 0);

	h->script.event = close_at_last;
	evchat_close_after_frame(h->chat);
	harness_run_until_closed(h);
	harness_end(h, ENDED);
}
END_TEST

static Suite *
after_frame_suite(void)
{
	Suite *suite = suite_create("after_frame");
	TCase *tc = harness_case(suite, "after_frame");

	tcase_add_loop_test(tc, it_takes_effect_between_two_frames, 0,
	    OUTSIDE * SINK_KINDS);
	tcase_add_loop_test(tc, every_hook_may_call_it, 0,
	    INSIDE * SINK_KINDS);
	tcase_add_loop_test(tc, body_that_was_announced_may_be_waited_for, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, frames_that_were_discarded_make_no_difference, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, each_frame_more_is_asked_for_by_itself, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, frame_more_is_not_waited_for_behind_the_end, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, frame_more_and_a_close_is_a_close, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc,
	    frame_more_is_of_the_framing_that_the_hook_sets, 0, SINK_KINDS);
	tcase_add_loop_test(tc, behind_the_end_there_is_no_frame_more, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, channel_that_is_paused_waits_for_its_resume, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc,
	    frames_that_have_come_by_then_are_delivered_before, 0, SINK_KINDS);
	tcase_add_loop_test(tc,
	    channel_whose_queue_is_full_waits_until_it_has_fallen, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, frames_behind_the_last_one_are_dropped, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc,
	    connection_that_is_being_made_is_made_for_the_last_words, 0,
	    PLACE_FAMILIES);
	tcase_add_loop_test(tc,
	    frame_that_the_peers_end_cut_off_is_not_waited_for, 0, SINK_KINDS);
	return suite;
}

int
main(void)
{
	return harness_main(after_frame_suite());
}
