/*
 * The server gets the listening socket as its standard input, and accepts from
 * it. That it is on the other processor is settled before it runs; of its
 * processor time the kernel tells anybody who may see the process.
 */
#define _GNU_SOURCE
#include "process.h"
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void
fail(const char *what)
{
	fprintf(stderr, "\nbench: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* Pin to the n-th processor from the end of those that there are, if there are
 * two of them. */
static void
pin(int from_end)
{
	static cpu_set_t all;
	static int known;
	cpu_set_t one;
	size_t cpu = CPU_SETSIZE;

	if (!known && sched_getaffinity(0, sizeof(all), &all) == -1)
		fail("sched_getaffinity");
	known = 1;
	if (CPU_COUNT(&all) < 2)
		return;
	while (from_end >= 0 && cpu > 0) {
		if (CPU_ISSET(--cpu, &all))
			from_end--;
	}
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one) == -1)
		fail("sched_setaffinity");
}

void
process_pin_self(void)
{
	pin(1);
}

/* An address that is free. On AF_UNIX the system finds a name for it, too. */
static int
listen_on(int local, struct sockaddr_storage *address, socklen_t *len)
{
	struct sockaddr_in sin = { .sin_family = AF_INET };
	int fd = socket(local ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC,
	    0);

	memset(address, 0, sizeof(*address));
	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	address->ss_family = AF_UNIX;
	*len = sizeof(sa_family_t);
	if (!local) {
		memcpy(address, &sin, sizeof(sin));
		*len = sizeof(sin);
	}
	if (fd == -1 || bind(fd, (struct sockaddr *)address, *len) == -1)
		fail("bind");
	*len = sizeof(*address);
	if (listen(fd, SOMAXCONN) == -1 ||
	    getsockname(fd, (struct sockaddr *)address, len) == -1)
		fail("listen");
	return fd;
}

static int
connect_to(const struct sockaddr_storage *address, socklen_t len)
{
	int one = 1, fd = socket(address->ss_family,
	    SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd == -1 ||
	    connect(fd, (const struct sockaddr *)address, len) == -1)
		fail("connect");
	if (address->ss_family == AF_INET && setsockopt(fd, IPPROTO_TCP,
	    TCP_NODELAY, &one, sizeof(one)) == -1)
		fail("setsockopt");
	if (fcntl(fd, F_SETFL, O_NONBLOCK) == -1)
		fail("fcntl");
	return fd;
}

static void
become(const char *path, const struct work *work, const struct way *way,
    int fd)
{
	char busy[16], idle[16];

	snprintf(busy, sizeof(busy), "%d", work->conns);
	snprintf(idle, sizeof(idle), "%d", way->idle);
	/* Should bench fail, its server has to go, too. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	pin(0);
	if (dup2(fd, STDIN_FILENO) == -1)
		fail("dup2");
	execl(path, path, way->kind, busy, idle, (char *)NULL);
	fail(path);
}

int
process_start(struct process *process, const char *dir,
    const struct work *work, const struct way *way, int local, int *fds)
{
	struct sockaddr_storage address;
	socklen_t len;
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, way->program);
	if (access(path, X_OK) == -1)
		return -1;
	fd = listen_on(local, &address, &len);
	process->pid = fork();
	if (process->pid == -1)
		fail("fork");
	if (process->pid == 0)
		become(path, work, way, fd);
	if (clock_getcpuclockid(process->pid, &process->clock) != 0)
		fail("clock_getcpuclockid");
	for (int i = 0; i < work->conns; i++)
		fds[i] = connect_to(&address, len);
	close(fd);
	return 0;
}

double
process_cpu(const struct process *process)
{
	struct timespec used;

	if (clock_gettime(process->clock, &used) == -1)
		fail("the server's clock");
	return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

void
process_stop(const struct process *process, const struct way *way)
{
	int status;

	if (way->idle > 0)
		kill(process->pid, SIGTERM);
	if (waitpid(process->pid, &status, 0) == -1)
		fail("waitpid");
	if (way->idle == 0 && status != 0) {
		fprintf(stderr, "\nbench: a server failed: status %d\n",
		    status);
		exit(1);
	}
}
