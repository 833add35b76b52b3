/*
 * Framings of an application's own; see decode_custom.h.
 */

#include <string.h>
#include "decode_custom.h"

/* Counting */

struct counting {
	bool counted;
	size_t left;
};

#define HEADER 2

static enum evchat_split_result
split_counting(const void *data, size_t len, struct evchat_split *found,
    void *state, void *arg)
{
	struct counting *counting = state;
	const unsigned char *bytes = data;

	(void)arg;
	if (!counting->counted && len < HEADER) {
		found->again = len;
		return EVCHAT_SPLIT_MORE;
	}
	if (!counting->counted) {
		counting->counted = true;
		counting->left = (size_t)bytes[0] << 8 | bytes[1];
		found->head = HEADER;
		found->length = counting->left;
		len -= HEADER;
	}
	found->data = len < counting->left ? len : counting->left;
	counting->left -= found->data;
	if (counting->left > 0)
		return EVCHAT_SPLIT_MORE;
	counting->counted = false;
	return EVCHAT_SPLIT_FRAME;
}

const struct evchat_framing_ops decode_counting = {
	.state_size = sizeof(struct counting), .split = split_counting };

/* Dashes */

static enum evchat_split_result
split_dashes(const void *data, size_t len, struct evchat_split *found,
    void *state, void *arg)
{
	const char *bytes = data;
	size_t i;

	(void)state;
	(void)arg;
	for (i = 0; i + 1 < len; i++) {
		if (bytes[i] == '-' && bytes[i + 1] == '-') {
			found->data = i;
			found->tail = 2;
			return EVCHAT_SPLIT_FRAME;
		}
	}
	if (len > 0 && bytes[len - 1] == '-')
		found->again = 1;
	found->data = len - found->again;
	return EVCHAT_SPLIT_MORE;
}

const struct evchat_framing_ops decode_dashes = { .split = split_dashes };

/* Minding */

struct minding {
	bool cr; /* was the last byte, and nothing has been said of it */
};

static enum evchat_split_result
split_minding(const void *data, size_t len, struct evchat_split *found,
    void *state, void *arg)
{
	struct minding *minding = state;
	const char *bytes = data;
	size_t i, unsaid = minding->cr;

	(void)arg;
	if (len == 0) { /* the end of the input */
		found->data = unsaid;
		minding->cr = false;
		return EVCHAT_SPLIT_FRAME;
	}
	for (i = 0; i < len; i++) {
		if (bytes[i] == '\n' && minding->cr) {
			found->data = unsaid + i - 1;
			found->tail = 2;
			minding->cr = false;
			return EVCHAT_SPLIT_FRAME;
		}
		minding->cr = bytes[i] == '\r';
	}
	found->data = unsaid + len - minding->cr;
	return EVCHAT_SPLIT_MORE;
}

const struct evchat_framing_ops decode_minding = {
	.state_size = sizeof(struct minding), .split = split_minding };

/* Digits */

static enum evchat_split_result
split_digits(const void *data, size_t len, struct evchat_split *found,
    void *state, void *arg)
{
	const char *bytes = data;

	(void)state;
	(void)arg;
	for (; found->data < len; found->data++) {
		if (bytes[found->data] == ';') {
			found->tail = 1;
			return EVCHAT_SPLIT_FRAME;
		}
		if (memchr("0123456789", bytes[found->data], 10) == NULL) {
			found->bad = found->data;
			found->error = "what is this?";
			return EVCHAT_SPLIT_MALFORMED;
		}
	}
	return EVCHAT_SPLIT_MORE;
}

const struct evchat_framing_ops decode_digits = { .split = split_digits };

static enum evchat_split_result
split_silent(const void *data, size_t len, struct evchat_split *found,
    void *state, void *arg)
{
	enum evchat_split_result result = split_digits(data, len, found, state,
	    arg);

	found->error = NULL;
	return result;
}

const struct evchat_framing_ops decode_silent = { .split = split_silent };
