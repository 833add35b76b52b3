/*
 * A bufferevent that was detached in the middle of the traffic, which goes on
 * by hand: what the channel had not delivered is in its input, what it had not
 * sent is in its output; see stress.h.
 */

#include <sys/socket.h>
#include <event2/buffer.h>
#include "stress.h"

#define PIECE 5000

static void
take_input(struct stress_side *side)
{
	struct evbuffer *input = bufferevent_get_input(side->bev);
	char bytes[PIECE];
	int n;

	side->stress->moves++;
	while ((n = evbuffer_remove(input, bytes, sizeof(bytes))) > 0)
		stress_compare(side, STRESS_IN, &side->collected, bytes,
		    (size_t)n);
}

static void
write_some(struct stress_side *side)
{
	uint64_t left = side->out_len - side->pushed;
	size_t len = stress_length(side->stress, PIECE);
	char bytes[PIECE];

	if (len > left)
		len = (size_t)left;
	stress_bytes(side, STRESS_OUT, side->pushed, bytes, len);
	ck_assert_int_eq(bufferevent_write(side->bev, bytes, len), 0);
	side->pushed += len;
}

static void
finish(struct stress_side *side)
{
	if (!side->eof_told || !side->shut)
		return;
	(void)bufferevent_remove_from_rate_limit_group(side->bev);
	bufferevent_free(side->bev);
	side->bev = NULL;
	side->over = true;
}

static void
on_read(struct bufferevent *bev, void *arg)
{
	(void)bev;
	take_input(arg);
}

/* The output is empty; or was, where this is told later. */
static void
on_write(struct bufferevent *bev, void *arg)
{
	struct stress_side *side = arg;

	side->stress->moves++;
	if (side->pushed < side->out_len) {
		write_some(side);
	} else if (!side->connecting && !side->shut &&
	    evbuffer_get_length(bufferevent_get_output(bev)) == 0) {
		(void)shutdown(bufferevent_getfd(bev), SHUT_WR);
		side->shut = true;
		finish(side);
	}
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct stress_side *side = arg;

	side->stress->moves++;
	stress_must(side, (what & BEV_EVENT_ERROR) == 0, "an error by hand");
	if (what & BEV_EVENT_CONNECTED) {
		side->connecting = false;
		on_write(bev, side);
	}
	if (side->bev != NULL && (what & BEV_EVENT_EOF)) {
		take_input(side);
		side->eof_told = true;
		stress_must(side, side->collected == side->peer.sent,
		    "the end by hand comes before all that was sent");
		finish(side);
	}
}

void
stress_take_over(struct stress_side *side, struct bufferevent *bev)
{
	side->bev = bev;
	bufferevent_setcb(bev, on_read, on_write, on_event, side);
	if (side->pushed == side->out_len)
		side->out_len++; /* so that there is something to be written */
	take_input(side);
	write_some(side);
	ck_assert_int_eq(bufferevent_enable(bev, EV_READ | EV_WRITE), 0);
	stress_peer_end(side);
}
