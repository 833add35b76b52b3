/*
 * Unread bytes, used in any way in any order, with memory that runs out now
 * and then: what there is agrees with a plain array, and what is lent stays as
 * it was.
 */

#include <string.h>
#include "../lib/unread.h"
#include "harness.h"
#include "unit.h"

struct model {
	struct unread unread;
	char bytes[2000]; /* what is unread */
	size_t len;
	size_t shown;     /* of these */
	const unsigned char *lent;
	char copy[2000];  /* of what is lent */
	size_t lent_len;
};

static void
take_some(struct model *model)
{
	struct evbuffer *buffer;
	size_t chains, len;

	harness_fail_allocation(0);
	buffer = evbuffer_new();
	for (chains = 1 + unit_random(4); chains > 0; chains--) {
		len = 1 + unit_random(unit_random(10) == 0 ? 300 : 5);
		unit_random_bytes(model->bytes + model->len, len, "abcdefgh");
		unit_add_chain(buffer, model->bytes + model->len, len);
		model->len += len;
	}
	(void)unread_take(&model->unread, buffer);
	evbuffer_free(buffer);
	model->lent_len = 0;
}

/* Look at what comes next, on the next chain if need be. */
static void
show_more(struct model *model)
{
	const unsigned char *bytes;
	size_t len;

	bytes = unread_at(&model->unread, model->shown, &len);
	if (bytes == NULL) {
		model->lent_len = 0;
		unread_return(&model->unread);
		if (unread_advance(&model->unread, model->shown) == -1)
			return;
		bytes = unread_at(&model->unread, model->shown, &len);
	}
	if (memcmp(bytes != NULL ? bytes : (const void *)"",
	    model->bytes + model->shown, len) != 0)
		ck_abort_msg("shown %.*s", (int)len, bytes);
	model->shown += len;
}

static void
lend(struct model *model, const unsigned char *bytes, size_t len)
{
	unread_lend(&model->unread);
	model->lent = bytes;
	model->lent_len = len;
	memcpy(model->copy, model->bytes, len);
}

static void
lend_some(struct model *model)
{
	const unsigned char *bytes;
	size_t len = model->shown > 0 ? 1 + unit_random(model->shown) : 0;

	unread_return(&model->unread);
	model->lent_len = 0;
	if (len == 0)
		return;
	if (unit_random(2) == 0)
		bytes = unread_piece(&model->unread, &len);
	else if ((bytes = unread_first(&model->unread, len)) == NULL)
		return;
	lend(model, bytes, len);
}

static void
use_some(struct model *model)
{
	size_t len = unit_random(model->shown + 1);

	if (unit_random(50) == 0)
		len = model->len;
	unread_consume(&model->unread, len);
	model->len -= len;
	model->shown -= len < model->shown ? len : model->shown;
	memmove(model->bytes, model->bytes + len, model->len);
}

static void
put_some_in_front(struct model *model)
{
	char bytes[8];
	size_t len = 1 + unit_random(sizeof(bytes));

	unit_random_bytes(bytes, len, "ABCDEFGH");
	if (unread_insert(&model->unread, 0, bytes, len) == -1)
		return;
	memmove(model->bytes + len, model->bytes, model->len);
	memcpy(model->bytes, bytes, len);
	model->len += len;
	model->shown = 0;
}

static void
compare_copy(struct model *model)
{
	struct evbuffer *out;

	harness_fail_allocation(0);
	out = evbuffer_new();
	if (unread_copy(&model->unread, out) == -1 ||
	    evbuffer_get_length(out) != model->len || (model->len > 0 &&
	    memcmp(evbuffer_pullup(out, -1), model->bytes, model->len) != 0))
		ck_abort_msg("copy is not %.*s", (int)model->len, model->bytes);
	evbuffer_free(out);
}

static void
do_something(struct model *model)
{
	size_t what = unit_random(20);

	if (what < 6 && unread_wants(&model->unread) && model->len < 500)
		take_some(model);
	else if (what < 11)
		show_more(model);
	else if (what < 14)
		lend_some(model);
	else if (what < 17)
		use_some(model);
	else if (what < 18 && model->len < 500)
		put_some_in_front(model);
	else if (what < 19)
		compare_copy(model);
	else {
		unread_settle(&model->unread);
		model->lent_len = 0;
	}
}

START_TEST(random_uses_agree_with_a_plain_array)
{
	struct model model = { .len = 0 };
	size_t i;

	unread_init(&model.unread);
	for (i = unit_cases(100000); i > 0; i--) {
		harness_fail_allocation(unit_random(4) == 0 ? 1 : 0);
		do_something(&model);
		harness_fail_allocation(0);
		if (unread_len(&model.unread) != model.len)
			ck_abort_msg("%zu unread, not %zu",
			    unread_len(&model.unread), model.len);
		if (model.lent_len > 0 &&
		    memcmp(model.lent, model.copy, model.lent_len) != 0)
			ck_abort_msg("lent %.*s", (int)model.lent_len,
			    model.copy);
	}
	unread_free(&model.unread);
	ck_assert_int_eq(unit_chains(), 0);
}
END_TEST

static Suite *
unread_random_suite(void)
{
	Suite *suite = suite_create("unread_random");
	TCase *tc = harness_case(suite, "random");

	tcase_add_test(tc, random_uses_agree_with_a_plain_array);
	return suite;
}

int
main(void)
{
	return harness_main(unread_random_suite());
}
