/*
 * The fuzz target of framings of an application's own. The framing's byte says
 * which of them; they use what a splitter may do in different ways:
 *
 *	0 short   declares a length, which is the first byte
 *	1 again   lines: asks for all of a line again until its end is there
 *	2 holds   ends with two dashes, and says nothing of the first until the
 *	          second is there
 *	3 wild    says what the bytes say, however impossible
 */

#include <errno.h>
#include <string.h>
#include "fuzz_framing.h"

static size_t
length_of(const struct evbuffer_iovec *vec, int n)
{
	size_t len = 0;

	while (n-- > 0)
		len += vec[n].iov_len;
	return (len);
}

static int
append(struct evbuffer *out, const struct evbuffer_iovec *payload, int n)
{
	int i, done = 0;

	for (i = 0; i < n && done == 0; i++)
		done = evbuffer_add(out, payload[i].iov_base,
		    payload[i].iov_len);
	return (done);
}

/* The same with a tail, which must be found at the end; out was empty. */
static int
append_with(struct evbuffer *out, const struct evbuffer_iovec *payload, int n,
    const char *tail)
{
	struct evbuffer_ptr at;

	if (append(out, payload, n) == -1 ||
	    evbuffer_add(out, tail, strlen(tail)) == -1)
		return (-1);
	at = evbuffer_search(out, tail, strlen(tail), NULL);
	errno = EINVAL;
	return (at.pos == (ev_ssize_t)length_of(payload, n) ? 0 : -1);
}

/* short: 255 is no length */

struct short_state {
	bool begun;
	size_t left;
};

static enum evchat_split_result
short_split(const void *data, size_t len, struct evchat_split *found,
    void *self, void *arg)
{
	struct short_state *state = self;
	const uint8_t *bytes = data;

	(void)arg;
	if (len > 0 && !state->begun) {
		if (bytes[0] == 0xff) {
			found->error = "no length";
			return (EVCHAT_SPLIT_MALFORMED);
		}
		state->begun = true;
		state->left = found->length = bytes[0];
		found->head = 1;
		len--;
	}
	found->data = len < state->left ? len : state->left;
	state->left -= found->data;
	if (state->left > 0)
		return (EVCHAT_SPLIT_MORE);
	state->begun = false;
	return (EVCHAT_SPLIT_FRAME);
}

static int
short_encode(struct evbuffer *out, const struct evbuffer_iovec *payload, int n,
    void *arg)
{
	size_t len = length_of(payload, n);
	uint8_t first = (uint8_t)len;

	(void)arg;
	if (len < 0xff && evbuffer_add(out, &first, 1) == 0)
		return (append(out, payload, n));
	errno = EMSGSIZE;
	return (-1);
}

/* again: a byte 1 in a line is an error, which has no words */

static enum evchat_split_result
again_split(const void *data, size_t len, struct evchat_split *found,
    void *self, void *arg)
{
	const uint8_t *bytes = data;
	size_t at;

	(void)self;
	(void)arg;
	for (at = 0; at < len && bytes[at] > 1; at++)
		if (bytes[at] == '\n') {
			found->data = at;
			found->tail = 1;
			return (EVCHAT_SPLIT_FRAME);
		}
	found->bad = at;
	found->again = len;
	return (at < len ? EVCHAT_SPLIT_MALFORMED : EVCHAT_SPLIT_MORE);
}

static int
again_encode(struct evbuffer *out, const struct evbuffer_iovec *payload, int n,
    void *arg)
{
	const char *bytes;
	size_t at, len;

	(void)arg;
	if (append_with(out, payload, n, "\n") == -1)
		return (-1);
	bytes = (const char *)evbuffer_pullup(out, -1);
	errno = EINVAL;
	for (at = 0, len = evbuffer_get_length(out); at < len; at++)
		if ((uint8_t)bytes[at] <= 1)
			return (-1);
	return (0);
}

/* holds: at the end of the input, what there is is a frame */

struct holds_state {
	bool dash;
	bool begun;
};

static enum evchat_split_result
holds_split(const void *data, size_t len, struct evchat_split *found,
    void *self, void *arg)
{
	struct holds_state *state = self;
	const uint8_t *bytes = data;
	size_t at;

	(void)arg;
	found->data = state->dash;
	for (at = 0; at < len; at++) {
		if (bytes[at] == '-' && state->dash) {
			found->data += at - 1;
			found->tail = 2;
			state->dash = false;
			return (EVCHAT_SPLIT_FRAME);
		}
		state->dash = bytes[at] == '-';
	}
	if (len == 0) {
		state->dash = false;
		return (EVCHAT_SPLIT_FRAME);
	}
	found->data += len - state->dash;
	return (EVCHAT_SPLIT_MORE);
}

static int
holds_encode(struct evbuffer *out, const struct evbuffer_iovec *payload, int n,
    void *arg)
{
	(void)arg;
	return (append_with(out, payload, n, "--"));
}

/* wild */

static enum evchat_split_result
wild_split(const void *data, size_t len, struct evchat_split *found,
    void *self, void *arg)
{
	static const enum evchat_split_result results[] = { EVCHAT_SPLIT_MORE,
	    EVCHAT_SPLIT_FRAME, EVCHAT_SPLIT_MORE, EVCHAT_SPLIT_MALFORMED };
	uint8_t *state = self;
	uint8_t small[6] = { 0 };

	(void)arg;
	memcpy(small, data, len < 6 ? len : 6);
	found->head = (small[0] >> 2 & 3) % (len + 2);
	found->data = small[1] == 0xff ? SIZE_MAX : small[1] % (len + 2);
	found->tail = small[2] == 0xff ? SIZE_MAX - 1 : small[2] % (len + 2);
	found->again = small[3] == 0xff ? SIZE_MAX : small[3] % (len + 2);
	found->length = small[4] & 0x80 ? small[4] & 0x7f : 0;
	found->bad = small[5];
	*state = (uint8_t)(*state + 1);
	return (results[small[0] & 3]);
}

static struct evchat_framing *
custom_new(struct fuzz_case *c, struct fuzz_reader *r)
{
	static const struct evchat_framing_ops ops[] = {
		{ sizeof(struct short_state), short_split, short_encode, NULL },
		{ 0, again_split, again_encode, NULL },
		{ sizeof(struct holds_state), holds_split, holds_encode, NULL },
		{ 1, wild_split, NULL, NULL }
	};
	uint8_t which = fuzz_take(r) & 3;

	c->carries = which < 2; /* the third has frames that no end is behind */
	c->wild = which == 3;
	return (evchat_framing_custom(&ops[which], NULL));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	return (fuzz_framing_one(custom_new, data, size));
}
