#ifndef CROWD_H
#define CROWD_H

/*
 * Some members of a group, each in a harness of its own and all in one loop.
 * The first is called a, the next b, and so on. What any of them does is noted
 * where it is asked for: in the transcript of the crowd.
 */

#include "harness.h"
#include "unit.h"

#define CROWD 6 /* at most */

struct crowd {
	struct harness *h[CROWD];
	struct evchat *chat[CROWD]; /* with a reference, until crowd_free() */
	int n;
	struct evchat_group *group; /* NULL: freed */
	struct unit_text text;
};

/* With n members, on one carrier; user of each harness is the crowd. */
void crowd_start(struct crowd *crowd, enum harness_carrier carrier, int n);
/* The same, with the members not yet in the group. */
void crowd_start_outside(struct crowd *crowd, enum harness_carrier carrier,
    int n);
void crowd_add(struct crowd *crowd, int i);
/* Free all; the group first, if it is there. */
void crowd_free(struct crowd *crowd);

/* The carriers that differ for a group. */
#define CROWD_CARRIERS 6
enum harness_carrier crowd_carrier(int i);

/* 'a' for the first one; '?' if it is none of them. */
char crowd_name(const struct crowd *crowd, const struct evchat *chat);
/* Who is in, as "abc", in the order of a walk. */
void crowd_expect(struct crowd *crowd, const char *names);

/* The loop runs until nothing is active. */
void crowd_turn(struct crowd *crowd);
/* What each of them has received by now. */
void crowd_expect_received(struct crowd *crowd, const char *text);

/* To broadcast to all but the one that is arg. */
int crowd_all_but(struct evchat *member, void *arg);

#endif
