/*
 * What libevent tells a channel. The callbacks only take note, and have a
 * turn; see turn.c. This is also where they are set and cleared.
 */

#include <errno.h>

#include <event2/bufferevent.h>
#include <event2/event.h>

#include "channel.h"
#include "connect.h"
#include "layer.h"

static void
on_ready(struct bufferevent *bev, void *arg)
{
	struct evchat *chat = arg;
	struct bufferevent *locked = channel_enter(chat);

	(void)bev;
	/* Bytes have come or gone, whether or not a connect was told of. */
	if (chat->attempts == NULL)
		chat->connecting = false;
	turn_take(chat);
	channel_leave(chat, locked);
}

/* The channel is woken, or its descriptor is readable, or both. */
void
notice_event(evutil_socket_t fd, short what, void *arg)
{
	struct evchat *chat = arg;
	struct bufferevent *bev = channel_enter(chat);
	struct few few;
	struct input here;

	(void)fd;
	if (what & EV_WRITE)
		chat->woken = false;
	if (!(what & EV_READ) || chat->called)
		turn_take(chat);
	if ((what & EV_READ) && chat->reading == READING_DIRECT &&
	    chat->state < CHANNEL_ENDING) {
		(void)channel_open_input(chat, &here);
		direct_receive(chat, &few);
		turn_take_input(chat);
		direct_keep(chat);
		channel_close_input(chat, &here);
	}
	channel_leave(chat, bev);
}

void
notice_later(evutil_socket_t fd, short what, void *arg)
{
	struct evchat *chat = arg;
	struct bufferevent *bev = channel_enter(chat);

	(void)fd;
	(void)what;
	if (chat->later != NULL)
		channel_event_free(chat->later);
	chat->later = NULL;
	turn_take(chat);
	channel_leave(chat, bev);
}

/*
 * The descriptor takes bytes again. If it does so because the connection is
 * gone, what the peer sent before is read first: the turn comes behind all
 * callbacks.
 */
void
notice_unblocked(evutil_socket_t fd, short what, void *arg)
{
	struct evchat *chat = arg;
	struct bufferevent *bev = channel_enter(chat);

	(void)fd;
	(void)what;
	chat->blocked = false;
	channel_wake_behind(chat);
	channel_leave(chat, bev);
}

/*
 * When libevent has no memory to read into, errno is whatever it was before. A
 * layer that fails by itself has none.
 */
static bool
is_no_memory(const struct evchat *chat, int error)
{
	return (error == EAGAIN || error == ENOMEM ||
	    (error == 0 && chat->kind != TRANSPORT_LAYERED));
}

void
notice_fail_as(struct evchat *chat, enum evchat_reason why, int error,
    bool reading)
{
	chat->failed = true;
	chat->failed_why = why;
	chat->failed_errno = (short)error;
	chat->failed_reading = reading;
}

/* A name that could not be looked up has an error of its own. */
static void
note_connect_failure(struct evchat *chat, int error)
{
	int dns_error = bufferevent_socket_get_dns_error(chat->bev);

	if (dns_error != 0) {
		chat->error_text = evutil_gai_strerror(dns_error);
		error = 0;
	}
	notice_fail_as(chat, EVCHAT_REASON_CONNECT, error, false);
}

/* Why the channel is going to end. What failed first is the cause. */
static void
note_failure(struct evchat *chat, short what, int error)
{
	bool reading = !(what & BEV_EVENT_WRITING);

	if (chat->failed) {
		/* Nothing will leave any more, so nobody may wait for that. */
		if (!reading)
			chat->failed_reading = false;
	} else if (chat->connecting)
		note_connect_failure(chat,
		    what & BEV_EVENT_TIMEOUT ? ETIMEDOUT : error);
	else if (what & BEV_EVENT_TIMEOUT)
		notice_fail_as(chat, reading ? EVCHAT_REASON_READ_TIMEOUT :
		    EVCHAT_REASON_WRITE_TIMEOUT, 0, reading);
	else if (is_no_memory(chat, error))
		notice_fail_as(chat, EVCHAT_REASON_NO_MEMORY, 0, reading);
	else
		notice_fail_as(chat, EVCHAT_REASON_IO, error, reading);
}

void
notice_failure(struct evchat *chat, enum evchat_reason why, int error)
{
	if (chat->failed || chat->connecting)
		note_failure(chat, BEV_EVENT_TIMEOUT | BEV_EVENT_WRITING,
		    error);
	else
		notice_fail_as(chat, why, error, false);
	channel_wake_behind(chat);
}

/*
 * An error is there to be seen once: whoever looks again finds a connection,
 * or the end of the input.
 */
static bool
input_has_failed(const struct evchat *chat)
{
	return (chat->failed_reading ||
	    chat->failed_why == EVCHAT_REASON_CONNECT);
}

/*
 * Writing may be the first to see that the connection is gone, which was not
 * the peer's end of sending, whatever reading finds behind it. EPIPE tells of
 * the one direction only.
 */
static bool
connection_has_failed(const struct evchat *chat)
{
	return (chat->failed && chat->failed_why == EVCHAT_REASON_IO &&
	    chat->failed_errno != 0 && chat->failed_errno != EPIPE);
}

/*
 * What an end of writing comes of. Once TLS has read its peer's end, it calls
 * every failure to write so, and it is errno that knows better.
 */
static int
error_of_end(const struct evchat *chat, int error)
{
	return (chat->kind == TRANSPORT_LAYERED && error != 0 &&
	    error != EAGAIN ? error : EPIPE);
}

/*
 * libevent's TLS over another bufferevent has that one read when the handshake
 * is over, whether or not reading is enabled, and what it reads has no limit.
 */
static void
note_connected(struct evchat *chat)
{
	chat->connecting = false;
	layer_ready(chat);
	chat->connected_now = !chat->upgrading;
	if (chat->kind == TRANSPORT_LAYERED && chat->reading == READING_NOT)
		(void)bufferevent_disable(chat->bev, EV_READ);
}

/*
 * TLS of libevent waits no more for its descriptor then, not even to write;
 * but the peer may still listen.
 */
static void
write_on(struct evchat *chat)
{
	if (chat->kind == TRANSPORT_LAYERED &&
	    (bufferevent_get_enabled(chat->bev) & EV_WRITE) &&
	    bufferevent_enable(chat->bev, EV_WRITE) == -1)
		note_failure(chat, BEV_EVENT_ERROR | BEV_EVENT_WRITING, ENOMEM);
}

/* Deferred, several events come as one: the end of the input with an error. */
void
notice_take(struct evchat *chat, short what, int error)
{
	enum evchat_reason why = EVCHAT_REASON_IO;
	const char *text = NULL;
	bool first = !chat->failed;

	if (chat->attempts != NULL && attempts_note(chat, what, error))
		return;
	/* An end that was found directly has waited for this. */
	if (chat->eof_seen && !chat->eof && (what & BEV_EVENT_WRITING))
		what |= BEV_EVENT_EOF | BEV_EVENT_READING;
	if (input_has_failed(chat) && !(what & BEV_EVENT_WRITING))
		return;
	if (chat->layer != NULL && (what & (BEV_EVENT_EOF | BEV_EVENT_ERROR)))
		what = layer_judge(chat, what, &why, &text);
	if (what & BEV_EVENT_CONNECTED)
		note_connected(chat);
	if (chat->state == CHANNEL_LINGERING) {
		chat->eof = true;
		return;
	}
	if ((what & BEV_EVENT_EOF) && (what & BEV_EVENT_READING)) {
		/* Deferred, the failure of writing may come with it. */
		if (what & BEV_EVENT_ERROR)
			note_failure(chat, BEV_EVENT_ERROR | BEV_EVENT_WRITING,
			    error);
		if (connection_has_failed(chat))
			return;
		chat->eof = true;
		write_on(chat);
		/* So it was not reading that failed. */
		what &= ~BEV_EVENT_READING;
	} else if (what & BEV_EVENT_EOF) {
		what |= BEV_EVENT_ERROR;
		error = error_of_end(chat, error);
	}
	if (what & (BEV_EVENT_ERROR | BEV_EVENT_TIMEOUT))
		note_failure(chat, what | (chat->eof ? BEV_EVENT_WRITING : 0),
		    error);
	if (why != EVCHAT_REASON_IO && first && chat->failed) {
		chat->failed_why = why;
		chat->failed_errno = 0;
		chat->error_text = text;
	}
}

/* May be called inside bufferevent_socket_connect, where no hook may run. */
static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct evchat *chat = arg;
	int error = EVUTIL_SOCKET_ERROR();
	struct bufferevent *locked = channel_enter(chat);

	(void)bev;
	if (chat->state < CHANNEL_ENDING)
		notice_take(chat, what, error);
	channel_wake_behind(chat);
	channel_leave(chat, locked);
}

/* Bytes have come into, or left, an output beneath the bufferevent. */
static void
on_below_output(struct evbuffer *buffer, const struct evbuffer_cb_info *info,
    void *arg)
{
	struct evchat *chat = arg;

	if (info->n_deleted == 0)
		return;
	if (chat->deadlines != NULL &&
	    transport_is_last_output(chat->bev, buffer))
		chat->deadlines->left_below += info->n_deleted;
	channel_wake_behind(chat);
}

/* What has failed already: a connection, or the making of one. */
static void
note_earlier_failure(struct evchat *chat, int error)
{
	bool was_connected = error == ECONNRESET || error == EPIPE;

	chat->connecting = !was_connected;
	note_failure(chat, BEV_EVENT_ERROR | BEV_EVENT_READING, error);
	chat->connecting = false;
}

static int
listen_to(struct evchat *chat)
{
	struct bufferevent *bev = chat->bev;
	bool enabled, in_turn = chat->in_turn;

	direct_init(chat);
	if (transport_watch(bev, on_below_output, chat) == -1)
		return (-1);
	bufferevent_setcb(bev, on_ready, on_ready, on_event, chat);
	bufferevent_setwatermark(bev, EV_READ, 0, 0);
	/* To be called whenever bytes have left. */
	bufferevent_setwatermark(bev, EV_WRITE, SIZE_MAX, 0);
	(void)bufferevent_set_timeouts(bev, NULL, NULL);
	transport_write_all(bev, chat->kind);
	/* Some kinds call back at once; no hook may run before the loop does. */
	chat->in_turn = true;
	enabled = ((bufferevent_get_enabled(bev) & EV_WRITE) ||
	    bufferevent_enable(bev, EV_WRITE) == 0) &&
	    reading_begin(chat) == 0;
	chat->in_turn = in_turn;
	if (!enabled) {
		errno = ENOMEM;
		return (-1);
	}
	/* Nothing else tells of input that is there already. */
	if (chat->noticed || chat->failed ||
	    evbuffer_get_length(bufferevent_get_input(bev)) > 0)
		channel_wake(chat);
	return (0);
}

int
notice_attach(struct evchat *chat)
{
	int error;

	chat->connecting = transport_is_connecting(chat->bev, &error);
	if (error != 0)
		note_earlier_failure(chat, error);
	return (listen_to(chat));
}

int
notice_attach_layer(struct evchat *chat)
{
	int done = listen_to(chat);

	channel_wake(chat);
	return (done);
}

void
notice_detach(struct evchat *chat)
{
	struct bufferevent *bev = chat->bev;

	bufferevent_setcb(bev, NULL, NULL, NULL, NULL);
	bufferevent_setwatermark(bev, EV_READ | EV_WRITE, 0, 0);
	(void)bufferevent_set_timeouts(bev, NULL, NULL);
	transport_unwatch(bev, on_below_output, chat);
}
