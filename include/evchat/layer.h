#ifndef EVCHAT_LAYER_H
#define EVCHAT_LAYER_H

/**
 * @file evchat/layer.h
 * Layers: what is put between a channel and its connection, in mid-stream.
 *
 * This is what a library for TLS, compression or the like is written against;
 * libevchat_openssl is. Who only wants TLS needs <evchat/openssl.h> alone.
 *
 * A layer makes of the channel's bufferevent another one, as
 * bufferevent_openssl_filter_new() and bufferevent_filter_new() do. What was
 * pushed before the upgrade leaves as it is, and only when all of it has does
 * the layer start; what is pushed behind it goes through the layer. No input
 * is delivered meanwhile, and a frame that was in progress is dropped.
 */

#include <stdbool.h>
#include <stddef.h>

#include <evchat/channel.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What becomes of the bytes that the peer sent behind the upgrade. */
enum evchat_layer_admit {
	EVCHAT_LAYER_START, /**< the layer starts, and is given them but for
				 those that are to be dropped */
	EVCHAT_LAYER_WAIT,  /**< all of them are dropped; ask again when more
				 have come */
	EVCHAT_LAYER_REFUSE /**< the channel ends with
				 EVCHAT_REASON_INJECTION */
};

/** A bufferevent's place may be taken by one on its descriptor, see start. */
#define EVCHAT_LAYER_MAY_REPLACE (1 << 0)
/** The channel is used by several threads: so is the new bufferevent. */
#define EVCHAT_LAYER_THREADSAFE (1 << 1)

/** How a layer answers when it is asked to say that no more comes. */
enum evchat_layer_finish {
	EVCHAT_LAYER_FINISHED, /**< that is on its way, or it cannot be said */
	EVCHAT_LAYER_BLOCKED   /**< the descriptor takes nothing now; ask again */
};

/**
 * The functions of a layer. Called from the event loop, with the channel
 * locked; none may call anything of the channel's. Borrowed as long as self.
 */
struct evchat_layer_ops {
	/**
	 * Look at what the peer has sent behind the upgrade. Called when all
	 * that was pushed before has left; with len 0 if nothing has come, and
	 * again when something has, wherever the network cut it.
	 *
	 * @param drop set this, from 0, if some of the bytes are not for the layer
	 */
	enum evchat_layer_admit (*admit)(void *self, const unsigned char *data,
	    size_t len, size_t *drop);
	/**
	 * Make the bufferevent that the channel goes on with. It tells of
	 * BEV_EVENT_CONNECTED when it is ready, and of failures, through its
	 * event callback, which the channel sets afterwards. Then bev calls
	 * back, so that what is on top finds what is there already, and may
	 * begin.
	 *
	 * @param bev has in its input all that has come and was not dropped. The new
	 *     bufferevent is on top of it and takes it. With
	 *     EVCHAT_LAYER_MAY_REPLACE bev is a plain socket's, nothing is in its
	 *     buffers, and the new one may be on the descriptor itself, which then
	 *     has to be taken away with bufferevent_setfd(bev, -1).
	 * @param flags EVCHAT_LAYER_MAY_REPLACE, EVCHAT_LAYER_THREADSAFE
	 * @return NULL if that failed; bev is as it was
	 */
	struct bufferevent *(*start)(void *self, struct bufferevent *bev,
	    unsigned flags);
	/**
	 * Say why the bufferevent has failed, or start.
	 *
	 * @param bev the layer's; after start has failed NULL
	 * @param what BEV_EVENT_* flags as libevent told them; BEV_EVENT_TIMEOUT if
	 *     it was not ready in time; 0 after start has failed
	 * @param text set this to words, static or kept as long as self
	 * @return the reason that the channel ends with. EVCHAT_REASON_IO: as without
	 *     the layer. EVCHAT_REASON_EOF: this is no failure, but a proper end of the
	 *     input.
	 */
	enum evchat_reason (*failed)(void *self, struct bufferevent *bev,
	    short what, const char **text);
	/**
	 * Tell the peer that no more comes: all that was pushed has gone
	 * through the bufferevent's output. NULL if there is no such message.
	 */
	enum evchat_layer_finish (*finish)(void *self, struct bufferevent *bev);
	/** The channel's memory goes, and the layer with it. */
	void (*free)(void *self);
	/** It is ready when it is made, and tells nothing. */
	bool is_ready_at_once;
};

/**
 * Put a layer between the channel and its connection. Any hook may call this.
 * EVCHAT_EVENT_CONNECTED is told when the layer is ready, within
 * EVCHAT_TIMEOUT_UPGRADE, counted from when all that was pushed before has
 * left. A connection may still be under way; then that is told only once.
 * Until then evchat_detach() fails with EBUSY.
 *
 * The bufferevent is another one then: see evchat_get_bufferevent(). Of a
 * channel that several threads use it must be a plain socket's before:
 * libevent's filters have locks of their own, which it does not always take in
 * the same order, so what is upon a filter or another layer is for one thread.
 *
 * @param self taken, even if this fails
 * @return 0, or -1 with errno EPIPE if the channel is closing or its write side
 *     was shut, EALREADY if another upgrade is under way, ENOMEM
 */
int evchat_upgrade(struct evchat *chat, const struct evchat_layer_ops *ops,
    void *self);

/**
 * The bufferevent has such a layer already, made by the application: have its
 * failed and finish called, and free. Its other functions are not.
 *
 * @param self taken, even if this fails
 * @param is_ready 0: it is going to tell of BEV_EVENT_CONNECTED, and the channel
 *     waits for that as in an upgrade
 * @return 0, or -1 with errno EPIPE, EALREADY during an upgrade or if the
 *     bufferevent is already a layer's, ENOMEM
 */
int evchat_adopt_layer(struct evchat *chat,
    const struct evchat_layer_ops *ops, void *self, int is_ready);

/**
 * Ask the bufferevents of a channel, its own first and then what is beneath
 * it, one after the other with the channel locked, until one has an answer.
 *
 * @param ask called inside; calls nothing of the channel's
 * @return the first that is not NULL, or NULL. Also in closed
 */
void *evchat_ask_bufferevents(const struct evchat *chat,
    void *(*ask)(struct bufferevent *bev));

#ifdef __cplusplus
}
#endif

#endif
