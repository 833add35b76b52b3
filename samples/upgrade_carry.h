#ifndef UPGRADE_CARRY_H
#define UPGRADE_CARRY_H

/*
 * evhttp on a channel: to be copied into programs that need it.
 * doc/hand-over.md says how it works, and why it is not simpler.
 *
 * The channel stays what carries the bytes, with its TLS, timeouts, group and
 * listener; evhttp is given a bufferevent that has no connection of its own.
 * All of it belongs to one event loop, and to one thread.
 *
 * While evhttp has the channel, of the hooks that it had only closed is
 * called, whoever ends it. The peer's end does not end it before evhttp has
 * answered.
 */

#include <event2/http.h>

struct evchat;
struct event_base;
struct carry;

/*
 * http: a server that is for channels alone, and listens nowhere; NULL if
 * there are only clients. NULL with errno if it cannot be. Free the server
 * first: it ends the connections that it has, and their channels close when
 * all was sent.
 */
struct carry *carry_new(struct event_base *base, struct evhttp *http);
void carry_free(struct carry *carry);

/*
 * Give the server a channel: all that is unread and all that comes is the
 * server's. Any hook of the channel may call this. 0, or -1 with errno:
 * nothing has changed.
 */
int carry_give(struct carry *carry, struct evchat *chat);

/* The channel by which a request came. */
struct evchat *carry_find(struct carry *carry, struct evhttp_request *req);

/*
 * Take a channel back, in the callback of a request: it has its hooks and arg
 * again, everything that came behind the request is unread, and it has no
 * terminator. The request is gone. If the peer's end has come meanwhile, the
 * channel ends when that was delivered and all was sent. NULL with errno if it
 * has ended; nothing has changed.
 */
struct evchat *carry_take_back(struct carry *carry,
    struct evhttp_request *req);

/*
 * For a client: a connection whose requests go by the channel, one after
 * another, with carry_request() in the place of evhttp_make_request(). When it
 * is freed the channel closes. NULL with errno: nothing has changed.
 */
struct evhttp_connection *carry_client(struct carry *carry,
    struct evchat *chat);
int carry_request(struct evhttp_connection *connection,
    struct evhttp_request *req, enum evhttp_cmd_type type, const char *uri);

#endif
