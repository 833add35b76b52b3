#ifndef HARNESS_INSIDE_H
#define HARNESS_INSIDE_H

/* What the files of the harness share; the tests have harness.h. */

#include <setjmp.h>
#include "harness.h"

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
unsigned harness_carrier_options(enum harness_carrier carrier);
void harness_carrier_open(struct harness *h);

/* harness_peer.c */
void harness_peer_open_socket(struct harness *h, int fd);
void harness_peer_open_bev(struct harness *h, struct bufferevent *bev);
void harness_peer_close(struct harness *h);

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
