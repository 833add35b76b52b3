/*
 * Files: the part that was asked for, no more and no less, and no descriptor
 * that is left open.
 */

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "harness.h"
#include "sink.h"

static int
file_of(const char *text)
{
	return harness_file(text, strlen(text));
}

START_TEST(file_is_sent_from_an_offset_and_closed)
{
	struct harness *h = harness_streaming_on(_i);
	int fd = file_of("0123456789"), other = dup(fd);

	ck_assert_int_eq(lseek(fd, 5, SEEK_SET), 5);
	ck_assert_int_eq(evchat_push_file(h->chat, fd, 2, 3), 0);
	ck_assert_int_eq(evchat_push(h->chat, "|", 1), 0);
	harness_push_mark(h, "m");
	harness_run_until_noted(h, "mark");
	harness_expect_received(h, "234|");
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	ck_assert_int_eq(lseek(other, 0, SEEK_CUR), 5);
	close(other);
	harness_end(h, "mark:m:sent");
}
END_TEST

START_TEST(file_without_a_length_ends_where_it_ended_when_it_was_pushed)
{
	struct harness *h = harness_streaming_on(_i);
	int fd = file_of("0123456789"), other = dup(fd);

	ck_assert_int_eq(evchat_push_file(h->chat, fd, 4, -1), 0);
	ck_assert_int_eq(evchat_push_file(h->chat, dup(other), 10, -1), 0);
	ck_assert_int_eq(evchat_push_file(h->chat, dup(other), 3, 0), 0);
	ck_assert_int_eq(pwrite(other, "ab", 2, 10), 2);
	harness_push_mark(h, "m");
	harness_run_until_noted(h, "mark");
	harness_expect_received(h, "456789");
	close(other);
	harness_end(h, "mark:m:sent");
}
END_TEST

static void
expect_no_file(struct harness *h, int fd, int64_t offset, int64_t len)
{
	errno = 0;
	ck_assert_int_eq(evchat_push_file(h->chat, fd, offset, len), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
}

START_TEST(what_cannot_be_sent_as_a_file_is_refused_and_closed)
{
	struct harness *h = harness_streaming_on(_i);
	int fds[2], closed;

	ck_assert_int_eq(pipe(fds), 0);
	expect_no_file(h, fds[0], 0, 1);
	close(fds[1]);
	expect_no_file(h, file_of("abc"), -1, 1);
	expect_no_file(h, file_of("abc"), 0, -2);
	closed = file_of("abc");
	close(closed);
	ck_assert_int_eq(evchat_push_file(h->chat, closed, 0, 1), -1);
	ck_assert_int_eq(errno, EBADF);
	ck_assert_uint_eq(evchat_get_output_length(h->chat), 0);
	harness_end(h, "");
}
END_TEST

START_TEST(file_that_shrinks_ends_the_channel)
{
	struct harness *h = harness_streaming_on(_i);
	int fd = file_of("0123456789"), other = dup(fd);

	ck_assert_int_eq(evchat_push_file(h->chat, fd, 0, 10), 0);
	harness_push_mark(h, "m");
	ck_assert_int_eq(ftruncate(other, 4), 0);
	harness_run_until_closed(h);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	close(other);
	harness_end(h, "mark:m:failed|closed:producer");
}
END_TEST

START_TEST(file_is_closed_when_its_channel_is_freed)
{
	struct harness *h = harness_streaming_on(_i);
	int fd = file_of("0123456789");

	harness_push_stuck(h, "p");
	ck_assert_int_eq(evchat_push_file(h->chat, fd, 0, 10), 0);
	harness_turn(h);
	evchat_free(h->chat);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
	harness_end(h, "done:p:discarded:0|closed:freed");
}
END_TEST

static Suite *
push_file_suite(void)
{
	Suite *suite = suite_create("push file");
	TCase *tc = harness_case(suite, "files");

	tcase_add_loop_test(tc, file_is_sent_from_an_offset_and_closed, 0,
	    SINK_CARRIERS);
	tcase_add_loop_test(tc,
	    file_without_a_length_ends_where_it_ended_when_it_was_pushed, 0,
	    SINK_CARRIERS);
	tcase_add_loop_test(tc,
	    what_cannot_be_sent_as_a_file_is_refused_and_closed, 0,
	    SINK_CARRIERS);
	tcase_add_loop_test(tc, file_that_shrinks_ends_the_channel, 0,
	    SINK_CARRIERS);
	tcase_add_loop_test(tc, file_is_closed_when_its_channel_is_freed, 0,
	    SINK_CARRIERS);

	return suite;
}

int
main(void)
{
	return harness_main(push_file_suite());
}
