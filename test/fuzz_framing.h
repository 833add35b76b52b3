#ifndef FUZZ_FRAMING_H
#define FUZZ_FRAMING_H

/*
 * Fuzzing of framings: bytes that a fuzzer made up become a framing, options
 * and a stream. A target is one file, fuzz_<framing>.c, that makes the
 * framing; all else is shared:
 *
 *	fuzz_framing.c  decodes an input and compares
 *	fuzz_decode.c   one run: a channel that cuts the stream into frames
 *	fuzz_encode.c   frames are pushed, in all three ways, and decoded again
 *
 * What must hold: a stream comes to the same however it is cut; whole frames
 * are what the pieces of frames make together; and a payload that is not
 * refused is decoded to itself.
 */

#include "fuzz.h"

/* What an input says; see fuzz_framing.c. */
struct fuzz_case {
	struct evchat_framing *framing;
	bool wild;      /* it does what it likes: nothing is compared */
	bool producers; /* it can encode what a producer gives */
	bool carries;   /* every frame that it delivers */

	unsigned options; /* of evchat_new() */
	bool eof;         /* behind the stream */
	bool pauses;      /* every data hook does, until all is at rest */
	bool again;       /* the framing is set again whenever a frame has ended */
	uint64_t max;
	enum evchat_oversize policy;
	uint8_t in;       /* buffer size; 0: as it is */
	uint8_t piece[3];
	uint8_t *stream;
	size_t len;
};

/* Make a framing of what the reader has, and say what is special about it in c.
 * @return NULL with errno, if that cannot be one */
typedef struct evchat_framing *(*fuzz_framing_new)(struct fuzz_case *c,
    struct fuzz_reader *r);

/* What LLVMFuzzerTestOneInput() calls. @return 0 */
int fuzz_framing_one(fuzz_framing_new framing_new, const uint8_t *data,
    size_t size);

/* Payloads: frames that were delivered, or are to be pushed. */
#define FUZZ_PAYLOADS 8   /* to be pushed, */
#define FUZZ_DELIVERED 16 /* each of them twice */
struct fuzz_payloads {
	struct fuzz_payload {
		uint8_t *data;
		size_t len;
		bool delivered; /* and whole */
		bool refused;
	} payload[FUZZ_DELIVERED];
	size_t n; /* those beyond are not kept */
};
void fuzz_payloads_add(struct fuzz_payloads *to, const void *data, size_t len,
    bool delivered);
void fuzz_payloads_free(struct fuzz_payloads *payloads);

/* fuzz_decode.c */

#define FUZZ_LONG 512 /* a stream above that is not cut as finely */

/* How the stream is cut: sizes by turns, 0 no cut, with FUZZ_JOINED or not. */
struct fuzz_cutting {
	const char *name;
	uint8_t piece[3];
};

/* One run, and what came of it. All zeros but for the first three. */
struct fuzz_decoding {
	const struct fuzz_case *c;
	const struct fuzz_cutting *cuts;
	bool whole; /* frames come so */

	struct evchat *chat; /* NULL when closed has run */
	bool paused;
	unsigned pauses;
	bool over;           /* the frame in progress is above the maximum */
	struct evbuffer *pieces;    /* of the frame in progress */
	size_t ended;        /* frames */
	struct fuzz_text told;      /* all that the hooks were told */
	struct fuzz_text frames;    /* that of it which is the same in pieces */
	struct fuzz_payloads got;
	enum evchat_reason why;
};
void fuzz_decode(struct fuzz_decoding *d);
void fuzz_decoding_free(struct fuzz_decoding *d);

/* fuzz_encode.c: the payloads are encoded, decoded and looked at. */
void fuzz_encode(const struct fuzz_case *c, struct fuzz_payloads *payloads);

/* A channel on a pair that nobody else has, and its peer. */
struct fuzz_pair {
	struct evchat *chat;
	struct bufferevent *peer;
};
void fuzz_pair_open(struct fuzz_pair *pair, const struct evchat_hooks *hooks,
    void *arg, unsigned options);
/* Run the loop until nothing is active. */
void fuzz_pair_settle(void);

#endif
