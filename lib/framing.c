/*
 * What all framings have in common: they are values that never change, shared
 * by counting references. What a kind does is in a file of its own.
 *
 * A frame that ends with a terminator may be sent only if the scanner would
 * find its end where it is, and not before. The scanner itself says so.
 */

#include <errno.h>
#include <string.h>

#include "framing.h"
#include "mem.h"

void
framing_init(struct evchat_framing *framing, const struct framing_ops *ops)
{
	framing->ops = ops;
	framing->state_size = 0;
	framing->plain = (struct plain){ .below = 0 };
	atomic_init(&framing->refs, 1);
}

void *
framing_new(size_t size, const struct framing_ops *ops)
{
	struct evchat_framing *framing = mem_calloc(size);

	if (framing != NULL)
		framing_init(framing, ops);
	return (framing);
}

void
framing_free(struct evchat_framing *framing)
{
	mem_free(framing);
}

/* Nothing of a constant is ever written to. */
static bool
is_constant(const struct evchat_framing *framing)
{
	return (atomic_load_explicit(&framing->refs, memory_order_relaxed) ==
	    FRAMING_CONSTANT);
}

struct evchat_framing *
framing_ref(struct evchat_framing *framing)
{
	if (framing != NULL && !is_constant(framing))
		atomic_fetch_add_explicit(&framing->refs, 1,
		    memory_order_relaxed);
	return (framing);
}

void
evchat_framing_free(struct evchat_framing *framing)
{
	if (framing == NULL || is_constant(framing))
		return;
	if (atomic_fetch_sub_explicit(&framing->refs, 1,
	    memory_order_acq_rel) == 1)
		framing->ops->free(framing);
}

bool
framing_knows(unsigned flags, unsigned known)
{
	if ((flags & ~known) == 0)
		return (true);
	errno = EINVAL;
	return (false);
}

/* Scanning */

enum scan_what
framing_end(struct scan_step *step, size_t len, bool keeps)
{
	if (keeps)
		step->keep = len;
	else
		step->skip = len;
	return (SCAN_FRAME);
}

void
framing_give_held(struct scan *scan, struct scan_step *step)
{
	step->data = scan->held;
	scan->held = 0;
}

/* Payloads */

unsigned char
payload_byte(const struct payload *payload, size_t at)
{
	const struct evbuffer_iovec *vec = payload->vec;

	while (at >= vec->iov_len)
		at -= vec++->iov_len;
	return (((const unsigned char *)vec->iov_base)[at]);
}

static inline unsigned char *
put(unsigned char *to, const struct evbuffer_iovec *vec)
{
	if (vec == NULL || vec->iov_len == 0)
		return (to);
	memcpy(to, vec->iov_base, vec->iov_len);
	return (to + vec->iov_len);
}

static inline void
put_all(unsigned char *to, const struct payload *payload,
    const struct evbuffer_iovec *head, const struct evbuffer_iovec *tail)
{
	int i;

	to = put(to, head);
	for (i = 0; i < payload->n; i++)
		to = put(to, &payload->vec[i]);
	(void)put(to, tail);
}

/* Room is reserved for all, so that there is never a part of it. */
int
payload_append(struct backlog *out, const struct payload *payload,
    const struct evbuffer_iovec *head, const struct evbuffer_iovec *tail)
{
	size_t more = (head != NULL ? head->iov_len : 0) +
	    (tail != NULL ? tail->iov_len : 0);
	unsigned char *room;

	if (payload->len > EV_SSIZE_MAX - more) {
		errno = EMSGSIZE;
		return (-1);
	}
	if ((room = backlog_reserve(out, payload->len + more)) == NULL)
		return (-1);
	put_all(room, payload, head, tail);
	backlog_commit(out, room, payload->len + more);
	return (0);
}

/* Terminated frames */

/*
 * Scan what is about to be sent; *data counts what is going to be delivered.
 * The frame may end nowhere but with these bytes.
 */
static enum scan_what
look(const struct evchat_framing *framing, struct scan *sent,
    const struct evbuffer_iovec *vec, uint64_t *data)
{
	const unsigned char *bytes = vec->iov_base;
	enum scan_what what = SCAN_MORE;
	size_t left = vec->iov_len;

	while (left > 0) {
		struct scan_step step = { 0 };

		if (what != SCAN_MORE)
			return (SCAN_MALFORMED);
		what = framing->ops->scan(framing, sent, bytes, left, &step);
		if (what == SCAN_MALFORMED)
			return (what);
		bytes += step.used;
		left -= step.used;
		*data += step.data + step.keep;
	}
	return (what);
}

/* Is this payload, with these bytes behind it, one frame and nothing more? */
static bool
carries(const struct evchat_framing *framing, const struct payload *payload,
    const struct evbuffer_iovec *tail)
{
	struct scan sent = { .held = 0 };
	enum scan_what what = SCAN_MORE;
	uint64_t data = 0;
	int i;

	for (i = 0; i <= payload->n; i++) {
		const struct evbuffer_iovec *vec = i < payload->n ?
		    &payload->vec[i] : tail;

		if (vec->iov_len == 0)
			continue;
		if (what != SCAN_MORE)
			return (false);
		what = look(framing, &sent, vec, &data);
	}
	return (what == SCAN_FRAME && data == payload->len);
}

int
framing_encode_tail(const struct evchat_framing *framing, struct backlog *out,
    const struct payload *payload, const void *bytes, size_t len)
{
	struct evbuffer_iovec tail = { (void *)(uintptr_t)bytes, len };

	if (carries(framing, payload, &tail))
		return (payload_append(out, payload, NULL, &tail));
	errno = EINVAL;
	return (-1);
}

int
framing_pass_piece(const struct evchat_framing *framing,
    struct sending *sending, struct evbuffer *in, struct evbuffer *out,
    bool may_end)
{
	struct evbuffer_iovec vec;
	enum scan_what what;

	while (evbuffer_peek(in, -1, NULL, &vec, 1) > 0 && vec.iov_len > 0) {
		errno = EINVAL;
		if (sending->ended)
			return (-1);
		what = look(framing, &sending->scan, &vec, &sending->delivered);
		sending->ended = what == SCAN_FRAME;
		if (what != SCAN_MORE && !(sending->ended && may_end))
			return (-1);
		sending->may_be_whole = sending->ended;
		sending->given += vec.iov_len;
		/* A whole chain is moved without any memory. */
		(void)evbuffer_remove_buffer(in, out, vec.iov_len);
	}
	return (0);
}

int
framing_pass_tail(const struct evchat_framing *framing,
    struct sending *sending, struct evbuffer *out, const void *bytes,
    size_t len)
{
	struct evbuffer_iovec tail = { (void *)(uintptr_t)bytes, len };

	if (len > 0)
		sending->ended = look(framing, &sending->scan, &tail,
		    &sending->delivered) == SCAN_FRAME;
	errno = EINVAL;
	if (!sending->ended || sending->delivered != sending->given)
		return (-1);
	errno = ENOMEM;
	return (len > 0 ? evbuffer_add(out, bytes, len) : 0);
}
