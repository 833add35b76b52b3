/*
 * A source and its sink, used at random: all that is received is delivered and
 * sent on, whatever is done and however slow the peers are; the source
 * delivers nothing while the sink is full, as WRITABLE tells it; and the queue
 * is never longer than the high mark and what one hook has pushed.
 */

#include <string.h>
#include "harness.h"
#include "sink.h"
#include "unit.h"

#define LEN 60000   /* bytes in all */
#define PIECE 3000  /* at once */
#define STEPS 400
#define KINDS (2 * SINK_KINDS)

struct walk {
	struct harness *from;
	struct harness *to;
	struct sink sink;
	struct evbuffer *bytes; /* that are still to be sent to from */
	uint64_t collected;
	size_t high;
	bool tied;
	bool paused;
	bool full;              /* since the queue was too long */
};

/* Until this returns nothing more is pushed, so it is as long as it gets. */
static void
on_piece(struct harness *h, const void *data, size_t len)
{
	struct walk *walk = h->user;
	size_t before = evchat_get_output_length(walk->to->chat);

	harness_must(!walk->paused, "nothing is delivered in a pause");
	harness_must(!walk->tied || (!walk->full && before <= walk->high),
	    "nothing is delivered while the sink is full");
	harness_must(sink_is_pattern(data, walk->collected, len), "its bytes");
	walk->collected += len;
	ck_assert_int_eq(evchat_push(walk->to->chat, data, len), 0);
	walk->full = walk->full || before + len > walk->high;
}

static void
on_event(struct harness *h, enum evchat_event what)
{
	struct walk *walk = h->user;

	if (what == EVCHAT_EVENT_WRITABLE)
		walk->full = false;
}

static void
walk_start(struct walk *walk, int kind)
{
	enum harness_carrier carrier = sink_kinds[kind / 2];
	unsigned options = kind % 2 == 0 ? 0 : EVCHAT_OPT_BUFFEREVENT_IO;

	memset(walk, 0, sizeof(*walk));
	walk->from = harness_new(carrier);
	walk->to = harness_new_beside(walk->from, carrier);
	walk->from->user = walk->to->user = walk;
	harness_start(walk->from, &harness_streaming, options);
	harness_start(walk->to, &harness_streaming, options);
	harness_shake_hands(walk->from);
	harness_shake_hands(walk->to);
	walk->from->script.collect = on_piece;
	walk->to->script.event = on_event;
	walk->bytes = evbuffer_new();
	sink_pattern(walk->bytes, 0, LEN);
	sink_narrow(walk->to);
	sink_start(&walk->sink, walk->to, PIECE, true);
}

static void
send_some(struct walk *walk, size_t most)
{
	size_t len = evbuffer_get_length(walk->bytes), sent;

	if (len > most)
		len = most;
	sent = harness_send_some(walk->from,
	    evbuffer_pullup(walk->bytes, (ev_ssize_t)len), len);
	evbuffer_drain(walk->bytes, sent);
}

static void
set_marks(struct walk *walk)
{
	size_t high = 1 + unit_random(2 * PIECE);
	size_t length = evchat_get_output_length(walk->to->chat);

	ck_assert_int_eq(evchat_set_watermarks(walk->to->chat,
	    unit_random(high), high), 0);
	walk->full = walk->full || length > walk->high || length > high;
	walk->high = high;
}

static void
tie(struct walk *walk, bool tied)
{
	ck_assert_int_eq(evchat_set_sink(walk->from->chat,
	    tied ? walk->to->chat : NULL), 0);
	walk->tied = tied;
}

static void
stop(struct walk *walk, bool paused)
{
	if (paused)
		evchat_pause(walk->from->chat);
	else
		evchat_resume(walk->from->chat);
	walk->paused = paused;
}

static void
step(struct walk *walk)
{
	switch (unit_random(12)) {
	case 0:
		stop(walk, !walk->paused);
		break;
	case 1:
		tie(walk, unit_random(4) != 0);
		break;
	case 2:
		set_marks(walk);
		break;
	case 3:
		walk->sink.piece = 1 + unit_random(PIECE);
		break;
	case 4:
	case 5:
	case 6:
		send_some(walk, unit_random(PIECE));
		break;
	default:
		harness_turn(walk->from);
	}
}

static bool
is_sent(void *arg)
{
	struct walk *walk = arg;

	send_some(walk, PIECE);
	return evbuffer_get_length(walk->bytes) == 0 &&
	    walk->sink.got == LEN;
}

static void
walk_end(struct walk *walk)
{
	stop(walk, false);
	tie(walk, true);
	sink_run(walk->to, is_sent, walk);
	ck_assert_uint_eq(walk->collected, LEN);
	ck_assert_uint_eq(walk->sink.got, LEN);
	sink_stop(&walk->sink);
	evbuffer_free(walk->bytes);
	harness_free(walk->to);
	harness_free(walk->from);
}

START_TEST(random_uses_lose_and_hold_nothing)
{
	size_t cases, i;
	struct walk walk;

	for (cases = unit_cases(25); cases > 0; cases--) {
		walk_start(&walk, _i);
		set_marks(&walk);
		tie(&walk, true);
		for (i = 0; i < STEPS; i++)
			step(&walk);
		walk_end(&walk);
	}
}
END_TEST

static Suite *
sink_random_suite(void)
{
	Suite *suite = suite_create("sink_random");
	TCase *tc = harness_case(suite, "random");

	tcase_add_loop_test(tc, random_uses_lose_and_hold_nothing, 0, KINDS);
	return suite;
}

int
main(void)
{
	return harness_main(sink_random_suite());
}
