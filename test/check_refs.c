/*
 * References: what is left of a channel that has ended for those who hold one,
 * and what every call on it does.
 */

#include <errno.h>
#include <unistd.h>
#include "harness.h"

/* Every call on an ended channel. */
static void
call_all(struct evchat *chat)
{
	const struct timeval second = { 1, 0 };
	struct evchat_stats stats;

	errno = 0;
	ck_assert_int_eq(evchat_push(chat, "a", 1), -1);
	ck_assert_int_eq(errno, EPIPE);
	ck_assert_int_eq(evchat_push_printf(chat, "a"), -1);
	ck_assert_int_eq(evchat_push_frame(chat, "a", 1), -1);
	ck_assert_int_eq(evchat_push_eof(chat), -1);
	ck_assert_int_eq(evchat_set_hooks(chat, NULL, NULL), -1);
	ck_assert_int_eq(evchat_set_half_open(chat, 1), -1);
	ck_assert_int_eq(evchat_set_terminator_count(chat, 1), -1);
	ck_assert_int_eq(evchat_set_output_framing(chat, NULL), -1);
	ck_assert_int_eq(evchat_unread(chat, "a", 1), -1);
	ck_assert_int_eq(evchat_set_max_frame(chat, 1, EVCHAT_OVERSIZE_CLOSE),
	    -1);
	ck_assert_int_eq(evchat_set_watermarks(chat, 1, 2), -1);
	ck_assert_int_eq(evchat_set_buffer_sizes(chat, 1, 2), -1);
	ck_assert_int_eq(evchat_set_timeout(chat, EVCHAT_TIMEOUT_READ, &second),
	    -1);
	errno = 0;
	ck_assert_int_eq(evchat_set_terminator(chat, "a", 1), -1);
	ck_assert_int_eq(errno, EPIPE);
	errno = 0;
	ck_assert_ptr_null(evchat_detach(chat));
	ck_assert_int_eq(errno, EPIPE);
	evchat_set_terminator_none(chat);
	evchat_free(chat);
	evchat_reset(chat);
	evchat_close_when_done(chat);
	evchat_discard_buffers(chat);
	evchat_pause(chat);
	evchat_resume(chat);
	ck_assert_ptr_null(evchat_get_bufferevent(chat));
	ck_assert_ptr_null(evchat_get_hooks(chat));
	ck_assert_ptr_null(evchat_get_framing(chat));
	ck_assert_uint_eq(evchat_get_terminator_remaining(chat), 0);
	ck_assert_uint_eq(evchat_get_output_length(chat), 0);
	evchat_get_stats(chat, &stats, sizeof(stats));
}

START_TEST(reference_keeps_the_pointer_of_an_ended_channel)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);
	struct evchat *chat = h->chat;

	evchat_incref(chat);
	evchat_incref(chat);
	evchat_decref(chat);
	harness_crlf(h);
	harness_feed(h, "ab\r\n");
	harness_feed_eof(h);
	harness_expect(h, "collect:ab|found|event:eof|closed:eof");
	call_all(chat);
	harness_turn(h);
	evchat_decref(chat);
	harness_end(h, "collect:ab|found|event:eof|closed:eof");
}
END_TEST

START_TEST(failing_push_on_an_ended_channel_releases_what_it_took)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);
	struct evbuffer *buf = evbuffer_new();
	struct evchat *chat = h->chat;

	evchat_incref(chat);
	evchat_free(chat);
	evbuffer_add(buf, "abc", 3);
	ck_assert_int_eq(evchat_push_buffer(chat, buf), -1);
	ck_assert_uint_eq(evbuffer_get_length(buf), 0);
	ck_assert_int_eq(evchat_push_with_producer(chat,
	    evchat_producer_new_evbuffer(buf)), -1);
	ck_assert_int_eq(evchat_push_file(chat, dup(0), 0, 1), -1);
	evchat_decref(chat);
	harness_end(h, "closed:freed");
}
END_TEST

START_TEST(decref_never_ends_a_channel)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);

	evchat_incref(h->chat);
	evchat_decref(h->chat);
	harness_feed(h, "ab");
	harness_end(h, "collect:ab");
}
END_TEST

static void
drop_reference(struct harness *h, enum evchat_reason why)
{
	(void)why;
	evchat_decref(h->user);
}

START_TEST(reference_may_be_dropped_in_closed)
{
	struct harness *h = harness_start_new((enum harness_carrier)_i,
	    &harness_streaming);

	evchat_incref(h->user = h->chat);
	h->script.closed = drop_reference;
	harness_feed_eof(h);
	harness_end(h, "event:eof|closed:eof");
}
END_TEST

static Suite *
refs_suite(void)
{
	Suite *suite = suite_create("refs");
	TCase *tc = harness_case(suite, "references");

	tcase_add_loop_test(tc, reference_keeps_the_pointer_of_an_ended_channel,
	    0, HARNESS_CARRIERS);
	tcase_add_loop_test(tc,
	    failing_push_on_an_ended_channel_releases_what_it_took, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc, decref_never_ends_a_channel, 0,
	    HARNESS_CARRIERS);
	tcase_add_loop_test(tc, reference_may_be_dropped_in_closed, 0,
	    HARNESS_CARRIERS);
	return suite;
}

int
main(void)
{
	return harness_main(refs_suite());
}
