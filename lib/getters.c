/*
 * What an application asks. Until closed has returned a channel tells what it
 * can; afterwards, while a reference keeps it, it answers 0 or NULL.
 */

#include <string.h>

#include "channel.h"
#include "held.h"

static bool
is_there(const struct evchat *chat)
{
	return (chat->state != CHANNEL_ENDED);
}

static bool
is_living(const struct evchat *chat)
{
	return (chat->state < CHANNEL_ENDING);
}

struct bufferevent *
evchat_get_bufferevent(const struct evchat *chat)
{
	struct bufferevent *bev = channel_lock(chat), *got = NULL;

	if (is_living(chat))
		got = chat->bev;
	channel_unlock(bev);
	return (got);
}

void *
evchat_ask_bufferevents(const struct evchat *chat,
    void *(*ask)(struct bufferevent *bev))
{
	struct bufferevent *locked = channel_lock(chat);
	struct bufferevent *bev = is_there(chat) ? chat->bev : NULL;
	void *answer = NULL;

	for (; bev != NULL && answer == NULL;
	    bev = bufferevent_get_underlying(bev))
		answer = ask(bev);
	channel_unlock(locked);
	return (answer);
}

void *
evchat_get_arg(const struct evchat *chat)
{
	struct bufferevent *bev = channel_lock(chat);
	void *arg = is_there(chat) ? chat->arg : NULL;

	channel_unlock(bev);
	return (arg);
}

const struct evchat_hooks *
evchat_get_hooks(const struct evchat *chat)
{
	struct bufferevent *bev = channel_lock(chat);
	const struct evchat_hooks *hooks = NULL;

	if (is_there(chat) && chat->hooks != &hooks_none)
		hooks = chat->hooks;
	channel_unlock(bev);
	return (hooks);
}

struct evchat_framing *
evchat_get_framing(const struct evchat *chat)
{
	struct bufferevent *bev = channel_lock(chat);
	struct evchat_framing *framing = NULL;
	struct input here;

	if (is_living(chat))
		framing = channel_see_input(chat,
		    &here)->scan.terminator.framing;
	channel_unlock(bev);
	return (framing);
}

uint64_t
evchat_get_terminator_remaining(const struct evchat *chat)
{
	struct bufferevent *bev = channel_lock(chat);
	struct input here;
	const struct scan *scan = &channel_see_input(chat, &here)->scan;
	uint64_t remaining = 0;

	if (is_living(chat) && scan->terminator.kind == SCAN_COUNT)
		remaining = scan->remaining;
	channel_unlock(bev);
	return (remaining);
}

size_t
evchat_get_output_length(const struct evchat *chat)
{
	struct bufferevent *bev = channel_lock(chat);
	size_t len = is_living(chat) ? turn_output_length(chat) : 0;

	channel_unlock(bev);
	return (len);
}

enum evchat_reason
evchat_get_reason(const struct evchat *chat)
{
	struct bufferevent *bev = channel_lock(chat);
	enum evchat_reason why = is_there(chat) ? chat->why :
	    EVCHAT_REASON_FREED;

	channel_unlock(bev);
	return (why);
}

int
evchat_get_errno(const struct evchat *chat)
{
	struct bufferevent *bev = channel_lock(chat);
	int error = is_there(chat) ? chat->error : 0;

	channel_unlock(bev);
	return (error);
}

const char *
evchat_get_error(const struct evchat *chat)
{
	struct bufferevent *bev = channel_lock(chat);
	const char *text = NULL;

	if (is_there(chat) && chat->why != EVCHAT_REASON_FREED)
		text = end_words(chat);
	else if (is_there(chat))
		text = chat->error_text;

	channel_unlock(bev);
	return (text);
}

const void *
evchat_get_partial(const struct evchat *chat, size_t *len)
{
	struct bufferevent *bev = channel_lock(chat);
	const void *partial = NULL;

	*len = 0;
	if (is_there(chat) && chat->input != NULL)
		partial = input_partial(chat->input,
		    chat->hooks->frame != NULL, len);
	channel_unlock(bev);
	return (partial);
}

uint64_t
evchat_get_frame_length(const struct evchat *chat)
{
	struct bufferevent *bev = channel_lock(chat);
	struct input here;
	uint64_t len = 0;

	/* In found and frame, the input has gone on to the next one already. */
	if (chat->running == HOOK_FOUND)
		len = chat->input->last_len;
	else if (is_there(chat))
		len = input_frame_length(channel_see_input(chat, &here));
	channel_unlock(bev);
	return (len);
}

uint64_t
evchat_get_offset(const struct evchat *chat)
{
	struct bufferevent *bev = channel_lock(chat);
	struct input here;
	const struct input *input = channel_see_input(chat, &here);
	uint64_t offset = 0;

	if (is_there(chat))
		offset = input->refusal != NULL ? input->bad : input->offset;
	channel_unlock(bev);
	return (offset);
}

/* Behind the channel's back more may have been put into the output. */
static uint64_t
bytes_out(const struct evchat *chat)
{
	uint64_t out = chat->queue.written - chat->dropped, still = 0;

	if (is_living(chat))
		still = evbuffer_get_length(bufferevent_get_output(chat->bev));
	return (out > still ? out - still : 0);
}

void
getters_stats(const struct evchat *chat, struct evchat_stats *stats)
{
	struct input here;
	const struct input *input = channel_see_input(chat, &here);

	memset(stats, 0, sizeof(*stats));
	if (!is_there(chat))
		return;
	stats->bytes_in = input->offset;
	stats->bytes_out = bytes_out(chat);
	stats->frames_in = input->frames;
	stats->frames_out = chat->frames_out;
	stats->oversize = input->oversized;
	stats->stops = chat->stops;
	if (!is_living(chat))
		return;
	stats->held_in = held_in(chat);
	stats->held_out = held_out(chat);
}

void
getters_copy_stats(struct evchat_stats *to, size_t size,
    const struct evchat_stats *stats)
{
	memset(to, 0, size);
	memcpy(to, stats, size < sizeof(*stats) ? size : sizeof(*stats));
}

void
evchat_get_stats(const struct evchat *chat, struct evchat_stats *stats,
    size_t size)
{
	struct bufferevent *bev = channel_lock(chat);
	struct evchat_stats now;

	getters_stats(chat, &now);
	getters_copy_stats(stats, size, &now);
	channel_unlock(bev);
}
