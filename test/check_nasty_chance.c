/*
 * The nasty kernel by chance, and among threads.
 */

#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"
#include "nasty.h"

#define LEN 16
#define HALF (LEN / 2)

static const char text[LEN + 1] = "0123456789abcdef";

/* A watched socket and its peer. */
struct wire {
	int fd;
	int peer;
};

static struct wire
open_wire(void)
{
	struct wire wire = { 0 };
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	wire.fd = fds[0];
	wire.peer = fds[1];
	nasty_watch(wire.fd, true);
	return wire;
}

static void
close_wire(struct wire *wire)
{
	nasty_stop();
	close(wire->fd);
	close(wire->peer);
}

/* By chance */

#define CALLS 1000

static long
strike_by_chance(unsigned one_in, uint64_t seed, bool struck[CALLS])
{
	struct wire wire = open_wire();
	char byte = 'a';
	long all;
	int i;

	nasty_bend_often(nasty_bend_named("EAGAIN"), one_in, seed);
	for (i = 0; i < CALLS; i++) {
		struck[i] = write(wire.fd, &byte, 1) == -1;
		if (!struck[i])
			ck_assert_int_eq(read(wire.peer, &byte, 1), 1);
	}
	all = nasty_struck();
	ck_assert_int_eq(nasty_counted(), CALLS);
	close_wire(&wire);
	return all;
}

START_TEST(chance_is_what_the_seed_says)
{
	bool a[CALLS], b[CALLS];
	long struck;

	ck_assert_int_eq(strike_by_chance(0, 1, a), 0);
	ck_assert_int_eq(strike_by_chance(1, 1, a), CALLS);
	struck = strike_by_chance(4, 1, a);
	ck_assert_int_gt(struck, CALLS / 5);
	ck_assert_int_lt(struck, CALLS / 3);
	ck_assert_int_eq(strike_by_chance(4, 1, b), struck);
	ck_assert_mem_eq(a, b, sizeof(a));
	(void)strike_by_chance(4, 2, b);
	ck_assert(memcmp(a, b, sizeof(a)) != 0);
}
END_TEST

/* Each of the four, and never anything that would be an end. */
START_TEST(any_bend_is_each_of_the_transient_ones)
{
	struct wire wire = open_wire();
	int i, times[4] = { 0 };
	char buf[LEN];
	ssize_t n;

	nasty_bend_often(NULL, 1, 1);
	for (i = 0; i < CALLS; i++) {
		n = send(wire.fd, text, LEN, 0);
		if (n == 1)
			times[0]++;
		else if (n == HALF)
			times[1]++;
		else {
			ck_assert_int_eq(n, -1);
			ck_assert(errno == EINTR || errno == EAGAIN);
			times[errno == EINTR ? 2 : 3]++;
		}
		if (n > 0)
			ck_assert_int_eq(read(wire.peer, buf, LEN), n);
	}
	for (i = 0; i < 4; i++)
		ck_assert_int_gt(times[i], CALLS / 6);
	close_wire(&wire);
}
END_TEST

/* Threads */

#define THREADS 4

static void *
send_many(void *arg)
{
	int *fd = arg;
	intptr_t failed = 0;
	int i;

	for (i = 0; i < CALLS; i++)
		failed += send(*fd, "a", 1, MSG_DONTWAIT) == -1 &&
		    errno == EPIPE;
	return (void *)failed;
}

START_TEST(one_of_many_threads_is_struck_once)
{
	pthread_t threads[THREADS];
	struct wire wire = open_wire();
	intptr_t failed = 0;
	void *result;
	int i;

	nasty_bend_at(nasty_bend_named("EPIPE"), THREADS * CALLS / 2);
	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, send_many,
		    &wire.fd), 0);
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &result);
		failed += (intptr_t)result;
	}
	ck_assert_int_eq(failed, 1);
	ck_assert_int_eq(nasty_counted(), THREADS * CALLS);
	close_wire(&wire);
}
END_TEST

static Suite *
nasty_chance_suite(void)
{
	Suite *suite = suite_create("nasty chance");
	TCase *tc = harness_case(suite, "chance");

	tcase_add_test(tc, chance_is_what_the_seed_says);
	tcase_add_test(tc, any_bend_is_each_of_the_transient_ones);
	tcase_add_test(tc, one_of_many_threads_is_struck_once);
	return suite;
}

int
main(void)
{
	return harness_main(nasty_chance_suite());
}
