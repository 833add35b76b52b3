#ifndef HTTPD_H
#define HTTPD_H

/*
 * What the files of the httpd sample know of each other. httpd.c is the
 * server, httpd_talk.c what a connection goes through, httpd_pages.c what
 * there is to be had, httpd_file.c files and directories, httpd_answer.c how
 * answers are sent, httpd_text.c what HTTP writes in its own ways: dates,
 * ranges, paths.
 *
 * An int function that has to do with a channel returns -1 if that is of no
 * more use: there is no memory, or nobody to talk to. on_...() in httpd_talk.c
 * then frees it, and nobody else does.
 */

#include <stdint.h>
#include <sys/types.h>
#include <time.h>
#include <evchat.h>
#include "http_head.h"

#define HTTPD_TARGET_MAX	4096	/* bytes of a path */
#define HTTPD_DATE_SIZE		32

#define HTTPD_VARY		"Vary: Accept-Encoding\r\n"

#define HTTPD_OK		"200 OK"
#define HTTPD_PARTIAL		"206 Partial Content"
#define HTTPD_MOVED		"301 Moved Permanently"
#define HTTPD_NOT_MODIFIED	"304 Not Modified"
#define HTTPD_FORBIDDEN		"403 Forbidden"
#define HTTPD_NOT_FOUND		"404 Not Found"
#define HTTPD_NOT_ALLOWED	"405 Method Not Allowed"
#define HTTPD_TIMEOUT		"408 Request Timeout"
#define HTTPD_LENGTH_REQUIRED	"411 Length Required"
#define HTTPD_BODY_TOO_LARGE	"413 Content Too Large"
#define HTTPD_TARGET_TOO_LONG	"414 URI Too Long"
#define HTTPD_BAD_RANGE		"416 Range Not Satisfiable"
#define HTTPD_HEAD_TOO_LARGE	"431 Request Header Fields Too Large"
#define HTTPD_UNAVAILABLE	"503 Service Unavailable"

struct httpd_server {
	struct evchat_listener *listener;
	struct evchat_framing *chunked;
	struct timeval patience;	/* with a client that does nothing */
	uint64_t body_max;
	int directory;			/* where the files are */
	int is_stopping;
	time_t now;			/* of which date is the text */
	char date[HTTPD_DATE_SIZE];
};

/* A connection, and the request that is being received or answered. */
struct httpd_client {
	struct evchat *chat;
	struct httpd_server *server;
	const struct httpd_page *page;
	struct http_request request;
	int in_body;			/* what is being received */
	int is_answered;		/* at least the answer's head is sent */
	uint64_t bytes;			/* of the body, so far */
	unsigned sum;			/* of them, see httpd_pages.c */
};

/* Something to be had. Of the three functions only answer is always there. */
struct httpd_page {
	const char *path;
	unsigned methods;
	const char *allow;		/* the same in words */
	int (*begin)(struct httpd_client *client);	/* before the body */
	int (*take)(struct httpd_client *client, const void *data, size_t len);
	int (*answer)(struct httpd_client *client);	/* behind it */
};

enum { HTTPD_UNKNOWN = -1, HTTPD_NO_BODY = -2 };

/* The head of an answer. */
struct httpd_answer {
	const char *status;
	const char *type;
	const char *fields;		/* more of them, each with CR LF */
	int64_t length;			/* of the body, or one of these */
};

/* httpd_talk.c */

/* Talk with a new channel. */
int httpd_talk(struct httpd_server *server, struct evchat *chat);

/* httpd_pages.c */

/* @return what there is at a path; never NULL, since it may be a file's */
const struct httpd_page *httpd_page_find(struct http_slice path);

/* httpd_file.c: a page of its own, for every other path */
int httpd_file_answer(struct httpd_client *client);

/* httpd_answer.c */

/*
 * Send the head of an answer. Where the length is not known, the body is
 * chunked or, for HTTP/1.0, ends with the connection: client->request tells
 * which.
 */
int httpd_answer_begin(struct httpd_client *client,
    const struct httpd_answer *answer);

/* All of an answer is pushed. It is a file or a producer if is_long. */
int httpd_answer_end(struct httpd_client *client, int is_long);

/* A whole answer, of a text; of a part of a file, fd is taken. */
int httpd_answer_text(struct httpd_client *client, const char *text);
int httpd_answer_part(struct httpd_client *client,
    const struct httpd_answer *answer, int fd, int64_t offset);

/* A whole answer, compressed where the client likes that. producer is taken. */
int httpd_answer_stream(struct httpd_client *client,
    struct httpd_answer answer, struct evchat_producer *producer);

/*
 * A whole answer that says nothing but its status. Behind a refusal the
 * connection is closed: it is not known where the next request begins.
 */
int httpd_answer_status(struct httpd_client *client, const char *status,
    const char *fields);
int httpd_refuse(struct httpd_client *client, const char *status);

/* httpd_text.c */

/* "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110, 5.6.7) */
void httpd_date(char date[HTTPD_DATE_SIZE], time_t when);

/* What a range, such as "bytes=0-99", makes of size bytes (RFC 9110, 14). */
enum httpd_range { HTTPD_RANGE_NONE, HTTPD_RANGE_PART, HTTPD_RANGE_BAD };
enum httpd_range httpd_range(struct http_slice value, int64_t size,
    int64_t *offset, int64_t *len);

/* A path without its %XX, as a string. @return 0; -1: it is none */
int httpd_path(char path[HTTPD_TARGET_MAX + 1], struct http_slice slice);

/* The media type of a file, by its name. */
const char *httpd_type(const char *name);

/* Whether it makes sense to compress it. */
int httpd_type_is_text(const char *type);

#endif
