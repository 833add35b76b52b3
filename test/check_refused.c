/*
 * Pushes that are refused because of what was called before: they say why, end
 * what they were given, and leave nothing in the queue.
 */

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <string.h>
#include "gift.h"

/* EPIPE */

static void
expect_refused(struct harness *h, int kind)
{
	struct gift gift;
	size_t before = evchat_get_output_length(h->chat);

	gift_wrap(&gift, h, kind);
	errno = 0;
	ck_assert_int_eq(gift_kinds[kind].push(&gift), -1);
	ck_assert_int_eq(errno, EPIPE);
	ck_assert_uint_eq(evchat_get_output_length(h->chat), before);
	gift_unwrap(&gift);
}

START_TEST(push_after_push_eof_is_refused)
{
	struct harness *h = gift_start(HARNESS_SOCKET);

	harness_push_stuck(h, "s");
	ck_assert_int_eq(evchat_push_eof(h->chat), 0);
	expect_refused(h, _i);
	harness_end(h, gift_kinds[_i].failed);
}
END_TEST

START_TEST(push_after_the_write_side_was_shut_is_refused)
{
	struct harness *h = gift_start(HARNESS_SOCKET);

	h->rude = true;
	ck_assert_int_eq(evchat_push_eof(h->chat), 0);
	harness_run_until_peer_eof(h);
	expect_refused(h, _i);
	harness_end(h, gift_kinds[_i].failed);
}
END_TEST

START_TEST(push_while_closing_is_refused)
{
	struct harness *h = gift_start(HARNESS_SOCKET);

	harness_push_stuck(h, "s");
	evchat_close_when_done(h->chat);
	expect_refused(h, _i);
	harness_turn(h);
	harness_end(h, gift_kinds[_i].failed);
}
END_TEST

static void
refuse_in_closed(struct harness *h, enum evchat_reason why)
{
	(void)why;
	h->closed = 0; /* for the end of what is pushed now */
	expect_refused(h, h->count);
	h->closed = 1;
}

START_TEST(push_in_closed_is_refused)
{
	struct harness *h = gift_start(HARNESS_SOCKET);

	h->count = _i;
	h->script.closed = refuse_in_closed;
	evchat_free(h->chat);
	if (gift_kinds[_i].failed[0] != '\0')
		ck_assert_ptr_nonnull(strstr(harness_transcript(h),
		    gift_kinds[_i].failed));
	harness_free(h);
}
END_TEST

START_TEST(push_after_the_end_is_refused)
{
	struct harness *h = gift_start(HARNESS_SOCKET);
	struct evchat *chat = h->chat;

	evchat_incref(chat);
	evchat_free(chat);
	h->chat = chat;
	expect_refused(h, _i);
	h->chat = NULL;
	evchat_decref(chat);
	if (gift_kinds[_i].failed[0] != '\0')
		ck_assert_ptr_nonnull(strstr(harness_transcript(h),
		    gift_kinds[_i].failed));
	harness_free(h);
}
END_TEST

START_TEST(reference_without_a_cleanup_is_refused_as_well)
{
	struct harness *h = gift_start(HARNESS_SOCKET);

	ck_assert_int_eq(evchat_push_eof(h->chat), 0);
	errno = 0;
	ck_assert_int_eq(evchat_push_reference(h->chat, "X", 1, NULL, NULL),
	    -1);
	ck_assert_int_eq(errno, EPIPE);
	ck_assert_uint_eq(evchat_get_output_length(h->chat), 0);
	harness_end(h, "");
}
END_TEST

static void
spoil_errno(const void *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	(void)arg;
	errno = ENOENT;
}

/* What a cleanup, done or close inside the failing call leaves in errno. */
START_TEST(what_is_released_does_not_spoil_the_reason)
{
	struct harness *h = gift_start(HARNESS_SOCKET);
	struct evbuffer *buf = evbuffer_new();

	ck_assert_ptr_nonnull(buf);
	ck_assert_int_eq(evbuffer_add_reference(buf, "abc", 3, spoil_errno,
	    NULL), 0);
	evchat_close_when_done(h->chat);
	errno = 0;
	ck_assert_int_eq(evchat_push_buffer(h->chat, buf), -1);
	ck_assert_int_eq(errno, EPIPE);
	errno = 0;
	ck_assert_int_eq(evchat_push_reference(h->chat, "abc", 3, spoil_errno,
	    NULL), -1);
	ck_assert_int_eq(errno, EPIPE);
	evbuffer_free(buf);
	harness_run_until_closed(h);
	harness_end(h, "closed:done");
}
END_TEST

/* EINVAL */

START_TEST(frozen_evbuffer_is_refused)
{
	struct harness *h = gift_start(HARNESS_SOCKET);
	struct evbuffer *buf = evbuffer_new();

	ck_assert_int_eq(evbuffer_add(buf, "abc", 3), 0);
	ck_assert_int_eq(evbuffer_freeze(buf, 1), 0);
	errno = 0;
	ck_assert_int_eq(evchat_push_buffer(h->chat, buf), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_uint_eq(evchat_get_output_length(h->chat), 0);
	evbuffer_free(buf);
	harness_end(h, "");
}
END_TEST

static Suite *
refused_suite(void)
{
	Suite *suite = suite_create("refused");
	TCase *tc = harness_case(suite, "ended");

	tcase_add_loop_test(tc, push_after_push_eof_is_refused, 0, GIFT_KINDS);
	tcase_add_loop_test(tc, push_after_the_write_side_was_shut_is_refused,
	    0, GIFT_KINDS);
	tcase_add_loop_test(tc, push_while_closing_is_refused, 0, GIFT_KINDS);
	tcase_add_loop_test(tc, push_in_closed_is_refused, 0, GIFT_KINDS);
	tcase_add_loop_test(tc, push_after_the_end_is_refused, 0, GIFT_KINDS);
	tcase_add_test(tc, reference_without_a_cleanup_is_refused_as_well);
	tcase_add_test(tc, frozen_evbuffer_is_refused);
	tcase_add_test(tc, what_is_released_does_not_spoil_the_reason);
	return suite;
}

int
main(void)
{
	return harness_main(refused_suite());
}
