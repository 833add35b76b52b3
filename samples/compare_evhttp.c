/*
 * compare_evhttp: GET /hello and files of a directory by libevent's evhttp,
 * for compare_http.sh to set beside httpd. It answers with the same fields,
 * and does as little as one can with evhttp.
 *
 * In one terminal:	./compare_evhttp -d /usr/share/doc
 * In another:		curl http://127.0.0.1:8080/hello
 */
#define _POSIX_C_SOURCE 200809L
#include <sys/socket.h>
#include <sys/stat.h>
#include <netinet/in.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>

static void
on_hello(struct evhttp_request *request, void *arg)
{
	struct evbuffer *body = evbuffer_new();

	(void)arg;
	evhttp_add_header(evhttp_request_get_output_headers(request),
	    "Content-Type", "text/plain");
	evbuffer_add_printf(body, "Hello, world\n");
	evhttp_send_reply(request, HTTP_OK, "OK", body);
	evbuffer_free(body);
}

/* A name in the directory, and no path. */
static void
on_file(struct evhttp_request *request, void *arg)
{
	const char *name = evhttp_request_get_uri(request) + 1;
	struct evbuffer *body = evbuffer_new();
	struct stat st;
	int fd = -1;

	if (*name != '.' && strchr(name, '/') == NULL)
		fd = openat(*(int *)arg, name,
		    O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd == -1 || fstat(fd, &st) == -1 ||
	    evbuffer_add_file(body, fd, 0, st.st_size) == -1)
		evhttp_send_error(request, HTTP_NOTFOUND, NULL);
	else {
		evhttp_add_header(evhttp_request_get_output_headers(request),
		    "Content-Type", "application/octet-stream");
		evhttp_send_reply(request, HTTP_OK, "OK", body);
	}
	evbuffer_free(body);
}

static void
on_signal(evutil_socket_t number, short what, void *base)
{
	(void)number;
	(void)what;
	event_base_loopbreak(base);
}

int
main(int argc, char **argv)
{
	struct event_base *base = event_base_new();
	struct evhttp *http = evhttp_new(base);
	struct event *terminate = evsignal_new(base, SIGTERM, on_signal, base);
	struct evhttp_bound_socket *bound;
	struct sockaddr_in sin;
	socklen_t len = sizeof(sin);
	int option, port = 8080, directory = AT_FDCWD;

	while ((option = getopt(argc, argv, "d:p:")) != -1) {
		if (option == 'd')
			directory = open(optarg, O_RDONLY | O_DIRECTORY);
		else if (option == 'p')
			port = atoi(optarg);
		else
			return 2;
	}
	bound = evhttp_bind_socket_with_handle(http, "127.0.0.1",
	    (uint16_t)port);
	if (bound == NULL || directory == -1 ||
	    getsockname(evhttp_bound_socket_get_fd(bound),
	    (struct sockaddr *)&sin, &len) == -1 ||
	    signal(SIGPIPE, SIG_IGN) == SIG_ERR) {
		perror("compare_evhttp");
		return 1;
	}
	evhttp_set_cb(http, "/hello", on_hello, NULL);
	evhttp_set_gencb(http, on_file, &directory);
	event_add(terminate, NULL);
	printf("listening on http://127.0.0.1:%d/\n", ntohs(sin.sin_port));
	fflush(stdout);
	event_base_dispatch(base);
	evhttp_free(http);
	event_free(terminate);
	event_base_free(base);
	return 0;
}
