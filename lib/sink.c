/*
 * Sinks: one channel, the source, is stopped while the queue of another one is
 * above its high mark. A sink has a basin, which knows whether it is full and
 * has the sources for members. The lock of a source is never taken under that
 * of the sink: whoever pushes writes one word, and then makes an event active,
 * which locks one source after the other and reads the word afresh for each.
 * So no change is lost. A source also reads it by itself, before it delivers
 * and behind each of its hooks. One that its own hook has stopped goes to the
 * end of the list, so those that wait for their turn go on before it.
 *
 * A basin knows no sink, and is closed when that takes no more: then nobody
 * joins, and the event has all leave. The last of them has it finalized.
 */

#include <errno.h>
#include <stdatomic.h>

#include <event2/bufferevent.h>
#include <event2/event.h>

#include "channel.h"
#include "members.h"
#include "mem.h"

struct basin {
	struct members sources; /* each under its own lock, and then the list's */
	atomic_uint holds;      /* each source, the event, who is about to join */
	atomic_bool full;
	bool closed;            /* under the list's lock */
	struct event *event;    /* NULL: closed, and there are no sources */
};

/* Basins */

static void
let_go(struct basin *basin)
{
	if (atomic_fetch_sub_explicit(&basin->holds, 1,
	    memory_order_acq_rel) != 1)
		return;
	members_free(&basin->sources);
	mem_free(basin);
}

static void
hold(struct basin *basin)
{
	atomic_fetch_add_explicit(&basin->holds, 1, memory_order_relaxed);
}

static void
on_finalized(struct event *event, void *basin)
{
	(void)event;
	let_go(basin);
}

/* Nobody needs the event any more? Under the list's lock. */
static void
look_for_end(struct basin *basin)
{
	if (!basin->closed || basin->sources.count > 0 || basin->event == NULL)
		return;
	(void)event_free_finalize(0, basin->event, on_finalized);
	basin->event = NULL;
}

/* Other threads need a lock, if there can be any. */
static int
init_sources(struct basin *basin)
{
	if (members_init(&basin->sources, basin, true) == 0)
		return (0);
	return (errno == EINVAL ?
	    members_init(&basin->sources, basin, false) : -1);
}

static void on_change(evutil_socket_t fd, short what, void *arg);

static struct basin *
basin_new(struct event_base *base)
{
	struct basin *basin = mem_calloc(sizeof(*basin));

	if (basin == NULL)
		return (NULL);
	atomic_init(&basin->holds, 1);
	atomic_init(&basin->full, false);
	if (init_sources(basin) == -1) {
		mem_free(basin);
		return (NULL);
	}
	basin->event = event_new(base, -1, 0, on_change, basin);
	if (basin->event == NULL) {
		let_go(basin);
		errno = ENOMEM;
		return (NULL);
	}
	/* Who is to stop does so before anything else comes in. */
	(void)event_priority_set(basin->event, 0);
	return (basin);
}

/* That of an open channel, which is locked; NULL with errno. */
static struct basin *
basin_of(struct evchat *chat, struct event_base *base)
{
	struct settings *own = settings_own(chat);

	if (own != NULL && own->basin == NULL &&
	    (own->basin = basin_new(base)) != NULL)
		atomic_store(&own->basin->full, chat->above_high);
	return (own != NULL ? own->basin : NULL);
}

/* What a sink does, under its lock */

void
sink_note(struct evchat *chat)
{
	struct basin *basin = chat->set->basin;

	if (atomic_load(&basin->full) == chat->above_high)
		return;
	atomic_store(&basin->full, chat->above_high);
	event_active(basin->event, EV_WRITE, 0);
}

void
sink_close(struct evchat *chat)
{
	struct basin *basin = chat->set->basin;

	if (basin == NULL)
		return;
	settings_own(chat)->basin = NULL;
	hold(basin);
	atomic_store(&basin->full, false);
	members_lock(&basin->sources);
	basin->closed = true;
	event_active(basin->event, EV_WRITE, 0);
	look_for_end(basin);
	members_unlock(&basin->sources);
	let_go(basin);
}

/* What a source does, under its lock */

static struct basin *
basin_above(const struct evchat *chat)
{
	return (chat->set->source->of->owner);
}

void
sink_look(struct evchat *chat)
{
	if (!atomic_load(&basin_above(chat)->full))
		chat->auto_paused &= (unsigned char)~FULL_SINK;
	else if (!(chat->auto_paused & FULL_SINK)) {
		chat->auto_paused |= FULL_SINK;
		chat->stops++;
	}
}

void
sink_look_behind(struct evchat *chat)
{
	bool stopped = chat->auto_paused & FULL_SINK;

	chat->pushed = (unsigned char)CHANNEL_HAS_SINK;
	sink_look(chat);
	if (!stopped && (chat->auto_paused & FULL_SINK))
		members_move_last(chat->set->source);
}

static void
leave(struct evchat *chat)
{
	struct basin *basin;

	if (!(chat->options & CHANNEL_HAS_SINK))
		return;
	basin = basin_above(chat);
	members_lock(&basin->sources);
	members_remove(chat->set->source);
	look_for_end(basin);
	members_unlock(&basin->sources);
	settings_own(chat)->source = NULL;
	chat->options &= 0xff & ~CHANNEL_HAS_SINK;
	chat->auto_paused &= (unsigned char)~FULL_SINK;
	let_go(basin);
}

/* In the place of the sink that it had, if any; -1 with errno. */
static int
join(struct evchat *chat, struct basin *basin)
{
	struct settings *own = settings_own(chat);
	struct member *source = NULL;

	if (own == NULL)
		return (-1);
	members_lock(&basin->sources);
	if (basin->closed)
		errno = EPIPE;
	else
		source = members_add(&basin->sources, chat);
	members_unlock(&basin->sources);
	if (source == NULL)
		return (-1);
	leave(chat);
	hold(basin);
	own->source = source;
	chat->options |= CHANNEL_HAS_SINK;
	/* If a hook is running, that is looked at behind it. */
	chat->pushed |= (unsigned char)CHANNEL_HAS_SINK;
	sink_look(chat);
	return (0);
}

void
sink_part(struct evchat *chat)
{
	leave(chat);
	sink_close(chat);
}

/* Stop at once, or go on from the loop. */
static void
follow(struct evchat *chat)
{
	if (chat->auto_paused && !chat->in_turn)
		reading_set(chat);
	channel_wake(chat);
}

/* The event, which has no lock */

static void
tell(struct evchat *chat, const struct basin *basin, bool closed)
{
	struct bufferevent *bev = channel_enter(chat);
	unsigned char stopped = chat->auto_paused;

	/* It may have left on the way here. */
	if ((chat->options & CHANNEL_HAS_SINK) && basin_above(chat) == basin) {
		if (closed)
			leave(chat);
		else
			sink_look(chat);
		if (chat->auto_paused != stopped)
			follow(chat);
	}
	channel_leave(chat, bev);
}

static void
on_change(evutil_socket_t fd, short what, void *arg)
{
	struct basin *basin = arg;
	struct cursor cursor;
	struct evchat *chat;
	bool closed;

	(void)fd;
	(void)what;
	/* If that comes later, this is called again. */
	members_lock(&basin->sources);
	closed = basin->closed;
	members_unlock(&basin->sources);
	cursor_begin(&cursor, &basin->sources);
	while ((chat = cursor_next(&cursor)) != NULL) {
		tell(chat, basin, closed);
		evchat_decref(chat);
	}
	cursor_end(&cursor);
}

/* From outside */

/* The loop of an open channel, which it keeps, or NULL. */
static struct event_base *
base_of(const struct evchat *chat)
{
	struct bufferevent *bev = channel_lock(chat);
	struct event_base *base = channel_is_open(chat) ?
	    bufferevent_get_base(chat->bev) : NULL;

	channel_unlock(bev);
	return (base);
}

/* The basin of to, held, if it is of that loop; NULL with errno. */
static struct basin *
hold_basin(struct evchat *to, struct event_base *base)
{
	struct bufferevent *bev = channel_lock(to);
	struct basin *basin = NULL;

	if (to->state != CHANNEL_OPEN || to->output != OUTPUT_OPEN)
		errno = EPIPE;
	else if (bufferevent_get_base(to->bev) != base)
		errno = EINVAL;
	else if ((basin = basin_of(to, base)) != NULL)
		hold(basin);
	channel_unlock(bev);
	return (basin);
}

/* NULL: none. -1 with errno. */
static int
set_basin(struct evchat *from, struct basin *basin)
{
	struct bufferevent *bev = channel_enter(from);
	int done = -1;

	if (!channel_is_open(from))
		;
	else if (basin == NULL) {
		leave(from);
		done = 0;
	} else if ((from->options & CHANNEL_HAS_SINK) &&
	    basin_above(from) == basin)
		done = 0;
	else
		done = join(from, basin);
	if (done == 0)
		follow(from);
	channel_leave(from, bev);
	return (done);
}

int
evchat_set_sink(struct evchat *from, struct evchat *to)
{
	struct basin *basin = NULL;
	struct event_base *base;
	int done, error;

	if (from == to) {
		errno = EINVAL;
		return (-1);
	}
	if ((base = base_of(from)) == NULL ||
	    (to != NULL && (basin = hold_basin(to, base)) == NULL))
		return (-1);
	done = set_basin(from, basin);
	error = errno;
	if (basin != NULL)
		let_go(basin);
	errno = error;
	return (done);
}
