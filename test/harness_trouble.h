#ifndef HARNESS_TROUBLE_H
#define HARNESS_TROUBLE_H

/*
 * Scenarios in trouble: after its ordinary runs each scenario is run again
 * with the n-th of something failing, for every n until there is no n-th one.
 * Such a run must come to the same as the ordinary one; or the channel ends,
 * with a reason that the trouble may have. What was told and sent before is
 * then the beginning of what would have been; all that was pushed is told its
 * end.
 *
 * A kind of trouble is a plug: it says how the n-th one is made to fail. What
 * the harness itself does in such a run is spared; a plug asks
 * harness_is_spared() and neither counts nor fails anything then.
 */

#include "harness.h"

struct harness_trouble {
	const char *name;  /* of what fails, as "allocation" */

	/* Only on these; HARNESS_CARRIERS ends the list. */
	const enum harness_carrier *carriers;

	/* With this errno the library's calls may fail; 0: they may not. */
	int error;

	/* Whether a channel that was struck may end so. */
	bool (*may_end)(enum evchat_reason why);

	/* Whether a channel that was struck must end. */
	bool ends;

	/* What evchat_get_errno() then has to say; 0: anything. */
	int told;

	/* Let the n-th from now fail, 1 being the next; 0: none. Begins anew. */
	void (*arm)(const struct harness_trouble *trouble, long n);

	/* Whether that one was reached; this is asked after disarm(), too. */
	bool (*struck)(void);

	void (*disarm)(void);

	/* Whether there is no next one; NULL: try. Asked after disarm(). */
	bool (*was_last)(void);
};

/* harness_memory.c: one allocation fails, or it and all behind it. */
extern const struct harness_trouble harness_starving;
extern const struct harness_trouble harness_starved;

/* A nasty kernel, each way by itself: harness_kernel.c */
#define HARNESS_KERNEL 9
extern const struct harness_trouble harness_kernel[HARNESS_KERNEL];

/* Run a scenario in every kind of trouble that its carrier is exposed to. */
void harness_try_trouble(const struct harness_scenario *s,
    enum harness_carrier carrier, const struct harness_cuts *cuts);

/* The channel is made: now the trouble begins. Nothing in ordinary runs. */
void harness_begin_trouble(struct harness *h);

/* It is over: what comes now is no more the library's. */
void harness_end_trouble(struct harness *h);

/* What this thread does between these is the harness's own. They nest. */
void harness_spare(void);
void harness_spare_end(void);
bool harness_is_spared(void);

#endif
