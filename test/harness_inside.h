#ifndef HARNESS_INSIDE_H
#define HARNESS_INSIDE_H

/* What the files of the harness share; the tests have harness.h. */

#include <setjmp.h>
#include <sys/types.h>
#include "harness.h"

struct harness_layer;
struct harness_trouble;
struct later;

struct harness_text {
	char *at;    /* len bytes and a NUL; NULL before the first */
	size_t len;
	size_t size;
	bool in_full;  /* equal bytes are not counted */
};

#define HARNESS_TIMERS 7 /* with the guard as many as there is room for */

/* What of a channel a call that fails must leave as it was. */
struct harness_state {
	size_t output;
	const struct evchat_framing *framing;
	uint64_t remaining;
	uint64_t frame_length;
	uint64_t offset;
	const void *partial;
	size_t partial_len;
};

struct harness_inside {
	enum harness_carrier carrier;
	bool beside;              /* the base belongs to another harness */

	/* Transcript: text, then the bytes of a collect that may grow. */
	struct harness_text text;
	struct evbuffer *collected;
	struct harness_text shown; /* both, as last asked for */

	/* Running. */
	int depth;                /* in a hook, or in a call of the scenario */
	struct event *guard;      /* fires when a test hangs */
	struct later *laters;     /* what harness_later() was asked for */

	/* The wire. */
	int channel_fd;           /* the channel's end, -1 where it has none */
	bool is_pair;
	struct event *peer_read;  /* NULL for a pair */
	struct ev_token_bucket_cfg *rate;
	unsigned char mask;       /* what the filter does to each byte */
	bool eof_sent;
	struct harness_layer *layer; /* NULL: none */
	bool handshaking;         /* CONNECTED is still to be told */

	/* In trouble; trouble is NULL in ordinary runs. */
	const struct harness_trouble *trouble;
	long nth;                 /* which one fails; 0: none */
	struct harness_state before; /* a call of the scenario */
	bool gave_up;             /* after a call that failed */
	struct event *timers[HARNESS_TIMERS]; /* that fill libevent's heap */
	int told_errno;           /* in closed */

	/* Where harness_ok() goes on; NULL outside of scripts. */
	jmp_buf *way_out;
	long unreleased;          /* what was pushed and not told its end */

	/* Before the base was made. */
	long blocks;
	long descriptors;
};

/* harness_transcript.c */
void harness_end_collect(struct harness *h);
const char *harness_event_name(enum evchat_event what);

/* harness_carrier.c */
bool harness_carrier_waits(enum harness_carrier carrier);
bool harness_carrier_is_tcp(enum harness_carrier carrier);
bool harness_has_tcp6(void); /* Has this machine the address ::1? */
unsigned harness_carrier_options(enum harness_carrier carrier);
void harness_carrier_open(struct harness *h);

/* harness_peer.c */
void harness_peer_open_socket(struct harness *h, int fd);
void harness_peer_open_bev(struct harness *h, struct bufferevent *bev);
void harness_peer_close(struct harness *h);
void harness_peer_ended(struct harness *h);

/* Take bytes from the wire. */
void harness_peer_got(struct harness *h, unsigned char *data, size_t len);

/* Whether all that the peer has to say is on the wire. */
bool harness_peer_flush(struct harness *h);

/* What is on the wire. @return as send_once() there */
ssize_t harness_wire_send(struct harness *h, const void *data, size_t len);

/* harness_tls.c: TLS over the wire, or over a bufferevent that is over it */
struct harness_tls {
	bool wanted;
	bool client;      /* the channel is; its peer is the server */
	bool handshaking; /* the channel is made before the handshake */
	bool old;         /* TLS 1.2 */
	bool ends_wire;   /* the peer shuts the wire when it has said its end */
};

struct bufferevent *harness_tls_open(struct harness *h,
    struct bufferevent *under, const struct harness_tls *how, int options);

/* What a peer speaks over the wire, where that is not just its bytes. */
struct harness_layer {
	/* Bytes from the wire. */
	void (*got)(struct harness *h, const void *data, size_t len);

	/* @return how much was taken, 0: no room now, -1: it has ended */
	ssize_t (*send)(struct harness *h, const void *data, size_t len);

	/* Go on with what is to be on the wire. @return whether all is there */
	bool (*flush)(struct harness *h);

	/* Say the end. @return whether the wire is to be shut as well */
	bool (*end)(struct harness *h);

	void (*free)(struct harness *h);
};

/* harness_loop.c */
void harness_guard_new(struct harness *h); /* makes h->in->guard */
void harness_free_laters(struct harness *h);

/* harness_split.c */
void harness_feed_scenario(struct harness *h, const struct harness_scenario *s,
    const struct harness_cuts *cuts);
const char *harness_show_cuts(const struct harness_cuts *cuts);

/* harness.c */
void harness_enter(struct harness *h); /* no hook but closed may run ... */
void harness_leave(struct harness *h); /* ... before this */

/*
 * Call a part of a scenario. In trouble harness_ok() may cut it short.
 */
#define HARNESS_SCRIPT(h, call) do { \
	jmp_buf *outer_way_out = (h)->in->way_out; \
	jmp_buf way_out; \
	(h)->in->way_out = &way_out; \
	if (setjmp(way_out) == 0) \
		call; \
	(h)->in->way_out = outer_way_out; \
} while (0)

#endif
