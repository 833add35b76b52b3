/*
 * memory: what a channel takes beyond its bufferevent, in bytes: idle, and
 * idle again after it has echoed a line of 16 KiB and one of 1 MiB. What is
 * counted is what malloc() has given out, with its own overhead, but not what
 * it keeps for later. Both kinds are made on AF_UNIX socket pairs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <evchat.h>
#include "echo.h"

#define BIG (1 << 20)

enum kind { BUFFEREVENT, SHARED, OWN, OTHER, KINDS };
static const char *const kinds[KINDS] = { "bufferevent", "evchat",
	"evchat-own", "evchat-other" };

enum state { IDLE, AFTER_16K, AFTER_1M, STATES };
static const char *const states[STATES] = { "memory", "memory-16k",
	"memory-1m" };

struct crowd {
	struct event_base *base;
	int n;
	int *peers;
	void **things;	/* bufferevents or channels */
};

static void
fail(const char *what)
{
	fprintf(stderr, "\nbench: memory: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* What malloc() has given out; -1: it does not tell. */
static double
in_use(void)
{
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 33)
	struct mallinfo2 info = mallinfo2();

	return (double)info.uordblks + (double)info.hblkhd;
#else
	return -1;
#endif
}

static void *
make(struct crowd *crowd, enum kind kind, int fd,
    struct evchat_framing *framing)
{
	struct bufferevent *bev;
	struct evchat *chat;

	if (kind == BUFFEREVENT) {
		bev = bufferevent_socket_new(crowd->base, fd,
		    BEV_OPT_CLOSE_ON_FREE);
		if (bev == NULL)
			fail("bufferevent_socket_new");
		bufferevent_setcb(bev, echo_lines, NULL, NULL, NULL);
		bufferevent_enable(bev, EV_READ | EV_WRITE);
		return bev;
	}
	chat = evchat_socket_new(crowd->base, fd, &echo_hooks, NULL, 0);
	if (chat == NULL || (kind == SHARED ?
	    evchat_set_framing(chat, framing) : kind == OWN ?
	    evchat_set_terminator(chat, "\n", 1) :
	    evchat_set_terminator(chat, "a\n", 2)) == -1)
		fail("evchat_socket_new");
	return chat;
}

/* A line there and back. */
static void
carry(struct crowd *crowd, int peer, char *line, size_t len)
{
	static char back[BIG];
	size_t sent = 0, got = 0;

	memset(line, 'a', len);
	line[len - 1] = '\n';
	while (got < len) {
		ssize_t n = send(peer, line + sent, len - sent, MSG_NOSIGNAL);

		sent += n > 0 ? (size_t)n : 0;
		event_base_loop(crowd->base, EVLOOP_NONBLOCK);
		n = recv(peer, back + got, len - got, 0);
		if (n == 0 || (n == -1 && errno != EAGAIN))
			fail("recv");
		got += n > 0 ? (size_t)n : 0;
	}
	if (memcmp(line, back, len) != 0)
		fail("something else came back");
}

static void
settle(struct crowd *crowd)
{
	for (int i = 0; i < 4; i++)
		event_base_loop(crowd->base, EVLOOP_NONBLOCK);
}

static void
leave(struct crowd *crowd, enum kind kind)
{
	for (int i = 0; i < crowd->n; i++) {
		if (kind == BUFFEREVENT)
			bufferevent_free(crowd->things[i]);
		else
			evchat_free(crowd->things[i]);
		close(crowd->peers[i]);
	}
	settle(crowd);
	event_base_free(crowd->base);
}

/* Fills in the bytes that one of a kind takes in each state. */
static void
measure(struct crowd *crowd, enum kind kind, double *bytes)
{
	static const size_t sizes[STATES] = { 0, 16384, BIG };
	static char line[BIG];
	struct evchat_framing *framing = evchat_framing_delimiter("\n", 1, 0);
	double before;

	crowd->base = event_base_new();
	if (crowd->base == NULL || framing == NULL)
		fail("event_base_new");
	settle(crowd);
	before = in_use();
	for (int i = 0; i < crowd->n; i++) {
		int fds[2];

		if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
		    fds) == -1)
			fail("socketpair");
		crowd->peers[i] = fds[1];
		crowd->things[i] = make(crowd, kind, fds[0], framing);
	}
	for (int state = 0; state < STATES; state++) {
		for (int i = 0; sizes[state] > 0 && i < crowd->n; i++)
			carry(crowd, crowd->peers[i], line, sizes[state]);
		settle(crowd);
		bytes[state] = (in_use() - before) / crowd->n;
	}
	leave(crowd, kind);
	evchat_framing_free(framing);
}

static int
room_for(int n)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == -1)
		fail("getrlimit");
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	if (limit.rlim_cur < (rlim_t)(2 * n + 64))
		n = ((int)limit.rlim_cur - 64) / 2;
	return n;
}

static void
print(double bytes[KINDS][STATES], int n)
{
	static const char *const titles[STATES] = {
		"memory of an idle connection",
		"the same after it has carried a line of 16 KiB",
		"the same after it has carried a line of 1 MiB"
	};

	for (int state = 0; state < STATES; state++) {
		printf("title\t%s\t%s\tbytes\n", states[state], titles[state]);
		for (int kind = 0; kind < KINDS; kind++)
			printf("%s\t%s\t0\t%.0f\t\n", states[state],
			    kinds[kind], bytes[kind][state]);
		for (int kind = SHARED; kind < KINDS; kind++)
			printf("%s\t%s-beyond\t0\t%.0f\t\n", states[state],
			    kinds[kind], bytes[kind][state] -
			    bytes[BUFFEREVENT][state]);
	}
	printf("note\tmemory: of %d connections of each kind; evchat: one "
	    "framing for all; evchat-own: evchat_set_terminator() for each; "
	    "evchat-other: the same with a delimiter that is no usual one; "
	    "-beyond: more than a bufferevent\n", n);
}

int
main(int argc, char **argv)
{
	double bytes[KINDS][STATES];
	struct crowd crowd;
	int n = 1000, c;

	while ((c = getopt(argc, argv, "qt")) != -1)
		n = c == 'q' ? 200 : 20;
	if (in_use() < 0) {
		printf("skipped\tmemory: it needs mallinfo2() of glibc\n");
		return 0;
	}
	crowd.n = room_for(n);
	crowd.peers = calloc((size_t)crowd.n, sizeof(*crowd.peers));
	crowd.things = calloc((size_t)crowd.n, sizeof(*crowd.things));
	if (crowd.peers == NULL || crowd.things == NULL)
		fail("calloc");
	fprintf(stderr, "memory:");
	for (int kind = 0; kind < KINDS; kind++) {
		measure(&crowd, (enum kind)kind, bytes[kind]);
		fprintf(stderr, "  %s %.0f", kinds[kind], bytes[kind][IDLE]);
	}
	fprintf(stderr, "\n");
	print(bytes, crowd.n);
	free(crowd.peers);
	free(crowd.things);
	return 0;
}
