/*
 * echo: the smallest server, which sends every line back.
 *
 * In one terminal:	./echo 4000
 * In another:		telnet 127.0.0.1 4000
 *
 * A line ends with CR LF. Without a port, or with port 0, it takes any free one
 * and says which. SIGINT and SIGTERM end it.
 */
#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <event2/event.h>
#include <event2/listener.h>
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
on_accept(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *peer, int peerlen, void *arg)
{
	struct event_base *base = evconnlistener_get_base(listener);
	struct evchat *chat = evchat_socket_new(base, fd, &hooks, NULL, 0);

	(void)peer;
	(void)peerlen;
	(void)arg;
	/* From here on it looks after itself, and goes when its peer does. */
	if (chat != NULL && evchat_set_terminator(chat, "\r\n", 2) == -1)
		evchat_free(chat);
}

static void
on_signal(evutil_socket_t number, short what, void *base)
{
	(void)number;
	(void)what;
	event_base_loopbreak(base);
}

static int
end_on(struct event_base *base, int number)
{
	struct event *event = evsignal_new(base, number, on_signal, base);

	return event != NULL && event_add(event, NULL) == 0;
}

int
main(int argc, char **argv)
{
	static struct event_base *base;
	struct sockaddr_in sin = { .sin_family = AF_INET };
	socklen_t len = sizeof(sin);
	struct evconnlistener *listener = NULL;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	sin.sin_port = htons((unsigned short)(argc > 1 ? atoi(argv[1]) : 0));
	if ((base = event_base_new()) != NULL)
		listener = evconnlistener_new_bind(base, on_accept, NULL,
		    LEV_OPT_REUSEABLE, -1, (struct sockaddr *)&sin, sizeof(sin));
	if (listener == NULL || signal(SIGPIPE, SIG_IGN) == SIG_ERR ||
	    !end_on(base, SIGINT) || !end_on(base, SIGTERM) ||
	    getsockname(evconnlistener_get_fd(listener),
	    (struct sockaddr *)&sin, &len) == -1) {
		perror("echo");
		return 1;
	}
	printf("listening on 127.0.0.1:%d\n", ntohs(sin.sin_port));
	fflush(stdout);
	/* What is left when it returns, the system takes back. */
	return event_base_dispatch(base) == -1;
}
