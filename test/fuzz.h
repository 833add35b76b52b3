#ifndef FUZZ_H
#define FUZZ_H

/*
 * Fuzzing: bytes that a fuzzer made up become a channel, what its hooks do,
 * and a stream; the stream is received whole and cut in several ways, and all
 * must come to the same. That is the target fuzz_channel; those of framings
 * have their own way, which fuzz_framing.h tells of, and share what is in
 * here:
 *
 *	fuzz.c          decodes an input, runs it and compares
 *	fuzz_run.c      one run: a channel on a bufferevent_pair, and its peer
 *	fuzz_hooks.c    what the hooks are told, and what must hold whatever it is
 *	fuzz_ops.c      the calls that are made from hooks and from the loop
 *	fuzz_cut.c      those that cut the input
 *	fuzz_output.c   things to push, whose end is looked at
 *	fuzz_text.c     transcripts, violations and memory
 *	fuzz_main.c     replays inputs, where there is no fuzzer
 *
 * Anything that must not be ends the process by abort(), with the input in
 * words and the transcripts on stderr.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <evchat.h>

#define FUZZ_OPS_MAX 24
#define FUZZ_STREAM_MAX 192

/* When an operation happens. Its wait counts from the one before it there. */
enum fuzz_moment {
	FUZZ_AT_FRAME,  /* found, frame, OVERSIZE or EOF; wait: such calls */
	FUZZ_AT_BYTE,   /* collect has had a byte; wait: bytes collected */
	FUZZ_AT_LOOP,   /* outside of all hooks; wait: bytes of the stream */
	FUZZ_AT_OUTPUT, /* more, done, cleanups, WRITABLE, DRAINED; wait: such */
	FUZZ_MOMENTS
};

/* What is called, and what the operands a and b are. */
enum fuzz_what {
	FUZZ_DELIMITER, /* both, fuzz_bytes_of() */
	FUZZ_COUNT,     /* a the count; from 240 on, large ones */
	FUZZ_NONE,
	FUZZ_FRAMING,   /* both, the target's */
	FUZZ_HOOKS,     /* a which, see fuzz_hooks() */
	FUZZ_MAX,       /* a the maximum, b the policy */
	FUZZ_PAUSE,     /* a when it is resumed: at once, soon, by the next
	                 * operation from the loop, when the loop has come to rest */
	FUZZ_UNREAD,    /* fuzz_bytes_of(); a from 192 on, the end of what the hook
	                 * was given */
	FUZZ_DISCARD,
	FUZZ_PUSH,      /* a the way, b the length or shape; see fuzz_output.c */
	FUZZ_PUSH_EOF,
	FUZZ_CLOSE,     /* evchat_close_when_done() */
	FUZZ_DETACH,
	FUZZ_FREE,
	FUZZ_SIZES,     /* a in, b out */
	FUZZ_MARKS,     /* a the low one, b how far above it the high one is */
	FUZZ_TIMEOUT,   /* a which, b whether; it never passes */
	FUZZ_REFERENCE, /* a whether one is taken or given back */
	FUZZ_OUTPUT_FRAMING, /* both, the target's */
	FUZZ_WHATS
};

struct fuzz_op {
	enum fuzz_what what;
	unsigned wait;
	uint8_t a, b; /* operands */
};

struct fuzz_ops {
	struct fuzz_op op[FUZZ_OPS_MAX];
	size_t n;
};

struct fuzz_target;

/* What an input says. */
struct fuzz_input {
	const struct fuzz_target *target;
	unsigned options;     /* of evchat_new() */
	bool deferred;        /* BEV_OPT_DEFER_CALLBACKS */
	bool again;           /* the first terminator, whenever none is left */
	bool eof;             /* behind the stream */
	bool wild;            /* any operation at any moment, nothing compared */
	uint8_t hooks;
	struct fuzz_op first; /* the first terminator */
	struct fuzz_op max;   /* and maximum */
	uint8_t in, out;      /* buffer sizes; 0: as they are */
	uint8_t cuts[3];
	struct fuzz_ops ops[FUZZ_MOMENTS];
	const uint8_t *stream;
	size_t len;
};

#define FUZZ_TRANSFORMS 1u /* frames are other bytes than the stream's */
#define FUZZ_DECLARES 2u   /* what declares a length is no frame's */

/* What one file of a framing's own says. */
struct fuzz_target {
	/* For FUZZ_FRAMING; @return one that the caller frees, or NULL */
	struct evchat_framing *(*framing_new)(const struct fuzz_input *in,
	    uint8_t a, uint8_t b);
	/* What is special about that one: these, or-ed together. */
	unsigned (*special)(uint8_t a, uint8_t b);
};

/* The bytes of an input, one after the other; behind the last one they are 0. */
struct fuzz_reader {
	const uint8_t *data;
	size_t left;
};
uint8_t fuzz_take(struct fuzz_reader *r);

/* What LLVMFuzzerTestOneInput() calls. @return 0 */
int fuzz_one(const struct fuzz_target *target, const uint8_t *data,
    size_t size);

/* The fuzzer's entry, which each target has. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A text that delimiters, payloads and unread bytes are made of. */
struct fuzz_bytes {
	const void *data;
	size_t len;
};
struct fuzz_bytes fuzz_bytes_of(const struct fuzz_input *in, uint8_t a,
    uint8_t b);

/* A transcript: "collect:ab|found:2@4|closed:eof". All zeros at first. */
struct fuzz_text {
	char *text;
	size_t len;
	size_t size;
	bool collecting; /* the last token may still grow */
};

/* How the stream is cut; see fuzz_run.c. */
struct fuzz_cuts {
	const char *name;
	uint8_t piece[3]; /* by turns: 0: no cut; else its size, and JOINED */
	bool eof_alone;   /* the loop runs before EOF comes */
	bool waiting;     /* the first pieces are there before the channel is */
};
#define FUZZ_JOINED 0x80 /* comes together with the next piece */

/* What may be told inside a call. */
#define FUZZ_MAY_DONE 1u   /* done and cleanups */
#define FUZZ_MAY_CLOSED 2u

/* What kind of terminator is in force, as far as it can be told from outside. */
enum fuzz_kind {
	FUZZ_KIND_NONE, FUZZ_KIND_COUNT, FUZZ_KIND_FRAMING, FUZZ_KIND_UNSURE
};

struct fuzz_force {
	enum fuzz_kind kind;
	uint64_t count;
	struct fuzz_bytes delimiter; /* of len 0 if another framing is it */
};

/* One run. */
struct fuzz_run {
	const struct fuzz_input *in;
	const struct fuzz_cuts *cuts;
	struct event_base *base;
	struct event *later;  /* resumes what waits, in the next pass */
	struct fuzz_text text;

	/* The channel. */
	struct evchat *chat;  /* NULL when closed has run */
	struct evchat *kept;  /* with so many references */
	unsigned references;
	struct bufferevent *detached;
	enum evchat_reason why;
	int closed;
	bool eof_told;
	bool in_eof;          /* that hook is running */
	bool in_oversize;     /* or that one */
	bool closing;         /* evchat_close_when_done() was called */
	bool in_time;         /* freed when all had come to rest */

	/* What is being called: hooks must not run in calls, but for ends. */
	int depth;
	unsigned may;         /* which ends may come inside that call */

	/* What cuts the input. */
	struct fuzz_force now, then; /* then, behind the frame, if has_next */
	bool has_next;
	int agains;           /* how often the first terminator was set */
	bool plain;           /* the input is the stream, and nothing is seen twice */
	bool all;             /* ... and each byte of it is told or a delimiter's */
	bool same_max;        /* it is what the input begins with */

	/* Flow. */
	bool paused;
	bool resume_later, resume_idle;
	bool stay;            /* paused until the next operation from the loop */
	bool stayed;          /* ... and this is that operation */

	/* Operations. */
	size_t next[FUZZ_MOMENTS];
	unsigned waited[FUZZ_MOMENTS];
	const unsigned char *last; /* bytes that the running hook was given */
	size_t last_len;
	const unsigned char *rest; /* FUZZ_AT_BYTE: those behind the byte */
	size_t rest_len;
	unsigned char *left;  /* those of a piece in which it was detached */
	size_t left_len;
	size_t stop;          /* FUZZ_AT_LOOP: where the last one was done */
	bool surplus;         /* and they have been unread */
	bool trimmed;         /* the end came at a byte, inside a piece */

	/* Output. */
	struct fuzz_thing *things;
	int open_things;
	bool producers;       /* one was pushed */
	struct evbuffer *expected; /* what the peer is to get */
	bool discarded;       /* some was dropped by the application */
	bool inexact;         /* expected is not all */
	bool loose;           /* what the peer gets depends on when */

	/* The peer. */
	struct bufferevent *peer;
	int peer_eofs;

	long blocks;          /* of memory, before all this */
};

/* fuzz_run.c */
struct event_base *fuzz_base(void); /* one for all runs */
/* Append a chain in memory of exactly its size. */
void fuzz_add_piece(struct evbuffer *to, const uint8_t *bytes, size_t len);
void fuzz_run(struct fuzz_run *f, const struct fuzz_input *in,
    const struct fuzz_cuts *cuts);
void fuzz_run_free(struct fuzz_run *f);

/* fuzz_hooks.c */
const struct evchat_hooks *fuzz_hooks(uint8_t which);
void fuzz_check_ended(struct evchat *chat);

/* fuzz_ops.c */

/* Do what is due at a moment that has come once more. */
void fuzz_ops_at(struct fuzz_run *f, enum fuzz_moment moment);
/* The operation that comes next at a moment; NULL: none. */
const struct fuzz_op *fuzz_ops_next(const struct fuzz_run *f,
    enum fuzz_moment moment);
/* Do that one. */
void fuzz_ops_do(struct fuzz_run *f, enum fuzz_moment moment);
void fuzz_resume(struct fuzz_run *f);
const char *fuzz_what_name(enum fuzz_what what);

/* fuzz_cut.c */
void fuzz_set_terminator(struct fuzz_run *f, const struct fuzz_op *op);
/* The same, or in collect what does not depend on the cuts. */
int fuzz_set_terminator_at(struct fuzz_run *f, enum fuzz_moment moment,
    const struct fuzz_op *op);
void fuzz_set_max(struct fuzz_run *f, const struct fuzz_op *op);

/* fuzz_output.c */
int fuzz_push(struct fuzz_run *f, const struct fuzz_op *op);
bool fuzz_push_is_producer(const struct fuzz_op *op);
void fuzz_things_resume(struct fuzz_run *f);
void fuzz_things_free(struct fuzz_run *f);

/* fuzz_text.c */
void fuzz_note(struct fuzz_text *text, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
void fuzz_note_bytes(struct fuzz_text *text, const char *what,
    const void *data, size_t len);
void fuzz_note_collect(struct fuzz_text *text, const void *data, size_t len);
/* The input in words, and a transcript, on stderr. */
void fuzz_show(const struct fuzz_input *in, const struct fuzz_run *f);

/* What shows more of a violation, on stderr; NULL: nothing does. */
void fuzz_text_show(void (*show)(void));
/* What a violation shows: the run that goes on, and the one before it. */
void fuzz_text_watch(const struct fuzz_run *now, const struct fuzz_run *whole);
/* Abort if something does not hold. */
void fuzz_must(bool holds, const char *what);

void fuzz_memory_init(void);
long fuzz_memory_blocks(void);

#endif
