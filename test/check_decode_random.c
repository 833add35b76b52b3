/*
 * Framings, bytes, maximums and cuts at random: the library and the naive view
 * of each framing come to the same frames, the same ending, the same wrong
 * byte and the same frames above the maximum, at the same offsets.
 */

#include <string.h>
#include "decode_model.h"
#include "decode_random.h"
#include "harness.h"

#define CASES 8000 /* EVCHAT_TEST_CASES: 200 of these units */
#define MODES 3    /* for each framing and its bytes */
#define CUTS 3     /* for each of those, at random */

struct trial {
	struct decoder decoder;
	struct decode_random random;
	struct evchat_framing *framing;
	unsigned char bytes[DECODE_RANDOM_MAX];
	size_t len;
	struct decode_mode mode;
	struct unit_text expected;
	struct unit_text places; /* of the unsplit input */
};

/* What was told is what was expected; and where, is where it was unsplit. */
static void
try_cuts(struct trial *t, const size_t *cuts, size_t n)
{
	struct decode_input input = { t->bytes, t->len, cuts, n,
	    unit_random(2) != 0 };

	decoder_prove(&t->decoder, &t->random.spec, t->framing, &t->mode,
	    &input, unit_text(&t->expected));
	if (n == 0) {
		unit_text_free(&t->places);
		t->places = t->decoder.places;
		memset(&t->decoder.places, 0, sizeof(t->decoder.places));
	} else if (strcmp(unit_text(&t->decoder.places),
	    unit_text(&t->places)) != 0)
		decoder_report(&t->decoder, &t->random.spec, &t->mode, &input,
		    unit_text(&t->places), unit_text(&t->decoder.places));
}

static void
try_random_cuts(struct trial *t)
{
	size_t cuts[DECODE_RANDOM_MAX], n = 0, at = 0;
	size_t most = 1 + unit_random(t->len + 1);

	while ((at += 1 + unit_random(most)) < t->len)
		cuts[n++] = at;
	try_cuts(t, cuts, n);
}

static void
random_mode(struct decode_mode *mode)
{
	mode->whole = unit_random(2) != 0;
	mode->limited = unit_random(4) != 0;
	mode->max = unit_random(8);
	mode->policy = (enum evchat_oversize)unit_random(3);
	mode->options = unit_random(2) != 0 ? EVCHAT_OPT_DELIVER_LAST : 0;
}

static void
try_mode(struct trial *t, const struct decode_result *result)
{
	int i;

	random_mode(&t->mode);
	unit_text_free(&t->expected);
	decode_expect(&t->expected, result, &t->mode, true);
	t->decoder.socket = unit_random(8) == 0;
	try_cuts(t, NULL, 0);
	for (i = 0; i < CUTS; i++)
		try_random_cuts(t);
}

static void
try_framing(struct trial *t)
{
	struct decode_result result;
	int i;

	memset(&result, 0, sizeof(result));
	decode_random_spec(&t->random);
	t->framing = decode_make(&t->random.spec);
	t->len = decode_random_bytes(&t->random, t->bytes);
	decode_model(&t->random.spec, t->bytes, t->len, &result);
	for (i = 0; i < MODES; i++)
		try_mode(t, &result);
	evchat_framing_free(t->framing);
}

START_TEST(library_and_naive_view_come_to_the_same)
{
	struct trial t = { .len = 0 };
	long blocks = harness_blocks();
	size_t i;

	decoder_init(&t.decoder);
	t.decoder.exact = true;
	for (i = unit_cases(CASES); i > 0; i--)
		try_framing(&t);
	decoder_free(&t.decoder);
	unit_text_free(&t.expected);
	unit_text_free(&t.places);
	ck_assert_int_eq(harness_blocks(), blocks);
}
END_TEST

static Suite *
decode_random_suite(void)
{
	Suite *suite = suite_create("decode_random");
	TCase *tc = harness_case(suite, "random");

	tcase_add_test(tc, library_and_naive_view_come_to_the_same);
	return suite;
}

int
main(void)
{
	return harness_main(decode_random_suite());
}
