/*
 * Every framing, in pieces and in whole frames, under every policy of the
 * maximum, at every split of what is in the tables; and what the tables say is
 * what the naive view of each framing comes to.
 */

#include <stdlib.h>
#include <string.h>
#include "decode_cases.h"
#include "decode_model.h"
#include "harness.h"

#define THREE_WAY_MAX 16 /* longer input is not cut in three everywhere */
#define LIMITED_MAX 24   /* nor this in two, under a maximum */
#define MAXIMUM 6        /* the largest that is tried */

struct trial {
	struct decoder decoder;
	const struct decode_group *group;
	const struct decode_case *c;
	struct evchat_framing *framing;
	struct decode_result result;
	struct decode_mode mode;
	struct unit_text expected;
};

/* Cuts */

static void
try_cuts(struct trial *t, const size_t *cuts, size_t n, bool eof_alone)
{
	struct decode_input input = { t->c->in, t->c->in_len, cuts, n,
	    eof_alone };

	decoder_prove(&t->decoder, &t->group->spec, t->framing, &t->mode,
	    &input, unit_text(&t->expected));
}

static void
try_bytes(struct trial *t)
{
	size_t cuts[DECODE_BYTES], n = 0;

	while (n + 1 < t->c->in_len) {
		cuts[n] = n + 1;
		n++;
	}
	try_cuts(t, cuts, n, true);
}

static void
try_two(struct trial *t)
{
	size_t cut;

	for (cut = 1; cut < t->c->in_len; cut++)
		try_cuts(t, &cut, 1, cut % 2 != 0);
}

static void
try_three(struct trial *t)
{
	size_t cuts[2], len = t->c->in_len;

	for (cuts[0] = 1; cuts[0] < len; cuts[0]++)
		for (cuts[1] = cuts[0] + 1; cuts[1] < len; cuts[1]++)
			try_cuts(t, cuts, 2, (cuts[0] + cuts[1]) % 2 != 0);
}

/* Modes */

static void
expect(struct trial *t)
{
	unit_text_free(&t->expected);
	decode_expect(&t->expected, &t->result, &t->mode, false);
}

static void
try_whole_input(struct trial *t)
{
	expect(t);
	try_cuts(t, NULL, 0, false);
	try_bytes(t);
}

static void
try_unlimited(struct trial *t)
{
	t->mode.limited = false;
	try_whole_input(t);
	t->decoder.socket = true;
	try_whole_input(t);
	t->decoder.socket = false;
	t->mode.limited = true;
	t->mode.max = 0;
	try_whole_input(t);
	try_two(t);
	if (t->c->in_len <= THREE_WAY_MAX)
		try_three(t);
}

/* Up to a maximum that no frame of it exceeds. */
static uint64_t
largest_max(const struct trial *t)
{
	uint64_t largest = t->result.rest.len;
	size_t i;

	if (t->result.rest.declared)
		largest = t->result.rest.length;
	for (i = 0; i < t->result.n; i++)
		if (t->result.frames[i].len > largest)
			largest = t->result.frames[i].len;
	return largest < MAXIMUM ? largest : MAXIMUM;
}

static void
try_limited(struct trial *t)
{
	uint64_t max, last = largest_max(t);
	int policy;

	t->mode.limited = true;
	for (max = 1; max <= last; max++) {
		for (policy = 0; policy < 3; policy++) {
			t->mode.max = max;
			t->mode.policy = (enum evchat_oversize)policy;
			try_whole_input(t);
			if (t->c->in_len <= LIMITED_MAX)
				try_two(t);
		}
	}
}

static void
try_mode(struct trial *t, bool whole, unsigned options)
{
	memset(&t->mode, 0, sizeof(t->mode));
	t->mode.whole = whole;
	t->mode.options = options;
	try_unlimited(t);
	try_limited(t);
}

static void
try_case(struct trial *t)
{
	decode_case_result(t->group, t->c, &t->result);
	try_mode(t, false, 0);
	try_mode(t, true, 0);
	if (t->result.rest.len == 0)
		return;
	try_mode(t, false, EVCHAT_OPT_DELIVER_LAST);
	try_mode(t, true, EVCHAT_OPT_DELIVER_LAST);
}

/* Tables */

static void
try_group(const struct decode_group *group)
{
	struct trial t = { .group = group };
	long blocks = harness_blocks();
	size_t i;

	decoder_init(&t.decoder);
	t.framing = decode_make(&group->spec);
	for (i = 0; i < group->n; i++) {
		t.c = &group->cases[i];
		try_case(&t);
	}
	evchat_framing_free(t.framing);
	decoder_free(&t.decoder);
	unit_text_free(&t.expected);
	if (harness_blocks() != blocks)
		ck_abort_msg("%s: %ld blocks of memory are left",
		    group->spec.name, harness_blocks() - blocks);
}

#define TABLES 7

static const struct decode_groups *const tables[TABLES] = {
	&decode_groups_delimiter, &decode_groups_line, &decode_groups_length,
	&decode_groups_number, &decode_groups_dot, &decode_groups_chunked,
	&decode_groups_custom
};

START_TEST(every_framing_decodes_what_the_tables_say)
{
	const struct decode_groups *table = tables[_i];
	const char *only = getenv("EVCHAT_TEST_FRAMING");
	size_t i;

	for (i = 0; i < table->n; i++)
		if (only == NULL ||
		    strcmp(only, table->groups[i].spec.name) == 0)
			try_group(&table->groups[i]);
}
END_TEST

/* The naive view */

static void
compare_with_model(const struct decode_group *group,
    const struct decode_case *c, struct decode_mode *mode)
{
	struct decode_result said, seen;
	struct unit_text expected = { .text = NULL }, text = { .text = NULL };

	decode_case_result(group, c, &said);
	memset(&seen, 0, sizeof(seen));
	decode_model(&group->spec, c->in, c->in_len, &seen);
	decode_expect(&expected, &said, mode, false);
	decode_expect(&text, &seen, mode, false);
	if (strcmp(unit_text(&text), unit_text(&expected)) != 0)
		ck_abort_msg("%s, case %d\n  expected  %s\n  the model %s",
		    group->spec.name, (int)(c - group->cases),
		    unit_text(&expected), unit_text(&text));
	unit_text_free(&expected);
	unit_text_free(&text);
}

START_TEST(naive_view_comes_to_what_the_tables_say)
{
	const struct decode_groups *table = tables[_i];
	struct decode_mode modes[] = { { .whole = true },
	    { .options = EVCHAT_OPT_DELIVER_LAST },
	    { .limited = true, .max = 2,
	    .policy = EVCHAT_OVERSIZE_TRUNCATE } };
	size_t i, j, k;

	for (i = 0; i < table->n; i++)
		for (j = 0; j < table->groups[i].n; j++)
			for (k = 0; k < sizeof(modes) / sizeof(modes[0]); k++)
				compare_with_model(&table->groups[i],
				    &table->groups[i].cases[j], &modes[k]);
}
END_TEST

static Suite *
decode_suite(void)
{
	Suite *suite = suite_create("decode");
	TCase *tc = harness_case(suite, "tables");

	tcase_add_loop_test(tc, every_framing_decodes_what_the_tables_say, 0,
	    TABLES);
	tcase_add_loop_test(tc, naive_view_comes_to_what_the_tables_say, 0,
	    TABLES);
	return suite;
}

int
main(void)
{
	return harness_main(decode_suite());
}
