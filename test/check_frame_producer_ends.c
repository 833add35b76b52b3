/*
 * evchat_push_frame_with_producer(): the ways in which such a frame can end.
 */

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "framed.h"
#include "sink.h"

#define N(array) ((int)(sizeof(array) / sizeof((array)[0])))

static void
note_errno(struct harness *h, enum evchat_reason why)
{
	(void)why;
	harness_note(h, "errno:%d", evchat_get_errno(h->chat));
}

static const struct framed_sample unlawful[] = {
	{ framed_crlf, "+.", { "a\r", "\nb" }, NULL },
	{ framed_crlf, "+.", { "a\r\nb", "" }, NULL },
	{ framed_crlf, ".", { "\r\n" }, NULL },
	{ framed_aab, "++.", { "xa", "a", "b" }, NULL },
	{ framed_kept, "+.", { "ab", "\r" }, NULL },
	{ framed_kept, ".", { "" }, NULL },
	{ framed_kept, "+.", { "ab\r\n", "c" }, NULL },
	{ framed_kept, "+.", { "ab\r\n", "\r\n" }, NULL },
	{ framed_several, "+.", { "ab", ";" }, NULL },
	{ framed_several, "+.", { "ab", "\r" }, NULL },
	{ framed_several, "+.", { "ab", "\n" }, NULL },
	{ framed_several_kept, "+.", { "ab", "\r" }, NULL },
	{ framed_several_kept, "++.", { "ab\r", "\n", "\n" }, NULL },
	{ framed_line, "+.", { "ab", "\nc" }, NULL },
	{ framed_line_strict, "+.", { "ab", "\r" }, NULL },
	{ framed_line_strict, "+.", { "ab\r", "c" }, NULL },
	{ framed_line_any, "+.", { "", "" }, NULL },
	{ framed_line_any, "+.", { "a", "\r" }, NULL },
	{ framed_dot, "+.", { "a\r", "" }, NULL },
	{ framed_dot, ".", { "." }, NULL },
	{ framed_dot, ".", { "\n" }, NULL },
	{ framed_dot_strict, "+.", { "a\r", "b\r\n" }, NULL },
	{ framed_dot_strict, "+.", { "a\r\n", "\n\r\n" }, NULL }
};

START_TEST(payload_that_breaks_the_law_ends_the_channel)
{
	const struct framed_sample *sample = &unlawful[_i % N(unlawful)];
	struct harness *h = framed_start(sink_kinds[_i / N(unlawful)],
	    sample->make);
	const char *const *next;
	struct feeder p, q;
	char told[200];
	size_t given = 0;

	h->script.closed = note_errno;
	framed_push_sample(&p, h, sample, &next);
	framed_push(&q, h, "q", "z.");
	harness_run_until_closed(h);
	while (next > sample->pieces)
		given += strlen(*--next);
	ck_assert_int_eq(q.asked, 0);
	snprintf(told, sizeof(told), "done:p:failed:%zu|done:q:failed:0"
	    "|closed:producer|errno:%d", given, EINVAL);
	harness_end(h, told);
}
END_TEST

START_TEST(error_of_the_producer_ends_the_channel)
{
	int kind = _i % FRAMED_HALVES;
	struct harness *h = framed_start(sink_kinds[_i / FRAMED_HALVES],
	    framed_halves[kind].make);
	size_t len = strlen(framed_halves[kind].first), got;
	struct feeder p;
	char told[100];

	h->script.closed = note_errno;
	framed_push(&p, h, "p", "ab+cd!");
	p.error = ENOSPC;
	harness_run_until_closed(h);
	harness_run_until_peer_eof(h);
	got = evbuffer_get_length(h->received);
	ck_assert_uint_le(got, len);
	if (got > 0)
		ck_assert_mem_eq(evbuffer_pullup(h->received, -1),
		    framed_halves[kind].first, got);
	snprintf(told, sizeof(told),
	    "done:p:failed:2|closed:producer|errno:%d", ENOSPC);
	harness_end(h, told);
}
END_TEST

START_TEST(frame_is_discarded_with_the_queue)
{
	int kind = _i % FRAMED_HALVES;
	struct harness *h = framed_start(sink_kinds[_i / FRAMED_HALVES],
	    framed_halves[kind].make);
	struct feeder p, q;

	framed_push(&p, h, "p", "ab~cd.");
	framed_push(&q, h, "q", "ef.");
	framed_expect(h, framed_halves[kind].first);
	evchat_discard_buffers(h->chat);
	harness_expect(h, "done:p:discarded:2|done:q:discarded:0");
	ck_assert_uint_eq(evchat_get_output_length(h->chat), 0);
	ck_assert_int_eq(evchat_push(h->chat, "!", 1), 0);
	harness_run_until_received(h, strlen(framed_halves[kind].first) + 1);
	harness_end(h, "done:p:discarded:2|done:q:discarded:0");
}
END_TEST

START_TEST(frame_is_discarded_when_the_channel_is_freed)
{
	struct harness *h = framed_start(sink_kinds[_i], framed_dot);
	struct feeder p, q;

	framed_push(&p, h, "p", "ab~cd.");
	framed_push(&q, h, "q", "ef.");
	harness_turn(h);
	errno = 0;
	ck_assert(!harness_detach(h));
	ck_assert_int_eq(errno, EBUSY);
	evchat_free(h->chat);
	harness_end(h, "done:p:discarded:2|done:q:discarded:0|closed:freed");
}
END_TEST

START_TEST(close_waits_for_the_end_of_the_frame)
{
	struct harness *h = framed_start(sink_kinds[_i], framed_chunked);
	struct feeder p;

	framed_push(&p, h, "p", "ab~cd.");
	evchat_close_when_done(h->chat);
	harness_turn(h);
	feeder_resume(&p);
	harness_run_until_closed(h);
	harness_run_until_peer_eof(h);
	framed_expect(h, "2\r\nab\r\n2\r\ncd\r\n0\r\n\r\n");
	harness_end(h, "done:p:sent:4|closed:done");
}
END_TEST

/* What more and done may call, which is anything */

static void
free_channel(struct feeder *feeder)
{
	evchat_free(feeder->h->chat);
}

static void
discard(struct feeder *feeder)
{
	evchat_discard_buffers(feeder->h->chat);
}

static void
detach(struct feeder *feeder)
{
	errno = 0;
	ck_assert(!harness_detach(feeder->h));
	ck_assert_int_eq(errno, EBUSY);
}

static void
close_channel(struct feeder *feeder)
{
	evchat_close_when_done(feeder->h->chat);
}

/* The frame goes on by the framing that it has the last reference to. */
static void
change_framing(struct feeder *feeder)
{
	struct evchat_framing *framing = framed_aab();

	ck_assert_int_eq(evchat_set_output_framing(feeder->h->chat, framing),
	    0);
	evchat_framing_free(framing);
	ck_assert_int_eq(evchat_push_frame(feeder->h->chat, "x", 1), 0);
}

static const struct {
	void (*in_more)(struct feeder *feeder);
	void (*in_done)(struct feeder *feeder);
	const char *wire; /* NULL: not looked at */
	const char *told;
} calls[] = {
	{ free_channel, NULL, NULL, "done:p:discarded:0|closed:freed" },
	{ discard, NULL, "", "done:p:discarded:0" },
	{ detach, NULL, "2\r\nab\r\n0\r\n\r\n", "done:p:sent:2" },
	{ close_channel, NULL, "2\r\nab\r\n0\r\n\r\n",
	    "done:p:sent:2|closed:done" },
	{ change_framing, NULL, "2\r\nab\r\n0\r\n\r\nxaab",
	    "done:p:sent:2" },
	{ NULL, free_channel, NULL, "done:p:sent:2|closed:freed" },
	{ NULL, discard, "2\r\nab\r\n0\r\n\r\n", "done:p:sent:2" },
	{ NULL, change_framing, "2\r\nab\r\n0\r\n\r\nxaab",
	    "done:p:sent:2" }
};

START_TEST(more_and_done_of_a_frame_may_call_anything)
{
	int i = _i % N(calls);
	struct harness *h = framed_start(sink_kinds[_i / N(calls)],
	    framed_chunked);
	struct feeder p;

	framed_push(&p, h, "p", "ab.");
	p.in_more = calls[i].in_more;
	p.in_done = calls[i].in_done;
	harness_run_until_noted(h, calls[i].told);
	if (calls[i].wire != NULL)
		framed_expect(h, calls[i].wire);
	harness_end(h, calls[i].told);
}
END_TEST

static Suite *
frame_producer_ends_suite(void)
{
	Suite *suite = suite_create("frame_producer_ends");
	TCase *tc = harness_case(suite, "ends");

	tcase_add_loop_test(tc, payload_that_breaks_the_law_ends_the_channel, 0,
	    N(unlawful) * SINK_KINDS);
	tcase_add_loop_test(tc, error_of_the_producer_ends_the_channel, 0,
	    FRAMED_HALVES * SINK_KINDS);
	tcase_add_loop_test(tc, frame_is_discarded_with_the_queue, 0,
	    FRAMED_HALVES * SINK_KINDS);
	tcase_add_loop_test(tc, frame_is_discarded_when_the_channel_is_freed,
	    0, SINK_KINDS);
	tcase_add_loop_test(tc, close_waits_for_the_end_of_the_frame, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, more_and_done_of_a_frame_may_call_anything, 0,
	    N(calls) * SINK_KINDS);
	return suite;
}

int
main(void)
{
	return harness_main(frame_producer_ends_suite());
}
