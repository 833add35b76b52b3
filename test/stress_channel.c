/*
 * The channels of the stress: how they are made, what cuts their input, and
 * what their hooks look at; see stress.h. All framings used deliver every byte
 * of the stream, so what comes of it does not depend on when they are changed.
 */

#include <string.h>
#include <event2/buffer.h>
#include "stress.h"

#define FRAME_MAX 3000

/* Hooks */

static void
check_hook(struct stress_side *side)
{
	side->stress->moves++;
	stress_must(side, side->depth == 0, "a hook inside a call");
	stress_must(side, side->closed == 0, "a hook behind closed");
	stress_must(side, !side->connecting, "a hook before CONNECTED");
}

/* What is pushed here may stop the input until the queue has fallen. */
static void
act_on_data(struct stress_side *side)
{
	uint64_t pushed = side->pushed;

	stress_act(side);
	if (side->chat != NULL && side->pushed > pushed &&
	    !side->never_stops &&
	    stress_has_left(side, side->filled_until) &&
	    evchat_get_output_length(side->chat) > side->high)
		side->stopped = side->changes;
}

/* What was lent is to stay, whatever is done meanwhile. */
static void
take_data(struct stress_side *side, const void *data, size_t len)
{
	uint64_t from = side->collected;

	check_hook(side);
	stress_must(side, !side->paused, "a data hook while paused");
	stress_must(side, side->stopped != side->changes ||
	    evchat_get_output_length(side->chat) <= side->low,
	    "a data hook though the queue is above its marks");
	side->stopped = 0;
	stress_must(side, !side->eof_told || side->again,
	    "a data hook behind EOF");
	stress_compare(side, STRESS_IN, &side->collected, data, len);
	stress_must(side, side->collected <= side->peer.sent,
	    "more is delivered than was sent");
	act_on_data(side);
	if (stress_one_in(side->stress, 8))
		stress_compare(side, STRESS_IN, &from, data, len);
}

static void
unread_some(struct stress_side *side, const void *data, size_t len)
{
	struct stress *s = side->stress;
	size_t back;

	if (len == 0 || s->budget == 0 || side->chat == NULL ||
	    !stress_one_in(s, 12))
		return;
	s->budget--;
	back = stress_length(s, len);
	if (evchat_unread(side->chat, (const char *)data + len - back,
	    back) == 0)
		side->collected -= back;
}

static void
on_collect(struct evchat *chat, const void *data, size_t len, void *arg)
{
	(void)chat;
	stress_must(arg, len > 0, "collect without bytes");
	take_data(arg, data, len);
	unread_some(arg, data, len);
}

static void
on_frame(struct evchat *chat, const void *data, size_t len, void *arg)
{
	(void)chat;
	take_data(arg, data, len);
	unread_some(arg, data, len);
}

static void
on_found(struct evchat *chat, void *arg)
{
	(void)chat;
	check_hook(arg);
	stress_act(arg);
}

/* All that was sent was delivered, but for what no frame holds. */
static void
check_input(struct stress_side *side)
{
	size_t len = 0;
	const void *partial = evchat_get_partial(side->chat, &len);
	uint64_t end = side->collected;

	if (partial != NULL)
		stress_compare(side, STRESS_IN, &end, partial, len);
	stress_must(side, end == side->peer.sent ||
	    (side->unseen && end < side->peer.sent),
	    "the end comes before all that was sent");
}

static void
on_event(struct evchat *chat, enum evchat_event what, void *arg)
{
	struct stress_side *side = arg;

	if (what == EVCHAT_EVENT_CONNECTED) {
		stress_must(side, side->connecting, "CONNECTED once more");
		side->connecting = false;
	}
	check_hook(side);
	if (what == EVCHAT_EVENT_EOF) {
		stress_must(side, !side->eof_told, "EOF once more");
		side->eof_told = true;
		if (side->fate != STRESS_RESET)
			check_input(side);
	} else if (what == EVCHAT_EVENT_DRAINED) {
		stress_must(side, evchat_get_output_length(chat) == 0 &&
		    stress_has_left(side, side->pushed),
		    "DRAINED before all has left");
	}
	stress_act(side);
}

static void
check_counts(struct stress_side *side)
{
	struct evchat_stats stats;

	evchat_get_stats(side->chat, &stats, sizeof(stats));
	stress_must(side, stats.bytes_out == side->pushed,
	    "other bytes_out than were pushed");
	if (side->fate == STRESS_PEER_ENDS)
		stress_must(side, stats.bytes_in == side->collected,
		    "other bytes_in than were delivered");
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct stress_side *side = arg;

	side->stress->moves++;
	stress_must(side, chat == side->chat && side->closed == 0,
	    "closed once more");
	stress_must(side, side->depth == 0 || side->ending,
	    "closed inside a call");
	stress_must(side, side->things == 0,
	    "closed before all that was pushed was told its end");
	stress_must(side, stress_may_end(side, why),
	    evchat_reason_name(why));
	if (side->eof_told && !side->closing && side->fate != STRESS_RESET)
		check_input(side);
	if (side->fate <= STRESS_HALF_OPEN)
		check_counts(side);
	side->closed++;
	side->chat = NULL;
	(void)bufferevent_remove_from_rate_limit_group(side->bev);
	if (!side->detached)
		side->bev = NULL;
	side->over = side->over || !side->detached;
}

static const struct evchat_hooks in_pieces = { .collect = on_collect,
    .found = on_found, .event = on_event, .closed = on_closed };
static const struct evchat_hooks in_frames = { .collect = on_collect,
    .frame = on_frame, .event = on_event, .closed = on_closed };

/* Settings */

void
stress_set_hooks(struct stress_side *side)
{
	bool pieces = stress_one_in(side->stress, 2);

	side->again = side->eof_told;
	(void)evchat_set_hooks(side->chat, pieces ? &in_pieces : &in_frames,
	    side);
	/* While it is closing nothing is delivered, not even to these. */
	if (pieces && evchat_get_reason(side->chat) != EVCHAT_REASON_FREED)
		side->unseen = true;
}

static struct evchat_framing *
some_framing(struct stress *s)
{
	const unsigned keep = EVCHAT_FRAMING_KEEP_DELIMITER;
	char delimiter[2];

	switch (stress_draw(s, 4)) {
	case 0:
		return (evchat_framing_fixed(stress_length(s, FRAME_MAX)));
	case 1:
		delimiter[0] = (char)stress_draw(s, 256);
		delimiter[1] = (char)stress_draw(s, 256);
		return (evchat_framing_delimiter(delimiter,
		    1 + stress_draw(s, 2), keep));
	case 2:
		return (evchat_framing_line(EVBUFFER_EOL_LF, keep));
	default:
		return (evchat_framing_line(EVBUFFER_EOL_CRLF, keep));
	}
}

void
stress_set_framing(struct stress_side *side)
{
	struct stress *s = side->stress;
	struct evchat_framing *framing;

	side->again = side->eof_told;
	switch (stress_draw(s, 4)) {
	case 0:
		evchat_set_terminator_none(side->chat);
		return;
	case 1:
		/* A count of 0 is found at once, connected or not. */
		(void)evchat_set_terminator_count(side->chat,
		    !side->connecting && stress_one_in(s, 8) ? 0 :
		    stress_length(s, FRAME_MAX));
		return;
	}
	framing = some_framing(s);
	ck_assert_ptr_nonnull(framing);
	(void)evchat_set_framing(side->chat, framing);
	evchat_framing_free(framing);
}

/* Making one */

static unsigned
options_of(struct stress_side *side)
{
	struct stress *s = side->stress;
	unsigned options = s->options;

	if (side->fate == STRESS_HALF_OPEN)
		options |= EVCHAT_OPT_HALF_OPEN;
	if (stress_one_in(s, 3))
		side->never_stops = true;
	if (side->never_stops)
		options |= EVCHAT_OPT_NO_AUTO_PAUSE;
	if (stress_one_in(s, 3))
		options |= EVCHAT_OPT_DELIVER_LAST;
	if (s->bev_options != STRESS_OWN)
		options &= ~(unsigned)EVCHAT_OPT_THREADSAFE;
	return (options);
}

static void
make(struct stress_side *side, int fd)
{
	struct stress *s = side->stress;
	unsigned options = options_of(side);

	if (s->bev_options == STRESS_OWN) {
		side->chat = evchat_socket_new(s->base, fd, &in_pieces, side,
		    options);
	} else {
		side->bev = bufferevent_socket_new(s->base, fd,
		    BEV_OPT_CLOSE_ON_FREE | (int)s->bev_options);
		ck_assert_ptr_nonnull(side->bev);
		side->chat = evchat_new(side->bev, &in_pieces, side, options);
	}
	ck_assert_ptr_nonnull(side->chat);
	side->bev = evchat_get_bufferevent(side->chat);
}

void
stress_start(struct stress_side *side)
{
	static const struct timeval minute = { 60, 0 };
	struct stress *s = side->stress;
	int fd = stress_open(side);

	make(side, fd);
	side->low = 32768;
	side->high = 131072;
	/* What the peer sends to one that closes is taken, however long. */
	(void)evchat_set_linger_size(side->chat, UINT64_MAX);
	(void)evchat_set_timeout(side->chat, EVCHAT_TIMEOUT_LINGER, &minute);
	stress_set_framing(side);
	stress_set_hooks(side);
	if (stress_one_in(s, 3) &&
	    (side->group = evchat_group_new(s->base, 0)) != NULL)
		ck_assert_int_eq(evchat_group_add(side->group, side->chat), 0);
	if (stress_one_in(s, 2))
		stress_push(side);
	if (fd == -1)
		stress_connect(side);
	if (stress_one_in(s, 2))
		stress_push(side);
}
