/*
 * Anything that can be done with groups, at random, also inside walks and
 * hooks, beside a model that knows who has to be where and what has to have
 * been sent.
 */

#include <stdlib.h>
#include <string.h>
#include "crowd.h"
#include "harness.h"
#include "unit.h"

#define CHANNELS 12
#define GROUPS 2
#define STEPS 60

struct actor {
	struct evchat *chat;  /* with a reference, or NULL */
	bool living;
	int group;            /* that it is in, or -1 */
	uint64_t joined;      /* in which order */
	uint64_t pushed;      /* bytes */
};

static struct event_base *base;
static struct actor actors[CHANNELS];
static struct evchat_group *groups[GROUPS];
static struct evchat_framing *framing;
static uint64_t joins;
static int depth;
static long lent; /* references whose cleanup is to come */

static void act(void);

static void
act_inside(void)
{
	if (depth >= 2 || unit_random(3) > 0)
		return;
	depth++;
	act();
	depth--;
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct actor *actor = arg;

	ck_assert_ptr_eq(chat, actor->chat);
	ck_assert(why == EVCHAT_REASON_FREED || why == EVCHAT_REASON_BUDGET);
	ck_assert_ptr_null(evchat_get_group(chat));
	actor->living = false;
	actor->group = -1;
	act_inside();
}

static const struct evchat_hooks hooks = { .closed = on_closed };

/* A channel that is not connected sends nothing: what it holds is known. */
static void
make(struct actor *actor)
{
	if (actor->living)
		return;
	if (actor->chat != NULL)
		evchat_decref(actor->chat);
	memset(actor, 0, sizeof(*actor));
	actor->group = -1;
	actor->living = true;
	actor->chat = evchat_socket_new(base, -1, &hooks, actor, 0);
	ck_assert_ptr_nonnull(actor->chat);
	ck_assert_int_eq(evchat_set_output_framing(actor->chat, framing), 0);
	evchat_incref(actor->chat);
}

static void
join(struct actor *actor, int i)
{
	int expected = actor->living && (actor->group == -1 ||
	    actor->group == i) ? 0 : -1;

	if (actor->chat == NULL || groups[i] == NULL)
		return;
	ck_assert_int_eq(evchat_group_add(groups[i], actor->chat), expected);
	if (expected == -1 || actor->group == i)
		return;
	actor->group = i;
	actor->joined = ++joins;
}

static void
leave(struct actor *actor)
{
	if (actor->chat == NULL)
		return;
	evchat_group_remove(actor->chat);
	actor->group = -1;
}

/* Walks */

struct visits {
	int group;
	uint64_t until;  /* who joined later is not visited */
	uint64_t last;   /* who was visited last */
};

static int
visit(struct evchat *chat, void *arg)
{
	struct visits *visits = arg;
	struct actor *actor = evchat_get_arg(chat);

	ck_assert_int_eq(actor->group, visits->group);
	ck_assert_uint_gt(actor->joined, visits->last);
	ck_assert_uint_le(actor->joined, visits->until);
	visits->last = actor->joined;
	act_inside();
	return 0;
}

static void
walk(int i)
{
	struct visits visits = { .group = i, .until = joins };

	(void)evchat_group_foreach(groups[i], visit, &visits);
}

/* Broadcasts */

static void
give_back(const void *data, size_t len, void *arg)
{
	(void)len;
	(void)arg;
	free((void *)(uintptr_t)data);
	lent--;
}

static int
expect_given(int i, size_t len, const struct actor *except)
{
	int n, given = 0;

	for (n = 0; n < CHANNELS; n++) {
		if (actors[n].group != i || &actors[n] == except)
			continue;
		actors[n].pushed += len;
		given++;
	}
	return given;
}

static void
broadcast(int i)
{
	struct actor *except = &actors[unit_random(CHANNELS)];
	size_t len = 1 + unit_random(3000);
	char *bytes = calloc(1, len);

	ck_assert_ptr_nonnull(bytes);
	switch (unit_random(3)) {
	case 0:
		ck_assert_int_eq(evchat_group_broadcast(groups[i], bytes, len,
		    crowd_all_but, except->chat), expect_given(i, len, except));
		break;
	case 1:
		ck_assert_int_eq(evchat_group_broadcast_frame(groups[i], bytes,
		    len, crowd_all_but, except->chat), expect_given(i, len + 1, except));
		break;
	default:
		lent++;
		ck_assert_int_eq(evchat_group_broadcast_reference(groups[i],
		    bytes, len, give_back, NULL), expect_given(i, len, NULL));
		return;
	}
	free(bytes);
}

/* Everything */

static void
free_group(int i)
{
	int n;

	for (n = 0; n < CHANNELS; n++)
		if (actors[n].group == i)
			actors[n].group = -1;
	evchat_group_free(groups[i]);
	groups[i] = NULL;
}

static void
make_group(int i)
{
	if (groups[i] != NULL)
		return;
	groups[i] = evchat_group_new(base, 0);
	ck_assert_ptr_nonnull(groups[i]);
}

static void
act_on_group(int i)
{
	switch (groups[i] != NULL ? unit_random(9) : 0) {
	case 0:
		make_group(i);
		break;
	case 1:
		if (depth < 2)
			walk(i);
		break;
	case 2:
	case 3:
	case 4:
	case 5:
		broadcast(i);
		break;
	case 6:
		if (unit_random(3) == 0)
			evchat_group_free_members(groups[i]);
		break;
	case 7:
		if (unit_random(3) == 0)
			free_group(i);
		break;
	default:
		ck_assert_int_eq(evchat_group_set_budget(groups[i],
		    unit_random(2) * (1 + unit_random(40000)),
		    unit_random(2) ? EVCHAT_BUDGET_STOP : EVCHAT_BUDGET_END),
		    0);
	}
}

static void
act(void)
{
	struct actor *actor = &actors[unit_random(CHANNELS)];
	int group = (int)unit_random(GROUPS);

	switch (unit_random(8)) {
	case 0:
		make(actor);
		break;
	case 1:
	case 2:
		join(actor, group);
		break;
	case 3:
		leave(actor);
		break;
	case 4:
		if (unit_random(2))
			evchat_free(actor->living ? actor->chat : NULL);
		break;
	default:
		act_on_group(group);
	}
}

static void
compare(void)
{
	size_t count[GROUPS] = { 0 };
	int i;

	for (i = 0; i < CHANNELS; i++) {
		const struct actor *actor = &actors[i];

		if (actor->chat == NULL)
			continue;
		ck_assert_ptr_eq(evchat_get_group(actor->chat),
		    actor->group == -1 ? NULL : groups[actor->group]);
		if (actor->living)
			ck_assert_uint_eq(evchat_get_output_length(actor->chat),
			    actor->pushed);
		if (actor->group != -1)
			count[actor->group]++;
	}
	for (i = 0; i < GROUPS; i++)
		if (groups[i] != NULL)
			ck_assert_uint_eq(evchat_group_get_count(groups[i]),
			    count[i]);
}

/* What the loop has seen of each is what is summed up. */
static void
compare_held(void)
{
	uint64_t held[GROUPS] = { 0 };
	int i;

	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	for (i = 0; i < CHANNELS; i++)
		if (actors[i].group != -1)
			held[actors[i].group] += actors[i].pushed;
	for (i = 0; i < GROUPS; i++)
		if (groups[i] != NULL)
			ck_assert_uint_eq(evchat_group_get_held(groups[i]),
			    held[i]);
}

static void
end(void)
{
	int i;

	depth = 2; /* nothing more inside hooks */
	for (i = 0; i < CHANNELS; i++) {
		if (actors[i].living)
			evchat_free(actors[i].chat);
		if (actors[i].chat != NULL)
			evchat_decref(actors[i].chat);
		actors[i].chat = NULL;
	}
	for (i = 0; i < GROUPS; i++) {
		if (groups[i] == NULL)
			continue;
		ck_assert_uint_eq(evchat_group_get_held(groups[i]), 0);
		free_group(i);
	}
	depth = 0;
	ck_assert_int_eq(lent, 0);
}

START_TEST(groups_do_as_their_model)
{
	size_t n, step, cases = unit_cases(200);
	long blocks = 0;

	for (n = 0; n < cases; n++) {
		blocks = harness_blocks();
		ck_assert_ptr_nonnull(base = event_base_new());
		framing = unit_delimiter("X", 1);
		for (step = 0; step < CHANNELS; step++)
			actors[step].group = -1;
		for (step = 0; step < CHANNELS / 2; step++)
			make(&actors[step]);
		for (step = 0; step < STEPS; step++) {
			act();
			compare();
			if (unit_random(5) == 0)
				compare_held();
		}
		end();
		evchat_framing_free(framing);
		(void)event_base_loop(base, EVLOOP_NONBLOCK);
		event_base_free(base);
		if (n > 0)
			ck_assert_int_eq(harness_blocks(), blocks);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("group_random");
	TCase *tc = harness_case(suite, "group_random");

	tcase_add_test(tc, groups_do_as_their_model);
	return harness_main(suite);
}
