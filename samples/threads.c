/*
 * threads: the echo server on several event loops, each in a thread of its
 * own.
 *
 * In one terminal:	./threads 4000 2
 * In another:		telnet 127.0.0.1 4000
 *
 * Every thread has a listener at the same address, and the system spreads the
 * connections among them. A connection stays in its thread, so nothing of it
 * needs a lock. Without a port, or with port 0, it takes any free one;
 * without a number of threads, one for each processor. On SIGINT and SIGTERM
 * each thread answers the lines that it has begun to read, for ten seconds at
 * most, and the server says how many connections each of them had.
 */
#define _POSIX_C_SOURCE 200809L
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <event2/event.h>
#include <event2/thread.h>
#include <evchat.h>

#define MOST_THREADS 64

struct worker {
	pthread_t thread;
	struct event_base *base;
	struct event *stop; /* made active by the main thread */
	struct evchat_listener *listener;
	unsigned long connections;
};

/* In the thread of the worker: */

static void
on_line(struct evchat *chat, const void *line, size_t len, void *arg)
{
	(void)arg;
	if (evchat_push_frame(chat, line, len) == -1)
		evchat_free(chat);
}

static const struct evchat_hooks hooks = { .frame = on_line };

static void
on_accept(struct evchat_listener *listener, struct evchat *chat,
    const struct sockaddr *peer, int peerlen, void *arg)
{
	struct worker *worker = arg;

	(void)listener;
	(void)peer;
	(void)peerlen;
	worker->connections++;
	if (evchat_set_hooks(chat, &hooks, NULL) == -1 ||
	    evchat_set_terminator(chat, "\r\n", 2) == -1)
		evchat_free(chat);
}

/* With the listener goes the last thing the loop waits for: it returns. */
static void
on_stopped(struct evchat_listener *listener, void *arg)
{
	(void)arg;
	evchat_listener_free(listener);
}

static void
on_stop(evutil_socket_t fd, short what, void *arg)
{
	static const struct timeval grace = { .tv_sec = 10 };
	struct worker *worker = arg;

	(void)fd;
	(void)what;
	if (evchat_listener_stop(worker->listener, &grace, on_stopped,
	    NULL) == -1)
		evchat_listener_free(worker->listener);
}

static void *
run(void *arg)
{
	struct worker *worker = arg;

	(void)event_base_dispatch(worker->base);
	event_free(worker->stop);
	event_base_free(worker->base);
	return NULL;
}

/* In the main thread: */

/* The first one finds a port; the others get the address that came of it. */
static int
start(struct worker *worker, char where[EVCHAT_ADDRESS_MAX])
{
	if ((worker->base = event_base_new()) == NULL)
		return -1;
	worker->stop = event_new(worker->base, -1, 0, on_stop, worker);
	worker->listener = evchat_listener_new_text(worker->base, on_accept,
	    worker, EVCHAT_LISTENER_REUSEPORT, -1, where);
	if (worker->stop == NULL || worker->listener == NULL ||
	    evchat_listener_get_text(worker->listener, where,
	    EVCHAT_ADDRESS_MAX) == -1)
		return -1;
	return 0;
}

/* Threads inherit what is blocked, so that signals wait for sigwait(). */
static int
block_signals(sigset_t *signals)
{
	sigemptyset(signals);
	sigaddset(signals, SIGINT);
	sigaddset(signals, SIGTERM);
	return signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
	    pthread_sigmask(SIG_BLOCK, signals, NULL) != 0 ? -1 : 0;
}

static void
serve(struct worker *workers, int n, const sigset_t *signals)
{
	int i, number;

	for (i = 0; i < n; i++)
		if (pthread_create(&workers[i].thread, NULL, run,
		    &workers[i]) != 0) {
			fprintf(stderr, "threads: no thread\n");
			exit(1);
		}
	(void)sigwait(signals, &number);
	/* This is how one thread calls a function in the loop of another. */
	for (i = 0; i < n; i++)
		event_active(workers[i].stop, 0, 0);
	for (i = 0; i < n; i++) {
		(void)pthread_join(workers[i].thread, NULL);
		printf("thread %d: %lu connections\n", i + 1,
		    workers[i].connections);
	}
}

int
main(int argc, char **argv)
{
	static struct worker workers[MOST_THREADS];
	char where[EVCHAT_ADDRESS_MAX];
	long n = argc > 2 ? atol(argv[2]) : sysconf(_SC_NPROCESSORS_ONLN);
	sigset_t signals;
	int i;

	n = n < 1 ? 1 : n > MOST_THREADS ? MOST_THREADS : n;
	snprintf(where, sizeof(where), "127.0.0.1:%s",
	    argc > 1 ? argv[1] : "0");
	/* Before any loop is made: each can then be woken by other threads. */
	if (evthread_use_pthreads() == -1 || block_signals(&signals) == -1) {
		perror("threads");
		return 1;
	}
	for (i = 0; i < n; i++)
		if (start(&workers[i], where) == -1) {
			perror("threads");
			return 1;
		}
	printf("listening on %s\n", where);
	fflush(stdout);
	serve(workers, (int)n, &signals);
	return 0;
}
