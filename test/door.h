#ifndef DOOR_H
#define DOOR_H

/*
 * A listener, those who knock at it, and a transcript of all it says, such as
 * "accept|frame:a|closed:eof|stopped". Its channels echo lines. Descriptors
 * and blocks of memory are counted: a leak fails the test.
 */

#include <sys/socket.h>
#include "harness.h"

#define DOOR_CLIENTS 128

enum door_kind {
	DOOR_TCP,
	DOOR_TCP6,
	DOOR_UNIX,
	DOOR_ADOPTED,    /* evchat_listener_new() on a TCP socket */
	DOOR_THREADSAFE, /* TCP with EVCHAT_OPT_THREADSAFE */
	DOOR_KINDS
};

struct door;

/* What a test does in callbacks, after they were noted. NULL: nothing. */
struct door_script {
	void (*accept)(struct door *d, struct evchat *chat);
	void (*frame)(struct door *d, struct evchat *chat);
	void (*event)(struct door *d, struct evchat *chat);
	void (*closed)(struct door *d, struct evchat *chat);
	void (*error)(struct door *d);
	void (*stopped)(struct door *d);
};

struct door {
	struct event_base *base;
	struct evchat_listener *listener; /* NULL: freed */
	enum door_kind kind;
	struct sockaddr_storage address;
	int address_len;
	const char *where;        /* listen there, in words; NULL: at address */
	int listener_fd;          /* where it is known, else -1 */
	struct sockaddr_storage peer; /* of the last connection */
	int peer_len;

	struct evchat *last;      /* the channel accepted last; NULL: ended */
	int clients[DOOR_CLIENTS]; /* -1: closed */
	int n;
	int living;               /* channels that were accepted and live */
	int accepted;

	struct door_script script;
	int count;                /* the test's own */
	void *user;

	bool quiet;               /* nothing is noted but errors and stopped */
	char text[4096];          /* the transcript */
	size_t len;
	char directory[64];       /* of a UNIX socket's path */
	struct event *guard;      /* the clock of a test that waits */
	int ticks;
	long blocks;
	long descriptors;
};

/* A door with a listener. */
void door_open(struct door *d, enum door_kind kind);
/* The parts of it: one without; one that listens with these options. */
void door_init(struct door *d, enum door_kind kind);
bool door_listen(struct door *d, unsigned options);

/* Free the listener, if it has not been; twice does nothing. */
void door_free_listener(struct door *d);

/* Compare the transcript, close and free all, and look for leaks. */
void door_end(struct door *d, const char *transcript);
/* Without the comparison. */
void door_close(struct door *d);

/* Somebody connects, but the loop does not run. @return which client it is */
int door_knock(struct door *d);
/* The client says a line of one letter, 'a' for the first client. */
void door_say(struct door *d, int client);
/* It says no more, but listens; it goes away. */
void door_finish(struct door *d, int client);
void door_leave(struct door *d, int client);
/* Whether the client has the echo of its line, and no more; has its end. */
bool door_echoed(struct door *d, int client);
bool door_ended(struct door *d, int client);

/* Connect, speak, be heard: the loop runs. */
int door_visit(struct door *d);

/* Run the loop: a few turns; or until something was noted so many times. */
void door_turn(struct door *d);
void door_run_until(struct door *d, const char *part, int times);
/* ... until so many channels live. */
void door_run_until_living(struct door *d, int living);
/* ... until so many have been accepted in all. */
void door_run_until_accepted(struct door *d, int accepted);
/* ... until a client has its echo, or its end. */
void door_run_until_echoed(struct door *d, int client);
void door_run_until_ended(struct door *d, int client);

void door_note(struct door *d, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void door_expect(struct door *d, const char *transcript);

/* How many descriptors are open. */
long door_descriptors(void);

/* Notes that it has stopped; for evchat_listener_stop(), arg is the door. */
void door_stopped(struct evchat_listener *listener, void *arg);
/* The same, with this grace; -1 for none. */
void door_stop(struct door *d, int grace_ms);

/* Allowed inside callbacks, where scripts want them. */
void door_free_chat(struct door *d, struct evchat *chat);

#endif
