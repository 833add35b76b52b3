#ifndef GUARD_H
#define GUARD_H

/*
 * What messages cost on fixed work, counted and not timed: the instructions
 * that a server executes, which callgrind counts in guard_serve(), and the
 * system calls that it makes there.
 *
 * One process is the server and all of its peers, by turns, so that every run
 * is like every other one.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Where bytes come from. */
enum guard_source {
	GUARD_SOCKETS,
	GUARD_INPUT /* no socket: chains in the bufferevent's input */
};

enum guard_answer { GUARD_NONE, GUARD_ECHO, GUARD_BROADCAST };

enum guard_framing { GUARD_LF, GUARD_CRLF, GUARD_LENGTH };

struct guard_work {
	const char *name;
	enum guard_source source;
	enum guard_framing framing;
	enum guard_answer answer;
	bool pieces;          /* collect and found, not whole frames */
	size_t len;           /* of a message, all in all */
	unsigned connections;
	unsigned in_flight;   /* messages a connection sends in a round */
	unsigned rounds;
};

/* All there is; a name of NULL ends it. */
extern const struct guard_work guard_works[];

/* The system calls, as far as they can be counted here. */
enum guard_call {
	GUARD_READ, GUARD_READV, GUARD_RECV, GUARD_RECVMSG, GUARD_WRITE,
	GUARD_WRITEV, GUARD_SEND, GUARD_SENDMSG, GUARD_SENDFILE, GUARD_IOCTL,
	GUARD_POLL, GUARD_EPOLL_WAIT, GUARD_EPOLL_CTL, GUARD_GETSOCKOPT,
	GUARD_SETSOCKOPT, GUARD_SHUTDOWN,
	GUARD_CALLS /* how many kinds there are */
};

extern const char *const guard_call_names[GUARD_CALLS];

/* guard_calls.c: count from now on, or no more. */
void guard_count(bool on);
unsigned long guard_counted(enum guard_call call);

/* guard_peers.c: the other ends of the server's sockets. */
struct guard_peers;
struct guard_peers *guard_peers_new(const struct guard_work *work,
    int *fds); /* the server's ends; NULL if they cannot be had */
void guard_peers_free(struct guard_peers *peers);
/* What a connection sends in one round. */
const void *guard_peers_burst(const struct guard_peers *peers, size_t *len);
void guard_peers_begin(struct guard_peers *peers); /* a round */
/* Send and receive what goes. False: a byte is wrong, or a peer is gone. */
bool guard_peers_run(struct guard_peers *peers);
bool guard_peers_are_done(const struct guard_peers *peers);

#endif
