/*
 * Delimiters that channels set one by one. Very many channels may set the
 * same, and to each it would be a quarter of what it takes when it is idle. So
 * the first short ones that come up, some of them, are kept in places of their
 * own, which are written once and never given back; they are constants from
 * then on. Who comes later, with another delimiter, has to take memory for it.
 *
 * Threads: a place is taken by who finds it EMPTY first, and is looked at by
 * others when it is THERE. Two that set the same at the same time may get two
 * places for it, which does no harm.
 */

#include <stdatomic.h>
#include <string.h>

#include "api.h"
#include "delimiter.h"
#include "match.h"

#define PLACES 16

enum { EMPTY, TAKEN, THERE };

struct place {
	atomic_int state;
	struct delimiter delimiter;
	struct match_short match;
};

static struct place places[PLACES];

static struct evchat_framing *
fill(struct place *place, const void *bytes, size_t len)
{
	struct delimiter *delimiter = &place->delimiter;

	delimiter_init(delimiter, match_init_short(&place->match, bytes, len),
	    false);
	atomic_init(&delimiter->framing.refs, FRAMING_CONSTANT);
	atomic_store_explicit(&place->state, THERE, memory_order_release);
	return (&delimiter->framing);
}

static bool
is_there(struct place *place, const void *bytes, size_t len)
{
	return (atomic_load_explicit(&place->state, memory_order_acquire) ==
	    THERE && delimiter_is(&place->delimiter.framing, bytes, len));
}

/* Is this place ours now? */
static bool
take(struct place *place)
{
	int empty = EMPTY;

	return (atomic_compare_exchange_strong(&place->state, &empty, TAKEN));
}

struct evchat_framing *
delimiter_shared(const void *bytes, size_t len)
{
	size_t i;

	if (len == 0 || len > MATCH_SHORT || delimiter_is_line_end(bytes, len))
		return (evchat_framing_delimiter(bytes, len, 0));
	for (i = 0; i < PLACES; i++) {
		if (is_there(&places[i], bytes, len))
			return (&places[i].delimiter.framing);
		if (take(&places[i]))
			return (fill(&places[i], bytes, len));
	}
	return (evchat_framing_delimiter(bytes, len, 0));
}
