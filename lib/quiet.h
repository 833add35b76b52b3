#ifndef QUIET_H
#define QUIET_H

/*
 * To write without a SIGPIPE that was not there before, by calls that have no
 * flag for that: the signal is blocked in this thread meanwhile, and taken
 * back, unless one was pending. Who includes this has sigtimedwait() declared.
 */

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <time.h>

struct quiet {
	sigset_t before;
	sigset_t pending;
};

static inline void
quiet_begin(struct quiet *quiet)
{
	sigset_t pipe_signal;

	(void)sigemptyset(&pipe_signal);
	(void)sigemptyset(&quiet->pending);
	(void)sigaddset(&pipe_signal, SIGPIPE);
	(void)pthread_sigmask(SIG_BLOCK, &pipe_signal, &quiet->before);
	/* It can only be pending if it was blocked. */
	if (sigismember(&quiet->before, SIGPIPE) == 1)
		(void)sigpending(&quiet->pending);
}

/* May one have been raised? errno stays as it is. */
static inline void
quiet_end(const struct quiet *quiet, bool raised)
{
	static const struct timespec no_time;
	sigset_t pipe_signal;
	int error = errno;

	(void)sigemptyset(&pipe_signal);
	(void)sigaddset(&pipe_signal, SIGPIPE);
	if (raised && sigismember(&quiet->pending, SIGPIPE) == 0)
		(void)sigtimedwait(&pipe_signal, NULL, &no_time);
	(void)pthread_sigmask(SIG_SETMASK, &quiet->before, NULL);
	errno = error;
}

#endif
