#include "channel.h"
#include "group.h"
#include "members.h"

void
group_leave(struct evchat *chat)
{
	if (chat->in_group != NULL)
		members_remove(chat->in_group);
	chat->in_group = NULL;
}

void
group_account(struct evchat *chat)
{
	(void)chat;
}
