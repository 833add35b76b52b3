/*
 * What is bent and when. The calls themselves are in nasty_calls.c.
 *
 * The settings are plain variables, written before `bent' is set and read
 * after it was seen to be; everything that calls change is atomic.
 */

#define _GNU_SOURCE 1 /* RTLD_NEXT */
#include <dlfcn.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include "nasty.h"

#define DESCRIPTORS 1024 /* those below this can be watched */

const struct nasty_bend nasty_bends[] = {
	{ "one byte", NASTY_READS | NASTY_WRITES, 0, 1, true },
	{ "half", NASTY_READS | NASTY_WRITES, 0, 0, true },
	{ "EINTR", NASTY_READS | NASTY_WRITES | NASTY_ACCEPTS | NASTY_CONNECT,
	    EINTR, 0, true },
	{ "EAGAIN", NASTY_READS | NASTY_WRITES | NASTY_ACCEPTS, EAGAIN, 0,
	    true },
	{ "ECONNABORTED", NASTY_ACCEPTS, ECONNABORTED, 0, true },
	{ "EMFILE", NASTY_ACCEPTS, EMFILE, 0, false },
	{ "ECONNRESET", NASTY_READS | NASTY_WRITES, ECONNRESET, 0, false },
	{ "EPIPE", NASTY_WRITES, EPIPE, 0, false },
	{ "ENOBUFS", NASTY_READS | NASTY_WRITES | NASTY_CONNECT, ENOBUFS, 0,
	    false },
	{ "ETIMEDOUT", NASTY_READS | NASTY_WRITES | NASTY_CONNECT, ETIMEDOUT,
	    0, false },
	{ "ENOMEM", NASTY_READS | NASTY_WRITES, ENOMEM, 0, false },
	{ "ECONNREFUSED", NASTY_CONNECT, ECONNREFUSED, 0, false },
	{ "EADDRNOTAVAIL", NASTY_CONNECT, EADDRNOTAVAIL, 0, false }
};
const size_t nasty_bend_count = sizeof(nasty_bends) / sizeof(nasty_bends[0]);

static atomic_bool watched[DESCRIPTORS];
static atomic_bool watch_accepted;
static atomic_long counted;
static atomic_long struck;

/* The settings. */
static atomic_bool bent;
static const struct nasty_bend *bend; /* NULL: any that is transient */
static long at;         /* 0: by chance */
static unsigned chance; /* one in so many; 0: none */
static uint64_t chance_seed;
static int filled; /* the descriptor, if there is: */
static size_t (*_Atomic filling)(void *data, size_t len);

const struct nasty_bend *
nasty_bend_named(const char *name)
{
	size_t i;

	for (i = 0; i < nasty_bend_count; i++)
		if (strcmp(nasty_bends[i].name, name) == 0)
			return &nasty_bends[i];
	return NULL;
}

void
nasty_watch(int fd, bool on)
{
	if (fd >= 0 && fd < DESCRIPTORS)
		atomic_store(&watched[fd], on);
}

void
nasty_watch_accepted(bool on)
{
	atomic_store(&watch_accepted, on);
}

void
nasty_accepted(int fd)
{
	if (atomic_load(&watch_accepted))
		nasty_watch(fd, true);
}

static void
set(const struct nasty_bend *what, long n, unsigned one_in, uint64_t seed)
{
	atomic_store(&bent, false);
	atomic_store(&counted, 0);
	atomic_store(&struck, 0);
	bend = what;
	at = n;
	chance = one_in;
	chance_seed = seed;
	atomic_store(&bent, true);
}

void
nasty_bend_at(const struct nasty_bend *what, long n)
{
	set(what, n, 0, 0);
}

void
nasty_bend_often(const struct nasty_bend *what, unsigned one_in, uint64_t seed)
{
	set(what, 0, one_in, seed);
}

void
nasty_stop(void)
{
	atomic_store(&bent, false);
}

long
nasty_counted(void)
{
	return atomic_load(&counted);
}

long
nasty_struck(void)
{
	return atomic_load(&struck);
}

/* The n-th call's dice, which fall the same in every run: splitmix64. */
static uint64_t
cast(long n)
{
	uint64_t dice = chance_seed + (uint64_t)n * 0x9e3779b97f4a7c15;

	dice = (dice ^ (dice >> 30)) * 0xbf58476d1ce4e5b9;
	dice = (dice ^ (dice >> 27)) * 0x94d049bb133111eb;
	return dice ^ (dice >> 31);
}

static bool
is_chosen(long n)
{
	if (at > 0)
		return n == at;
	return chance == 1 || (chance > 1 && cast(n) % chance == 0);
}

/* One of the transient bends that fit a call; NULL if none does. */
static const struct nasty_bend *
any_of(unsigned call, uint64_t dice)
{
	const struct nasty_bend *fitting[NASTY_CALLS];
	size_t i, n = 0;

	for (i = 0; i < nasty_bend_count; i++)
		if (nasty_bends[i].transient &&
		    (nasty_bends[i].calls & call) != 0)
			fitting[n++] = &nasty_bends[i];
	return n > 0 ? fitting[dice % n] : NULL;
}

static bool
is_watched(int fd)
{
	return fd >= 0 && fd < DESCRIPTORS && atomic_load(&watched[fd]) &&
	    atomic_load(&bent);
}

bool
nasty_strikes(int fd, enum nasty_call call, size_t *len)
{
	const struct nasty_bend *with;
	long n;

	if (!is_watched(fd) || (bend != NULL && (bend->calls & call) == 0))
		return false;
	n = atomic_fetch_add(&counted, 1) + 1;
	if (!is_chosen(n))
		return false;
	with = bend != NULL ? bend : any_of(call, cast(-n));
	if (with == NULL)
		return false;
	atomic_fetch_add(&struck, 1);
	if (with->error != 0)
		errno = with->error;
	else if (with->most == 0)
		*len = (*len + 1) / 2;
	else if (*len > with->most)
		*len = with->most;
	return with->error != 0;
}

void
nasty_fill(int fd, size_t (*fill)(void *data, size_t len))
{
	filled = fd;
	atomic_store(&filling, fill);
}

bool
nasty_fills(int fd, void *data, size_t *len)
{
	size_t (*fill)(void *, size_t) = atomic_load(&filling);

	if (fill == NULL || fd != filled)
		return false;
	*len = fill(data, *len);
	return true;
}

/*
 * A sanitizer's functions stand between a program and the C library, and stay
 * there: some are in this very program, where RTLD_NEXT would pass them over.
 */
void
(*nasty_real(enum nasty_call call))(void)
{
	static const char *const names[NASTY_CALLS] = { "recv", "recvfrom",
	    "recvmsg", "read", "readv", "send", "sendto", "sendmsg", "write",
	    "writev", "sendfile", "accept", "accept4", "connect", "close" };
	static _Atomic(void *) found[NASTY_CALLS];
	int i = __builtin_ctz(call);
	void *symbol = atomic_load(&found[i]);
	void (*function)(void);
	char name[64];

	if (symbol == NULL) {
		snprintf(name, sizeof(name), "__interceptor_%s", names[i]);
		if ((symbol = dlsym(RTLD_DEFAULT, name)) == NULL)
			symbol = dlsym(RTLD_NEXT, names[i]);
		atomic_store(&found[i], symbol);
	}
	memcpy(&function, &symbol, sizeof(function));
	return function;
}
