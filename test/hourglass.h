#ifndef HOURGLASS_H
#define HOURGLASS_H

/*
 * The time of a channel's deadlines, moved by the test instead of waited for:
 * a deadline is made due earlier, as if so much time had gone by. For tests of
 * the inside.
 */

#include "../lib/channel.h"
#include "harness.h"

#define HOURGLASS_MINUTE (60 * DEADLINE_SECOND)
#define HOURGLASS_HOUR (60 * HOURGLASS_MINUTE)

extern const struct timeval hourglass_hour;

void hourglass_set(struct harness *h, enum evchat_timeout which,
    const struct timeval *tv);
void hourglass_expect(struct harness *h, enum deadline_which which,
    enum deadline_state state);

/* All of the hour is left, or only the minute that hourglass_turn() left. */
void hourglass_expect_full(struct harness *h, enum deadline_which which);
void hourglass_expect_minute(struct harness *h, enum deadline_which which);

/* One that runs or is frozen has a minute left. */
void hourglass_turn(struct harness *h, enum deadline_which which);

/* The time of one that runs is up, and the loop finds that out. */
void hourglass_run_out(struct harness *h, enum deadline_which which);

#endif
