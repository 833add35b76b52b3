/*
 * evchat_push_frame_with_producer() that is refused: the producer is freed all
 * the same, and nothing was queued.
 */

#include <errno.h>
#include "framed.h"

#define N(array) ((int)(sizeof(array) / sizeof((array)[0])))

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

/* What done does to errno is not what the push tells. */
static void
spoil_errno(struct feeder *feeder)
{
	(void)feeder;
	errno = ERANGE;
}

/* Push one that must be refused, and see it freed in there. */
static void
expect_refused(struct harness *h, int error, const char *told)
{
	size_t queued = evchat_get_output_length(h->chat);
	struct feeder p;

	feeder_init(&p, h, "p", "ab.");
	p.in_done = spoil_errno;
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
push_without_memory(const struct framed_half *half, long n)
{
	struct harness *h = framed_start(HARNESS_PAIR, half->make);
	struct feeder p;
	bool failed;
	int pushed;

	feeder_init(&p, h, "p", "ab+cd.");
	p.in_done = spoil_errno;
	errno = 0;
	harness_fail_allocation(n);
	pushed = evchat_push_frame_with_producer(h->chat, p.producer);
	failed = harness_allocation_failed();
	harness_fail_allocation(0);
	p.pushed = pushed == 0;
	ck_assert(pushed == 0 || (failed && errno == ENOMEM));
	harness_expect(h, pushed == 0 ? "" : "done:p:discarded:0");
	if (pushed == 0)
		framed_expect(h, half->whole);
	else
		ck_assert_uint_eq(evchat_get_output_length(h->chat), 0);
	harness_free(h);
	return pushed == -1;
}

START_TEST(without_memory_the_producer_is_freed)
{
	long n;

	for (n = 1; push_without_memory(&framed_halves[_i], n); n++)
		continue;
	ck_assert_int_gt(n, 1);
}
END_TEST

static Suite *
frame_producer_refused_suite(void)
{
	Suite *suite = suite_create("frame_producer_refused");
	TCase *tc = harness_case(suite, "refused");

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
	return harness_main(frame_producer_refused_suite());
}
