#ifndef INPUT_H
#define INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api.h"
#include "hold.h"
#include "ready.h"
#include "scan.h"
#include "unread.h"

/*
 * The read side: unread bytes, cut by the scanner, as a sequence of steps. It
 * knows no bufferevent and calls no hook; whoever drives it asks for a step,
 * acts on it, and asks again. Between two steps anything below may be called.
 */

enum input_what {
	INPUT_MORE,     /* nothing more to deliver of what there is */
	INPUT_DATA,     /* a piece of the frame in progress, or of no frame */
	INPUT_FOUND,    /* the frame whose pieces these were has ended */
	INPUT_FRAME,    /* a whole frame */
	INPUT_OVERSIZE, /* the frame in progress is above the maximum */
	INPUT_MALFORMED, /* it cannot be one: see bad, and scan.error */
	INPUT_EOF,      /* everything was delivered, and no more will come */
	INPUT_NO_MEMORY /* the step could not be made; it may be tried again */
};

/* Valid until the next step, whatever else is called in between. */
struct input_step {
	const unsigned char *data;
	size_t len;
};

/*
 * A frame in progress:
 *
 *	FRESH --first byte, or a count--> OPEN --above the maximum--> OVER
 *	  ^                                |                            |
 *	  +------------- the frame ends, or the framing is set ---------+
 */
enum input_frame { FRAME_FRESH, FRAME_OPEN, FRAME_OVER };

/* Do bytes come behind the unread ones? It only ever goes on. */
enum input_end { END_NOT_YET, END_KNOWN, END_TOLD };

struct input {
	struct unread unread;

	/*
	 * Of the unread bytes the first scanned have been scanned: the first
	 * lead are not delivered, then come data of this frame, then keep
	 * bytes that are delivered without being counted, then skip that are
	 * not delivered; and then, if ended, the frame ends. Their sum is at
	 * most scanned.
	 */
	struct scan scan;
	size_t scanned;
	size_t lead;
	size_t data;
	size_t keep;
	size_t skip;
	bool ended;
	bool entered; /* are bytes of this frame used up already? */

	/* Looked at, though not scanned: see input_ready.c. */
	size_t clear; /* at a frame's begin: so many bytes are data */
	unsigned char ahead; /* how many frames to look for next */
	bool stirred; /* what comes next was changed */

	/* The frame in progress. */
	enum input_frame frame;
	uint64_t passed;     /* its bytes delivered, dropped or in cut */
	uint64_t in_pieces;  /* of these, those up to the last given out in pieces */
	uint64_t max;        /* 0: unlimited */
	bool max_is_default;
	enum evchat_oversize policy;
	uint64_t room;       /* OVER: how many more of its bytes are wanted */
	/* Whole frames: what of it does not stay where it was received, since it
	 * is above the maximum or the framing transforms it. */
	struct hold cut;

	/* The frame before it, and all so far. */
	uint64_t frames;     /* delivered */
	uint64_t others;     /* that have begun: this one, and those given up */
	uint64_t oversized;
	uint64_t last_len;
	uint64_t offset;     /* in the stream, of the first unread byte */
	const char *refusal; /* malformed: in words */
	uint64_t bad;        /* and where the byte at fault is */

	/* What the last step lent out. */
	const unsigned char *preview; /* OVERSIZE: the frame's first bytes */
	size_t preview_len;

	/* What comes next. */
	uint64_t next_max;
	bool next_max_is_default;
	enum evchat_oversize next_policy;
	struct terminator next; /* after this frame, if has_next */
	bool has_next;
	bool deliver_last;
	enum input_end end;
};

void input_init(struct input *input, bool deliver_last);
void input_free(struct input *input);

/* The next step, with frames whole or in pieces. */
enum input_what input_next(struct input *input, bool whole,
    struct input_step *step);

/*
 * Find the frames that are ready. False: there are none, or it is not known,
 * and input_next is called. Then each is used, before it is given to whoever
 * is told of it, and behind that it is looked whether input->stirred: if so,
 * no more of these are used. In the end it is told how many were.
 */
bool input_find_ready(struct input *input, bool whole, struct ready *ready);
void input_end_ready(struct input *input, const struct ready *ready,
    size_t used);

/* Use the next one, of so many bytes, with so much data. */
static inline void
input_use_ready(struct input *input, size_t *spent, size_t len, size_t data)
{
	*spent += len;
	input->offset += len;
	input->frames++;
	input->last_len = data;
}

/*
 * The same in pieces: first all that is delivered of it has been given out,
 * behind which skip bytes are left of it; and then it ends.
 */
void input_open_ready(struct input *input, size_t data, size_t keep,
    size_t skip);
void input_close_ready(struct input *input);

/* Something was called that changes what is to be delivered next, or to whom. */
void input_stir(struct input *input);

/* No step is in use any more: give back what the last one needed. */
void input_settle(struct input *input);

/* Is nothing unread, no frame in progress, and no end known? */
bool input_is_dry(const struct input *input);
/* How many unread bytes nobody has looked at. */
size_t input_waiting(const struct input *input);
/* Take all of from, only when input_wants is true and after input_settle. */
bool input_wants(const struct input *input);
int input_take(struct input *input, struct evbuffer *from);
void input_set_eof(struct input *input);

/* Both take the terminator's reference. */
void input_set_terminator(struct input *input, const struct terminator *next);
void input_set_next(struct input *input, const struct terminator *next);
void input_set_max(struct input *input, uint64_t max,
    enum evchat_oversize policy);

int input_unread(struct input *input, const void *data, size_t len);
/* Drop all unread bytes, also those that were not taken yet. */
void input_discard(struct input *input, struct evbuffer *also);
/* Append a copy of all unread bytes to out, or -1 with errno. */
int input_copy_unread(const struct input *input, struct evbuffer *out);

/* How many frames have begun, and how many have ended or were given up. */
static inline uint64_t
input_begun(const struct input *input)
{
	return (input->frames + input->others);
}
uint64_t input_ended(const struct input *input);
bool input_has_frames(const struct input *input); /* is there a terminator? */
/* Was the end told, and has nothing been unread since? */
bool input_is_over(const struct input *input);
bool input_in_frame(const struct input *input);   /* it has begun and not ended */
/* The same, and more of it may come. */
bool input_awaits_more(const struct input *input);
bool input_incomplete(const struct input *input); /* would EOF cut a frame off? */
const void *input_partial(const struct input *input, bool whole, size_t *len);
uint64_t input_frame_length(const struct input *input);

/* Among the files of the input only */

void input_drop_next(struct input *input);
void input_return(struct input *input); /* what the last step lent */
bool input_is_whole(const struct input *input, bool whole);

/* The first len unread bytes, which have been scanned, are used up. */
void input_consume(struct input *input, size_t len);
/* Look at more bytes. MORE: there are none. DATA: the counters have changed. */
enum input_what input_scan(struct input *input, bool whole);
/* The same when all was scanned and no more will come. */
enum input_what input_scan_end(struct input *input);

/* The maximum of the frame in progress; 0: none. */
uint64_t input_frame_max(const struct input *input, bool whole);
/* That of one that begins now, UINT64_MAX for none. */
uint64_t input_next_max(const struct input *input, bool whole);
void input_begin_frame(struct input *input);
/* Forget what was found in the unread bytes. */
void input_forget_scanned(struct input *input);
/* Forget the frame in progress; its unread bytes begin another one. */
void input_reset_frame(struct input *input);
/* It ends, and all that was found of it is used up. */
void input_end_frame(struct input *input);
/* And was delivered. */
static inline void
input_count_frame(struct input *input)
{
	input->frames++;
	input->others--;
}

void input_drop_lead(struct input *input);
void input_drop_data(struct input *input);

/* Is the frame in progress to be reported as above the maximum? It is. */
bool input_goes_over(const struct input *input, bool whole);
enum input_what input_go_over(struct input *input, bool whole);

/* Whole frames; -1 with errno. */
/* Keep, of one above the maximum, what is wanted, and drop the rest. */
int input_keep_wanted(struct input *input);
/* Put together what a stream is transformed to. */
int input_assemble(struct input *input);

#endif
