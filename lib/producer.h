#ifndef PRODUCER_H
#define PRODUCER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api.h"

/*
 *	NEW --taken---> QUEUED --END--> FINISHED --its bytes have left--> GONE
 *	                 |  ^
 *	           LATER |  | resumed
 *	                 v  |
 *	                WAITING
 *
 * and from each of them to GONE, when it is freed, discarded (by CANCELLED) or
 * its channel ends. On the way there done is called. One that another producer
 * is around goes the same way; it is taken by that one, not pushed, and is
 * neither CANCELLED nor GONE before that one is.
 */
enum producer_state {
	PRODUCER_NEW,
	PRODUCER_QUEUED,   /* to be asked when its turn comes */
	PRODUCER_WAITING,  /* not to be asked before it is resumed */
	PRODUCER_FINISHED, /* has given its last byte */
	PRODUCER_CANCELLED, /* discarded, and done not yet called */
	PRODUCER_GONE      /* freed, or about to be when more returns */
};

/* What came of an attempt to send without going through memory. */
enum producer_sent {
	PRODUCER_SENT_SOME,
	PRODUCER_SENT_LAST,  /* and it has finished */
	PRODUCER_SENT_NONE,  /* the descriptor takes nothing now */
	PRODUCER_CANNOT_SEND, /* it has to be asked, as others are */
	PRODUCER_HAS_FAILED,
	PRODUCER_SEND_FAILED /* the descriptor has, with errno */
};

struct evchat_producer {
	const struct evchat_producer_ops *ops; /* without more: a mark */
	void *self;
	enum producer_state state;
	bool resumed;   /* to be asked in spite of a LATER, once */
	bool asking;    /* more is running, or cleanups of what it gave */
	uint64_t given; /* bytes so far */
	uint64_t held;  /* bytes that it keeps in memory, given ones included */
	struct encoding *encoding; /* of what it gives, or NULL */
	/* It gives memory of its own, and something whenever it is asked. */
	bool at_once;
	bool weightless; /* what it stands for is counted elsewhere */
	/* Send at most want bytes to fd and say how many; or NULL. */
	enum producer_sent (*send)(void *self, int fd, size_t want,
	    size_t *sent);
	struct evchat_producer **inner; /* those it is around, or NULL */
	bool ending;            /* it, or what is around it, is being told: */
	enum evchat_done how;
	struct evchat_producer *outer; /* the one that is around it, or NULL */

	/* From QUEUED on. */
	struct evchat *chat; /* set when it is pushed; with outer NULL */
	struct evchat_producer *next;  /* also of those that one is around */
	uint64_t number; /* in the order of pushing */
	size_t before;  /* pushed bytes between the one before it and this */
	uint64_t end;   /* FINISHED: offset in the output behind its last byte */
};

/* As evchat_producer_new does; and it may be a mark, without more. */
struct evchat_producer *producer_new(const struct evchat_producer_ops *ops,
    void *self);

/*
 * Ask for about want bytes, which are appended to out. If meanwhile it has
 * been ended, *gone is set, and it must not be touched any more.
 */
enum evchat_more producer_ask(struct evchat_producer *producer,
    struct evbuffer *out, size_t want, bool *gone);

/* Put in place of what it gave last what that is encoded to; -1 with errno. */
int producer_encode(struct evchat_producer *producer, struct evbuffer *piece,
    bool last, bool *gone);

/* Call done and free it. */
void producer_end(struct evchat_producer *producer, enum evchat_done how);

/* Bytes that it keeps in memory and has not given. */
size_t producer_held(const struct evchat_producer *producer);
/* What it adds to the length of a queue. */
size_t producer_weight(const struct evchat_producer *producer);

#endif
