/*
 * All actions, and what several of them share. A call on a channel that closes
 * or has ended fails and changes nothing; each says so in what it means.
 */

#include <errno.h>
#include <string.h>
#include "matrix.h"

static const struct matrix_action *const tables[] = {
	matrix_input_actions, matrix_output_actions, matrix_life_actions,
	matrix_more_actions, matrix_group_actions, matrix_pair_actions
};

const struct matrix_action *
action_number(size_t number)
{
	const struct matrix_action *action;
	size_t i;

	for (i = 0; i < sizeof(tables) / sizeof(tables[0]); i++)
		for (action = tables[i]; action->name != NULL; action++)
			if (number-- == 0)
				return action;
	return NULL;
}

const struct matrix_action *
action_named(const char *name)
{
	const struct matrix_action *action;
	size_t i;

	for (i = 0; (action = action_number(i)) != NULL; i++)
		if (strcmp(action->name, name) == 0)
			return action;
	ck_abort_msg("no action is named %s", name);
	return NULL;
}

int
action_result(int returned)
{
	return returned == 0 ? 0 : -errno;
}

int
action_means_nothing(struct matrix_model *m, const struct matrix_action *a)
{
	(void)m;
	(void)a;
	return 0;
}

/* It changes nothing that is told, and fails when others do. */
int
action_means_open(struct matrix_model *m, const struct matrix_action *a)
{
	(void)a;
	return model_is_open(m) ? 0 : -EPIPE;
}
