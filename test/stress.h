#ifndef STRESS_H
#define STRESS_H

/*
 * Channels on narrow sockets, with peers in the same loop that read and write
 * in odd sizes, under calls that a seed makes up. Which byte stands where in a
 * stream is known beforehand, so each one is compared as it arrives: whatever
 * is done meanwhile, nothing may be lost, doubled or out of place.
 *
 * A side is a channel and its peer. Its fate is how it ends. There is a wild
 * time, in which anything is done, and then a calm one, in which all that was
 * stopped goes on and every side has to come to its end by itself: a loop that
 * turns without moving anything, and one in which nothing turns, are failures.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <check.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <evchat.h>

/* How a channel and its peer come to be connected. */
enum stress_wire {
	STRESS_UNIX,
	STRESS_TCP,
	STRESS_CONNECT,     /* evchat_connect() */
	STRESS_CONNECT_BEV, /* bufferevent_socket_connect() */
	STRESS_WIRES
};

/* How a side ends. */
enum stress_fate {
	STRESS_CLOSE,       /* evchat_close_when_done() */
	STRESS_PEER_ENDS,   /* the peer shuts its side with data behind it */
	STRESS_HALF_OPEN,   /* both shut their sides, in any order */
	STRESS_DETACH,      /* detached, and all goes on by hand */
	STRESS_RESET,       /* the peer is gone in the middle */
	STRESS_FREE,        /* evchat_free() in the middle */
	STRESS_FATES
};

#define STRESS_SIDES 4
#define STRESS_RATES 3

struct stress {
	uint64_t seed;
	uint64_t random;      /* the generator's state */
	unsigned options;     /* that every channel is made with */
	enum stress_wire wire;
	unsigned bev_options; /* STRESS_OWN: evchat_socket_new() */
	struct event_base *base;
	struct event *guard;  /* fires when nothing moves any more */
	struct event *idle;   /* fires when nothing was to be done */
	struct stress_side *sides[STRESS_SIDES];
	int n;
	bool calm;
	int budget;           /* calls that may still be made up */
	uint64_t moves;       /* bytes moved, and hooks called */
	uint64_t passes;      /* of the loop */
	struct ev_token_bucket_cfg *rates[STRESS_RATES];
	struct bufferevent_rate_limit_group *rate_group;
};

/* Instead of options for bufferevent_socket_new(). */
#define STRESS_OWN 0xffffu

/* A peer: a raw socket. */
struct stress_peer {
	int fd;               /* -1: not yet, or gone */
	struct event *read;
	struct event *write;
	size_t piece;         /* reads so much at most */
	uint64_t received;
	uint64_t sent;
	bool ending;          /* shuts its side when all is sent */
	bool shut;            /* has done so */
	bool eof;             /* saw the end */
	bool gone;            /* has an error, or made one */
};

struct stress_side {
	struct stress *stress;
	int id;
	enum stress_fate fate;
	int fate_at;          /* after so many calls, if that is in time */
	int calls;
	struct stress_peer peer;
	int listener;         /* -1: none */
	struct event *accept;

	/* The channel. */
	struct evchat *chat;  /* NULL when it has ended */
	struct bufferevent *bev; /* NULL when it is gone */
	int closed;
	int depth;            /* of calls that were made up */
	bool ending;          /* in a call that may end it */
	bool connecting;
	bool paused;
	bool limited;
	bool eof_told;
	bool again;           /* what was left then is looked at again */
	bool unseen;          /* what no frame holds, as no hook is for it */
	bool shut;            /* evchat_push_eof() was called */
	bool closing;         /* evchat_close_when_done() was called */
	bool failed;          /* something pushed was told FAILED */
	bool detached;
	bool over;            /* the bufferevent is done with, too */

	/* From the peer to the channel. */
	uint64_t in_len;      /* so much will be sent */
	uint64_t collected;

	/* From the channel to the peer. */
	uint64_t out_len;     /* so much will be pushed */
	uint64_t pushed;      /* or promised, by a producer */
	uint64_t told;        /* so much was told to have left */
	bool never_stops;     /* EVCHAT_OPT_NO_AUTO_PAUSE */
	size_t low, high;     /* marks of the queue */
	bool fills;           /* what is being pushed is such a one */
	uint64_t filled_until; /* by the library's own producers */
	uint64_t changes;     /* of what counts in the queue */
	uint64_t stopped;     /* by itself, at that many changes; 0: not */
	int things;           /* pushed, and not told their end */
	int loose;            /* references that are libevent's business */
	struct stress_thing *waiting; /* producers that said LATER */
	FILE *file;           /* what is pushed, as a file */
	struct evchat_group *group;   /* of this channel alone, or NULL */
};

/* Random numbers below a limit; one in so many. */
uint64_t stress_draw(struct stress *s, uint64_t below);
bool stress_one_in(struct stress *s, uint64_t n);
/* A length from 1 to most, short ones as likely as long ones. */
size_t stress_length(struct stress *s, size_t most);

/* What must hold; fails the test with all that is needed to see it again. */
void stress_must(const struct stress_side *side, bool holds,
    const char *what);

/* The streams: what stands from an offset on. */
enum stress_stream { STRESS_IN, STRESS_OUT };
void stress_bytes(const struct stress_side *side, enum stress_stream which,
    uint64_t offset, void *to, size_t len);
/* Compare, and move the offset on. */
void stress_compare(struct stress_side *side, enum stress_stream which,
    uint64_t *offset, const void *data, size_t len);

/* stress_wire.c: a descriptor for the channel, -1 if it is to connect. */
int stress_open(struct stress_side *side);
/* Begin to connect what stress_open() gave -1 for. */
void stress_connect(struct stress_side *side);

/* stress_peer.c */
void stress_peer_open(struct stress_side *side, int fd);
void stress_peer_close(struct stress_side *side);
void stress_peer_act(struct stress_side *side); /* something made up */
void stress_peer_stop(struct stress_side *side); /* reads and writes no more */
void stress_peer_settle(struct stress_side *side);
/* Send the rest, and shut the side behind it. */
void stress_peer_end(struct stress_side *side);
void stress_peer_reset(struct stress_side *side);
/* Whether the first so many bytes have left the channel's end. */
bool stress_has_left(const struct stress_side *side, uint64_t end);
/* Whether all that was sent is out of the sockets. */
bool stress_is_taken(const struct stress_side *side);
/* How many bytes wait to be read by the channel. */
uint64_t stress_waiting(const struct stress_side *side);

/* stress_channel.c */
void stress_start(struct stress_side *side);
void stress_set_framing(struct stress_side *side);
void stress_set_hooks(struct stress_side *side);

/* stress_push.c: push something in some way, if there is anything left. */
void stress_push(struct stress_side *side);
void stress_resume_producers(struct stress_side *side);

/* stress_act.c: a call that is made up, or none. */
void stress_act(struct stress_side *side);
/* Let all that was stopped go on. */
void stress_settle(struct stress_side *side);

/* stress_fate.c: do what ends the side, if it was not done yet. */
void stress_meet_fate(struct stress_side *side);
bool stress_may_end(const struct stress_side *side, enum evchat_reason why);
/* Both ends are done with: look at what has arrived. */
bool stress_is_over(const struct stress_side *side);
void stress_judge(const struct stress_side *side);

/* stress_hand.c: what was a channel's is a plain bufferevent now. */
void stress_take_over(struct stress_side *side, struct bufferevent *bev);

/* stress_run.c: one case, made of a seed. */
struct stress_case {
	uint64_t seed;
	enum stress_wire wire;
	unsigned bev_options;
	unsigned options;
};
void stress_run(const struct stress_case *c);

#endif
