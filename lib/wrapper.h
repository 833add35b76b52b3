#ifndef WRAPPER_H
#define WRAPPER_H

#include <stdbool.h>
#include <stddef.h>

#include "api.h"
#include "encoding.h"

/*
 * What ready-made producers have in common that call something else for what
 * they give: producers that they are around, or functions of the application.
 * The structure of each kind begins with this one.
 */

struct wrapper;

struct wrapper_ops {
	/* As that of evchat_producer_ops; behind ERROR nothing is touched. */
	enum evchat_more (*more)(struct wrapper *wrapper, struct evbuffer *out,
	    size_t want);
	/* What done does, when those it is around are ended. May be NULL. */
	void (*done)(struct wrapper *wrapper);
	/* Free what this kind has besides. May be NULL. */
	void (*free)(struct wrapper *wrapper);
};

struct wrapper {
	const struct wrapper_ops *ops;
	struct evchat_producer *producer; /* that it is */
	struct evchat_producer *inner;    /* those that it is around, by next */
	struct evbuffer *piece;           /* what one of them gave, or NULL */
	struct encoding *encoding;        /* of it, or NULL */
	bool running; /* more is */
	bool ended;   /* done was called; nothing outside is to be called */
};

/*
 * A wrapper of such a size around n producers, all of which are taken, or
 * ended on failure: NULL with errno. Those that are another's are left alone:
 * EINVAL.
 */
void *wrapper_new(size_t size, const struct wrapper_ops *ops,
    struct evchat_producer *const *inner, int n);

/* The same around one, with a piece; unless framing is NULL, an encoding. */
void *wrapper_new_piece(size_t size, const struct wrapper_ops *ops,
    struct evchat_producer *inner, struct evchat_framing *framing);

/* Undo that, all of it, and leave errno as it is. NULL. */
void *wrapper_undo(struct wrapper *wrapper);

/* End a producer that is not to be taken after all, unless it is another's. */
void wrapper_refuse(struct evchat_producer *inner);

/*
 * Ask one of them. ERROR also if the wrapper was ended meanwhile; LATER also
 * without asking it, if it waits to be resumed.
 */
enum evchat_more wrapper_ask(struct wrapper *wrapper,
    struct evchat_producer *inner, struct evbuffer *out, size_t want);

/* Move the piece to out, encoded. -1 with errno, or if that ended it. */
int wrapper_pass(struct wrapper *wrapper, struct evbuffer *out, bool last);

#endif
