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
		chat->trace(chat, EVCHAT_TRACE_COLLECT, &vec, 1,
		    chat->trace_arg);
	else if (what == INPUT_FOUND)
		chat->trace(chat, EVCHAT_TRACE_FOUND, NULL, 0,
		    chat->trace_arg);
	else
		chat->trace(chat, EVCHAT_TRACE_FRAME, &vec, 1,
		    chat->trace_arg);
}

void
trace_queued(struct evchat *chat, size_t from)
{
	struct evbuffer *bytes = chat->queue.bytes;
	size_t len = evbuffer_get_length(bytes) - from;
	struct evbuffer_iovec *vec;
	struct evbuffer_ptr at;
	int n;

	if (len == 0 || evbuffer_ptr_set(bytes, &at, from,
	    EVBUFFER_PTR_SET) == -1)
		return;
	n = evbuffer_peek(bytes, (ev_ssize_t)len, &at, NULL, 0);
	vec = n > 0 ? mem_alloc((size_t)n * sizeof(*vec)) : NULL;
	/* Without memory it is seen that something was pushed, but not what. */
	if (vec != NULL)
		n = evbuffer_peek(bytes, (ev_ssize_t)len, &at, vec, n);
	chat->trace(chat, EVCHAT_TRACE_PUSH, vec, vec != NULL ? n : 0,
	    chat->trace_arg);
	mem_free(vec);
}
