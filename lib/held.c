/*
 * How much a channel keeps in memory, without looking through any of it. Bytes
 * in a filter count where they are, before or behind it.
 */

#include <event2/bufferevent.h>

#include "channel.h"
#include "held.h"

uint64_t
held_in(const struct evchat *chat)
{
	struct bufferevent *bev = chat->bev;
	uint64_t held = 0;

	if (chat->input != NULL)
		held = unread_len(&chat->input->unread) +
		    hold_len(&chat->input->cut);
	for (; bev != NULL; bev = bufferevent_get_underlying(bev))
		held += evbuffer_get_length(bufferevent_get_input(bev));
	return (held);
}

uint64_t
held_out(const struct evchat *chat)
{
	return ((uint64_t)backlog_len(&chat->queue.bytes) +
	    chat->queue.line->held + transport_output_length(chat->bev));
}
