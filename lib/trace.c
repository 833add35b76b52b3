/*
 * What a trace is shown. It costs a comparison where there is none.
 */

#include <event2/buffer.h>

#include "channel.h"
#include "mem.h"
#include "trace.h"

void
trace_step(struct evchat *chat, enum input_what what,
    const struct input_step *step)
{
	struct evbuffer_iovec vec = {
		.iov_base = (void *)(uintptr_t)step->data,
		.iov_len = step->len
	};

	if (what == INPUT_DATA)
		chat->set->trace(chat, EVCHAT_TRACE_COLLECT, &vec, 1,
		    chat->set->trace_arg);
	else if (what == INPUT_FOUND)
		chat->set->trace(chat, EVCHAT_TRACE_FOUND, NULL, 0,
		    chat->set->trace_arg);
	else
		chat->set->trace(chat, EVCHAT_TRACE_FRAME, &vec, 1,
		    chat->set->trace_arg);
}

/* Without the first from bytes; how many pieces are left. */
static int
skip(struct evbuffer_iovec *vec, int n, size_t from)
{
	int i = 0, left;

	while (i < n && from >= vec[i].iov_len)
		from -= vec[i++].iov_len;
	for (left = 0; i < n; i++, from = 0) {
		vec[left].iov_base = (unsigned char *)vec[i].iov_base + from;
		vec[left++].iov_len = vec[i].iov_len - from;
	}
	return (left);
}

void
trace_queued(struct evchat *chat, size_t from)
{
	const struct backlog *bytes = &chat->queue.bytes;
	size_t len = backlog_len(bytes);
	struct evbuffer_iovec *vec;
	int n = backlog_pieces(bytes);

	if (len == from)
		return;
	/* Without memory it is seen that something was pushed, but not what. */
	vec = mem_alloc((size_t)n * sizeof(*vec));
	if (vec != NULL)
		n = skip(vec, backlog_peek(bytes, len, vec, n), from);
	chat->set->trace(chat, EVCHAT_TRACE_PUSH, vec, vec != NULL ? n : 0,
	    chat->set->trace_arg);
	mem_free(vec);
}
