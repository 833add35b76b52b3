/*
 * How sides of the stress end, and what must have arrived then; see stress.h.
 */

#include <errno.h>
#include "stress.h"

static void
detach(struct stress_side *side)
{
	struct bufferevent *bev;

	side->ending = side->detached = true;
	bev = evchat_detach(side->chat);
	side->ending = false;
	if (bev != NULL) {
		stress_take_over(side, bev);
		return;
	}
	side->detached = false;
	stress_must(side, errno == EBUSY, "detach is refused");
}

static void
free_now(struct stress_side *side)
{
	side->ending = true;
	evchat_free(side->chat);
	side->ending = false;
	stress_must(side, side->closed == 1, "freed, and not closed");
}

static void
close_soon(struct stress_side *side)
{
	if (side->closing)
		return;
	side->closing = true;
	evchat_close_when_done(side->chat);
}

/* One side is shut now, and the other one when it is calm at the latest. */
static void
shut_sides(struct stress_side *side)
{
	struct stress *s = side->stress;
	bool both = s->calm || stress_one_in(s, 3);

	if (side->eof_told && !side->shut && stress_one_in(s, 2)) {
		close_soon(side);
		return;
	}
	if (!side->peer.ending && (both || stress_one_in(s, 2)))
		stress_peer_end(side);
	else if (!side->shut && !side->closing) {
		side->shut = true;
		ck_assert_int_eq(evchat_push_eof(side->chat), 0);
	}
}

void
stress_meet_fate(struct stress_side *side)
{
	if (side->chat == NULL)
		return;
	side->depth++;
	switch (side->fate) {
	case STRESS_CLOSE:
		close_soon(side);
		break;
	case STRESS_PEER_ENDS:
		stress_peer_end(side);
		break;
	case STRESS_HALF_OPEN:
		shut_sides(side);
		break;
	case STRESS_DETACH:
		detach(side);
		break;
	case STRESS_RESET:
		if (side->peer.fd != -1)
			stress_peer_reset(side);
		break;
	default:
		free_now(side);
		break;
	}
	side->depth--;
}

bool
stress_may_end(const struct stress_side *side, enum evchat_reason why)
{
	bool eof = why == EVCHAT_REASON_EOF || why == EVCHAT_REASON_TRUNCATED;

	switch (side->fate) {
	case STRESS_CLOSE:
		return (why == EVCHAT_REASON_DONE && side->closing);
	case STRESS_PEER_ENDS:
		return (eof && side->eof_told);
	case STRESS_HALF_OPEN:
		return (side->closing ? why == EVCHAT_REASON_DONE :
		    eof && side->eof_told && side->shut);
	case STRESS_DETACH:
		return (why == EVCHAT_REASON_DETACHED && side->detached);
	case STRESS_RESET:
		return ((eof || why == EVCHAT_REASON_IO) && side->peer.gone);
	default:
		return (why == EVCHAT_REASON_FREED && side->ending);
	}
}

bool
stress_is_over(const struct stress_side *side)
{
	const struct stress_peer *peer = &side->peer;

	return (side->over && (peer->eof || peer->gone ||
	    (peer->fd == -1 && side->pushed == 0)));
}

void
stress_judge(const struct stress_side *side)
{
	stress_must(side, side->closed == 1, "not closed");
	stress_must(side, side->things == 0 && side->loose == 0 &&
	    side->waiting == NULL, "something was not told its end");
	if (side->fate == STRESS_RESET || side->fate == STRESS_FREE)
		return;
	stress_must(side, side->peer.received == side->pushed,
	    "not all that was pushed has arrived");
	stress_must(side, !side->peer.gone, "the peer has an error");
	if (side->fate != STRESS_CLOSE)
		stress_must(side, side->peer.sent == side->in_len,
		    "not all was sent");
	if (side->fate == STRESS_DETACH)
		stress_must(side, side->collected == side->in_len,
		    "not all that was sent has arrived by hand");
}
