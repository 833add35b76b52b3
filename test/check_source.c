/*
 * The ready-made producer of a file. source.c is compiled here once more, so
 * that reading can be made to fail and closing is counted.
 */

#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static ssize_t scripted_pread(int fd, void *bytes, size_t len, off_t offset);
static int counted_close(int fd);

#define pread scripted_pread
#define close counted_close
#include "../lib/source_file.c"
#undef pread
#undef close

#include "harness.h"
#include "unit_source.h"

static int closes;
static int closed_fd;
static int pread_errors[4]; /* of the next calls, till the first 0 */
static size_t pread_most;   /* so many bytes at a time, if not 0 */

static int
counted_close(int fd)
{
	closes++;
	closed_fd = fd;
	return fd == -1 ? -1 : close(fd);
}

static ssize_t
scripted_pread(int fd, void *bytes, size_t len, off_t offset)
{
	if (pread_errors[0] != 0) {
		errno = pread_errors[0];
		memmove(pread_errors, pread_errors + 1,
		    sizeof(pread_errors) - sizeof(int));
		return -1;
	}
	if (pread_most > 0 && len > pread_most)
		len = pread_most;
	return pread(fd, bytes, len, offset);
}

/* Files */

/* An open file with this in it, without a name. */
static int
file_with(const char *bytes)
{
	int fd = harness_file(bytes, strlen(bytes));

	closes = 0;
	return fd;
}

static void
expect_closed(int fd)
{
	ck_assert_int_eq(closes, 1);
	ck_assert_int_eq(closed_fd, fd);
}

static void
expect_part(int64_t offset, int64_t len, size_t want, const char *expected)
{
	int fd = file_with("0123456789");
	struct evbuffer *out = evbuffer_new();
	struct evchat_producer *producer;

	producer = evchat_producer_new_file(fd, offset, len);
	ck_assert_ptr_nonnull(producer);
	ck_assert_uint_eq(producer->held, 0);
	ck_assert_int_eq(unit_source_drain(producer, out, want),
	    EVCHAT_MORE_END);
	unit_source_expect(out, expected, strlen(expected));
	ck_assert_int_eq(closes, 0);
	ck_assert_int_eq(lseek(fd, 0, SEEK_CUR), 10);
	producer_end(producer, EVCHAT_DONE_SENT);
	expect_closed(fd);
}

START_TEST(part_of_a_file_comes_out)
{
	static const size_t wants[] = { 1, 2, 3, 5, 9, 10, 11, 1000 };

	expect_part(0, -1, wants[_i], "0123456789");
	expect_part(0, 10, wants[_i], "0123456789");
	expect_part(0, 9, wants[_i], "012345678");
	expect_part(3, -1, wants[_i], "3456789");
	expect_part(3, 4, wants[_i], "3456");
	expect_part(9, 1, wants[_i], "9");
	expect_part(10, -1, wants[_i], "");
	expect_part(10, 0, wants[_i], "");
	expect_part(4, 0, wants[_i], "");
}
END_TEST

START_TEST(file_ends_with_its_last_bytes)
{
	struct evbuffer *out = evbuffer_new();
	struct evchat_producer *producer;
	bool gone;

	producer = evchat_producer_new_file(file_with("0123"), 0, 2);
	ck_assert_int_eq(producer_ask(producer, out, 2, &gone),
	    EVCHAT_MORE_END);
	evchat_producer_free(producer);
	unit_source_expect(out, "01", 2);
}
END_TEST

START_TEST(file_may_be_read_in_smaller_pieces_and_interrupted)
{
	pread_most = 3;
	pread_errors[0] = pread_errors[1] = EINTR;
	expect_part(1, 8, 1000, "12345678");
	pread_most = 0;
}
END_TEST

/* 5 GiB from its start, where there is nothing. */
START_TEST(file_may_be_large)
{
	int fd = file_with("");
	struct evbuffer *out = evbuffer_new();
	struct evchat_producer *producer;
	off_t at = (off_t)5 << 30;

	ck_assert_int_eq(pwrite(fd, "abc", 3, at), 3);
	producer = evchat_producer_new_file(fd, at + 1, -1);
	ck_assert_ptr_nonnull(producer);
	ck_assert_int_eq(unit_source_drain(producer, out, 1000),
	    EVCHAT_MORE_END);
	unit_source_expect(out, "bc", 2);
	evchat_producer_free(producer);

	fd = file_with("");
	ck_assert_int_eq(ftruncate(fd, at), 0);
	out = evbuffer_new();
	producer = evchat_producer_new_file(fd, 0, -1);
	ck_assert_ptr_nonnull(producer);
	ck_assert(((struct file *)producer->self)->left == at);
	evchat_producer_free(producer);
	evbuffer_free(out);
}
END_TEST

START_TEST(file_that_has_become_shorter_fails)
{
	int fd = file_with("0123456789");
	struct evbuffer *out = evbuffer_new();
	struct evchat_producer *producer;

	producer = evchat_producer_new_file(fd, 0, -1);
	ck_assert_int_eq(ftruncate(fd, 4), 0);
	ck_assert_int_eq(unit_source_drain(producer, out, 3),
	    EVCHAT_MORE_ERROR);
	ck_assert_int_eq(errno, 0);
	unit_source_expect(out, "0123", 4);
	producer_end(producer, EVCHAT_DONE_FAILED);
	expect_closed(fd);
}
END_TEST

START_TEST(file_that_has_become_longer_does_not_matter)
{
	int fd = file_with("0123");
	struct evbuffer *out = evbuffer_new();
	struct evchat_producer *producer;

	producer = evchat_producer_new_file(fd, 0, -1);
	ck_assert_int_eq(write(fd, "45", 2), 2);
	ck_assert_int_eq(unit_source_drain(producer, out, 3), EVCHAT_MORE_END);
	unit_source_expect(out, "0123", 4);
	evchat_producer_free(producer);
}
END_TEST

START_TEST(file_that_cannot_be_read_fails_with_the_error)
{
	int fd = file_with("0123456789");
	struct evbuffer *out = evbuffer_new();
	struct evchat_producer *producer;
	bool gone;

	producer = evchat_producer_new_file(fd, 0, -1);
	ck_assert_int_eq(producer_ask(producer, out, 4, &gone),
	    EVCHAT_MORE_DATA);
	pread_errors[0] = EIO;
	ck_assert_int_eq(producer_ask(producer, out, 4, &gone),
	    EVCHAT_MORE_ERROR);
	ck_assert_int_eq(errno, EIO);
	unit_source_expect(out, "0123", 4);
	producer_end(producer, EVCHAT_DONE_FAILED);
	expect_closed(fd);
}
END_TEST

START_TEST(file_without_memory_fails)
{
	int fd = file_with("0123456789");
	struct evbuffer *out = evbuffer_new();
	struct evchat_producer *producer;
	bool gone;

	producer = evchat_producer_new_file(fd, 0, -1);
	harness_fail_allocation(1);
	ck_assert_int_eq(producer_ask(producer, out, 4, &gone),
	    EVCHAT_MORE_ERROR);
	ck_assert_int_eq(errno, ENOMEM);
	evchat_producer_free(producer);
	expect_closed(fd);
	evbuffer_free(out);
}
END_TEST

/* What is no part of a regular file: refused, and closed once */

static void
expect_refused(int fd, int64_t offset, int64_t len, int error)
{
	long blocks = harness_blocks();

	closes = 0;
	errno = 0;
	ck_assert_ptr_null(evchat_producer_new_file(fd, offset, len));
	ck_assert_int_eq(errno, error);
	ck_assert_int_eq(harness_blocks(), blocks);
	expect_closed(fd);
}

START_TEST(part_that_is_not_in_the_file_is_refused)
{
	expect_refused(file_with("0123"), -1, -1, EINVAL);
	expect_refused(file_with("0123"), 0, -2, EINVAL);
	expect_refused(file_with("0123"), 0, 5, EINVAL);
	expect_refused(file_with("0123"), 5, -1, EINVAL);
	expect_refused(file_with("0123"), 5, 0, EINVAL);
	expect_refused(file_with("0123"), 2, 3, EINVAL);
	expect_refused(file_with("0123"), INT64_MAX, INT64_MAX, EINVAL);
	expect_refused(file_with("0123"), 1, INT64_MAX, EINVAL);
	expect_refused(file_with("0123"), INT64_MIN, INT64_MIN, EINVAL);
}
END_TEST

START_TEST(what_is_no_regular_file_is_refused)
{
	int pair[2];

	ck_assert_int_eq(pipe(pair), 0);
	expect_refused(pair[0], 0, -1, EINVAL);
	expect_refused(pair[1], 0, 0, EINVAL);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	expect_refused(pair[0], 0, -1, EINVAL);
	close(pair[1]);
	expect_refused(open("/", O_RDONLY), 0, 0, EINVAL);
	expect_refused(open("/dev/null", O_RDONLY), 0, 0, EINVAL);
}
END_TEST

START_TEST(what_is_no_descriptor_is_refused)
{
	int fd = open("/dev/null", O_RDONLY);

	close(fd);
	expect_refused(fd, 0, -1, EBADF);
	expect_refused(-1, 0, -1, EBADF);
}
END_TEST

START_TEST(file_is_closed_where_there_is_no_producer)
{
	long i;

	for (i = 1; i <= 2; i++) {
		harness_fail_allocation(i);
		expect_refused(file_with("0123"), 0, -1, ENOMEM);
		ck_assert(harness_allocation_failed());
	}
}
END_TEST

START_TEST(file_is_closed_when_it_is_not_pushed)
{
	int fd = file_with("0123");

	evchat_producer_free(evchat_producer_new_file(fd, 0, -1));
	expect_closed(fd);
}
END_TEST

static Suite *
source_suite(void)
{
	Suite *suite = suite_create("source");
	TCase *tc = harness_case(suite, "file");

	tcase_add_loop_test(tc, part_of_a_file_comes_out, 0, 8);
	tcase_add_test(tc, file_ends_with_its_last_bytes);
	tcase_add_test(tc,
	    file_may_be_read_in_smaller_pieces_and_interrupted);
	tcase_add_test(tc, file_may_be_large);
	tcase_add_test(tc, file_that_has_become_shorter_fails);
	tcase_add_test(tc, file_that_has_become_longer_does_not_matter);
	tcase_add_test(tc, file_that_cannot_be_read_fails_with_the_error);
	tcase_add_test(tc, file_without_memory_fails);

	tc = harness_case(suite, "refused");
	tcase_add_test(tc, part_that_is_not_in_the_file_is_refused);
	tcase_add_test(tc, what_is_no_regular_file_is_refused);
	tcase_add_test(tc, what_is_no_descriptor_is_refused);
	tcase_add_test(tc, file_is_closed_where_there_is_no_producer);
	tcase_add_test(tc, file_is_closed_when_it_is_not_pushed);
	return suite;
}

int
main(void)
{
	return harness_main(source_suite());
}
