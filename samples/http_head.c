/*
 * The head of an HTTP/1.1 request, parsed where it lies: nothing is copied,
 * and nothing is taken that two readers could understand in two ways. "9112"
 * is RFC 9112, "9110" is RFC 9110.
 *
 * What parses a part returns NULL, or the status with which to refuse the
 * whole.
 */
#include <string.h>
#include <event2/util.h>
#include "http_head.h"

#define ALPHA	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGIT	"0123456789"
#define TOKEN	ALPHA DIGIT "!#$%&'*+-.^_`|~"		/* 9110, 5.6.2 */
#define VISIBLE	TOKEN "\"(),/:;<=>?@[\\]{}"
#define HOST	ALPHA DIGIT "-._~!$&'()*+,;=%:[]"	/* RFC 3986, 3.2 */

/* Slices */

static struct http_slice
slice_from(const char *data, size_t len)
{
	const struct http_slice slice = { data, len };

	return slice;
}

/*
 * Cut off what is in front of the first separator. The rest becomes what is
 * behind it, with data NULL if there was none.
 */
static struct http_slice
cut(struct http_slice *rest, char separator)
{
	const struct http_slice whole = *rest;
	const char *at = NULL;
	size_t len;

	if (whole.len > 0)
		at = memchr(whole.data, separator, whole.len);
	if (at == NULL) {
		*rest = slice_from(NULL, 0);
		return whole;
	}
	len = (size_t)(at - whole.data);
	*rest = slice_from(at + 1, whole.len - len - 1);
	return slice_from(whole.data, len);
}

static int
is_space(char c)
{
	return c == ' ' || c == '\t';
}

static struct http_slice
trim(struct http_slice slice)
{
	for (; slice.len > 0 && is_space(slice.data[0]); slice.len--)
		slice.data++;
	while (slice.len > 0 && is_space(slice.data[slice.len - 1]))
		slice.len--;
	return slice;
}

int
http_slice_is(struct http_slice slice, const char *word)
{
	return slice.len == strlen(word) &&
	    (slice.len == 0 || memcmp(slice.data, word, slice.len) == 0);
}

/* The same for names and tokens in which upper and lower case are one. */
static int
is_word(struct http_slice slice, const char *word)
{
	return slice.len == strlen(word) &&
	    evutil_ascii_strncasecmp(slice.data, word, slice.len) == 0;
}

static int
is_made_of(struct http_slice slice, const char *chars)
{
	size_t i;

	for (i = 0; i < slice.len; i++)
		if (slice.data[i] == '\0' || strchr(chars, slice.data[i]) == NULL)
			return 0;
	return 1;
}

/* The request line */

struct http_slice
http_query_get(struct http_slice query, const char *key)
{
	struct http_slice value, found;

	while (query.data != NULL) {
		value = cut(&query, '&');
		found = cut(&value, '=');
		if (http_slice_is(found, key))
			return value;
	}
	return slice_from(NULL, 0);
}

static unsigned
method_of(struct http_slice word)
{
	return http_slice_is(word, "GET") ? HTTP_GET :
	    http_slice_is(word, "HEAD") ? HTTP_HEAD :
	    http_slice_is(word, "POST") ? HTTP_POST :
	    http_slice_is(word, "PUT") ? HTTP_PUT : 0;
}

static int
is_version(struct http_slice slice)
{
	return slice.len == 8 && memcmp(slice.data, "HTTP/", 5) == 0 &&
	    is_made_of(slice_from(slice.data + 5, 1), DIGIT) &&
	    slice.data[6] == '.' &&
	    is_made_of(slice_from(slice.data + 7, 1), DIGIT);
}

/* "/path?query" or "http://host/path?query", which is as good (9112, 3.2.2). */
static const char *
parse_target(struct http_request *request, struct http_slice target)
{
	static const char scheme[] = "http://";
	const size_t len = sizeof(scheme) - 1;
	struct http_slice path = cut(&target, '?'), host;

	request->query = target;
	if (path.len > len && is_word(slice_from(path.data, len), scheme)) {
		path = slice_from(path.data + len, path.len - len);
		host = cut(&path, '/');
		if (host.len == 0 || !is_made_of(host, HOST))
			return HTTP_BAD_REQUEST;
		path = path.data == NULL ? slice_from("/", 1) :
		    slice_from(path.data - 1, path.len + 1);
	}
	request->path = path;
	return path.len > 0 && path.data[0] == '/' ? NULL : HTTP_BAD_REQUEST;
}

/*
 * Between the three parts are single spaces and nothing else (9112, 3). A
 * method that is not known here may have a target of any form, such as "*".
 */
static const char *
parse_request_line(struct http_request *request, struct http_slice line)
{
	struct http_slice method = cut(&line, ' '), target = cut(&line, ' ');

	if (method.len == 0 || !is_made_of(method, TOKEN) ||
	    target.len == 0 || !is_made_of(target, VISIBLE) ||
	    !is_version(line))
		return HTTP_BAD_REQUEST;
	if (line.data[5] != '1')
		return HTTP_BAD_VERSION;
	request->minor = line.data[7] - '0';
	request->method = method_of(method);
	return request->method != 0 ? parse_target(request, target) : NULL;
}

/* Fields */

static const char *
parse_host(struct http_request *request, struct http_slice value)
{
	if (request->has_host || !is_made_of(value, HOST))
		return HTTP_BAD_REQUEST;
	request->has_host = 1;
	return NULL;
}

/* Several that agree count as one (9112, 6.3). */
static const char *
parse_length(struct http_request *request, struct http_slice value)
{
	uint64_t length = 0;
	unsigned digit;
	size_t i;

	if (value.len == 0 || !is_made_of(value, DIGIT))
		return HTTP_BAD_REQUEST;
	for (i = 0; i < value.len; i++) {
		digit = (unsigned)(value.data[i] - '0');
		if (length > (UINT64_MAX - digit) / 10)
			return HTTP_BAD_REQUEST;
		length = length * 10 + digit;
	}
	if (request->lengths++ > 0 && request->length != length)
		return HTTP_BAD_REQUEST;
	request->length = length;
	return NULL;
}

/* Behind "chunked" comes nothing, least of all another one (9112, 6.1). */
static const char *
parse_coding(struct http_request *request, struct http_slice value)
{
	struct http_slice member;

	request->has_coding = 1;
	while (value.data != NULL) {
		member = trim(cut(&value, ','));
		if (member.len == 0)
			continue;
		if (request->is_chunked)
			return HTTP_BAD_REQUEST;
		request->is_chunked = is_word(member, "chunked");
		request->has_other_coding |= !request->is_chunked;
	}
	return NULL;
}

static const char *
parse_connection(struct http_request *request, struct http_slice value)
{
	struct http_slice member;

	while (value.data != NULL) {
		member = trim(cut(&value, ','));
		request->says_close |= is_word(member, "close");
		request->says_keep_alive |= is_word(member, "keep-alive");
	}
	return NULL;
}

static const char *
parse_expect(struct http_request *request, struct http_slice value)
{
	struct http_slice member;

	while (value.data != NULL) {
		member = trim(cut(&value, ','));
		if (is_word(member, "100-continue"))
			request->says_continue = 1;
		else if (member.len > 0)
			return HTTP_BAD_EXPECTATION;
	}
	return NULL;
}

/* "q=0" is no (9110, 12.4.2). */
static const char *
parse_accept_encoding(struct http_request *request, struct http_slice value)
{
	struct http_slice member, name;
	int is_no;

	while (value.data != NULL) {
		member = cut(&value, ',');
		name = trim(cut(&member, ';'));
		member = trim(member);
		is_no = member.len > 2 &&
		    evutil_ascii_strncasecmp(member.data, "q=", 2) == 0 &&
		    is_made_of(slice_from(member.data + 2, member.len - 2),
		    "0.");
		if (is_word(name, "gzip"))
			request->accepts_gzip = !is_no;
	}
	return NULL;
}

static const char *
parse_since(struct http_request *request, struct http_slice value)
{
	request->since = value;
	return NULL;
}

static const char *
parse_range(struct http_request *request, struct http_slice value)
{
	request->range = value;
	return NULL;
}

static const char *
parse_if_range(struct http_request *request, struct http_slice value)
{
	(void)value;
	request->says_if_range = 1;
	return NULL;
}

/* A folded line, and a space before the colon, leave no token (9112, 5). */
static const char *
parse_field(struct http_request *request, struct http_slice line)
{
	static const struct {
		const char *name;
		const char *(*parse)(struct http_request *, struct http_slice);
	} fields[] = {
		{ "Host", parse_host }, { "Content-Length", parse_length },
		{ "Transfer-Encoding", parse_coding },
		{ "Connection", parse_connection }, { "Expect", parse_expect },
		{ "Accept-Encoding", parse_accept_encoding },
		{ "If-Modified-Since", parse_since },
		{ "Range", parse_range }, { "If-Range", parse_if_range },
	};
	struct http_slice name = cut(&line, ':');
	size_t i;

	request->fields++;
	if (name.len == 0 || !is_made_of(name, TOKEN) || line.data == NULL)
		return HTTP_BAD_REQUEST;
	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (is_word(name, fields[i].name))
			return fields[i].parse(request, trim(line));
	return NULL;
}

/*
 * What the fields say together (9112, 3.2, 6.1, 6.3 and 9.3). Chunks with a
 * length beside them, or from an old client, are an attempt to have a request
 * taken for two, or two for one. Without an If-Range that is understood, a
 * range may be one of another version: then it is not asked for.
 */
static const char *
judge_fields(struct http_request *request)
{
	if (request->minor > 0 && !request->has_host)
		return HTTP_BAD_REQUEST;
	if (request->has_coding && (request->minor == 0 ||
	    request->lengths > 0 || !request->is_chunked))
		return HTTP_BAD_REQUEST;
	if (request->has_other_coding)
		return HTTP_NOT_IMPLEMENTED;
	if (request->minor == 0)
		request->says_continue = 0;
	if (request->says_if_range)
		request->range = slice_from(NULL, 0);
	request->persists = !request->says_close &&
	    (request->minor > 0 || request->says_keep_alive);
	return NULL;
}

/* The whole */

/* CR and LF go in pairs, and no other controls are there (9112, 2.2). */
static int
is_clean(struct http_slice head)
{
	size_t i;

	for (i = 0; i < head.len; i++) {
		unsigned char c = (unsigned char)head.data[i];

		if (c == '\r' && i + 1 < head.len && head.data[i + 1] == '\n')
			i++;
		else if ((c < ' ' && c != '\t') || c == 0x7f)
			return 0;
	}
	return 1;
}

static struct http_slice
next_line(struct http_slice *head)
{
	struct http_slice line = cut(head, '\r');

	if (head->data != NULL)		/* at the LF */
		*head = slice_from(head->data + 1, head->len - 1);
	return line;
}

/* One empty line in front of the request line is overlooked (9112, 2.2). */
const char *
http_head_parse_coded(struct http_request *request, const char *data,
    size_t len)
{
	struct http_slice head = { data, len };
	const char *refusal;

	memset(request, 0, sizeof(*request));
	if (!is_clean(head))
		return HTTP_BAD_REQUEST;
	if (len > 0 && data[0] == '\r')
		next_line(&head);
	refusal = parse_request_line(request, next_line(&head));
	while (refusal == NULL && head.data != NULL)
		refusal = parse_field(request, next_line(&head));
	return refusal != NULL ? refusal : judge_fields(request);
}

const char *
http_head_parse(struct http_request *request, const char *data, size_t len)
{
	const char *refusal = http_head_parse_coded(request, data, len);

	if (refusal == NULL && request->is_chunked)
		refusal = HTTP_NOT_IMPLEMENTED;
	return refusal;
}
