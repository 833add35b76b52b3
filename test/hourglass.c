/*
 * Time that a test moves. What is left of a deadline is only compared with
 * what is far from it: an hour and a minute, so it does not matter how slow a
 * machine is.
 */

#include "hourglass.h"

const struct timeval hourglass_hour = { 3600, 0 };

static struct deadline *
of(struct harness *h, enum deadline_which which)
{
	ck_assert_ptr_nonnull(h->chat);
	ck_assert_ptr_nonnull(h->chat->deadlines);
	return &h->chat->deadlines->all[which];
}

void
hourglass_set(struct harness *h, enum evchat_timeout which,
    const struct timeval *tv)
{
	ck_assert_int_eq(evchat_set_timeout(h->chat, which, tv), 0);
	harness_turn(h);
}

void
hourglass_expect(struct harness *h, enum deadline_which which,
    enum deadline_state state)
{
	ck_assert_int_eq(of(h, which)->state, state);
}

void
hourglass_expect_full(struct harness *h, enum deadline_which which)
{
	ck_assert_uint_le(deadline_left(h->chat, which), HOURGLASS_HOUR);
	ck_assert_uint_gt(deadline_left(h->chat, which),
	    HOURGLASS_HOUR - HOURGLASS_MINUTE);
}

void
hourglass_expect_minute(struct harness *h, enum deadline_which which)
{
	ck_assert_uint_le(deadline_left(h->chat, which), HOURGLASS_MINUTE);
	ck_assert_uint_gt(deadline_left(h->chat, which), 0);
}

void
hourglass_turn(struct harness *h, enum deadline_which which)
{
	struct deadline *deadline = of(h, which);

	ck_assert(deadline->state == DEADLINE_RUNNING ||
	    deadline->state == DEADLINE_FROZEN);
	deadline->due = HOURGLASS_MINUTE +
	    (deadline->state == DEADLINE_RUNNING ? deadline_now() : 0);
}

void
hourglass_run_out(struct harness *h, enum deadline_which which)
{
	hourglass_expect(h, which, DEADLINE_RUNNING);
	ck_assert_ptr_nonnull(h->chat->deadlines->event);
	of(h, which)->due = deadline_now();
	event_active(h->chat->deadlines->event, EV_TIMEOUT, 0);
	harness_turn(h);
}
