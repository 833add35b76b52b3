/*
 * A source and its sink. Each test that ends here proves as well that neither
 * of them leaves anything behind.
 */

#include <string.h>
#include "relay.h"

static void
push(struct harness *h, const void *data, size_t len, const char *tail)
{
	struct relay *relay = h->user;

	if (relay->to->chat == NULL)
		return;
	/* Where it is closing that is refused. */
	if (evchat_push(relay->to->chat, data, len) == 0)
		(void)evchat_push(relay->to->chat, tail, strlen(tail));
}

void
relay_frame(struct harness *h, const void *data, size_t len)
{
	push(h, data, len, "X");
}

void
relay_collect(struct harness *h, const void *data, size_t len)
{
	push(h, data, len, "");
}

void
relay_start_with(struct relay *relay, int carrier,
    const struct evchat_hooks *hooks, unsigned options)
{
	relay->from = harness_new((enum harness_carrier)carrier);
	relay->to = harness_new_beside(relay->from,
	    (enum harness_carrier)carrier);
	relay->from->user = relay->to->user = relay;
	harness_start(relay->from, hooks, options);
	harness_start(relay->to, &harness_frames, options);
	harness_until_x(relay->from);
	harness_until_x(relay->to);
	relay->from->script.frame = relay_frame;
	relay->from->script.collect = relay_collect;
	ck_assert_int_eq(evchat_set_watermarks(relay->to->chat, RELAY_LOW,
	    RELAY_HIGH), 0);
	ck_assert_int_eq(evchat_set_sink(relay->from->chat, relay->to->chat),
	    0);
}

void
relay_start(struct relay *relay, int carrier)
{
	relay_start_with(relay, carrier, &harness_frames, 0);
}

void
relay_start_pieces(struct relay *relay, int carrier)
{
	relay_start_with(relay, carrier, &harness_streaming, 0);
}

void
relay_stop(struct relay *relay)
{
	harness_shake_hands(relay->from);
	harness_shake_hands(relay->to);
	feeder_push(&relay->stopper, relay->to, "stopper", "~.");
	harness_turn(relay->to);
}

void
relay_let_go(struct relay *relay)
{
	feeder_resume(&relay->stopper);
	harness_run_until_noted(relay->to, "done:stopper");
	harness_turn(relay->to);
}

size_t
relay_length(const struct relay *relay)
{
	return evchat_get_output_length(relay->to->chat);
}

void
relay_end(struct relay *relay, const char *from, const char *to)
{
	harness_expect(relay->from, from);
	harness_end(relay->to, to);
	harness_free(relay->from);
}
