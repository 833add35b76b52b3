/*
 * Lengths that a peer declares and does not keep to: under every framing that
 * has any, a header that announces up to 2^64 - 1 bytes, and four of them.
 * Nothing is allocated for what was not received, whatever the maximum is and
 * whatever is done above it.
 */

#include <string.h>
#include "harness.h"
#include "kinds.h"
#include "ledger.h"
#include "tally.h"

#define LARGEST_BLOCK 8192 /* libevent's, to read into */
#define KEPT (512 + 256) /* a frame in progress, its bytes, and room to grow */

#define N(array) (sizeof(array) / sizeof((array)[0]))

static const struct declaring {
	const char *kind;
	uint64_t most;       /* that can be declared */
	size_t delivered;    /* bytes of the header */
	bool in_parts;       /* what is declared is not the frame */
} declaring[] = {
	{ "length", UINT32_MAX, 0, false },
	{ "length with a long header", UINT32_MAX, 0, false },
	{ "wide length", UINT64_MAX, 0, false },
	{ "delivered length", UINT64_MAX, 10, false },
	{ "varint", UINT64_MAX, 0, false },
	{ "netstring", UINT64_MAX, 0, false },
	{ "octet count", UINT64_MAX, 0, false },
	{ "numbered", UINT64_MAX, 0, false },
	{ "fixed", SIZE_MAX, 0, false },
	{ "chunked", UINT64_MAX, 0, true }
};

static const uint64_t lengths[] = {
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
	{ 2, EVCHAT_OVERSIZE_CLOSE },
	{ 2, EVCHAT_OVERSIZE_DISCARD },
	{ 2, EVCHAT_OVERSIZE_TRUNCATE }
};

static const enum harness_carrier carriers[] = {
	HARNESS_PAIR, HARNESS_SOCKET, HARNESS_TCP
};

struct run {
	const struct declaring *declaring;
	uint64_t length;
	const struct limit *limit;
	bool whole;
};

/* The maximum that holds, for frames that come whole or in pieces. */
static uint64_t
max_of(const struct run *run)
{
	if (run->limit->max != UINT64_MAX)
		return run->limit->max;
	return run->whole ? (uint64_t)1 << 20 : 0;
}

/* What is told of it: OVERSIZE, and whatever of the bytes may be. */
static void
expect_told(const struct tally *t, const struct run *run)
{
	uint64_t max = max_of(run), seen = 4 + run->declaring->delivered;
	uint64_t length = run->declaring->in_parts ? seen : run->length;
	bool over = max != 0 && length > max;

	if (over && run->limit->policy == EVCHAT_OVERSIZE_CLOSE) {
		ck_assert_ptr_null(t->chat);
		ck_assert_int_eq(t->h->why, EVCHAT_REASON_OVERSIZE);
		return;
	}
	ck_assert_ptr_nonnull(t->chat);
	/* Of a chunk two bytes come before that is known. */
	if (over && run->limit->policy == EVCHAT_OVERSIZE_DISCARD)
		seen = run->declaring->in_parts ? max : 0;
	else if (over && seen > max)
		seen = max;
	ck_assert_uint_eq(t->oversized, over);
	ck_assert_uint_eq(t->bytes, run->whole ? 0 : seen);
	ck_assert_uint_eq(t->frames, 0);
	ck_assert_uint_eq(evchat_get_frame_length(t->chat), length);
}

static void
send_some(struct tally *t, const void *bytes, size_t len)
{
	if (t->chat == NULL)
		return;
	tally_send(t, bytes, len);
	harness_turn(t->h);
}

static void
start(struct tally *t, enum harness_carrier carrier, const struct run *run)
{
	struct evchat_framing *framing = kind_new(
	    kind_named(run->declaring->kind), (size_t)run->length);

	tally_start(t, carrier, run->whole);
	if (run->limit->max != UINT64_MAX)
		ck_assert_int_eq(evchat_set_max_frame(t->chat, run->limit->max,
		    run->limit->policy), 0);
	ck_assert_int_eq(evchat_set_framing(t->chat, framing), 0);
	evchat_framing_free(framing);
	harness_turn(t->h);
}

static void
declare(enum harness_carrier carrier, const struct run *run)
{
	unsigned char head[KIND_HEAD];
	size_t before, i, n = kind_head(kind_named(run->declaring->kind),
	    run->length - run->declaring->delivered, head);
	size_t kept = KEPT + n * 9 / 4;
	struct tally t;

	ledger_open();
	start(&t, carrier, run);
	before = ledger_now();
	(void)ledger_largest();
	(void)ledger_most();
	if (n > 1)
		send_some(&t, head, n - 1);
	if (n > 0)
		send_some(&t, head + n - 1, 1);
	for (i = 0; i < 4; i++)
		send_some(&t, &"four"[i], 1);
	ck_assert_uint_le(ledger_largest(), LARGEST_BLOCK);
	ck_assert_uint_le(ledger_most(), before + LARGEST_BLOCK + kept);
	ck_assert_uint_le(ledger_now(), before + kept);
	expect_told(&t, run);
	tally_free(&t);
	ledger_close();
}

START_TEST(declared_length_commits_nothing)
{
	struct run run = {
		.declaring = &declaring[_i / 2], .whole = _i % 2 != 0
	};
	size_t c, i, l;

	for (i = 0; i < N(lengths); i++) {
		run.length = lengths[i];
		if (run.length > run.declaring->most)
			continue;
		for (l = 0; l < N(limits); l++) {
			run.limit = &limits[l];
			for (c = 0; c < N(carriers); c++)
				declare(carriers[c], &run);
		}
	}
}
END_TEST

static Suite *
declared_framings_suite(void)
{
	Suite *suite = suite_create("declared_framings");
	TCase *tc = harness_case(suite, "declared_framings");

	tcase_add_loop_test(tc, declared_length_commits_nothing, 0,
	    2 * (int)N(declaring));
	return suite;
}

int
main(void)
{
	return harness_main(declared_framings_suite());
}
