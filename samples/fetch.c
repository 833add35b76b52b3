/*
 * fetch: one file from a fileserver; what broke off goes on where it was.
 *
 * In one terminal:	./fileserver -d . -p 4000
 * In another:		./fetch 127.0.0.1 4000 README copy
 *
 * What has come is in copy.part, and the tag that says of which version of the
 * file it is, in copy.tag; see fileserver.c for the protocol. When the last
 * byte has come, it asks once more, from there on, whether the file is still
 * that version: then copy.part becomes copy. If it has changed, it starts
 * over, once.
 *
 * Answers are whole frames, for on_answer(). A body is a count of bytes, which
 * on_piece() gets as they come: nothing is kept but on the disk.
 *
 * Exit status: 0 it is there; 1 it broke off, so try again; 2 wrong usage; 3
 * the server does not give it.
 */
#define _XOPEN_SOURCE 700
#define _FILE_OFFSET_BITS 64
#include <sys/stat.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <event2/event.h>
#include <evchat.h>

#define TAG_SIZE	128
#define ANSWER_SIZE	512

static const struct timeval connect_time = { 20, 0 };
static const struct timeval idle_time = { 60, 0 };

struct fetch {
	const char *name;	/* at the server */
	const char *path;	/* here */
	char part[PATH_MAX];	/* path.part, which is open: */
	int fd;
	char tag_path[PATH_MAX];
	char tag[TAG_SIZE];	/* of what is in part; "-": nothing is */
	int64_t have;		/* bytes in part */
	int64_t length;		/* of the body in progress */
	int64_t size;		/* of the whole; known with the first answer */
	int shown;		/* percent */
	int over;		/* it has started over */
	int status;
	struct evchat_framing *framing;
};

/* The disk. These return 0, or -1 with errno. */

static int
store_tag(const struct fetch *fetch)
{
	FILE *file = fopen(fetch->tag_path, "w");
	int failed;

	if (file == NULL)
		return -1;
	failed = fputs(fetch->tag, file) == EOF;
	return fclose(file) == 0 && !failed ? 0 : -1;
}

static void
load_tag(struct fetch *fetch)
{
	FILE *file = fopen(fetch->tag_path, "r");

	if (file == NULL || fscanf(file, "%127s", fetch->tag) != 1)
		strcpy(fetch->tag, "-");
	if (file != NULL)
		(void)fclose(file);
}

/* The part is locked: two of us would make one file of two. */
static int
open_part(struct fetch *fetch)
{
	struct stat st, now;

	fetch->fd = open(fetch->part, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
	if (fetch->fd == -1 || lockf(fetch->fd, F_TLOCK, 0) == -1 ||
	    fstat(fetch->fd, &st) == -1)
		return -1;
	/* Another one may have finished it between the two calls. */
	if (stat(fetch->part, &now) == -1 || now.st_dev != st.st_dev ||
	    now.st_ino != st.st_ino) {
		errno = EAGAIN;
		return -1;
	}
	load_tag(fetch);
	if (strcmp(fetch->tag, "-") != 0)
		fetch->have = st.st_size;
	return 0;
}

/* The part is emptied before there is a tag: none ever goes with other bytes. */
static int
begin_part(struct fetch *fetch, const char *tag)
{
	if (ftruncate(fetch->fd, 0) == -1)
		return -1;
	strcpy(fetch->tag, tag);
	return store_tag(fetch);
}

static int
write_part(struct fetch *fetch, const char *data, size_t len)
{
	ssize_t n;

	while (len > 0) {
		n = pwrite(fetch->fd, data, len, fetch->have);
		if (n == -1 && errno != EINTR)
			return -1;
		if (n > 0) {
			data += n;
			len -= (size_t)n;
			fetch->have += n;
		}
	}
	return 0;
}

static int
finish_part(const struct fetch *fetch)
{
	if (fsync(fetch->fd) == -1 || rename(fetch->part, fetch->path) == -1)
		return -1;
	return unlink(fetch->tag_path);
}

/* Endings. Each is the last thing that its hook does. */

static void
finish(struct evchat *chat, struct fetch *fetch, int status)
{
	fetch->status = status;
	evchat_free(chat);
}

static void
fail(struct evchat *chat, struct fetch *fetch, const char *what)
{
	fprintf(stderr, "fetch: %s: %s\n", what, strerror(errno));
	finish(chat, fetch, 1);
}

/* Talking */

static void
ask(struct evchat *chat, struct fetch *fetch)
{
	char request[PATH_MAX + TAG_SIZE + 32];
	int len = snprintf(request, sizeof(request), "GET %" PRId64 " %s %s",
	    fetch->have, fetch->tag, fetch->name);

	if (evchat_push_frame(chat, request, (size_t)len) == -1)
		fail(chat, fetch, "request");
}

static void
show_progress(struct fetch *fetch)
{
	int percent = fetch->size == 0 ? 100 :
	    (int)((double)fetch->have * 100 / (double)fetch->size);

	if (percent == fetch->shown || !isatty(STDERR_FILENO))
		return;
	fetch->shown = percent;
	fprintf(stderr, "\r%s: %d %% of %" PRId64 " bytes%s", fetch->path,
	    percent, fetch->size, percent == 100 ? "\n" : "");
}

static void
on_piece(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct fetch *fetch = arg;

	if (write_part(fetch, data, len) == -1)
		fail(chat, fetch, fetch->part);
	else
		show_progress(fetch);
}

static const struct evchat_hooks answer_hooks;

/* A body of no bytes: there is no more, and it is still that version. */
static void
on_body(struct evchat *chat, void *arg)
{
	struct fetch *fetch = arg;

	if (fetch->length == 0 && finish_part(fetch) == -1)
		fail(chat, fetch, fetch->path);
	else if (fetch->length == 0)
		finish(chat, fetch, 0);
	else if (evchat_set_hooks(chat, &answer_hooks, fetch) == -1 ||
	    evchat_set_framing(chat, fetch->framing) == -1)
		fail(chat, fetch, "channel");
	else
		ask(chat, fetch);
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct fetch *fetch = arg;

	if (why == EVCHAT_REASON_FREED)
		return;
	fprintf(stderr, "fetch: %s: %s\n", evchat_reason_name(why),
	    evchat_get_error(chat));
	if (fetch->size >= 0)
		fprintf(stderr, "fetch: %" PRId64 " of %" PRId64
		    " bytes are in %s\n", fetch->have, fetch->size,
		    fetch->part);
}

static const struct evchat_hooks body_hooks = {
	.collect = on_piece,
	.found = on_body,
	.closed = on_closed,
};

static void
start_over(struct evchat *chat, struct fetch *fetch)
{
	fprintf(stderr, "fetch: %s has changed: starting over\n", fetch->name);
	fetch->over = 1;
	fetch->have = 0;
	strcpy(fetch->tag, "-");
	ask(chat, fetch);
}

/* A body that is what we asked for: from there on, and of that version. */
static int
understand(struct fetch *fetch, const char *answer, char *tag)
{
	int64_t offset;
	int end = -1;

	if (sscanf(answer, "OK %18" SCNd64 " %18" SCNd64 " %127s%n", &offset,
	    &fetch->length, tag, &end) != 3 || answer[end] != '\0')
		return -1;
	return offset == fetch->have && fetch->length >= 0 &&
	    strcmp(tag, "-") != 0 &&
	    (strcmp(fetch->tag, "-") == 0 ||
	    strcmp(fetch->tag, tag) == 0) ? 0 : -1;
}

/* As a string that does nothing to a terminal. */
static void
take_text(char *text, const char *data, size_t len)
{
	size_t i;

	for (i = 0; i < len && i < ANSWER_SIZE - 1; i++)
		text[i] = data[i] >= ' ' && data[i] <= '~' ? data[i] : '?';
	text[i] = '\0';
}

static void
on_answer(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct fetch *fetch = arg;
	char answer[ANSWER_SIZE], tag[TAG_SIZE];

	take_text(answer, data, len);
	if (!fetch->over && (strncmp(answer, "ERR changed ", 12) == 0 ||
	    strncmp(answer, "ERR range ", 10) == 0))
		start_over(chat, fetch);
	else if (understand(fetch, answer, tag) == -1) {
		fprintf(stderr, "fetch: %s: %s\n", fetch->name, answer);
		finish(chat, fetch, 3);
	} else if (strcmp(fetch->tag, "-") == 0 &&
	    begin_part(fetch, tag) == -1)
		fail(chat, fetch, fetch->part);
	else if (evchat_set_hooks(chat, &body_hooks, fetch) == -1 ||
	    evchat_set_terminator_count(chat, (uint64_t)fetch->length) == -1)
		fail(chat, fetch, "channel");
	else
		fetch->size = fetch->have + fetch->length;
}

static const struct evchat_hooks answer_hooks = {
	.frame = on_answer,
	.closed = on_closed,
};

/* The beginning */

static int
start(struct event_base *base, struct fetch *fetch, const char *host, int port)
{
	struct evchat *chat =
	    evchat_socket_new(base, -1, &answer_hooks, fetch, 0);

	if (chat == NULL)
		return -1;
	if (evchat_set_framing(chat, fetch->framing) == 0 &&
	    evchat_set_timeout(chat, EVCHAT_TIMEOUT_CONNECT,
	    &connect_time) == 0 &&
	    evchat_set_timeout(chat, EVCHAT_TIMEOUT_READ, &idle_time) == 0 &&
	    evchat_connect_hostname(chat, NULL, AF_UNSPEC, host, port) == 0) {
		ask(chat, fetch);
		return 0;
	}
	evchat_free(chat);
	return -1;
}

static int
set_paths(struct fetch *fetch, char **words, int n)
{
	const char *slash = strrchr(words[2], '/');
	size_t size = sizeof(fetch->part);

	fetch->name = words[2];
	fetch->path = n == 4 ? words[3] : slash != NULL ? slash + 1 : words[2];
	return strlen(fetch->name) < PATH_MAX &&
	    snprintf(fetch->part, size, "%s.part", fetch->path) < PATH_MAX &&
	    snprintf(fetch->tag_path, size, "%s.tag", fetch->path) < PATH_MAX;
}

int
main(int argc, char **argv)
{
	const struct evchat_length_field field = { .width = 4, .strip = 4 };
	struct fetch fetch = { .fd = -1, .size = -1, .shown = -1, .status = 1 };
	struct event_base *base;

	if (argc < 4 || argc > 5 || !set_paths(&fetch, argv + 1, argc - 1)) {
		fprintf(stderr, "usage: fetch host port name [file]\n");
		return 2;
	}
	base = event_base_new();
	fetch.framing = evchat_framing_length(&field);
	if (base == NULL || fetch.framing == NULL ||
	    signal(SIGPIPE, SIG_IGN) == SIG_ERR || open_part(&fetch) == -1 ||
	    start(base, &fetch, argv[1], atoi(argv[2])) == -1 ||
	    event_base_dispatch(base) == -1) {
		perror("fetch");
		return 1;
	}
	if (fetch.status != 0 && fetch.have == 0)
		(void)unlink(fetch.part);
	/* One more pass, in which libevent closes the socket. */
	event_base_loop(base, EVLOOP_NONBLOCK);
	evchat_framing_free(fetch.framing);
	event_base_free(base);
	return fetch.status;
}
