/*
 * Actions that are two, one after the other in the same place, where the
 * second could undo the first or be undone by it. What they mean is what the
 * one means and then the other; that is all there is to say.
 */

#include <errno.h>
#include "matrix.h"

static const struct matrix_action *
first(const struct matrix_action *pair)
{
	return action_named(pair->first);
}

static const struct matrix_action *
second(const struct matrix_action *pair)
{
	return action_named(pair->text);
}

static int
act_both(struct matrix_run *r, const struct matrix_action *pair)
{
	int one = first(pair)->act(r, first(pair));
	int two = second(pair)->act(r, second(pair));

	return one != 0 ? one : two;
}

static int
means_both(struct matrix_model *m, const struct matrix_action *pair)
{
	int one = first(pair)->meant(m, first(pair));
	int two = second(pair)->meant(m, second(pair));

	return one != 0 ? one : two;
}

#define PAIR(one, two) { .name = one ", " two, .act = act_both, \
    .meant = means_both, .first = one, .text = two }

const struct matrix_action matrix_pair_actions[] = {
	PAIR("set another terminator", "discard"),
	PAIR("set a count of 4", "discard"),
	PAIR("set a count of 4", "set a terminator's beginning"),
	PAIR("set no terminator", "set a count of 0"),
	PAIR("set another terminator", "unread"),
	PAIR("unread", "set another terminator"),
	PAIR("unread", "discard"),
	PAIR("discard", "unread"),
	PAIR("unread", "detach"),
	PAIR("set hooks with frame", "unread"),
	PAIR("set a smaller maximum", "set a count of 4"),
	PAIR("pause", "unread"),
	PAIR("pause", "set another terminator"),
	PAIR("pause", "discard"),
	PAIR("pause", "detach"),
	PAIR("pause", "close when done"),
	PAIR("push a producer", "discard"),
	PAIR("push a producer", "detach"),
	PAIR("push a producer", "close when done"),
	PAIR("push a reference", "free"),
	PAIR("discard", "push a reference"),
	PAIR("push EOF", "unread"),
	PAIR("push EOF", "close when done"),
	PAIR("push EOF", "detach"),
	PAIR("push a long file", "discard"),
	PAIR("push a long file", "detach"),
	PAIR("push a long file", "close when done"),
	PAIR("push a chain in chunks", "discard"),
	PAIR("push a chain in chunks", "detach"),
	PAIR("push a descriptor", "free"),
	PAIR("push a descriptor", "close when done"),
	PAIR("broadcast a reference", "discard"),
	PAIR("broadcast", "detach"),
	PAIR("join", "free"),
	PAIR("close after a frame", "set no terminator"),
	PAIR("close after a frame", "unread"),
	PAIR("close after a frame", "discard"),
	PAIR("close after a frame", "detach"),
	PAIR("close after a frame", "close when done"),
	PAIR("close when done", "discard"),
	PAIR("close when done", "free"),
	{ .name = NULL }
};
