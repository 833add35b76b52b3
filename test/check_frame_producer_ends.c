/*
 * evchat_push_frame_with_producer(): the ways in which such a frame can end,
 * and those that are refused.
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

/* Refused: they are freed all the same */

static struct evchat_framing *
fixed(void)
{
	return evchat_framing_fixed(2);
}

static struct evchat_framing *
length(void)
{
	return evchat_framing_length(&(struct evchat_length_field){
	    .width = 1, .strip = 1 });
}

static struct evchat_framing *
varint(void)
{
	return evchat_framing_varint(0);
}

static struct evchat_framing *
netstring(void)
{
	return evchat_framing_netstring(0);
}

static struct evchat_framing *
octet_count(void)
{
	return evchat_framing_octet_count(0);
}

static enum evchat_split_result
split(const void *data, size_t len, struct evchat_split *found, void *state,
    void *arg)
{
	(void)data;
	(void)state;
	(void)arg;
	found->data = len;
	return EVCHAT_SPLIT_MORE;
}

static int
encode(struct evbuffer *out, const struct evbuffer_iovec *payload, int n,
    void *arg)
{
	(void)out;
	(void)payload;
	(void)n;
	(void)arg;
	return 0;
}

static struct evchat_framing *
custom(void)
{
	static const struct evchat_framing_ops ops = { 0, split, encode, NULL };

	return evchat_framing_custom(&ops, NULL);
}

static struct evchat_framing *(*const lengths[])(void) = { fixed, length,
    varint, netstring, octet_count, custom };

/* Push one that must be refused, and see it freed in there. */
static void
expect_refused(struct harness *h, int error, const char *told)
{
	size_t queued = evchat_get_output_length(h->chat);
	struct feeder p;

	feeder_init(&p, h, "p", "ab.");
	errno = 0;
	ck_assert_int_eq(evchat_push_frame_with_producer(h->chat, p.producer),
	    -1);
	ck_assert_int_eq(errno, error);
	ck_assert_ptr_null(p.producer);
	harness_expect(h, told);
	ck_assert_uint_eq(evchat_get_output_length(h->chat), queued);
	ck_assert_int_eq(p.asked, 0);
}

START_TEST(framing_that_needs_the_length_takes_no_producer)
{
	struct harness *h = framed_start(HARNESS_PAIR, lengths[_i]);

	ck_assert_int_eq(evchat_push(h->chat, "<", 1), 0);
	expect_refused(h, EINVAL, "done:p:discarded:0");
	ck_assert_int_eq(evchat_push(h->chat, ">", 1), 0);
	framed_expect(h, "<>");
	harness_end(h, "done:p:discarded:0");
}
END_TEST

START_TEST(without_an_output_framing_no_producer_is_taken)
{
	struct harness *h = harness_streaming_on(HARNESS_PAIR);

	expect_refused(h, EINVAL, "done:p:discarded:0");
	harness_end(h, "done:p:discarded:0");
}
END_TEST

START_TEST(closing_channel_takes_no_frame)
{
	struct harness *h = framed_start(HARNESS_PAIR, framed_dot);

	harness_push_stuck(h, "s");
	ck_assert_int_eq(evchat_push_eof(h->chat), 0);
	expect_refused(h, EPIPE, "done:p:discarded:0");
	harness_end(h, "done:p:discarded:0");
}
END_TEST

START_TEST(producer_that_is_none_or_taken_is_refused)
{
	struct harness *h = framed_start(HARNESS_PAIR, framed_dot);
	struct feeder p, q;

	errno = 0;
	ck_assert_int_eq(evchat_push_frame_with_producer(h->chat, NULL), -1);
	ck_assert_int_eq(errno, EINVAL);
	framed_push(&p, h, "p", "~.");
	feeder_push(&q, h, "q", "q.");
	errno = 0;
	ck_assert_int_eq(evchat_push_frame_with_producer(h->chat, p.producer),
	    -1);
	ck_assert_int_eq(errno, EINVAL);
	errno = 0;
	ck_assert_int_eq(evchat_push_with_producer(h->chat, p.producer), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(evchat_push_frame_with_producer(h->chat, q.producer),
	    -1);
	harness_expect(h, "");
	harness_turn(h);
	feeder_resume(&p);
	framed_expect(h, ".\r\nq");
	harness_run_until_noted(h, "done:q");
	harness_end(h, "done:p:sent:0|done:q:sent:1");
}
END_TEST

/* Have one allocation inside the push fail. @return whether there was one */
static bool
push_without_memory(struct evchat_framing *(*make)(void), long n)
{
	struct harness *h = framed_start(HARNESS_PAIR, make);
	struct feeder p;
	bool failed;
	int pushed;

	ck_assert_int_eq(evchat_push(h->chat, "<", 1), 0);
	feeder_init(&p, h, "p", "ab~");
	errno = 0;
	harness_fail_allocation(n);
	pushed = evchat_push_frame_with_producer(h->chat, p.producer);
	failed = harness_allocation_failed();
	harness_fail_allocation(0);
	p.pushed = pushed == 0;
	ck_assert(pushed == 0 || (failed && errno == ENOMEM));
	harness_expect(h, pushed == 0 ? "" : "done:p:discarded:0");
	if (pushed == -1)
		ck_assert_uint_eq(evchat_get_output_length(h->chat), 1);
	harness_free(h);
	return pushed == -1;
}

START_TEST(without_memory_the_producer_is_freed)
{
	long n;

	for (n = 1; push_without_memory(framed_halves[_i].make, n); n++)
		continue;
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

	tc = harness_case(suite, "refused");
	tcase_add_loop_test(tc, framing_that_needs_the_length_takes_no_producer,
	    0, N(lengths));
	tcase_add_test(tc, without_an_output_framing_no_producer_is_taken);
	tcase_add_test(tc, closing_channel_takes_no_frame);
	tcase_add_test(tc, producer_that_is_none_or_taken_is_refused);
	tcase_add_loop_test(tc, without_memory_the_producer_is_freed, 0,
	    FRAMED_HALVES);
	return suite;
}

int
main(void)
{
	return harness_main(frame_producer_ends_suite());
}
