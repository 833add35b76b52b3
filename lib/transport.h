#ifndef TRANSPORT_H
#define TRANSPORT_H

#include <stdbool.h>
#include <stddef.h>

#include <event2/util.h>

#include "api.h"

struct bufferevent;

/*
 * What differs between the kinds of bufferevent, so that no other file has to
 * know which one it has.
 */

enum transport_kind {
	TRANSPORT_SOCKET, /* bytes go straight to a descriptor */
	TRANSPORT_PAIR,   /* to another bufferevent of this process */
	TRANSPORT_LAYERED /* through a filter, TLS or what else there may be */
};

/* -1 with errno: no memory to find out. */
int transport_kind_of(struct bufferevent *bev, enum transport_kind *kind);

/* Is a connection still to be made? If it has failed, *error says how, else 0. */
bool transport_is_connecting(struct bufferevent *bev, int *error);

/* Is this the output that all of bev's bytes leave in the end? */
bool transport_is_last_output(struct bufferevent *bev,
    const struct evbuffer *output);

/* A socket's descriptor, or -1. */
evutil_socket_t transport_fd(struct bufferevent *bev);
/* Is that a stream's, or still to be made? Others lose what one read leaves. */
bool transport_is_stream(struct bufferevent *bev);

/* Bytes in the outputs of bev and of what lies beneath it. */
size_t transport_output_length(struct bufferevent *bev);

/*
 * Have wake called with arg whenever bytes leave an output beneath bev, which
 * bev's own callbacks do not tell. transport_unwatch ends that. -1 with errno.
 */
int transport_watch(struct bufferevent *bev, evbuffer_cb_func wake, void *arg);
void transport_unwatch(struct bufferevent *bev, evbuffer_cb_func wake,
    void *arg);

/*
 * Is a socket's input, or output, not to be counted by a rate limit of its own
 * or of a group? Then others may read and write its descriptor as well. For
 * reading at_once is how much the bufferevent is to read, where it has to. For
 * writing it has to be enabled, and transport_write_all to have been called.
 */
bool transport_reads_freely(struct bufferevent *bev, size_t at_once);
bool transport_writes_freely(struct bufferevent *bev);

/* Have bev write as much at once as it can. */
void transport_write_all(struct bufferevent *bev, enum transport_kind kind);

/*
 * Have bev read, if that is enabled, and its output written. libevent does so
 * by itself, but for want of memory it may have forgotten to, and then for
 * ever; and its TLS on a socket stops writing when the peer has said that it
 * sends no more. -1: there still is no memory.
 */
int transport_revive(struct bufferevent *bev);

/* Nothing more will be put into bev's output: let filters write their ends. */
void transport_finish(struct bufferevent *bev);

/* All has left the outputs, after transport_finish: shut the write side. */
void transport_shut_write(struct bufferevent *bev);

/* The end: tell the peer, where freeing bev does not do so. */
void transport_hang_up(struct bufferevent *bev, bool finished);

/* Tell the peer, although bev is not freed yet. */
void transport_shut(struct bufferevent *bev);

/*
 * Tell it by a reset, if it is TCP: at once where the system can do that, or
 * else when the descriptor is closed. False: not at once, or not at all.
 */
bool transport_reset(struct bufferevent *bev);

/* Would unread input make the system destroy output on its way? */
bool transport_lingers(struct bufferevent *bev);

/* So much of bev's output was sent by somebody else. */
void transport_drain_output(struct bufferevent *bev, size_t len);

/* Empty bev's output, which calls the cleanups of what is in it. */
void transport_drop_output(struct bufferevent *bev);

/* Append to to a copy, in one piece, of what from holds. -1: no memory. */
int transport_copy(struct evbuffer *to, struct evbuffer *from);

/* Have bev's output be what new holds; what it was goes to the end of old. */
void transport_swap_output(struct bufferevent *bev, struct evbuffer *new,
    struct evbuffer *old);

#endif
