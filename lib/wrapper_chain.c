/*
 * One producer after another. Each appends to what the chain was given itself,
 * so nothing is copied or moved. One is asked at a time; only those that end
 * with nothing are passed over at once, since nothing given means: a turn
 * later.
 */

#include <errno.h>

#include <event2/buffer.h>

#include "producer.h"
#include "wrapper.h"

struct chain {
	struct wrapper wrapper;
	struct evchat_producer *current; /* NULL: all have ended */
};

static enum evchat_more
chain_more(struct wrapper *wrapper, struct evbuffer *out, size_t want)
{
	struct chain *chain = (struct chain *)wrapper;
	size_t before = evbuffer_get_length(out);
	enum evchat_more more;

	while (chain->current != NULL && evbuffer_get_length(out) == before) {
		more = wrapper_ask(wrapper, chain->current, out, want);
		if (more != EVCHAT_MORE_END)
			return (more);
		chain->current = chain->current->next;
	}
	return (chain->current != NULL ? EVCHAT_MORE_DATA : EVCHAT_MORE_END);
}

static const struct wrapper_ops chain_ops = { .more = chain_more };

struct evchat_producer *
evchat_producer_new_chain(struct evchat_producer *const *parts, int n)
{
	struct chain *chain;

	if (n < 0 || (n > 0 && parts == NULL)) {
		errno = EINVAL;
		return (NULL);
	}
	if ((chain = wrapper_new(sizeof(*chain), &chain_ops, parts, n)) == NULL)
		return (NULL);
	chain->current = chain->wrapper.inner;
	return (chain->wrapper.producer);
}
