/*
 * The ready-made producer of what a descriptor gives, while another thread
 * ends its channel: its event may be about to run then.
 */

#include <fcntl.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"

#define ROUNDS 100

struct ender {
	struct evchat *chat;
	int to;
	struct event *over;
	int wait;
};

static void *
write_and_free(void *arg)
{
	struct ender *ender = arg;
	int i;

	for (i = 0; i < ender->wait; i++)
		(void)!write(ender->to, "x", 1);
	evchat_free(ender->chat);
	event_active(ender->over, 0, 0);
	return NULL;
}

static void
on_over(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	event_base_loopbreak(arg);
}

static void
play_round(struct event_base *base, int round)
{
	struct ender ender = { .wait = round % 20 };
	int sockets[2], pair[2];
	pthread_t thread;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
	ck_assert_int_eq(pipe(pair), 0);
	ck_assert_int_eq(evutil_make_socket_nonblocking(sockets[0]), 0);
	ender.to = pair[1];
	ender.over = event_new(base, -1, 0, on_over, base);
	ender.chat = evchat_socket_new(base, sockets[0], NULL, NULL,
	    EVCHAT_OPT_THREADSAFE);
	ck_assert_int_eq(evchat_push_with_producer(ender.chat,
	    evchat_producer_new_descriptor(base, pair[0], -1)), 0);
	evchat_incref(ender.chat);
	event_base_loop(base, EVLOOP_NONBLOCK);
	ck_assert_int_eq(pthread_create(&thread, NULL, write_and_free, &ender),
	    0);
	event_base_loop(base, EVLOOP_NO_EXIT_ON_EMPTY);
	ck_assert_int_eq(pthread_join(thread, NULL), 0);
	evchat_decref(ender.chat);
	event_free(ender.over);
	/* The last event is finalized by the loop. */
	event_base_loop(base, EVLOOP_NONBLOCK);
	ck_assert_int_eq(fcntl(pair[0], F_GETFD), -1);
	close(pair[1]);
	close(sockets[1]);
}

START_TEST(another_thread_may_end_it_at_any_time)
{
	struct event_base *base = event_base_new();
	int round;

	for (round = 0; round < ROUNDS; round++)
		play_round(base, round);
	event_base_free(base);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("source_descriptor_threads");

	tcase_add_test(harness_case(suite, "threads"),
	    another_thread_may_end_it_at_any_time);
	return harness_main(suite);
}
