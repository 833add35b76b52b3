#include "channel.h"
#include "listener.h"
#include "members.h"

void
listener_leave(struct evchat *chat)
{
	if (chat->in_listener != NULL)
		members_remove(chat->in_listener);
	chat->in_listener = NULL;
}
