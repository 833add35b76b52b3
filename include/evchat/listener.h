#ifndef EVCHAT_LISTENER_H
#define EVCHAT_LISTENER_H

/**
 * @file evchat/listener.h
 * Listeners: sockets whose connections arrive as channels.
 *
 * Constructors return NULL, and int calls -1, with errno set and nothing
 * changed. A listener belongs to one event loop, as its channels do; with
 * EVCHAT_OPT_THREADSAFE any thread may make any call. Callbacks run from the
 * event loop, and any call may be made from them; evchat_listener_free()
 * included.
 */

#include <stddef.h>
#include <event2/util.h>

#ifdef __cplusplus
extern "C" {
#endif

struct event_base;
struct evchat;
struct evchat_listener;
struct sockaddr;
struct timeval;

/**
 * A connection has arrived.
 *
 * @param chat a new channel, which frees itself at its end, without hooks and
 *     terminator: give it some, with evchat_set_hooks() and
 *     evchat_set_framing() or evchat_set_terminator(), or end it with
 *     evchat_free(). If it is left as it is, its input is dropped and it counts
 *     until the peer closes. No input is delivered before this returns
 * @param peer the address of the peer; borrowed until this returns
 * @param peerlen its length
 */
typedef void (*evchat_accept_cb)(struct evchat_listener *listener,
    struct evchat *chat, const struct sockaddr *peer, int peerlen, void *arg);

/**
 * A connection could not be accepted: EMFILE, ENFILE, ENOBUFS, ENOMEM. The
 * listener tries again when one of its channels has ended, and after a time
 * from 10 ms to a second, longer each time; this is called once, and again
 * only after a connection has been accepted. Connections wait meanwhile,
 * except that one for whose channel there is no memory is closed.
 *
 * @param error the system's error
 */
typedef void (*evchat_listener_error_cb)(struct evchat_listener *listener,
    int error, void *arg);

/** A listener that was stopped has no channels any more. Where a thread ended the
 * last one, its closed may still be running there. */
typedef void (*evchat_stopped_cb)(struct evchat_listener *listener, void *arg);

/**
 * Listen on an address.
 *
 * The socket is non-blocking, closed on exec, and has SO_REUSEADDR; those of
 * the connections have SO_KEEPALIVE, and TCP_NODELAY, since output leaves once
 * a turn.
 *
 * @param base borrowed until the listener is freed
 * @param accept called for each connection
 * @param options of enum evchat_option, which the channels get, too; those that an
 *     address has no use for are ignored
 * @param backlog as for listen(); 0 or negative: a good one
 * @param sa copied; port 0: one that is free, see evchat_listener_get_address()
 * @return the listener, or NULL with errno as from socket(), bind() and listen(),
 *     EINVAL, ENOMEM
 */
struct evchat_listener *evchat_listener_new_bind(struct event_base *base,
    evchat_accept_cb accept, void *arg, unsigned options, int backlog,
    const struct sockaddr *sa, int socklen);

/** Room for any address in words, its NUL included. */
#define EVCHAT_ADDRESS_MAX 128

/**
 * Listen on an address in words; otherwise as evchat_listener_new_bind().
 *
 *     127.0.0.1:8080     an IPv4 address and a port; port 0 is one that is free
 *     [::1]:8080         an IPv6 address; a link-local one has its interface,
 *                        as in [fe80::1%eth0]:8080
 *     [::]:8080          all of them, and those of IPv4, too: peers from there are
 *                        told as ::ffff:1.2.3.4. With EVCHAT_LISTENER_IPV6ONLY
 *                        they do not get in
 *     8080, :8080        the same; 0.0.0.0:8080 where the system has no IPv6
 *     unix:/run/socket   a path; see EVCHAT_LISTENER_UNLINK
 *     unix:@name         a name in the abstract space of Linux
 *
 * Nothing is looked up, for that would block, and nothing may be left out.
 *
 * @param where copied
 * @return as evchat_listener_new_bind(), or NULL with errno EINVAL if where is
 *     none of these
 */
struct evchat_listener *evchat_listener_new_text(struct event_base *base,
    evchat_accept_cb accept, void *arg, unsigned options, int backlog,
    const char *where);

/**
 * Listen on a socket that was bound, for instance by a supervisor.
 *
 * @param options as evchat_listener_new_bind(), but EINVAL for REUSEPORT and
 *     IPV6ONLY, for which it is too late
 * @param fd taken: made non-blocking, closed on failure and when the listener
 *     stops
 * @param backlog as for listen(); 0: it listens already; negative: a good one
 * @return as evchat_listener_new_bind(), or NULL with errno EINVAL if it does
 *     not listen, EBADF
 */
struct evchat_listener *evchat_listener_new(struct event_base *base,
    evchat_accept_cb accept, void *arg, unsigned options, int backlog,
    evutil_socket_t fd);

/**
 * Stop at once, and free. Its channels live on; connections that wait to be
 * accepted are reset. NULL is fine. If another thread than the loop's calls
 * this, a callback that is running in the loop's goes on.
 */
void evchat_listener_free(struct evchat_listener *listener);

/**
 * Stop gracefully, in these steps, all from the event loop and none inside
 * this call:
 *
 * 1. connections that wait are accepted, in spite of a pause and of the
 *    maximum; those that cannot be are told to the error callback, and reset;
 * 2. the socket is closed;
 * 3. when the new channels have had a turn to read, each channel is closed as
 *    evchat_close_after_frame() does;
 * 4. channels that still live after grace are freed;
 * 5. when none is left, stopped is called.
 *
 * The listener is not freed by this: call evchat_listener_free(), in stopped
 * or later. A second call replaces grace and stopped; if the first one's
 * stopped has been called already, the new one is called, too.
 *
 * @param grace copied; NULL: no limit, so that one silent peer in the middle of
 *     a frame can keep it from ending; zero: at once
 * @param stopped may be NULL
 * @return 0, or -1 with errno ENOMEM, EINVAL if grace is negative
 */
int evchat_listener_stop(struct evchat_listener *listener,
    const struct timeval *grace, evchat_stopped_cb stopped, void *arg);

/**
 * Stop as evchat_listener_stop() does when the process gets a signal, such as
 * SIGTERM. When the listener is to stop, for this signal, another one, or a
 * call, it waits for none any more from the loop's next pass on:
 * event_base_dispatch() returns when
 * there is nothing else to wait for, and the same signal once more does what
 * it did before this call, which is most often to end the process. A second
 * call for the same signal replaces grace and stopped.
 *
 * libevent gives signals to one event loop of a process, and so does this.
 *
 * @param number of the signal
 * @param grace copied; as for evchat_listener_stop()
 * @param stopped may be NULL, as there
 * @return 0, or -1 with errno EINVAL if grace is negative or the signal cannot be
 *     caught, EBADF if the listener is stopping, or has stopped, ENOMEM
 */
int evchat_listener_stop_on(struct evchat_listener *listener, int number,
    const struct timeval *grace, evchat_stopped_cb stopped, void *arg);

/** Accept no more for a while; what arrives waits in the backlog. */
void evchat_listener_pause(struct evchat_listener *listener);
void evchat_listener_resume(struct evchat_listener *listener);

/**
 * Have at most max channels at once: further connections wait in the backlog,
 * where they look connected to their peers, until one has ended. 0: no limit,
 * as at first. Each connection takes a descriptor: stay below RLIMIT_NOFILE.
 */
void evchat_listener_set_max(struct evchat_listener *listener, size_t max);

/** Be told of what could not be accepted. NULL: not. */
void evchat_listener_set_error_cb(struct evchat_listener *listener,
    evchat_listener_error_cb error, void *arg);

/** @return how many of its channels live */
size_t evchat_listener_get_count(const struct evchat_listener *listener);

/**
 * @param sa filled in with the address it listens on
 * @param socklen in: the room there; out: the length
 * @return 0, or -1 with errno as from getsockname(), EBADF if it has stopped
 */
int evchat_listener_get_address(const struct evchat_listener *listener,
    struct sockaddr *sa, int *socklen);

/**
 * The same in the words of evchat_listener_new_text(), with the port that it
 * has.
 *
 * @param text filled in; EVCHAT_ADDRESS_MAX is enough for any
 * @param size the room there
 * @return 0, or -1 with errno as evchat_listener_get_address(), ENOSPC if there is
 *     too little room, EINVAL if there are no words for it: text is of no use then
 */
int evchat_listener_get_text(const struct evchat_listener *listener, char *text,
    size_t size);

/** @return its event loop, borrowed */
struct event_base *evchat_listener_get_base(
    const struct evchat_listener *listener);

/** @return the listener that accepted a channel, borrowed; NULL in closed, and if there is
 * none any more */
struct evchat_listener *evchat_get_listener(const struct evchat *chat);

#ifdef __cplusplus
}
#endif

#endif
