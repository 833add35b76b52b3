/*
 * The life of a channel: how it is made, and what keeps it.
 *
 * A hook, and anything else of the application that the library calls, may end
 * the channel. Whoever calls one holds the memory (channel_enter) and looks at
 * the state afterwards; no other protection is needed anywhere.
 *
 * refs count who may use the pointer; holds count who needs the memory: the
 * references together, each libevent event until it is finalized, and each
 * call of libevent's into this library. The bufferevent goes with the memory,
 * so its lock can be taken as long as there is anything to be protected.
 */

#include <errno.h>

#include <event2/bufferevent.h>
#include <event2/event.h>

#include "channel.h"
#include "framing.h"
#include "layer.h"
#include "mem.h"

/* Memory */

static void
destroy(struct evchat *chat)
{
	if (chat->detached)
		(void)bufferevent_decref(chat->bev);
	else
		bufferevent_free(chat->bev);
	if (chat->input != NULL)
		input_free(chat->input);
	else
		rest_free(&chat->rest);
	mem_free(chat->input);
	queue_free(&chat->queue);
	deadlines_free(chat);
	layers_free(chat->layer);
	settings_free(chat);
	evchat_framing_free(chat->last_framing);
	mem_free(chat);
}

void
channel_hold(struct evchat *chat)
{
	atomic_fetch_add_explicit(&chat->holds, 1, memory_order_relaxed);
}

void
channel_let_go(struct evchat *chat)
{
	if (atomic_fetch_sub_explicit(&chat->holds, 1,
	    memory_order_acq_rel) == 1)
		destroy(chat);
}

struct bufferevent *
channel_enter(struct evchat *chat)
{
	channel_hold(chat);
	return (channel_lock(chat));
}

void
channel_leave(struct evchat *chat, struct bufferevent *bev)
{
	channel_unlock(bev);
	channel_let_go(chat);
}

static void
on_event_finalized(struct event *event, void *arg)
{
	(void)event;
	channel_let_go(arg);
}

struct event *
channel_event_new(struct evchat *chat, evutil_socket_t fd, short what,
    void (*fn)(evutil_socket_t, short, void *))
{
	struct event *event = event_new(bufferevent_get_base(chat->bev), fd,
	    what, fn, chat);

	if (event == NULL) {
		errno = ENOMEM;
		return (NULL);
	}
	channel_hold(chat);
	return (event);
}

/* The application may have given the bufferevent another one. */
void
channel_event_prioritize(const struct evchat *chat, struct event *event)
{
	int priority = bufferevent_get_priority(chat->bev);

	if (priority != event_get_priority(event))
		(void)event_priority_set(event, priority);
}

/*
 * Another thread may be in the event's callback, waiting for the lock that is
 * held here; so the event is not deleted but finalized, by the loop.
 */
void
channel_event_free(struct event *event)
{
	(void)event_free_finalize(0, event, on_event_finalized);
}

/* Making */

static struct evchat *
half_built_free(struct evchat *chat, int error)
{
	notice_detach(chat);
	if (chat->event != NULL) {
		event_free(chat->event);
		channel_let_go(chat);
	}
	channel_let_go(chat);
	errno = error;
	return (NULL);
}

static void
init(struct evchat *chat, struct bufferevent *bev,
    const struct evchat_hooks *hooks, void *arg, unsigned options)
{
	atomic_init(&chat->refs, 1);
	atomic_init(&chat->holds, 1);
	chat->bev = chat->lock = bev;
	chat->hooks = hooks != NULL ? hooks : &hooks_none;
	chat->arg = arg;
	chat->options = options & 0xff;
	chat->old_enabled = bufferevent_get_enabled(bev);
	rest_init(&chat->rest, options & EVCHAT_OPT_DELIVER_LAST);
	queue_init(&chat->queue);
}

static int
attach(struct evchat *chat)
{
	enum transport_kind kind;

	if (settings_init(chat) == -1 ||
	    transport_kind_of(chat->bev, &kind) == -1)
		return (-1);
	chat->kind = kind;
	chat->event = channel_event_new(chat, bufferevent_getfd(chat->bev),
	    EV_READ | EV_PERSIST, notice_event);
	return (chat->event != NULL ? notice_attach(chat) : -1);
}

struct evchat *
evchat_new(struct bufferevent *bev, const struct evchat_hooks *hooks,
    void *arg, unsigned options)
{
	struct evchat *chat;

	if (bev == NULL || (options & ~CHANNEL_OPTIONS) != 0 ||
	    (chat = mem_calloc(sizeof(*chat))) == NULL) {
		if (bev == NULL || (options & ~CHANNEL_OPTIONS) != 0)
			errno = EINVAL;
		if (bev != NULL)
			bufferevent_free(bev);
		return (NULL);
	}
	bufferevent_lock(bev);
	init(chat, bev, hooks, arg, options);
	if (attach(chat) == -1)
		chat = half_built_free(chat, errno);
	bufferevent_unlock(bev);
	return (chat);
}

struct evchat *
evchat_socket_new(struct event_base *base, evutil_socket_t fd,
    const struct evchat_hooks *hooks, void *arg, unsigned options)
{
	struct bufferevent *bev = NULL;
	struct evchat *chat;
	int bev_options = BEV_OPT_CLOSE_ON_FREE;

	if (options & EVCHAT_OPT_THREADSAFE)
		bev_options |= BEV_OPT_THREADSAFE;
	errno = EINVAL;
	if (base != NULL) {
		errno = ENOMEM;
		bev = bufferevent_socket_new(base, fd, bev_options);
	}
	if (bev == NULL) {
		int error = errno;

		if (fd != -1)
			(void)evutil_closesocket(fd);
		errno = error;
		return (NULL);
	}
	chat = evchat_new(bev, hooks, arg,
	    options & ~(unsigned)EVCHAT_OPT_THREADSAFE);
	if (chat != NULL && !(options & EVCHAT_OPT_THREADSAFE))
		chat->lock = NULL;
	return (chat);
}

/* Referring to it */

void
evchat_incref(struct evchat *chat)
{
	atomic_fetch_add_explicit(&chat->refs, 1, memory_order_relaxed);
}

void
evchat_decref(struct evchat *chat)
{
	if (atomic_fetch_sub_explicit(&chat->refs, 1,
	    memory_order_acq_rel) == 1)
		channel_let_go(chat);
}

bool
channel_is_open(const struct evchat *chat)
{
	if (chat->state == CHANNEL_OPEN)
		return (true);
	errno = EPIPE;
	return (false);
}

void
channel_activate(struct evchat *chat)
{
	chat->woken = true;
	channel_event_prioritize(chat, chat->event);
	event_active(chat->event, EV_WRITE, 0);
}

void
channel_wake_behind(struct evchat *chat)
{
	if (chat->state >= CHANNEL_ENDING)
		return;
	if (chat->in_turn)
		chat->again = true;
	else if (!chat->woken)
		channel_activate(chat);
}

void
channel_wake(struct evchat *chat)
{
	chat->called = true;
	channel_wake_behind(chat);
}

/*
 * After news, the turn comes before the loop looks for events again; so who
 * goes on later has to wait for a timer.
 */
void
channel_yield(struct evchat *chat)
{
	static const struct timeval now;

	if (chat->state >= CHANNEL_ENDING)
		return;
	if (chat->later == NULL)
		chat->later = channel_event_new(chat, -1, 0, notice_later);
	if (chat->later != NULL)
		channel_event_prioritize(chat, chat->later);
	if (chat->later != NULL && event_add(chat->later, &now) == 0)
		return;
	/* Without memory for it, being unfair is better than hanging. */
	if (chat->in_turn)
		chat->noticed = true;
	else
		channel_wake(chat);
}

/* It only ever goes on. */
void
channel_set_state(struct evchat *chat, enum channel_state state)
{
	if (state > chat->state) {
		if (chat->state == CHANNEL_OPEN)
			sink_part(chat);
		channel_stir(chat);
		chat->state = state;
	}
}

size_t
channel_in_output(const struct evchat *chat)
{
	/* Not even a mark with no bytes before it has gone anywhere yet. */
	if (chat->connecting)
		return (SIZE_MAX);
	return (evbuffer_get_length(bufferevent_get_output(chat->bev)));
}

void
channel_drop_output(struct evchat *chat)
{
	chat->dropped +=
	    evbuffer_get_length(bufferevent_get_output(chat->bev));
	transport_drop_output(chat->bev);
}
