/*
 * Calls on a channel of the stress that a seed makes up, from hooks and from
 * outside of all; see stress.h.
 */

#include <event2/buffer.h>
#include "stress.h"

#define MARK_MAX 6000
#define SIZE_MOST 9000
#define INJECTED 3000

/* Limits */

static void
limit(struct stress_side *side)
{
	struct stress *s = side->stress;
	struct ev_token_bucket_cfg *rate = s->rates[stress_draw(s,
	    STRESS_RATES)];

	if (stress_one_in(s, 2)) {
		ck_assert_int_eq(bufferevent_set_rate_limit(side->bev, rate),
		    0);
	} else if (s->rate_group != NULL) {
		ck_assert_int_eq(bufferevent_add_to_rate_limit_group(side->bev,
		    s->rate_group), 0);
	}
	side->limited = true;
}

static void
lift(struct stress_side *side)
{
	ck_assert_int_eq(bufferevent_set_rate_limit(side->bev, NULL), 0);
	ck_assert_int_eq(bufferevent_remove_from_rate_limit_group(side->bev),
	    0);
	side->limited = false;
}

/* Flow */

static void
pause_or_resume(struct stress_side *side)
{
	side->paused = stress_one_in(side->stress, 3);
	if (side->paused)
		evchat_pause(side->chat);
	else
		evchat_resume(side->chat);
}

static void
set_marks(struct stress_side *side, size_t low, size_t high)
{
	if (evchat_set_watermarks(side->chat, low, high) == -1)
		return;
	side->low = low;
	side->high = high;
	side->changes++;
}

static void
set_sizes(struct stress_side *side)
{
	struct stress *s = side->stress;
	size_t low = stress_length(s, MARK_MAX);

	if (stress_one_in(s, 2))
		set_marks(side, low, low + stress_length(s, MARK_MAX));
	else
		(void)evchat_set_buffer_sizes(side->chat,
		    stress_length(s, SIZE_MOST), stress_length(s, SIZE_MOST));
}

/* None of these runs out. */
static void
set_timeout(struct stress_side *side)
{
	static const enum evchat_timeout which[] = { EVCHAT_TIMEOUT_READ,
	    EVCHAT_TIMEOUT_WRITE, EVCHAT_TIMEOUT_FRAME, EVCHAT_TIMEOUT_STALL };
	static const struct timeval minute = { 60, 0 };
	struct stress *s = side->stress;

	(void)evchat_set_timeout(side->chat, which[stress_draw(s, 4)],
	    stress_one_in(s, 3) ? NULL : &minute);
}

/*
 * The application has read what comes next by itself: it puts that into the
 * bufferevent's input, where all that was sent before is gone from.
 */
static void
inject(struct stress_side *side)
{
	struct evbuffer *input = bufferevent_get_input(side->bev);
	uint64_t left = side->in_len - side->peer.sent;
	size_t len = stress_length(side->stress, INJECTED);
	char bytes[INJECTED];

	if (side->connecting || left == 0 || !stress_is_taken(side) ||
	    evbuffer_get_length(input) > 0)
		return;
	if (len > left)
		len = (size_t)left;
	stress_bytes(side, STRESS_IN, side->peer.sent, bytes, len);
	ck_assert_int_eq(evbuffer_prepend(input, bytes, len), 0);
	side->peer.sent += len;
	side->stress->moves++;
	bufferevent_trigger(side->bev, EV_READ, BEV_TRIG_IGNORE_WATERMARKS |
	    BEV_TRIG_DEFER_CALLBACKS);
}

static void
call(struct stress_side *side)
{
	struct stress *s = side->stress;

	switch (stress_draw(s, 24)) {
	case 0: case 1: pause_or_resume(side); break;
	case 2: limit(side); break;
	case 3: case 4: lift(side); break;
	case 5: case 6: set_sizes(side); break;
	case 7: set_timeout(side); break;
	case 8: case 9: stress_set_framing(side); break;
	case 10: stress_set_hooks(side); break;
	case 11: case 12: stress_resume_producers(side); break;
	case 13: case 14: inject(side); break;
	case 15: stress_peer_act(side); break;
	default: break;
	}
}

void
stress_act(struct stress_side *side)
{
	struct stress *s = side->stress;

	if (s->calm || s->budget <= 0 || side->chat == NULL || side->ending ||
	    side->depth > 2)
		return;
	s->budget--;
	if (side->calls++ == side->fate_at)
		stress_meet_fate(side);
	if (side->chat == NULL)
		return;
	if (stress_one_in(s, 2)) {
		stress_push(side);
		return;
	}
	side->depth++;
	call(side);
	side->depth--;
}

void
stress_settle(struct stress_side *side)
{
	if (side->bev != NULL)
		lift(side);
	side->paused = false;
	if (side->chat != NULL) {
		evchat_resume(side->chat);
		(void)evchat_set_buffer_sizes(side->chat, SIZE_MOST,
		    SIZE_MOST);
	}
	stress_peer_settle(side);
}
