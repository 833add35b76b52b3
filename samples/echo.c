/*
 * echo: the smallest server, which sends every line back.
 *
 * In one terminal:	./echo 4000
 * In another:		telnet 127.0.0.1 4000
 *
 * A line ends with CR LF. Without a port, or with port 0, it takes any free
 * one and says which. SIGINT and SIGTERM end it.
 */
#define _POSIX_C_SOURCE 200809L
#include <signal.h>
#include <stdio.h>
#include <event2/event.h>
#include <evchat.h>

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
	(void)listener;
	(void)peer;
	(void)peerlen;
	(void)arg;
	/* From here on it looks after itself, and goes when its peer does. */
	if (evchat_set_hooks(chat, &hooks, NULL) == -1 ||
	    evchat_set_terminator(chat, "\r\n", 2) == -1)
		evchat_free(chat);
}

int
main(int argc, char **argv)
{
	const struct timeval at_once = { 0, 0 };
	char where[EVCHAT_ADDRESS_MAX];
	struct event_base *base = event_base_new();
	struct evchat_listener *listener = NULL;
	int status = -1;

	snprintf(where, sizeof(where), "127.0.0.1:%s",
	    argc > 1 ? argv[1] : "0");
	if (base != NULL)
		listener = evchat_listener_new_text(base, on_accept, NULL, 0,
		    -1, where);
	if (listener != NULL && signal(SIGPIPE, SIG_IGN) != SIG_ERR &&
	    evchat_listener_stop_on(listener, SIGINT, &at_once, NULL,
	    NULL) == 0 &&
	    evchat_listener_stop_on(listener, SIGTERM, &at_once, NULL,
	    NULL) == 0 &&
	    evchat_listener_get_text(listener, where, sizeof(where)) == 0) {
		printf("listening on %s\n", where);
		fflush(stdout);
		status = event_base_dispatch(base);
	}
	if (status == -1)
		perror("echo");
	evchat_listener_free(listener);
	if (base != NULL)
		event_base_free(base);
	return status == -1;
}
