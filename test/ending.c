/*
 * Ends of what was pushed; see ending.h.
 */

#include <errno.h>
#include <stdio.h>
#include "ending.h"

static void (*act)(struct harness *h);

static void
act_once(struct feeder *feeder)
{
	feeder->in_more = feeder->in_done = NULL;
	act(feeder->h);
}

static void
act_in_cleanup(const void *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	harness_note(arg, "cleanup");
	act(arg);
}

static void
act_in_mark(struct evchat *chat, enum evchat_done how, void *arg)
{
	(void)chat;
	harness_note(arg, "mark:%s", harness_done_name(how));
	act(arg);
}

static void
push_feeder(struct harness *h, struct feeder *p)
{
	feeder_push(p, h, "p", "ab.");
	p->in_done = act_once;
}

static void
push_reference(struct harness *h, struct feeder *p)
{
	(void)p;
	ck_assert_int_eq(evchat_push_reference(h->chat, "ab", 2,
	    act_in_cleanup, h), 0);
}

static void
push_mark(struct harness *h, struct feeder *p)
{
	(void)p;
	ck_assert_int_eq(evchat_push(h->chat, "ab", 2), 0);
	ck_assert_int_eq(evchat_push_callback(h->chat, act_in_mark, h), 0);
}

const struct ending_kind ending_kinds[ENDING_KINDS] = {
	{ push_feeder, "done:p:sent:2", "done:p:discarded:0" },
	{ push_reference, "cleanup", "cleanup" },
	{ push_mark, "mark:sent", "mark:discarded" }
};

int
ending_kind(int i)
{
	return i % ENDING_KINDS;
}

struct harness *
ending_start(int i)
{
	return harness_streaming_on(i / ENDING_KINDS);
}

void
ending_push(struct harness *h, int kind, struct feeder *p,
    struct feeder *q, void (*function)(struct harness *h))
{
	act = function;
	ending_kinds[kind].push(h, p);
	if (q != NULL)
		feeder_push(q, h, "q", "~cd.");
}

void
ending_expect(struct harness *h, const char *first, const char *rest)
{
	char expected[256];

	snprintf(expected, sizeof(expected), "%s%s%s", first,
	    rest[0] != '\0' ? "|" : "", rest);
	harness_expect(h, expected);
}

void
ending_add(TCase *tc, const TTest *test)
{
	tcase_add_loop_test(tc, test, 0, SINK_CARRIERS * ENDING_KINDS);
}

/* What it may do */

void
ending_push_z(struct harness *h)
{
	ck_assert_int_eq(evchat_push(h->chat, "z", 1), 0);
}

void
ending_discard(struct harness *h)
{
	evchat_discard_buffers(h->chat);
	harness_note(h, "discarded");
}

void
ending_push_producer(struct harness *h)
{
	harness_push_producer(h, "r", "z");
	harness_push_mark(h, "m");
}

void
ending_discard_and_push(struct harness *h)
{
	ending_discard(h);
	ending_push_z(h);
}

static void
expect_shut(struct harness *h)
{
	ck_assert_int_eq(evchat_push(h->chat, "no", 2), -1);
	ck_assert_int_eq(errno, EPIPE);
}

void
ending_finish(struct harness *h)
{
	evchat_close_when_done(h->chat);
	expect_shut(h);
}

void
ending_shut(struct harness *h)
{
	h->rude = true;
	ck_assert_int_eq(evchat_push_eof(h->chat), 0);
	expect_shut(h);
}

void
ending_pause(struct harness *h)
{
	evchat_pause(h->chat);
}

void
ending_free(struct harness *h)
{
	evchat_free(h->chat);
	ck_assert_int_eq(h->closed, 1);
}

void
ending_detach(struct harness *h)
{
	ck_assert(harness_detach(h));
}
