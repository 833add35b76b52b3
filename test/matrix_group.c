/*
 * Actions with a group, whose only member is the channel once it has joined;
 * who is closing or has ended cannot. And those that show in no byte.
 */

#include <errno.h>
#include <string.h>
#include <sys/time.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <evchat.h>
#include "matrix.h"

static struct evchat_group *
group_of(struct matrix_run *r)
{
	if (r->group == NULL)
		r->group = evchat_group_new(r->h->base, 0);
	run_must(r, r->group != NULL, "a group");
	return r->group;
}

/* Joined twice, once in a while left between. */
static int
join(struct matrix_run *r, const struct matrix_action *a)
{
	struct evchat_group *group = group_of(r);
	int result = action_result(evchat_group_add(group, r->chat));
	size_t members = result == 0 ? 1 : 0;

	(void)a;
	run_must(r, evchat_group_get_count(group) == members &&
	    evchat_get_group(r->chat) == (members == 1 ? group : NULL),
	    "who has joined is a member");
	return result;
}

static int
join_and_leave(struct matrix_run *r, const struct matrix_action *a)
{
	int result = join(r, a), again;

	evchat_group_remove(r->chat);
	run_must(r, evchat_group_get_count(r->group) == 0, "it has left");
	again = join(r, a);
	run_must(r, again == result, "it may come back");
	return result;
}

static int
join_and_free(struct matrix_run *r, const struct matrix_action *a)
{
	int result = join(r, a);

	evchat_group_free(r->group);
	r->group = NULL;
	run_must(r, evchat_get_group(r->chat) == NULL, "its group is gone");
	return result;
}

static int
limit_rate(struct matrix_run *r, const struct matrix_action *a)
{
	struct ev_token_bucket_cfg *limit = ev_token_bucket_cfg_new(1 << 30,
	    1 << 30, 1 << 30, 1 << 30, NULL);
	int result = join(r, a);

	run_must(r, limit != NULL && evchat_group_set_rate_limit(r->group,
	    limit) == 0 && evchat_group_set_budget(r->group, 1 << 30,
	    EVCHAT_BUDGET_END) == 0, "limits");
	ev_token_bucket_cfg_free(limit);
	return result;
}

/* Broadcasts: to one, or to nobody */

static int
result_of(struct matrix_run *r, int got)
{
	run_must(r, got == 0 || got == 1, "as many as there are get it");
	return got == 1 ? 0 : -EPIPE;
}

static int
broadcast(struct matrix_run *r, const struct matrix_action *a)
{
	(void)join(r, a);
	return result_of(r, evchat_group_broadcast(r->group, a->text,
	    strlen(a->text), NULL, NULL));
}

static void
count_cleanup(const void *data, size_t len, void *arg)
{
	struct matrix_run *r = arg;

	(void)data;
	(void)len;
	run_must(r, ++r->cleaned == r->lent, "one cleanup for each broadcast");
}

static int
broadcast_reference(struct matrix_run *r, const struct matrix_action *a)
{
	(void)join(r, a);
	r->lent++;
	return result_of(r, evchat_group_broadcast_reference(r->group, a->text,
	    strlen(a->text), count_cleanup, r));
}

static int
means_broadcast(struct matrix_model *m, const struct matrix_action *a)
{
	return model_push(m, a->text);
}

/* What is done to all members */

static int
free_one(struct evchat *member, void *arg)
{
	struct matrix_run *r = arg;

	run_must(r, member == r->chat, "the member is visited");
	evchat_free(member);
	return 7;
}

static int
end_all(struct matrix_run *r, const struct matrix_action *a)
{
	int result = join(r, a), n_items = r->n_items, visited;
	struct matrix_call outer = call_begin(r, "free", true, true);

	if (a->max == 0)
		evchat_group_free_members(r->group);
	else {
		visited = evchat_group_foreach(r->group, free_one, r);
		run_must(r, visited == (result == 0 ? 7 : 0),
		    "what fn returned");
	}
	call_end(r, outer);
	if (result == 0)
		r->n_dropped = n_items;
	r->ended = r->ended || result == 0;
	return result;
}

static int
means_end(struct matrix_model *m, const struct matrix_action *a)
{
	(void)a;
	if (!model_is_open(m))
		return -EPIPE;
	model_drop(m);
	model_end(m, EVCHAT_REASON_FREED);
	return 0;
}

static int
close_all(struct matrix_run *r, const struct matrix_action *a)
{
	int result = join(r, a);

	if (a->max == 0)
		evchat_group_close_when_done(r->group);
	else
		evchat_group_close_after_frame(r->group);
	return result;
}

static int
close_after_frame(struct matrix_run *r, const struct matrix_action *a)
{
	(void)a;
	evchat_close_after_frame(r->chat);
	evchat_close_after_frame(r->chat);
	return 0;
}

static int
means_close(struct matrix_model *m, const struct matrix_action *a)
{
	if (!model_is_open(m))
		return a->act == close_all ? -EPIPE : 0;
	if (a->max != 0)
		model_want_last(m);
	else {
		m->closing = true;
		m->why = EVCHAT_REASON_DONE;
	}
	return 0;
}

/* What shows in no byte */

static int
set_rates(struct matrix_run *r, const struct matrix_action *a)
{
	static const struct timeval minute = { .tv_sec = 60 };
	int rate, stall, connect, size;

	(void)a;
	rate = evchat_set_min_rate(r->chat, 1, 1, &minute);
	stall = evchat_set_timeout(r->chat, EVCHAT_TIMEOUT_STALL, &minute);
	connect = evchat_set_timeout(r->chat, EVCHAT_TIMEOUT_CONNECT, &minute);
	size = evchat_set_linger_size(r->chat, 1 << 20);
	run_must(r, rate == stall && stall == connect && connect == size,
	    "all or none are set");
	return action_result(size);
}

static void
on_trace(struct evchat *chat, enum evchat_trace what,
    const struct evbuffer_iovec *vec, int n, void *arg)
{
	struct matrix_run *r = arg;
	struct evchat_stats stats;
	size_t len = 0;
	int i;

	for (i = 0; i < n; i++)
		len += strnlen(vec[i].iov_base, vec[i].iov_len);
	evchat_get_stats(chat, &stats, sizeof(stats));
	run_must(r, chat == r->chat && !r->ended, "it is traced, and lives");
	run_must(r, evchat_get_reason(chat) == EVCHAT_REASON_FREED ||
	    what >= EVCHAT_TRACE_PUSH_FRAME,
	    "nothing is delivered behind the end");
	run_must(r, len < MATRIX_TEXT, "no more than there is");
}

static int
set_trace(struct matrix_run *r, const struct matrix_action *a)
{
	(void)a;
	return action_result(evchat_set_trace(r->chat, on_trace, r));
}

static int
get_reason(struct matrix_run *r, const struct matrix_action *a)
{
	(void)a;
	return (int)evchat_get_reason(r->chat);
}

static int
means_reason(struct matrix_model *m, const struct matrix_action *a)
{
	(void)a;
	return (int)(model_is_open(m) && !m->timing_out &&
	    !m->refusing ? EVCHAT_REASON_FREED : m->why);
}

/* The table */

#define OPEN(does) .act = (does), .meant = action_means_open

const struct matrix_action matrix_group_actions[] = {
	{ .name = "join", OPEN(join) },
	{ .name = "join, leave and join", OPEN(join_and_leave) },
	{ .name = "join, and free the group", OPEN(join_and_free) },
	{ .name = "join, and be limited", OPEN(limit_rate) },
	{ .name = "broadcast", .act = broadcast, .meant = means_broadcast,
	    .text = "cast" },
	{ .name = "broadcast a reference", .act = broadcast_reference,
	    .meant = means_broadcast, .text = "refercast" },
	{ .name = "free all members", .act = end_all, .meant = means_end },
	{ .name = "free the member visited", .act = end_all,
	    .meant = means_end, .max = 1 },
	{ .name = "close all members", .act = close_all,
	    .meant = means_close },
	{ .name = "close all members after a frame", .act = close_all,
	    .meant = means_close, .max = 1 },
	{ .name = "close after a frame", .act = close_after_frame,
	    .meant = means_close, .max = 1 },
	{ .name = "set rates and sizes", OPEN(set_rates) },
	{ .name = "set a trace", OPEN(set_trace) },
	{ .name = "get the reason", .act = get_reason,
	    .meant = means_reason },
	{ .name = NULL }
};
