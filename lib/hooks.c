/*
 * Where the application's hooks are called. What of it is running is kept,
 * since it decides what a terminator that is set meanwhile is for. A hook may
 * end the channel; whoever has one called looks at the state afterwards.
 */

#include "channel.h"
#include "trace.h"

const struct evchat_hooks hooks_none;

void
hooks_event(struct evchat *chat, enum evchat_event what)
{
	chat->running = what == EVCHAT_EVENT_OVERSIZE ? HOOK_COLLECT :
	    HOOK_OTHER;
	if (chat->hooks->event != NULL)
		chat->hooks->event(chat, what, chat->arg);
	chat->running = HOOK_NONE;
}

void
hooks_deliver(struct evchat *chat, enum input_what what,
    const struct input_step *step)
{
	const struct evchat_hooks *hooks = chat->hooks;

	if (chat->set->trace != NULL)
		trace_step(chat, what, step);
	if (what != INPUT_DATA)
		chat->running = HOOK_FOUND;
	else
		chat->running = input_has_frames(chat->input) ? HOOK_COLLECT :
		    HOOK_PIECE;
	if (what == INPUT_DATA && hooks->collect != NULL)
		hooks->collect(chat, step->data, step->len, chat->arg);
	else if (what == INPUT_FOUND && hooks->found != NULL)
		hooks->found(chat, chat->arg);
	else if (what == INPUT_FRAME)
		hooks->frame(chat, step->data, step->len, chat->arg);
	chat->running = HOOK_NONE;
}

void
hooks_closed(struct evchat *chat)
{
	chat->running = HOOK_OTHER;
	if (chat->hooks->closed != NULL)
		chat->hooks->closed(chat, chat->why, chat->arg);
}
