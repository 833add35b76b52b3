#ifndef TALLY_H
#define TALLY_H

/*
 * A channel in a harness, with hooks that keep nothing and note nothing: they
 * count. So all that is allocated and done is the library's and libevent's.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "harness.h"

struct tally {
	struct harness *h;
	struct evchat *chat;

	/* What the peer has sent, and what the hooks were told. */
	uint64_t sent;
	uint64_t pieces;
	uint64_t bytes;
	uint64_t frames;
	uint64_t oversized;

	/* Called in collect, and in found or frame, if they are not NULL. */
	void (*on_data)(struct tally *t);
	void (*on_frame)(struct tally *t);
	void *user;
};

/* Make the channel. Its frames come whole or in pieces. */
void tally_start(struct tally *t, enum harness_carrier carrier, bool whole);
void tally_free(struct tally *t);

/* Have frames of any size. */
void tally_unlimited(struct tally *t);

/* Have frames end with a string. */
void tally_delimiter(struct tally *t, const char *bytes, size_t len);

/*
 * Send; the loop does not run. Over a pair that is one chain which refers to
 * the bytes; they have to stay until they are delivered.
 */
void tally_send(struct tally *t, const void *data, size_t len);

/* What of all that was sent has not been delivered. */
uint64_t tally_unread(const struct tally *t);

#endif
