/*
 * The framing by a hash sign; see hashed.h.
 */

#include <errno.h>
#include <string.h>
#include "hashed.h"

/* For each channel, and since the framing was set: */
struct state {
	unsigned frames;
	unsigned char rest[60];
};

static enum evchat_split_result
split(const void *data, size_t len, struct evchat_split *found, void *memory,
    void *arg)
{
	static const struct state zeros;
	const char *end = len > 0 ? memchr(data, '#', len) : NULL;
	struct state *state = memory;
	struct hashed *hashed = arg;

	if (state->rest[0] == 0) {
		hashed->dirty += memcmp(state, &zeros, sizeof(zeros)) != 0;
		memset(state->rest, 'r', sizeof(state->rest));
	}
	found->data = end != NULL ? (size_t)(end - (const char *)data) : len;
	if (end == NULL)
		return EVCHAT_SPLIT_MORE;
	found->tail = 1;
	/* The third frame since the framing was set is one too many. */
	if (++state->frames > 2) {
		found->bad = found->data;
		found->error = "a third frame";
		found->data = found->tail = 0;
		return EVCHAT_SPLIT_MALFORMED;
	}
	return EVCHAT_SPLIT_FRAME;
}

static int
encode(struct evbuffer *out, const struct evbuffer_iovec *payload, int n,
    void *arg)
{
	struct hashed *hashed = arg;
	size_t len = 0;
	int i;

	hashed->encoded++;
	ck_assert_int_ge(n, 0);
	for (i = 0; i < n; i++) {
		if (evbuffer_add(out, payload[i].iov_base,
		    payload[i].iov_len) == -1)
			return -1;
		ck_assert_uint_lt(len + payload[i].iov_len,
		    sizeof(hashed->payload));
		if (payload[i].iov_len > 0)
			memcpy(hashed->payload + len, payload[i].iov_base,
			    payload[i].iov_len);
		len += payload[i].iov_len;
	}
	hashed->payload[len] = '\0';
	errno = hashed->error;
	if (hashed->error != 0)
		return -1;
	return evbuffer_add(out, "#", 1);
}

static void
note_free(void *arg)
{
	struct hashed *hashed = arg;

	hashed->freed++;
}

const struct evchat_framing_ops hashed_ops = {
	sizeof(struct state), split, encode, note_free
};
const struct evchat_framing_ops hashed_no_encode = {
	sizeof(struct state), split, NULL, note_free
};

struct evchat_framing *
hashed_new(struct hashed *hashed, const struct evchat_framing_ops *ops)
{
	struct evchat_framing *framing;

	memset(hashed, 0, sizeof(*hashed));
	framing = evchat_framing_custom(ops, hashed);
	ck_assert_ptr_nonnull(framing);
	return framing;
}

struct harness *
hashed_start(struct hashed *hashed, enum harness_carrier carrier)
{
	struct harness *h = harness_start_new(carrier, &harness_streaming);
	struct evchat_framing *framing = hashed_new(hashed, &hashed_ops);

	ck_assert_int_eq(evchat_set_output_framing(h->chat, framing), 0);
	evchat_framing_free(framing);
	return h;
}

