#ifndef ASYNCHAT_MODEL_H
#define ASYNCHAT_MODEL_H

/*
 * The read side of Python's asynchat as plainly as can be, to compare the
 * library with: one string ac_in_buffer, the loop of handle_read(), and a turn
 * of asyncore's loop around it. No output, no errors of the system, and none
 * of what the library has beyond asynchat.
 *
 * Where the library's contract departs from asynchat, the departure is in the
 * one list below. Each can be turned off; with none of them the model is
 * asynchat, with all of them it is the library.
 */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

enum departure {
	/* Terminators. */
	DEPARTS_NO_TERMINATOR,
	DEPARTS_EMPTY_DELIMITER,
	DEPARTS_COUNT_ZERO,
	DEPARTS_REMAINING,

	/* Changing them. */
	DEPARTS_SET_UNDER_DELIMITER,
	DEPARTS_SET_UNDER_COUNT,
	DEPARTS_SET_WITH_LAST_BYTE,
	DEPARTS_SET_OUTSIDE,

	/* Stopping. */
	DEPARTS_PAUSE,
	DEPARTS_FREE,
	DEPARTS_CLOSE_WHEN_DONE,
	DEPARTS_DISCARD_FRAME,
	DEPARTS_DISCARD_CLOSE,

	/* The end. */
	DEPARTS_HELD_AT_EOF,
	DEPARTS_EOF_LAST,
	DEPARTS_EOF_EVENT,
	DEPARTS_CLOSED_ALWAYS,
	DEPARTS_REASON,

	DEPARTURES /* how many there are */
};

struct departure_text {
	const char *name;
	const char *asynchat; /* what it does */
	const char *ours;     /* what the library does instead, and why */
};
extern const struct departure_text departures[DEPARTURES];

#define MODEL_ASYNCHAT 0u
#define MODEL_OURS ((1u << DEPARTURES) - 1)
#define MODEL_OURS_BUT(departure) (MODEL_OURS & ~(1u << (departure)))

#define MODEL_MAX 256        /* bytes of a stream */
#define MODEL_DELIMITER_MAX 8

struct model_hooks {
	void (*collect)(void *arg, const char *data, size_t len);
	void (*found)(void *arg);
	void (*eof)(void *arg);                     /* EOF_EVENT */
	void (*closed)(void *arg, const char *why); /* NULL without REASON */
};

enum model_kind {
	MODEL_UNSET, /* no attribute of that name */
	MODEL_NONE,  /* None, or what a count leaves behind */
	MODEL_COUNT,
	MODEL_BYTES,
	MODEL_OVER   /* PAUSE: a count before found, all collected */
};

struct model_terminator {
	enum model_kind kind;
	char bytes[MODEL_DELIMITER_MAX];
	size_t len;
	long count;          /* counts down; below 0 for asynchat only */
	long whole;          /* what it was set to */
};

struct model {
	unsigned departures; /* in force: those bits */
	const struct model_hooks *hooks;
	void *arg;

	/* What recv() has not been asked for. */
	char wire[MODEL_MAX];
	size_t wire_len;
	bool wire_eof;

	char ac_in_buffer[MODEL_MAX];
	size_t len;          /* of that */
	struct model_terminator terminator;
	size_t received;     /* in all */

	bool paused;         /* readable() is false */
	bool resuming;       /* for this turn only */
	bool closing;        /* close_when_done() has queued None */
	bool closed;

	/* What the departures need. */
	struct model_terminator next; /* after this frame, if has_next */
	bool has_next;
	size_t frame_len;    /* of the frame in progress, as delivered */
	bool freed;          /* closed by the application */
	bool in_hook;
	enum model_kind collecting; /* in collect: under what, else UNSET */
	bool last_piece;     /* in collect: of its count */
	long piece;          /* in collect: what a count will go down by */
	size_t given;        /* in collect: what it is given of ac_in_buffer */
	bool given_up;       /* in collect: the frame was discarded */
	bool rescan;         /* with nothing received */
	bool eof;            /* recv() gave b'' */
	bool eof_told;

	/* What came of it depends on where the stream is cut ... */
	bool by_pieces;
	/* ... or on when recv() is called, and what it gets at once. */
	bool by_chance;
	bool waited;         /* something came while it was paused */
};

void model_init(struct model *m, unsigned departures,
    const struct model_hooks *hooks, void *arg);

/* What an application calls, in hooks and outside. */
void model_set_delimiter(struct model *m, const char *bytes, size_t len);
void model_set_count(struct model *m, unsigned count);
void model_set_none(struct model *m);
long model_get_terminator(struct model *m); /* a count, 0, or this: */
#define MODEL_IS_BYTES LONG_MIN
size_t model_offset(const struct model *m); /* of ac_in_buffer in the stream */
void model_pause(struct model *m);          /* readable() becomes false */
void model_pause_for_a_turn(struct model *m);
void model_resume(struct model *m);
void model_discard_buffers(struct model *m);
void model_close_when_done(struct model *m);
void model_close(struct model *m);

/* What comes, and the loop until there is nothing to be done. */
void model_arrive(struct model *m, const char *bytes, size_t len);
void model_arrive_eof(struct model *m);
void model_turn(struct model *m);

/* Its own. */
bool model_departs(const struct model *m, enum departure departure);
bool model_stopped(const struct model *m); /* no data hook may run */
void model_scan(struct model *m);          /* asynchat_scan.c */
void model_end(struct model *m, const char *why);

#endif
