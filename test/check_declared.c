/*
 * Lengths that are declared and do not come: a count of up to 2^64 - 1, and
 * four bytes. Nothing is allocated for what was not received, whatever the
 * maximum is and whatever is done above it.
 */

#include <string.h>
#include "harness.h"
#include "ledger.h"
#include "tally.h"

#define LARGEST_BLOCK 8192 /* libevent's, to read into */
#define KEPT (512 + 256) /* a frame in progress, its bytes, and room to grow */

static const uint64_t counts[] = {
	(uint64_t)1 << 31, ((uint64_t)1 << 32) - 1, (uint64_t)1 << 63,
	UINT64_MAX
};

static const struct limit {
	uint64_t max; /* UINT64_MAX: as a new channel has it */
	enum evchat_oversize policy;
} limits[] = {
	{ UINT64_MAX, EVCHAT_OVERSIZE_CLOSE },
	{ 0, EVCHAT_OVERSIZE_CLOSE },
	{ (uint64_t)1 << 30, EVCHAT_OVERSIZE_CLOSE },
	{ (uint64_t)1 << 30, EVCHAT_OVERSIZE_DISCARD },
	{ (uint64_t)1 << 30, EVCHAT_OVERSIZE_TRUNCATE },
	{ UINT64_MAX - 1, EVCHAT_OVERSIZE_DISCARD },
	{ UINT64_MAX - 1, EVCHAT_OVERSIZE_TRUNCATE },
	{ 2, EVCHAT_OVERSIZE_TRUNCATE }
};

static const enum harness_carrier carriers[] = {
	HARNESS_PAIR, HARNESS_SOCKET, HARNESS_TCP
};

#define N(array) (sizeof(array) / sizeof((array)[0]))

/* The maximum that holds, for frames that come whole or in pieces. */
static uint64_t
max_of(const struct limit *limit, bool whole)
{
	if (limit->max != UINT64_MAX)
		return limit->max;
	return whole ? (uint64_t)1 << 20 : 0;
}

/* What is told of it: OVERSIZE, and whatever of the four bytes may be. */
static void
expect_told(const struct tally *t, uint64_t count, const struct limit *limit,
    bool whole)
{
	uint64_t max = max_of(limit, whole), bytes = whole ? 0 : 4;
	bool over = max != 0 && count > max;

	if (over && limit->policy == EVCHAT_OVERSIZE_CLOSE) {
		ck_assert_ptr_null(t->chat);
		ck_assert_int_eq(t->h->why, EVCHAT_REASON_OVERSIZE);
		return;
	}
	if (over && limit->policy == EVCHAT_OVERSIZE_DISCARD)
		bytes = 0;
	else if (over && bytes > max)
		bytes = max;
	ck_assert_uint_eq(t->oversized, over);
	ck_assert_uint_eq(t->bytes, bytes);
	ck_assert_uint_eq(t->frames, 0);
	ck_assert_uint_eq(evchat_get_terminator_remaining(t->chat), count - 4);
}

static void
declare(enum harness_carrier carrier, uint64_t count,
    const struct limit *limit, bool whole)
{
	struct tally t;
	size_t before, i;

	ledger_open();
	tally_start(&t, carrier, whole);
	if (limit->max != UINT64_MAX)
		ck_assert_int_eq(evchat_set_max_frame(t.chat, limit->max,
		    limit->policy), 0);
	harness_turn(t.h);
	before = ledger_now();
	(void)ledger_largest();
	ck_assert_int_eq(evchat_set_terminator_count(t.chat, count), 0);
	harness_turn(t.h);
	for (i = 0; i < 4 && t.chat != NULL; i++) {
		tally_send(&t, &"four"[i], 1);
		harness_turn(t.h);
	}
	ck_assert_uint_le(ledger_largest(), LARGEST_BLOCK);
	ck_assert_uint_le(ledger_most(), before + LARGEST_BLOCK + KEPT);
	ck_assert_uint_le(ledger_now(), before + KEPT);
	expect_told(&t, count, limit, whole);
	tally_free(&t);
	ledger_close();
}

START_TEST(declared_count_commits_nothing)
{
	size_t c, l;

	for (c = 0; c < N(carriers); c++)
		for (l = 0; l < N(limits); l++)
			declare(carriers[c], counts[_i / 2], &limits[l],
			    _i % 2 != 0);
}
END_TEST

static Suite *
declared_suite(void)
{
	Suite *suite = suite_create("declared");
	TCase *tc = harness_case(suite, "declared");

	tcase_add_loop_test(tc, declared_count_commits_nothing, 0,
	    2 * (int)N(counts));
	return suite;
}

int
main(void)
{
	return harness_main(declared_suite());
}
