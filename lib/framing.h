#ifndef FRAMING_H
#define FRAMING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/buffer.h>

#include "api.h"
#include "backlog.h"
#include "plain.h"
#include "ready.h"
#include "scan.h"

/* What is to be sent as one frame: n pieces, len bytes in all. */
struct payload {
	const struct evbuffer_iovec *vec;
	int n;
	size_t len;
};

/* A frame that is encoded in pieces; all zeros at first. */
struct sending {
	struct scan scan;   /* of what is sent, where it has to be looked at */
	uint64_t given;     /* bytes of payload */
	uint64_t delivered; /* bytes of data that the peer will see in these */
	bool ended;         /* the frame has ended with the last byte */
	bool may_be_whole;  /* what was passed may look like a frame to the peer */
};

/*
 * What every framing is: a reference count and the functions of its kind. The
 * structure of each kind begins with this one. After its constructor has
 * returned, nothing but the count changes.
 */
struct framing_ops {
	/* See scan_next, for which this is called; len > 0. */
	enum scan_what (*scan)(const struct evchat_framing *framing,
	    struct scan *scan, const unsigned char *bytes, size_t len,
	    struct scan_step *step);
	/* See scan_finish. NULL: what is held stays so. */
	enum scan_what (*finish)(const struct evchat_framing *framing,
	    struct scan *scan, struct scan_step *step);
	/* See scan_gap; asked behind a frame. NULL: there is nothing. */
	size_t (*gap)(struct scan *scan, const unsigned char *bytes, size_t len);

	/*
	 * Find those frames that lie whole in ready's bytes, with which a
	 * frame may begin: exactly as scan would, and fewer rather than too
	 * many, for what is not found here is scanned. What is to be found is
	 * 0 at first. NULL: each frame is scanned, as it is where there is a
	 * gap.
	 */
	void (*find)(const struct evchat_framing *framing, struct ready *ready);

	/* See scan_unhold; NULL: bytes that were seen stay so. */
	void (*unhold)(struct scan *scan);

	/* Append the frame that decodes to the payload: all, or -1 with errno. */
	int (*encode)(const struct evchat_framing *framing,
	    struct backlog *out, const struct payload *payload);
	/*
	 * The same in pieces, for a payload whose length is not known: move
	 * the next one from in to out, encoded; and then append what ends the
	 * frame. NULL: this framing needs the length.
	 */
	int (*encode_piece)(const struct evchat_framing *framing,
	    struct sending *sending, struct evbuffer *in, struct evbuffer *out);
	int (*encode_end)(const struct evchat_framing *framing,
	    struct sending *sending, struct evbuffer *out);

	/* Free the whole structure. */
	void (*free)(struct evchat_framing *framing);
	bool transforms; /* is a frame something else than bytes of the stream? */
	bool declares;  /* frames say how long they are */
	bool goes_on;    /* what was seen of a frame cannot be seen again */
	bool holds_any;  /* and how much is held back is not its own to limit */
};

#define FRAMING_CONSTANT 0 /* references: they are not counted, and it is not freed */

struct evchat_framing {
	const struct framing_ops *ops;
	atomic_uint refs;
	size_t state_size; /* of what it keeps for each channel */
	struct plain plain; /* how frames are encoded, where that is plain */
};

void framing_init(struct evchat_framing *framing, const struct framing_ops *ops);
/* A new framing of a kind whose structure is so large, or NULL with errno. */
void *framing_new(size_t size, const struct framing_ops *ops);
/* What ops->free is where that structure refers to nothing else. */
void framing_free(struct evchat_framing *framing);
struct evchat_framing *framing_ref(struct evchat_framing *framing); /* NULL is fine */

/* errno is EINVAL and false is returned if there are others than the known ones. */
bool framing_knows(unsigned flags, unsigned known);

/* Scanning */

/* The frame ends behind its data with so many bytes, which it keeps or not. */
enum scan_what framing_end(struct scan_step *step, size_t len, bool keeps);
/* What was held is data after all. */
void framing_give_held(struct scan *scan, struct scan_step *step);

/* Sending */

unsigned char payload_byte(const struct payload *payload, size_t at);

/* Append head, payload and tail to out: all of them, or -1 with errno. */
int payload_append(struct backlog *out, const struct payload *payload,
    const struct evbuffer_iovec *head, const struct evbuffer_iovec *tail);

/* Append the payload and a tail, if that is one frame; else EINVAL. */
int framing_encode_tail(const struct evchat_framing *framing,
    struct backlog *out, const struct payload *payload, const void *tail,
    size_t len);

/*
 * The same in pieces. Where may_end is true the payload has to end the frame
 * by itself, with its very last byte; else it must not.
 */
int framing_pass_piece(const struct evchat_framing *framing,
    struct sending *sending, struct evbuffer *in, struct evbuffer *out,
    bool may_end);
int framing_pass_tail(const struct evchat_framing *framing,
    struct sending *sending, struct evbuffer *out, const void *tail,
    size_t len);

#endif
