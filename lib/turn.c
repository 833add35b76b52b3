/*
 * What a channel does when the event loop calls it. Callbacks only take note of
 * what they were told; then a turn does, in a fixed order, all that there is to
 * do: deliver input, move output, tell what has left, and go on to closing or to
 * the end. Everything else wakes the channel, which is one more turn. So hooks
 * run only here, no hook runs inside another, and the order of what they are
 * told does not depend on which callback came first.
 */

#include <errno.h>

#include <event2/bufferevent.h>
#include <event2/event.h>

#include "channel.h"

#define LINGER_SIZE ((size_t)64 << 10)

static void
call_event(struct evchat *chat, enum evchat_event what)
{
	chat->running = HOOK_OTHER;
	if (chat->hooks->event != NULL)
		chat->hooks->event(chat, what, chat->arg);
	chat->running = HOOK_NONE;
}

size_t
turn_output_length(const struct evchat *chat)
{
	return (queue_length(&chat->queue) +
	    transport_output_length(chat->bev));
}

/* Reading */

void
turn_set_reading(struct evchat *chat)
{
	bool wanted = !chat->eof && !chat->failed &&
	    (chat->state != CHANNEL_OPEN ||
	    (!chat->paused && !chat->auto_paused));

	if (wanted == chat->reading || chat->state >= CHANNEL_ENDING)
		return;
	chat->reading = wanted;
	if (!wanted)
		(void)bufferevent_disable(chat->bev, EV_READ);
	else if (bufferevent_enable(chat->bev, EV_READ) == -1)
		channel_end(chat, EVCHAT_REASON_NO_MEMORY);
}

/* A hook that was called for input has returned: has it filled the queue? */
static void
after_input_hook(struct evchat *chat)
{
	if (chat->pushed && chat->state == CHANNEL_OPEN &&
	    !(chat->options & EVCHAT_OPT_NO_AUTO_PAUSE) &&
	    turn_output_length(chat) > chat->high)
		chat->auto_paused = true;
}

static void
deliver(struct evchat *chat, enum input_what what,
    const struct input_step *step)
{
	const struct evchat_hooks *hooks = chat->hooks;

	chat->running = what == INPUT_DATA ? HOOK_COLLECT : HOOK_FOUND;
	if (what == INPUT_DATA && hooks->collect != NULL)
		hooks->collect(chat, step->data, step->len, chat->arg);
	else if (what == INPUT_FOUND && hooks->found != NULL)
		hooks->found(chat, chat->arg);
	else if (what == INPUT_FRAME)
		hooks->frame(chat, step->data, step->len, chat->arg);
	chat->running = HOOK_NONE;
}

/*
 * A frame above the maximum under the policy CLOSE. The answers to the frames
 * before it are still sent and protected from a reset, if there are any; a peer
 * that does not take them gets the time of the linger timeout in all.
 */
static void
close_oversize(struct evchat *chat)
{
	if (chat->queue.written == 0 && queue_is_empty(&chat->queue)) {
		channel_end(chat, EVCHAT_REASON_OVERSIZE);
		return;
	}
	channel_finish(chat, EVCHAT_REASON_OVERSIZE);
	if (chat->state == CHANNEL_CLOSING &&
	    deadline_start(&chat->linger_deadline) == -1)
		channel_end(chat, EVCHAT_REASON_OVERSIZE);
}

static void
fail(struct evchat *chat)
{
	chat->error = chat->failed_errno;
	channel_end(chat, chat->failed_why);
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
	return (chat->state != CHANNEL_OPEN ||
	    (stopped && !chat->failed_reading));
}

/* All input that there is was delivered. True: there is more after all. */
static bool
get_more(struct evchat *chat)
{
	struct evbuffer *from = bufferevent_get_input(chat->bev);
	struct input *input = &chat->input;

	if (evbuffer_get_length(from) > 0) {
		if (input_take(input, from) == 0)
			return (true);
		channel_end(chat, EVCHAT_REASON_NO_MEMORY);
		return (false);
	}
	if (chat->eof && !input->eof) {
		input_set_eof(input);
		return (true);
	}
	if (input->eof_told && !(chat->options & EVCHAT_OPT_HALF_OPEN))
		channel_finish(chat, input_incomplete(input) ?
		    EVCHAT_REASON_TRUNCATED : EVCHAT_REASON_EOF);
	else if (chat->failed)
		fail(chat);
	return (false);
}

/* Do the next step of the input; false if there is none. */
static bool
do_step(struct evchat *chat)
{
	struct input_step step;
	enum input_what what;

	chat->pushed = false;
	what = input_next(&chat->input, chat->hooks->frame != NULL, &step);
	switch (what) {
	case INPUT_MORE:
		return (get_more(chat));
	case INPUT_DATA:
	case INPUT_FOUND:
	case INPUT_FRAME:
		deliver(chat, what, &step);
		break;
	case INPUT_OVERSIZE:
		if (chat->input.policy == EVCHAT_OVERSIZE_CLOSE)
			close_oversize(chat);
		else
			call_event(chat, EVCHAT_EVENT_OVERSIZE);
		break;
	case INPUT_EOF:
		call_event(chat, EVCHAT_EVENT_EOF);
		break;
	case INPUT_NO_MEMORY:
		channel_end(chat, EVCHAT_REASON_NO_MEMORY);
		break;
	}
	after_input_hook(chat);
	return (true);
}

/*
 * Deliver. A turn ends after so many bytes, each step counting for one more, so
 * that no channel can keep the loop from the others.
 */
static void
receive(struct evchat *chat)
{
	uint64_t from = chat->input.offset, steps = 0;

	while (chat->state == CHANNEL_OPEN && !chat->paused &&
	    !chat->auto_paused) {
		if (steps + (chat->input.offset - from) >= chat->in_size) {
			channel_yield(chat);
			break;
		}
		/* What was unread again is delivered again. */
		if (chat->input.offset < from)
			from = chat->input.offset;
		steps++;
		if (!do_step(chat))
			break;
	}
}

/*
 * Drop input: while closing, because only who reads learns that the peer is
 * gone; then, so that none is unread when the descriptor is closed.
 */
static void
drop_input(struct evchat *chat)
{
	struct evbuffer *input = bufferevent_get_input(chat->bev);
	size_t len = evbuffer_get_length(input);

	(void)evbuffer_drain(input, len);
	if (chat->state != CHANNEL_LINGERING)
		return;
	chat->lingered += len;
	if (chat->eof || chat->lingered >= LINGER_SIZE)
		channel_end(chat, chat->why);
}

/* Writing */

/* Move output while there is room below the high mark. */
static void
move_output(struct evchat *chat)
{
	struct evbuffer *output = bufferevent_get_output(chat->bev);
	uint64_t from = chat->queue.written, steps = 0;

	while (chat->state < CHANNEL_LINGERING &&
	    transport_output_length(chat->bev) < chat->high) {
		if (steps++ + (chat->queue.written - from) >= chat->high) {
			channel_yield(chat);
			return;
		}
		switch (queue_pull(&chat->queue, output, chat->out_size)) {
		case QUEUE_MOVED:
		case QUEUE_GONE:
			break;
		case QUEUE_EMPTY:
		case QUEUE_WAITING:
			return;
		case QUEUE_IDLE:
			channel_yield(chat);
			return;
		case QUEUE_FAILED:
			chat->error = errno;
			channel_end(chat, EVCHAT_REASON_PRODUCER);
			return;
		case QUEUE_NO_MEMORY:
			channel_end(chat, EVCHAT_REASON_NO_MEMORY);
			return;
		}
	}
}

/* Tell what has left. */
static void
tell_sent(struct evchat *chat)
{
	size_t len;

	queue_release(&chat->queue, channel_in_output(chat));
	if (chat->state != CHANNEL_OPEN)
		return;
	len = turn_output_length(chat);
	if (len > chat->high)
		chat->above_high = true;
	if (chat->auto_paused && len <= chat->low) {
		chat->auto_paused = false;
		channel_wake(chat);
	}
	if (chat->above_high && len <= chat->low) {
		chat->above_high = false;
		call_event(chat, EVCHAT_EVENT_WRITABLE);
	}
	if (chat->state == CHANNEL_OPEN && chat->undrained &&
	    !chat->connecting && chat->queue.first == NULL &&
	    turn_output_length(chat) == 0) {
		chat->undrained = false;
		call_event(chat, EVCHAT_EVENT_DRAINED);
	}
}

/* Closing */

/* Shut the write side, when that is wanted and all has left. */
static void
shut_write(struct evchat *chat)
{
	if (!queue_is_empty(&chat->queue) || chat->connecting)
		return;
	if (chat->output == OUTPUT_SHUTTING) {
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
	    !chat->linger_deadline.has_limit ||
	    (!chat->linger_deadline.running &&
	    deadline_start(&chat->linger_deadline) == -1)) {
		channel_end(chat, chat->why);
		return;
	}
	channel_set_state(chat, CHANNEL_LINGERING);
	deadline_stop(&chat->write_deadline);
	turn_set_reading(chat);
	if (chat->state == CHANNEL_LINGERING)
		drop_input(chat);
}

static void
go_on_closing(struct evchat *chat)
{
	if (chat->output != OUTPUT_OPEN && chat->state < CHANNEL_LINGERING)
		shut_write(chat);
	if (chat->state == CHANNEL_CLOSING && chat->connecting &&
	    turn_output_length(chat) == 0)
		channel_end(chat, chat->why);
	else if (chat->state == CHANNEL_CLOSING &&
	    chat->output == OUTPUT_SHUT)
		linger(chat);
	else if (chat->state == CHANNEL_OPEN && chat->output == OUTPUT_SHUT &&
	    chat->input.eof_told && input_wants(&chat->input))
		channel_end(chat, input_incomplete(&chat->input) ?
		    EVCHAT_REASON_TRUNCATED : EVCHAT_REASON_EOF);
}

/* The frame deadline runs while a frame is incomplete and reading goes on. */
static void
time_frame(struct evchat *chat)
{
	struct deadline *deadline = &chat->frame_deadline;
	int timed = 0;

	if (!deadline->has_limit)
		return;
	if (!input_in_frame(&chat->input) || chat->input.eof_told)
		deadline_stop(deadline);
	else if (!deadline->running || chat->frame_timed != chat->input.begun) {
		chat->frame_timed = chat->input.begun;
		timed = deadline_start(deadline);
	}
	if (chat->paused || chat->auto_paused)
		deadline_freeze(deadline);
	else if (timed == 0)
		timed = deadline_thaw(deadline);
	if (timed == -1)
		channel_end(chat, EVCHAT_REASON_NO_MEMORY);
}

/*
 * The write deadline runs while output waits, and anew when any has left.
 * libevent's own write timeout would do for sockets, but for nothing else.
 */
static void
time_output(struct evchat *chat)
{
	struct deadline *deadline = &chat->write_deadline;
	uint64_t left;

	if (!deadline->has_limit)
		return;
	left = chat->queue.written -
	    evbuffer_get_length(bufferevent_get_output(chat->bev));
	if (transport_output_length(chat->bev) == 0)
		deadline_stop(deadline);
	else if ((!deadline->running || left != chat->left_timed ||
	    chat->left_below) && deadline_start(deadline) == -1)
		channel_end(chat, EVCHAT_REASON_NO_MEMORY);
	chat->left_timed = left;
	chat->left_below = false;
}

void
turn_take(struct evchat *chat)
{
	if (chat->state >= CHANNEL_ENDING)
		return;
	if (chat->in_turn) {
		chat->noticed = true;
		return;
	}
	chat->in_turn = true;
	chat->noticed = false;
	if (chat->connected_now && chat->state == CHANNEL_OPEN)
		call_event(chat, EVCHAT_EVENT_CONNECTED);
	chat->connected_now = false;
	if (chat->state == CHANNEL_OPEN)
		receive(chat);
	else if (chat->state < CHANNEL_ENDING)
		drop_input(chat);
	/* What was wanted so far comes next; what will be, not in this turn. */
	chat->again = false;
	if (must_fail(chat))
		fail(chat);
	if (chat->state < CHANNEL_LINGERING)
		move_output(chat);
	if (chat->state < CHANNEL_LINGERING &&
	    transport_write(chat->bev, chat->kind) == -1)
		channel_end(chat, EVCHAT_REASON_NO_MEMORY);
	if (chat->state < CHANNEL_LINGERING)
		tell_sent(chat);
	if (chat->state < CHANNEL_LINGERING)
		go_on_closing(chat);
	if (chat->state < CHANNEL_LINGERING)
		time_output(chat);
	if (chat->state == CHANNEL_OPEN)
		time_frame(chat);
	turn_set_reading(chat);
	if (chat->state == CHANNEL_OPEN)
		input_settle(&chat->input);
	chat->in_turn = false;
	if (chat->again || chat->noticed)
		channel_yield(chat);
}
