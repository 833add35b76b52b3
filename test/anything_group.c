/*
 * Any call on a group whose one member the channel may be; see anything.h.
 */

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <evchat.h>
#include "anything.h"

static void
forget(const void *data, size_t len, void *arg)
{
	struct anything *a = arg;

	(void)data;
	(void)len;
	ck_assert_int_gt(a->lent, 0);
	a->lent--;
}

static void
broadcast(struct anything *a)
{
	static const char text[] = "to all of them, and it is not short";
	size_t len = anything_draw(a, sizeof(text));

	switch (anything_draw(a, 3)) {
	case 0:
		(void)evchat_group_broadcast(a->group, text, len, NULL, NULL);
		break;
	case 1:
		(void)evchat_group_broadcast_frame(a->group, text, len, NULL,
		    NULL);
		break;
	default:
		a->lent++;
		(void)evchat_group_broadcast_reference(a->group, text, len,
		    forget, a);
		break;
	}
}

static int
free_one(struct evchat *member, void *arg)
{
	(void)arg;
	evchat_free(member);
	return (0);
}

static void
limit(struct anything *a)
{
	struct ev_token_bucket_cfg *cfg = ev_token_bucket_cfg_new(100000,
	    100000, 100000, 100000, NULL);

	ck_assert_ptr_nonnull(cfg);
	(void)evchat_group_set_rate_limit(a->group,
	    anything_draw(a, 2) ? cfg : NULL);
	ev_token_bucket_cfg_free(cfg);
}

static void
end_members(struct anything *a)
{
	a->ending_call = true;
	switch (anything_draw(a, 8)) {
	case 0: evchat_group_free_members(a->group); break;
	case 1: (void)evchat_group_foreach(a->group, free_one, a); break;
	case 2: evchat_group_close_when_done(a->group); break;
	case 3: evchat_group_close_after_frame(a->group); break;
	default: anything_end_group(a); break;
	}
	a->ending_call = false;
}

void
anything_join(struct anything *a)
{
	if (a->group == NULL)
		a->group = evchat_group_new(a->h->base, 0);
	ck_assert_ptr_nonnull(a->group);
	switch (anything_draw(a, 12)) {
	case 0: case 1: case 2:
		(void)evchat_group_add(a->group, a->h->chat);
		break;
	case 3: evchat_group_remove(a->h->chat); break;
	case 4: limit(a); break;
	case 5:
		(void)evchat_group_set_budget(a->group, anything_draw(a, 2) *
		    (1 + anything_draw(a, 5000)), anything_draw(a, 2) ?
		    EVCHAT_BUDGET_STOP : EVCHAT_BUDGET_END);
		break;
	case 6: if (anything_draw(a, 2) == 0) end_members(a); break;
	default: broadcast(a); break;
	}
}

void
anything_end_group(struct anything *a)
{
	evchat_group_free(a->group);
	a->group = NULL;
}
