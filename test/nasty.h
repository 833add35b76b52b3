#ifndef NASTY_H
#define NASTY_H

/*
 * A nasty kernel: the system calls of I/O, defined once more so that
 * libevent's and the library's come here first. On descriptors that are
 * watched they are counted, and bent: a call does less than it was asked for,
 * or fails without having done anything. All others go through as they are.
 *
 * Linked into a program, this stands before the C library; preloaded it does
 * so in any program, which steers it by the environment: see nasty_env.c.
 *
 * Any thread may make the calls. What is to be bent is changed only while none
 * is in one on a watched descriptor.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The calls, to be or-ed together. */
enum nasty_call {
	NASTY_RECV = 1 << 0,
	NASTY_RECVFROM = 1 << 1,
	NASTY_RECVMSG = 1 << 2,
	NASTY_READ = 1 << 3,
	NASTY_READV = 1 << 4,
	NASTY_SEND = 1 << 5,
	NASTY_SENDTO = 1 << 6,
	NASTY_SENDMSG = 1 << 7,
	NASTY_WRITE = 1 << 8,
	NASTY_WRITEV = 1 << 9,
	NASTY_SENDFILE = 1 << 10,
	NASTY_ACCEPT = 1 << 11,
	NASTY_ACCEPT4 = 1 << 12,
	NASTY_CONNECT = 1 << 13,
	NASTY_CLOSE = 1 << 14, /* never bent: it ends the watch */
	NASTY_CALLS = 15       /* how many there are */
};

#define NASTY_READS (NASTY_RECV | NASTY_RECVFROM | NASTY_RECVMSG | \
    NASTY_READ | NASTY_READV)
#define NASTY_WRITES (NASTY_SEND | NASTY_SENDTO | NASTY_SENDMSG | \
    NASTY_WRITE | NASTY_WRITEV | NASTY_SENDFILE)
#define NASTY_ACCEPTS (NASTY_ACCEPT | NASTY_ACCEPT4)

/* What becomes of a call. */
struct nasty_bend {
	const char *name;
	unsigned calls; /* which ones it fits */
	int error;      /* they fail with this errno, having done nothing; ... */
	size_t most;    /* ... 0: they do so much and no more, or, if 0, half */
	bool transient; /* a caller is to go on as if nothing had been */
};

/* All there are. A connect that is interrupted goes on by itself. */
extern const struct nasty_bend nasty_bends[];
extern const size_t nasty_bend_count;

/* @return the one of that name, or NULL */
const struct nasty_bend *nasty_bend_named(const char *name);

/* Have calls on a descriptor be looked at until it is closed; or no more. */
void nasty_watch(int fd, bool on);

/* Have accept watch what it returns. */
void nasty_watch_accepted(bool on);

/* Count from 0 on, and bend the n-th call that the bend fits, 1 being the next;
 * 0: none. */
void nasty_bend_at(const struct nasty_bend *bend, long n);

/* Bend one call in so many, which ones a seed decides; 1: every one, 0: none.
 * NULL: each with any of the transient bends that fit it. */
void nasty_bend_often(const struct nasty_bend *bend, unsigned one_in,
    uint64_t seed);

/* Bend nothing any more; the counts stay. */
void nasty_stop(void);

/* How many calls on watched descriptors there have been that the bend fits. */
long nasty_counted(void);

/* How many of them were bent. */
long nasty_struck(void);

/* Whether libevent's calls come here at all. What cannot be bent cannot be
 * tested: a test that needs it says so and goes on. */
bool nasty_works(void);

/* Have recv on a descriptor get from this function as many of len bytes as it
 * returns, and never anything else; NULL: what there is. One at a time. */
void nasty_fill(int fd, size_t (*fill)(void *data, size_t len));

/* For nasty_calls.c */

/* The C library's function, or a sanitizer's, that this one stands before. */
void (*nasty_real(enum nasty_call call))(void);

/* A call is made that is to move *len bytes. True: it fails, with errno set. */
bool nasty_strikes(int fd, enum nasty_call call, size_t *len);

/* True: *len bytes were received, as nasty_fill has said. */
bool nasty_fills(int fd, void *data, size_t *len);

/* accept has returned a descriptor, or close is going to take one. */
void nasty_accepted(int fd);

#endif
