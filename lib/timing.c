/*
 * Which deadline of a channel runs when, and what follows when one has
 * expired. What the peer has to do in time, and the application may still
 * answer to, is looked at behind the delivery of a turn: bytes that were read
 * count, however late the loop came to look at the clock. What output waits
 * for is looked at when all was moved that could be.
 */

#include <errno.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "channel.h"
#include "connect.h"
#include "layer.h"

static void
must_have(struct evchat *chat, int timed)
{
	if (timed == -1)
		end_now(chat, EVCHAT_REASON_NO_MEMORY);
}

/* The peer's input */

static uint64_t
received(const struct evchat *chat)
{
	return (chat->deadlines->received +
	    evbuffer_get_length(bufferevent_get_input(chat->bev)));
}

/* Nobody is to blame for what is not read. */
static bool
is_reading(const struct evchat *chat)
{
	return (!chat->paused && !chat->auto_paused && !chat->over_budget);
}

/* Have one that is wanted run; anew starts it, even if it runs. */
static void
keep(struct evchat *chat, enum deadline_which which, bool wanted, bool anew)
{
	if (!wanted)
		deadline_stop(chat, which);
	else if ((anew || deadline_get(chat, which) == DEADLINE_STOPPED) &&
	    deadline_start(chat, which) == -1)
		must_have(chat, -1);
}

/* The same, but for standing still while nothing is read. */
static void
keep_input(struct evchat *chat, enum deadline_which which, bool wanted,
    bool anew)
{
	keep(chat, which, wanted, anew);
	if (is_reading(chat))
		must_have(chat, deadline_thaw(chat, which));
	else
		deadline_freeze(chat, which);
}

/*
 * A period begins with a frame, and anew when the one before was good. now is
 * how much was received.
 */
static void
time_rate_in(struct evchat *chat, bool in_frame, bool next, uint64_t now)
{
	struct deadlines *deadlines = chat->deadlines;
	enum deadline_state state = deadline_get(chat, DEADLINE_RATE_IN);
	bool good = now - deadlines->rate_in_mark >= deadlines->rate_in;
	bool anew = next || (state == DEADLINE_EXPIRED && good);

	if (anew || state == DEADLINE_STOPPED)
		deadlines->rate_in_mark = now;
	keep_input(chat, DEADLINE_RATE_IN, in_frame && deadlines->rate_in > 0,
	    anew);
}

void
timing_input(struct evchat *chat)
{
	struct deadlines *deadlines = chat->deadlines;
	uint64_t now;
	bool in_frame, next;

	if (deadlines == NULL)
		return;
	now = received(chat);
	in_frame = input_awaits_more(chat->input);
	next = deadlines->frame_timed != input_begun(chat->input);
	deadlines->frame_timed = input_begun(chat->input);
	keep_input(chat, DEADLINE_READ, !chat->eof && !chat->connecting,
	    now != deadlines->read_timed);
	deadlines->read_timed = now;
	keep_input(chat, DEADLINE_FRAME, in_frame, next);
	time_rate_in(chat, in_frame, next, now);
}

/*
 * Tell that a deadline has expired. It ends the channel, unless the hook has
 * had it stopped or begin anew.
 */
static void
tell(struct evchat *chat, enum deadline_which which, enum evchat_reason why)
{
	if (chat->state != CHANNEL_OPEN ||
	    deadline_get(chat, which) != DEADLINE_EXPIRED)
		return;
	chat->why = why;
	hooks_event(chat, EVCHAT_EVENT_TIMEOUT);
	if (chat->state != CHANNEL_OPEN)
		return;
	chat->why = EVCHAT_REASON_FREED;
	/* It is going to be closed in this turn. */
	if (turn_is_last(chat))
		deadline_stop(chat, which);
	if (deadline_get(chat, which) == DEADLINE_EXPIRED)
		end_now(chat, why);
}

void
timing_tell(struct evchat *chat)
{
	if (chat->deadlines == NULL || chat->failed)
		return;
	tell(chat, DEADLINE_READ, EVCHAT_REASON_READ_TIMEOUT);
	tell(chat, DEADLINE_FRAME, EVCHAT_REASON_FRAME_TIMEOUT);
	tell(chat, DEADLINE_RATE_IN, EVCHAT_REASON_SLOW);
}

/* No more input is looked at. */
void
timing_stop_input(struct evchat *chat)
{
	deadline_stop(chat, DEADLINE_READ);
	deadline_stop(chat, DEADLINE_FRAME);
	deadline_stop(chat, DEADLINE_RATE_IN);
}

/* The output */

/* How many bytes have left, for good. */
static uint64_t
left(const struct evchat *chat)
{
	struct evbuffer *output = bufferevent_get_output(chat->bev);

	/* What a filter has taken has not left yet. */
	if (!transport_is_last_output(chat->bev, output))
		return (chat->deadlines->left_below);
	return (chat->queue.written - evbuffer_get_length(output));
}

void
timing_output(struct evchat *chat)
{
	uint64_t now;
	bool moved, waiting;

	if (chat->deadlines == NULL)
		return;
	now = left(chat);
	moved = now != chat->deadlines->left_timed;
	chat->deadlines->left_timed = now;
	waiting = !chat->connecting &&
	    (transport_output_length(chat->bev) > 0 || chat->blocked ||
	    queue_can_send(&chat->queue));
	keep(chat, DEADLINE_CONNECT, chat->connecting, false);
	keep(chat, DEADLINE_WRITE, waiting, moved);
	keep(chat, DEADLINE_STALL, !chat->connecting && (waiting ||
	    (!queue_is_empty(&chat->queue) && !layer_keeps(chat))), moved);
	if (deadline_get(chat, DEADLINE_RATE_OUT) == DEADLINE_STOPPED)
		chat->deadlines->rate_out_mark = now;
	keep(chat, DEADLINE_RATE_OUT,
	    waiting && chat->deadlines->rate_out > 0, false);
}

void
timing_stop_output(struct evchat *chat)
{
	deadline_stop(chat, DEADLINE_WRITE);
	deadline_stop(chat, DEADLINE_STALL);
	deadline_stop(chat, DEADLINE_RATE_OUT);
}

/* Has this one expired? Then it is done with. */
static bool
is_over(struct evchat *chat, enum deadline_which which)
{
	if (deadline_get(chat, which) != DEADLINE_EXPIRED)
		return (false);
	deadline_stop(chat, which);
	return (true);
}

/* Has any left that the channel was not told of yet? Then they start anew. */
static bool
has_moved(const struct evchat *chat)
{
	return (left(chat) != chat->deadlines->left_timed);
}

static bool
out_is_slow(struct evchat *chat)
{
	return (is_over(chat, DEADLINE_RATE_OUT) &&
	    left(chat) - chat->deadlines->rate_out_mark < chat->deadlines->rate_out);
}

static void
give_up_connecting(struct evchat *chat)
{
	if (chat->attempts != NULL)
		attempts_give_up(chat);
	else
		notice_failure(chat, EVCHAT_REASON_CONNECT, ETIMEDOUT);
}

/* What does not depend on a turn. */
static void
note_expired(struct evchat *chat)
{
	if (is_over(chat, DEADLINE_LINGER))
		end_now(chat, chat->why);
	else if (is_over(chat, DEADLINE_CONNECT))
		give_up_connecting(chat);
	else if (is_over(chat, DEADLINE_UPGRADE))
		layer_expired(chat);
	else if (is_over(chat, DEADLINE_ATTEMPT) && chat->attempts != NULL)
		attempts_expired(chat);
	else if (is_over(chat, DEADLINE_WRITE) && !has_moved(chat))
		notice_failure(chat, EVCHAT_REASON_WRITE_TIMEOUT, 0);
	else if (is_over(chat, DEADLINE_STALL) && !has_moved(chat))
		notice_failure(chat, EVCHAT_REASON_STALL_TIMEOUT, 0);
	else if (out_is_slow(chat))
		notice_failure(chat, EVCHAT_REASON_SLOW, 0);
}

void
timing_alarm(evutil_socket_t fd, short what, void *arg)
{
	struct evchat *chat = arg;
	struct bufferevent *bev = channel_enter(chat);

	(void)fd;
	(void)what;
	if (chat->state < CHANNEL_ENDING) {
		must_have(chat, deadlines_expire(chat));
		note_expired(chat);
		turn_take(chat);
	}
	channel_leave(chat, bev);
}
