/*
 * What an application sets: how its input is cut, who is told, and the limits.
 * Each call checks, changes a value, and wakes the channel if that matters.
 */

#define _DEFAULT_SOURCE /* for what event2/util.h makes of timeval macros */

#include <errno.h>
#include <limits.h>

#include <event2/bufferevent.h>
#include <event2/bufferevent_struct.h>

#include "channel.h"
#include "delimiter.h"
#include "framing.h"
#include "mem.h"

#define LIBEVENT_AT_ONCE 16384 /* which it reads or writes, unless told */

/*
 * Memory is taken for the settings of those that differ. Who gets it may write
 * to it; NULL: there is none, and nothing has changed.
 */
static const struct settings defaults = {
	.in_size = (size_t)64 << 10,
	.out_size = (size_t)64 << 10,
	.low = (size_t)32 << 10,
	.high = (size_t)128 << 10,
	.linger_size = (uint64_t)64 << 10,
	.max_read = LIBEVENT_AT_ONCE,
	.old_max_read = LIBEVENT_AT_ONCE,
	.old_max_write = LIBEVENT_AT_ONCE
};

struct settings *
settings_own(struct evchat *chat)
{
	struct settings *own;

	if (chat->set != &defaults)
		return ((struct settings *)(uintptr_t)chat->set);
	if ((own = mem_alloc(sizeof(*own))) == NULL)
		return (NULL);
	*own = defaults;
	chat->set = own;
	return (own);
}

int
settings_init(struct evchat *chat)
{
	ev_ssize_t reads = bufferevent_get_max_single_read(chat->bev);
	ev_ssize_t writes = bufferevent_get_max_single_write(chat->bev);
	struct settings *own;

	chat->set = &defaults;
	if (reads == defaults.old_max_read && writes == defaults.old_max_write)
		return (0);
	if ((own = settings_own(chat)) == NULL)
		return (-1);
	own->max_read = (size_t)reads;
	own->old_max_read = reads;
	own->old_max_write = writes;
	return (0);
}

void
settings_free(struct evchat *chat)
{
	if (chat->set == NULL || chat->set == &defaults)
		return;
	evchat_framing_free(chat->set->output_framing);
	mem_free((void *)(uintptr_t)chat->set);
}

/* Is the channel open, and are there settings of its own? If not, errno. */
static struct settings *
change(struct evchat *chat)
{
	return (channel_is_open(chat) ? settings_own(chat) : NULL);
}

int
evchat_set_hooks(struct evchat *chat, const struct evchat_hooks *hooks,
    void *arg)
{
	struct bufferevent *bev = channel_lock(chat);
	bool some_come = chat->state < CHANNEL_CLOSED;

	if (some_come) {
		channel_stir(chat);
		chat->hooks = hooks != NULL ? hooks : &hooks_none;
		chat->arg = arg;
		channel_wake(chat);
	} else
		errno = EPIPE;
	channel_unlock(bev);
	return (some_come ? 0 : -1);
}

/* Cutting the input */

/*
 * Set in a data hook, a terminator is for what comes behind the frame that is
 * being delivered: in collect that frame goes on, unless there is none. Set
 * elsewhere, it is for all unread bytes, and the loop has to look at them.
 */
static void
set_terminator(struct evchat *chat, const struct terminator *terminator)
{
	struct input here, *input = channel_open_input(chat, &here);

	if (chat->running == HOOK_COLLECT)
		input_set_next(input, terminator);
	else {
		input_set_terminator(input, terminator);
		channel_wake(chat);
	}
	channel_close_input(chat, &here);
}

/* The framing's reference is taken if this succeeds. */
static int
set_framing(struct evchat *chat, struct evchat_framing *framing)
{
	struct terminator terminator = {
		.kind = SCAN_FRAMING,
		.framing = framing
	};
	struct evchat_framing *last = chat->last_framing;

	if (framing->state_size > 0 &&
	    (terminator.state = mem_calloc(framing->state_size)) == NULL)
		return (-1);
	chat->last_framing = framing_ref(framing);
	set_terminator(chat, &terminator);
	/* Whatever its free does, it finds the new one. */
	evchat_framing_free(last);
	return (0);
}

int
evchat_set_terminator(struct evchat *chat, const void *bytes, size_t len)
{
	struct bufferevent *bev = channel_lock(chat);
	struct evchat_framing *framing = NULL;

	if (channel_is_open(chat)) {
		if (delimiter_is(chat->last_framing, bytes, len))
			framing = framing_ref(chat->last_framing);
		else
			framing = delimiter_shared(bytes, len);
		/* A delimiter needs no memory of its own for a channel. */
		if (framing != NULL)
			(void)set_framing(chat, framing);
	}
	channel_unlock(bev);
	return (framing != NULL ? 0 : -1);
}

int
evchat_set_framing(struct evchat *chat, struct evchat_framing *framing)
{
	struct bufferevent *bev = channel_lock(chat);
	int done = -1;

	if (!channel_is_open(chat))
		done = -1;
	else if (framing == NULL)
		errno = EINVAL;
	else if ((done = set_framing(chat, framing_ref(framing))) == -1)
		evchat_framing_free(framing);
	channel_unlock(bev);
	return (done);
}

int
evchat_set_terminator_count(struct evchat *chat, uint64_t count)
{
	struct bufferevent *bev = channel_lock(chat);
	bool open = channel_is_open(chat);

	if (open)
		set_terminator(chat, &(struct terminator){ .kind = SCAN_COUNT,
		    .count = count });
	channel_unlock(bev);
	return (open ? 0 : -1);
}

void
evchat_set_terminator_none(struct evchat *chat)
{
	struct bufferevent *bev = channel_lock(chat);

	if (chat->state == CHANNEL_OPEN)
		set_terminator(chat, &(struct terminator){ .kind = SCAN_NONE });
	channel_unlock(bev);
}

int
evchat_set_output_framing(struct evchat *chat, struct evchat_framing *framing)
{
	struct bufferevent *bev = channel_lock(chat);
	struct settings *own = change(chat);
	struct evchat_framing *last;

	if (own != NULL) {
		last = own->output_framing;
		own->output_framing = framing_ref(framing);
		evchat_framing_free(last);
	}
	channel_unlock(bev);
	return (own != NULL ? 0 : -1);
}

int
evchat_unread(struct evchat *chat, const void *data, size_t len)
{
	struct bufferevent *bev = channel_lock(chat);
	bool rested = chat->input == NULL;
	int done = -1;

	if (channel_is_open(chat) && channel_keep_input(chat) != NULL &&
	    (done = input_unread(chat->input, data, len)) == 0)
		channel_wake(chat);
	if (rested)
		channel_rest_input(chat);
	channel_unlock(bev);
	return (done);
}

/* A count that has begun keeps the maximum that it had. */
static int
set_max(struct evchat *chat, uint64_t max, enum evchat_oversize policy)
{
	bool counting = chat->input == NULL && chat->rest.open;
	struct input here, *input = counting ? channel_keep_input(chat) :
	    channel_open_input(chat, &here);

	if (input == NULL)
		return (-1);
	input_set_max(input, max, policy);
	channel_close_input(chat, &here);
	return (0);
}

int
evchat_set_max_frame(struct evchat *chat, uint64_t max,
    enum evchat_oversize policy)
{
	struct bufferevent *bev = channel_lock(chat);
	bool open = channel_is_open(chat), valid = policy ==
	    EVCHAT_OVERSIZE_CLOSE || policy == EVCHAT_OVERSIZE_DISCARD ||
	    policy == EVCHAT_OVERSIZE_TRUNCATE;
	int done = -1;

	if (open && valid)
		done = set_max(chat, max, policy);
	else if (open)
		errno = EINVAL;
	channel_unlock(bev);
	return (done);
}

/* Flow */

void
evchat_pause(struct evchat *chat)
{
	struct bufferevent *bev = channel_enter(chat);

	channel_stir(chat);
	chat->paused = true;
	if (!chat->in_turn)
		reading_set(chat);
	channel_wake(chat);
	channel_leave(chat, bev);
}

void
evchat_resume(struct evchat *chat)
{
	struct bufferevent *bev = channel_lock(chat);

	chat->paused = false;
	channel_wake(chat);
	channel_unlock(bev);
}

int
evchat_set_watermarks(struct evchat *chat, size_t low, size_t high)
{
	struct bufferevent *bev = channel_lock(chat);
	struct settings *own = NULL;

	if (channel_is_open(chat) && low >= high)
		errno = EINVAL;
	else if ((own = change(chat)) != NULL) {
		turn_note_high(chat);
		own->low = low;
		own->high = high;
		turn_note_high(chat);
		channel_wake(chat);
	}
	channel_unlock(bev);
	return (own != NULL ? 0 : -1);
}

int
evchat_set_buffer_sizes(struct evchat *chat, size_t in, size_t out)
{
	struct bufferevent *bev = channel_lock(chat);
	bool valid = in > 0 && in <= INT_MAX && out > 0 && out <= INT_MAX;
	struct settings *own = NULL;

	if (channel_is_open(chat) && !valid)
		errno = EINVAL;
	else if ((own = change(chat)) != NULL) {
		channel_stir(chat);
		own->in_size = in;
		own->out_size = out;
		own->max_read = in;
		if (chat->reading != READING_DIRECT)
			(void)bufferevent_set_max_single_read(chat->bev, in);
	}
	channel_unlock(bev);
	return (own != NULL ? 0 : -1);
}

static bool
is_valid_timeout(const struct timeval *tv)
{
	return (tv == NULL || (tv->tv_sec >= 0 && tv->tv_usec >= 0 &&
	    tv->tv_usec < 1000000 && evutil_timerisset(tv)));
}

static int
set_timeout(struct evchat *chat, enum evchat_timeout which,
    const struct timeval *tv)
{
	static const enum deadline_which deadlines[] = {
		[EVCHAT_TIMEOUT_READ] = DEADLINE_READ,
		[EVCHAT_TIMEOUT_WRITE] = DEADLINE_WRITE,
		[EVCHAT_TIMEOUT_FRAME] = DEADLINE_FRAME,
		[EVCHAT_TIMEOUT_STALL] = DEADLINE_STALL,
		[EVCHAT_TIMEOUT_LINGER] = DEADLINE_LINGER,
		[EVCHAT_TIMEOUT_CONNECT] = DEADLINE_CONNECT,
		[EVCHAT_TIMEOUT_UPGRADE] = DEADLINE_UPGRADE
	};
	enum deadline_which deadline;

	if ((unsigned)which >= sizeof(deadlines) / sizeof(deadlines[0])) {
		errno = EINVAL;
		return (-1);
	}
	deadline = deadlines[which];
	if (deadline_set(chat, deadline, tv) == -1)
		return (-1);
	/* It begins anew, but for those which are for the next time. */
	if ((deadline != DEADLINE_FRAME && deadline != DEADLINE_LINGER &&
	    deadline != DEADLINE_UPGRADE) ||
	    deadline_get(chat, deadline) == DEADLINE_EXPIRED)
		deadline_stop(chat, deadline);
	channel_wake(chat);
	return (0);
}

int
evchat_set_timeout(struct evchat *chat, enum evchat_timeout which,
    const struct timeval *tv)
{
	struct bufferevent *bev = channel_lock(chat);
	int done = -1;

	if (channel_is_open(chat)) {
		errno = EINVAL;
		if (is_valid_timeout(tv))
			done = set_timeout(chat, which, tv);
	}
	channel_unlock(bev);
	return (done);
}

static int
set_min_rate(struct evchat *chat, uint64_t in, uint64_t out,
    const struct timeval *period)
{
	if (deadline_set(chat, DEADLINE_RATE_IN, period) == -1 ||
	    deadline_set(chat, DEADLINE_RATE_OUT, period) == -1)
		return (-1);
	chat->deadlines->rate_in = in;
	chat->deadlines->rate_out = out;
	deadline_stop(chat, DEADLINE_RATE_IN);
	deadline_stop(chat, DEADLINE_RATE_OUT);
	channel_wake(chat);
	return (0);
}

int
evchat_set_min_rate(struct evchat *chat, uint64_t in, uint64_t out,
    const struct timeval *period)
{
	struct bufferevent *bev = channel_lock(chat);
	int done = -1;

	if (channel_is_open(chat)) {
		errno = EINVAL;
		if (is_valid_timeout(period))
			done = set_min_rate(chat, in, out, period);
	}
	channel_unlock(bev);
	return (done);
}

int
evchat_set_linger_size(struct evchat *chat, uint64_t size)
{
	struct bufferevent *bev = channel_lock(chat);
	struct settings *own = change(chat);

	if (own != NULL)
		own->linger_size = size;
	channel_unlock(bev);
	return (own != NULL ? 0 : -1);
}

int
evchat_set_trace(struct evchat *chat, evchat_trace_cb trace, void *arg)
{
	struct bufferevent *bev = channel_lock(chat);
	struct settings *own = change(chat);

	if (own != NULL) {
		channel_stir(chat);
		own->trace = trace;
		own->trace_arg = arg;
	}
	channel_unlock(bev);
	return (own != NULL ? 0 : -1);
}
