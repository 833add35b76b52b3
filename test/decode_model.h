#ifndef DECODE_MODEL_H
#define DECODE_MODEL_H

/*
 * A second opinion on every framing: what a whole string of bytes comes to, by
 * functions that have all of it before them, look wherever they like as often
 * as they like, and know nothing of pieces or of the library.
 */

#include "decode.h"

/* All of the bytes, which have an end. The result begins as all zeros. */
void decode_model(const struct decode_spec *spec, const void *bytes, size_t len,
    struct decode_result *result);

/* Its parts */

struct naive {
	const struct decode_spec *spec;
	const unsigned char *in;
	size_t len;
	size_t at;       /* where the frame in progress begins; moved behind it */
	struct decode_result *result;
};

/*
 * What each kind of framing has: deal with one frame. False if it has no end:
 * then what there is of it is the rest.
 */
typedef bool naive_frame(struct naive *m);

naive_frame naive_fixed, naive_length, naive_varint, naive_netstring;
naive_frame naive_octet_count, naive_dot, naive_chunked, naive_custom;

/* The byte at an offset is wrong. False, to be returned. */
bool naive_bad(struct naive *m, size_t at, const char *error);

/* The bytes from one offset up to another are data of the frame. */
void naive_data(struct naive *m, size_t from, size_t to);

/* The frame ends before an offset. True, to be returned. */
bool naive_end(struct naive *m, size_t at);

#endif
