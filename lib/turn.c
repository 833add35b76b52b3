/*
 * What a channel does when the event loop calls it. Callbacks only take note
 * of what they were told; then a turn does, in a fixed order, all that there
 * is to do: deliver input, move output, tell what has left, and go on to
 * closing or to the end. Everything else wakes the channel, which is one more
 * turn. So hooks run only here, no hook runs inside another, and the order of
 * what they are told does not depend on which callback came first.
 */

#include <errno.h>

#include <event2/bufferevent.h>
#include <event2/event.h>

#include "channel.h"
#include "connect.h"
#include "group.h"
#include "layer.h"

size_t
turn_output_length(const struct evchat *chat)
{
	return (queue_length(&chat->queue) +
	    transport_output_length(chat->bev));
}

/*
 * What was received is delivered before a failure ends the channel; but for an
 * application that has paused, nothing waits but the end of the input.
 */
static bool
must_fail(const struct evchat *chat)
{
	bool stopped = chat->paused || chat->auto_paused;

	if (!chat->failed || chat->state >= CHANNEL_ENDING)
		return (false);
	return (chat->state != CHANNEL_OPEN || chat->upgrading ||
	    (stopped && !chat->failed_reading));
}

/*
 * Behind the last byte that was pushed comes what a layer has to say at its
 * end. A peer that is gone by then does not want it.
 */
static void
fail(struct evchat *chat)
{
	if (chat->state == CHANNEL_CLOSING && layer_is_finished(chat))
		end_now(chat, chat->why);
	else
		end_failed(chat);
}

static void
set_above_high(struct evchat *chat, bool above)
{
	chat->above_high = above;
	if (chat->set->basin != NULL)
		sink_note(chat);
}

void
turn_note_high(struct evchat *chat)
{
	chat->pushed |= PUSHED;
	if (turn_output_length(chat) > chat->set->high)
		set_above_high(chat, true);
}

/* Tell what has left. */
static void
tell_sent(struct evchat *chat)
{
	size_t len;

	if (chat->queue.line->first != NULL)
		queue_release(&chat->queue, channel_in_output(chat));
	if (chat->state != CHANNEL_OPEN)
		return;
	chat->in_output = transport_output_length(chat->bev);
	len = queue_length(&chat->queue) + chat->in_output;
	if (len > chat->set->high)
		set_above_high(chat, true);
	if ((chat->auto_paused & FULL_OWN) && len <= chat->set->low) {
		chat->auto_paused &= (unsigned char)~FULL_OWN;
		channel_wake(chat);
	}
	if (chat->above_high && len <= chat->set->low) {
		set_above_high(chat, false);
		hooks_event(chat, EVCHAT_EVENT_WRITABLE);
		len = turn_output_length(chat);
	}
	if (chat->state == CHANNEL_OPEN && chat->undrained &&
	    !chat->connecting && chat->queue.line->first == NULL && len == 0) {
		chat->undrained = false;
		hooks_event(chat, EVCHAT_EVENT_DRAINED);
	}
}

/* Closing */

/* Have layers say that no more comes. */
static bool
has_finished(struct evchat *chat)
{
	enum layer_finish finish = layers_finish(chat);

	if (finish == LAYER_BLOCKED && output_block(chat) == QUEUE_NO_MEMORY)
		end_now(chat, EVCHAT_REASON_NO_MEMORY);
	return (finish == LAYER_FINISHED);
}

/* Shut the write side, when that is wanted and all has left. */
static void
shut_write(struct evchat *chat)
{
	if (!queue_is_empty(&chat->queue) || chat->connecting ||
	    chat->upgrading)
		return;
	if (chat->output == OUTPUT_SHUTTING && has_finished(chat)) {
		transport_finish(chat->bev);
		chat->output = OUTPUT_FINISHED;
	}
	if (chat->output == OUTPUT_FINISHED &&
	    transport_output_length(chat->bev) == 0) {
		transport_shut_write(chat->bev);
		chat->output = OUTPUT_SHUT;
	}
}

/* Nothing is left to be sent: end, or first take what input still comes. */
static void
linger(struct evchat *chat)
{
	if (chat->eof || !transport_lingers(chat->bev) ||
	    !deadline_has_limit(chat, DEADLINE_LINGER)) {
		end_now(chat, chat->why);
		return;
	}
	/* After a refusal it runs already. */
	if (deadline_get(chat, DEADLINE_LINGER) != DEADLINE_RUNNING &&
	    deadline_start(chat, DEADLINE_LINGER) == -1) {
		end_now(chat, EVCHAT_REASON_NO_MEMORY);
		return;
	}
	chat->linger_left = chat->set->linger_size;
	channel_set_state(chat, CHANNEL_LINGERING);
	timing_stop_output(chat);
	reading_set(chat);
	if (chat->state == CHANNEL_LINGERING)
		receive_drop(chat);
}

static void
go_on_closing(struct evchat *chat)
{
	/* Nothing has to go through a layer that has not started. */
	if (chat->state == CHANNEL_CLOSING && layer_peeks(chat) &&
	    turn_output_length(chat) == 0)
		layer_end_upgrade(chat);
	if (chat->output != OUTPUT_OPEN)
		shut_write(chat);
	if (chat->state == CHANNEL_CLOSING && chat->connecting &&
	    turn_output_length(chat) == 0)
		end_now(chat, chat->why);
	else if (chat->state == CHANNEL_CLOSING &&
	    chat->output == OUTPUT_SHUT)
		linger(chat);
	else if (chat->state == CHANNEL_OPEN && chat->output == OUTPUT_SHUT &&
	    chat->input != NULL && input_is_over(chat->input) &&
	    !chat->again && !chat->noticed)
		end_now(chat, end_of_input(chat));
}

/*
 * A frame that began later is not waited for, or a peer could put this off.
 * But a count is what a hook waits for, behind the frame that told it.
 */
bool
turn_is_last(const struct evchat *chat)
{
	const struct input *input;
	struct input here;

	if (!chat->last_wanted)
		return (false);
	input = channel_see_input(chat, &here);
	if (input->end == END_TOLD)
		return (true);
	return (input_ended(input) >= chat->last_frame &&
	    !(input_in_frame(input) &&
	    input->scan.terminator.kind == SCAN_COUNT));
}

/* All that has come was delivered: is it time to close between two frames? */
static void
close_after_frame(struct evchat *chat)
{
	const struct input *input;
	struct input here;

	if (chat->state != CHANNEL_OPEN || chat->paused || !turn_is_last(chat))
		return;
	chat->last_wanted = false;
	hooks_event(chat, EVCHAT_EVENT_LAST);
	if (chat->state != CHANNEL_OPEN)
		return;
	/* The next one by the framing in force now, if there can be any. */
	input = channel_see_input(chat, &here);
	if (chat->last_wanted && !input_is_over(input))
		chat->last_frame = input_ended(input) + 1;
	else
		end_soon(chat, EVCHAT_REASON_DONE);
}

static bool
begin(struct evchat *chat)
{
	if (chat->in_turn || chat->state >= CHANNEL_ENDING) {
		chat->noticed = true;
		return (false);
	}
	chat->in_turn = true;
	chat->called = chat->noticed = false;
	return (true);
}

/* Can there be anything to be made of the input? */
static bool
has_input(const struct evchat *chat)
{
	return (chat->input != NULL || chat->rest.kind == SCAN_COUNT ||
	    chat->eof || chat->failed || chat->last_wanted ||
	    chat->deadlines != NULL ||
	    evbuffer_get_length(bufferevent_get_input(chat->bev)) > 0);
}

/* Where there is nothing to do, it goes on resting. */
static bool
deliver(struct evchat *chat, struct input *here)
{
	if (!has_input(chat))
		return (false);
	if (chat->options & CHANNEL_HAS_SINK)
		sink_look(chat);
	(void)channel_open_input(chat, here);
	return (receive_deliver(chat));
}

static void
take_input(struct evchat *chat, struct input *here)
{
	bool all = false;

	if (chat->attempts != NULL)
		attempts_go_on(chat);
	if (chat->connected_now && chat->state == CHANNEL_OPEN)
		hooks_event(chat, EVCHAT_EVENT_CONNECTED);
	chat->connected_now = false;
	if (chat->state == CHANNEL_OPEN)
		all = deliver(chat, here);
	else if (chat->state < CHANNEL_ENDING && !chat->upgrading)
		receive_drop(chat);
	/* What was wanted so far comes next; what will be, not in this turn. */
	chat->again = false;
	if (chat->state == CHANNEL_OPEN && chat->deadlines != NULL)
		timing_input(chat);
	if (chat->deadlines != NULL)
		timing_tell(chat);
	/* What a hook has just asked for may bring more input to be delivered. */
	if (all && !chat->again)
		close_after_frame(chat);
	if (must_fail(chat))
		fail(chat);
}

static void
take_output(struct evchat *chat)
{
	if (chat->state < CHANNEL_LINGERING)
		output_move(chat);
	if (chat->upgrading && chat->state < CHANNEL_LINGERING)
		layer_go_on(chat);
	/* Nothing that the bufferevent does may have been forgotten. */
	if (chat->state < CHANNEL_LINGERING &&
	    (chat->reading != READING_DIRECT ||
	    transport_output_length(chat->bev) > 0) &&
	    transport_revive(chat->bev) == -1)
		end_now(chat, EVCHAT_REASON_NO_MEMORY);
	if (chat->state < CHANNEL_LINGERING)
		tell_sent(chat);
	if (chat->state < CHANNEL_LINGERING)
		go_on_closing(chat);
	if (chat->state < CHANNEL_LINGERING && chat->deadlines != NULL)
		timing_output(chat);
}

static void
end(struct evchat *chat)
{
	reading_set(chat);
	if (chat->state == CHANNEL_OPEN && chat->input != NULL)
		input_settle(chat->input);
	channel_rest_input(chat);
	queue_settle(&chat->queue);
	if (chat->in_group != NULL)
		group_account(chat);
	chat->in_turn = false;
}

void
turn_take(struct evchat *chat)
{
	struct input here;

	if (!begin(chat))
		return;
	take_input(chat, &here);
	take_output(chat);
	end(chat);
	channel_close_input(chat, &here);
	if (chat->again || chat->noticed)
		channel_yield(chat);
}

/*
 * What input has made a channel push is sent at once, while it is at hand. But
 * one that others push to, too, as in a broadcast, does it when all have had
 * their turns: else it would make a system call for each of them.
 */
void
turn_take_input(struct evchat *chat)
{
	bool shared = chat->woken || chat->pushed_to;
	struct input here;

	if (!begin(chat))
		return;
	chat->pushed_to = false;
	take_input(chat, &here);
	if (!shared)
		take_output(chat);
	end(chat);
	channel_close_input(chat, &here);
	if (shared && chat->state < CHANNEL_ENDING)
		channel_wake_behind(chat);
	else if (chat->again || chat->noticed)
		channel_yield(chat);
}
