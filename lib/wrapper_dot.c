/*
 * A dot-stuffed block of what a producer gives. The stuffing is the framing's;
 * but that refuses a payload that does not end with CR LF, and here that is
 * added. So the last two bytes are remembered, wherever the pieces are cut.
 */

#include <errno.h>
#include <string.h>

#include <event2/buffer.h>

#include "producer.h"
#include "wrapper.h"

struct dot {
	struct wrapper wrapper;
	char last[2]; /* bytes that were given; the later one is behind */
};

/* Remember the end of a piece. */
static void
see_end(struct dot *dot, struct evbuffer *piece)
{
	size_t len = evbuffer_get_length(piece), n = len < 2 ? len : 2;
	struct evbuffer_ptr at;

	if (n == 0 || evbuffer_ptr_set(piece, &at, len - n,
	    EVBUFFER_PTR_SET) == -1)
		return;
	dot->last[0] = dot->last[1];
	(void)evbuffer_copyout_from(piece, &at, dot->last + 2 - n, n);
}

static enum evchat_more
dot_more(struct wrapper *wrapper, struct evbuffer *out, size_t want)
{
	struct dot *dot = (struct dot *)wrapper;
	enum evchat_more more;
	bool ends;

	more = wrapper_ask(wrapper, wrapper->inner, wrapper->piece, want);
	if (more == EVCHAT_MORE_ERROR)
		return (more);
	ends = more == EVCHAT_MORE_END;
	see_end(dot, wrapper->piece);
	errno = ENOMEM;
	if (ends && wrapper->inner->given > 0 &&
	    memcmp(dot->last, "\r\n", 2) != 0 &&
	    evbuffer_add(wrapper->piece, "\r\n", 2) == -1)
		return (EVCHAT_MORE_ERROR);
	return (wrapper_pass(wrapper, out, ends) == 0 ? more :
	    EVCHAT_MORE_ERROR);
}

static const struct wrapper_ops dot_ops = { .more = dot_more };

struct evchat_producer *
evchat_producer_new_dot(struct evchat_producer *inner)
{
	struct evchat_framing *framing = evchat_framing_dot(0);
	struct dot *dot;

	if (framing == NULL) {
		wrapper_refuse(inner);
		return (NULL);
	}
	dot = wrapper_new_piece(sizeof(*dot), &dot_ops, inner, framing);
	evchat_framing_free(framing);
	return (dot != NULL ? dot->wrapper.producer : NULL);
}
