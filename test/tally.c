/*
 * A channel whose hooks count; see tally.h.
 */

#include <string.h>
#include "tally.h"

static struct tally *
tally_of(void *arg)
{
	return ((struct harness *)arg)->user;
}

static void
on_collect(struct evchat *chat, const void *data, size_t len, void *arg)
{
	struct tally *t = tally_of(arg);

	(void)chat;
	(void)data;
	t->pieces++;
	t->bytes += len;
	if (t->on_data != NULL)
		t->on_data(t);
}

static void
on_found(struct evchat *chat, void *arg)
{
	struct tally *t = tally_of(arg);

	(void)chat;
	t->frames++;
	if (t->on_frame != NULL)
		t->on_frame(t);
}

static void
on_frame(struct evchat *chat, const void *data, size_t len, void *arg)
{
	(void)data;
	tally_of(arg)->bytes += len;
	on_found(chat, arg);
}

static void
on_event(struct evchat *chat, enum evchat_event what, void *arg)
{
	(void)chat;
	tally_of(arg)->oversized += what == EVCHAT_EVENT_OVERSIZE;
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct harness *h = arg;

	(void)chat;
	h->closed++;
	h->why = why;
	h->chat = tally_of(arg)->chat = NULL;
}

static const struct evchat_hooks in_pieces = {
	.collect = on_collect, .found = on_found, .event = on_event,
	.closed = on_closed
};

static const struct evchat_hooks whole_frames = {
	.collect = on_collect, .frame = on_frame, .event = on_event,
	.closed = on_closed
};

void
tally_start(struct tally *t, enum harness_carrier carrier, bool whole)
{
	memset(t, 0, sizeof(*t));
	t->h = harness_new(carrier);
	t->h->user = t;
	harness_start(t->h, whole ? &whole_frames : &in_pieces, 0);
	t->chat = t->h->chat;
}

void
tally_unlimited(struct tally *t)
{
	harness_must(evchat_set_max_frame(t->chat, 0,
	    EVCHAT_OVERSIZE_CLOSE) == 0, "evchat_set_max_frame");
}

void
tally_free(struct tally *t)
{
	harness_free(t->h);
}

void
tally_delimiter(struct tally *t, const char *bytes, size_t len)
{
	harness_must(evchat_set_terminator(t->chat, bytes, len) == 0,
	    "evchat_set_terminator");
}

void
tally_send(struct tally *t, const void *data, size_t len)
{
	t->sent += len;
	if (t->h->peer_bev == NULL)
		harness_send(t->h, data, len);
	else
		harness_must(evbuffer_add_reference(
		    bufferevent_get_output(t->h->peer_bev), data, len, NULL,
		    NULL) == 0, "evbuffer_add_reference");
}

uint64_t
tally_unread(const struct tally *t)
{
	return t->sent - evchat_get_offset(t->chat);
}
