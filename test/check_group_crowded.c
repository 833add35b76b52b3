/*
 * A thousand members that receive more than there is a budget for, or are sent
 * more: however they go about it, what they hold together stays where it has
 * to be.
 */

#include <stdlib.h>
#include <string.h>
#include "harness.h"
#include "unit.h"

#define MEMBERS 1000
#define PIECE 512
#define BUDGET ((uint64_t)MEMBERS * PIECE * 2)

static struct event_base *base;
static struct evchat_group *group;
static struct bufferevent *peers[MEMBERS];
static int ended, frames;
static uint64_t most;

static void
look(void)
{
	uint64_t held = evchat_group_get_held(group);

	if (held > most)
		most = held;
}

static void
on_frame(struct evchat *chat, const void *data, size_t len, void *arg)
{
	(void)chat;
	(void)data;
	(void)len;
	(void)arg;
	frames++;
}

static void
on_closed(struct evchat *chat, enum evchat_reason why, void *arg)
{
	struct bufferevent **peer = arg;

	(void)chat;
	ck_assert(why == EVCHAT_REASON_BUDGET || why == EVCHAT_REASON_FREED);
	ended += why == EVCHAT_REASON_BUDGET;
	if (*peer != NULL)
		bufferevent_free(*peer);
	*peer = NULL;
}

static const struct evchat_hooks hooks = {
	.frame = on_frame, .closed = on_closed
};

static void
start(enum evchat_budget policy)
{
	struct bufferevent *pair[2];
	struct evchat *chat;
	int i;

	ended = frames = 0;
	most = 0;
	ck_assert_ptr_nonnull(base = event_base_new());
	ck_assert_ptr_nonnull(group = evchat_group_new(base, 0));
	ck_assert_int_eq(evchat_group_set_budget(group, BUDGET, policy), 0);
	for (i = 0; i < MEMBERS; i++) {
		ck_assert_int_eq(bufferevent_pair_new(base, 0, pair), 0);
		peers[i] = pair[1];
		chat = evchat_new(pair[0], &hooks, &peers[i], 0);
		ck_assert_ptr_nonnull(chat);
		ck_assert_int_eq(evchat_set_terminator(chat, "X", 1), 0);
		ck_assert_int_eq(evchat_set_buffer_sizes(chat, PIECE, PIECE),
		    0);
		ck_assert_int_eq(evchat_group_add(group, chat), 0);
	}
}

static void
turn(void)
{
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	look();
}

static void
stop(void)
{
	evchat_group_free_members(group);
	ck_assert_uint_eq(evchat_group_get_held(group), 0);
	ck_assert_uint_eq(evchat_group_get_count(group), 0);
	evchat_group_free(group);
	(void)event_base_loop(base, EVLOOP_NONBLOCK);
	event_base_free(base);
}

/* Some of them send a piece; it has the end of a frame now and then. */
static void
send_some(size_t finishing)
{
	char piece[PIECE];
	size_t n;

	memset(piece, 'a', sizeof(piece));
	for (n = 0; n < MEMBERS / 4; n++) {
		struct bufferevent *peer = peers[unit_random(MEMBERS)];
		bool finish = unit_random(100) < finishing;

		piece[PIECE - 1] = finish ? 'X' : 'a';
		/* What is not read waits in the peer, and does not count. */
		if (peer != NULL)
			ck_assert_int_eq(bufferevent_write(peer, piece,
			    PIECE), 0);
	}
	turn();
}

static const enum evchat_budget policies[] = {
	EVCHAT_BUDGET_STOP, EVCHAT_BUDGET_END
};

START_TEST(input_stays_within_the_budget)
{
	size_t i, rounds = 20 + unit_cases(80); /* 20 send twice the budget */

	start(policies[_i]);
	for (i = 0; i < rounds; i++)
		send_some(0);
	/* A pair hands over all that waits. */
	ck_assert_uint_le(most, BUDGET + (uint64_t)MEMBERS * PIECE);
	ck_assert_int_gt(ended, 0);
	/* Nobody ends in vain: what is left is not little. */
	ck_assert_uint_gt(evchat_group_get_held(group), BUDGET / 2);
	stop();
}
END_TEST

/* Those who finish their frames get on, whatever the others do. */
START_TEST(who_finishes_gets_on)
{
	size_t i, rounds = unit_cases(100);

	start(policies[_i]);
	for (i = 0; i < rounds; i++)
		send_some(25);
	ck_assert_uint_le(most, BUDGET + (uint64_t)MEMBERS * PIECE);
	/* An eighth of what they sent, at the least. */
	ck_assert_int_gt(frames, (int)(rounds * MEMBERS / 4 / 4) / 8);
	stop();
}
END_TEST

/* Nobody reads, and all are sent something. */
START_TEST(output_stays_within_the_budget)
{
	static const char line[PIECE];
	size_t i;

	start(policies[_i]);
	for (i = 0; i < MEMBERS; i++)
		bufferevent_disable(peers[i], EV_READ);
	for (i = 0; i < 20; i++) {
		ck_assert_int_ge(evchat_group_broadcast(group, line, PIECE,
		    NULL, NULL), 0);
		turn();
	}
	ck_assert_uint_le(most, BUDGET + BUDGET / 4 +
	    (uint64_t)MEMBERS * PIECE);
	ck_assert_int_gt(ended, 0);
	stop();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("group_crowded");
	TCase *tc = harness_case(suite, "group_crowded");

	tcase_add_loop_test(tc, input_stays_within_the_budget, 0, 2);
	tcase_add_loop_test(tc, who_finishes_gets_on, 0, 2);
	tcase_add_loop_test(tc, output_stays_within_the_budget, 0, 2);
	return harness_main(suite);
}
