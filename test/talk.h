#ifndef TALK_H
#define TALK_H

/*
 * A channel in TLS with a bare peer: what most tests of one end are made of.
 */

#include "bare.h"
#include "secure.h"

/* A loop test's number: the wire, and which end is the channel. */
#define TALKS (2 * SECURE_RAW_WIRES)

struct talk {
	struct secure *s;
	struct secure_end *chat; /* the channel */
	struct bare *bare;       /* at the other end */
};

/* Nobody has begun; options of evchat_new(). */
struct talk talk_new(int i, unsigned options);
/* Both are in TLS, and connected; tls: options of evchat_starttls(). */
struct talk talk_start(int i, unsigned options, unsigned tls);

void talk_free(struct talk *t);
/* The same, when the channel has ended and told this. */
void talk_finish(struct talk *t, const char *transcript);

#endif
