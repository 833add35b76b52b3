/*
 * Files of every size, whatever becomes of them while they are being sent:
 * what was promised arrives byte for byte, or the channel ends with PRODUCER,
 * and what had arrived is how the file began. It never hangs, be the file read
 * or sent by the system.
 */

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"
#include "sink.h"

#define KIBI ((size_t)1 << 10)
#define LONG (1024 * KIBI) /* more than sockets and a queue hold */

/* The next bytes that were received are those of the file. */
static void
expect_part(struct harness *h, size_t offset, size_t len)
{
	ck_assert_uint_ge(evbuffer_get_length(h->received), len);
	if (len > 0)
		ck_assert(sink_is_pattern(evbuffer_pullup(h->received,
		    (ev_ssize_t)len), offset, len));
	evbuffer_drain(h->received, len);
}

/* Every size */

static const struct part {
	size_t offset, len;
} parts[] = {
	{ 0, 0 }, { 0, 1 }, { 5, 0 }, { 32767, 1 }, { 0, 32767 }, { 1, 32768 },
	{ 2, 32769 }, { 4096, 65536 }, { 4095, 65537 }, { 12345, 131072 },
	{ 3, 300001 }, { 0, LONG }, { LONG, 0 }, { LONG - 1, 1 }
};

#define PARTS (sizeof(parts) / sizeof(parts[0]))

/* With text between them, and a mark behind each. */
START_TEST(parts_of_every_size_arrive)
{
	struct harness *h = harness_streaming_on((int)sink_kinds[_i]);
	struct evchat_stats stats;
	int file = sink_file(0, LONG);
	size_t i, all = 0;

	for (i = 0; i < PARTS; i++) {
		ck_assert_int_eq(evchat_push_file(h->chat, dup(file),
		    (int64_t)parts[i].offset, (int64_t)parts[i].len), 0);
		harness_push_mark(h, "m");
		ck_assert_int_eq(evchat_push(h->chat, "|", 1), 0);
		all += parts[i].len + 1;
	}
	harness_push_mark(h, "end");
	harness_run_until_noted(h, "mark:end:sent");
	harness_run_until_received(h, all);
	evchat_get_stats(h->chat, &stats, sizeof(stats));
	ck_assert_uint_eq(stats.bytes_out, all);
	for (i = 0; i < PARTS; i++) {
		expect_part(h, parts[i].offset, parts[i].len);
		ck_assert_int_eq(*evbuffer_pullup(h->received, 1), '|');
		evbuffer_drain(h->received, 1);
	}
	ck_assert_uint_eq(evbuffer_get_length(h->received), 0);
	close(file);
	harness_free(h);
}
END_TEST

START_TEST(file_arrives_before_the_end)
{
	struct harness *h = harness_streaming_on((int)sink_kinds[_i]);

	ck_assert_int_eq(evchat_push_file(h->chat, sink_file(0, LONG),
	    10, -1), 0);
	harness_push_mark(h, "m");
	evchat_close_when_done(h->chat);
	harness_run_until_peer_eof(h);
	harness_run_until_closed(h);
	ck_assert_uint_eq(evbuffer_get_length(h->received), LONG - 10);
	expect_part(h, 10, LONG - 10);
	harness_end(h, "mark:m:sent|closed:done");
}
END_TEST

/* Files that change */

/* How long a file of LONG bytes is all of a sudden. */
static const size_t lengths[] = { 0, 1, 40000, LONG / 2, LONG - 1 };

#define LENGTHS ((int)(sizeof(lengths) / sizeof(lengths[0])))

/*
 * What has arrived when the channel has ended is the file's beginning. What
 * was on its way when it shrank, from the file's very pages, may be zeros
 * since.
 */
static void
expect_failure(struct harness *h, int fd, size_t length)
{
	const char *at;
	size_t len, i;

	harness_run_until_closed(h);
	harness_run_until_peer_eof(h);
	len = evbuffer_get_length(h->received);
	ck_assert_uint_lt(len, LONG);
	expect_part(h, 0, len < length ? len : length);
	at = (const char *)evbuffer_pullup(h->received, -1);
	for (i = length; i < len; i++)
		harness_must(at[i - length] == 0 ||
		    sink_is_pattern(at + i - length, i, 1), "its bytes");
	close(fd);
	harness_end(h, "mark:m:failed|closed:producer");
}

START_TEST(file_that_shrinks_before_the_first_byte_fails)
{
	struct harness *h = harness_streaming_on(
	    (int)sink_kinds[_i / LENGTHS]);
	size_t length = lengths[_i % LENGTHS];
	int fd = sink_file(0, LONG);

	ck_assert_int_eq(evchat_push_file(h->chat, dup(fd), 0, -1), 0);
	harness_push_mark(h, "m");
	ck_assert_int_eq(ftruncate(fd, (off_t)length), 0);
	expect_failure(h, fd, length);
}
END_TEST

START_TEST(file_that_shrinks_on_the_way_fails)
{
	struct harness *h = harness_streaming_on(
	    (int)sink_kinds[_i / LENGTHS]);
	size_t length = lengths[_i % LENGTHS];
	int fd = sink_file(0, LONG);

	sink_narrow(h);
	harness_peer_read(h, false);
	ck_assert_int_eq(evchat_push_file(h->chat, dup(fd), 0, -1), 0);
	harness_push_mark(h, "m");
	harness_turn(h);
	harness_turn(h);
	harness_expect(h, "");
	ck_assert_int_eq(ftruncate(fd, (off_t)length), 0);
	harness_peer_read(h, true);
	expect_failure(h, fd, length);
}
END_TEST

START_TEST(file_that_shrinks_while_closing_fails)
{
	struct harness *h = harness_streaming_on((int)sink_kinds[_i]);
	int fd = sink_file(0, LONG);

	harness_peer_read(h, false);
	ck_assert_int_eq(evchat_push_file(h->chat, dup(fd), 0, -1), 0);
	harness_push_mark(h, "m");
	evchat_close_when_done(h->chat);
	harness_turn(h);
	ck_assert_int_eq(ftruncate(fd, 0), 0);
	harness_peer_read(h, true);
	expect_failure(h, fd, 0);
}
END_TEST

START_TEST(file_that_grows_sends_what_was_promised)
{
	struct harness *h = harness_streaming_on((int)sink_kinds[_i]);
	int fd = sink_file(0, LONG);

	harness_peer_read(h, false);
	ck_assert_int_eq(evchat_push_file(h->chat, dup(fd), 1, -1), 0);
	harness_push_mark(h, "m");
	harness_turn(h);
	ck_assert_int_eq(pwrite(fd, "more", 4, (off_t)LONG), 4);
	harness_peer_read(h, true);
	harness_run_until_noted(h, "mark");
	harness_run_until_received(h, LONG - 1);
	harness_turn(h);
	ck_assert_uint_eq(evbuffer_get_length(h->received), LONG - 1);
	expect_part(h, 1, LONG - 1);
	close(fd);
	harness_end(h, "mark:m:sent");
}
END_TEST

START_TEST(file_that_cannot_be_read_fails)
{
	struct harness *h = harness_streaming_on((int)sink_kinds[_i]);
	char name[] = "/tmp/check_file.XXXXXX";
	int fd = mkstemp(name), out = open(name, O_WRONLY);

	ck_assert_int_eq(unlink(name), 0);
	ck_assert_int_eq(ftruncate(fd, (off_t)LONG), 0);
	close(fd);
	ck_assert_int_eq(evchat_push_file(h->chat, out, 0, -1), 0);
	harness_push_mark(h, "m");
	harness_run_until_closed(h);
	ck_assert_uint_eq(evbuffer_get_length(h->received), 0);
	harness_end(h, "mark:m:failed|closed:producer");
}
END_TEST

/* What ends before it was sent */

static void
push_long(struct harness *h)
{
	sink_narrow(h);
	harness_peer_read(h, false);
	ck_assert_int_eq(evchat_push_file(h->chat, sink_file(0, LONG),
	    0, -1), 0);
	harness_push_mark(h, "m");
	harness_turn(h);
}

/* Its descriptors are counted by the harness. */
START_TEST(file_on_its_way_may_be_freed)
{
	struct harness *h = harness_streaming_on((int)sink_kinds[_i]);

	push_long(h);
	evchat_free(h->chat);
	harness_end(h, "mark:m:discarded|closed:freed");
}
END_TEST

START_TEST(file_on_its_way_may_be_discarded)
{
	struct harness *h = harness_streaming_on((int)sink_kinds[_i]);
	size_t len;

	push_long(h);
	evchat_discard_buffers(h->chat);
	harness_expect(h, "mark:m:discarded");
	ck_assert_int_eq(evchat_push(h->chat, "$", 1), 0);
	harness_push_mark(h, "n");
	harness_peer_read(h, true);
	evchat_close_when_done(h->chat);
	harness_run_until_closed(h);
	harness_run_until_peer_eof(h);
	len = evbuffer_get_length(h->received);
	ck_assert_uint_lt(len, LONG);
	expect_part(h, 0, len - 1);
	harness_expect_received(h, "$");
	harness_end(h, "mark:m:discarded|mark:n:sent|closed:done");
}
END_TEST

START_TEST(channel_with_a_file_cannot_be_detached)
{
	struct harness *h = harness_streaming_on((int)sink_kinds[_i]);

	push_long(h);
	errno = 0;
	ck_assert_ptr_null(evchat_detach(h->chat));
	ck_assert_int_eq(errno, EBUSY);
	harness_peer_read(h, true);
	harness_run_until_noted(h, "mark:m:sent");
	harness_run_until_received(h, LONG);
	ck_assert_uint_eq(evbuffer_get_length(h->received), LONG);
	expect_part(h, 0, LONG);
	ck_assert(harness_detach(h));
	harness_end(h, "mark:m:sent|closed:detached");
}
END_TEST

/* What is no file */

static void
expect_refused(struct harness *h, int fd, int64_t offset, int64_t len)
{
	ck_assert_int_ge(fd, 0);
	errno = 0;
	ck_assert_int_eq(evchat_push_file(h->chat, fd, offset, len), -1);
	ck_assert_int_eq(errno, EINVAL);
	ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
}

START_TEST(what_is_no_part_of_a_file_is_refused)
{
	struct harness *h = harness_streaming_on((int)sink_kinds[_i]);
	int fds[2];

	expect_refused(h, open("/tmp", O_RDONLY), 0, -1);
	expect_refused(h, open("/dev/null", O_RDWR), 0, -1);
	ck_assert_int_eq(pipe(fds), 0);
	expect_refused(h, fds[0], 0, -1);
	expect_refused(h, fds[1], 0, 1);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	expect_refused(h, fds[0], 0, -1);
	expect_refused(h, fds[1], 0, 1);
	expect_refused(h, sink_file(0, 10), -1, -1);
	expect_refused(h, sink_file(0, 10), INT64_MIN, 1);
	expect_refused(h, sink_file(0, 10), 0, INT64_MIN);
	expect_refused(h, sink_file(0, 10), 11, -1);
	expect_refused(h, sink_file(0, 10), 11, 0);
	expect_refused(h, sink_file(0, 10), 0, 11);
	expect_refused(h, sink_file(0, 10), 10, 1);
	expect_refused(h, sink_file(0, 10), 1, INT64_MAX);
	expect_refused(h, sink_file(0, 10), INT64_MAX, INT64_MAX);
	ck_assert_uint_eq(evchat_get_output_length(h->chat), 0);
	harness_end(h, "");
}
END_TEST

static Suite *
file_suite(void)
{
	Suite *suite = suite_create("file");
	TCase *tc = harness_case(suite, "files");

	tcase_add_loop_test(tc, parts_of_every_size_arrive, 0, SINK_KINDS);
	tcase_add_loop_test(tc, file_arrives_before_the_end, 0, SINK_KINDS);
	tcase_add_loop_test(tc, what_is_no_part_of_a_file_is_refused, 0,
	    SINK_KINDS);

	tc = harness_case(suite, "change");
	tcase_add_loop_test(tc, file_that_shrinks_before_the_first_byte_fails,
	    0, LENGTHS * SINK_KINDS);
	tcase_add_loop_test(tc, file_that_shrinks_on_the_way_fails, 0,
	    LENGTHS * SINK_KINDS);
	tcase_add_loop_test(tc, file_that_shrinks_while_closing_fails, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, file_that_grows_sends_what_was_promised, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, file_that_cannot_be_read_fails, 0, SINK_KINDS);

	tc = harness_case(suite, "ends");
	tcase_add_loop_test(tc, file_on_its_way_may_be_freed, 0, SINK_KINDS);
	tcase_add_loop_test(tc, file_on_its_way_may_be_discarded, 0,
	    SINK_KINDS);
	tcase_add_loop_test(tc, channel_with_a_file_cannot_be_detached, 0,
	    SINK_KINDS);
	return suite;
}

int
main(void)
{
	return harness_main(file_suite());
}
