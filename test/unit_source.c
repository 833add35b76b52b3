/*
 * Asking a producer; see unit_source.h.
 */

#include <check.h>
#include "unit_source.h"

enum evchat_more
unit_source_drain(struct evchat_producer *producer, struct evbuffer *out,
    size_t want)
{
	enum evchat_more more;
	size_t before;
	bool gone;

	do {
		before = evbuffer_get_length(out);
		more = producer_ask(producer, out, want, &gone);
		ck_assert(!gone);
		if (evbuffer_get_length(out) - before > want)
			ck_abort_msg("more than wanted");
	} while (more == EVCHAT_MORE_DATA);
	return more;
}

void
unit_source_expect(struct evbuffer *out, const char *expected, size_t len)
{
	ck_assert_uint_eq(evbuffer_get_length(out), len);
	if (len > 0)
		ck_assert_mem_eq(evbuffer_pullup(out, -1), expected, len);
	evbuffer_free(out);
}
