/*
 * A sink and its source end in any hook of either, or are something else to
 * each other from then on; while the queue is short, and while it is long.
 * What they were leaves nothing behind.
 */

#include "relay.h"

#define MUCH "aaaaXbbbbXccccXddddXeeeeX"

static void
fill_by_pushes(struct relay *relay)
{
	ck_assert_int_eq(evchat_set_watermarks(relay->to->chat, 1, 2), 0);
	ck_assert_int_eq(evchat_push(relay->to->chat, "xxx", 3), 0);
}

enum deed {
	FREE_FROM,
	FREE_TO,
	FREE_BOTH,
	CLOSE_TO,
	DETACH_FROM,
	UNSET,
	SET_AGAIN,
	TURN_ROUND,
	DEEDS
};

static void
detach(struct harness *h)
{
	if (h->chat != NULL && h->closed == 0 && h->detached == NULL)
		(void)harness_detach(h);
}

static void
act(struct relay *relay)
{
	struct evchat *from = relay->from->chat, *to = relay->to->chat;

	switch ((enum deed)relay->from->count) {
	case FREE_BOTH:
		evchat_free(from);
		/* FALLTHROUGH */
	case FREE_TO:
		evchat_free(relay->to->chat);
		break;
	case FREE_FROM:
		evchat_free(from);
		break;
	case CLOSE_TO:
		if (to != NULL)
			evchat_close_when_done(to);
		break;
	case DETACH_FROM:
		detach(relay->from);
		break;
	case UNSET:
		if (from != NULL)
			(void)evchat_set_sink(from, NULL);
		break;
	case SET_AGAIN:
		if (from != NULL)
			(void)evchat_set_sink(from, NULL);
		if (from != NULL && to != NULL)
			(void)evchat_set_sink(from, to);
		break;
	case TURN_ROUND:
		if (from != NULL && to != NULL &&
		    evchat_set_sink(from, NULL) == 0)
			(void)evchat_set_sink(to, from);
		break;
	case DEEDS:
		break;
	}
}

static void
in_data(struct harness *h, const void *data, size_t len)
{
	struct relay *relay = h->user;

	if (relay->to->chat != NULL)
		(void)evchat_push(relay->to->chat, data, len);
	act(h->user);
}

static void
in_found(struct harness *h)
{
	act(h->user);
}

static void
in_event(struct harness *h, enum evchat_event what)
{
	(void)what;
	act(h->user);
}

static void
in_closed(struct harness *h, enum evchat_reason why)
{
	(void)why;
	act(h->user);
}

static void
in_released(struct harness *h, const char *name)
{
	(void)name;
	act(h->user);
}

enum place {
	FROM_FRAME,
	FROM_PIECE,
	FROM_FOUND,
	FROM_EVENT,
	FROM_CLOSED,
	TO_EVENT,
	TO_CLOSED,
	TO_RELEASED,
	PLACES
};

static void
set_script(struct relay *relay, enum place place)
{
	struct harness_script *from = &relay->from->script;
	struct harness_script *to = &relay->to->script;

	if (place == FROM_FRAME)
		from->frame = in_data;
	else if (place == FROM_PIECE)
		from->collect = in_data;
	else if (place == FROM_FOUND)
		from->found = in_found;
	else if (place == FROM_EVENT)
		from->event = in_event;
	else if (place == FROM_CLOSED)
		from->closed = in_closed;
	else if (place == TO_EVENT)
		to->event = in_event;
	else if (place == TO_CLOSED)
		to->closed = in_closed;
	else if (place == TO_RELEASED)
		to->released = in_released;
}

/* The queue is never full, or full at first, or all the time. */
static void
play(int carrier, enum place place, enum deed deed, int full)
{
	struct relay relay;

	relay_start_with(&relay, carrier, place == FROM_PIECE ||
	    place == FROM_FOUND ? &harness_streaming : &harness_frames, 0);
	harness_shake_hands(relay.from);
	harness_shake_hands(relay.to);
	relay.from->count = (int)deed;
	harness_push_mark(relay.to, "mark");
	set_script(&relay, place);
	if (full > 0)
		fill_by_pushes(&relay);
	if (full > 1)
		harness_push_much(relay.to);
	harness_feed(relay.from, MUCH);
	harness_feed_eof(relay.from);
	if (relay.to->chat != NULL)
		evchat_discard_buffers(relay.to->chat);
	harness_turn(relay.to);
	evchat_free(relay.to->chat);
	harness_turn(relay.from);
	harness_free(relay.to);
	harness_free(relay.from);
}

START_TEST(either_may_end_in_any_hook)
{
	enum place place = (enum place)(_i / DEEDS);
	enum deed deed = (enum deed)(_i % DEEDS);
	int carrier, full;

	for (carrier = 0; carrier < HARNESS_WAITING; carrier += 5)
		for (full = 0; full <= 2; full++)
			play(carrier, place, deed, full);
}
END_TEST

static Suite *
sink_hooks_suite(void)
{
	Suite *suite = suite_create("sink_hooks");
	TCase *tc = harness_case(suite, "hooks");

	tcase_add_loop_test(tc, either_may_end_in_any_hook, 0,
	    (int)PLACES * (int)DEEDS);
	return suite;
}

int
main(void)
{
	return harness_main(sink_hooks_suite());
}
