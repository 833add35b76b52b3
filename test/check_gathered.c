/*
 * Small files leave together with what is pushed around them: how many system
 * calls that takes, and what comes of it when the file or the peer fails.
 * Built with --disable-direct-io, only what must hold then, too.
 */

#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <event2/bufferevent.h>
#include "harness.h"
#include "nasty.h"

#ifdef EVCHAT_NO_DIRECT_IO
#define IS_DIRECT false
#else
#define IS_DIRECT true
#endif

#define HEAD "head "
#define HEAD_LEN (sizeof(HEAD) - 1)
#define LONGEST ((size_t)32 << 10) /* file that is not sent by sendfile */

/* Plain sockets. */
static const enum harness_carrier carriers[] = { HARNESS_SOCKET,
    HARNESS_SOCKET_THREADSAFE, HARNESS_BEV, HARNESS_BEV_DEFER, HARNESS_TCP };

#define CARRIERS ((int)(sizeof(carriers) / sizeof(carriers[0])))
#define LOCAL (CARRIERS - 1) /* they take all PIECES at once */

/* More than one system call takes, of a length that is referred to. */
#define PIECES 70
#define PIECE 512

/* Counting */

static int watched = -1;
static long controls; /* calls of epoll_ctl() for it */
static bool works;    /* libevent's calls come to nasty_calls.c */

static const struct nasty_bend writes = { "writes", NASTY_WRITES, 0, SIZE_MAX,
    true };

/* Stands before the C library's. */
int
epoll_ctl(int epoll, int what, int fd, struct epoll_event *event)
{
	controls += fd == watched;
	return ((int)syscall(SYS_epoll_ctl, epoll, what, fd, event));
}

/* From now on; nothing is bent. */
static void
count_calls(struct harness *h)
{
	watched = bufferevent_getfd(h->bev);
	controls = 0;
	nasty_bend_often(&writes, 0, 0);
}

static void
expect_calls(long n)
{
	if (!IS_DIRECT || !works)
		return;
	ck_assert_int_eq(nasty_counted(), n);
	ck_assert_int_eq(controls, 0);
}

/* Files */

static char block[LONGEST + 1];

static void
push_part(struct harness *h, size_t len)
{
	ck_assert_int_eq(evchat_push(h->chat, HEAD, HEAD_LEN), 0);
	ck_assert_int_eq(evchat_push_file(h->chat, harness_file(block, len), 0,
	    -1), 0);
}

static void
expect_part(struct harness *h, size_t len)
{
	harness_run_until_received(h, HEAD_LEN + len);
	ck_assert_mem_eq(evbuffer_pullup(h->received, -1), HEAD, HEAD_LEN);
	ck_assert_mem_eq(evbuffer_pullup(h->received, -1) + HEAD_LEN, block,
	    len);
	evbuffer_drain(h->received, HEAD_LEN + len);
}

static struct harness *
start(int carrier)
{
	struct harness *h = harness_new(carriers[carrier]);
	size_t i;

	for (i = 0; i < sizeof(block); i++)
		block[i] = (char)(i * 7 / 5);
	harness_start(h, &harness_streaming, 0);
	harness_turn(h);
	return (h);
}

START_TEST(head_and_small_file_leave_in_one_call)
{
	static const size_t lens[] = { 0, 1, 4096, 5000, 10000 };
	struct harness *h = start(_i);
	size_t i;

	for (i = 0; i < sizeof(lens) / sizeof(lens[0]); i++) {
		count_calls(h);
		push_part(h, lens[i]);
		harness_push_mark(h, "m");
		expect_part(h, lens[i]);
		harness_turn(h);
		expect_calls(1);
	}
	harness_end(h, "mark:m:sent|mark:m:sent|mark:m:sent|mark:m:sent|"
	    "mark:m:sent");
}
END_TEST

static void
answer_all(struct harness *h, const void *data, size_t len)
{
	(void)data;
	for (; len > 0; len--)
		push_part(h, 300);
}

/* Answers to requests that came together, files among them. */
START_TEST(many_answers_leave_in_one_call)
{
	struct harness *h = start(_i);
	int i;

	h->script.collect = answer_all;
	count_calls(h);
	harness_feed(h, "12345678");
	for (i = 0; i < 8; i++)
		expect_part(h, 300);
	expect_calls(1);
	harness_free(h);
}
END_TEST

/* More than the high mark is never read ahead of what has been sent. */
START_TEST(high_mark_is_kept)
{
	struct harness *h = start(_i);
	int i;

	ck_assert_int_eq(evchat_set_watermarks(h->chat, 100, 1000), 0);
	count_calls(h);
	for (i = 0; i < 4; i++)
		push_part(h, 600);
	for (i = 0; i < 4; i++)
		expect_part(h, 600);
	expect_calls(2);
	harness_free(h);
}
END_TEST

/* As the files of other ways do. */
START_TEST(what_is_before_a_file_that_fails_is_sent)
{
	struct harness *h = start(_i);
	int fd = harness_file(block, 600), other = dup(fd);

	push_part(h, 300);
	ck_assert_int_eq(evchat_push(h->chat, HEAD, HEAD_LEN), 0);
	ck_assert_int_eq(evchat_push_file(h->chat, fd, 0, -1), 0);
	harness_push_mark(h, "m");
	ck_assert_int_eq(ftruncate(other, 0), 0);
	close(other);
	harness_run_until_closed(h);
	if (IS_DIRECT) {
		expect_part(h, 300);
		expect_part(h, 0);
	}
	harness_end(h, "mark:m:failed|closed:producer");
}
END_TEST

/* A system call takes 64 pieces; as long as there are more, no file is asked. */
START_TEST(many_pieces_before_a_file_that_fails_are_sent)
{
	struct harness *h = start(_i);
	int fd = harness_file(block, 600), other = dup(fd), i;

	for (i = 0; i < PIECES; i++)
		ck_assert_int_eq(evchat_push_reference(h->chat, block + i,
		    PIECE, NULL, NULL), 0);
	ck_assert_int_eq(evchat_push_file(h->chat, fd, 0, -1), 0);
	ck_assert_int_eq(ftruncate(other, 0), 0);
	close(other);
	harness_run_until_closed(h);
	harness_run_until_peer_eof(h);
	if (IS_DIRECT)
		ck_assert_uint_eq(evbuffer_get_length(h->received),
		    PIECES * PIECE);
	for (i = 0; IS_DIRECT && i < PIECES; i++) {
		ck_assert_mem_eq(evbuffer_pullup(h->received, PIECE),
		    block + i, PIECE);
		evbuffer_drain(h->received, PIECE);
	}
	harness_end(h, "closed:producer");
}
END_TEST

/* Nothing that was read is lost or sent again when a socket is full. */
START_TEST(what_a_full_socket_leaves_follows)
{
	struct harness *h = start(_i);
	int i;

	harness_peer_read(h, false);
	for (i = 0; i < 100; i++) {
		push_part(h, LONGEST - (size_t)i);
		harness_turn(h);
	}
	harness_push_mark(h, "m");
	harness_peer_read(h, true);
	for (i = 0; i < 100; i++)
		expect_part(h, LONGEST - (size_t)i);
	harness_run_until_noted(h, "mark");
	harness_end(h, "mark:m:sent");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("gathered");
	TCase *tc = harness_case(suite, "gathered");

	works = nasty_works();
	tcase_add_loop_test(tc, head_and_small_file_leave_in_one_call, 0,
	    CARRIERS);
	tcase_add_loop_test(tc, many_answers_leave_in_one_call, 0, CARRIERS);
	tcase_add_loop_test(tc, high_mark_is_kept, 0, CARRIERS);
	tcase_add_loop_test(tc, what_is_before_a_file_that_fails_is_sent, 0,
	    CARRIERS);
	tcase_add_loop_test(tc, many_pieces_before_a_file_that_fails_are_sent,
	    0, LOCAL);
	tcase_add_loop_test(tc, what_a_full_socket_leaves_follows, 0, CARRIERS);
	return (harness_main(suite));
}
