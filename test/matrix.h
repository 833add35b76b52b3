#ifndef MATRIX_H
#define MATRIX_H

/*
 * The matrix: each call that an application may make, made in each place where
 * it may make one, at each point of some streams.
 *
 * A cell of it is a run of a channel in which one action is done once. Beside
 * the channel runs a model, which is told the same input and the same action,
 * and knows nothing but the contract: it searches all unread bytes anew for
 * every step. After each piece of input both must have told the same.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "harness.h"

#define MATRIX_TEXT 1024 /* more than any transcript or stream has */
#define MATRIX_ITEMS 32  /* and more than anything pushes */
#define MATRIX_FRAMES 8

/* A run of this letter is that long for the peer, and one letter in the model. */
#define MATRIX_RUN_OF ('#')
#define MATRIX_RUN 40000

struct matrix_run;
struct matrix_model;

/* How the input is cut. */
enum matrix_kind {
	MATRIX_KEEP,
	MATRIX_NONE,
	MATRIX_COUNT,
	MATRIX_DELIMITER,
	MATRIX_FRAMING
};

struct matrix_cut {
	enum matrix_kind kind;
	uint64_t count;
	const char *bytes; /* of a delimiter */
	const struct matrix_framing *framing;
};

/* What the bytes of a frame are, as far as that is known. */
enum { FRAME_SKIPPED = 's', FRAME_DATA = 'd' };

struct matrix_frame {
	char is[MATRIX_TEXT];
	size_t known;
	bool ended;      /* it ends with those */
	bool bad;        /* the next byte, or one of the next, is wrong */
	bool declares;   /* it says how long it is */
	uint64_t length;
};

/* A framing that is not just one delimiter. */
struct matrix_framing {
	struct evchat_framing *(*framing_new)(void);
	/* Look at bytes of which the first begins a frame. */
	void (*parse)(struct matrix_frame *frame, const char *bytes, bool eof);
	const char *frame; /* "out", encoded; NULL: it cannot */
	bool may_be_last;  /* a rest at the end is a frame, if it is asked for */
	bool skips_ends;   /* of the frame before, before the next */
	bool keeps_place;  /* bytes given back count where they are put */
	bool transforms;   /* what was seen of a frame is gone */
};

extern const struct matrix_framing matrix_any, matrix_crlf, matrix_longest,
    matrix_length, matrix_netstring, matrix_dot, matrix_chunked, matrix_custom;

enum matrix_hooks {
	MATRIX_STREAMING,
	MATRIX_FRAMES_TOO, /* frame, and collect for what no frame holds */
	MATRIX_FOUND_ONLY,
	MATRIX_NO_HOOKS
};

/* A stream, and the channel that gets it. */
struct matrix_base {
	const char *name;
	const char *input;
	bool eof;                 /* and then the peer's end */
	bool malformed;           /* or so it ends */
	unsigned options;
	struct matrix_cut start;
	struct matrix_cut program[MATRIX_FRAMES]; /* set when frames end */
	uint64_t max;
	enum evchat_oversize policy;
};

extern const struct matrix_base matrix_bases[];
extern const size_t matrix_n_bases;

/* What is set when so many frames had ended before the one that ends now. */
const struct matrix_cut *base_program(const struct matrix_base *base,
    size_t frames);

/* Where an action is done. */
enum matrix_where {
	MATRIX_IN_COLLECT,   /* when so many bytes were collected */
	MATRIX_IN_FOUND,     /* from here on: for the how manieth time */
	MATRIX_IN_FRAME,
	MATRIX_IN_OVERSIZE,
	MATRIX_IN_EOF,
	MATRIX_IN_MALFORMED,
	MATRIX_IN_CONNECTED, /* from here on: at a position of the stream */
	MATRIX_OUTSIDE,      /* of all hooks */
	MATRIX_UNSEEN,       /* the same, when input has come and the loop not run */
	MATRIX_IN_MORE,
	MATRIX_IN_DONE,
	MATRIX_IN_MARK,
	MATRIX_IN_CLEANUP,
	MATRIX_IN_WRITABLE,
	MATRIX_IN_DRAINED,
	MATRIX_IN_LAST,
	MATRIX_IN_TIMEOUT,
	MATRIX_IN_FREE,      /* in a done or cleanup inside of evchat_free() */
	MATRIX_IN_DETACH,
	MATRIX_IN_DISCARD,
	MATRIX_IN_PUSH,      /* one that fails */
	MATRIX_IN_CLOSED,
	MATRIX_WHERES
};

struct matrix_place {
	const char *name;
	enum matrix_where where;
	int nths;       /* a place at a position: how many ways there are to it */
	unsigned every; /* how manieth of its cells is run, if not all; a prime */
};

extern const struct matrix_place matrix_places[MATRIX_WHERES];

struct matrix_action {
	const char *name;
	/* Do it. @return 0 or -errno */
	int (*act)(struct matrix_run *run, const struct matrix_action *action);
	/* What changes then. @return the same */
	int (*meant)(struct matrix_model *model,
	    const struct matrix_action *action);
	struct matrix_cut cut;
	enum matrix_hooks hooks;
	const char *text;  /* of a pair: the second */
	const char *first; /* of a pair */
	uint64_t max;
	bool needs_another; /* channel, in the same loop */
	bool untold;  /* nobody is told the end of the channel any more */
};

/* Each ends with one that has no name. */
extern const struct matrix_action matrix_input_actions[];
extern const struct matrix_action matrix_output_actions[];
extern const struct matrix_action matrix_life_actions[];
extern const struct matrix_action matrix_more_actions[];
extern const struct matrix_action matrix_group_actions[];
extern const struct matrix_action matrix_pair_actions[];

struct matrix_cell {
	const struct matrix_base *base;
	enum matrix_hooks hooks;
	const struct matrix_place *place;
	size_t at;      /* in the stream; behind its end: while closing */
	size_t nth;
	const struct matrix_action *action;
	enum harness_carrier carrier;
	unsigned cuts;  /* 0: none, 1: at each byte, else a seed */
	bool quiet;     /* nothing is pushed around the action */
};

/* The model: what the contract says that comes of it. */

struct matrix_model {
	const struct matrix_cell *cell;
	const struct matrix_run *run; /* where it acted, and what it got */

	/* What hooks are told, as the harness writes it. */
	char text[MATRIX_TEXT];
	bool in_collect;  /* that may grow */

	/* What is unread, and how it is cut. */
	char unread[MATRIX_TEXT];
	size_t len;
	struct matrix_cut cut;
	struct matrix_cut next;  /* after this frame, unless MATRIX_KEEP */
	enum matrix_hooks hooks;
	bool eof, eof_told;
	bool skipping;    /* ends of lines, before the next frame */

	/* The frame in progress. */
	bool begun, over;
	uint64_t passed;         /* its bytes delivered or dropped */
	char used[MATRIX_TEXT];  /* those that are not unread any more */
	uint64_t max, next_max;
	uint64_t room;           /* over: how many more are wanted */
	char kept[MATRIX_TEXT];  /* of a whole frame, if that is not unread */
	size_t kept_len;

	/* So far. */
	size_t collected;
	size_t frames;
	size_t seen;             /* how often the place was reached */
	bool acted;
	bool collecting;         /* the action is done while a frame goes on */

	/* States. */
	bool paused, shut, closing, ended, detached;
	bool told;        /* closed was, or is being */
	bool half_open;
	bool last_wanted; /* to be closed between two frames: behind this one, */
	uint64_t last_number; /* so many have to end before */
	uint64_t number;         /* of frames that have ended */
	bool timing_out;  /* in the event */
	bool refusing;    /* in the event */
	bool read_anew;   /* the timeout is another one */
	enum evchat_reason why;  /* closing, ended */

	/* What the peer gets: any beginning of before, then all of behind. */
	char before[MATRIX_TEXT];
	char behind[MATRIX_TEXT];
	bool dropped;
	struct matrix_cut last;  /* that frames of the output are made with */
};

void model_init(struct matrix_model *m, const struct matrix_run *run,
    const struct matrix_cell *cell);
void model_receive(struct matrix_model *m, const char *bytes, size_t len,
    bool eof);
void model_go_on(struct matrix_model *m); /* deliver what can be */
void model_act(struct matrix_model *m);   /* the cell's action, here */
void model_end(struct matrix_model *m, enum evchat_reason why);
void model_note(struct matrix_model *m, const char *token);

/* Calls, as the model understands them: 0 or -errno. */
int model_set_cut(struct matrix_model *m, const struct matrix_cut *cut);
int model_push(struct matrix_model *m, const char *text);
void model_unread(struct matrix_model *m, const char *text);
void model_discard(struct matrix_model *m);
void model_drop(struct matrix_model *m); /* the queue alone */
bool model_is_open(const struct matrix_model *m);

/* Of the unread bytes, what belongs to the frame in progress. */
struct matrix_look {
	size_t data;
	size_t skip;   /* its delimiter */
	bool ended;
	size_t lead;   /* what comes before the data */
	bool bad;      /* what comes behind it */
	bool declares;
	uint64_t length;
};
struct matrix_look model_look(const struct matrix_model *m);

/* For the files of the model. */
void model_append(char *text, const char *more, size_t len);
void model_append_shown(char *text, const char *more, size_t len);
void model_add(struct matrix_model *m, const char *bytes, size_t len);
void model_take(struct matrix_model *m, size_t len); /* unread bytes, away */
void model_forget_frame(struct matrix_model *m);
void model_want_last(struct matrix_model *m);
/* Is no frame to be waited for? */
bool model_is_in_frame(const struct matrix_model *m);
bool model_is_last(const struct matrix_model *m);

/* A run. */

enum matrix_item_kind { ITEM_REFERENCE, ITEM_MARK, ITEM_PRODUCER };

/* A reference, mark or producer that was pushed, or could not be. */
struct matrix_item {
	struct matrix_run *run;
	enum matrix_item_kind kind;
	struct evchat_producer *producer;
	char text[8];      /* each byte of a producer's is one more */
	size_t given;
	bool stuck;        /* it never gives anything */
	bool ended;        /* more has said so */
	bool refused;      /* by the push */
	bool pushed;       /* the push has returned */
	size_t end;        /* where it ends in all that was pushed */
	int told;
	enum evchat_done how;
};

struct matrix_run {
	const struct matrix_cell *cell;
	struct harness *h;
	struct harness *other;     /* a channel that the action may free */
	struct evchat *chat;       /* also when it has ended */
	struct matrix_model model;

	/* What was pushed. */
	struct matrix_item items[MATRIX_ITEMS];
	int n_items;
	int last_told;
	const struct matrix_item *chosen; /* act when this is told */
	int first_own;             /* the first that was pushed with the action */
	int n_dropped;             /* so many there were when all were dropped */
	size_t pushed;             /* bytes */
	bool filed;                /* a file was pushed */
	int pipe;                  /* to be written to by and by; or -1 */
	int lent, cleaned;         /* broadcasts */
	struct evchat_group *group; /* or NULL */

	/* Calls. */
	const char *calling;       /* the name of one, or NULL */
	bool may_tell;             /* it may run done and cleanups */
	bool may_close;            /* ... and closed */

	/* What was seen. */
	size_t collected;
	size_t frames;
	size_t seen;
	bool armed;                /* a place at a position has been prepared */
	bool paused;
	bool ended;

	/* The action, done. */
	bool acted;
	size_t acted_collected;
	bool acted_unfinished;     /* a producer was queued */
	int result;
	int before, behind;        /* pushes around it: 0 or -errno */
};

/* One cell. It fails the running test, with the cell's name. */
void matrix_run(const struct matrix_cell *cell);
void run_name(const struct matrix_cell *cell, char *text, size_t size);
void run_must(const struct matrix_run *run, bool holds, const char *what);

/* matrix_places.c: how a place is reached, in a run and in its model */
void place_install(struct matrix_run *run);
void place_prepare(struct harness *h); /* outside, at the position */
void place_prepared(struct matrix_model *m);
void place_act_outside(struct matrix_run *run);
void place_act(struct matrix_run *run);
void place_set_cut(struct matrix_run *run, const struct matrix_cut *cut);

/* matrix_actions.c */
const struct matrix_action *action_number(size_t number); /* or NULL */
const struct matrix_action *action_named(const char *name);
int action_result(int returned); /* as act returns it */
int action_means_nothing(struct matrix_model *m, const struct matrix_action *a);
int action_means_open(struct matrix_model *m, const struct matrix_action *a);
int action_set_cut(struct matrix_run *run, const struct matrix_action *action);

/* matrix_items.c */
struct matrix_item *item_push(struct matrix_run *run,
    enum matrix_item_kind kind, const char *text);
struct matrix_item *item_push_stuck(struct matrix_run *run);
/* Producers that are not yet pushed, and what became of those from first on. */
struct evchat_producer *item_producer(struct matrix_run *run, const char *text);
void items_pushed(struct matrix_run *run, int first, bool pushed);
int item_result(const struct matrix_item *item);
bool items_unfinished(const struct matrix_run *run);
bool items_all_told(const struct matrix_run *run);
void items_check(const struct matrix_run *run);
size_t items_sent(const struct matrix_run *run);

/* Note that a call is being made, for what may run inside of it. */
struct matrix_call {
	const char *name;
	bool may_tell, may_close;
};
struct matrix_call call_begin(struct matrix_run *run, const char *name,
    bool may_tell, bool may_close);
void call_end(struct matrix_run *run, struct matrix_call outer);

#endif
