/*
 * An HTTP/1.1 chunked body of what a producer gives. Chunks are the framing's;
 * but that has no trailers to send, so with trailers the end is written here.
 *
 * What the application appends as trailers is looked at, every byte of it:
 * with an empty line in it the peer would take the rest for another message.
 */

#include <errno.h>
#include <string.h>

#include <event2/buffer.h>

#include "producer.h"
#include "wrapper.h"

struct chunked {
	struct wrapper wrapper;
	evchat_trailers_cb trailers; /* NULL: none */
	void *arg;
};

/* RFC 9110, 5.6.2 */
static bool
is_token_byte(char byte)
{
	return ((byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	    (byte >= '0' && byte <= '9') ||
	    (byte != '\0' && strchr("!#$%&'*+-.^_`|~", byte) != NULL));
}

/* The length of the field line that these bytes begin with; 0: of none. */
static size_t
field_len(const char *bytes, size_t len)
{
	const char *lf = memchr(bytes, '\n', len);
	size_t name = 0, end;

	if (lf == NULL || lf == bytes || lf[-1] != '\r')
		return (0);
	end = (size_t)(lf - bytes) - 1;
	while (name < end && is_token_byte(bytes[name]))
		name++;
	if (name == 0 || name == end || bytes[name] != ':' ||
	    memchr(bytes, '\r', end) != NULL ||
	    memchr(bytes, '\0', end) != NULL)
		return (0);
	return (end + 2);
}

/* Are these field lines, and nothing else? If not, -1 with errno. */
static int
check_trailers(struct evbuffer *trailers)
{
	size_t len = evbuffer_get_length(trailers), n;
	const char *bytes;

	errno = ENOMEM;
	if (len > 0 && (bytes = (const char *)evbuffer_pullup(trailers,
	    -1)) == NULL)
		return (-1);
	for (; len > 0; bytes += n, len -= n) {
		if ((n = field_len(bytes, len)) == 0) {
			errno = EINVAL;
			return (-1);
		}
	}
	return (0);
}

/* Append what ends the body, the trailers included; -1 with errno. */
static int
append_end(struct chunked *chunked, struct evbuffer *out)
{
	struct evbuffer *trailers = chunked->wrapper.piece; /* which is empty */

	errno = 0;
	if (chunked->trailers(trailers, chunked->arg) == -1 ||
	    check_trailers(trailers) == -1)
		return (-1);
	errno = ENOMEM;
	if (evbuffer_add(out, "0\r\n", 3) == -1 ||
	    evbuffer_add_buffer(out, trailers) == -1)
		return (-1);
	return (evbuffer_add(out, "\r\n", 2));
}

static enum evchat_more
chunked_more(struct wrapper *wrapper, struct evbuffer *out, size_t want)
{
	struct chunked *chunked = (struct chunked *)wrapper;
	bool has_trailers = chunked->trailers != NULL;
	enum evchat_more more;

	more = wrapper_ask(wrapper, wrapper->inner, wrapper->piece, want);
	if (more == EVCHAT_MORE_ERROR)
		return (more);
	if (wrapper_pass(wrapper, out,
	    more == EVCHAT_MORE_END && !has_trailers) == -1)
		return (EVCHAT_MORE_ERROR);
	if (more == EVCHAT_MORE_END && has_trailers &&
	    append_end(chunked, out) == -1)
		return (EVCHAT_MORE_ERROR);
	return (more);
}

static const struct wrapper_ops chunked_ops = { .more = chunked_more };

struct evchat_producer *
evchat_producer_new_chunked(struct evchat_producer *inner,
    evchat_trailers_cb trailers, void *arg)
{
	struct evchat_framing *framing = evchat_framing_chunked(0);
	struct chunked *chunked;

	if (framing == NULL) {
		wrapper_refuse(inner);
		return (NULL);
	}
	chunked = wrapper_new_piece(sizeof(*chunked), &chunked_ops, inner,
	    framing);
	evchat_framing_free(framing);
	if (chunked == NULL)
		return (NULL);
	chunked->trailers = trailers;
	chunked->arg = arg;
	return (chunked->wrapper.producer);
}
