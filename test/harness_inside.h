#ifndef HARNESS_INSIDE_H
#define HARNESS_INSIDE_H

/* What the files of the harness share; the tests have harness.h. */

#include "harness.h"

struct later;

struct harness_text {
	char *at;    /* len bytes and a NUL; NULL before the first */
	size_t len;
	size_t size;
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

	/* Before the base was made. */
	long blocks;
	long descriptors;
};

/* harness_transcript.c */
void harness_end_collect(struct harness *h);
const char *harness_event_name(enum evchat_event what);

/* harness_carrier.c */
bool harness_carrier_waits(enum harness_carrier carrier);
unsigned harness_carrier_options(enum harness_carrier carrier);
void harness_carrier_open(struct harness *h);
void harness_carrier_close(struct harness *h);

/* harness.c */
void harness_enter(struct harness *h); /* no hook but closed may run ... */
void harness_leave(struct harness *h); /* ... before this */

#endif
