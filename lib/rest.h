#ifndef REST_H
#define REST_H

#include <stdbool.h>
#include <stdint.h>

#include "input.h"

/*
 * An input at rest: what has to be known of one of which nothing is unread, no
 * frame is in progress, and nothing is still to be told. It is a sixth of what
 * a struct input takes, which is all there is of a channel that is idle.
 */
struct rest {
	struct evchat_framing *framing; /* of the terminator */
	void *state;                    /* the same */
	union {
		uint64_t count;  /* SCAN_COUNT: the same */
		uint64_t passed; /* SCAN_NONE: bytes since there is none */
	} so_many;
	uint64_t frames;
	uint64_t others;
	uint64_t oversized;
	uint64_t last_len;
	uint64_t offset;
	uint64_t next_max;
	unsigned char kind;        /* enum scan_kind */
	unsigned char next_policy; /* enum evchat_oversize */
	unsigned char end;         /* enum input_end */
	unsigned char ahead;
	bool next_max_is_default;
	bool deliver_last;
	bool after_end;
	bool open;                 /* a count that has begun */
};

void rest_init(struct rest *rest, bool deliver_last);
void rest_free(struct rest *rest);
/* Make of it the input that it was, which has all it refers to from then on. */
void rest_wake(const struct rest *rest, struct input *input);
/*
 * The other way round. False: the input is not at rest, and remains; it is
 * only behind input_settle.
 */
bool rest_take(struct rest *rest, struct input *input);
/* The same by force: what is unread and in progress is forgotten. */
void rest_drop(struct rest *rest, struct input *input);

#endif
