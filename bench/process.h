#ifndef BENCH_PROCESS_H
#define BENCH_PROCESS_H

/*
 * A server as a process of its own: how it is started and reached, on which
 * processor it runs, and how much of it it has used.
 */

#include <sys/types.h>
#include <time.h>
#include "works.h"

struct process {
	pid_t pid;
	clockid_t clock;	/* the kernel's account of its time */
};

/* The processors: the last one for the server, the one before for this. */
void process_pin_self(void);

/*
 * Start a server and connect to it.
 *
 * dir: where the programs are
 * fds: filled in with work->conns connections that do not block
 * Returns 0, or -1 if there is no such program.
 */
int process_start(struct process *process, const char *dir,
    const struct work *work, const struct way *way, int local, int *fds);

/* Processor time it has used, in seconds. */
double process_cpu(const struct process *process);

/* Wait for its end, which comes by itself when its connections are closed,
 * unless it has idle ones: then it is ended. */
void process_stop(const struct process *process, const struct way *way);

#endif
