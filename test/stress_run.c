/*
 * One case of the stress, from its seed: the wild time and the calm one, and
 * that the loop neither spins nor stands still; see stress.h.
 */

#define _DEFAULT_SOURCE 1
#include <stdlib.h>
#include <unistd.h>
#include "harness.h"
#include "stress.h"

#define GUARD_S 10
#define LEN_MAX 60000
#define BUDGET 400       /* calls, and passes of the wild time, at most */
#define IDLE_US 2000
#define STILL_MAX 60     /* passes in a row that may move nothing */
#define PASSES_MAX 40000

/* The loop */

static struct stress_side *
first_unfinished(struct stress *s)
{
	int i;

	for (i = 0; i < s->n; i++)
		if (!stress_is_over(s->sides[i]))
			return (s->sides[i]);
	return (NULL);
}

static void
on_guard(evutil_socket_t fd, short what, void *arg)
{
	struct stress_side *side = first_unfinished(arg);

	(void)fd;
	(void)what;
	stress_must(side, false, "nothing moves any more");
}

static void
on_idle(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	(void)arg;
}

static void
pass(struct stress *s, int flags)
{
	static const struct timeval tv = { GUARD_S, 0 };

	ck_assert_int_eq(event_add(s->guard, &tv), 0);
	s->passes++;
	ck_assert_int_ge(event_base_loop(s->base, EVLOOP_ONCE | flags), 0);
}

static void
be_wild(struct stress *s)
{
	struct stress_side *side;

	for (; s->budget > 0 && first_unfinished(s) != NULL; s->budget--) {
		pass(s, EVLOOP_NONBLOCK);
		side = s->sides[stress_draw(s, (uint64_t)s->n)];
		if (stress_one_in(s, 2))
			stress_act(side);
		if (stress_one_in(s, 6))
			stress_peer_act(side);
	}
}

static void
calm_down(struct stress *s)
{
	int i;

	s->calm = true;
	for (i = 0; i < s->n; i++)
		stress_settle(s->sides[i]);
	if (s->rate_group != NULL)
		bufferevent_rate_limit_group_free(s->rate_group);
	s->rate_group = NULL;
}

/* What comes of frames that are not complete no hook is told. */
static uint64_t
moves(const struct stress *s)
{
	uint64_t sum = s->moves * 1000003;
	int i;

	for (i = 0; i < s->n; i++)
		sum += stress_waiting(s->sides[i]);
	return (sum);
}

/*
 * No peer reads or writes, so there is nothing to be done: the loop has to
 * sleep until the timer fires.
 */
static void
be_idle(struct stress *s)
{
	static const struct timeval soon = { 0, IDLE_US };
	uint64_t before, still = 0;
	int i;

	for (i = 0; i < s->n; i++)
		stress_peer_stop(s->sides[i]);
	ck_assert_int_eq(event_add(s->idle, &soon), 0);
	while (event_pending(s->idle, EV_TIMEOUT, NULL)) {
		before = moves(s);
		pass(s, 0);
		still = moves(s) == before ? still + 1 : 0;
		stress_must(s->sides[0], still < STILL_MAX,
		    "the loop spins with nothing to do");
	}
	for (i = 0; i < s->n; i++)
		stress_peer_settle(s->sides[i]);
}

static void
be_calm(struct stress *s)
{
	struct stress_side *side;
	uint64_t before, still = 0;
	int i;

	calm_down(s);
	if (stress_one_in(s, 4))
		be_idle(s);
	while ((side = first_unfinished(s)) != NULL) {
		for (i = 0; i < s->n; i++) {
			stress_meet_fate(s->sides[i]);
			if (s->sides[i]->chat != NULL)
				stress_resume_producers(s->sides[i]);
		}
		before = moves(s);
		pass(s, 0);
		still = moves(s) == before ? still + 1 : 0;
		stress_must(side, still < STILL_MAX, "the loop spins");
		stress_must(side, s->passes < PASSES_MAX, "no end of it");
	}
}

/* Making and freeing */

static void
add_side(struct stress *s)
{
	struct stress_side *side = calloc(1, sizeof(*side));

	ck_assert_ptr_nonnull(side);
	side->stress = s;
	side->id = s->n;
	side->peer.fd = side->listener = -1;
	side->fate = (enum stress_fate)stress_draw(s, STRESS_FATES);
	side->fate_at = (int)stress_draw(s, BUDGET / 2);
	side->in_len = stress_length(s, LEN_MAX);
	side->out_len = stress_one_in(s, 4) ? LEN_MAX + stress_draw(s,
	    LEN_MAX) : stress_length(s, LEN_MAX);
	s->sides[s->n++] = side;
	stress_start(side);
}

static void
free_side(struct stress_side *side)
{
	stress_peer_close(side);
	if (side->accept != NULL)
		event_free(side->accept);
	if (side->listener != -1)
		(void)close(side->listener);
	if (side->file != NULL)
		(void)fclose(side->file);
	evchat_group_free(side->group);
}

static void
begin(struct stress *s, const struct stress_case *c)
{
	static const struct timeval tick = { 0, 1000 };
	struct timeval ticks = tick;
	size_t rate;
	int i;

	s->seed = c->seed;
	s->random = c->seed * 1000003 + c->wire * 8191u +
	    c->bev_options * 131u + c->options;
	s->wire = c->wire;
	s->bev_options = c->bev_options;
	s->options = c->options;
	s->budget = 1 + (int)stress_draw(s, BUDGET);
	ck_assert_ptr_nonnull(s->base = event_base_new());
	s->guard = evtimer_new(s->base, on_guard, s);
	s->idle = evtimer_new(s->base, on_idle, s);
	for (i = 0; i < STRESS_RATES; i++) {
		rate = 100 + stress_length(s, 8000);
		s->rates[i] = ev_token_bucket_cfg_new(rate, 2 * rate, rate,
		    2 * rate, &ticks);
		ck_assert_ptr_nonnull(s->rates[i]);
	}
	if (stress_one_in(s, 2))
		s->rate_group = bufferevent_rate_limit_group_new(s->base,
		    s->rates[0]);
	for (i = 1 + (int)stress_draw(s, STRESS_SIDES); i > 0; i--)
		add_side(s);
}

static void
end(struct stress *s)
{
	int i;

	for (i = 0; i < s->n; i++)
		free_side(s->sides[i]);
	event_free(s->guard);
	event_free(s->idle);
	(void)event_base_loop(s->base, EVLOOP_NONBLOCK);
	event_base_free(s->base);
	for (i = 0; i < STRESS_RATES; i++)
		ev_token_bucket_cfg_free(s->rates[i]);
	for (i = 0; i < s->n; i++) {
		stress_judge(s->sides[i]);
		free(s->sides[i]);
	}
}

void
stress_run(const struct stress_case *c)
{
	long blocks = harness_blocks();
	struct stress s = { .n = 0 };

	begin(&s, c);
	be_wild(&s);
	be_calm(&s);
	end(&s);
	ck_assert_msg(harness_blocks() == blocks,
	    "seed %llu: memory is not given back",
	    (unsigned long long)c->seed);
}
