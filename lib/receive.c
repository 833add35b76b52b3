/*
 * The read side of a turn. Input is delivered step by step, and after each the
 * channel is looked at again, since a hook may have paused or ended it; what
 * is closing drops its input instead.
 */

#include <event2/buffer.h>
#include <event2/bufferevent.h>

#include "channel.h"

#ifdef __GNUC__
#define TWICE __attribute__((always_inline)) static inline
#else
#define TWICE static inline
#endif

/*
 * A hook is to be called for input. Behind it there is something to be looked
 * at if it fills the queue, and in any case where there is a sink.
 */
static inline void
before_input_hook(struct evchat *chat)
{
	chat->pushed = chat->options & CHANNEL_HAS_SINK;
}

/* It has filled the queue. */
static inline void
look_at_queue(struct evchat *chat)
{
	if ((chat->pushed & PUSHED) && chat->state == CHANNEL_OPEN &&
	    !(chat->options & EVCHAT_OPT_NO_AUTO_PAUSE) &&
	    turn_output_length(chat) > chat->set->high) {
		chat->auto_paused |= FULL_OWN;
		chat->stops++;
	}
}

/* It has returned, and another one may be called; has it filled a queue? */
static inline void
after_input_hook(struct evchat *chat)
{
	if (!chat->pushed)
		return;
	if (chat->above_high)
		look_at_queue(chat);
	chat->pushed = 0;
	if (chat->options & CHANNEL_HAS_SINK)
		sink_look_behind(chat);
}

/* Nothing behind this byte can be understood, but the hook may say so. */
static void
refuse(struct evchat *chat)
{
	chat->why = EVCHAT_REASON_MALFORMED;
	hooks_event(chat, EVCHAT_EVENT_MALFORMED);
	if (chat->state == CHANNEL_OPEN)
		end_refused(chat, EVCHAT_REASON_MALFORMED);
}

/* All input that there is was delivered. True: there is more after all. */
static bool
get_more(struct evchat *chat)
{
	struct evbuffer *from = bufferevent_get_input(chat->bev);
	struct input *input = chat->input;

	if (evbuffer_get_length(from) > 0) {
		timing_received(chat, evbuffer_get_length(from));
		if (input_take(input, from) == 0)
			return (true);
		end_now(chat, EVCHAT_REASON_NO_MEMORY);
		return (false);
	}
	if (chat->eof && input->end == END_NOT_YET) {
		input_set_eof(input);
		return (true);
	}
	if (input->end == END_TOLD && !(chat->options & EVCHAT_OPT_HALF_OPEN))
		end_soon(chat, end_of_input(chat));
	else if (direct_receive_last(chat))
		return (true);
	else if (chat->failed)
		end_failed(chat);
	return (false);
}

/* Do the next step of the input; false if there is none. */
static bool
do_step(struct evchat *chat)
{
	struct input_step step;
	enum input_what what;

	before_input_hook(chat);
	what = input_next(chat->input, chat->hooks->frame != NULL, &step);
	switch (what) {
	case INPUT_MORE:
		return (get_more(chat));
	case INPUT_DATA:
	case INPUT_FOUND:
	case INPUT_FRAME:
		hooks_deliver(chat, what, &step);
		break;
	case INPUT_OVERSIZE:
		if (chat->input->policy == EVCHAT_OVERSIZE_CLOSE)
			end_refused(chat, EVCHAT_REASON_OVERSIZE);
		else
			hooks_event(chat, EVCHAT_EVENT_OVERSIZE);
		break;
	case INPUT_MALFORMED:
		refuse(chat);
		break;
	case INPUT_EOF:
		hooks_event(chat, EVCHAT_EVENT_EOF);
		break;
	case INPUT_NO_MEMORY:
		end_now(chat, EVCHAT_REASON_NO_MEMORY);
		break;
	}
	after_input_hook(chat);
	return (true);
}

/* How far a turn has come with the input. */
struct pace {
	uint64_t from;  /* where in the stream it began */
	uint64_t steps;
};

/*
 * A turn ends after so many bytes, each step counting for one more, so that no
 * channel can keep the loop from the others.
 */
static inline bool
is_enough(const struct evchat *chat, const struct pace *pace)
{
	return (pace->steps + (chat->input->offset - pace->from) >=
	    chat->set->in_size);
}

static inline bool
may_deliver(const struct evchat *chat)
{
	return (chat->state == CHANNEL_OPEN && !chat->paused &&
	    !chat->auto_paused && !chat->upgrading);
}

/* Before which of these n frames is one above the maximum? */
static size_t
before_too_large(const struct ready *ready, size_t n, uint64_t max)
{
	size_t begin = 0 - ready->before, i;

	for (i = 0; i < n; i++) {
		const struct ready_around *around = ready_around(ready, i);
		size_t end = (size_t)ready->last[i] + 1;

		if (end - begin - around->lead - around->tail > max)
			break;
		begin = end;
	}
	return (i);
}

/* How many of these frames may be handed out before it is enough? */
static size_t
so_many(const struct evchat *chat, const struct ready *ready,
    const struct pace *pace)
{
	uint64_t max = input_next_max(chat->input, true);
	uint64_t done = pace->steps + ready->before +
	    (chat->input->offset - pace->from);
	size_t n = ready->n;

	while (n > 1 && done + ready->last[n - 2] + n >= chat->set->in_size)
		n--;
	return (ready->before + ready->len > max ?
	    before_too_large(ready, n, max) : n);
}

/*
 * Hand out the first n of the frames that are ready, until a hook has done
 * what makes a difference to the next: to push above the high mark, and all
 * that calls input_stir. How many were handed out. The loop is there twice,
 * since most framings have nothing to be looked up for each frame.
 */
TWICE size_t
hand_out_each(struct evchat *chat, const struct ready *ready, size_t n,
    bool alike)
{
	struct input *input = chat->input;
	size_t *spent = unread_spent(&input->unread);
	const uint32_t *last = ready->last, *end = last + n;
	const struct ready_around *around = ready->around;
	size_t lead = 0, tail = around->tail, kept = ready->keeps ? tail : 0;
	const unsigned char *behind = ready->bytes + 1, *from = ready->first;
	size_t before = 0 - ready->before; /* the first one, in the piece */

	/* It was used up when it was put together; that is made good below. */
	*spent += before--;
	chat->running = HOOK_FOUND;
	before_input_hook(chat);
	do {
		const unsigned char *data;
		size_t used = *last - before, len;

		if (!alike) {
			lead = around->lead;
			tail = around++->tail;
			kept = ready->keeps ? tail : 0;
		}
		data = from + lead;
		len = used - lead - tail;
		before = *last++;
		from = behind + before;
		input_use_ready(input, spent, used, len);
		chat->hooks->frame(chat, data, len + kept, chat->arg);
		if (chat->pushed) {
			after_input_hook(chat);
			if (chat->auto_paused)
				break;
		}
	} while (last < end && !input->stirred);
	chat->running = HOOK_NONE;
	return ((size_t)(last - ready->last));
}

static size_t
hand_out(struct evchat *chat, const struct ready *ready, size_t n)
{
	return (ready->alike ? hand_out_each(chat, ready, n, true) :
	    hand_out_each(chat, ready, n, false));
}

/* A hook was called. Is what comes next what was found, and is there time? */
static inline bool
may_go_on(struct evchat *chat, struct pace *pace)
{
	pace->steps++;
	after_input_hook(chat);
	return (!chat->input->stirred && may_deliver(chat) &&
	    !is_enough(chat, pace));
}

/*
 * The same in pieces, of which each frame is one, and its end. Between the two
 * the input is as input_next would have it, and may go on with that.
 */
static size_t
hand_out_pieces(struct evchat *chat, const struct ready *ready,
    struct pace *pace)
{
	const struct evchat_hooks *hooks = chat->hooks;
	struct input *input = chat->input;
	size_t begin = 0, i = 0;
	uint64_t max = input_next_max(input, false);

	before_input_hook(chat);
	do {
		size_t end = (size_t)ready->last[i] + 1;
		size_t tail = ready_around(ready, i)->tail;
		size_t keep = ready->keeps ? tail : 0;
		size_t len = end - begin - tail;

		if (len > max)
			break;
		i++;
		input_open_ready(input, len, keep, tail - keep);
		chat->running = HOOK_COLLECT;
		if (len + keep > 0 && hooks->collect != NULL)
			hooks->collect(chat, ready->bytes + begin, len + keep,
			    chat->arg);
		if (len + keep > 0 && !may_go_on(chat, pace)) {
			input_stir(input);
			break;
		}
		input_close_ready(input);
		begin = end;
		chat->running = HOOK_FOUND;
		if (hooks->found != NULL)
			hooks->found(chat, chat->arg);
	} while (may_go_on(chat, pace) && i < ready->n);
	chat->running = HOOK_NONE;
	return (i);
}

/* Deliver the frames that are ready; false: there are none. */
static bool
deliver_ready(struct evchat *chat, struct pace *pace)
{
	bool whole = chat->hooks->frame != NULL;
	struct ready ready;
	size_t n;

	if (!chat->input->scan.finds || chat->set->trace != NULL ||
	    !input_find_ready(chat->input, whole, &ready))
		return (false);
	if (whole) {
		n = so_many(chat, &ready, pace);
		if (n > 0)
			n = hand_out(chat, &ready, n);
		pace->steps += n;
	} else
		n = hand_out_pieces(chat, &ready, pace);
	input_end_ready(chat->input, &ready, n);
	return (n > 0);
}

/* Nothing has come that was not delivered, and nothing is known of an end. */
static bool
is_dry(const struct evchat *chat)
{
	return (input_is_dry(chat->input) && !chat->eof && !chat->failed &&
	    evbuffer_get_length(bufferevent_get_input(chat->bev)) == 0);
}

/* Deliver what there is and may be. */
bool
receive_deliver(struct evchat *chat)
{
	struct pace pace = { .from = chat->input->offset };

	while (may_deliver(chat)) {
		if (is_dry(chat))
			return (true);
		/* What was unread again is delivered again. */
		if (chat->input->offset < pace.from)
			pace.from = chat->input->offset;
		if (is_enough(chat, &pace)) {
			channel_yield(chat);
			return (false);
		}
		if (deliver_ready(chat, &pace))
			continue;
		pace.steps++;
		if (!do_step(chat))
			return (true);
	}
	return (false);
}

/*
 * Drop input: while closing, because only who reads learns that the peer is
 * gone; then, so that none is unread when the descriptor is closed.
 */
void
receive_drop(struct evchat *chat)
{
	struct evbuffer *input = bufferevent_get_input(chat->bev);
	size_t len = evbuffer_get_length(input);

	(void)evbuffer_drain(input, len);
	receive_dropped(chat, len);
	if (chat->state == CHANNEL_LINGERING &&
	    (chat->eof || chat->linger_left == 0))
		end_now(chat, chat->why);
}

void
receive_dropped(struct evchat *chat, size_t len)
{
	if (chat->state == CHANNEL_LINGERING)
		chat->linger_left -= len < chat->linger_left ? len :
		    chat->linger_left;
}
