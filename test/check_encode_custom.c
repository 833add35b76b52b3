/*
 * Framings of the application's own: what encode is given, and what becomes of
 * what it wrote.
 */

#include <errno.h>
#include "hashed.h"
#include "sink.h"

START_TEST(encode_is_given_the_payload)
{
	struct evbuffer_iovec pieces[] = { { "ab", 2 }, { NULL, 0 },
	    { "c", 1 }, { "", 0 }, { "defg", 4 } };
	struct hashed hashed;
	struct harness *h = hashed_start(&hashed, sink_kinds[_i]);

	ck_assert_int_eq(evchat_push_frame(h->chat, "xyz", 3), 0);
	ck_assert_str_eq(hashed.payload, "xyz");
	ck_assert_int_eq(evchat_push_framev(h->chat, pieces, 5), 0);
	ck_assert_str_eq(hashed.payload, "abcdefg");
	ck_assert_int_eq(evchat_push_framev(h->chat, pieces, 1), 0);
	ck_assert_str_eq(hashed.payload, "ab");
	ck_assert_int_eq(evchat_push_frame(h->chat, NULL, 0), 0);
	ck_assert_str_eq(hashed.payload, "");
	ck_assert_int_eq(evchat_push_framev(h->chat, NULL, 0), 0);
	ck_assert_int_eq(hashed.encoded, 5);
	ck_assert_int_eq(evchat_push_framev(h->chat, pieces, -1), -1);
	ck_assert_int_eq(errno, EINVAL);
	errno = 0;
	ck_assert_int_eq(evchat_push_framev(h->chat, NULL, 1), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(hashed.encoded, 5);
	harness_expect_received(h, "xyz#abcdefg#ab###");
	harness_end(h, "");
	ck_assert_int_eq(hashed.freed, 1);
}
END_TEST

START_TEST(what_a_failing_encode_has_appended_is_dropped)
{
	static const int errors[] = { EINVAL, EMSGSIZE, ENOMEM, ERANGE };
	struct hashed hashed;
	struct harness *h = hashed_start(&hashed, sink_kinds[_i]);
	struct evchat_stats stats;
	size_t i;

	ck_assert_int_eq(evchat_push(h->chat, "<", 1), 0);
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		hashed.error = errors[i];
		ck_assert_int_eq(evchat_push_frame(h->chat, "bad", 3), -1);
		ck_assert_int_eq(errno, errors[i]);
		ck_assert_uint_eq(evchat_get_output_length(h->chat), 1);
	}
	hashed.error = 0;
	ck_assert_int_eq(evchat_push_frame(h->chat, "good", 4), 0);
	harness_expect_received(h, "<good#");
	harness_turn(h);
	harness_expect_received(h, "<good#");
	evchat_get_stats(h->chat, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.frames_out, 1);
	harness_end(h, "");
}
END_TEST

START_TEST(framing_without_encode_writes_nothing)
{
	struct harness *h = harness_streaming_on(HARNESS_PAIR);
	struct evbuffer_iovec piece = { "ab", 2 };
	struct hashed hashed;
	struct evchat_framing *framing = hashed_new(&hashed, &hashed_no_encode);

	ck_assert_int_eq(evchat_set_framing(h->chat, framing), 0);
	evchat_framing_free(framing);
	errno = 0;
	ck_assert_int_eq(evchat_push_frame(h->chat, "ab", 2), -1);
	ck_assert_int_eq(errno, EINVAL);
	errno = 0;
	ck_assert_int_eq(evchat_push_framev(h->chat, &piece, 1), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_uint_eq(evchat_get_output_length(h->chat), 0);
	harness_feed(h, "cd#");
	harness_end(h, "collect:cd|found");
	ck_assert_int_eq(hashed.freed, 1);
}
END_TEST

/* Have one allocation fail, of encode or around it. @return whether one did */
static bool
push_without_memory(struct harness *h, long n)
{
	size_t queued = evchat_get_output_length(h->chat);
	bool failed;
	int pushed;

	errno = 0;
	harness_fail_allocation(n);
	pushed = evchat_push_frame(h->chat, "abc", 3);
	failed = harness_allocation_failed();
	harness_fail_allocation(0);
	ck_assert(pushed == 0 || (failed && errno == ENOMEM));
	ck_assert_uint_eq(evchat_get_output_length(h->chat),
	    queued + (pushed == 0 ? 4 : 0));
	return pushed == -1;
}

START_TEST(without_memory_nothing_is_pushed)
{
	struct hashed hashed;
	struct harness *h = hashed_start(&hashed, sink_kinds[_i]);
	long n;

	for (n = 1; push_without_memory(h, n); n++)
		ck_assert_int_eq(evchat_push(h->chat, "-", 1), 0);
	ck_assert_int_gt(n, 2);
	harness_run_until_received(h, (size_t)n + 3);
	ck_assert_mem_eq(evbuffer_pullup(h->received, -1) + n - 1, "abc#", 4);
	harness_end(h, "");
}
END_TEST

static Suite *
encode_custom_suite(void)
{
	Suite *suite = suite_create("encode_custom");
	TCase *tc = harness_case(suite, "encode");

	tcase_add_loop_test(tc, encode_is_given_the_payload, 0, SINK_KINDS);
	tcase_add_loop_test(tc, what_a_failing_encode_has_appended_is_dropped,
	    0, SINK_KINDS);
	tcase_add_test(tc, framing_without_encode_writes_nothing);
	tcase_add_loop_test(tc, without_memory_nothing_is_pushed, 0,
	    SINK_KINDS);
	return suite;
}

int
main(void)
{
	return harness_main(encode_custom_suite());
}
