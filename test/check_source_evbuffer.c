/*
 * The ready-made producer of an evbuffer.
 */

#include <errno.h>
#include "harness.h"
#include "unit_source.h"

START_TEST(evbuffer_comes_out_piece_by_piece)
{
	static const size_t wants[] = { 1, 2, 3, 4, 8, 9, 10, 100 };
	struct evbuffer *buf = evbuffer_new(), *out = evbuffer_new();
	struct evchat_producer *producer;
	long blocks = harness_blocks();

	unit_add_chain(buf, "abc", 3);
	unit_add_chain(buf, "def", 3);
	evbuffer_add(buf, "ghi", 3);
	producer = evchat_producer_new_evbuffer(buf);
	ck_assert_uint_eq(producer->held, 9);
	ck_assert_int_eq(unit_source_drain(producer, out, wants[_i]),
	    EVCHAT_MORE_END);
	producer_end(producer, EVCHAT_DONE_SENT);
	unit_source_expect(out, "abcdefghi", 9);
	ck_assert_int_eq(unit_chains(), 0);
	ck_assert_int_eq(harness_blocks(), blocks - 2);
}
END_TEST

START_TEST(evbuffer_ends_with_its_last_bytes)
{
	struct evbuffer *buf = evbuffer_new(), *out = evbuffer_new();
	struct evchat_producer *producer;
	bool gone;

	evbuffer_add(buf, "abcd", 4);
	producer = evchat_producer_new_evbuffer(buf);
	ck_assert_int_eq(producer_ask(producer, out, 2, &gone),
	    EVCHAT_MORE_DATA);
	ck_assert_int_eq(producer_ask(producer, out, 2, &gone),
	    EVCHAT_MORE_END);
	evchat_producer_free(producer);
	unit_source_expect(out, "abcd", 4);
}
END_TEST

START_TEST(empty_evbuffer_ends_at_once)
{
	struct evbuffer *out = evbuffer_new();
	struct evchat_producer *producer;

	producer = evchat_producer_new_evbuffer(evbuffer_new());
	ck_assert_uint_eq(producer->held, 0);
	ck_assert_int_eq(unit_source_drain(producer, out, 10), EVCHAT_MORE_END);
	evchat_producer_free(producer);
	unit_source_expect(out, "", 0);
}
END_TEST

START_TEST(evbuffer_is_appended_behind_what_is_there)
{
	struct evbuffer *buf = evbuffer_new(), *out = evbuffer_new();
	struct evchat_producer *producer;

	evbuffer_add(out, "12345", 5);
	evbuffer_add(buf, "abcd", 4);
	producer = evchat_producer_new_evbuffer(buf);
	ck_assert_int_eq(unit_source_drain(producer, out, 3), EVCHAT_MORE_END);
	evchat_producer_free(producer);
	unit_source_expect(out, "12345abcd", 9);
}
END_TEST

START_TEST(no_evbuffer_is_refused)
{
	errno = 0;
	ck_assert_ptr_null(evchat_producer_new_evbuffer(NULL));
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

START_TEST(evbuffer_is_freed_where_there_is_no_producer)
{
	long blocks = harness_blocks();
	struct evbuffer *buf = evbuffer_new();

	unit_add_chain(buf, "abc", 3);
	harness_fail_allocation(1);
	errno = 0;
	ck_assert_ptr_null(evchat_producer_new_evbuffer(buf));
	ck_assert_int_eq(errno, ENOMEM);
	ck_assert_int_eq(unit_chains(), 0);
	ck_assert_int_eq(harness_blocks(), blocks);
}
END_TEST

START_TEST(evbuffer_that_cannot_be_moved_fails)
{
	struct evbuffer *buf = evbuffer_new(), *out = evbuffer_new();
	struct evchat_producer *producer;
	bool gone;

	unit_add_chain(buf, "abcd", 4);
	producer = evchat_producer_new_evbuffer(buf);
	harness_fail_allocation(1);
	ck_assert_int_eq(producer_ask(producer, out, 2, &gone),
	    EVCHAT_MORE_ERROR);
	ck_assert_int_eq(errno, ENOMEM);
	evchat_producer_free(producer);
	evbuffer_free(out);
	ck_assert_int_eq(unit_chains(), 0);
}
END_TEST

static Suite *
source_evbuffer_suite(void)
{
	Suite *suite = suite_create("source_evbuffer");
	TCase *tc = harness_case(suite, "evbuffer");

	tcase_add_loop_test(tc, evbuffer_comes_out_piece_by_piece, 0, 8);
	tcase_add_test(tc, evbuffer_ends_with_its_last_bytes);
	tcase_add_test(tc, empty_evbuffer_ends_at_once);
	tcase_add_test(tc, evbuffer_is_appended_behind_what_is_there);
	tcase_add_test(tc, no_evbuffer_is_refused);
	tcase_add_test(tc, evbuffer_is_freed_where_there_is_no_producer);
	tcase_add_test(tc, evbuffer_that_cannot_be_moved_fails);
	return suite;
}

int
main(void)
{
	return harness_main(source_evbuffer_suite());
}
