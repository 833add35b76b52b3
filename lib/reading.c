/*
 * Whether input comes, and how: by the bufferevent or directly. While nobody
 * wants it, nothing is waited for, and the peer finds the window closed.
 */

#include <errno.h>

#include <event2/bufferevent.h>
#include <event2/event.h>

#include "channel.h"
#include "layer.h"

/* What comes faster than it is delivered waits where it is. */
static size_t
waiting(const struct evchat *chat)
{
	size_t direct = chat->may_be_direct && chat->input != NULL ?
	    input_waiting(chat->input) : 0;
	size_t in_buffer =
	    evbuffer_get_length(bufferevent_get_input(chat->bev));

	if (chat->reading == READING_BUFFEREVENT)
		return (in_buffer);
	return (direct > in_buffer ? direct : in_buffer);
}

/* While closing, input is read and dropped. */
static bool
is_full(const struct evchat *chat)
{
	return (chat->state == CHANNEL_OPEN && (chat->paused ||
	    chat->auto_paused || chat->over_budget ||
	    waiting(chat) >= chat->set->in_size));
}

static enum channel_reading
wanted(struct evchat *chat)
{
	if (chat->eof || chat->failed || chat->attempts != NULL)
		return (READING_NOT);
	/* An upgrade goes on whatever the application does. */
	if (chat->upgrading ? !layer_reads(chat) : is_full(chat))
		return (READING_NOT);
	/* That it still may be is looked at before each time. */
	if (chat->reading == READING_DIRECT || direct_may_read(chat))
		return (READING_DIRECT);
	return (READING_BUFFEREVENT);
}

/*
 * Have the channel's event wait for the descriptor, or no more. libevent adds
 * none that is active, and to delete one is to have it active no more; so a
 * wake is taken back, and given again. The descriptor may be another one than
 * it was.
 */
static int
wait_for_descriptor(struct evchat *chat, bool wait)
{
	struct event *event = chat->event;
	evutil_socket_t fd = bufferevent_getfd(chat->bev);
	int done = 0;

	(void)event_del_noblock(event);
	if (wait && event_get_fd(event) != fd)
		(void)event_assign(event, bufferevent_get_base(chat->bev), fd,
		    EV_READ | EV_PERSIST, notice_event, chat);
	channel_event_prioritize(chat, event);
	if (wait)
		done = event_add(event, NULL);
	if (chat->woken)
		channel_activate(chat);
	return (done);
}

static int
start(struct evchat *chat, enum channel_reading how)
{
	if (how == READING_BUFFEREVENT)
		return (bufferevent_enable(chat->bev, EV_READ));
	if (how == READING_DIRECT)
		return (wait_for_descriptor(chat, true));
	return (0);
}

static void
stop(struct evchat *chat)
{
	if (chat->reading == READING_BUFFEREVENT)
		(void)bufferevent_disable(chat->bev, EV_READ);
	else if (chat->reading == READING_DIRECT)
		(void)wait_for_descriptor(chat, false);
}

int
reading_change(struct evchat *chat, enum channel_reading how)
{
	if (how == chat->reading)
		return (0);
	stop(chat);
	chat->reading = READING_NOT;
	if (start(chat, how) == -1) {
		errno = ENOMEM;
		return (-1);
	}
	chat->reading = how;
	return (0);
}

int
reading_begin(struct evchat *chat)
{
	chat->reading = bufferevent_get_enabled(chat->bev) & EV_READ ?
	    READING_BUFFEREVENT : READING_NOT;
	return (reading_change(chat, wanted(chat)));
}

void
reading_set(struct evchat *chat)
{
	if (chat->state < CHANNEL_ENDING &&
	    reading_change(chat, wanted(chat)) == -1)
		end_now(chat, EVCHAT_REASON_NO_MEMORY);
}
