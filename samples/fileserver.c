/*
 * fileserver: the files of a directory, for clients that may have a part of
 * one already.
 *
 * In one terminal:	./fileserver -d . -p 4000
 * In another:		./fetch 127.0.0.1 4000 README copy
 * By hand:		echo 'GET 0 - README' | ./framecat -e length:4be |
 *			    nc -N 127.0.0.1 4000
 *
 * The protocol: frames, with their length before them in 4 bytes, big-endian.
 *
 *	GET offset tag name	a request, of at most 4096 bytes
 *	OK offset length tag	an answer; behind it come length bytes of the file
 *	ERR code text		an answer; nothing comes behind it
 *
 * A tag says which version of a file it is. A client that continues sends the
 * one that came with its first part, and gets "ERR changed" instead of bytes
 * that do not belong together; "-" takes any. The other codes are request,
 * open and range. Answers come in the order of the requests, which need not
 * wait for them. A body that ends early, and with it the connection: the file
 * was cut.
 *
 * A channel is paused while a file is on its way. So each has one file open,
 * however many requests wait, and its time runs only while we wait for it.
 */
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <event2/event.h>
#include <evchat.h>

#define REQUEST_MAX	4096
#define CLIENTS_MAX	100	/* each takes two descriptors */
#define TAG_SIZE	80

struct server {
	struct evchat_listener *listener;
	struct evchat_framing *framing;
	struct timeval patience;	/* with a client that does nothing */
	int directory;
};

struct request {
	int64_t offset;
	const char *tag;
	char *name;
};

/* Files */

/* Take the next part of a path; NULL if it is none that stays below. */
static char *
next_part(char **path)
{
	char *part = *path;
	size_t len = strcspn(part, "/");

	*path = part[len] == '/' ? part + len + 1 : NULL;
	part[len] = '\0';
	return len == 0 || strcmp(part, ".") == 0 ||
	    strcmp(part, "..") == 0 ? NULL : part;
}

/*
 * Open a file below a directory, step by step and through no symbolic link:
 * then nothing leads out, whatever is renamed meanwhile. A FIFO does not hold
 * us up. Returns -1 with errno; EINVAL: no such name is allowed.
 */
static int
open_below(int directory, char *path)
{
	const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY |
	    O_NONBLOCK;
	int at = directory, fd = -1, error;
	char *part;

	do {
		part = next_part(&path);
		errno = EINVAL;
		fd = part == NULL ? -1 : openat(at, part,
		    path != NULL ? flags | O_DIRECTORY : flags);
		error = errno;
		if (at != directory)
			(void)close(at);
		errno = error;
		at = fd;
	} while (fd != -1 && path != NULL);
	return fd;
}

/* Any change of a file gives it another time; any other file has another number. */
static const char *
make_tag(char *tag, const struct stat *st)
{
	snprintf(tag, TAG_SIZE, "%jx-%jx-%jx.%lx", (uintmax_t)st->st_ino,
	    (uintmax_t)st->st_size, (uintmax_t)st->st_ctim.tv_sec,
	    (unsigned long)st->st_ctim.tv_nsec);
	return tag;
}

/* Requests and answers. -1 from the latter: the channel is of no more use. */

/* Cut a request, which is a string, into its words. -1: it is none. */
static int
parse(struct request *request, char *text)
{
	if (strncmp(text, "GET ", 4) != 0 || text[4] < '0' || text[4] > '9')
		return -1;
	errno = 0;
	request->offset = strtoll(text + 4, &text, 10);
	if (errno != 0 || *text++ != ' ')
		return -1;
	request->tag = text;
	text += strcspn(text, " ");
	if (text == request->tag || *text == '\0')
		return -1;
	*text = '\0';
	request->name = text + 1;
	return 0;
}

/* The file was sent. Or the channel is at its end, and this does nothing. */
static void
on_sent(struct evchat *chat, enum evchat_done how, void *arg)
{
	(void)how;
	(void)arg;
	evchat_resume(chat);
}

/* The descriptor is taken. */
static int
push_body(struct evchat *chat, int fd, int64_t offset, int64_t len)
{
	if (evchat_push_file(chat, fd, offset, len) == -1 ||
	    evchat_push_callback(chat, on_sent, NULL) == -1)
		return -1;
	evchat_pause(chat);
	return 0;
}

static int
answer(struct evchat *chat, int directory, const struct request *request)
{
	int fd = open_below(directory, request->name), status;
	intmax_t offset = request->offset;
	char tag[TAG_SIZE];
	struct stat st;

	if (fd == -1 || fstat(fd, &st) == -1)
		status = evchat_push_frame_printf(chat,
		    "ERR open %s", strerror(errno));
	else if (!S_ISREG(st.st_mode))
		status = evchat_push_frame_printf(chat,
		    "ERR open Not a regular file");
	else if (strcmp(make_tag(tag, &st), request->tag) != 0 &&
	    strcmp(request->tag, "-") != 0)
		status = evchat_push_frame_printf(chat,
		    "ERR changed It is %s now", tag);
	else if (offset > st.st_size)
		status = evchat_push_frame_printf(chat,
		    "ERR range There are %jd bytes", (intmax_t)st.st_size);
	else if ((status = evchat_push_frame_printf(chat, "OK %jd %jd %s",
	    offset, (intmax_t)st.st_size - offset, tag)) == 0)
		return push_body(chat, fd, offset, st.st_size - offset);
	if (fd != -1)
		(void)close(fd);
	return status;
}

/* The hooks */

static void
on_request(struct evchat *chat, const void *frame, size_t len, void *arg)
{
	struct server *server = arg;
	struct request request;
	char text[REQUEST_MAX + 1];
	int status;

	memcpy(text, frame, len);
	text[len] = '\0';
	if (strlen(text) != len || parse(&request, text) == -1)
		status = evchat_push_frame_printf(chat,
		    "ERR request Not understood");
	else
		status = answer(chat, server->directory, &request);
	if (status == -1)
		evchat_free(chat);
}

/* If there is no memory to say so, it is closed without a word. */
static void
on_event(struct evchat *chat, enum evchat_event what, void *arg)
{
	(void)arg;
	if (what != EVCHAT_EVENT_OVERSIZE)
		return;
	(void)evchat_push_frame_printf(chat, "ERR request Above %d bytes",
	    REQUEST_MAX);
	evchat_close_when_done(chat);
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	(void)arg;
	if (why != EVCHAT_REASON_EOF && why != EVCHAT_REASON_DONE)
		fprintf(stderr, "fileserver: %s: %s\n",
		    evchat_reason_name(why), evchat_get_error(chat));
}

static const struct evchat_hooks hooks = {
	.frame = on_request,
	.event = on_event,
	.closed = on_closed,
};

/* The server */

static void
on_accept(struct evchat_listener *listener, struct evchat *chat,
    const struct sockaddr *peer, int peerlen, void *arg)
{
	struct server *server = arg;
	const struct timeval *patience = &server->patience;

	(void)listener;
	(void)peer;
	(void)peerlen;
	/* To go on without any of these would not be safe. */
	if (evchat_set_hooks(chat, &hooks, server) == -1 ||
	    evchat_set_framing(chat, server->framing) == -1 ||
	    evchat_set_max_frame(chat, REQUEST_MAX,
	    EVCHAT_OVERSIZE_DISCARD) == -1 ||
	    evchat_set_timeout(chat, EVCHAT_TIMEOUT_READ, patience) == -1 ||
	    evchat_set_timeout(chat, EVCHAT_TIMEOUT_FRAME, patience) == -1 ||
	    evchat_set_timeout(chat, EVCHAT_TIMEOUT_STALL, patience) == -1)
		evchat_free(chat);
}

static void
on_stopped(struct evchat_listener *listener, void *arg)
{
	(void)arg;
	event_base_loopbreak(evchat_listener_get_base(listener));
}

/* What was asked for is still sent. A second signal kills, as signals do. */
static void
on_signal(evutil_socket_t number, short what, void *arg)
{
	const struct timeval grace = { 30, 0 };
	struct server *server = arg;

	(void)number;
	(void)what;
	if (evchat_listener_stop(server->listener, &grace, on_stopped,
	    NULL) == -1)
		on_stopped(server->listener, NULL);
	printf("stopping\n");
	fflush(stdout);
}

static int
listen_on(struct server *server, struct event_base *base, const char *port)
{
	const struct evchat_length_field field = { .width = 4, .strip = 4 };
	char where[EVCHAT_ADDRESS_MAX];

	snprintf(where, sizeof(where), "127.0.0.1:%s", port);
	server->framing = evchat_framing_length(&field);
	server->listener = evchat_listener_new_text(base, on_accept, server, 0,
	    -1, where);
	if (server->framing == NULL || server->listener == NULL ||
	    evchat_listener_get_text(server->listener, where,
	    sizeof(where)) == -1)
		return -1;
	evchat_listener_set_max(server->listener, CLIENTS_MAX);
	printf("listening on %s\n", where);
	return fflush(stdout);
}

static int
serve(struct server *server, struct event_base *base, const char *port)
{
	struct event *interrupt, *terminate;
	int status = -1;

	interrupt = event_new(base, SIGINT, EV_SIGNAL, on_signal, server);
	terminate = event_new(base, SIGTERM, EV_SIGNAL, on_signal, server);
	if (interrupt != NULL && event_add(interrupt, NULL) == 0 &&
	    terminate != NULL && event_add(terminate, NULL) == 0 &&
	    listen_on(server, base, port) == 0)
		status = event_base_dispatch(base);
	if (status == -1)
		perror("fileserver");
	evchat_listener_free(server->listener);
	evchat_framing_free(server->framing);
	if (interrupt != NULL)
		event_free(interrupt);
	if (terminate != NULL)
		event_free(terminate);
	return status;
}

/* -1: it is not one from 0 to max. */
static long
number_of(const char *text, long max)
{
	char *rest;
	long number = strtol(text, &rest, 10);

	return rest == text || *rest != '\0' || number > max ? -1 : number;
}

int
main(int argc, char **argv)
{
	struct server server = { .patience = { 60, 0 } };
	struct event_base *base = event_base_new();
	const char *directory = ".", *port = "0";
	int option, status, wrong = 0;

	while ((option = getopt(argc, argv, "d:p:t:")) != -1) {
		if (option == 'd')
			directory = optarg;
		else if (option == 'p')
			port = optarg;
		else if (option == 't')
			server.patience.tv_sec = number_of(optarg, 86400);
		else
			wrong = 1;
	}
	if (wrong || optind < argc || server.patience.tv_sec < 1) {
		fprintf(stderr,
		    "usage: fileserver [-d directory] [-p port] [-t seconds]\n");
		return 2;
	}
	server.directory = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (server.directory == -1 || base == NULL ||
	    signal(SIGPIPE, SIG_IGN) == SIG_ERR) {
		perror(directory);
		return 1;
	}
	status = serve(&server, base, port);
	event_base_free(base);
	return status == -1;
}
