/*
 * Anything from anywhere: hooks, more, done and cleanups that call whatever a
 * seeded generator says, on every carrier, while a peer sends and reads. What
 * comes of it cannot be foretold, so what is looked at is what must hold
 * whatever happens: no hook inside a call or while paused, one closed, one
 * done for each producer, one cleanup for each reference, no leak.
 */

#include <stdio.h>
#include <stdlib.h>
#include "anything.h"

#define STEPS 40

/* Hooks */

static void
check_data_hook(struct anything *a)
{
	ck_assert_int_eq(a->depth, 0);
	ck_assert(!a->paused);
	ck_assert_int_eq(a->h->closed, 0);
}

static void
on_collect(struct harness *h, const void *data, size_t len)
{
	struct anything *a = h->user;

	check_data_hook(a);
	ck_assert_uint_gt(len, 0);
	anything_do(a, data, len);
	/* What was lent is still there, whatever was done. */
	harness_note_bytes(h, "again", data, len);
	anything_do(a, data, len);
}

static void
on_found(struct harness *h)
{
	check_data_hook(h->user);
	anything_do(h->user, NULL, 0);
	anything_do(h->user, NULL, 0);
}

static void
on_frame(struct harness *h, const void *data, size_t len)
{
	check_data_hook(h->user);
	anything_do(h->user, data, len);
	harness_note_bytes(h, "again", data, len);
	anything_do(h->user, data, len);
}

static void
on_event(struct harness *h, enum evchat_event what)
{
	struct anything *a = h->user;

	(void)what;
	ck_assert_int_eq(a->depth, 0);
	ck_assert_int_eq(h->closed, 0);
	anything_do(a, NULL, 0);
}

static void
on_closed(struct harness *h, enum evchat_reason why)
{
	struct anything *a = h->user;

	(void)why;
	ck_assert(a->depth == 0 || a->ending_call);
	ck_assert_int_eq(a->producers, 0);
	ck_assert_int_eq(a->marks, 0);
	ck_assert_int_eq(a->references, 0);
	anything_do(a, NULL, 0);
}

/* From the loop, outside of all hooks. */
static void
on_later(struct harness *h)
{
	struct anything *a = h->user;

	if (h->chat == NULL)
		return;
	a->paused = false;
	evchat_resume(h->chat);
	anything_do(a, NULL, 0);
}

static void
send_anything(struct anything *a)
{
	static const char letters[] = "aaab\r\n\r\nxy";
	char bytes[64];
	size_t i, len = 1 + anything_draw(a, sizeof(bytes));

	for (i = 0; i < len; i++)
		bytes[i] = letters[anything_draw(a, sizeof(letters) - 1)];
	harness_send(a->h, bytes, len);
}

static void
run(enum harness_carrier carrier, uint64_t seed)
{
	struct anything a = { .random = seed, .budget = 60 };
	static const unsigned options[] = { 0, EVCHAT_OPT_DELIVER_LAST,
	    EVCHAT_OPT_HALF_OPEN, EVCHAT_OPT_NO_AUTO_PAUSE };
	struct harness *h = harness_new(carrier);
	int i;

	a.h = h;
	h->user = &a;
	h->script = (struct harness_script){ .collect = on_collect,
	    .found = on_found, .frame = on_frame, .event = on_event,
	    .closed = on_closed };
	harness_start(h, anything_draw(&a, 2) ? &harness_frames :
	    &harness_streaming, options[anything_draw(&a, 4)]);
	for (i = 0; i < STEPS && h->chat != NULL; i++) {
		send_anything(&a);
		if (anything_draw(&a, 2))
			harness_turn(h);
		if (h->chat != NULL && anything_draw(&a, 3) == 0)
			harness_later(h, on_later);
	}
	if (h->chat != NULL && anything_draw(&a, 3) > 0) {
		harness_send_eof(h);
		harness_later(h, on_later);
		harness_turn(h);
	}
	a.budget = 0;
	a.ending_call = true;
	anything_end_group(&a);
	harness_free(h);
	ck_assert_int_eq(a.producers + a.marks + a.references + a.lent, 0);
}

START_TEST(anything_may_be_called_from_anywhere)
{
	const char *cases = getenv("EVCHAT_TEST_CASES");
	const char *seed = getenv("EVCHAT_TEST_SEED");
	uint64_t first = seed != NULL ? strtoull(seed, NULL, 10) : 1;
	uint64_t n = cases != NULL ? strtoull(cases, NULL, 10) : 120, i;

	for (i = 0; i < n; i++) {
		uint64_t at = (first + i) * HARNESS_CARRIERS + (uint64_t)_i;

		if (getenv("EVCHAT_TEST_VERBOSE") != NULL)
			fprintf(stderr, "%s, seed %llu\n",
			    harness_carrier_name((enum harness_carrier)_i),
			    (unsigned long long)(first + i));
		run((enum harness_carrier)_i, at);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("anything");
	TCase *tc = harness_case(suite, "anything");

	tcase_add_loop_test(tc, anything_may_be_called_from_anywhere, 0,
	    HARNESS_CARRIERS);
	return (harness_main(suite));
}
