#ifndef EVCHAT_CONNECT_H
#define EVCHAT_CONNECT_H

/**
 * @file evchat/connect.h
 * Connecting a channel that evchat_socket_new() made with fd -1.
 *
 * These calls fail, with -1 and errno and nothing changed, only for what is
 * wrong with the call itself: EINVAL, EISCONN if the channel has a descriptor
 * or is being connected, EPIPE if it has ended, ENOMEM. Whatever is wrong with
 * the peer, the network or the name comes from the event loop, as the closed
 * hook with EVCHAT_REASON_CONNECT: evchat_get_error() has it in words,
 * evchat_get_errno() the system's error, which is 0 if the name could not be
 * found. Success comes as EVCHAT_EVENT_CONNECTED. What is pushed before that
 * is sent after it, in order. EVCHAT_TIMEOUT_CONNECT limits the whole, the
 * look-up included; without it that takes as long as the system tries. The
 * calls may be made from any hook of any other channel. The socket is made,
 * and the connection begun, by the loop, and nothing is read before CONNECTED
 * is told. A channel connects once: to try again, make another one.
 */

#include <event2/util.h>

#ifdef __cplusplus
extern "C" {
#endif

struct evchat;
struct evdns_base;
struct sockaddr;

/**
 * Connect to an address: IPv4, IPv6, AF_UNIX, or what else has stream sockets.
 *
 * @param sa copied
 * @param socklen its length
 * @return 0, or -1 with errno as above
 */
int evchat_connect(struct evchat *chat, const struct sockaddr *sa, int socklen);

/**
 * Connect to an address in words, as evchat_listener_new_text() takes them and
 * evchat_listener_get_text() gives them: "127.0.0.1:80", "[::1]:80",
 * "unix:/path". A name of a host is for evchat_connect_hostname().
 *
 * @param where copied
 * @return 0, or -1 with errno as above, EINVAL if it is not an address, or one that
 *     nobody can be connected to: a port alone, or port 0
 */
int evchat_connect_text(struct evchat *chat, const char *where);

/**
 * Connect to the first of these addresses that accepts: they are tried in
 * order, each when the one before it has failed. With EVCHAT_TIMEOUT_CONNECT
 * each gets an equal share of the time that is left. If all fail, the error is
 * that of the last. An address also fails if an AF_UNIX listener's backlog is
 * full (EAGAIN), or if no descriptor is left (EMFILE, ENFILE).
 *
 * @param addresses as from evutil_getaddrinfo() or evdns_getaddrinfo();
 *     copied; those that are not of SOCK_STREAM are passed over
 * @return 0, or -1 with errno as above, EINVAL if there is none
 */
int evchat_connect_addrinfo(struct evchat *chat,
    const struct evutil_addrinfo *addresses);

/**
 * Connect to a host by its name, as evchat_connect_addrinfo() does to its
 * addresses. A name that cannot be found is a failure of the connection.
 *
 * @param dns from libevent_extra's evdns_base_new(); looks up the name without
 *     blocking. It keeps event_base_dispatch() from returning. Borrowed until
 *     the connection is made or, if the channel ends during the look-up, until
 *     the loop has made one more pass. NULL: the system's resolver, which blocks
 *     the event loop while it looks, unless host is a numeric address.
 *     With dns, a channel whose name is being looked up is to be ended in the
 *     loop's thread only: libevent's cancel may wait for the loop.
 * @param family AF_INET, AF_INET6 or AF_UNSPEC
 * @param host copied
 * @param port from 1 to 65535, else EINVAL
 * @return 0, or -1 with errno as above
 */
int evchat_connect_hostname(struct evchat *chat, struct evdns_base *dns,
    int family, const char *host, int port);

#ifdef __cplusplus
}
#endif

#endif
