/*
 * Held bytes, used in any order: they agree with a plain array.
 */

#include <string.h>
#include "../lib/hold.h"
#include "../lib/mem.h"
#include "harness.h"
#include "unit.h"

#define MOST 3000 /* bytes held by a model */

struct model {
	char bytes[MOST];
	size_t len;
};

static void
model_add(struct model *model, size_t at, const char *bytes, size_t len)
{
	memmove(model->bytes + at + len, model->bytes + at, model->len - at);
	memcpy(model->bytes + at, bytes, len);
	model->len += len;
}

static void
do_something(struct hold *hold, struct model *model)
{
	char bytes[400];
	size_t len = unit_random(unit_random(8) == 0 ? sizeof(bytes) : 20);
	size_t what = unit_random(8);
	void *old = NULL;

	unit_random_bytes(bytes, len, "abcdefghijklmnopqrstuvwxyz");
	harness_fail_allocation(unit_random(6) == 0 ? 1 : 0);
	if (what < 3 && model->len + len <= MOST) {
		if (hold_append(hold, bytes, len) == 0)
			model_add(model, model->len, bytes, len);
	} else if (what < 4 && len > 0 && model->len + len <= MOST) {
		if (hold_prepend(hold, bytes, len, &old) == 0)
			model_add(model, 0, bytes, len);
		mem_free(old);
	} else if (what < 7) {
		len = unit_random(model->len + 1);
		hold_consume(hold, len);
		model->len -= len;
		memmove(model->bytes, model->bytes + len, model->len);
	} else
		hold_trim(hold);
	harness_fail_allocation(0);
}

START_TEST(random_uses_agree_with_a_plain_array)
{
	struct hold hold = { 0 };
	struct model model = { .len = 0 };
	size_t i;

	for (i = unit_cases(200000); i > 0; i--) {
		do_something(&hold, &model);
		if (hold_len(&hold) != model.len || (model.len > 0 &&
		    memcmp(hold_bytes(&hold), model.bytes, model.len) != 0))
			ck_abort_msg("%zu uses before the last one", i - 1);
	}
	hold_free(&hold);
}
END_TEST

static Suite *
hold_random_suite(void)
{
	Suite *suite = suite_create("hold_random");
	TCase *tc = harness_case(suite, "random");

	tcase_add_test(tc, random_uses_agree_with_a_plain_array);
	return suite;
}

int
main(void)
{
	return harness_main(hold_random_suite());
}
