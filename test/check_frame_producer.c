/*
 * evchat_push_frame_with_producer(): frames whose payload a producer gives, as
 * they are on the wire.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "framed.h"
#include "harness_trouble.h"
#include "sink.h"

#define N(array) ((int)(sizeof(array) / sizeof((array)[0])))

static const struct framed_sample lawful[] = {
	{ framed_crlf, ".", { "" }, "\r\n" },
	{ framed_crlf, "+++.", { "ab", "", "cd", "" }, "abcd\r\n" },
	{ framed_crlf, "++.", { "a\r", "b\n", "\r" }, "a\rb\n\r\r\n" },
	{ framed_aab, "+.", { "a", "a" }, "aaaab" },
	{ framed_aab, "+++.", { "ba", "b", "", "a" }, "babaaab" },
	{ framed_kept, ".", { "\r\n" }, "\r\n" },
	{ framed_kept, "++.", { "ab\r", "\n", "" }, "ab\r\n" },
	{ framed_several, "+.", { "ab\r", "c" }, "ab\rc\n" },
	{ framed_several_kept, "+.", { "ab\r", "\n" }, "ab\r\n" },
	{ framed_line, "+.", { "ab\r", "c\r" }, "ab\rc\r\r\n" },
	{ framed_line_strict, "+.", { "ab", "c" }, "abc\r\n" },
	{ framed_line_any, "+.", { "a", "" }, "a\n" },
	{ framed_dot, ".", { "" }, ".\r\n" },
	{ framed_dot, "+.", { "", "" }, ".\r\n" },
	{ framed_dot, ".", { ".\r\n" }, "..\r\n.\r\n" },
	{ framed_dot, "+++++.", { ".", "a.\r", "\n", ".", ".b\r", "\n" },
	    "..a.\r\n...b\r\n.\r\n" },
	{ framed_dot, "+++.", { "\r", ".\n", ".\r\n", ".\r\n" },
	    "\r.\n.\r\n..\r\n.\r\n" },
	{ framed_dot_strict, "++.", { ".a\r", "\n.", "\r\n" },
	    "..a\r\n..\r\n.\r\n" },
	{ framed_chunked, ".", { "" }, "0\r\n\r\n" },
	{ framed_chunked, "++.", { "", "", "" }, "0\r\n\r\n" },
	{ framed_chunked, "+++.", { "ab", "", "0\r\n\r\n", "" },
	    "2\r\nab\r\n5\r\n0\r\n\r\n\r\n0\r\n\r\n" },
	{ framed_chunked, "+.", { "0123456789", "0123456789abcdef" },
	    "a\r\n0123456789\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n" }
};

START_TEST(frame_is_on_the_wire_as_the_framing_has_it)
{
	const struct framed_sample *sample = &lawful[_i % N(lawful)];
	struct harness *h = framed_start(sink_kinds[_i / N(lawful)],
	    sample->make);
	const char *const *next;
	struct feeder p;
	char wire[200], told[100];
	size_t given = 0, i;

	for (i = 0; i < strlen(sample->how); i++)
		given += strlen(sample->pieces[i]);
	ck_assert_int_eq(evchat_push(h->chat, "<", 1), 0);
	framed_push_sample(&p, h, sample, &next);
	ck_assert_int_eq(evchat_push(h->chat, ">", 1), 0);
	snprintf(wire, sizeof(wire), "<%s>", sample->wire);
	framed_expect(h, wire);
	snprintf(told, sizeof(told), "done:p:sent:%zu", given);
	harness_run_until_noted(h, told);
	harness_end(h, told);
}
END_TEST

START_TEST(producer_that_says_later_is_asked_again)
{
	int kind = _i % FRAMED_HALVES;
	struct harness *h = framed_start(sink_kinds[_i / FRAMED_HALVES],
	    framed_halves[kind].make);
	struct feeder p;

	framed_push(&p, h, "p", "ab~cd~.");
	framed_expect(h, framed_halves[kind].first);
	ck_assert_int_eq(p.asked, 1);
	feeder_resume(&p);
	harness_turn(h);
	ck_assert_int_eq(p.asked, 2);
	harness_expect(h, "");
	feeder_resume(&p);
	framed_expect(h, framed_halves[kind].whole);
	harness_run_until_noted(h, "done:p");
	ck_assert_int_eq(p.asked, 3);
	harness_end(h, "done:p:sent:4");
}
END_TEST

START_TEST(frames_of_producers_stand_in_order)
{
	struct harness *h = framed_start(sink_kinds[_i], framed_chunked);
	struct feeder p, q;
	struct evchat_stats stats;

	framed_push(&p, h, "p", "a~b.");
	ck_assert_int_eq(evchat_push_frame(h->chat, "c", 1), 0);
	framed_push(&q, h, "q", "d.");
	harness_push_mark(h, "m");
	ck_assert_int_eq(evchat_push_frame(h->chat, NULL, 0), 0);
	framed_expect(h, "1\r\na\r\n");
	feeder_resume(&p);
	framed_expect(h, "1\r\na\r\n1\r\nb\r\n0\r\n\r\n"
	    "1\r\nc\r\n0\r\n\r\n" "1\r\nd\r\n0\r\n\r\n" "0\r\n\r\n");
	harness_run_until_noted(h, "mark:m");
	evchat_get_stats(h->chat, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.frames_out, 4);
	harness_end(h, "done:p:sent:2|done:q:sent:1|mark:m:sent");
}
END_TEST

/* A frame ends as it began, whatever is set meanwhile. */
START_TEST(frame_keeps_the_framing_it_was_pushed_with)
{
	struct harness *h = framed_start(sink_kinds[_i], framed_aab);
	struct evchat_framing *framing = framed_chunked();
	struct feeder p, q;

	framed_push(&p, h, "p", "x~y.");
	ck_assert_int_eq(evchat_set_output_framing(h->chat, framing), 0);
	framed_push(&q, h, "q", "z~z.");
	framed_expect(h, "x");
	feeder_resume(&p);
	framed_expect(h, "xyaab1\r\nz\r\n");
	ck_assert_int_eq(evchat_set_output_framing(h->chat, NULL), 0);
	evchat_framing_free(framing);
	feeder_resume(&q);
	framed_expect(h, "xyaab1\r\nz\r\n1\r\nz\r\n0\r\n\r\n");
	harness_run_until_noted(h, "done:q");
	harness_end(h, "done:p:sent:2|done:q:sent:2");
}
END_TEST

/* Without memory, and on a nasty kernel */

/* The library's own producer, so that nothing of the test's can fail. */
static void
push_evbuffer_frame(struct harness *h)
{
	struct evchat_producer *producer;
	struct evbuffer *buf;

	harness_spare();
	buf = evbuffer_new();
	harness_must(buf != NULL && evbuffer_add(buf, ".a\r\n.b\r\n", 8) == 0,
	    "memory");
	producer = evchat_producer_new_evbuffer(buf);
	harness_must(producer != NULL, "memory");
	harness_spare_end();
	harness_ok(h, evchat_push_frame_with_producer(h->chat, producer));
}

static void
push_and_close(struct harness *h, struct evchat_framing *(*make)(void))
{
	struct evchat_framing *framing;
	int set;

	harness_spare();
	framing = make();
	harness_spare_end();
	set = evchat_set_output_framing(h->chat, framing);
	evchat_framing_free(framing);
	harness_ok(h, set);
	push_evbuffer_frame(h);
	harness_ok(h, evchat_push_frame(h->chat, "c\r\n", 3));
	push_evbuffer_frame(h);
	evchat_close_when_done(h->chat);
}

static void
start_aab(struct harness *h)
{
	push_and_close(h, framed_aab);
}

static void
start_dot(struct harness *h)
{
	push_and_close(h, framed_dot);
}

static void
start_chunked(struct harness *h)
{
	push_and_close(h, framed_chunked);
}

static const struct harness_scenario scarce[] = {
	{ .input = "go", .start = start_aab, .until_closed = true,
	    .expect = "closed:done",
	    .output = ".a\r\n.b\r\naab" "c\r\naab" ".a\r\n.b\r\naab" },
	{ .input = "go", .start = start_dot, .until_closed = true,
	    .expect = "closed:done",
	    .output = "..a\r\n..b\r\n.\r\n" "c\r\n.\r\n"
		"..a\r\n..b\r\n.\r\n" },
	{ .input = "go", .start = start_chunked, .until_closed = true,
	    .expect = "closed:done",
	    .output = "8\r\n.a\r\n.b\r\n\r\n0\r\n\r\n"
		"3\r\nc\r\n\r\n0\r\n\r\n"
		"8\r\n.a\r\n.b\r\n\r\n0\r\n\r\n" }
};

START_TEST(frames_of_producers_hold_in_trouble)
{
	harness_prove(&scarce[_i]);
}
END_TEST

static Suite *
frame_producer_suite(void)
{
	Suite *suite = suite_create("frame_producer");
	TCase *tc = harness_case(suite, "wire");

	tcase_add_loop_test(tc, frame_is_on_the_wire_as_the_framing_has_it, 0,
	    N(lawful) * SINK_KINDS);
	tcase_add_loop_test(tc, producer_that_says_later_is_asked_again, 0,
	    FRAMED_HALVES * SINK_KINDS);
	tcase_add_loop_test(tc, frames_of_producers_stand_in_order, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, frame_keeps_the_framing_it_was_pushed_with, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, frames_of_producers_hold_in_trouble, 0,
	    N(scarce));
	return suite;
}

int
main(void)
{
	return harness_main(frame_producer_suite());
}
