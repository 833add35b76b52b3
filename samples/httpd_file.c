/*
 * Files, parts of files, and what is in a directory. A path leads from the
 * directory that is served down, step by step and through no symbolic link;
 * what begins with a dot is not there. So nothing leads out, whatever is
 * renamed meanwhile.
 */
#define _POSIX_C_SOURCE 200809L
#define _FILE_OFFSET_BITS 64
#include <sys/stat.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "httpd.h"

#define COMPRESS_MIN	1024	/* bytes: below, it does not pay */

struct file {
	int fd;
	const char *name;	/* the last part of the path; may be empty */
	int has_slash;		/* behind it: it has to be a directory */
	struct stat st;
};

/* Opening */

/* A FIFO does not hold us up. -1: see errno */
static int
open_at(int directory, const char *name, int flags)
{
	return openat(directory, name, flags | O_RDONLY | O_CLOEXEC |
	    O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
}

/* The path is cut into its parts, each of which is a name, not hidden. */
static int
open_below(int directory, char *path, struct file *file)
{
	int at = directory, below, error;
	size_t len;

	file->name = "";
	if (*path == '\0')
		at = open_at(directory, ".", O_DIRECTORY);
	while (at != -1 && *path != '\0') {
		len = strcspn(path, "/");
		file->name = path;
		path += len;
		file->has_slash = *path == '/';
		if (file->has_slash)
			*path++ = '\0';
		errno = ENOENT;
		below = len == 0 || file->name[0] == '.' ? -1 : open_at(at,
		    file->name, file->has_slash ? O_DIRECTORY : 0);
		error = errno;
		if (at != directory)
			(void)close(at);
		errno = error;
		at = below;
	}
	return file->fd = at;
}

static const char *
status_of(int error)
{
	switch (error) {
	case EACCES:
		return HTTPD_FORBIDDEN;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
		return HTTPD_UNAVAILABLE;
	default:
		return HTTPD_NOT_FOUND;
	}
}

/* Files */

/*
 * A file that has not changed since the very date that we gave it is not sent
 * again. Other dates do not count: clocks differ, and files are put back.
 */
static int
answer_unchanged(struct httpd_client *client, struct httpd_answer answer)
{
	answer.status = HTTPD_NOT_MODIFIED;
	answer.length = HTTPD_NO_BODY;
	if (httpd_answer_begin(client, &answer) == -1)
		return -1;
	return httpd_answer_end(client, 0);
}

static int
answer_part(struct httpd_client *client, struct httpd_answer answer, int fd,
    int64_t offset, int64_t len)
{
	char fields[256];

	snprintf(fields, sizeof(fields),
	    "%sContent-Range: bytes %jd-%jd/%jd\r\n", answer.fields,
	    (intmax_t)offset, (intmax_t)(offset + len - 1),
	    (intmax_t)answer.length);
	answer.status = HTTPD_PARTIAL;
	answer.fields = fields;
	answer.length = len;
	return httpd_answer_part(client, &answer, fd, offset);
}

static int
answer_bad_range(struct httpd_client *client, int64_t size)
{
	char fields[64];

	snprintf(fields, sizeof(fields), "Content-Range: bytes */%jd\r\n",
	    (intmax_t)size);
	return httpd_answer_status(client, HTTPD_BAD_RANGE, fields);
}

/* The descriptor is taken. */
static int
answer_file(struct httpd_client *client, const struct file *file)
{
	const struct http_request *request = &client->request;
	const char *type = httpd_type(file->name);
	int is_text = file->st.st_size >= COMPRESS_MIN &&
	    httpd_type_is_text(type) && evchat_has_deflate();
	char date[HTTPD_DATE_SIZE], fields[128];
	const struct httpd_answer answer =
	    { HTTPD_OK, type, fields, file->st.st_size };
	enum httpd_range range = HTTPD_RANGE_NONE;
	int64_t offset, len;

	httpd_date(date, file->st.st_mtime);
	snprintf(fields, sizeof(fields),
	    "Last-Modified: %s\r\nAccept-Ranges: bytes\r\n%s", date,
	    is_text ? HTTPD_VARY : "");
	if (request->method == HTTP_GET)
		range = httpd_range(request->range, answer.length, &offset,
		    &len);
	if (http_slice_is(request->since, date)) {
		(void)close(file->fd);
		return answer_unchanged(client, answer);
	} else if (range == HTTPD_RANGE_BAD) {
		(void)close(file->fd);
		return answer_bad_range(client, answer.length);
	} else if (range == HTTPD_RANGE_PART)
		return answer_part(client, answer, file->fd, offset, len);
	else if (is_text && request->accepts_gzip && request->minor > 0)
		return httpd_answer_stream(client, answer,
		    evchat_producer_new_file(file->fd, 0, answer.length));
	return httpd_answer_part(client, &answer, file->fd, 0);
}

/* Directories: read as they are sent, an entry a line */

struct listing {
	DIR *dir;
	int is_begun;
	char line[2560];	/* at worst, 255 times %xx and &#nnn; */
};

/*
 * What might mean something where it stands is written as "%xx" or "&#nn;".
 * There is room for that. In a text, UTF-8 stays what it is.
 */
static char *
escape(char *to, const char *name, const char *format)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	    "abcdefghijklmnopqrstuvwxyz0123456789-._~";

	for (; *name != '\0'; name++) {
		if (strchr(plain, *name) != NULL ||
		    ((unsigned char)*name > 127 && format[0] == '&'))
			*to++ = *name;
		else
			to += sprintf(to, format, (unsigned char)*name);
	}
	*to = '\0';
	return to;
}

static const void *
next_entry(void *arg, size_t *len)
{
	static const char begin[] = "<!DOCTYPE html>\n<title>Files</title>";
	struct listing *listing = arg;
	const struct dirent *entry;
	char *to = listing->line;

	if (!listing->is_begun) {
		listing->is_begun = 1;
		*len = sizeof(begin) - 1;
		return begin;
	}
	do {
		if ((entry = readdir(listing->dir)) == NULL)
			return NULL;
	} while (entry->d_name[0] == '.');
	to += sprintf(to, "<a href=\"");
	to = escape(to, entry->d_name, "%%%02X");
	to += sprintf(to, "\">");
	to = escape(to, entry->d_name, "&#%u;");
	to += sprintf(to, "</a><br>");
	*len = (size_t)(to - listing->line);
	return listing->line;
}

static void
free_listing(void *arg)
{
	struct listing *listing = arg;

	(void)closedir(listing->dir);
	free(listing);
}

/* The descriptor is taken. */
static int
answer_listing(struct httpd_client *client, int fd)
{
	const struct httpd_answer answer = { HTTPD_OK,
	    "text/html; charset=utf-8", HTTPD_VARY, HTTPD_UNKNOWN };
	struct listing *listing = calloc(1, sizeof(*listing));

	if (listing == NULL || (listing->dir = fdopendir(fd)) == NULL) {
		free(listing);
		(void)close(fd);
		return httpd_answer_status(client, HTTPD_UNAVAILABLE, "");
	}
	return httpd_answer_stream(client, answer,
	    evchat_producer_new_lines(next_entry, "\n", free_listing, listing));
}

/* Without the slash behind it, what is in it could not be named from there. */
static int
answer_moved(struct httpd_client *client)
{
	const struct http_slice path = client->request.path;
	char fields[HTTPD_TARGET_MAX + 32];

	snprintf(fields, sizeof(fields), "Location: %.*s/\r\n", (int)path.len,
	    path.data);
	return httpd_answer_status(client, HTTPD_MOVED, fields);
}

/* If there is an index.html in it, that is shown. The descriptor is taken. */
static int
answer_directory(struct httpd_client *client, int fd)
{
	struct file index = { .name = "index.html" };

	index.fd = open_at(fd, index.name, 0);
	if (index.fd != -1 && fstat(index.fd, &index.st) == 0 &&
	    S_ISREG(index.st.st_mode)) {
		(void)close(fd);
		return answer_file(client, &index);
	}
	if (index.fd != -1)
		(void)close(index.fd);
	return answer_listing(client, fd);
}

int
httpd_file_answer(struct httpd_client *client)
{
	char path[HTTPD_TARGET_MAX + 1];
	struct file file = { .fd = -1, .has_slash = 1 };

	if (httpd_path(path, client->request.path) == -1)
		return httpd_answer_status(client, HTTP_BAD_REQUEST, "");
	if (open_below(client->server->directory, path + 1, &file) == -1)
		return httpd_answer_status(client, status_of(errno), "");
	if (fstat(file.fd, &file.st) == 0) {
		if (S_ISDIR(file.st.st_mode) && file.has_slash)
			return answer_directory(client, file.fd);
		if (S_ISREG(file.st.st_mode))
			return answer_file(client, &file);
	}
	(void)close(file.fd);
	if (S_ISDIR(file.st.st_mode))
		return answer_moved(client);
	return httpd_answer_status(client, HTTPD_NOT_FOUND, "");
}
