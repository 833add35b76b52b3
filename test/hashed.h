#ifndef HASHED_H
#define HASHED_H

/*
 * A framing of the application's own: frames end with a hash sign. It writes
 * down what it is used for, and that the state of a channel begins as zeros.
 * The third frame since it was set is malformed: that shows whose state it is.
 */

#include "harness.h"

struct hashed {
	int error;         /* encode appends and then fails with this */
	int encoded;       /* calls */
	char payload[100]; /* of the last one, its pieces joined */
	int freed;
	int dirty;         /* states that were not zeros at first */
};

extern const struct evchat_framing_ops hashed_ops;
extern const struct evchat_framing_ops hashed_no_encode;

/* Make one; hashed has to outlive it. */
struct evchat_framing *hashed_new(struct hashed *hashed,
    const struct evchat_framing_ops *ops);

/* A channel that writes with one, and holds the only reference. */
struct harness *hashed_start(struct hashed *hashed,
    enum harness_carrier carrier);

#endif
