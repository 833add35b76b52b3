/*
 * Pushed bytes that go to a socket past the output: as many as it takes, those
 * in front of a producer that has more to give, and marks among them are
 * passed.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"
#include "unit_queue.h"

#define MANY 100    /* pieces; more than one call sends */
#define LONG 300000 /* bytes; more than a narrow socket holds */

static int fds[2];

static void
start(struct unit_queue *q)
{
	int size = 1;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    fds), 0);
	ck_assert_int_eq(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size,
	    sizeof(size)), 0);
	unit_queue_init(q);
}

static void
end(struct unit_queue *q)
{
	unit_queue_free(q);
	close(fds[0]);
	close(fds[1]);
	ck_assert_int_eq(unit_chains(), 0);
}

static void
expect_sent(const char *text)
{
	char got[1000];
	ssize_t n = recv(fds[1], got, sizeof(got), MSG_DONTWAIT);

	ck_assert_int_eq(n, strlen(text) > 0 ? (ssize_t)strlen(text) : -1);
	if (n > 0)
		ck_assert_mem_eq(got, text, (size_t)n);
}

START_TEST(bytes_and_chains_leave_together)
{
	struct unit_queue q;

	start(&q);
	ck_assert(!queue_can_send_bytes(&q.queue));
	unit_queue_bytes(&q, "ab");
	unit_queue_chain(&q, "cd");
	unit_queue_bytes(&q, "ef");
	ck_assert(queue_can_send_bytes(&q.queue));
	ck_assert_int_eq(queue_send_bytes(&q.queue, fds[0]), QUEUE_MOVED);
	expect_sent("abcdef");
	ck_assert_uint_eq(q.queue.written, 6);
	ck_assert(queue_is_empty(&q.queue));
	ck_assert_int_eq(unit_chains(), 0);
	end(&q);
}
END_TEST

START_TEST(marks_are_passed)
{
	struct unit_producer a = { .name = "a" }, b = { .name = "b" };
	struct unit_queue q;

	start(&q);
	unit_queue_bytes(&q, "ab");
	unit_queue_mark(&q, &a);
	unit_queue_bytes(&q, "cd");
	unit_queue_mark(&q, &b);
	ck_assert_int_eq(queue_send_bytes(&q.queue, fds[0]), QUEUE_MOVED);
	expect_sent("abcd");
	unit_queue_expect(&q, "");
	queue_release(&q.queue, 0);
	unit_queue_expect(&q, "done:a:sent:0|done:b:sent:0");
	ck_assert(queue_is_empty(&q.queue));
	end(&q);
}
END_TEST

START_TEST(what_is_behind_a_producer_waits_for_it)
{
	struct unit_producer a = { .name = "a" },
	    p = { .name = "p", .steps = "xy$" };
	struct unit_queue q;

	start(&q);
	unit_queue_bytes(&q, "ab");
	unit_queue_mark(&q, &a);
	unit_queue_bytes(&q, "cd");
	unit_queue_producer(&q, &p);
	unit_queue_bytes(&q, "ef");
	ck_assert_int_eq(queue_send_bytes(&q.queue, fds[0]), QUEUE_MOVED);
	expect_sent("abcd");
	ck_assert(!queue_can_send_bytes(&q.queue));
	ck_assert_int_eq(unit_queue_pull(&q), QUEUE_MOVED);
	unit_queue_expect_output(&q, "xy");
	ck_assert(queue_can_send_bytes(&q.queue));
	ck_assert_int_eq(queue_send_bytes(&q.queue, fds[0]), QUEUE_MOVED);
	expect_sent("ef");
	ck_assert_uint_eq(q.queue.written, 8);
	queue_release(&q.queue, 0);
	unit_queue_expect(&q, "more:p|done:a:sent:0|done:p:sent:2");
	end(&q);
}
END_TEST

START_TEST(more_pieces_than_one_call_takes_leave_in_several)
{
	char expected[2 * MANY + 1];
	struct unit_queue q;
	size_t i;

	start(&q);
	for (i = 0; i < MANY; i++) {
		unit_queue_chain(&q, "ab");
		memcpy(expected + 2 * i, "ab", 3);
	}
	ck_assert_int_eq(queue_send_bytes(&q.queue, fds[0]), QUEUE_MOVED);
	ck_assert_uint_gt(q.queue.written, 0);
	ck_assert_uint_lt(q.queue.written, 2 * MANY);
	while (queue_can_send_bytes(&q.queue))
		ck_assert_int_eq(queue_send_bytes(&q.queue, fds[0]),
		    QUEUE_MOVED);
	ck_assert_uint_eq(q.queue.written, 2 * MANY);
	expect_sent(expected);
	end(&q);
}
END_TEST

/* Read what has come, and compare it with the alphabet. */
static size_t
get(char *bytes, size_t from)
{
	ssize_t i, n = recv(fds[1], bytes, LONG, MSG_DONTWAIT);

	for (i = 0; i < n; i++)
		harness_must(bytes[i] == (char)('a' + (from + (size_t)i) % 26),
		    "the byte that was pushed");
	return n > 0 ? (size_t)n : 0;
}

START_TEST(socket_takes_a_part)
{
	struct unit_producer a = { .name = "a" };
	char *bytes = malloc(LONG);
	struct unit_queue q;
	enum queue_what what;
	size_t i, got = 0;
	int parts = 0;

	ck_assert_ptr_nonnull(bytes);
	start(&q);
	for (i = 0; i < LONG; i++)
		bytes[i] = (char)('a' + i % 26);
	for (i = 0; i < LONG; i += 1000)
		ck_assert_int_eq(backlog_add(&q.queue.bytes, bytes + i, 1000),
		    0);
	unit_queue_mark(&q, &a);
	while (queue_can_send_bytes(&q.queue)) {
		what = queue_send_bytes(&q.queue, fds[0]);
		ck_assert(what == QUEUE_MOVED || what == QUEUE_BLOCKED);
		parts += what == QUEUE_BLOCKED;
		ck_assert_uint_eq(backlog_len(&q.queue.bytes),
		    LONG - q.queue.written);
		got += get(bytes, got);
	}
	got += get(bytes, got);
	ck_assert_uint_eq(got, LONG);
	ck_assert_int_gt(parts, 1);
	queue_release(&q.queue, 0);
	unit_queue_expect(&q, "done:a:sent:0");
	end(&q);
	free(bytes);
}
END_TEST

START_TEST(full_socket_takes_nothing)
{
	struct unit_queue q;
	char junk[4096] = "";

	start(&q);
	while (send(fds[0], junk, sizeof(junk), MSG_DONTWAIT) > 0)
		;
	unit_queue_bytes(&q, "ab");
	ck_assert_int_eq(queue_send_bytes(&q.queue, fds[0]), QUEUE_BLOCKED);
	ck_assert_uint_eq(q.queue.written, 0);
	ck_assert_uint_eq(queue_length(&q.queue), 2);
	end(&q);
}
END_TEST

/* And no signal comes. */
START_TEST(peer_that_is_gone_is_told)
{
	struct unit_queue q;

	start(&q);
	unit_queue_bytes(&q, "ab");
	unit_queue_chain(&q, "cd");
	close(fds[1]);
	errno = 0;
	ck_assert_int_eq(queue_send_bytes(&q.queue, fds[0]), QUEUE_BROKEN);
	ck_assert_int_eq(errno, EPIPE);
	ck_assert_uint_eq(queue_length(&q.queue), 4);
	fds[1] = dup(fds[0]);
	end(&q);
}
END_TEST

static Suite *
queue_send_suite(void)
{
	Suite *suite = suite_create("queue_send");
	TCase *tc = harness_case(suite, "sending");

	tcase_add_test(tc, bytes_and_chains_leave_together);
	tcase_add_test(tc, marks_are_passed);
	tcase_add_test(tc, what_is_behind_a_producer_waits_for_it);
	tcase_add_test(tc, more_pieces_than_one_call_takes_leave_in_several);
	tcase_add_test(tc, socket_takes_a_part);
	tcase_add_test(tc, full_socket_takes_nothing);
	tcase_add_test(tc, peer_that_is_gone_is_told);
	return suite;
}

int
main(void)
{
	return harness_main(queue_send_suite());
}
