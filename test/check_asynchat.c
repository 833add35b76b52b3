/*
 * The library against a naive model of asynchat: random scenes, played on
 * both, must come to the same. The seeds are EVCHAT_TEST_SEED and those behind
 * it, so a run that begins with the seed that a failure names fails at once.
 */

#include <stdlib.h>
#include <string.h>
#include "scene.h"

#define SCENES 30000     /* as EVCHAT_TEST_CASES has it */
#define OTHER_CARRIERS 8 /* one in so many is played on more than a pair */

struct place {
	struct harness *home;
	enum harness_carrier carrier;
	unsigned long played;
};

/* Where the cuts matter it must be one that hands on the pieces that come. */
static bool
may_carry(enum harness_carrier carrier, enum scene_depends on)
{
	return on == SCENE_ON_NOTHING || (on == SCENE_ON_CUTS &&
	    (carrier == HARNESS_PAIR || carrier == HARNESS_SOCKET ||
	    carrier == HARNESS_BEV));
}

static bool
differs(const struct scene *scene, void *arg)
{
	struct place *place = arg;
	struct unit_text model, channel = { 0 };
	bool differs = false;

	if (may_carry(place->carrier, scene_on_model(scene, MODEL_OURS,
	    &model))) {
		scene_on_channel(scene, place->home, place->carrier, &channel);
		differs = strcmp(unit_text(&model), unit_text(&channel)) != 0;
		place->played++;
	}
	unit_text_free(&model);
	unit_text_free(&channel);
	return differs;
}

static void
report(struct scene_random *random, unsigned long seed, struct place *place)
{
	struct unit_text shown = { 0 }, model, channel;

	unit_note_append(&shown, "seed %lu\n", seed);
	scene_show(&random->scene, &shown);
	unit_note_append(&shown, "\n  or, as small as can be\n");
	scene_random_shrink(random, differs, place);
	scene_show(&random->scene, &shown);
	scene_on_model(&random->scene, MODEL_OURS, &model);
	scene_on_channel(&random->scene, place->home, place->carrier, &channel);
	ck_abort_msg("%s\n    the model   %s\n    over a %s %s",
	    unit_text(&shown), unit_text(&model),
	    harness_carrier_name(place->carrier), unit_text(&channel));
}

static void
play(unsigned long seed, struct place *place)
{
	struct scene_random random;

	scene_random_init(&random, seed);
	place->carrier = HARNESS_PAIR;
	if (differs(&random.scene, place))
		report(&random, seed, place);
	if (seed % OTHER_CARRIERS != 0)
		return;
	place->carrier = (enum harness_carrier)(seed / OTHER_CARRIERS %
	    HARNESS_CARRIERS);
	if (differs(&random.scene, place))
		report(&random, seed, place);
}

static unsigned long
first_seed(void)
{
	const char *value = getenv("EVCHAT_TEST_SEED");

	return value != NULL ? strtoul(value, NULL, 0) : 1;
}

START_TEST(any_scene_comes_to_the_same_on_a_channel_as_on_the_model)
{
	struct place place = { .home = harness_new(HARNESS_PAIR) };
	unsigned long seed = first_seed(), end = seed + unit_cases(SCENES);

	for (; seed < end; seed++)
		play(seed, &place);
	harness_free(place.home);
}
END_TEST

/* The model's cuts matter only where it says so. */
static void
play_uncut(unsigned long seed)
{
	struct unit_text shown = { 0 }, cut, uncut;
	struct scene_random random;
	enum scene_depends on;

	scene_random_init(&random, seed);
	on = scene_on_model(&random.scene, MODEL_OURS, &cut);
	scene_show(&random.scene, &shown);
	scene_random_unite(&random);
	scene_on_model(&random.scene, MODEL_OURS, &uncut);
	if (on == SCENE_ON_NOTHING &&
	    strcmp(unit_text(&cut), unit_text(&uncut)) != 0)
		ck_abort_msg("seed %lu\n%s\n  cut   %s\n  uncut %s", seed,
		    unit_text(&shown), unit_text(&cut), unit_text(&uncut));
	unit_text_free(&shown);
	unit_text_free(&cut);
	unit_text_free(&uncut);
}

START_TEST(the_model_does_not_depend_on_the_cuts)
{
	unsigned long seed = first_seed(), end = seed + unit_cases(SCENES);

	for (; seed < end; seed++)
		play_uncut(seed);
}
END_TEST

static Suite *
asynchat_suite(void)
{
	Suite *suite = suite_create("asynchat");
	TCase *tc = harness_case(suite, "asynchat");

	tcase_add_test(tc,
	    any_scene_comes_to_the_same_on_a_channel_as_on_the_model);
	tcase_add_test(tc, the_model_does_not_depend_on_the_cuts);
	return suite;
}

int
main(void)
{
	return harness_main(asynchat_suite());
}
