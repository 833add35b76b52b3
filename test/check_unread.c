/*
 * Bytes that are given back, and bytes that are dropped unread.
 */

#include <stdlib.h>
#include <string.h>
#include "harness.h"

/* Unread */

static void
unread(struct harness *h, const char *text)
{
	harness_ok(h, evchat_unread(h->chat, text, strlen(text)));
}

/* A raw parser: four bytes of magic, what is behind them is lines. */
static void
take_magic(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct harness *h = arg;
	size_t magic = 4 - (size_t)h->count;

	if (magic > len)
		magic = len;
	h->count += (int)magic;
	if (h->count < 4)
		return;
	harness_note(h, "magic");
	ck_assert_int_eq(evchat_unread(chat, (const char *)data + magic,
	    len - magic), 0);
	ck_assert_int_eq(evchat_set_terminator(chat, "\n", 1), 0);
	ck_assert_int_eq(evchat_set_hooks(chat, &harness_frames, h), 0);
}

START_TEST(surplus_that_a_raw_parser_gives_back_comes_again)
{
	static const struct evchat_hooks raw = { .collect = take_magic };
	static const char input[] = "MAGIab\n\ncd\ne";
	struct harness *h;
	size_t at;

	for (at = 4; at < sizeof(input); at++) {
		h = harness_start_new((enum harness_carrier)_i, &raw);
		harness_feed_bytes(h, input, at);
		harness_feed(h, input + at);
		harness_end(h, "magic|frame:ab|frame:|frame:cd");
	}
}
END_TEST

static void
unread_x_once(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	if (h->count++ == 0)
		unread(h, "x\r\n");
}

START_TEST(bytes_unread_in_a_hook_come_next)
{
	static const struct harness_scenario s = {
		.input = "a\r\nb\r\nc\r\n", .start = harness_crlf,
		.script.frame = unread_x_once, .hooks = &harness_frames,
		.expect = "frame:a|frame:x|frame:b|frame:c"
	};

	harness_prove(&s);
}
END_TEST

static void
unread_own_bytes(struct harness *h, const void *data, size_t len)
{
	if (len == 0)
		return;
	unread(h, "\r\n");
	harness_ok(h, evchat_unread(h->chat, (const char *)data + 1, len - 1));
}

START_TEST(bytes_to_unread_may_lie_in_what_the_hook_was_given)
{
	static const struct harness_scenario s = {
		.input = "abc\r\nde\r\n", .start = harness_crlf,
		.script.frame = unread_own_bytes, .hooks = &harness_frames,
		.expect = "frame:abc|frame:bc|frame:c|frame:|frame:de|frame:e"
		    "|frame:"
	};

	harness_prove(&s);
}
END_TEST

static void
unread_thrice(struct harness *h)
{
	if (h->count++ != 0)
		return;
	unread(h, "z\r\n");
	unread(h, "y\r\n");
	unread(h, "x\r");
	unread(h, "");
	unread(h, "w");
}

START_TEST(each_unread_goes_before_the_one_made_earlier)
{
	static const struct harness_scenario s = {
		.input = "a\r\nb\r\n", .start = harness_crlf,
		.script.found = unread_thrice,
		.expect = "collect:a|found|collect:wx\\ry|found|collect:z|found"
		    "|collect:b|found"
	};

	harness_prove(&s);
}
END_TEST

static void
unread_xy(struct harness *h)
{
	unread(h, "x\r\ny");
}

START_TEST(bytes_unread_from_outside_go_before_all_that_is_unread)
{
	static const struct harness_scenario streaming = {
		.input = "ab\rcd\r\n", .start = harness_crlf, .act = unread_xy,
		.act_at = 3, .expect = "collect:abx|found|collect:y\\rcd|found"
	};
	static const struct harness_scenario frames = {
		.input = "abcd\r\n", .start = harness_crlf, .act = unread_xy,
		.act_at = 3, .hooks = &harness_frames,
		.expect = "frame:x|frame:yabcd"
	};
	static const struct harness_scenario count = {
		.input = "abcd", .start = harness_count_three, .act = unread_xy,
		.act_at = 2, .hooks = &harness_frames,
		.expect = "frame:x\\r\\n|collect:yabcd"
	};
	static const struct harness_scenario idle = {
		.start = harness_crlf, .act = unread_xy,
		.expect = "collect:x|found|collect:y"
	};

	harness_prove(&streaming);
	harness_prove(&frames);
	harness_prove(&count);
	harness_prove(&idle);
}
END_TEST

static void
note_later(struct harness *h)
{
	harness_note(h, "later");
}

static void
unread_more_than_was_taken(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	if (h->count++ > 0)
		return;
	unread(h, "much\r\nmore\r\n");
	harness_later(h, note_later);
}

/* It is delivered in the same turn, which is far from having had enough. */
START_TEST(more_may_be_unread_than_the_turn_has_taken)
{
	struct harness *h = harness_frames_on(_i);

	harness_crlf(h);
	harness_feed(h, "a long time ago\r\n");
	h->script.frame = unread_more_than_was_taken;
	harness_feed(h, "a\r\nb\r\n");
	harness_end(h, "frame:a long time ago|frame:a|frame:much|frame:more|frame:b|later");
}
END_TEST

START_TEST(unread_calls_no_hook)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_frames);

	harness_crlf(h);
	unread(h, "ab\r\ncd\r\n");
	harness_expect(h, "");
	harness_turn(h);
	harness_end(h, "frame:ab|frame:cd");
}
END_TEST

/* Discard */

static void
discard_once(struct harness *h)
{
	if (h->count++ == 0)
		evchat_discard_buffers(h->chat);
}

static void
discard_once_with_data(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	discard_once(h);
}

START_TEST(discard_in_a_hook_drops_what_was_received)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);

	h->script.found = discard_once;
	harness_crlf(h);
	harness_feed(h, "ab\r\ncd\r\nef");
	harness_expect(h, "collect:ab|found");
	harness_feed(h, "gh\r\n");
	harness_end(h, "collect:ab|found|collect:gh|found");

	h = harness_start_new((enum harness_carrier)_i, &harness_frames);
	h->script.frame = discard_once_with_data;
	harness_crlf(h);
	harness_feed(h, "ab\r\ncd\r\nef");
	harness_feed(h, "gh\r\n");
	harness_end(h, "frame:ab|frame:gh");
}
END_TEST

START_TEST(discard_in_collect_drops_the_rest_of_the_frame)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);

	h->script.collect = discard_once_with_data;
	harness_crlf(h);
	harness_feed(h, "a\r\ncd\r\nef");
	harness_expect(h, "collect:a");
	harness_feed(h, "\r\ngh\r\n");
	harness_end(h, "collect:a|found|collect:gh|found");
}
END_TEST

static void
discard(struct harness *h)
{
	evchat_discard_buffers(h->chat);
}

START_TEST(discard_from_outside_drops_the_frame_in_progress)
{
	static const struct harness_scenario streaming = {
		.input = "ab\r\ncd\r\n", .start = harness_crlf, .act = discard,
		.act_at = 3, .expect = "collect:ab\\ncd|found"
	};
	static const struct harness_scenario frames = {
		.input = "ab\rcd\r\n", .start = harness_crlf, .act = discard,
		.act_at = 3, .hooks = &harness_frames, .expect = "frame:cd"
	};

	harness_prove(&streaming);
	harness_prove(&frames);
}
END_TEST

START_TEST(discard_inside_a_count_has_it_start_over)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);

	harness_count_three(h);
	harness_feed(h, "ab");
	ck_assert_uint_eq(evchat_get_terminator_remaining(h->chat), 1);
	discard(h);
	ck_assert_uint_eq(evchat_get_terminator_remaining(h->chat), 3);
	harness_feed(h, "cdef");
	harness_end(h, "collect:abcde|found|collect:f");

	h = harness_start_new((enum harness_carrier)_i, &harness_frames);
	harness_count_three(h);
	harness_feed(h, "ab");
	discard(h);
	harness_feed(h, "cdef");
	harness_end(h, "frame:cde|collect:f");
}
END_TEST

START_TEST(discard_counts_as_read)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_frames);

	harness_crlf(h);
	harness_feed(h, "abc");
	discard(h);
	ck_assert_uint_eq(evchat_get_offset(h->chat), 3);
	harness_feed(h, "d\r\n");
	ck_assert_uint_eq(evchat_get_offset(h->chat), 6);
	harness_end(h, "frame:d");
}
END_TEST

static Suite *
unread_suite(void)
{
	Suite *suite = suite_create("unread");
	TCase *tc = harness_case(suite, "unread");

	tcase_add_loop_test(tc,
	    surplus_that_a_raw_parser_gives_back_comes_again, 0,
	    HARNESS_CARRIERS);
	tcase_add_test(tc, bytes_unread_in_a_hook_come_next);
	tcase_add_test(tc, bytes_to_unread_may_lie_in_what_the_hook_was_given);
	tcase_add_test(tc, each_unread_goes_before_the_one_made_earlier);
	tcase_add_test(tc,
	    bytes_unread_from_outside_go_before_all_that_is_unread);
	tcase_add_loop_test(tc, more_may_be_unread_than_the_turn_has_taken, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc, unread_calls_no_hook, 0, HARNESS_CARRIERS);

	tc = harness_case(suite, "discard");
	tcase_add_loop_test(tc, discard_in_a_hook_drops_what_was_received, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc, discard_in_collect_drops_the_rest_of_the_frame,
	    0, HARNESS_CARRIERS);
	tcase_add_test(tc, discard_from_outside_drops_the_frame_in_progress);
	tcase_add_loop_test(tc, discard_inside_a_count_has_it_start_over, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc, discard_counts_as_read, 0, HARNESS_CARRIERS);
	return suite;
}

int
main(void)
{
	return harness_main(unread_suite());
}
