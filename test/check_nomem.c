/*
 * Calls without memory, one allocation failing at a time: each says ENOMEM and
 * has changed nothing, or works. Pushes are in check_refused.c.
 */

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"
#include "sink.h"

#define ALLOCATIONS_MAX 100 /* more than any call makes */
#define MANY 30000

static struct harness *
start(int carrier)
{
	struct harness *h = harness_start_new((enum harness_carrier)carrier,
	    &harness_frames);

	harness_crlf(h);
	return h;
}

/* What a call has returned. True: that one was reached. */
static bool
has_failed(bool worked)
{
	int error = errno;
	bool failed = harness_allocation_failed();

	harness_fail_allocation(0);
	ck_assert(worked || failed);
	if (!worked)
		ck_assert_int_eq(error, ENOMEM);
	return failed;
}

/* Making */

/* The channel works as one that was made at ease. */
static void
try_it(struct harness *h)
{
	harness_crlf(h);
	harness_feed(h, "ab\r\n");
	ck_assert_int_eq(evchat_push(h->chat, "hello", 5), 0);
	harness_expect_received(h, "hello");
	harness_expect(h, "frame:ab");
}

static bool
make_without_memory(enum harness_carrier carrier, long n)
{
	struct harness *h = harness_new(carrier);
	bool failed;

	errno = 0;
	harness_fail_allocation(n);
	h->chat = evchat_new(h->bev, &harness_frames, h, 0);
	failed = has_failed(h->chat != NULL);
	if (h->chat != NULL)
		try_it(h);
	else
		harness_disown(h);
	harness_free(h);
	return failed;
}

START_TEST(channel_is_made_or_its_bufferevent_is_freed)
{
	struct harness *h = harness_new((enum harness_carrier)_i);
	bool library = h->bev == NULL;
	long n, round;

	harness_free(h);
	/* What the library learns once a process, it knows in the second round. */
	for (round = 0; !library && round < 2; round++) {
		for (n = 1; make_without_memory((enum harness_carrier)_i, n);
		    n++)
			ck_assert_int_lt(n, ALLOCATIONS_MAX);
	}
}
END_TEST

static bool
make_on_socket_without_memory(unsigned options, long n)
{
	long blocks = harness_blocks();
	struct event_base *base = event_base_new();
	struct evchat *chat;
	bool failed;
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	evutil_make_socket_nonblocking(fds[0]);
	errno = 0;
	harness_fail_allocation(n);
	chat = evchat_socket_new(base, fds[0], NULL, NULL, options);
	failed = has_failed(chat != NULL);
	evchat_free(chat);
	event_base_loop(base, EVLOOP_NONBLOCK);
	ck_assert_int_eq(send(fds[1], "a", 1, MSG_NOSIGNAL), -1);
	ck_assert_int_eq(errno, EPIPE);
	close(fds[1]);
	event_base_free(base);
	ck_assert_int_eq(harness_blocks(), blocks);
	return failed;
}

START_TEST(channel_is_made_or_its_socket_is_closed)
{
	long n;

	for (n = 1; make_on_socket_without_memory(_i == 0 ? 0 :
	    EVCHAT_OPT_THREADSAFE, n); n++)
		ck_assert_int_lt(n, ALLOCATIONS_MAX);
}
END_TEST

/* evchat_unread() */

static bool
unread_without_memory(int carrier, long n)
{
	struct harness *h = start(carrier);
	bool failed, worked;

	harness_feed(h, "ab");
	errno = 0;
	harness_fail_allocation(n);
	worked = evchat_unread(h->chat, "x\r\n", 3) == 0;
	failed = has_failed(worked);
	ck_assert_uint_eq(evchat_get_offset(h->chat), 0);
	harness_feed(h, "c\r\n");
	harness_end(h, worked ? "frame:x|frame:abc" : "frame:abc");
	return failed;
}

START_TEST(bytes_are_unread_or_the_others_stay)
{
	long n;

	for (n = 1; unread_without_memory(_i, n); n++)
		ck_assert_int_lt(n, ALLOCATIONS_MAX);
}
END_TEST

/* evchat_detach() */

static void
pause_with_data(struct harness *h, const void *data, size_t len)
{
	(void)data;
	(void)len;
	evchat_pause(h->chat);
}

/* From now on the memory is somebody else's. */
static void
spoil(const void *data, size_t len, void *arg)
{
	ck_assert_ptr_eq(data, arg);
	memset(arg, 'y', len);
}

static void
lend(struct harness *h, char *lent)
{
	memset(lent, 'x', MANY);
	ck_assert_int_eq(evchat_push_reference(h->chat, lent, MANY, spoil,
	    lent), 0);
}

/* Input that was looked at, and some that was not; output that is stuck. */
static struct harness *
start_stuck(int carrier)
{
	static char first[MANY], second[MANY];
	struct harness *h = start(carrier);

	h->script.frame = pause_with_data;
	harness_peer_read(h, false);
	sink_narrow(h);
	ck_assert_int_eq(evchat_set_watermarks(h->chat, 1, MANY), 0);
	lend(h, first);
	harness_turn(h);
	lend(h, second);
	harness_feed(h, "a");
	harness_feed(h, "b\r\ncd\r\ne");
	harness_expect(h, "frame:ab");
	return h;
}

static bool
detach_without_memory(int carrier, long n)
{
	struct harness *h = start_stuck(carrier);
	bool failed, worked;

	errno = 0;
	harness_fail_allocation(n);
	worked = harness_detach(h);
	failed = has_failed(worked);
	harness_peer_read(h, true);
	harness_run_until_received(h, 2 * MANY);
	ck_assert_uint_eq(evbuffer_get_length(h->received), 2 * MANY);
	ck_assert_ptr_null(memchr(evbuffer_pullup(h->received, -1), 'y',
	    2 * MANY));
	if (worked) {
		harness_note_left(h);
		harness_end(h, "frame:ab|closed:detached|left:cd\\r\\ne");
		return failed;
	}
	h->script.frame = NULL;
	evchat_resume(h->chat);
	harness_feed(h, "f\r\n");
	harness_end(h, "frame:ab|frame:cd|frame:ef");
	return failed;
}

START_TEST(channel_is_detached_or_goes_on)
{
	long n;

	for (n = 1; detach_without_memory(_i, n); n++)
		ck_assert_int_lt(n, ALLOCATIONS_MAX);
}
END_TEST

/* Allocators that leave errno alone */

static long spared = LONG_MAX; /* so many more succeed, and no others */

static void *
silent_malloc(size_t size)
{
	return spared-- > 0 ? malloc(size) : NULL;
}

static void *
silent_realloc(void *old, size_t size)
{
	return spared-- > 0 ? realloc(old, size) : NULL;
}

START_TEST(want_of_memory_is_told_even_where_libevent_does_not)
{
	static char much[MANY + 1];
	struct harness *h;

	event_set_mem_functions(silent_malloc, silent_realloc, free);
	evchat_set_mem_functions(silent_malloc, silent_realloc, free);
	memset(much, 'x', MANY);
	h = start(HARNESS_SOCKET);
	harness_feed(h, "ab");
	spared = 0;
	errno = 0;
	ck_assert_int_eq(evchat_push_printf(h->chat, "%s", much), -1);
	ck_assert_int_eq(errno, ENOMEM);
	errno = 0;
	ck_assert_int_eq(evchat_push_frame_printf(h->chat, "%s", much), -1);
	ck_assert_int_eq(errno, ENOMEM);
	errno = 0;
	ck_assert_int_eq(evchat_push(h->chat, much, MANY), -1);
	ck_assert_int_eq(errno, ENOMEM);
	/* What the unread bytes were to be copied to, and not the bytes. */
	spared = 2;
	errno = 0;
	ck_assert_ptr_null(evchat_detach(h->chat));
	ck_assert_int_eq(errno, ENOMEM);
	spared = LONG_MAX;
	ck_assert_uint_eq(evchat_get_output_length(h->chat), 0);
	harness_end(h, "");
}
END_TEST

static Suite *
nomem_suite(void)
{
	Suite *suite = suite_create("nomem");
	TCase *tc = harness_case(suite, "making");

	tcase_add_loop_test(tc, channel_is_made_or_its_bufferevent_is_freed,
	    0, HARNESS_CARRIERS);
	tcase_add_loop_test(tc, channel_is_made_or_its_socket_is_closed, 0, 2);

	tc = harness_case(suite, "calls");
	tcase_add_loop_test(tc, bytes_are_unread_or_the_others_stay, 0,
	    HARNESS_WAITING);
	tcase_add_loop_test(tc, channel_is_detached_or_goes_on, 0,
	    HARNESS_PAIR);

	tc = harness_case(suite, "silent");
	tcase_add_test(tc,
	    want_of_memory_is_told_even_where_libevent_does_not);
	return suite;
}

int
main(void)
{
	return harness_main(nomem_suite());
}
