#ifndef HARNESS_H
#define HARNESS_H

/*
 * What the tests of channels stand on: a channel on any of a dozen kinds of
 * bufferevent, a peer at its other end, and a transcript of all that its hooks
 * were told, such as "collect:ab|found|event:eof|closed:eof".
 *
 * A test is either a scenario that harness_prove() runs on every carrier and
 * at every split of its input, or steps by hand between harness_new() and
 * harness_free(). Anything unexpected fails the running Check test. Here a
 * test's memory, descriptors and closed hooks are counted as well, so a leak
 * or a second closed fails the test that made it.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <check.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <evchat.h>

struct harness;

/* What a channel can stand on. */
enum harness_carrier {
	HARNESS_SOCKET,               /* evchat_socket_new() on a socketpair */
	HARNESS_SOCKET_THREADSAFE,
	HARNESS_BEV,                  /* evchat_new() on a bufferevent_socket */
	HARNESS_BEV_DEFER,
	HARNESS_BEV_THREADSAFE,
	HARNESS_BEV_DEFER_THREADSAFE,
	HARNESS_BEV_UNLOCK,           /* BEV_OPT_UNLOCK_CALLBACKS */
	HARNESS_RATED,                /* with a rate limit that is never reached */
	HARNESS_TCP,
	HARNESS_TCP_DEFER,
	HARNESS_TCP_THREADSAFE,
	HARNESS_TCP6,                 /* TCP where there is no ::1 */
	HARNESS_PAIR,                 /* a bufferevent_pair */
	HARNESS_PAIR_THREADSAFE,
	HARNESS_FILTER,               /* a filter that passes everything */
	HARNESS_FILTER_DEFER,
	HARNESS_FILTER_THREADSAFE,
	HARNESS_FRAGMENT,             /* one that makes each byte a chain of its own */
	HARNESS_XOR,                  /* one that changes every byte */
	HARNESS_XOR_DEFER_THREADSAFE,
#ifdef HAVE_OPENSSL
	HARNESS_TLS,                  /* TLS on a socketpair, as a server */
	HARNESS_TLS_DEFER_THREADSAFE, /* TLS 1.2 */
	HARNESS_TLS_TCP,              /* as a client */
	HARNESS_TLS_HANDSHAKE,        /* which is still to come; as a client */
	HARNESS_TLS_FILTER,           /* TLS on a bufferevent_socket */
	HARNESS_TLS_FILTER_HANDSHAKE, /* as a server, as behind STARTTLS */
	HARNESS_TLS_OVER_FILTER,      /* TLS on a filter that changes every byte */
#endif
	HARNESS_WAITING,              /* the first piece is there before evchat_new() */
	HARNESS_WAITING_DEFER,
	HARNESS_WAITING_PAIR,
	HARNESS_WAITING_FILTER,
#ifdef HAVE_OPENSSL
	HARNESS_WAITING_TLS,
	HARNESS_WAITING_TLS_FILTER,
#endif
	HARNESS_CARRIERS,             /* how many there are */
	HARNESS_UNCONNECTED = HARNESS_CARRIERS /* evchat_socket_new() with -1 */
};

/* What a test does inside hooks, after the hook was noted. NULL: nothing. */
struct harness_script {
	void (*collect)(struct harness *h, const void *data, size_t len);
	void (*found)(struct harness *h);
	void (*frame)(struct harness *h, const void *data, size_t len);
	void (*event)(struct harness *h, enum evchat_event what);
	void (*closed)(struct harness *h, enum evchat_reason why);

	/* A done, cleanup or mark of what harness_push_ ... pushed. */
	void (*released)(struct harness *h, const char *name);
};

struct harness {
	/* The channel. */
	struct event_base *base;
	struct evchat *chat;          /* NULL before it is made and after closed */
	struct bufferevent *bev;      /* what the channel stands on */
	struct bufferevent *detached; /* what harness_detach() got, else NULL */
	int closed;                   /* how often closed ran */
	enum evchat_reason why;       /* what it was told */

	/* The test's own. */
	struct harness_script script;
	int count;
	void *user;
	bool pieces;        /* note each piece that collect gets by itself */
	bool output_events; /* note WRITABLE and DRAINED, too */

	/* The peer. */
	struct evbuffer *received; /* what it got, decoded */
	bool peer_eof;             /* and then the end */
	bool peer_notified;        /* and this was TLS's close_notify */
	int peer_errno;            /* or this */
	bool rude;                 /* it does not answer an end with its own */
	int peer_fd;               /* -1: peer_bev is it */
	struct bufferevent *peer_bev;

	struct harness_inside *in; /* for the files of the harness */
};

/* Hooks for harness_start() and scenarios; each notes what it is told. */
extern const struct evchat_hooks harness_streaming;   /* collect and found */
extern const struct evchat_hooks harness_frames;      /* frame and collect */
extern const struct evchat_hooks harness_frames_only; /* no collect */
extern const struct evchat_hooks harness_found_only;  /* no collect, no frame */

/* By hand */

/* A bufferevent and its peer; harness_start() makes a channel of it. */
struct harness *harness_new(enum harness_carrier carrier);

/* The same in another one's event loop; to be freed before that. */
struct harness *harness_new_beside(struct harness *other,
    enum harness_carrier carrier);

/* Make the channel. To the waiting carriers the first piece is sent before. */
void harness_start(struct harness *h, const struct evchat_hooks *hooks,
    unsigned options);

/* Both of them: the shortest beginning of a test. */
struct harness *harness_start_new(enum harness_carrier carrier,
    const struct evchat_hooks *hooks);

/* The same for loop tests, with those hooks. */
struct harness *harness_streaming_on(int carrier);
struct harness *harness_frames_on(int carrier);

/* Have frames end with CR LF, or with X; one of so many bytes; none. */
void harness_crlf(struct harness *h);
void harness_until_x(struct harness *h);
void harness_count_three(struct harness *h);
void harness_count_five(struct harness *h);
void harness_none(struct harness *h);

/* Its bufferevent was freed by somebody else. */
void harness_disown(struct harness *h);

/* Like ck_assert, but free of cost where it holds: for what runs very often. */
void harness_must(bool holds, const char *what);

/*
 * A call of a scenario that must return 0. When a scenario is run in trouble
 * it may fail instead; then the channel is ended and the rest of the script is
 * skipped: this does not return.
 */
#define harness_ok(h, call) \
	(harness_ask(h), harness_answer((h), (call), #call))

/* Its parts. */
void harness_ask(struct harness *h);
void harness_answer(struct harness *h, int result, const char *call);

/* End the channel if it lives, free all, and look for leaks. */
void harness_free(struct harness *h);

/* Compare the transcript, then free. */
void harness_end(struct harness *h, const char *transcript);

const char *harness_carrier_name(enum harness_carrier carrier);

/* Is there TLS? Then the wire carries other bytes than the channel, and more. */
bool harness_has_tls(const struct harness *h);

/* The names that transcripts have for these. */
const char *harness_reason_name(enum evchat_reason why);
const char *harness_done_name(enum evchat_done how);

/* The peer sends; the loop does not run unless the socket is full. */
void harness_send(struct harness *h, const void *data, size_t len);
void harness_send_eof(struct harness *h);

/* The peer sends what can be sent without the loop. @return how much that was */
size_t harness_send_some(struct harness *h, const void *data, size_t len);

/* An unconnected channel's peer: accept it from a listening socket. */
void harness_accept(struct harness *h, int listener);

/* Where the handshake of TLS is still to come, let it be over. */
void harness_shake_hands(struct harness *h);

/* The peer goes away: with a reset where it is TCP. */
void harness_reset(struct harness *h);

/* The peer stops reading, or starts again. */
void harness_peer_read(struct harness *h, bool on);

/*
 * While it has stopped, it takes at most so many bytes; of TLS, from the wire
 * or of what it has made of that. @return how many, or -1 if there are none
 * now
 */
ssize_t harness_peer_take(struct harness *h, void *data, size_t len);

/* The peer sends a string or its end, and the loop runs until it is idle. */
void harness_feed(struct harness *h, const char *text);
void harness_feed_bytes(struct harness *h, const void *data, size_t len);
void harness_feed_eof(struct harness *h);

/* Run the loop until nothing is active, or until something has come to pass. */
void harness_turn(struct harness *h);
void harness_run_until_closed(struct harness *h);
void harness_run_until_peer_eof(struct harness *h);
void harness_run_until_received(struct harness *h, size_t len);
void harness_run_until_noted(struct harness *h, const char *part);

/* Run the loop for a while, to see that something does not come to pass. */
void harness_wait(struct harness *h, unsigned ms);

/* Call a function once, outside of all hooks, in this very turn of the loop. */
void harness_later(struct harness *h, void (*function)(struct harness *h));

/* evchat_resume(), for harness_later(). */
void harness_resume(struct harness *h);

/* Call evchat_detach(), keep what it returns. @return whether it did */
bool harness_detach(struct harness *h);

/* The same in a scenario, where it must not be refused. */
void harness_detach_now(struct harness *h);

/* Transcript: harness_note() puts a token of the test's own in. */
void harness_note(struct harness *h, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void harness_note_bytes(struct harness *h, const char *what, const void *data,
    size_t len);
/* "error:111", in closed, whose script it may be */
void harness_note_error(struct harness *h, enum evchat_reason why);
void harness_note_partial(struct harness *h); /* "partial:bytes" */
void harness_note_left(struct harness *h);    /* "left:bytes": in h->detached */
const char *harness_transcript(struct harness *h);
void harness_expect(struct harness *h, const char *transcript);
void harness_expect_received(struct harness *h, const char *text);

/* Output that tells its end: "done:name:sent:5", "cleanup:name", and for marks
 * "mark:name:sent". The names must outlive the channel. */
void harness_push_producer(struct harness *h, const char *name,
    const char *text);
void harness_push_frame_producer(struct harness *h, const char *name,
    const char *text);
void harness_push_stuck(struct harness *h, const char *name); /* always LATER */
void harness_push_reference(struct harness *h, const char *name,
    const char *text);
void harness_push_mark(struct harness *h, const char *name);

/* So many bytes, more than sockets hold. */
#define HARNESS_MUCH ((size_t)1 << 20)
void harness_push_much(struct harness *h);

/* An open file without a name that holds these bytes, and is at its end. */
int harness_file(const void *data, size_t len);

/* Scenarios */

struct harness_scenario {
	/* What the peer sends. */
	const char *input;
	size_t len;              /* 0: strlen(input) */
	bool eof;                /* and then its end */

	/* The channel. */
	const struct evchat_hooks *hooks; /* NULL: harness_streaming */
	unsigned options;
	struct harness_script script;
	void (*start)(struct harness *h); /* when it is made, before the loop runs */
	void (*act)(struct harness *h);   /* outside of hooks, when act_at bytes ... */
	size_t act_at;                    /* ... of input have been dealt with */
	bool until_closed;                /* run on after the input until closed */

	/* What must come of it. */
	const char *expect;      /* the transcript */
	const char *output;      /* what the peer gets; NULL: not looked at */
};

/* Where the input is cut: a piece ends before each of these offsets. */
struct harness_cuts {
	const size_t *at; /* ascending; 0 < at[i] < len */
	size_t n;
	bool eof_alone;   /* EOF comes by itself, not with the last piece */
};

/* Run a scenario once. @return the transcript, to be freed */
char *harness_run(const struct harness_scenario *s,
    enum harness_carrier carrier, const struct harness_cuts *cuts);

/*
 * Run a scenario on every carrier, unsplit, byte by byte and at random cuts;
 * on two of them at every split in two and three. Each run must give what the
 * scenario expects. EVCHAT_TEST_SEED and EVCHAT_TEST_CASES steer the random
 * ones.
 */
void harness_prove(const struct harness_scenario *s);

/* The same on one carrier, unsplit, byte by byte and at random cuts. */
void harness_prove_on(const struct harness_scenario *s,
    enum harness_carrier carrier);

/* Memory: both the library's and libevent's go through here. */

/* How many allocations there have been so far. */
long harness_allocations(void);

/* How many blocks are allocated. */
long harness_blocks(void);

/* The size of the largest that was asked for since this was called last. */
size_t harness_largest_block(void);

/* Have the n-th allocation from now fail, 1 being the next; 0: none. */
void harness_fail_allocation(long n);

/* Whether that one has been reached. */
bool harness_allocation_failed(void);

/* To be called before anything else of libevent; harness_main() does. */
void harness_memory_init(void);

/* Run a suite: what main() of a test program returns. */
int harness_main(Suite *suite);

/* A test case in a suite, with a timeout that suits the splits. */
TCase *harness_case(Suite *suite, const char *name);

#endif
