/*
 * The sockets of the load, on epoll: one recv() when there is something, and
 * one send() of what is due then, which is what makes the least of a client's
 * own cost.
 */
#define _GNU_SOURCE
#include "load_inside.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_EVENTS 256
#define READ_SIZE (1 << 18)
#define PATIENCE_MS 30000

struct load_state {
	const struct work *work;
	const struct load_kind *kind;
	void *shared;
	struct load_conn *conns;
	int epfd;
	uint64_t bytes;
	char data[READ_SIZE];
};

void
load_fail(const char *what)
{
	fprintf(stderr, "\nbench: load: %s\n", what);
	exit(1);
}

void *
load_alloc(size_t size)
{
	void *p = calloc(1, size);

	if (p == NULL)
		load_fail("out of memory");
	return p;
}

static void
watch(struct load_state *load, struct load_conn *conn, int op, uint32_t events)
{
	struct epoll_event ev = { .events = events, .data = { .ptr = conn } };

	if (epoll_ctl(load->epfd, op, conn->fd, &ev) == -1)
		load_fail("epoll_ctl failed");
}

/* Send what is due, as far as the socket takes it. */
static void
push(struct load_state *load, struct load_conn *conn)
{
	ssize_t n = send(conn->fd, conn->out, conn->out_len, MSG_NOSIGNAL);

	if (n == -1 && errno != EAGAIN && errno != EINTR)
		load_fail("the server does not take what it is sent");
	if (n > 0) {
		conn->out += n;
		conn->out_len -= (size_t)n;
	}
	if ((conn->out_len > 0) != conn->armed) {
		conn->armed = !conn->armed;
		watch(load, conn, EPOLL_CTL_MOD,
		    conn->armed ? EPOLLIN | EPOLLOUT : EPOLLIN);
	}
}

static void
take(struct load_state *load, struct load_conn *conn)
{
	ssize_t n = recv(conn->fd, load->data, sizeof(load->data), 0);

	if (n == -1 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0)
		load_fail("the server has closed a connection");
	load->kind->got(conn, load->shared, load->data, (size_t)n);
	conn->got += (uint64_t)n;
	load->bytes += (uint64_t)n;
}

struct load_state *
load_new(const struct work *work, const int *fds)
{
	struct load_state *load = load_alloc(sizeof(*load));

	load->work = work;
	load->kind = work->load == LOAD_BROADCAST ? &load_broadcast :
	    &load_echo;
	load->shared = load->kind->start(work);
	load->conns = load_alloc((size_t)work->conns * sizeof(*load->conns));
	load->epfd = epoll_create1(EPOLL_CLOEXEC);
	if (load->epfd == -1)
		load_fail("epoll_create1 failed");
	for (int i = 0; i < work->conns; i++) {
		struct load_conn *conn = &load->conns[i];

		conn->fd = fds[i];
		conn->index = i;
		load->kind->begin(conn, load->shared);
		watch(load, conn, EPOLL_CTL_ADD, EPOLLIN);
		push(load, conn);
	}
	return load;
}

void
load_turn(struct load_state *load)
{
	struct epoll_event events[MAX_EVENTS];
	int n = epoll_wait(load->epfd, events, MAX_EVENTS, PATIENCE_MS);

	if (n == 0)
		load_fail("the server does not answer");
	for (int i = 0; i < n; i++) {
		struct load_conn *conn = events[i].data.ptr;

		if (events[i].events & ~(uint32_t)EPOLLOUT)
			take(load, conn);
		if (conn->out_len > 0)
			push(load, conn);
	}
}

double
load_messages(const struct load_state *load)
{
	return (double)load->bytes / (double)load->work->size;
}

void
load_free(struct load_state *load)
{
	for (int i = 0; i < load->work->conns; i++) {
		load->kind->end(&load->conns[i]);
		close(load->conns[i].fd);
	}
	load->kind->stop(load->shared);
	close(load->epfd);
	free(load->conns);
	free(load);
}
