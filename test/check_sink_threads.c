/*
 * Sinks that several threads use at once: they push into the sink, pause and
 * resume the sources, change the marks and who is whose sink, and end all of
 * them, while the loop stops the sources and lets them go on. Threads must not
 * use Check: they count what must not be.
 */

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <event2/bufferevent.h>
#include <event2/thread.h>
#include "harness.h"

#define SOURCES 3
#define THREADS 3
#define ROUNDS 200
#define STEPS 40  /* of each thread in a round */
#define LINE 8    /* bytes */
#define LINES 400 /* for each source */

static struct event_base *base;
static struct evchat *sources[SOURCES], *sink; /* with a reference */
static struct bufferevent *peers[SOURCES + 1];
static char lines[LINE * LINES];
static atomic_int finished, wrong, closed;
static size_t come; /* to the sink's peer */
static atomic_size_t pushed; /* into the sink, and not refused */

/*
 * Hooks. They push one way only, from a source into the sink: so
 * ThreadSanitizer sees it if the library takes the lock of a source under that
 * of the sink.
 */

static void
push_line(struct evchat *to, const void *line, size_t len)
{
	if (evchat_push_frame(to, line, len) == 0) {
		if (to == sink)
			atomic_fetch_add(&pushed, LINE);
	} else if (errno != EPIPE)
		atomic_fetch_add(&wrong, 1);
}

static void
on_line(struct evchat *chat, const void *data, size_t len, void *arg)
{
	(void)arg;
	if (chat != sink)
		push_line(sink, data, len);
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	(void)chat;
	(void)why;
	(void)arg;
	atomic_fetch_add(&closed, 1);
}

static const struct evchat_hooks hooks = { .frame = on_line,
    .closed = on_closed };

/* Threads */

static void
must_be(int done)
{
	if (done == -1 && errno != EPIPE)
		atomic_fetch_add(&wrong, 1);
}

static void *
push(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < STEPS; i++) {
		push_line(sink, lines, LINE - 1);
		push_line(sources[i % 2], lines, LINE - 1);
		(void)evchat_get_output_length(sink);
	}
	atomic_fetch_add(&finished, 1);
	return NULL;
}

static void *
pause_and_resume(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < STEPS; i++) {
		evchat_pause(sources[i % SOURCES]);
		must_be(evchat_set_watermarks(sink, 1,
		    LINE * (size_t)(1 + i % 5)));
		evchat_resume(sources[i % SOURCES]);
	}
	atomic_fetch_add(&finished, 1);
	return NULL;
}

static void *
set_sinks(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < STEPS; i++) {
		must_be(evchat_set_sink(sources[i % SOURCES], NULL));
		must_be(evchat_set_sink(sources[i % SOURCES], sink));
		must_be(evchat_set_sink(sink, i % 2 == 0 ? sources[0] :
		    sources[1]));
	}
	atomic_fetch_add(&finished, 1);
	return NULL;
}

/* The same, and the ends of all, in any order. */
static void *
end_all(void *arg)
{
	int first = *(const int *)arg, i;

	must_be(evchat_set_sink(sources[1], sink));
	for (i = 0; i <= SOURCES; i++) {
		int which = (first + i) % (SOURCES + 1);

		evchat_free(which == SOURCES ? sink : sources[which]);
	}
	atomic_fetch_add(&finished, 1);
	return NULL;
}

/* The loop's thread */

static void
on_peer_read(struct bufferevent *bev, void *arg)
{
	struct evbuffer *input = bufferevent_get_input(bev);
	size_t len = evbuffer_get_length(input);

	(void)arg;
	if (bev == peers[SOURCES])
		come += len;
	(void)evbuffer_drain(input, len);
}

static struct evchat *
start_one(int i)
{
	struct evchat *chat;
	evutil_socket_t fds[2];

	ck_assert_int_eq(evutil_socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	ck_assert_int_eq(evutil_make_socket_nonblocking(fds[0]), 0);
	ck_assert_int_eq(evutil_make_socket_nonblocking(fds[1]), 0);
	peers[i] = bufferevent_socket_new(base, fds[1], BEV_OPT_CLOSE_ON_FREE);
	bufferevent_setcb(peers[i], on_peer_read, NULL, NULL, NULL);
	(void)bufferevent_enable(peers[i], EV_READ);
	chat = evchat_socket_new(base, fds[0], &hooks, NULL,
	    EVCHAT_OPT_THREADSAFE);
	ck_assert_ptr_nonnull(chat);
	evchat_incref(chat);
	ck_assert_int_eq(evchat_set_terminator(chat, "\n", 1), 0);
	ck_assert_int_eq(evchat_set_watermarks(chat, 1, 3 * LINE), 0);
	return chat;
}

static void
start(void)
{
	int i;

	ck_assert_ptr_nonnull(base = event_base_new());
	come = 0;
	atomic_store(&pushed, 0);
	atomic_store(&finished, 0);
	atomic_store(&closed, 0);
	for (i = 0; i < SOURCES; i++)
		sources[i] = start_one(i);
	sink = start_one(i);
	for (i = 0; i < SOURCES; i++) {
		ck_assert_int_eq(evchat_set_sink(sources[i], sink), 0);
		(void)bufferevent_write(peers[i], lines, sizeof(lines));
	}
	ck_assert_int_eq(evchat_set_sink(sink, sources[0]), 0);
	(void)bufferevent_write(peers[i], lines, sizeof(lines));
}

static void
stop(void)
{
	int i;

	for (i = 0; i <= SOURCES; i++) {
		struct evchat *chat = i < SOURCES ? sources[i] : sink;

		evchat_free(chat);
		evchat_decref(chat);
		bufferevent_free(peers[i]);
	}
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	event_base_free(base);
	ck_assert_int_eq(atomic_load(&closed), SOURCES + 1);
}

static void
play(void *(*const fn[])(void *), int n, int first)
{
	pthread_t threads[THREADS + 1];
	int i;

	for (i = 0; i < n; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, fn[i],
		    &first), 0);
	while (atomic_load(&finished) < n)
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
	for (i = 0; i < n; i++)
		ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
}

static long
prepare(void)
{
	size_t at;

	for (at = 0; at < sizeof(lines); at++)
		lines[at] = at % LINE == LINE - 1 ? '\n' : 'a';
	ck_assert_int_eq(evthread_use_pthreads(), 0);
	/* What libevent makes once and keeps. */
	event_base_free(event_base_new());
	return harness_blocks();
}

/* Nobody waits for good, and nothing is lost. */
START_TEST(threads_use_sinks)
{
	static void *(*const fn[])(void *) = { push, pause_and_resume,
	    set_sinks };
	long blocks = prepare();
	int i;

	for (i = 0; i < ROUNDS / 10; i++) {
		start();
		play(fn, THREADS, 0);
		while (come < (SOURCES * LINES + STEPS) * LINE)
			(void)event_base_loop(base, EVLOOP_ONCE);
		ck_assert_uint_eq(come, atomic_load(&pushed));
		stop();
	}
	ck_assert_int_eq(atomic_load(&wrong), 0);
	ck_assert_int_eq(harness_blocks(), blocks);
}
END_TEST

START_TEST(thread_ends_sink_and_sources)
{
	static void *(*const fn[])(void *) = { push, pause_and_resume,
	    set_sinks, end_all };
	long blocks = prepare();
	int i;

	for (i = 0; i < ROUNDS; i++) {
		start();
		play(fn, THREADS + 1, i % (SOURCES + 1));
		stop();
	}
	ck_assert_int_eq(atomic_load(&wrong), 0);
	ck_assert_int_eq(harness_blocks(), blocks);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sink_threads");
	TCase *tc = harness_case(suite, "threads");

	tcase_add_test(tc, threads_use_sinks);
	tcase_add_test(tc, thread_ends_sink_and_sources);
	return harness_main(suite);
}
