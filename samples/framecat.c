/*
 * framecat: a netcat that knows what a message is, in any framing there is.
 *
 * In one terminal:	./framecat -l netstring 4000
 * In another:		./framecat netstring localhost 4000
 * What else it does:	./framecat --help
 *
 * framecat_chat.c is where the channels are, and framecat_framing.c makes
 * framings of words; the other files know nothing of libevchat. Here is what a
 * program on an event loop has to do besides: begin, take signals, and end.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <event2/event.h>
#include <evchat.h>
#include "framecat_chat.h"
#include "framecat_options.h"
#include "framecat_socket.h"

static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	struct framecat *cat = arg;

	(void)what;
	cat->signal = (int)number;
	event_base_loopbreak(cat->base);
}

static struct event *
watch(struct framecat *cat, int number)
{
	struct event *event = evsignal_new(cat->base, number, on_signal, cat);

	if (event == NULL || event_add(event, NULL) == 0)
		return event;
	event_free(event);
	return NULL;
}

/* An event loop that takes files as well as sockets and pipes. */
static struct event_base *
new_base(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config != NULL &&
	    event_config_require_features(config, EV_FEATURE_FDS) == 0)
		base = event_base_new_with_config(config);
	if (config != NULL)
		event_config_free(config);
	errno = ENOMEM;
	return base;
}

/* On a connection, or -1. Returns 0, or -1 with errno. */
static int
run(struct framecat *cat, int fd)
{
	struct event *interrupt, *terminate;
	int status = -1, error;

	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
	    (cat->base = new_base()) == NULL)
		return -1;
	interrupt = watch(cat, SIGINT);
	terminate = watch(cat, SIGTERM);
	if (interrupt != NULL && terminate != NULL &&
	    framecat_chat_start(cat, fd) == 0)
		status = event_base_dispatch(cat->base);
	error = errno;
	framecat_chat_end(cat);
	if (interrupt != NULL)
		event_free(interrupt);
	if (terminate != NULL)
		event_free(terminate);
	/* The last memory of a bufferevent goes in a pass of the loop. */
	(void)event_base_loop(cat->base, EVLOOP_NONBLOCK);
	event_base_free(cat->base);
	errno = error;
	return status == -1 ? -1 : 0;
}

/* By a signal it ends as a program does that knows nothing of signals. */
static int
finish(struct framecat *cat)
{
	if (cat->signal != 0) {
		(void)signal(cat->signal, SIG_DFL);
		(void)raise(cat->signal);
	}
	if (cat->last_words[0] != '\0')
		fprintf(stderr, "framecat: %s\n", cat->last_words);
	return (int)cat->status;
}

/* One that is closed would be the next thing to be opened, whatever that is. */
static int
has_standard_descriptors(void)
{
	return fcntl(STDIN_FILENO, F_GETFD) != -1 &&
	    fcntl(STDOUT_FILENO, F_GETFD) != -1 &&
	    fcntl(STDERR_FILENO, F_GETFD) != -1;
}

int
main(int argc, char **argv)
{
	static struct framecat cat;
	const struct framecat_options *options = &cat.options;
	int fd = -1, status;

	if (!has_standard_descriptors()) {
		fprintf(stderr,
		    "framecat: stdin, stdout and stderr have to be open\n");
		return FRAMECAT_FAILED;
	}
	if (framecat_options_read(&cat.options, argc, argv, &status) == -1)
		return status;
	if (options->mode == FRAMECAT_CONNECT)
		fd = framecat_connect(options->host, options->port);
	else if (options->mode == FRAMECAT_LISTEN)
		fd = framecat_accept(options->host, options->port);
	if (fd == -1 && (options->mode == FRAMECAT_CONNECT ||
	    options->mode == FRAMECAT_LISTEN))
		return FRAMECAT_FAILED;
	if (run(&cat, fd) == -1)
		framecat_fail(&cat, FRAMECAT_FAILED, "%s", strerror(errno));
	evchat_framing_free(options->framing);
	return finish(&cat);
}
