/*
 * Producers of the tests. A feeder belongs to its test and not to its
 * producer, so that the test can look at it afterwards.
 */

#include <errno.h>
#include <string.h>
#include "feeder.h"
#include "harness_inside.h"
#include "sink.h"

static void
see_queue(size_t *most, struct harness *h)
{
	size_t len = evchat_get_output_length(h->chat);

	if (len > *most)
		*most = len;
}

static enum evchat_more
answer(char how)
{
	switch (how) {
	case '+':
		return EVCHAT_MORE_DATA;
	case '~':
		return EVCHAT_MORE_LATER;
	case '.':
		return EVCHAT_MORE_END;
	default:
		ck_assert_int_eq(how, '!');
		return EVCHAT_MORE_ERROR;
	}
}

static enum evchat_more
feeder_more(void *self, struct evbuffer *out, size_t want)
{
	struct feeder *feeder = self;
	struct harness *h = feeder->h;
	size_t len = strcspn(feeder->script, "+~.!");
	char how = feeder->script[len];

	harness_enter(h);
	ck_assert_ptr_nonnull(feeder->producer);
	feeder->asked++;
	feeder->want = want;
	see_queue(&feeder->most, h);
	if (len > 0)
		ck_assert_int_eq(evbuffer_add(out, feeder->script, len), 0);
	feeder->script += len + 1;
	feeder->out = out;
	if (feeder->in_more != NULL)
		feeder->in_more(feeder);
	harness_leave(h);
	errno = how == '!' ? feeder->error : 0;
	return answer(how);
}

static void
feeder_done(void *self, enum evchat_done how, uint64_t bytes)
{
	struct feeder *feeder = self;

	ck_assert_ptr_nonnull(feeder->producer);
	ck_assert(feeder->h->closed == 0 || !feeder->pushed);
	feeder->producer = NULL;
	harness_note(feeder->h, "done:%s:%s:%ju", feeder->name,
	    harness_done_name(how), (uintmax_t)bytes);
	if (feeder->in_done != NULL)
		feeder->in_done(feeder);
}

void
feeder_init(struct feeder *feeder, struct harness *h, const char *name,
    const char *script)
{
	static const struct evchat_producer_ops ops = { feeder_more,
	    feeder_done };

	memset(feeder, 0, sizeof(*feeder));
	feeder->h = h;
	feeder->name = name;
	feeder->script = script;
	feeder->producer = evchat_producer_new(&ops, feeder);
	ck_assert_ptr_nonnull(feeder->producer);
}

int
feeder_push_made(struct feeder *feeder)
{
	int pushed;

	pushed = evchat_push_with_producer(feeder->h->chat, feeder->producer);
	feeder->pushed = pushed == 0;
	return pushed;
}

void
feeder_push(struct feeder *feeder, struct harness *h, const char *name,
    const char *script)
{
	feeder_init(feeder, h, name, script);
	ck_assert_int_eq(feeder_push_made(feeder), 0);
}

void
feeder_resume(struct feeder *feeder)
{
	evchat_producer_resume(feeder->producer);
}

/* Floods */

static enum evchat_more
flood_more(void *self, struct evbuffer *out, size_t want)
{
	struct flood *flood = self;
	uint64_t left = flood->len - flood->given;
	size_t n = flood->piece > 0 ? flood->piece : want;

	harness_enter(flood->h);
	see_queue(&flood->most, flood->h);
	if (n > left)
		n = (size_t)left;
	sink_pattern(out, flood->given, n);
	flood->given += n;
	harness_leave(flood->h);
	return flood->given < flood->len ? EVCHAT_MORE_DATA : EVCHAT_MORE_END;
}

static void
flood_done(void *self, enum evchat_done how, uint64_t bytes)
{
	struct flood *flood = self;

	ck_assert_uint_eq(bytes, flood->given);
	harness_note(flood->h, "flood:%s", harness_done_name(how));
}

void
flood_push(struct flood *flood, struct harness *h, uint64_t len, size_t piece)
{
	static const struct evchat_producer_ops ops = { flood_more,
	    flood_done };
	struct evchat_producer *producer;

	memset(flood, 0, sizeof(*flood));
	flood->h = h;
	flood->len = len;
	flood->piece = piece;
	producer = evchat_producer_new(&ops, flood);
	ck_assert_ptr_nonnull(producer);
	ck_assert_int_eq(evchat_push_with_producer(h->chat, producer), 0);
}
