/*
 * How a channel ends: soon, when its queue has drained, or now. There is one
 * end, end_now, which runs in whatever stack it happens. Its order is: every
 * done and cleanup, closed, and then what libevent held for the channel. No
 * hook runs behind it. A reset is this end, too, but for how the peer sees it.
 * A channel that is detached ends as well, but leaves its bufferevent as
 * evchat_new found it.
 */

#include <errno.h>
#include <string.h> /* what evutil_socket_error_to_string is made of */

#include <event2/bufferevent.h>
#include <event2/event.h>

#include "channel.h"
#include "connect.h"
#include "group.h"
#include "listener.h"

/* End when the queue has drained, with what is then to be told. */
void
end_soon(struct evchat *chat, enum evchat_reason why)
{
	channel_set_state(chat, CHANNEL_CLOSING);
	chat->why = why;
	if (chat->output == OUTPUT_OPEN)
		chat->output = OUTPUT_SHUTTING;
	timing_stop_input(chat);
	channel_wake(chat);
}

/*
 * The peer has sent what ends the channel. The answers to the frames before it
 * are still sent and protected from a reset, if there are any; a peer that
 * does not take them gets the time of the linger timeout in all, for it must
 * not be able to hold a channel.
 */
void
end_refused(struct evchat *chat, enum evchat_reason why)
{
	if (chat->queue.written == 0 && queue_is_empty(&chat->queue)) {
		end_now(chat, why);
		return;
	}
	end_soon(chat, why);
	/* To wait for the peer then has to be wanted; a limit there always is. */
	if ((deadline_has_limit(chat, DEADLINE_LINGER) ?
	    deadline_start(chat, DEADLINE_LINGER) :
	    deadline_start_for(chat, DEADLINE_LINGER,
	    DEADLINE_LINGER_LIMIT)) == -1)
		end_now(chat, EVCHAT_REASON_NO_MEMORY);
}

static const char *const reason_texts[] = {
	[EVCHAT_REASON_FREED] = "freed by the application",
	[EVCHAT_REASON_DETACHED] = "detached by the application",
	[EVCHAT_REASON_DONE] = "closed by the application",
	[EVCHAT_REASON_EOF] = "closed by the peer",
	[EVCHAT_REASON_TRUNCATED] = "closed by the peer inside a frame",
	[EVCHAT_REASON_OVERSIZE] = "frame above the maximum size",
	[EVCHAT_REASON_READ_TIMEOUT] = "nothing received in time",
	[EVCHAT_REASON_WRITE_TIMEOUT] = "output not accepted in time",
	[EVCHAT_REASON_FRAME_TIMEOUT] = "frame not complete in time",
	[EVCHAT_REASON_CONNECT] = "connection failed",
	[EVCHAT_REASON_IO] = "input or output failed",
	[EVCHAT_REASON_PRODUCER] = "producer failed",
	[EVCHAT_REASON_TLS] = "TLS failed",
	[EVCHAT_REASON_INJECTION] = "plaintext behind the upgrade to TLS",
	[EVCHAT_REASON_NO_MEMORY] = "out of memory",
	[EVCHAT_REASON_STALL_TIMEOUT] = "no output left in time",
	[EVCHAT_REASON_SLOW] = "slower than the minimum rate",
	[EVCHAT_REASON_BUDGET] = "its group is above its budget of memory",
};

const char *
end_words(const struct evchat *chat)
{
	if (chat->error != 0)
		return (evutil_socket_error_to_string(chat->error));
	if (chat->why == EVCHAT_REASON_MALFORMED && chat->input != NULL)
		return (chat->input->refusal);
	if (chat->error_text != NULL)
		return (chat->error_text);
	return (reason_texts[chat->why]);
}

/* Every done and cleanup, and then closed. */
static void
tell_end(struct evchat *chat)
{
	struct evbuffer *output = bufferevent_get_output(chat->bev);
	size_t in_output = channel_in_output(chat);
	bool by_us = chat->why == EVCHAT_REASON_FREED ||
	    chat->why == EVCHAT_REASON_DETACHED;

	if (chat->detached)
		chat->dropped += evbuffer_get_length(output);
	else
		channel_drop_output(chat);
	queue_end(&chat->queue, in_output, by_us ? EVCHAT_DONE_DISCARDED :
	    EVCHAT_DONE_FAILED);
	queue_drop(&chat->queue);
	group_leave(chat);
	listener_leave(chat);
	channel_set_state(chat, CHANNEL_CLOSED);
	hooks_closed(chat);
}

/* Without references the bufferevent goes soon, and with it the peer is told. */
static void
tell_peer(const struct evchat *chat, bool reset)
{
	if (reset && transport_reset(chat->bev))
		return;
	if (atomic_load(&chat->refs) > 1)
		transport_shut(chat->bev);
}

static void
end(struct evchat *chat, enum evchat_reason why, bool reset)
{
	if (chat->state >= CHANNEL_ENDING)
		return;
	channel_set_state(chat, CHANNEL_ENDING);
	chat->why = why;
	if (chat->attempts != NULL)
		attempts_end(chat);
	chat->error_text = end_words(chat);
	if (!chat->detached) {
		notice_detach(chat);
		(void)bufferevent_disable(chat->bev, EV_READ | EV_WRITE);
	}
	tell_end(chat);
	channel_set_state(chat, CHANNEL_ENDED);
	if (!chat->detached && chat->output != OUTPUT_SHUT)
		transport_hang_up(chat->bev, chat->output == OUTPUT_FINISHED);
	deadlines_stop(chat);
	if (chat->unblock != NULL)
		channel_event_free(chat->unblock);
	chat->unblock = NULL;
	if (chat->later != NULL)
		channel_event_free(chat->later);
	chat->later = NULL;
	channel_event_free(chat->event);
	if (!chat->detached)
		tell_peer(chat, reset);
	evchat_decref(chat);
}

void
end_now(struct evchat *chat, enum evchat_reason why)
{
	end(chat, why, false);
}

enum evchat_reason
end_of_input(const struct evchat *chat)
{
	return (input_incomplete(chat->input) ? EVCHAT_REASON_TRUNCATED :
	    EVCHAT_REASON_EOF);
}

/* For the failure that was noted. */
void
end_failed(struct evchat *chat)
{
	chat->error = chat->failed_errno;
	end_now(chat, chat->failed_why);
}

static void
free_it(struct evchat *chat, bool reset)
{
	struct bufferevent *bev;

	if (chat == NULL)
		return;
	bev = channel_enter(chat);
	end(chat, EVCHAT_REASON_FREED, reset);
	channel_leave(chat, bev);
}

void
evchat_free(struct evchat *chat)
{
	free_it(chat, false);
}

void
evchat_reset(struct evchat *chat)
{
	free_it(chat, true);
}

void
evchat_close_after_frame(struct evchat *chat)
{
	struct bufferevent *bev = channel_lock(chat);
	const struct input *input;
	struct input here;

	if (chat->state == CHANNEL_OPEN) {
		input = channel_see_input(chat, &here);
		if (!chat->last_wanted)
			chat->last_frame = input_ended(input) +
			    input_in_frame(input);
		chat->last_wanted = true;
		channel_wake(chat);
	}
	channel_unlock(bev);
}

void
evchat_close_when_done(struct evchat *chat)
{
	struct bufferevent *bev = channel_lock(chat);

	if (chat->state == CHANNEL_OPEN)
		end_soon(chat, EVCHAT_REASON_DONE);
	channel_unlock(bev);
}

int
evchat_push_eof(struct evchat *chat)
{
	struct bufferevent *bev = channel_lock(chat);
	bool open = channel_is_open(chat);

	if (open && chat->output == OUTPUT_OPEN) {
		chat->output = OUTPUT_SHUTTING;
		sink_close(chat);
		channel_wake(chat);
	}
	channel_unlock(bev);
	return (open ? 0 : -1);
}

/* If the peer's end was told already, the next turn sees what follows from it. */
int
evchat_set_half_open(struct evchat *chat, int on)
{
	struct bufferevent *bev = channel_lock(chat);
	bool open = channel_is_open(chat);
	unsigned options = chat->options & ~(unsigned)EVCHAT_OPT_HALF_OPEN;

	if (open) {
		if (on)
			options |= (unsigned)EVCHAT_OPT_HALF_OPEN;
		chat->options = options & 0xff;
		channel_wake(chat);
	}
	channel_unlock(bev);
	return (open ? 0 : -1);
}

/* Detaching */

/* Make the bufferevent what evchat_new found, with unread in its input again. */
static void
give_back(struct evchat *chat, struct evbuffer *unread)
{
	struct bufferevent *bev = chat->bev;

	notice_detach(chat);
	(void)reading_change(chat, READING_NOT);
	(void)bufferevent_set_max_single_read(bev, (size_t)chat->set->old_max_read);
	(void)bufferevent_set_max_single_write(bev,
	    (size_t)chat->set->old_max_write);
	(void)queue_flush(&chat->queue, bufferevent_get_output(bev));
	(void)evbuffer_prepend_buffer(bufferevent_get_input(bev), unread);
	(void)bufferevent_disable(bev,
	    (short)((EV_READ | EV_WRITE) & ~chat->old_enabled));
	(void)bufferevent_enable(bev, chat->old_enabled);
}

/*
 * References end with the channel, and the output does not. So what is on its
 * way goes on as a copy; the chains that refer to it stay here until the end.
 */
static int
copy_output(struct evchat *chat, struct evbuffer *copy)
{
	struct evbuffer *output = bufferevent_get_output(chat->bev);

	if (chat->kind != TRANSPORT_SOCKET ||
	    !queue_has_reference(&chat->queue))
		return (0);
	return (transport_copy(copy, output) == 0 &&
	    transport_copy(copy, chat->queue.bytes.buffer) == 0 ? 0 : -1);
}

struct bufferevent *
evchat_detach(struct evchat *chat)
{
	struct bufferevent *bev = channel_enter(chat), *given = NULL;
	struct evbuffer *unread = evbuffer_new(), *copy = evbuffer_new();

	if (!channel_is_open(chat))
		;
	else if (queue_has_producer(&chat->queue) || chat->upgrading ||
	    (chat->attempts != NULL && !attempts_may_detach(chat)))
		errno = EBUSY;
	else if (unread == NULL || copy == NULL ||
	    (chat->input != NULL &&
	    input_copy_unread(chat->input, unread) == -1) ||
	    backlog_buffer(&chat->queue.bytes) == NULL ||
	    copy_output(chat, copy) == -1)
		errno = ENOMEM;
	else {
		give_back(chat, unread);
		if (evbuffer_get_length(copy) > 0)
			transport_swap_output(chat->bev, copy,
			    backlog_buffer(&chat->queue.bytes));
		given = chat->bev;
		bufferevent_incref(given);
		chat->detached = true;
		end_now(chat, EVCHAT_REASON_DETACHED);
	}
	if (unread != NULL)
		evbuffer_free(unread);
	if (copy != NULL)
		evbuffer_free(copy);
	channel_leave(chat, bev);
	return (given);
}
