/*
 * Framings as an application writes them: one that keeps nothing, one that
 * wants to see bytes again, and one that keeps a state and declares lengths.
 */

#include <errno.h>
#include <stdatomic.h>
#include <string.h>
#include "kinds.h"

static atomic_int freed;

static void
note_free(void *arg)
{
	(void)arg;
	atomic_fetch_add(&freed, 1);
}

int
kind_freed(void)
{
	return atomic_load(&freed);
}

/* A payload without semicolons, and what ends it. */
static int
encode(struct evbuffer *out, const struct evbuffer_iovec *payload, int n,
    const char *tail)
{
	int i;

	for (i = 0; i < n; i++) {
		if (memchr(payload[i].iov_base, ';', payload[i].iov_len) !=
		    NULL) {
			errno = EINVAL;
			return -1;
		}
		if (evbuffer_add(out, payload[i].iov_base,
		    payload[i].iov_len) == -1)
			return -1;
	}
	return evbuffer_add(out, tail, strlen(tail));
}

/* Frames end with a semicolon. */

static enum evchat_split_result
split_semicolon(const void *data, size_t len, struct evchat_split *found,
    void *state, void *arg)
{
	const char *bytes = data, *end = len > 0 ? memchr(bytes, ';', len) :
	    NULL;

	(void)state;
	(void)arg;
	found->data = end != NULL ? (size_t)(end - bytes) : len;
	found->tail = end != NULL;
	return end != NULL ? EVCHAT_SPLIT_FRAME : EVCHAT_SPLIT_MORE;
}

static int
encode_semicolon(struct evbuffer *out, const struct evbuffer_iovec *payload,
    int n, void *arg)
{
	(void)arg;
	return encode(out, payload, n, ";");
}

const struct evchat_framing_ops kind_semicolon = {
	.split = split_semicolon, .encode = encode_semicolon, .free = note_free
};

/* Frames end with two. A single one at the end is looked at again. */

static enum evchat_split_result
split_pair(const void *data, size_t len, struct evchat_split *found,
    void *state, void *arg)
{
	const char *bytes = data;
	size_t at;

	(void)state;
	(void)arg;
	for (at = 0; at + 1 < len; at++) {
		if (bytes[at] != ';' || bytes[at + 1] != ';')
			continue;
		found->data = at;
		found->tail = 2;
		return EVCHAT_SPLIT_FRAME;
	}
	found->again = len > 0 && bytes[len - 1] == ';';
	found->data = len - found->again;
	return EVCHAT_SPLIT_MORE;
}

static int
encode_pair(struct evbuffer *out, const struct evbuffer_iovec *payload, int n,
    void *arg)
{
	(void)arg;
	return encode(out, payload, n, ";;");
}

const struct evchat_framing_ops kind_pair = {
	.split = split_pair, .encode = encode_pair, .free = note_free
};

/* Frames have their length in front, in 8 bytes, the highest first. */

#define NUMBER 8

struct numbered {
	size_t seen;     /* bytes of the number */
	uint64_t number; /* and behind it, how many bytes are to come */
};

static enum evchat_split_result
split_numbered(const void *data, size_t len, struct evchat_split *found,
    void *state, void *arg)
{
	const unsigned char *bytes = data;
	struct numbered *numbered = state;
	size_t at = 0;

	(void)arg;
	if (numbered->seen < NUMBER) {
		for (; at < len && numbered->seen < NUMBER; at++) {
			numbered->number = numbered->number << 8 | bytes[at];
			numbered->seen++;
		}
		if (numbered->seen < NUMBER)
			return EVCHAT_SPLIT_MORE;
		found->head = NUMBER;
		found->length = numbered->number;
	}
	found->data = len - at < numbered->number ? len - at :
	    (size_t)numbered->number;
	numbered->number -= found->data;
	if (numbered->number > 0)
		return EVCHAT_SPLIT_MORE;
	numbered->seen = 0;
	return EVCHAT_SPLIT_FRAME;
}

static int
encode_numbered(struct evbuffer *out, const struct evbuffer_iovec *payload,
    int n, void *arg)
{
	unsigned char number[NUMBER];
	uint64_t len = 0;
	int i;

	(void)arg;
	for (i = 0; i < n; i++)
		len += payload[i].iov_len;
	for (i = 0; i < NUMBER; i++)
		number[i] = (unsigned char)(len >> (8 * (NUMBER - 1 - i)));
	if (evbuffer_add(out, number, NUMBER) == -1)
		return -1;
	for (i = 0; i < n; i++)
		if (evbuffer_add(out, payload[i].iov_base,
		    payload[i].iov_len) == -1)
			return -1;
	return 0;
}

const struct evchat_framing_ops kind_numbered = {
	.state_size = sizeof(struct numbered), .split = split_numbered,
	.encode = encode_numbered, .free = note_free
};
