#ifndef CHANNEL_H
#define CHANNEL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <event2/bufferevent.h>
#include <event2/event.h>

#include "api.h"
#include "deadline.h"
#include "input.h"
#include "queue.h"
#include "rest.h"
#include "transport.h"

/*
 * A channel:
 *
 *	OPEN --finish--> CLOSING --all written--> LINGERING
 *	  |                 |                         |
 *	  +--------end------+------------+------------+
 *	                                 v
 *	          ENDING --all is told--> CLOSED --closed returns--> ENDED
 *
 * channel_set_state is the one place where it changes.
 */
enum channel_state {
	CHANNEL_OPEN,
	CHANNEL_CLOSING,   /* input is not looked at, the queue drains */
	CHANNEL_LINGERING, /* input is dropped, till EOF or a limit */
	CHANNEL_ENDING,    /* done and cleanups are running */
	CHANNEL_CLOSED,    /* closed is running */
	CHANNEL_ENDED      /* kept only because someone holds it */
};

/* The write side; on the way from one to the next pushes fail. */
enum channel_output {
	OUTPUT_OPEN,
	OUTPUT_SHUTTING, /* to be shut when the queue is empty */
	OUTPUT_FINISHED, /* the transport knows that nothing more comes */
	OUTPUT_SHUT
};

/* How input comes. */
enum channel_reading {
	READING_NOT,
	READING_BUFFEREVENT, /* EV_READ of the bufferevent is enabled */
	READING_DIRECT       /* the channel's event waits for the descriptor */
};

/* What of the application is running. */
enum channel_hook {
	HOOK_NONE,
	HOOK_COLLECT, /* with a frame in progress; and of one that is oversize */
	HOOK_PIECE,   /* collect, of what is in no frame */
	HOOK_FOUND,   /* found and frame */
	HOOK_OTHER
};

/* The queue went, or was, above the high mark since the hook was called. */
#define PUSHED ((unsigned char)1)

/* What the application may choose; THREADSAFE is the bufferevent's. */
#define CHANNEL_OPTIONS ((unsigned)EVCHAT_OPT_DELIVER_LAST | \
    EVCHAT_OPT_HALF_OPEN | EVCHAT_OPT_NO_AUTO_PAUSE | \
    EVCHAT_OPT_BUFFEREVENT_IO)

/* Among them, where no option of a channel is: one was set, see sink.c. */
#define CHANNEL_HAS_SINK ((unsigned)1 << 7)

/* Whose queue has stopped the input, which is at the low mark before it goes on. */
enum channel_full {
	FULL_OWN = 1,  /* this channel's, by its hooks */
	FULL_SINK = 2  /* that of its sink */
};

/*
 * What has a value that hardly any channel changes. All others share one,
 * which is not written to: see settings_change.
 */
struct settings {
	size_t in_size, out_size;
	size_t low, high;
	uint64_t linger_size;
	struct evchat_framing *output_framing; /* that was set for it, or NULL */
	evchat_trace_cb trace;
	void *trace_arg;
	size_t max_read; /* by the bufferevent at once */
	ev_ssize_t old_max_read; /* as evchat_new found it */
	ev_ssize_t old_max_write;
	struct basin *basin;   /* as a sink; see sink.c */
	struct member *source; /* and of what it is a source, or NULL */
};

/*
 * There may be very many of these, nearly all of them idle. So what is seldom
 * there is behind a pointer, and small fields stand eight bytes together.
 */
struct evchat {
	/* Life. */
	atomic_uint refs;  /* the application's, and one until the end */
	atomic_uint holds; /* of the memory: all refs, each event, each call */
	enum channel_state state : 8;
	unsigned options : 8;
	enum evchat_reason why : 8; /* from CLOSING on */
	bool detached;     /* the bufferevent is the application's again */
	int error;
	const char *error_text;

	/* The bufferevent, which is held as long as the memory. */
	struct bufferevent *bev;
	struct bufferevent *lock; /* whose lock it is; NULL: for one thread only */
	struct layer *layer;      /* put on it, the topmost, or NULL */
	struct attempts *attempts; /* while the library connects it, else NULL */
	short old_enabled;  /* as evchat_new found it */
	enum transport_kind kind : 8;
	bool may_be_direct; /* see direct.c */
	bool connecting;
	bool upgrading;     /* to its topmost layer, which is not ready */
	bool looked_up;     /* evdns has still to call back */

	/* The application. */
	unsigned char pushed; /* PUSHED, CHANNEL_HAS_SINK: see receive.c */
	const struct evchat_hooks *hooks; /* never NULL */
	void *arg;
	const struct settings *set; /* never NULL */

	/* What it belongs to, or NULL. */
	struct member *in_group;
	struct member *in_listener;

	/* The loop: a turn does all that there is to do. */
	struct event *event; /* wakes the channel, and tells of direct input */
	struct event *later; /* while a turn is to come behind all others' */
	struct deadlines *deadlines; /* NULL unless one was set or needed */
	bool woken;           /* event is active */
	bool called;          /* by what comes before input that is there by now */
	bool in_turn;
	bool again;           /* a call wants another turn behind this one */
	bool noticed;         /* and so does a callback that came inside it */
	bool connected_now;   /* to be told */
	bool failed;          /* to end, when all input is delivered, with: */
	bool failed_reading;  /* ... and not before, even if paused */
	short failed_errno; /* they are all small */
	enum evchat_reason failed_why : 8;
	enum channel_hook running : 8;
	uint32_t stops;    /* how often auto_paused was set, or a bit of it */

	/* The read side. */
	enum channel_reading reading : 8;
	unsigned char small_reads; /* that did not need so much, in a row */
	uint16_t read_size;  /* memory to receive into next, where it is direct */
	bool paused;
	unsigned char auto_paused; /* bits of enum channel_full */
	bool over_budget;  /* until its group says otherwise */
	bool keeps_input;  /* in memory of its own; else it is a caller's: */
	struct input *input; /* NULL while it is at rest, see rest.c */
	struct rest rest;    /* what it is then */
	union {
		uint64_t last_frame;  /* so many have to end before: */
		uint64_t linger_left; /* LINGERING: bytes that may be dropped */
	};
	bool last_wanted;  /* to be closed when no frame but that is in progress */
	bool eof_seen;     /* directly; and soon: */
	bool eof;          /* of the transport's input */

	/* The write side. */
	enum channel_output output : 8;
	bool above_high;   /* since WRITABLE was told last */
	bool undrained;    /* since DRAINED was told last */
	bool pushed_to;    /* outside its turns, since its last input */
	bool blocked;      /* what is sent directly waits for the descriptor */
	struct event *unblock; /* which that waits for, or NULL */
	struct queue queue;
	size_t in_output;  /* of the transport at most, since the last turn */
	struct evchat_framing *last_framing;   /* of the input, or NULL */
	uint64_t frames_out;
	uint64_t dropped;  /* of what was put into the bufferevent's output */
};

/* channel.c: life */

/* What is locked, if anything is. */
static inline struct bufferevent *
channel_lock(const struct evchat *chat)
{
	if (chat->lock != NULL)
		bufferevent_lock(chat->lock);
	return (chat->lock);
}

static inline void
channel_unlock(struct bufferevent *bev)
{
	if (bev != NULL)
		bufferevent_unlock(bev);
}

/* The memory stays until it is let go. */
void channel_hold(struct evchat *chat);
void channel_let_go(struct evchat *chat);
/* Lock and hold. */
struct bufferevent *channel_enter(struct evchat *chat);
void channel_leave(struct evchat *chat, struct bufferevent *bev);

/* An event of the channel's, which holds its memory until it is freed. */
struct event *channel_event_new(struct evchat *chat, evutil_socket_t fd,
    short what, void (*fn)(evutil_socket_t, short, void *));
void channel_event_free(struct event *event);
/* Give it the priority that the bufferevent has, before it is added or activated. */
void channel_event_prioritize(const struct evchat *chat, struct event *event);

void channel_activate(struct evchat *chat); /* run its event */
void channel_wake(struct evchat *chat);  /* have a turn: there is news */
void channel_wake_behind(struct evchat *chat); /* and new input comes before it */
void channel_yield(struct evchat *chat); /* have one after all others had theirs */
bool channel_is_open(const struct evchat *chat); /* if not, errno is EPIPE */
/* How many of the bytes written to the bufferevent's output have not left. */
size_t channel_in_output(const struct evchat *chat);
void channel_drop_output(struct evchat *chat);
void channel_set_state(struct evchat *chat, enum channel_state state);
/* What input is being delivered is not what was found. */
static inline void
channel_stir(struct evchat *chat)
{
	if (chat->input != NULL)
		input_stir(chat->input);
}

/* end.c: with what is then to be told */

void end_soon(struct evchat *chat, enum evchat_reason why); /* when drained */
void end_refused(struct evchat *chat, enum evchat_reason why);
const char *end_words(const struct evchat *chat); /* why it ends */
void end_now(struct evchat *chat, enum evchat_reason why);
void end_failed(struct evchat *chat);
/* Which reason the end of the input is. */
enum evchat_reason end_of_input(const struct evchat *chat);

/* getters.c */

void getters_stats(const struct evchat *chat, struct evchat_stats *stats);
/* To a caller, whose struct may be of another release, shorter or longer. */
void getters_copy_stats(struct evchat_stats *to, size_t size,
    const struct evchat_stats *stats);

/* hooks.c */

extern const struct evchat_hooks hooks_none; /* all NULL */

void hooks_event(struct evchat *chat, enum evchat_event what);
void hooks_deliver(struct evchat *chat, enum input_what what,
    const struct input_step *step);
void hooks_closed(struct evchat *chat);

/* rest.c: the input, which is there while something is made of it */

/* Have it there until here, which is the caller's, is closed. */
struct input *channel_open_input(struct evchat *chat, struct input *here);
/* It is not used by the caller any more. May end the channel: no memory. */
void channel_close_input(struct evchat *chat, struct input *here);
/* To be looked at only; here may become a copy. */
const struct input *channel_see_input(const struct evchat *chat,
    struct input *here);
/* Have it there for good; NULL with errno. And give up what that took, if it
 * is at rest and nobody further up the stack uses it. */
struct input *channel_keep_input(struct evchat *chat);
void channel_rest_input(struct evchat *chat);

/* settings.c */

int settings_init(struct evchat *chat); /* -1 with errno */
struct settings *settings_own(struct evchat *chat); /* to write to; the same */
void settings_free(struct evchat *chat);

/* receive.c */

/* True if all that has come was delivered. */
bool receive_deliver(struct evchat *chat);
void receive_drop(struct evchat *chat);
void receive_dropped(struct evchat *chat, size_t len);

/* reading.c */

/* Have input come, or not, as the state of the channel wants it. */
void reading_set(struct evchat *chat);
int reading_begin(struct evchat *chat); /* -1 with errno */
int reading_change(struct evchat *chat, enum channel_reading how); /* the same */

/* direct.c: past the bufferevent */

void direct_init(struct evchat *chat);
bool direct_may_read(struct evchat *chat);
/*
 * Memory for few bytes, on the stack of who has a turn because the descriptor
 * is readable: so most turns need no other. What is left in it is kept in the
 * end.
 */
struct few {
	unsigned char in[4096];
	unsigned char out[4096];
};
void direct_receive(struct evchat *chat, struct few *few);
void direct_keep(struct evchat *chat);
/* Is there more input, although output has failed? */
bool direct_receive_last(struct evchat *chat);
bool direct_may_send(struct evchat *chat);
bool direct_may_send_file(struct evchat *chat);
enum queue_what direct_send(struct evchat *chat); /* BLOCKED: not all */

/* output.c */

/* Move output while there is room below the high mark. */
void output_move(struct evchat *chat);
/* Have a turn when the descriptor takes bytes again. */
enum queue_what output_block(struct evchat *chat);

/* notice.c: what libevent tells */

int notice_attach(struct evchat *chat); /* -1 with errno */
int notice_attach_layer(struct evchat *chat); /* in mid-stream */
void notice_detach(struct evchat *chat);
void notice_event(evutil_socket_t fd, short what, void *arg);
void notice_later(evutil_socket_t fd, short what, void *arg);
void notice_unblocked(evutil_socket_t fd, short what, void *arg);
/* What libevent tells of a bufferevent, be it by itself or found directly. */
void notice_take(struct evchat *chat, short what, int error);
/* Output fails, or the connection that is being made. */
void notice_failure(struct evchat *chat, enum evchat_reason why, int error);
/* What the channel ends with, whatever else has failed before. Reading: when
 * all input is delivered; else there is none to wait for. */
void notice_fail_as(struct evchat *chat, enum evchat_reason why, int error,
    bool reading);

/* sink.c: one channel is stopped while another is full */

/* As a sink: above_high has changed; and it takes no more pushes. */
void sink_note(struct evchat *chat);
void sink_close(struct evchat *chat);
/* As a source: may it go on? A hook has returned: or has that filled the sink? */
void sink_look(struct evchat *chat);
void sink_look_behind(struct evchat *chat);
/* It is not open any more. */
void sink_part(struct evchat *chat);

/* timing.c: what deadlines are about */

void timing_alarm(evutil_socket_t fd, short what, void *arg);
/* So many bytes were taken from the transport. */
static inline void
timing_received(const struct evchat *chat, size_t len)
{
	if (chat->deadlines != NULL)
		chat->deadlines->received += len;
}
void timing_input(struct evchat *chat);  /* something may have come */
void timing_tell(struct evchat *chat);   /* and what should have, has not */
void timing_output(struct evchat *chat); /* something may have left */
void timing_stop_input(struct evchat *chat);
void timing_stop_output(struct evchat *chat);

/* turn.c: what follows from it */

void turn_take(struct evchat *chat);
/* The same for input that was just received; output comes behind all others'. */
void turn_take_input(struct evchat *chat);
/* Was evchat_close_after_frame called, and no frame is to be waited for? */
bool turn_is_last(const struct evchat *chat);
size_t turn_output_length(const struct evchat *chat);
/* Before the queue gets shorter: is it above the high mark? */
void turn_note_high(struct evchat *chat);

#endif
