/*
 * What the library does otherwise than asynchat: for each departure of the
 * list a scene that comes to one thing with it and to another without it, all
 * other departures being in force both times. So none is in the list that is
 * not needed. And the model without any of them does what asynchat was seen to
 * do.
 */

#include <string.h>
#include "scene.h"

#define MOVES_MAX 3

struct example {
	int departure;        /* -1: none, asynchat itself */
	const char *wire;
	struct scene_move moves[MOVES_MAX];
	size_t n;
	const char *asynchat; /* without the departure */
	const char *ours;
};

static const struct example examples[] = {
	{ DEPARTS_NO_TERMINATOR, "ab", { { 0 } }, 0,
	    "closed:error", "collect:ab" },
	{ DEPARTS_EMPTY_DELIMITER, "a\nb", {
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "\n", 0 },
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "", 0 } }, 2,
	    "collect:a\\nb", "collect:a|found|collect:b" },
	{ DEPARTS_COUNT_ZERO, "ab", {
	    { SCENE_FIRST, 0, SCENE_COUNT, NULL, 0 } }, 1,
	    "collect:ab", "found|collect:ab" },
	{ DEPARTS_COUNT_ZERO, "$", {
	    { SCENE_FIRST, 0, SCENE_COUNT, NULL, 0 } }, 1,
	    "eof|closed:truncated", "found|eof|closed:eof" },
	{ DEPARTS_REMAINING, "abc", {
	    { SCENE_FIRST, 0, SCENE_COUNT, NULL, 5 },
	    { SCENE_IN_COLLECT, 1, SCENE_ASK, NULL, 0 } }, 2,
	    "collect:abc|count 5@3", "collect:abc|count 2@3" },
	{ DEPARTS_SET_UNDER_DELIMITER, "a|b\r\ncbd", {
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "\r\n", 0 },
	    { SCENE_IN_COLLECT, 1, SCENE_DELIMITER, "b", 0 } }, 2,
	    "collect:a|found|collect:\\r\\nc|found|collect:d",
	    "collect:ab|found|collect:c|found|collect:d" },
	{ DEPARTS_SET_UNDER_DELIMITER, "a\r|\nb", {
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "\r\n", 0 },
	    { SCENE_IN_COLLECT, 1, SCENE_DELIMITER, "\r", 0 } }, 2,
	    "collect:a|found|collect:\\nb", "collect:a|found|collect:b" },
	{ DEPARTS_SET_UNDER_COUNT, "abc!", {
	    { SCENE_FIRST, 0, SCENE_COUNT, NULL, 4 },
	    { SCENE_IN_COLLECT, 1, SCENE_COUNT, NULL, 100 },
	    { SCENE_OUTSIDE, 0, SCENE_ASK, NULL, 0 } }, 3,
	    "collect:abc|count 97@3", "collect:abc|count 1@3" },
	{ DEPARTS_SET_UNDER_COUNT, "abc|def\nh", {
	    { SCENE_FIRST, 0, SCENE_COUNT, NULL, 4 },
	    { SCENE_IN_COLLECT, 1, SCENE_DELIMITER, "\n", 0 } }, 2,
	    "collect:abc|closed:error",
	    "collect:abcd|found|collect:ef|found|collect:h" },
	{ DEPARTS_SET_WITH_LAST_BYTE, "abcdef", {
	    { SCENE_FIRST, 0, SCENE_COUNT, NULL, 3 },
	    { SCENE_IN_COLLECT, 3, SCENE_COUNT, NULL, 2 } }, 2,
	    "collect:abc|found|collect:def",
	    "collect:abc|found|collect:de|found|collect:f" },
	{ DEPARTS_SET_OUTSIDE, "\r!", {
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "\r\n", 0 },
	    { SCENE_OUTSIDE, 0, SCENE_COUNT, NULL, 1 } }, 2,
	    "held:\\r", "collect:\\r|found" },
	{ DEPARTS_PAUSE, "a\nb\n!", {
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "\n", 0 },
	    { SCENE_IN_FOUND, 0, SCENE_PAUSE_ON, NULL, 0 },
	    { SCENE_OUTSIDE, 0, SCENE_ASK, NULL, 0 } }, 3,
	    "collect:a|found|collect:b|found|delimiter@4",
	    "collect:a|found|delimiter@2|collect:b|found" },
	{ DEPARTS_FREE, "a\nb\n", {
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "\n", 0 },
	    { SCENE_IN_FOUND, 0, SCENE_FREE, NULL, 0 } }, 2,
	    "collect:a|found|closed:freed|collect:b|found",
	    "collect:a|found|closed:freed" },
	{ DEPARTS_CLOSE_WHEN_DONE, "a\nb\n", {
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "\n", 0 },
	    { SCENE_IN_FOUND, 0, SCENE_CLOSE, NULL, 0 } }, 2,
	    "collect:a|found|collect:b|found|closed:done",
	    "collect:a|found|closed:done" },
	{ DEPARTS_DISCARD_FRAME, "abc!de", {
	    { SCENE_FIRST, 0, SCENE_COUNT, NULL, 5 },
	    { SCENE_OUTSIDE, 0, SCENE_DISCARD, NULL, 0 } }, 2,
	    "collect:abcde|found", "collect:abcde" },
	{ DEPARTS_DISCARD_FRAME, "a\nb\n", {
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "\n", 0 },
	    { SCENE_IN_COLLECT, 1, SCENE_DISCARD, NULL, 0 } }, 2,
	    "collect:a|found", "collect:a" },
	{ DEPARTS_DISCARD_FRAME, "a\nb\n|cXd", {
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "\n", 0 },
	    { SCENE_IN_COLLECT, 1, SCENE_DISCARD, NULL, 0 },
	    { SCENE_IN_COLLECT, 1, SCENE_DELIMITER, "X", 0 } }, 3,
	    "collect:a|found|collect:c|found|collect:d",
	    "collect:ac|found|collect:d" },
	{ DEPARTS_DISCARD_CLOSE, "a\n|b\n", {
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "\n", 0 },
	    { SCENE_IN_FOUND, 0, SCENE_CLOSE, NULL, 0 },
	    { SCENE_IN_FOUND, 0, SCENE_DISCARD, NULL, 0 } }, 3,
	    "collect:a|found|collect:b|found",
	    "collect:a|found|closed:done" },
	{ DEPARTS_HELD_AT_EOF, "a\r$", {
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "\r\n", 0 } }, 1,
	    "collect:a|eof|closed:truncated",
	    "collect:a\\r|eof|closed:truncated" },
	{ DEPARTS_EOF_LAST, "a\r$", {
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "\r\n", 0 } }, 1,
	    "collect:a|closed:truncated|collect:\\r",
	    "collect:a\\r|eof|closed:truncated" },
	{ DEPARTS_EOF_EVENT, "a\n$", {
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "\n", 0 } }, 1,
	    "collect:a|found|closed:eof", "collect:a|found|eof|closed:eof" },
	{ DEPARTS_EOF_EVENT, "$", {
	    { SCENE_IN_EOF, 0, SCENE_CLOSE, NULL, 0 } }, 1,
	    "closed:eof", "eof|closed:done" },
	{ DEPARTS_CLOSED_ALWAYS, "a\n", {
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "\n", 0 },
	    { SCENE_IN_FOUND, 0, SCENE_FREE, NULL, 0 } }, 2,
	    "collect:a|found", "collect:a|found|closed:freed" },
	{ DEPARTS_REASON, "a$", {
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "\n", 0 } }, 1,
	    "collect:a|eof|closed", "collect:a|eof|closed:truncated" }
};
#define EXAMPLES ((int)(sizeof(examples) / sizeof(examples[0])))

static struct scene
scene_of(const struct example *e)
{
	return (struct scene){ .wire = e->wire, .moves = e->moves, .n = e->n,
	    .pieces = e->departure == -1 };
}

static void
expect_model(const struct example *e, unsigned in_force, const char *expected)
{
	struct scene scene = scene_of(e);
	struct unit_text text;

	scene_on_model(&scene, in_force, &text);
	unit_expect(&text, expected);
}

START_TEST(without_a_departure_the_model_does_what_asynchat_does)
{
	const struct example *e = &examples[_i];

	ck_assert_str_ne(e->asynchat, e->ours);
	expect_model(e, MODEL_OURS_BUT(e->departure), e->asynchat);
}
END_TEST

START_TEST(with_it_the_model_does_what_the_library_does)
{
	static const enum harness_carrier carriers[] = { HARNESS_PAIR,
	    HARNESS_SOCKET, HARNESS_BEV_DEFER, HARNESS_TCP, HARNESS_FILTER };
	const struct example *e = &examples[_i];
	struct scene scene = scene_of(e);
	struct unit_text text;
	struct harness *home;
	size_t i;

	expect_model(e, MODEL_OURS, e->ours);
	home = harness_new(HARNESS_PAIR);
	for (i = 0; i < sizeof(carriers) / sizeof(carriers[0]); i++) {
		scene_on_channel(&scene, home, carriers[i], &text);
		unit_expect(&text, e->ours);
	}
	harness_free(home);
}
END_TEST

START_TEST(each_departure_is_named_and_shown)
{
	int d, i;

	for (d = 0; d < DEPARTURES; d++) {
		ck_assert_ptr_nonnull(departures[d].name);
		ck_assert_ptr_nonnull(departures[d].asynchat);
		ck_assert_ptr_nonnull(departures[d].ours);
		for (i = 0; i < EXAMPLES && examples[i].departure != d;)
			i++;
		ck_assert_msg(i < EXAMPLES, "no example of: %s",
		    departures[d].name);
	}
}
END_TEST

/* asynchat itself: each piece by itself. */
static const struct example known[] = {
	/* Collect gets what comes at once, and no empty piece. */
	{ -1, "ab|c\n\nd", {
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "\n", 0 } }, 1,
	    "collect:ab|collect:c|found|found|collect:d", NULL },
	/* A false beginning is joined to what follows. */
	{ -1, "ab\r|xcd\r\n", {
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "\r\n", 0 } }, 1,
	    "collect:ab|collect:\\rxcd|found", NULL },
	{ -1, "\r|\r|\n", {
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "\r\n", 0 } }, 1,
	    "collect:\\r|found", NULL },
	{ -1, "xaa|ab", {
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "aab", 0 } }, 1,
	    "collect:x|collect:a|found", NULL },
	/* A count goes down, is 0 in found, and then is None. */
	{ -1, "abc!dexy", {
	    { SCENE_FIRST, 0, SCENE_COUNT, NULL, 5 },
	    { SCENE_OUTSIDE, 0, SCENE_ASK, NULL, 0 },
	    { SCENE_IN_FOUND, 0, SCENE_ASK, NULL, 0 } }, 3,
	    "collect:abc|count 2@3|collect:de|found|count 0@5|collect:xy",
	    NULL },
	{ -1, "ab|c", { { SCENE_FIRST, 0, SCENE_COUNT, NULL, 0 } }, 1,
	    "collect:ab|collect:c", NULL },
	{ -1, "ab", { { 0 } }, 0, "closed", NULL },
	/* What found sets is for the very next byte. */
	{ -1, "2\nabcd", {
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "\n", 0 },
	    { SCENE_IN_FOUND, 0, SCENE_COUNT, NULL, 2 } }, 2,
	    "collect:2|found|collect:ab|found|collect:cd", NULL },
	/* Set in collect: a match at hand, what comes next, what is held. */
	{ -1, "a\nbXc", {
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "\n", 0 },
	    { SCENE_IN_COLLECT, 1, SCENE_DELIMITER, "X", 0 } }, 2,
	    "collect:a|found|collect:b|found|collect:c", NULL },
	{ -1, "a|b\nXc", {
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "\n", 0 },
	    { SCENE_IN_COLLECT, 1, SCENE_DELIMITER, "X", 0 } }, 2,
	    "collect:a|collect:b\\n|found|collect:c", NULL },
	{ -1, "a\r|b", {
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "\r\n", 0 },
	    { SCENE_IN_COLLECT, 1, SCENE_DELIMITER, "\r", 0 } }, 2,
	    "collect:a|found|collect:b", NULL },
	/* Set in collect under a count. */
	{ -1, "abcd|ef", {
	    { SCENE_FIRST, 0, SCENE_COUNT, NULL, 9 },
	    { SCENE_IN_COLLECT, 4, SCENE_DELIMITER, "e", 0 } }, 2,
	    "collect:abcd|closed", NULL },
	{ -1, "abcd!", {
	    { SCENE_FIRST, 0, SCENE_COUNT, NULL, 9 },
	    { SCENE_IN_COLLECT, 4, SCENE_COUNT, NULL, 100 },
	    { SCENE_OUTSIDE, 0, SCENE_ASK, NULL, 0 } }, 3,
	    "collect:abcd|count 96@4", NULL },
	{ -1, "abcd|efgh", { /* a count of -2 */
	    { SCENE_FIRST, 0, SCENE_COUNT, NULL, 9 },
	    { SCENE_IN_COLLECT, 4, SCENE_COUNT, NULL, 2 } }, 2,
	    "collect:abcd|collect:ef|found|collect:gh", NULL },
	{ -1, "abcd|e", { /* of -3: an empty piece */
	    { SCENE_FIRST, 0, SCENE_COUNT, NULL, 9 },
	    { SCENE_IN_COLLECT, 4, SCENE_COUNT, NULL, 1 } }, 2,
	    "collect:abcd|collect:|found|collect:e", NULL },
	{ -1, "abcd", {
	    { SCENE_FIRST, 0, SCENE_COUNT, NULL, 3 },
	    { SCENE_IN_COLLECT, 3, SCENE_COUNT, NULL, 1 } }, 2,
	    "collect:abc|found|collect:d", NULL },
	/* Set from outside: what is held waits, even for the end. */
	{ -1, "\r!x", {
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "\r\n", 0 },
	    { SCENE_OUTSIDE, 0, SCENE_COUNT, NULL, 1 } }, 2,
	    "collect:\\r|found|collect:x", NULL },
	{ -1, "\r!$", {
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "\r\n", 0 },
	    { SCENE_OUTSIDE, 0, SCENE_COUNT, NULL, 1 } }, 2,
	    "closed|collect:\\r|found", NULL },
	{ -1, "a\r$", {
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "\r\n", 0 } }, 1,
	    "collect:a|closed", NULL },
	/* Neither kind of close stops the loop; discard does. */
	{ -1, "a\nb\n|c\n", {
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "\n", 0 },
	    { SCENE_IN_FOUND, 0, SCENE_FREE, NULL, 0 } }, 2,
	    "collect:a|found|collect:b|found", NULL },
	{ -1, "a\nb\n|c\n", {
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "\n", 0 },
	    { SCENE_IN_FOUND, 0, SCENE_CLOSE, NULL, 0 } }, 2,
	    "collect:a|found|collect:b|found|closed", NULL },
	{ -1, "a\nb\n|c\n", {
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "\n", 0 },
	    { SCENE_IN_FOUND, 0, SCENE_DISCARD, NULL, 0 } }, 2,
	    "collect:a|found|collect:c|found", NULL },
	{ -1, "a\nb\n|c\n", {
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "\n", 0 },
	    { SCENE_IN_COLLECT, 1, SCENE_DISCARD, NULL, 0 } }, 2,
	    "collect:a|found|collect:c|found", NULL },
	{ -1, "a\n|b\n", {
	    { SCENE_FIRST, 0, SCENE_DELIMITER, "\n", 0 },
	    { SCENE_IN_FOUND, 0, SCENE_CLOSE, NULL, 0 },
	    { SCENE_IN_FOUND, 0, SCENE_DISCARD, NULL, 0 } }, 3,
	    "collect:a|found|collect:b|found", NULL }
};

START_TEST(without_all_departures_the_model_is_asynchat)
{
	const struct example *e = &known[_i];

	expect_model(e, MODEL_ASYNCHAT, e->asynchat);
}
END_TEST

static Suite *
departures_suite(void)
{
	Suite *suite = suite_create("departures");
	TCase *tc = harness_case(suite, "departures");

	tcase_add_loop_test(tc,
	    without_a_departure_the_model_does_what_asynchat_does, 0,
	    EXAMPLES);
	tcase_add_loop_test(tc, with_it_the_model_does_what_the_library_does,
	    0, EXAMPLES);
	tcase_add_test(tc, each_departure_is_named_and_shown);
	tcase_add_loop_test(tc,
	    without_all_departures_the_model_is_asynchat, 0,
	    (int)(sizeof(known) / sizeof(known[0])));
	return suite;
}

int
main(void)
{
	return harness_main(departures_suite());
}
