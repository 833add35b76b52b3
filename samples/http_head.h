#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

/*
 * What the http sample has to know of HTTP/1.1 itself: the head of a request,
 * without the empty line that ends it. There is no channel in here.
 */

#include <stddef.h>
#include <stdint.h>

#define HTTP_BAD_REQUEST	"400 Bad Request"
#define HTTP_BAD_EXPECTATION	"417 Expectation Failed"
#define HTTP_NOT_IMPLEMENTED	"501 Not Implemented"
#define HTTP_BAD_VERSION	"505 HTTP Version Not Supported"

enum http_method { HTTP_GET = 1, HTTP_HEAD = 2, HTTP_POST = 4, HTTP_PUT = 8 };

/* A part of the head, not terminated; data is NULL where there is nothing. */
struct http_slice {
	const char *data;
	size_t len;
};

struct http_request {
	unsigned method;	/* of enum http_method; 0: another one */
	int minor;		/* of the version, HTTP/1.minor */
	uint64_t length;	/* of the body */
	int persists;		/* another request may follow this one */
	int says_continue;	/* it waits for "100 Continue" before the body */
	int is_chunked;		/* the body is, and its length unknown */
	int accepts_gzip;	/* in the answer */
	struct http_slice path;	/* borrowed from the head, as is the query */
	struct http_slice query;
	struct http_slice range;	/* what of it is asked for */
	struct http_slice since;	/* If-Modified-Since */
	unsigned lengths, fields;	/* how many such lines there are */
	/* for the parser only: which fields and members were there */
	int has_host, has_coding, has_other_coding, says_close,
	    says_keep_alive, says_if_range;
};

/*
 * Parse a head. Returns NULL, or the status with which to refuse it: then the
 * connection is to be closed, because it is not known where its body ends.
 */
const char *http_head_parse(struct http_request *request, const char *head,
    size_t len);

/*
 * The same for a server that takes chunked bodies, of which is_chunked tells;
 * the other one answers them with 501.
 */
const char *http_head_parse_coded(struct http_request *request,
    const char *head, size_t len);

/* Whether a slice is a word, exactly. */
int http_slice_is(struct http_slice slice, const char *word);

/* The value of a key in a query, undecoded; data is NULL if it has none. */
struct http_slice http_query_get(struct http_slice query, const char *key);

#endif
