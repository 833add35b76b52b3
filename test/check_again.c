/*
 * What was left at the peer's end is looked at again when another terminator
 * is set, also if the channel could end in that very turn.
 */

#include "harness.h"

static void
set_none(struct harness *h, const char *name)
{
	(void)name;
	evchat_set_terminator_none(h->chat);
}

START_TEST(what_was_left_is_delivered_under_another_terminator)
{
	struct harness *h = harness_new((enum harness_carrier)_i);

	harness_start(h, &harness_frames, EVCHAT_OPT_HALF_OPEN);
	h->script.released = set_none;
	harness_crlf(h);
	harness_feed(h, "part");
	harness_feed_eof(h);
	harness_turn(h);
	harness_expect(h, "event:eof");
	ck_assert_int_eq(evchat_push(h->chat, "bye", 3), 0);
	harness_push_mark(h, "m");
	ck_assert_int_eq(evchat_push_eof(h->chat), 0);
	harness_run_until_closed(h);
	harness_end(h, "event:eof|mark:m:sent|collect:part|closed:eof");
}
END_TEST

static void
set_pieces(struct harness *h, const char *name)
{
	(void)name;
	ck_assert_int_eq(evchat_set_hooks(h->chat, &harness_streaming, h), 0);
}

START_TEST(what_was_left_is_delivered_to_other_hooks)
{
	struct harness *h = harness_new((enum harness_carrier)(_i / 2));

	harness_start(h, &harness_frames, EVCHAT_OPT_HALF_OPEN);
	harness_crlf(h);
	harness_feed(h, "part");
	harness_feed_eof(h);
	harness_turn(h);
	harness_expect(h, "event:eof");
	ck_assert_int_eq(evchat_push(h->chat, "bye", 3), 0);
	if (_i % 2)
		h->script.released = set_pieces;
	harness_push_mark(h, "m");
	ck_assert_int_eq(evchat_push_eof(h->chat), 0);
	if (_i % 2 == 0)
		set_pieces(h, NULL);
	harness_run_until_closed(h);
	harness_end(h, _i % 2 ?
	    "event:eof|mark:m:sent|collect:part|closed:truncated" :
	    "event:eof|collect:part|mark:m:sent|closed:truncated");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("again");
	TCase *tc = harness_case(suite, "again");

	tcase_add_loop_test(tc,
	    what_was_left_is_delivered_under_another_terminator, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc, what_was_left_is_delivered_to_other_hooks, 0,
	    2 * HARNESS_WAITING);
	return (harness_main(suite));
}
