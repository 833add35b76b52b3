#ifndef SECURE_H
#define SECURE_H

/*
 * Two channels that speak to each other, for the tests of TLS: each end has a
 * transcript, and a function for what it does in a line. Either end may be a
 * bare descriptor instead, for a peer that sends what no channel would. Lines
 * end with CR LF, are delivered whole, and are noted as "frame:...".
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <evchat.h>
#include <evchat/openssl.h>
#include "unit.h"

enum secure_wire {
	SECURE_SOCKET,     /* each end on a socket that one thread uses */
	SECURE_THREADSAFE,
	SECURE_BEV,        /* evchat_new() on a bufferevent_socket */
	SECURE_INDIRECT,   /* EVCHAT_OPT_BUFFEREVENT_IO */
	SECURE_FILTER,     /* filters that pass everything on sockets */
	SECURE_TCP,        /* as SECURE_SOCKET; the others are AF_UNIX */
	SECURE_PAIR,
	SECURE_WIRES
};

/* Those below have descriptors. */
#define SECURE_RAW_WIRES SECURE_PAIR

struct secure_end {
	struct secure *of;
	enum evchat_tls_role role;
	struct evchat *chat;  /* NULL when it has ended, or is a descriptor */
	int fd;               /* then, or -1 */
	struct unit_text text;
	int made, closed;     /* how often; the same in the end */
	uint64_t collected;   /* bytes that no frame holds; not noted */
	unsigned tls;         /* options of evchat_starttls() */
	enum evchat_reason why;

	/* What it does, behind what was noted; NULL: nothing. */
	void (*line)(struct secure_end *end, const char *line);
	void (*event)(struct secure_end *end, enum evchat_event what);
	void (*collect)(struct secure_end *end);
	void (*ended)(struct secure_end *end);

	const struct evchat_hooks *hooks; /* for secure_wire.c */
};

struct secure {
	struct event_base *base;
	enum secure_wire wire;
	struct secure_end server, client;
	SSL_CTX *server_ctx; /* those of certificate.h, shared, unless set */
	SSL_CTX *client_ctx;
	const char *host;    /* whom the client wants; localhost, unless set */
	struct event *limit; /* of a test's time */
	bool output_events;  /* note WRITABLE and DRAINED, too */
	long blocks;         /* of memory, before */
};

/* Which ends are channels. */
#define SECURE_SERVER 1
#define SECURE_CLIENT 2
#define SECURE_BOTH 3

/* Both ends are channels, or one is a descriptor. */
struct secure *secure_new(int wire);
struct secure *secure_new_server(int wire); /* the client is a descriptor */
struct secure *secure_new_client(int wire); /* and here the server is */
/* With options of evchat_new(). */
struct secure *secure_new_with(int wire, int ends, unsigned options);

/* Free all, and look for leaks and for channels that ended other than once. */
void secure_free(struct secure *s);
/* How many SSLs there are; with that counting begins. */
long secure_ssls(void);

/* Have the connection end now, in a reset where it is TCP. */
void secure_reset(struct secure_end *end);
void secure_hang_up(struct secure_end *end);

/* evchat_starttls() as the end's role is; must be possible. */
void secure_starttls(struct secure_end *end);
/* From the first byte, both ends. */
void secure_both(struct secure *s);

/* Push a line. */
void secure_say(struct secure_end *end, const char *line);
/* What a descriptor sends. */
void secure_send(struct secure_end *end, const void *data, size_t len);

/* Run the loop until nothing moves; until both have ended. */
void secure_run(struct secure *s);
void secure_run_until_closed(struct secure *s);
void secure_run_until(struct secure *s, const struct unit_text *text,
    const char *part);

/* secure_wire.c */
void secure_connect(struct secure *s, int ends, unsigned options);

void secure_expect(struct secure_end *end, const char *transcript);

#endif
