/*
 * Layers: the way of an upgrade, from the call to where the channel goes on
 * upon another bufferevent.
 *
 * The order of output is kept by a gate in the queue, a producer that gives
 * nothing before the layer is ready. The order of input is kept by not
 * reading: from the call on nothing is taken from the transport until it is
 * known to be for the layer. What has been taken by then and was not delivered
 * goes back into the bufferevent's input; a plain socket is only looked into.
 * So where the network cut the bytes makes no difference to what is admitted,
 * and no byte is ever seen both by the framing and by the layer.
 */

#include <errno.h>
#include <sys/socket.h>

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include "channel.h"
#include "layer.h"
#include "mem.h"
#include "producer.h"
#include "push.h"

#define LOOKED_AT 512 /* bytes at once of what the peer sends first */
#define LOOKS 64      /* in one turn, if all of that is dropped */

/* The gate */

static enum evchat_more
gate_more(void *self, struct evbuffer *out, size_t want)
{
	struct layer *layer = self;

	(void)out;
	(void)want;
	layer->reached = true;
	return (EVCHAT_MORE_LATER);
}

static void
gate_done(void *self, enum evchat_done how, uint64_t bytes)
{
	struct layer *layer = self;

	(void)how;
	(void)bytes;
	layer->gate = NULL;
	layer->reached = true;
}

static const struct evchat_producer_ops gate_ops = {
	.more = gate_more,
	.done = gate_done
};

/* It is open: nothing but a mark, which stops nobody. */
static const struct evchat_producer_ops open_gate_ops = {
	.done = gate_done
};

bool
layer_keeps(const struct evchat *chat)
{
	return (chat->upgrading && chat->layer->reached);
}

bool
layer_holds(const struct evchat *chat)
{
	return (chat->upgrading && chat->layer->gate == NULL);
}

/* Ending */

/* It is this way that it has failed, unless the channel says another. */
static void
fail(struct evchat *chat, struct bufferevent *bev, short what)
{
	const struct layer *layer = chat->layer;
	const char *text = NULL;
	enum evchat_reason why =
	    layer->ops->failed(layer->self, bev, what, &text);

	if (text != NULL)
		chat->error_text = text;
	end_now(chat, why == EVCHAT_REASON_EOF || why == EVCHAT_REASON_IO ?
	    EVCHAT_REASON_TLS : why);
}

void
layer_expired(struct evchat *chat)
{
	fail(chat, chat->layer->bev, BEV_EVENT_TIMEOUT);
}

/*
 * What a layer says when it fails, such as an alert, is in an output beneath
 * it, and no loop will run that could send it. So much of it is sent as leaves
 * at once.
 */
static void
send_last_words(const struct layer *layer)
{
	struct bufferevent *bev = layer->bev, *below;
	struct evbuffer_iovec words = { NULL, 0 };
	struct evbuffer *output;
	ssize_t n;

	while ((below = bufferevent_get_underlying(bev)) != NULL) {
		if (bev != layer->bev)
			(void)bufferevent_flush(bev, EV_WRITE, BEV_FLUSH);
		bev = below;
	}
	output = bufferevent_get_output(bev);
	if (bev == layer->bev || bufferevent_getfd(bev) == -1 ||
	    evbuffer_peek(output, -1, NULL, &words, 1) != 1)
		return;
	n = send(bufferevent_getfd(bev), words.iov_base, words.iov_len,
	    MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0)
		transport_drain_output(bev, (size_t)n);
}

short
layer_judge(struct evchat *chat, short what, enum evchat_reason *why,
    const char **text)
{
	const struct layer *layer = chat->layer;

	while (layer != NULL && layer->state < LAYER_STARTING)
		layer = layer->below;
	if (layer == NULL)
		return (what);
	*why = layer->ops->failed(layer->self, layer->bev, what, text);
	if (*why != EVCHAT_REASON_EOF && *why != EVCHAT_REASON_IO)
		send_last_words(layer);
	if (*why == EVCHAT_REASON_EOF)
		return (chat->eof ? 0 : BEV_EVENT_EOF | BEV_EVENT_READING);
	return ((what & ~BEV_EVENT_EOF) | BEV_EVENT_ERROR);
}

/* Starting */

static struct bufferevent *
start(struct evchat *chat)
{
	struct layer *layer = chat->layer;
	struct bufferevent *bev = chat->bev;
	unsigned flags = 0;

	if (chat->lock != NULL)
		flags |= EVCHAT_LAYER_THREADSAFE;
	else if (chat->may_be_direct && transport_writes_freely(bev) &&
	    transport_reads_freely(bev, chat->set->max_read) &&
	    evbuffer_get_length(bufferevent_get_input(bev)) == 0)
		flags |= EVCHAT_LAYER_MAY_REPLACE;
	return (layer->ops->start(layer->self, bev, flags));
}

static bool
is_on_top_of(struct bufferevent *bev, const struct bufferevent *old)
{
	while (bev != NULL && bev != old)
		bev = bufferevent_get_underlying(bev);
	return (bev != NULL);
}

/* What is on top has to hear of the bytes that are there already, and of their end. */
static void
tell_again(struct bufferevent *bev, bool eof)
{
	bufferevent_trigger(bev, EV_READ | EV_WRITE,
	    BEV_TRIG_IGNORE_WATERMARKS);
	if (eof)
		bufferevent_trigger_event(bev, BEV_EVENT_EOF |
		    BEV_EVENT_READING, 0);
}

/* Have the channel go on upon another bufferevent. */
static void
go_over(struct evchat *chat, struct bufferevent *bev)
{
	struct bufferevent *old = chat->bev;
	bool replaced = !is_on_top_of(bev, old), eof = chat->eof;
	enum transport_kind kind = TRANSPORT_LAYERED;

	chat->bev = bev;
	chat->eof = chat->eof_seen = false;
	(void)transport_kind_of(bev, &kind);
	chat->kind = kind;
	chat->layer->state = LAYER_STARTING;
	chat->layer->bev = bev;
	if (chat->unblock != NULL)
		channel_event_free(chat->unblock);
	chat->unblock = NULL;
	if (replaced)
		(void)bufferevent_priority_set(bev,
		    bufferevent_get_priority(old));
	if (notice_attach_layer(chat) == -1)
		end_now(chat, EVCHAT_REASON_NO_MEMORY);
	else if (chat->layer->ops->is_ready_at_once)
		notice_take(chat, BEV_EVENT_CONNECTED, 0);
	if (replaced)
		bufferevent_free(old);
	else
		tell_again(old, eof);
}

static void
begin(struct evchat *chat)
{
	struct bufferevent *bev;

	notice_detach(chat);
	(void)reading_change(chat, READING_NOT);
	if ((bev = start(chat)) == NULL)
		fail(chat, NULL, 0);
	else
		go_over(chat, bev);
}

/* What the peer sends first */

struct look {
	unsigned char bytes[LOOKED_AT];
	const unsigned char *data;
	size_t len;
	bool is_peek; /* it is still the system's */
};

/* Look at what there is; false: nothing more will come. */
static bool
look(struct evchat *chat, struct look *look)
{
	struct evbuffer *input = bufferevent_get_input(chat->bev);
	struct evbuffer_iovec first = { NULL, 0 };
	ssize_t n;

	look->len = 0;
	look->is_peek = evbuffer_get_length(input) == 0;
	if (!look->is_peek && evbuffer_peek(input, 1, NULL, &first, 1) > 0) {
		look->data = first.iov_base;
		look->len = first.iov_len;
		return (true);
	}
	look->data = look->bytes;
	if (chat->eof || chat->failed)
		return (false);
	if (chat->kind != TRANSPORT_SOCKET)
		return (true);
	n = recv(transport_fd(chat->bev), look->bytes, sizeof(look->bytes),
	    MSG_PEEK | MSG_DONTWAIT);
	if (n > 0)
		look->len = (size_t)n;
	return (n > 0 || (n == -1 && (errno == EAGAIN ||
	    errno == EWOULDBLOCK || errno == EINTR)));
}

static void
drop(struct evchat *chat, struct look *look, size_t len)
{
	if (look->is_peek && len > 0)
		(void)recv(transport_fd(chat->bev), look->bytes, len,
		    MSG_DONTWAIT);
	else
		(void)evbuffer_drain(bufferevent_get_input(chat->bev), len);
}

/*
 * What was pushed for the layer must not leave without it. But what left
 * before is not to be lost by a reset, which is what closing with unread input
 * makes.
 */
static void
refuse(struct evchat *chat)
{
	if (chat->queue.written == 0 || turn_output_length(chat) > 0) {
		end_now(chat, EVCHAT_REASON_INJECTION);
		return;
	}
	layer_end_upgrade(chat);
	end_refused(chat, EVCHAT_REASON_INJECTION);
}

static void
admit(struct evchat *chat)
{
	const struct layer *layer = chat->layer;
	enum evchat_layer_admit verdict;
	struct look here;
	size_t dropped;
	int looks = 0;

	do {
		if (looks++ == LOOKS) {
			channel_yield(chat);
			return;
		}
		if (!look(chat, &here)) {
			fail(chat, NULL, BEV_EVENT_EOF | BEV_EVENT_READING);
			return;
		}
		dropped = 0;
		verdict = layer->ops->admit(layer->self, here.data, here.len,
		    &dropped);
		drop(chat, &here,
		    verdict == EVCHAT_LAYER_WAIT ? here.len : dropped);
		if (verdict == EVCHAT_LAYER_START) {
			begin(chat);
			return;
		}
	} while (verdict == EVCHAT_LAYER_WAIT && here.len > 0);
	if (verdict == EVCHAT_LAYER_REFUSE)
		refuse(chat);
}

/* On the way */

/* Put back what was received and not delivered; the framing begins anew. */
static int
give_back_input(struct evchat *chat)
{
	struct evbuffer *unread = evbuffer_new();
	struct input here, *input = channel_open_input(chat, &here);
	int done = -1;

	if (unread != NULL && input_copy_unread(input, unread) == 0)
		done = evbuffer_prepend_buffer(
		    bufferevent_get_input(chat->bev), unread);
	if (done == 0) {
		(void)evbuffer_drain(unread, evbuffer_get_length(unread));
		input_discard(input, unread);
		input->scan.after_end = false;
	}
	if (unread != NULL)
		evbuffer_free(unread);
	channel_close_input(chat, &here);
	return (done);
}

/* Has all that was pushed before the upgrade left? */
static bool
has_left(const struct evchat *chat)
{
	return (chat->layer->reached && !chat->connecting && !chat->blocked &&
	    chat->attempts == NULL && transport_output_length(chat->bev) == 0);
}

void
layer_go_on(struct evchat *chat)
{
	struct layer *layer = chat->layer;

	if (chat->failed && layer->state < LAYER_STARTING) {
		end_failed(chat);
		return;
	}
	if (layer->state == LAYER_BEHIND && has_left(chat)) {
		layer->state = LAYER_ADMITTING;
		if (give_back_input(chat) == -1 ||
		    deadline_start(chat, DEADLINE_UPGRADE) == -1) {
			end_now(chat, EVCHAT_REASON_NO_MEMORY);
			return;
		}
	}
	if (layer->state == LAYER_ADMITTING)
		admit(chat);
}

bool
layer_peeks(const struct evchat *chat)
{
	return (chat->upgrading && chat->layer->state < LAYER_STARTING);
}

bool
layer_reads(const struct evchat *chat)
{
	return (chat->layer->state > LAYER_BEHIND);
}

void
layer_end_upgrade(struct evchat *chat)
{
	struct layer *layer = chat->layer;

	chat->upgrading = false;
	deadline_stop(chat, DEADLINE_UPGRADE);
	if (layer->gate != NULL)
		layer->gate->ops = &open_gate_ops;
	channel_wake(chat);
}

void
layer_ready(struct evchat *chat)
{
	struct layer *layer = chat->layer;

	if (!chat->upgrading || layer->state != LAYER_STARTING)
		return;
	layer->state = LAYER_ON;
	layer_end_upgrade(chat);
}

bool
layer_is_finished(const struct evchat *chat)
{
	return (chat->layer != NULL && chat->layer->is_finished);
}

enum layer_finish
layers_finish(struct evchat *chat)
{
	struct layer *layer = chat->layer;

	/* So that what fails from then on was nobody's but the layers'. */
	if (layer != NULL && !layer->is_finished &&
	    transport_output_length(chat->bev) > 0)
		return (LAYER_NOT_YET);
	for (; layer != NULL; layer = layer->below) {
		if (layer->state != LAYER_ON || layer->is_finished ||
		    layer->ops->finish == NULL)
			continue;
		if (evbuffer_get_length(bufferevent_get_output(layer->bev)) > 0)
			return (LAYER_NOT_YET);
		if (layer->ops->finish(layer->self, layer->bev) ==
		    EVCHAT_LAYER_BLOCKED)
			return (LAYER_BLOCKED);
		layer->is_finished = true;
	}
	return (LAYER_FINISHED);
}

/* Beginning and end */

static struct layer *
layer_new(struct evchat *chat, const struct evchat_layer_ops *ops, void *self)
{
	struct layer *layer = NULL;

	if (!push_may(chat))
		return (NULL);
	if (chat->upgrading) {
		errno = EALREADY;
		return (NULL);
	}
	if ((layer = mem_calloc(sizeof(*layer))) != NULL) {
		layer->ops = ops;
		layer->self = self;
	}
	return (layer);
}

static void
put_on(struct evchat *chat, struct layer *layer, enum layer_state state)
{
	layer->state = state;
	layer->below = chat->layer;
	chat->layer = layer;
	chat->upgrading = state != LAYER_ON;
	channel_wake(chat);
}

/* Have the gate queued; -1 with errno. */
static int
queue_gate(struct evchat *chat, struct layer *layer)
{
	if (queue_prepare(&chat->queue) == -1 ||
	    (layer->gate = producer_new(&gate_ops, layer)) == NULL)
		return (-1);
	layer->gate->chat = chat;
	layer->gate->weightless = true;
	queue_add_producer(&chat->queue, layer->gate);
	return (0);
}

int
evchat_upgrade(struct evchat *chat, const struct evchat_layer_ops *ops,
    void *self)
{
	struct bufferevent *bev = channel_lock(chat);
	struct layer *layer = layer_new(chat, ops, self);
	int done = -1, error;

	if (layer != NULL && queue_gate(chat, layer) == 0) {
		put_on(chat, layer, LAYER_BEHIND);
		channel_stir(chat);
		done = 0;
	} else {
		error = errno;
		mem_free(layer);
		ops->free(self);
		errno = error;
	}
	channel_unlock(bev);
	return (done);
}

int
evchat_adopt_layer(struct evchat *chat, const struct evchat_layer_ops *ops,
    void *self, int is_ready)
{
	struct bufferevent *bev = channel_lock(chat);
	struct layer *layer = NULL;
	int error;

	if (chat->layer != NULL && chat->layer->bev == chat->bev)
		errno = EALREADY;
	else
		layer = layer_new(chat, ops, self);
	error = errno;
	if (layer != NULL && !is_ready &&
	    deadline_start(chat, DEADLINE_UPGRADE) == -1) {
		error = errno;
		mem_free(layer);
		layer = NULL;
	}
	if (layer != NULL) {
		layer->bev = chat->bev;
		put_on(chat, layer, is_ready ? LAYER_ON : LAYER_STARTING);
	} else
		ops->free(self);
	errno = error;
	channel_unlock(bev);
	return (layer != NULL ? 0 : -1);
}

void
layers_free(struct layer *layer)
{
	struct layer *below;

	for (; layer != NULL; layer = below) {
		below = layer->below;
		layer->ops->free(layer->self);
		mem_free(layer);
	}
}
