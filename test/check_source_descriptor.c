/*
 * The ready-made producer of what a descriptor gives. source_descriptor.c is
 * compiled here once more, so that reading can be made to fail and closing is
 * counted.
 */

#define _POSIX_C_SOURCE 200809L
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static ssize_t scripted_read(int fd, void *bytes, size_t len);
static int scripted_poll(struct pollfd *fds, nfds_t n, int timeout);
static int counted_close(int fd);

#define read scripted_read
#define poll scripted_poll
#define close counted_close
#include "../lib/source_descriptor.c"
#undef read
#undef poll
#undef close

#include "harness.h"
#include "unit_source.h"

static int closes;
static int closed_fd;
static int read_errors[4]; /* of the next calls, till the first 0 */
static int poll_errors[4];
static size_t read_most;   /* by one call so far */

static int
counted_close(int fd)
{
	closes++;
	closed_fd = fd;
	return fd == -1 ? -1 : close(fd);
}

static bool
fails(int *errors)
{
	if (errors[0] == 0)
		return false;
	errno = errors[0];
	memmove(errors, errors + 1, 3 * sizeof(int));
	return true;
}

static ssize_t
scripted_read(int fd, void *bytes, size_t len)
{
	struct pollfd readable = { .fd = fd, .events = POLLIN };

	if (len > read_most)
		read_most = len;
	if (fails(read_errors))
		return -1;
	ck_assert_int_eq(poll(&readable, 1, 0), 1);
	return read(fd, bytes, len);
}

static int
scripted_poll(struct pollfd *fds, nfds_t n, int timeout)
{
	ck_assert_int_eq(timeout, 0);
	return fails(poll_errors) ? -1 : poll(fds, n, timeout);
}

/* What is read: the end to write to, and the producer of the other. */
struct source {
	struct harness *h;
	int to;
	int from;
	struct evchat_producer *producer;
};

static void
put(const struct source *s, const char *text)
{
	ck_assert_int_eq(write(s->to, text, strlen(text)),
	    (ssize_t)strlen(text));
}

static void
start(struct source *s, int kind, int64_t len)
{
	int fds[2];

	s->h = harness_streaming_on(HARNESS_SOCKET);
	if (kind % 2 == 0)
		ck_assert_int_eq(pipe(fds), 0);
	else
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	s->from = fds[0];
	s->to = fds[1];
	closes = 0;
	s->producer = evchat_producer_new_descriptor(s->h->base, s->from, len);
	ck_assert_ptr_nonnull(s->producer);
}

static void
push_between_marks(struct source *s)
{
	ck_assert_int_eq(evchat_push_with_producer(s->h->chat, s->producer),
	    0);
	harness_push_mark(s->h, "m");
}

static void
stop(struct source *s, const char *transcript)
{
	close(s->to);
	ck_assert_int_eq(closes, 1);
	ck_assert_int_eq(closed_fd, s->from);
	harness_end(s->h, transcript);
}

/* What comes */

START_TEST(bytes_come_when_there_are_any_until_the_end)
{
	struct source s;

	start(&s, _i, -1);
	put(&s, "one");
	push_between_marks(&s);
	harness_run_until_received(s.h, 3);
	harness_turn(s.h);
	harness_turn(s.h);
	put(&s, "two");
	harness_run_until_received(s.h, 6);
	put(&s, "three");
	close(s.to);
	s.to = dup(0);
	harness_run_until_noted(s.h, "mark");
	harness_expect_received(s.h, "onetwothree");
	stop(&s, "mark:m:sent");
}
END_TEST

START_TEST(no_more_than_so_many_bytes_come)
{
	struct source s;

	start(&s, _i, 4);
	put(&s, "one");
	push_between_marks(&s);
	harness_turn(s.h);
	put(&s, "two");
	harness_run_until_noted(s.h, "mark");
	harness_expect_received(s.h, "onet");
	ck_assert_int_eq(closes, 1);
	stop(&s, "mark:m:sent");
}
END_TEST

START_TEST(no_bytes_are_none_at_once)
{
	struct source s;

	start(&s, _i, 0);
	push_between_marks(&s);
	harness_turn(s.h);
	stop(&s, "mark:m:sent");
}
END_TEST

static void
note_error(struct harness *h, enum evchat_reason why)
{
	harness_note_error(h, why);
}

START_TEST(end_before_that_many_is_a_failure)
{
	struct source s;

	start(&s, _i, 4);
	s.h->script.closed = note_error;
	put(&s, "one");
	close(s.to);
	s.to = dup(0);
	push_between_marks(&s);
	harness_run_until_closed(s.h);
	stop(&s, "mark:m:failed|closed:producer|error:0");
}
END_TEST

START_TEST(errors_that_pass_are_survived)
{
	struct source s;

	start(&s, _i, 6);
	poll_errors[0] = poll_errors[1] = EINTR;
	read_errors[0] = EAGAIN;
	read_errors[1] = EINTR;
	put(&s, "one");
	push_between_marks(&s);
	harness_run_until_received(s.h, 3);
	put(&s, "two");
	harness_run_until_noted(s.h, "mark");
	ck_assert_int_eq(read_errors[0], 0);
	stop(&s, "mark:m:sent");
}
END_TEST

START_TEST(error_of_reading_is_told)
{
	struct source s;
	char expected[100];

	start(&s, _i, -1);
	s.h->script.closed = note_error;
	read_errors[0] = EIO;
	put(&s, "one");
	push_between_marks(&s);
	harness_run_until_closed(s.h);
	snprintf(expected, sizeof(expected),
	    "mark:m:failed|closed:producer|error:%d", EIO);
	stop(&s, expected);
}
END_TEST

/* epoll refuses these. */
START_TEST(what_cannot_be_waited_for_is_read)
{
	struct harness *h = harness_streaming_on(HARNESS_SOCKET);
	struct evchat_producer *parts[2], *whole;
	int fd = harness_file("0123456789", 10);

	ck_assert_int_eq(lseek(fd, 3, SEEK_SET), 3);
	parts[0] = evchat_producer_new_descriptor(h->base, fd, -1);
	parts[1] = evchat_producer_new_descriptor(h->base,
	    open("/dev/null", O_RDONLY), -1);
	whole = evchat_producer_new_chunked(
	    evchat_producer_new_chain(parts, 2), NULL, NULL);
	ck_assert_int_eq(evchat_push_with_producer(h->chat, whole), 0);
	harness_run_until_received(h, 17);
	harness_expect_received(h, "7\r\n3456789\r\n0\r\n\r\n");
	harness_end(h, "");
}
END_TEST

START_TEST(directory_is_no_end)
{
	struct harness *h = harness_streaming_on(HARNESS_SOCKET);
	struct evchat_producer *producer;
	char expected[100];

	h->script.closed = note_error;
	producer = evchat_producer_new_descriptor(h->base,
	    open("/", O_RDONLY), -1);
	ck_assert_int_eq(evchat_push_with_producer(h->chat, producer), 0);
	harness_run_until_closed(h);
	snprintf(expected, sizeof(expected), "closed:producer|error:%d",
	    EISDIR);
	harness_end(h, expected);
}
END_TEST

START_TEST(it_waits_inside_others)
{
	struct source s;

	start(&s, _i, -1);
	s.producer = evchat_producer_new_chunked(evchat_producer_new_dot(
	    evchat_producer_new_chain(&s.producer, 1)), NULL, NULL);
	push_between_marks(&s);
	harness_turn(s.h);
	put(&s, ".one");
	harness_run_until_received(s.h, 10);
	put(&s, "two");
	close(s.to);
	s.to = dup(0);
	harness_run_until_noted(s.h, "mark");
	harness_expect_received(s.h, "5\r\n..one\r\n3\r\ntwo\r\n"
	    "5\r\n\r\n.\r\n\r\n0\r\n\r\n");
	stop(&s, "mark:m:sent");
}
END_TEST

START_TEST(flags_stay_and_little_is_read_at_once)
{
	struct source s;
	int flags;

	start(&s, _i, -1);
	flags = fcntl(s.from, F_GETFL);
	read_most = 0;
	put(&s, "one");
	ck_assert_int_eq(evchat_set_buffer_sizes(s.h->chat, 1, 2), 0);
	push_between_marks(&s);
	harness_run_until_received(s.h, 3);
	ck_assert_uint_eq(read_most, 2);
	ck_assert_int_eq(fcntl(s.from, F_GETFL), flags);
	evchat_free(s.h->chat);
	stop(&s, "mark:m:discarded|closed:freed");
}
END_TEST

/* Its end */

START_TEST(it_may_be_discarded_while_it_waits)
{
	struct source s;

	start(&s, _i, -1);
	push_between_marks(&s);
	harness_turn(s.h);
	ck_assert(_i / 2 == 0 || event_pending(((struct descriptor *)
	    s.producer->self)->event, EV_READ, NULL) != 0);
	put(&s, "x");
	if (_i / 2 == 0)
		evchat_discard_buffers(s.h->chat);
	else
		evchat_free(s.h->chat);
	ck_assert_int_eq(closes, 1);
	harness_turn(s.h);
	if (_i / 2 == 0)
		evchat_free(s.h->chat);
	stop(&s, "mark:m:discarded|closed:freed");
}
END_TEST

/* It runs in another thread, and gets the lock when done has returned. */
START_TEST(event_that_waited_for_the_lock_resumes_nobody)
{
	struct descriptor *descriptor;
	struct evchat *chat;
	struct source s;

	start(&s, _i, -1);
	push_between_marks(&s);
	harness_turn(s.h);
	descriptor = s.producer->self;
	chat = s.h->chat;
	ck_assert_ptr_eq(descriptor->chat, chat);
	evchat_free(chat);
	ck_assert_ptr_null(descriptor->producer);
	on_readable(s.from, EV_READ, descriptor);
	harness_turn(s.h);
	stop(&s, "mark:m:discarded|closed:freed");
}
END_TEST

START_TEST(it_need_not_be_pushed)
{
	struct source s;
	struct evbuffer *out;
	bool gone;

	start(&s, _i, -1);
	out = evbuffer_new();
	/* Without a channel there is nobody to be woken. */
	if (_i / 2 == 1) {
		ck_assert_int_eq(producer_ask(s.producer, out, 5, &gone),
		    EVCHAT_MORE_LATER);
		put(&s, "x");
		harness_turn(s.h);
		ck_assert(s.producer->resumed);
	}
	evchat_producer_free(s.producer);
	evbuffer_free(out);
	stop(&s, "");
}
END_TEST

START_TEST(wait_without_memory_fails)
{
	struct source s;
	struct evbuffer *out;
	bool gone;

	start(&s, 0, -1);
	out = evbuffer_new();
	harness_fail_allocation(1);
	ck_assert_int_eq(producer_ask(s.producer, out, 5, &gone),
	    harness_allocation_failed() ? EVCHAT_MORE_ERROR :
	    EVCHAT_MORE_LATER);
	harness_fail_allocation(0);
	put(&s, "x");
	harness_fail_allocation(1);
	ck_assert_int_eq(producer_ask(s.producer, out, 5, &gone),
	    EVCHAT_MORE_ERROR);
	ck_assert_int_eq(errno, ENOMEM);
	harness_fail_allocation(0);
	evchat_producer_free(s.producer);
	evbuffer_free(out);
	stop(&s, "");
}
END_TEST

/* Refused, and closed once */

static void
expect_refused(struct event_base *base, int fd, int64_t len, int error)
{
	long blocks = harness_blocks();

	closes = 0;
	errno = 0;
	ck_assert_ptr_null(evchat_producer_new_descriptor(base, fd, len));
	ck_assert_int_eq(errno, error);
	ck_assert_int_eq(harness_blocks(), blocks);
	ck_assert_int_eq(closes, 1);
	ck_assert_int_eq(closed_fd, fd);
}

START_TEST(what_cannot_be_read_is_refused)
{
	struct event_base *base = event_base_new();
	int fd = open("/dev/null", O_RDONLY);
	long n;

	close(fd);
	expect_refused(base, fd, -1, EBADF);
	expect_refused(base, -1, -1, EBADF);
	expect_refused(base, open("/dev/null", O_WRONLY), -1, EBADF);
	expect_refused(base, open("/dev/null", O_RDONLY), -2, EINVAL);
	expect_refused(NULL, open("/dev/null", O_RDONLY), -1, EINVAL);
	for (n = 1; n <= 3; n++) {
		harness_fail_allocation(n);
		expect_refused(base, open("/dev/null", O_RDONLY), -1, ENOMEM);
		ck_assert(harness_allocation_failed());
	}
	harness_fail_allocation(0);
	event_base_free(base);
}
END_TEST

static Suite *
descriptor_suite(void)
{
	Suite *suite = suite_create("source_descriptor");
	TCase *tc = harness_case(suite, "descriptor");

	tcase_add_loop_test(tc, bytes_come_when_there_are_any_until_the_end, 0,
	    2);
	tcase_add_loop_test(tc, no_more_than_so_many_bytes_come, 0, 2);
	tcase_add_loop_test(tc, no_bytes_are_none_at_once, 0, 2);
	tcase_add_loop_test(tc, end_before_that_many_is_a_failure, 0, 2);
	tcase_add_loop_test(tc, errors_that_pass_are_survived, 0, 2);
	tcase_add_loop_test(tc, error_of_reading_is_told, 0, 2);
	tcase_add_test(tc, what_cannot_be_waited_for_is_read);
	tcase_add_test(tc, directory_is_no_end);
	tcase_add_loop_test(tc, it_waits_inside_others, 0, 2);
	tcase_add_loop_test(tc, flags_stay_and_little_is_read_at_once, 0, 2);

	tc = harness_case(suite, "end");
	tcase_add_loop_test(tc, it_may_be_discarded_while_it_waits, 0, 4);
	tcase_add_loop_test(tc, event_that_waited_for_the_lock_resumes_nobody,
	    0, 2);
	tcase_add_loop_test(tc, it_need_not_be_pushed, 0, 4);
	tcase_add_test(tc, wait_without_memory_fails);
	tcase_add_test(tc, what_cannot_be_read_is_refused);
	return suite;
}

int
main(void)
{
	return harness_main(descriptor_suite());
}
