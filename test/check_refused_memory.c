/*
 * Pushes, and producers to be pushed, without memory: what they were given
 * ends, and nothing is left in the queue.
 */

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include "gift.h"

/* Have one allocation inside a push fail. @return whether there was one */
static bool
try_without_memory(int carrier, int kind, long n)
{
	struct harness *h = gift_start(carrier);
	struct gift gift;
	bool failed;
	int pushed;

	ck_assert_int_eq(evchat_push(h->chat, "a", 1), 0);
	gift_wrap(&gift, h, kind);
	errno = 0;
	harness_fail_allocation(n);
	pushed = gift_kinds[kind].push(&gift);
	failed = harness_allocation_failed();
	harness_fail_allocation(0);
	ck_assert(pushed == 0 || (failed && errno == ENOMEM));
	if (pushed == -1) {
		ck_assert_uint_eq(evchat_get_output_length(h->chat), 1);
		harness_expect(h, gift_kinds[kind].failed);
	}
	ck_assert_int_eq(evchat_push(h->chat, "b", 1), 0);
	harness_run_until_received(h,
	    pushed == -1 ? 2 : gift_kinds[kind].len + 2);
	harness_turn(h);
	ck_assert_uint_eq(evbuffer_get_length(h->received),
	    pushed == -1 ? 2 : gift_kinds[kind].len + 2);
	ck_assert_uint_eq(evchat_get_output_length(h->chat), 0);
	harness_expect(h, pushed == -1 ? gift_kinds[kind].failed :
	    gift_kinds[kind].sent);
	gift_unwrap(&gift);
	harness_free(h);
	return failed;
}

START_TEST(push_without_memory_queues_nothing)
{
	long n;

	for (n = 1; try_without_memory(HARNESS_SOCKET, _i, n); n++)
		continue;
	for (n = 1; try_without_memory(HARNESS_PAIR, _i, n); n++)
		continue;
	for (n = 1; try_without_memory(HARNESS_XOR, _i, n); n++)
		continue;
}
END_TEST

/* Making producers without memory */

static void
note_data(const void *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	harness_note(arg, "freed");
}

START_TEST(evbuffer_of_a_producer_that_is_not_made_is_freed)
{
	struct harness *h = gift_start(HARNESS_SOCKET);
	struct evbuffer *buf = evbuffer_new();

	ck_assert_int_eq(evbuffer_add_reference(buf, "abc", 3, note_data, h),
	    0);
	harness_fail_allocation(1);
	errno = 0;
	ck_assert_ptr_null(evchat_producer_new_evbuffer(buf));
	ck_assert_int_eq(errno, ENOMEM);
	harness_fail_allocation(0);
	ck_assert_ptr_null(evchat_producer_new_evbuffer(NULL));
	ck_assert_int_eq(errno, EINVAL);
	harness_end(h, "freed");
}
END_TEST

START_TEST(file_of_a_producer_that_is_not_made_is_closed)
{
	long n;
	int fd;

	for (n = 1; n <= 2; n++) {
		fd = gift_file();
		harness_fail_allocation(n);
		errno = 0;
		ck_assert_ptr_null(evchat_producer_new_file(fd, 0, 1));
		ck_assert_int_eq(errno, ENOMEM);
		harness_fail_allocation(0);
		ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	}
}
END_TEST

/* Closing what is no descriptor fails, too, which is not the reason. */
START_TEST(file_for_which_there_is_no_memory_says_so)
{
	harness_fail_allocation(1);
	errno = 0;
	ck_assert_ptr_null(evchat_producer_new_file(-1, 0, -1));
	harness_fail_allocation(0);
	ck_assert_int_eq(errno, ENOMEM);
}
END_TEST

START_TEST(self_of_a_producer_that_is_not_made_stays_the_callers)
{
	static const struct evchat_producer_ops no_more = { NULL, NULL };

	errno = 0;
	ck_assert_ptr_null(evchat_producer_new(NULL, NULL));
	ck_assert_int_eq(errno, EINVAL);
	errno = 0;
	ck_assert_ptr_null(evchat_producer_new(&no_more, NULL));
	ck_assert_int_eq(errno, EINVAL);
}
END_TEST

static Suite *
refused_memory_suite(void)
{
	Suite *suite = suite_create("refused_memory");
	TCase *tc = harness_case(suite, "memory");

	tcase_add_loop_test(tc, push_without_memory_queues_nothing, 0,
	    GIFT_KINDS);
	tcase_add_test(tc, evbuffer_of_a_producer_that_is_not_made_is_freed);
	tcase_add_test(tc, file_of_a_producer_that_is_not_made_is_closed);
	tcase_add_test(tc, file_for_which_there_is_no_memory_says_so);
	tcase_add_test(tc,
	    self_of_a_producer_that_is_not_made_stays_the_callers);
	return suite;
}

int
main(void)
{
	return harness_main(refused_memory_suite());
}
