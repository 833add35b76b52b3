/*
 * Every action in every place, at each point of some streams, over a socket,
 * TCP and a pair; see matrix.h. That is some hundred thousand cells. Of those
 * in places at a position only some are run, evenly spread, so that each
 * action meets each place, each stream and each point, and carriers and cuts
 * take turns. EVCHAT_TEST_SEED shifts all this; EVCHAT_TEST_CASES of 1000 and
 * more has all run, and of 10000 with every carrier and every cut. With
 * EVCHAT_TEST_VERBOSE each is named before it is run.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "matrix.h"

#define CUTS 4 /* unsplit, byte by byte, and two at random */

static const enum harness_carrier carriers[] = {
	HARNESS_SOCKET, HARNESS_PAIR, HARNESS_TCP
};

#define CARRIERS (sizeof(carriers) / sizeof(carriers[0]))

static unsigned long
setting(const char *name, unsigned long otherwise)
{
	const char *value = getenv(name);

	return value != NULL ? strtoul(value, NULL, 0) : otherwise;
}

/* The product */

struct product {
	struct matrix_cell cell;
	size_t turn;    /* of which carrier and cuts it is */
	size_t number;  /* of the cell */
	size_t cells;   /* that were run */
	unsigned every; /* how manieth is run */
	bool all;       /* with every carrier and every cut */
};

static bool
ends_by_itself(const struct matrix_base *base)
{
	return base->malformed ||
	    (base->eof && (base->options & EVCHAT_OPT_HALF_OPEN) == 0);
}

/*
 * Where bytes come that are given back inside a frame depends, under a framing
 * of its own, on what that has said so far; and in a block, on what of it was
 * decoded when collect was given a piece.
 */
static bool
is_known(const struct matrix_cell *cell)
{
	const struct matrix_framing *framing = cell->base->start.framing;

	return strstr(cell->action->name, "unread") == NULL ||
	    (framing != &matrix_custom && (framing != &matrix_dot ||
	    cell->place->where != MATRIX_IN_COLLECT));
}

/* Of a channel whose end is told to nobody, it cannot be known. */
static bool
is_told(const struct matrix_cell *cell)
{
	enum matrix_where where = cell->place->where;

	if (where == MATRIX_IN_LAST || where == MATRIX_IN_TIMEOUT)
		return !cell->action->untold;
	return !cell->action->untold || !cell->base->eof ||
	    (where != MATRIX_IN_PUSH && !ends_by_itself(cell->base)) ||
	    where == MATRIX_IN_FREE || where == MATRIX_IN_DETACH ||
	    where == MATRIX_IN_CLOSED;
}

static void
run_cell(struct product *p)
{
	size_t i, n = CARRIERS * CUTS;
	char name[512];
	unsigned long cuts;

	if (p->number++ % p->every != 0)
		return;
	for (i = p->all ? 0 : n - 1; i < n; i++) {
		p->turn = (p->turn + 1) % n;
		cuts = p->turn / CARRIERS;
		if (cuts > 1)
			cuts += 2 * setting("EVCHAT_TEST_SEED", 1);
		p->cell.quiet = (p->cells + p->cells / n) % 2 != 0;
		p->cell.cuts = (unsigned)cuts;
		p->cell.carrier = p->cell.place->where == MATRIX_IN_CONNECTED ?
		    HARNESS_UNCONNECTED : carriers[p->turn % CARRIERS];
		run_name(&p->cell, name, sizeof(name));
		if (getenv("EVCHAT_TEST_VERBOSE") != NULL)
			fprintf(stderr, "%s\n", name);
		matrix_run(&p->cell);
		p->cells++;
	}
}

static void
each_action(struct product *p)
{
	size_t i;

	for (i = 0; (p->cell.action = action_number(i)) != NULL; i++)
		if (is_told(&p->cell) && is_known(&p->cell))
			run_cell(p);
}

/* How often a place is reached in a stream: the model knows. */
static size_t
times_reached(const struct matrix_cell *cell)
{
	static struct matrix_model model;
	struct matrix_cell nowhere = *cell;
	struct matrix_run run = { .cell = &nowhere };

	nowhere.nth = SIZE_MAX;
	model_init(&model, &run, &nowhere);
	model_go_on(&model);
	model_receive(&model, cell->base->input, strlen(cell->base->input),
	    cell->base->eof);
	return cell->place->where == MATRIX_IN_COLLECT ? model.collected :
	    model.seen;
}

static void
each_time(struct product *p)
{
	size_t times = times_reached(&p->cell);

	for (p->cell.nth = 1; p->cell.nth <= times; p->cell.nth++)
		each_action(p);
}

/* While a channel closes, only its output goes on. */
/* Does the channel come to be between two frames? The model knows. */
static bool
is_told_last(const struct matrix_cell *cell)
{
	static struct matrix_model model;
	struct matrix_cell nowhere = *cell;
	struct matrix_run run = { .cell = &nowhere };
	const char *input = cell->base->input;

	nowhere.nth = SIZE_MAX;
	model_init(&model, &run, &nowhere);
	model_go_on(&model);
	model_receive(&model, input, cell->at, false);
	place_prepared(&model);
	model_receive(&model, input + cell->at, strlen(input + cell->at),
	    cell->base->eof);
	return model.seen > 0;
}

static bool
can_be_at(const struct matrix_cell *cell)
{
	size_t len = strlen(cell->base->input);
	enum matrix_where where = cell->place->where;

	if (where == MATRIX_IN_CONNECTED)
		return cell->at == 0;
	if (cell->base->malformed && cell->at >= len)
		return false;
	if (where == MATRIX_IN_LAST)
		return cell->at <= len && is_told_last(cell);
	if (where == MATRIX_IN_TIMEOUT)
		return cell->at < len;
	if (where == MATRIX_IN_CLOSED && cell->nth == 4)
		return cell->at == len && ends_by_itself(cell->base);
	return cell->at <= len || where == MATRIX_IN_MORE ||
	    where == MATRIX_IN_DONE || where == MATRIX_IN_MARK ||
	    where == MATRIX_IN_CLEANUP;
}

static void
each_position(struct product *p)
{
	struct matrix_cell *cell = &p->cell;
	size_t nths = (size_t)cell->place->nths;

	for (cell->at = 0; cell->at <= strlen(cell->base->input) + 1;
	    cell->at++)
		for (cell->nth = 1; cell->nth <= nths; cell->nth++)
			if (can_be_at(cell))
				each_action(p);
}

static void
each_stream(struct product *p, enum matrix_hooks hooks)
{
	size_t i;

	for (i = 0; i < matrix_n_bases; i++) {
		p->cell.base = &matrix_bases[i];
		p->cell.hooks = hooks;
		p->cell.at = 0;
		if (p->cell.place->nths > 0)
			each_position(p);
		else
			each_time(p);
	}
}

START_TEST(every_action_does_what_it_means)
{
	struct product p = { .cell.place = &matrix_places[_i] };

	unsigned long cases = setting("EVCHAT_TEST_CASES", 0);

	p.every = cases < 1000 ? p.cell.place->every : 1;
	p.all = cases >= 10000;
	p.number = p.turn = setting("EVCHAT_TEST_SEED", 1);
	each_stream(&p, MATRIX_STREAMING);
	each_stream(&p, MATRIX_FRAMES_TOO);
	ck_assert_uint_gt(p.cells, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("matrix");
	TCase *tc = harness_case(suite, "matrix");

	tcase_add_loop_test(tc, every_action_does_what_it_means, 0,
	    MATRIX_WHERES);
	return harness_main(suite);
}
