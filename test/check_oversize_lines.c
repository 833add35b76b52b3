/*
 * Lines above the maximum: when it is certain that they are, what the hook can
 * ask for and do, and what the peer's end makes of them.
 */

#include "harness.h"

#define MAX 4

/* Delimiters around the limit */

static void
discard_lines(struct harness *h)
{
	harness_ok(h, evchat_set_max_frame(h->chat, MAX,
	    EVCHAT_OVERSIZE_DISCARD));
	harness_crlf(h);
}

static void
truncate_lines(struct harness *h)
{
	harness_ok(h, evchat_set_max_frame(h->chat, MAX,
	    EVCHAT_OVERSIZE_TRUNCATE));
	harness_crlf(h);
}

static void
close_lines(struct harness *h)
{
	harness_ok(h, evchat_set_max_frame(h->chat, MAX,
	    EVCHAT_OVERSIZE_CLOSE));
	harness_crlf(h);
}

START_TEST(false_prefix_counts_as_data)
{
	static const struct harness_scenario inside = {
		.input = "a\rbc\r\nabc\r\r\nabcd\r\r\nab\rcd\r\n",
		.start = discard_lines, .hooks = &harness_frames,
		.expect = "frame:a\\rbc|frame:abc\\r|event:oversize"
		    "|event:oversize"
	};
	static const struct harness_scenario behind = {
		.input = "abcd\rx\r\nok\r\n", .start = discard_lines,
		.expect = "collect:abcd|event:oversize|collect:ok|found"
	};
	static const struct harness_scenario closing = {
		.input = "abcd\r\nabcd\rx", .start = close_lines,
		.expect = "collect:abcd|found|collect:abcd|closed:oversize"
	};

	harness_prove(&inside);
	harness_prove(&behind);
	harness_prove(&closing);
}
END_TEST

START_TEST(each_oversize_frame_is_reported_once)
{
	static const struct harness_scenario discarded = {
		.input = "abcdefghijkl\r\nabcdefg\r\nok\r\nabcde\r\n",
		.start = discard_lines, .hooks = &harness_frames,
		.expect = "event:oversize|event:oversize|frame:ok"
		    "|event:oversize"
	};
	static const struct harness_scenario truncated = {
		.input = "abcdefghijkl\r\nabcdefg\r\nok\r\nabcde\r\n",
		.start = truncate_lines,
		.expect = "collect:abcd|event:oversize|found|collect:abcd"
		    "|event:oversize|found|collect:ok|found|collect:abcd"
		    "|event:oversize|found"
	};

	harness_prove(&discarded);
	harness_prove(&truncated);
}
END_TEST

START_TEST(excess_is_reported_as_soon_as_it_is_certain)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_frames);

	discard_lines(h);
	harness_feed(h, "abcd\r");
	harness_expect(h, "");
	harness_feed(h, "e");
	harness_end(h, "event:oversize");
}
END_TEST

/* What the hook can ask for */

static void
note_all(struct harness *h, enum evchat_event what)
{
	if (what != EVCHAT_EVENT_OVERSIZE)
		return;
	harness_note(h, "length %ju",
	    (uintmax_t)evchat_get_frame_length(h->chat));
	harness_note_partial(h);
}

static void
note_all_in_closed(struct harness *h, enum evchat_reason why)
{
	(void)why;
	note_all(h, EVCHAT_EVENT_OVERSIZE);
}

static void
note_length(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	harness_note(h, "length %ju",
	    (uintmax_t)evchat_get_frame_length(h->chat));
}

static void
count_seven(struct harness *h)
{
	truncate_lines(h);
	harness_ok(h, evchat_set_terminator_count(h->chat, 7));
}

START_TEST(oversize_event_tells_the_length_and_the_first_bytes)
{
	static const struct harness_scenario scanned = {
		.input = "abcdefgh\r\n", .start = truncate_lines,
		.script = { .event = note_all, .frame = note_length },
		.hooks = &harness_frames,
		.expect = "event:oversize|length 5|partial:abcd|frame:abcd"
		    "|length 8"
	};
	static const struct harness_scenario declared = {
		.input = "abcdefgh", .start = count_seven,
		.script = { .event = note_all, .frame = note_length },
		.hooks = &harness_frames,
		.expect = "event:oversize|length 7|partial:|frame:abcd|length 7"
		    "|collect:h"
	};
	static const struct harness_scenario streaming = {
		.input = "abcdefgh\r\n", .start = discard_lines,
		.script.event = note_all,
		.expect = "collect:abcd|event:oversize|length 5|partial:"
	};

	harness_prove(&scanned);
	harness_prove(&declared);
	harness_prove(&streaming);
}
END_TEST

START_TEST(closed_tells_the_length_and_the_first_bytes)
{
	static const struct harness_scenario s = {
		.input = "abcdefgh\r\n", .start = close_lines,
		.script.closed = note_all_in_closed, .hooks = &harness_frames,
		.expect = "closed:oversize|length 5|partial:abcd"
	};

	harness_prove(&s);
}
END_TEST

START_TEST(oversize_frames_are_counted)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_frames);
	struct evchat_stats stats;

	discard_lines(h);
	harness_feed(h, "abcdef\r\nok\r\nabcdef\r\nok\r\n");
	evchat_get_stats(h->chat, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.oversize, 2);
	ck_assert_uint_eq(stats.frames_in, 2);
	ck_assert_uint_eq(stats.bytes_in, 24);
	harness_end(h, "event:oversize|frame:ok|event:oversize|frame:ok");
}
END_TEST

/* At the end of the input */

START_TEST(unfinished_oversize_frame_at_eof)
{
	static const struct harness_scenario closing = {
		.input = "abcde", .eof = true, .start = close_lines,
		.expect = "collect:abcd|closed:oversize"
	};
	static const struct harness_scenario discarding = {
		.input = "abcdef", .eof = true, .start = discard_lines,
		.expect = "collect:abcd|event:oversize|event:eof"
		    "|closed:truncated"
	};
	static const struct harness_scenario truncating = {
		.input = "abcdef\r", .eof = true, .start = truncate_lines,
		.hooks = &harness_frames,
		.expect = "event:oversize|event:eof|closed:truncated"
	};

	harness_prove(&closing);
	harness_prove(&discarding);
	harness_prove(&truncating);
}
END_TEST

START_TEST(held_prefix_that_eof_makes_data_counts)
{
	static const struct harness_scenario legal = {
		.input = "abc\r", .eof = true, .start = close_lines,
		.expect = "collect:abc\\r|event:eof|closed:truncated"
	};
	static const struct harness_scenario closing = {
		.input = "abcd\r", .eof = true, .start = close_lines,
		.expect = "collect:abcd|closed:oversize"
	};
	static const struct harness_scenario discarding = {
		.input = "abcd\r", .eof = true, .start = discard_lines,
		.expect = "collect:abcd|event:oversize|event:eof"
		    "|closed:truncated"
	};
	static const struct harness_scenario last = {
		.input = "abcd\r", .eof = true, .start = truncate_lines,
		.options = EVCHAT_OPT_DELIVER_LAST, .hooks = &harness_frames,
		.expect = "event:oversize|frame:abcd|event:eof|closed:eof"
	};

	harness_prove(&legal);
	harness_prove(&closing);
	harness_prove(&discarding);
	harness_prove(&last);
}
END_TEST

/* Hooks that act */

static void
free_at_oversize(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_OVERSIZE)
		evchat_free(h->chat);
}

static void
detach_at_oversize(struct harness *h, enum evchat_event what)
{
	if (what == EVCHAT_EVENT_OVERSIZE)
		harness_ok(h, harness_detach(h) ? 0 : -1);
}

static void
pause_at_oversize(struct harness *h, enum evchat_event what)
{
	if (what != EVCHAT_EVENT_OVERSIZE)
		return;
	evchat_pause(h->chat);
	harness_later(h, harness_resume);
}

START_TEST(oversize_hook_may_do_anything)
{
	static const struct harness_scenario freeing = {
		.input = "abcdefgh\r\nok\r\n", .start = truncate_lines,
		.script.event = free_at_oversize,
		.expect = "collect:abcd|event:oversize|closed:freed"
	};
	static const struct harness_scenario pausing = {
		.input = "abcdefgh\r\nok\r\n", .start = truncate_lines,
		.script.event = pause_at_oversize, .hooks = &harness_frames,
		.expect = "event:oversize|frame:abcd|frame:ok"
	};
	static const struct harness_scenario detaching = {
		.input = "abcdefgh\r\nok\r\n", .start = discard_lines,
		.script.event = detach_at_oversize,
		.expect = "collect:abcd|event:oversize|closed:detached"
		    "|left:efgh\\r\\nok\\r\\n"
	};
	static const struct harness_scenario detaching_frames = {
		.input = "no\r\nabcdefgh\r\nok\r\n", .start = discard_lines,
		.script.event = detach_at_oversize, .hooks = &harness_frames,
		.expect = "frame:no|event:oversize|closed:detached"
		    "|left:abcdefgh\\r\\nok\\r\\n"
	};

	harness_prove(&freeing);
	harness_prove(&pausing);
	harness_prove(&detaching);
	harness_prove(&detaching_frames);
}
END_TEST

static Suite *
oversize_lines_suite(void)
{
	Suite *suite = suite_create("oversize_lines");
	TCase *tc = harness_case(suite, "limit");

	tcase_add_test(tc, false_prefix_counts_as_data);
	tcase_add_test(tc, each_oversize_frame_is_reported_once);
	tcase_add_loop_test(tc, excess_is_reported_as_soon_as_it_is_certain, 0,
	    HARNESS_CARRIERS);
	tcase_add_test(tc, oversize_event_tells_the_length_and_the_first_bytes);
	tcase_add_test(tc, closed_tells_the_length_and_the_first_bytes);
	tcase_add_loop_test(tc, oversize_frames_are_counted, 0,
	    HARNESS_CARRIERS);

	tc = harness_case(suite, "eof");
	tcase_add_test(tc, unfinished_oversize_frame_at_eof);
	tcase_add_test(tc, held_prefix_that_eof_makes_data_counts);

	tc = harness_case(suite, "acting");
	tcase_add_test(tc, oversize_hook_may_do_anything);
	return suite;
}

int
main(void)
{
	return harness_main(oversize_lines_suite());
}
