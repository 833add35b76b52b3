/*
 * A layer made of a bufferevent_filter; see mask.h.
 */

#include <stdlib.h>
#include "harness_trouble.h"
#include "mask.h"

#define PIECES 64

static int masks;

/* Who may begin */

static enum evchat_layer_admit
mask_admit(void *self, const unsigned char *data, size_t len, size_t *drop)
{
	const struct mask *mask = self;
	size_t n = 0;

	if (len == 0)
		return mask->silent ? EVCHAT_LAYER_START : EVCHAT_LAYER_WAIT;
	while (n < len && data[n] == '-')
		n++;
	if (n == len)
		return EVCHAT_LAYER_WAIT;
	if (data[n] == '!')
		return EVCHAT_LAYER_REFUSE;
	*drop = n;
	return EVCHAT_LAYER_START;
}

/* The filter */

/*
 * Where the bytes are, and without memory: libevent tells nobody that a filter
 * has none, and loses what it was given.
 */
static enum bufferevent_filter_result
change(struct evbuffer *from, struct evbuffer *to, unsigned char key)
{
	struct evbuffer_iovec pieces[PIECES];
	int i, n = evbuffer_peek(from, -1, NULL, pieces, PIECES);
	size_t j, len = 0;

	for (i = 0; i < n && i < PIECES; i++) {
		for (j = 0; j < pieces[i].iov_len; j++)
			((unsigned char *)pieces[i].iov_base)[j] ^= key;
		len += pieces[i].iov_len;
	}
	if (len == 0)
		return BEV_NEED_MORE;
	return evbuffer_remove_buffer(from, to, len) > 0 ? BEV_OK : BEV_ERROR;
}

static enum bufferevent_filter_result
change_out(struct evbuffer *from, struct evbuffer *to, ev_ssize_t limit,
    enum bufferevent_flush_mode mode, void *self)
{
	const struct mask *mask = self;

	(void)limit;
	(void)mode;
	return change(from, to, mask->key);
}

static void
greet(struct mask *mask, struct evbuffer *from)
{
	struct bufferevent *bev = evchat_get_bufferevent(mask->h->chat);
	unsigned char byte = 0;

	(void)evbuffer_remove(from, &byte, 1);
	mask->ready = true;
	bufferevent_trigger_event(bev, (byte ^ mask->key) == '+' ?
	    BEV_EVENT_CONNECTED : BEV_EVENT_ERROR | BEV_EVENT_READING,
	    BEV_OPT_DEFER_CALLBACKS);
}

static enum bufferevent_filter_result
change_in(struct evbuffer *from, struct evbuffer *to, ev_ssize_t limit,
    enum bufferevent_flush_mode mode, void *self)
{
	struct mask *mask = self;

	(void)limit;
	(void)mode;
	if (mask->greeted && !mask->ready && evbuffer_get_length(from) > 0)
		greet(mask, from);
	return change(from, to, mask->key);
}

/* Life */

static struct bufferevent *
mask_start(void *self, struct bufferevent *bev, unsigned flags)
{
	struct mask *mask = self;
	int options = BEV_OPT_CLOSE_ON_FREE | BEV_OPT_DEFER_CALLBACKS;
	struct bufferevent *filter;

	if (mask->broken)
		return NULL;
	if (flags & EVCHAT_LAYER_THREADSAFE)
		options |= BEV_OPT_THREADSAFE;
	/* libevent 2.1 looks not whether it has memory for its callbacks. */
	harness_spare();
	filter = bufferevent_filter_new(bev, change_in, change_out, options,
	    NULL, mask);
	harness_spare_end();
	if (filter != NULL)
		bufferevent_trigger(bev, EV_READ, BEV_TRIG_IGNORE_WATERMARKS |
		    BEV_TRIG_DEFER_CALLBACKS);
	return filter;
}

static enum evchat_reason
mask_failed(void *self, struct bufferevent *bev, short what,
    const char **text)
{
	(void)self;
	if (what == 0)
		return EVCHAT_REASON_NO_MEMORY;
	if (what & BEV_EVENT_TIMEOUT)
		*text = "the mask came too late";
	else if (bev == NULL)
		*text = "no mask came";
	if (what & BEV_EVENT_EOF)
		return bev == NULL ? EVCHAT_REASON_TLS : EVCHAT_REASON_EOF;
	return EVCHAT_REASON_IO;
}

static enum evchat_layer_finish
mask_finish(void *self, struct bufferevent *bev)
{
	struct mask *mask = self;

	if (mask->blocked-- > 0)
		return EVCHAT_LAYER_BLOCKED;
	if (mask->says_bye)
		(void)bufferevent_write(bev, "B", 1);
	return EVCHAT_LAYER_FINISHED;
}

static void
mask_free(void *self)
{
	masks--;
	free(self);
}

const struct evchat_layer_ops mask_ops = {
	.admit = mask_admit,
	.start = mask_start,
	.failed = mask_failed,
	.finish = mask_finish,
	.free = mask_free,
	.is_ready_at_once = true
};

const struct evchat_layer_ops mask_greeted_ops = {
	.admit = mask_admit,
	.start = mask_start,
	.failed = mask_failed,
	.finish = mask_finish,
	.free = mask_free
};

struct mask *
mask_new(struct harness *h, const struct mask *model)
{
	struct mask *mask = malloc(sizeof(*mask));

	harness_must(mask != NULL, "memory");
	*mask = *model;
	mask->h = h;
	masks++;
	return mask;
}

int
mask_count(void)
{
	return masks;
}

int
mask_upgrade(struct harness *h, const struct mask *model)
{
	return evchat_upgrade(h->chat, model->greeted ? &mask_greeted_ops :
	    &mask_ops, mask_new(h, model));
}
