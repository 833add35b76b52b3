/*
 * A producer to be wrapped; see inner.h.
 */

#include <check.h>
#include <errno.h>
#include <string.h>
#include "../lib/producer.h"
#include "inner.h"

#define ASKED_MAX 1000000

static size_t
given(const struct inner *inner)
{
	return inner->at == 0 ? 0 : inner->cuts->end[inner->at - 1];
}

/* Whether anything but a piece comes now, and what. */
static bool
stutters(struct inner *inner, enum evchat_more *more)
{
	if (inner->manner != INNER_STUTTER || inner->stutter == 2) {
		inner->stutter = 0;
		return false;
	}
	*more = inner->stutter++ == 0 ? EVCHAT_MORE_LATER : EVCHAT_MORE_DATA;
	return true;
}

static enum evchat_more
answer(const struct inner *inner)
{
	if (inner->at == inner->cuts->n && inner->manner != INNER_ALONE)
		return EVCHAT_MORE_END;
	return inner->manner == INNER_LATER || inner->manner == INNER_EAGER ?
	    EVCHAT_MORE_LATER : EVCHAT_MORE_DATA;
}

static enum evchat_more
inner_more(void *self, struct evbuffer *out, size_t want)
{
	struct inner *inner = self;
	enum evchat_more more;
	size_t from = given(inner);

	ck_assert_uint_gt(want, 0);
	ck_assert_int_eq(inner->done, 0);
	inner->asked_waiting += inner->waits;
	if (!stutters(inner, &more)) {
		if (inner->at == inner->cuts->n)
			return EVCHAT_MORE_END;
		inner->at++;
		evbuffer_add(out, inner->bytes + from, given(inner) - from);
		more = answer(inner);
		inner->flushes += more == EVCHAT_MORE_LATER;
	}
	if (more == EVCHAT_MORE_LATER && inner->manner == INNER_EAGER)
		evchat_producer_resume(inner->producer);
	else
		inner->waits = more == EVCHAT_MORE_LATER;
	return more;
}

static void
inner_done(void *self, enum evchat_done how, uint64_t bytes)
{
	struct inner *inner = self;

	inner->producer = NULL;
	inner->done++;
	inner->how = how;
	inner->told = bytes;
}

void
inner_init(struct inner *inner, const char *bytes,
    const struct unit_cuts *cuts, enum inner_manner manner)
{
	static const struct evchat_producer_ops ops = { inner_more,
	    inner_done };

	memset(inner, 0, sizeof(*inner));
	inner->bytes = bytes;
	inner->cuts = cuts;
	inner->manner = manner;
	inner->producer = evchat_producer_new(&ops, inner);
	ck_assert_ptr_nonnull(inner->producer);
}

/* Whoever says LATER waits for one of these. */
static void
resume(struct inner *inner, int n)
{
	int i, waiting = 0;

	for (i = 0; i < n; i++) {
		if (!inner[i].waits)
			continue;
		inner[i].waits = false;
		evchat_producer_resume(inner[i].producer);
		waiting++;
	}
	ck_assert_int_eq(waiting, 1);
}

enum evchat_more
inner_drain(struct evchat_producer *producer, struct evbuffer *out,
    struct inner *inner, int n)
{
	enum evchat_more more;
	int asked = 0;
	bool gone;

	do {
		more = producer_ask(producer, out, 7, &gone);
		ck_assert(!gone);
		if (more == EVCHAT_MORE_LATER) {
			producer->state = PRODUCER_WAITING;
			/* In vain: nothing comes, and nobody inside is asked. */
			if (!producer->resumed) {
				producer->resumed = true;
				ck_assert_int_eq(producer_ask(producer, out, 7,
				    &gone), EVCHAT_MORE_LATER);
				producer->state = PRODUCER_WAITING;
				ck_assert(!producer->resumed);
				resume(inner, n);
			}
			ck_assert(producer->resumed);
		}
		if (++asked > ASKED_MAX)
			ck_abort_msg("it does not end");
	} while (more != EVCHAT_MORE_END && more != EVCHAT_MORE_ERROR);
	return more;
}

void
inner_expect_done(const struct inner *inner, enum evchat_done how)
{
	ck_assert_int_eq(inner->done, 1);
	ck_assert_int_eq(inner->how, how);
	ck_assert_uint_eq(inner->told, given(inner));
	ck_assert_int_eq(inner->asked_waiting, 0);
}
