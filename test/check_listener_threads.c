/*
 * Thread-safe listeners: their loop runs in a thread of its own and accepts,
 * while others connect, pause, change the maximum, ask, stop and free.
 */

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "harness.h"

#define THREADS 3
#define VISITS 100 /* of each */
#define LISTENERS 3

struct hall {
	struct event_base *base;
	pthread_t loop;
	struct evchat_listener *listener;
	struct sockaddr_in sin;
	atomic_int accepted, closed, stopped, wrong, done;
};

/* In the loop's thread */

static void
on_line(struct evchat *chat, const void *line, size_t len, void *arg)
{
	struct evchat_listener *listener = evchat_get_listener(chat);
	struct hall *hall = arg;

	if ((listener != NULL && listener != hall->listener) ||
	    evchat_push_frame(chat, line, len) == -1)
		atomic_fetch_add(&hall->wrong, 1);
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	(void)chat;
	(void)why;
	atomic_fetch_add(&((struct hall *)arg)->closed, 1);
}

static const struct evchat_hooks hooks = {
	.frame = on_line, .closed = on_closed
};

static void
on_accept(struct evchat_listener *listener, struct evchat *chat,
    const struct sockaddr *peer, int peerlen, void *arg)
{
	struct hall *hall = arg;

	(void)listener;
	(void)peer;
	(void)peerlen;
	if (!pthread_equal(pthread_self(), hall->loop))
		atomic_fetch_add(&hall->wrong, 1);
	atomic_fetch_add(&hall->accepted, 1);
	if (evchat_set_hooks(chat, &hooks, hall) == -1 ||
	    evchat_set_terminator(chat, "\n", 1) == -1)
		atomic_fetch_add(&hall->wrong, 1);
}

static void
on_stopped(struct evchat_listener *listener, void *arg)
{
	struct hall *hall = arg;

	if (!pthread_equal(pthread_self(), hall->loop) ||
	    evchat_listener_get_count(listener) != 0)
		atomic_fetch_add(&hall->wrong, 1);
	atomic_fetch_add(&hall->stopped, 1);
	(void)event_base_loopexit(hall->base, NULL);
}

static void *
run_loop(void *arg)
{
	(void)event_base_loop(((struct hall *)arg)->base,
	    EVLOOP_NO_EXIT_ON_EMPTY);
	return NULL;
}

static void
hall_open(struct hall *hall)
{
	int len = sizeof(hall->sin);

	memset(hall, 0, sizeof(*hall));
	hall->sin.sin_family = AF_INET;
	hall->sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ck_assert_ptr_nonnull(hall->base = event_base_new());
	hall->listener = evchat_listener_new_bind(hall->base, on_accept, hall,
	    EVCHAT_OPT_THREADSAFE, -1, (struct sockaddr *)&hall->sin, len);
	ck_assert_ptr_nonnull(hall->listener);
	ck_assert_int_eq(evchat_listener_get_address(hall->listener,
	    (struct sockaddr *)&hall->sin, &len), 0);
}

/* Its loop runs no more: what is left to do is done here. */
static void
hall_close(struct hall *hall)
{
	while (atomic_load(&hall->closed) < atomic_load(&hall->accepted))
		ck_assert_int_ge(event_base_loop(hall->base, EVLOOP_ONCE), 0);
	(void)event_base_loop(hall->base, EVLOOP_NONBLOCK);
	event_base_free(hall->base);
	ck_assert_int_eq(atomic_load(&hall->wrong), 0);
}

/* In the others */

/* Say a line and hear it. @return whether there was an answer, and that one */
static bool
visit(struct hall *hall)
{
	char line[2] = "";
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	bool heard;

	heard = fd != -1 && connect(fd, (struct sockaddr *)&hall->sin,
	    sizeof(hall->sin)) == 0 && send(fd, "a\n", 2, MSG_NOSIGNAL) == 2 &&
	    recv(fd, line, 2, MSG_WAITALL) == 2 && memcmp(line, "a\n", 2) == 0;
	close(fd);
	return heard;
}

static void *
visit_often(void *arg)
{
	struct hall *hall = arg;
	int i;

	for (i = 0; i < VISITS; i++)
		if (!visit(hall))
			atomic_fetch_add(&hall->wrong, 1);
	atomic_fetch_add(&hall->done, 1);
	return NULL;
}

static void
pause_and_limit(struct hall *hall)
{
	struct sockaddr_in sin;
	int len = sizeof(sin), i = 0;

	while (atomic_load(&hall->done) < THREADS) {
		evchat_listener_pause(hall->listener);
		evchat_listener_set_max(hall->listener, (size_t)(i++ % 3));
		if (evchat_listener_get_address(hall->listener,
		    (struct sockaddr *)&sin, &len) != 0 ||
		    evchat_listener_get_base(hall->listener) != hall->base)
			atomic_fetch_add(&hall->wrong, 1);
		(void)evchat_listener_get_count(hall->listener);
		evchat_listener_set_error_cb(hall->listener, NULL, NULL);
		evchat_listener_resume(hall->listener);
	}
}

START_TEST(every_visitor_is_served_whatever_others_set)
{
	const struct timeval hour = { 3600, 0 };
	pthread_t threads[THREADS];
	struct hall hall;
	int i;

	hall_open(&hall);
	ck_assert_int_eq(pthread_create(&hall.loop, NULL, run_loop, &hall), 0);
	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, visit_often,
		    &hall), 0);
	pause_and_limit(&hall);
	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
	ck_assert_int_eq(evchat_listener_stop(hall.listener, &hour, on_stopped,
	    &hall), 0);
	ck_assert_int_eq(pthread_join(hall.loop, NULL), 0);
	ck_assert_int_eq(atomic_load(&hall.stopped), 1);
	ck_assert_int_eq(atomic_load(&hall.accepted), THREADS * VISITS);
	evchat_listener_free(hall.listener);
	hall_close(&hall);
}
END_TEST

static void *
visit_until_done(void *arg)
{
	struct hall *hall = arg;

	while (atomic_load(&hall->done) == 0)
		(void)visit(hall);
	return NULL;
}

/* Visitors come all the time; they may be turned away. */
static void
play(struct hall *hall, void (*act)(struct hall *))
{
	pthread_t threads[THREADS];
	int i;

	hall_open(hall);
	ck_assert_int_eq(pthread_create(&hall->loop, NULL, run_loop, hall), 0);
	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL,
		    visit_until_done, hall), 0);
	while (atomic_load(&hall->accepted) < 5)
		(void)visit(hall);
	act(hall);
	atomic_store(&hall->done, 1);
	for (i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}

static void
stop_twice(struct hall *hall)
{
	const struct timeval soon = { 0, 1000 };

	if (evchat_listener_stop(hall->listener, NULL, on_stopped,
	    hall) == -1 || evchat_listener_stop(hall->listener, &soon,
	    on_stopped, hall) == -1)
		atomic_fetch_add(&hall->wrong, 1);
	(void)pthread_join(hall->loop, NULL);
}

START_TEST(stop_while_visitors_come)
{
	struct hall hall;

	play(&hall, stop_twice);
	ck_assert_int_ge(atomic_load(&hall.stopped), 1);
	evchat_listener_free(hall.listener);
	hall_close(&hall);
}
END_TEST

/* The channel that is told so may be in a hook at that time. */
static void
free_listener(struct hall *hall)
{
	evchat_listener_free(hall->listener);
}

START_TEST(free_while_visitors_come)
{
	struct hall hall;

	play(&hall, free_listener);
	(void)event_base_loopexit(hall.base, NULL);
	ck_assert_int_eq(pthread_join(hall.loop, NULL), 0);
	hall_close(&hall);
}
END_TEST

static Suite *
threads_suite(void)
{
	Suite *suite = suite_create("listener threads");
	TCase *tc = harness_case(suite, "threads");

	tcase_add_test(tc, every_visitor_is_served_whatever_others_set);
	tcase_add_loop_test(tc, stop_while_visitors_come, 0, LISTENERS);
	tcase_add_loop_test(tc, free_while_visitors_come, 0, LISTENERS);
	return suite;
}

int
main(void)
{
	return harness_main(threads_suite());
}
