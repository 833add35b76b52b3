/*
 * What a channel answers in its closed hook: what it was told of the
 * stream is still there, and what it does not have any more is 0 or NULL.
 */

#include <stdlib.h>
#include <string.h>
#include "harness.h"

#define MUCH (4 << 20) /* more than sockets hold */

static void
note_left_over(struct harness *h, enum evchat_reason why)
{
	struct evchat_stats stats;

	(void)why;
	ck_assert_ptr_null(evchat_get_bufferevent(h->chat));
	ck_assert_ptr_null(evchat_get_framing(h->chat));
	ck_assert_uint_eq(evchat_get_terminator_remaining(h->chat), 0);
	ck_assert_uint_eq(evchat_get_output_length(h->chat), 0);
	ck_assert_ptr_eq(evchat_get_arg(h->chat), h);
	evchat_get_stats(h->chat, &stats, sizeof(stats));
	harness_note(h, "in:%ju:%ju out:%ju:%ju at:%ju len:%ju",
	    (uintmax_t)stats.bytes_in, (uintmax_t)stats.frames_in,
	    (uintmax_t)stats.bytes_out, (uintmax_t)stats.frames_out,
	    (uintmax_t)evchat_get_offset(h->chat),
	    (uintmax_t)evchat_get_frame_length(h->chat));
}

START_TEST(in_closed_there_is_no_framing_and_no_output_any_more)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_frames);

	h->script.closed = note_left_over;
	harness_crlf(h);
	harness_feed(h, "ab\r\ncde");
	ck_assert_ptr_nonnull(evchat_get_framing(h->chat));
	ck_assert_int_eq(evchat_push_frame(h->chat, "xyz", 3), 0);
	ck_assert_uint_eq(evchat_get_output_length(h->chat), 5);
	evchat_free(h->chat);
	harness_end(h,
	    "frame:ab|closed:freed|in:4:1 out:0:1 at:4 len:3");
}
END_TEST

START_TEST(in_closed_no_count_waits_any_more)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);

	h->script.closed = note_left_over;
	ck_assert_int_eq(evchat_set_terminator_count(h->chat, 5), 0);
	ck_assert_int_eq(evchat_push(h->chat, "xyz", 3), 0);
	harness_feed(h, "ab");
	harness_expect_received(h, "xyz");
	harness_turn(h);
	ck_assert_uint_eq(evchat_get_terminator_remaining(h->chat), 3);
	ck_assert_ptr_eq(evchat_get_arg(h->chat), h);
	evchat_free(h->chat);
	harness_end(h,
	    "collect:ab|closed:freed|in:2:0 out:3:0 at:2 len:5");
}
END_TEST

/* Bytes that were looked at, and are to be looked at again, are no count's. */
START_TEST(only_a_count_waits_for_bytes)
{
	struct harness *h = harness_start_new(HARNESS_SOCKET,
	    &harness_frames);

	harness_crlf(h);
	harness_feed(h, "bc");
	ck_assert_uint_eq(evchat_get_terminator_remaining(h->chat), 0);
	ck_assert_int_eq(evchat_unread(h->chat, "a", 1), 0);
	ck_assert_uint_eq(evchat_get_terminator_remaining(h->chat), 0);
	harness_feed(h, "\r\n");
	harness_end(h, "frame:abc");
}
END_TEST

START_TEST(one_byte_is_a_partial_frame)
{
	struct harness *h = harness_start_new(HARNESS_SOCKET,
	    &harness_frames);
	size_t len = 1;

	harness_crlf(h);
	harness_feed(h, "ab\r\n");
	ck_assert_ptr_null(evchat_get_partial(h->chat, &len));
	ck_assert_uint_eq(len, 0);
	harness_feed(h, "c");
	harness_note_partial(h);
	harness_end(h, "frame:ab|partial:c");
}
END_TEST

/* What the system has not taken is not counted as gone, and the rest is. */
static void
note_bytes_out(struct harness *h, enum evchat_reason why)
{
	struct evchat_stats stats;

	(void)why;
	evchat_get_stats(h->chat, &stats, sizeof(stats));
	h->count = (int)stats.bytes_out;
}

START_TEST(in_closed_only_what_has_left_counts_as_out)
{
	static const enum harness_carrier sockets[] = { HARNESS_SOCKET,
	    HARNESS_BEV_DEFER, HARNESS_TCP,
#ifdef HAVE_OPENSSL
	    HARNESS_TLS, HARNESS_TLS_FILTER
#endif
	};
	static char much[MUCH];
	struct harness *h = harness_start_new(sockets[_i],
	    &harness_streaming);

	h->script.closed = note_bytes_out;
	harness_peer_read(h, false);
	ck_assert_int_eq(evchat_push(h->chat, much, MUCH), 0);
	harness_turn(h);
	evchat_free(h->chat);
	ck_assert_int_gt(h->count, 0);
	ck_assert_int_lt(h->count, MUCH);
	harness_peer_read(h, true);
	harness_run_until_peer_eof(h);
	ck_assert_uint_eq(evbuffer_get_length(h->received),
	    (size_t)h->count);
	harness_end(h, "closed:freed");
}
END_TEST

static Suite *
closed_suite(void)
{
	Suite *suite = suite_create("closed");
	TCase *tc = harness_case(suite, "closed");

	tcase_add_loop_test(tc,
	    in_closed_there_is_no_framing_and_no_output_any_more, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc, in_closed_no_count_waits_any_more, 0,
	    HARNESS_WAITING);
	tcase_add_test(tc, only_a_count_waits_for_bytes);
	tcase_add_test(tc, one_byte_is_a_partial_frame);
	tcase_add_loop_test(tc, in_closed_only_what_has_left_counts_as_out, 0,
	    3);
	return suite;
}

int
main(void)
{
	return harness_main(closed_suite());
}
