#ifndef LOAD_H
#define LOAD_H

/*
 * Files among bytes: what is pushed is one pattern in pieces of every kind,
 * long files among them, and a peer compares it as it comes.
 */

#include "harness.h"
#include "nasty.h"
#include "sink.h"

#define LOAD_LONG ((size_t)1024 << 10) /* more than sockets and a queue hold */
#define LOAD_PIECE ((size_t)1000)      /* of bytes between files */

struct load {
	struct harness *h;
	struct sink sink;
	size_t pushed;  /* bytes, so far */
	int file;       /* all of the pattern that is needed */
	int error;      /* told in closed */
};

void load_start(struct load *load, enum harness_carrier carrier);
/* Frees the harness; the transcript must be this. */
void load_end(struct load *load, const char *transcript);

/* What comes next in the pattern; a producer of it is the caller's to push. */
void load_push_bytes(struct load *load);
void load_push_file(struct load *load, size_t len);
struct evchat_producer *load_file_part(struct load *load, size_t len);

/* Files, with bytes in front, between and behind them, and marks a and b. */
void load_push_all(struct load *load);

/* The channel has ended, and the peer knows; for sink_run(), with a load. */
bool load_has_ended(void *load);
/* Close it, and all that load_push_all() pushed arrives. */
void load_expect_all(struct load *load);

/* To count calls of sendfile with: it does nothing to them. */
extern const struct nasty_bend load_counting;

#endif
