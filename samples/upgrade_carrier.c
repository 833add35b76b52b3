/*
 * A channel that evhttp has: its bytes, and how long it lasts.
 *
 * evhttp is given a filter, on top of a socket's bufferevent that keeps the
 * token and is never read. The filter lets nothing through, and so its two
 * evbuffers are ours: what the channel collects is put into its input, and
 * what evhttp writes is taken from its output. evhttp writes first and says
 * afterwards what is to be called when that has left, so this is done in
 * pump(), which the loop calls.
 *
 * A carrier lives as long as its filter. That is freed by libevent, in a later
 * pass of the loop, when evhttp has let go of it; until then it must not be
 * called. The channel may live on: it has its own hooks again.
 */
#define _DEFAULT_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <evchat.h>
#include "upgrade_carrier.h"

#define ENOUGH	(32 * 1024)	/* of output on its way: the low mark */

/* Bytes */

/* Has evhttp begun, and not let go yet? */
static bool
is_used(const struct carrier *carrier)
{
	bufferevent_event_cb eventcb;

	bufferevent_getcb(carrier->bev, NULL, NULL, &eventcb, NULL);
	return eventcb != NULL && bufferevent_getfd(carrier->bev) != -1;
}

/* Does evhttp want input? Not between a request and the end of its answer. */
static bool
is_reading(const struct carrier *carrier)
{
	bufferevent_data_cb readcb;

	bufferevent_getcb(carrier->bev, &readcb, NULL, NULL, NULL);
	return readcb != NULL &&
	    (bufferevent_get_enabled(carrier->bev) & EV_READ) != 0;
}

static void
take_output(struct carrier *carrier)
{
	struct evbuffer *output = bufferevent_get_output(carrier->bev);

	if (evbuffer_get_length(output) > 0) {
		carrier->has_written = true;
		if (evchat_push_buffer(carrier->chat, output) == -1)
			evchat_free(carrier->chat);
	}
	if (carrier->chat != NULL && carrier->has_written &&
	    evchat_get_output_length(carrier->chat) <= ENOUGH) {
		carrier->has_written = false;
		bufferevent_trigger(carrier->bev, EV_WRITE,
		    BEV_TRIG_IGNORE_WATERMARKS);
	}
}

static void
give_end(struct carrier *carrier)
{
	/* A client may have more requests, for which it connects again. */
	event_active(carrier->pump, 0, 0);
	bufferevent_trigger_event(carrier->bev,
	    BEV_EVENT_READING | BEV_EVENT_EOF, 0);
}

static void
give_input(struct carrier *carrier)
{
	if (!is_reading(carrier)) {
		evchat_pause(carrier->chat);
		return;
	}
	evchat_resume(carrier->chat);
	if (carrier->has_come) {
		carrier->has_come = false;
		event_active(carrier->pump, 0, 0);
		/* For its timeout, which begins anew. */
		bufferevent_enable(carrier->bev, EV_READ);
		bufferevent_trigger(carrier->bev, EV_READ,
		    BEV_TRIG_IGNORE_WATERMARKS);
	} else if (carrier->at_end)
		give_end(carrier);
}

static void
pump(evutil_socket_t fd, short what, void *arg)
{
	struct carrier *carrier = arg;

	(void)fd;
	(void)what;
	if (carrier->chat != NULL && is_used(carrier))
		take_output(carrier);
	if (!is_used(carrier))
		return;
	if (carrier->chat != NULL)
		give_input(carrier);
	else
		give_end(carrier);
}

void
carrier_wake(struct carrier *carrier)
{
	event_active(carrier->pump, 0, 0);
}

static void
on_output(struct evbuffer *output, const struct evbuffer_cb_info *info,
    void *arg)
{
	struct carrier *carrier = arg;

	(void)output;
	if (info->n_added > 0)
		event_active(carrier->pump, 0, 0);
}

static enum bufferevent_filter_result
let_nothing_through(struct evbuffer *from, struct evbuffer *to,
    ev_ssize_t limit, enum bufferevent_flush_mode mode, void *carrier)
{
	(void)from, (void)to, (void)limit, (void)mode, (void)carrier;
	return BEV_NEED_MORE;
}

int
carrier_give_back(struct carrier *carrier)
{
	struct evchat *chat = carrier->chat;

	carrier->chat = NULL;
	return evchat_set_hooks(chat, carrier->hooks, carrier->arg);
}

void
carrier_let_go(struct carrier *carrier)
{
	if (carrier->chat != NULL) {
		evchat_close_when_done(carrier->chat);
		(void)carrier_give_back(carrier);
	}
	if (carrier->carry != NULL)
		LIST_REMOVE(carrier, link);
	carrier->carry = NULL;
}

/* The hooks of a channel that evhttp has */

static void
on_collect(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct carrier *carrier = arg;

	carrier->has_come = true;
	event_active(carrier->pump, 0, 0);
	if (evbuffer_add(bufferevent_get_input(carrier->bev), data, len) == -1)
		evchat_free(chat);
}

static void
on_event(struct evchat *chat, enum evchat_event what, void *arg)
{
	struct carrier *carrier = arg;

	if (what == EVCHAT_EVENT_EOF) {
		carrier->at_end = true;
		/* There is an answer to come, or may be. */
		if (carrier->serves &&
		    (carrier->has_come || !is_reading(carrier)))
			(void)evchat_set_half_open(chat, 1);
	}
	event_active(carrier->pump, 0, 0);
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct carrier *carrier = arg;

	carrier->chat = NULL;
	if (carrier->hooks != NULL && carrier->hooks->closed != NULL)
		carrier->hooks->closed(chat, why, carrier->arg);
	if (carrier->token == -1)
		event_active(carrier->pump, 0, 0);
	else {				/* evhttp has never seen it */
		carrier_let_go(carrier);
		bufferevent_free(carrier->bev);
	}
}

static const struct evchat_hooks carrying = {
	.collect = on_collect,
	.event = on_event,
	.closed = on_closed,
};

/* Its life */

/* The filter goes: evhttp has freed it. */
static void
on_filter_free(void *arg)
{
	struct carrier *carrier = arg;

	carrier_let_go(carrier);
	if (carrier->token != -1)
		evutil_closesocket(carrier->token);
	if (carrier->pump != NULL)
		event_free(carrier->pump);
	free(carrier);
}

/* A filter, with a carrier for its context; NULL with errno. */
struct carrier *
carrier_new(struct event_base *base)
{
	struct carrier *carrier = calloc(1, sizeof(*carrier));
	struct bufferevent *keeper =
	    bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);

	if (carrier != NULL && keeper != NULL)
		carrier->bev = bufferevent_filter_new(keeper,
		    let_nothing_through, let_nothing_through,
		    BEV_OPT_CLOSE_ON_FREE, on_filter_free, carrier);
	if (carrier == NULL || carrier->bev == NULL) {
		if (keeper != NULL)
			bufferevent_free(keeper);
		free(carrier);
		errno = ENOMEM;
		return NULL;
	}
	bufferevent_disable(keeper, EV_READ | EV_WRITE);
	carrier->token = -1;
	carrier->pump = event_new(base, -1, EV_PERSIST, pump, carrier);
	if (carrier->pump != NULL && evbuffer_add_cb(
	    bufferevent_get_output(carrier->bev), on_output, carrier) != NULL)
		return carrier;
	bufferevent_free(carrier->bev);
	errno = ENOMEM;
	return NULL;
}

int
carrier_begin(struct carrier *carrier, struct carry *carry,
    struct evchat *chat)
{
	const struct evchat_hooks *hooks = evchat_get_hooks(chat);
	void *arg = evchat_get_arg(chat);

	if (evchat_set_hooks(chat, &carrying, carrier) == -1)
		return -1;
	carrier->chat = chat;
	carrier->hooks = hooks;
	carrier->arg = arg;
	carrier->carry = carry;
	LIST_INSERT_HEAD(&carry->carriers, carrier, link);
	evchat_set_terminator_none(chat);
	evchat_pause(chat);
	return 0;
}
