/*
 * The read side with calls in any order between steps, which must neither lose
 * nor invent a byte.
 */

#include <string.h>
#include "harness.h"
#include "unit_input.h"

/* Anything, in any order */

struct fuzz {
	struct unit_input u;
	char unread[4000]; /* what must be unread */
	size_t len;
	uint64_t offset;
};

/* Compare with what is unread now: nothing but its front may be gone. */
static void
compare_unread(struct fuzz *f)
{
	struct evbuffer *out = evbuffer_new();
	size_t len, gone;

	if (input_copy_unread(&f->u.input, out) == -1)
		ck_abort_msg("no memory");
	len = evbuffer_get_length(out);
	if (len > f->len)
		ck_abort_msg("%zu bytes from nowhere", len - f->len);
	gone = f->len - len;
	if (len > 0 && memcmp(evbuffer_pullup(out, -1), f->unread + gone,
	    len) != 0)
		ck_abort_msg("not what was unread");
	if (f->u.input.offset != f->offset + gone)
		ck_abort_msg("offset %ju, not %ju + %zu",
		    (uintmax_t)f->u.input.offset, (uintmax_t)f->offset, gone);
	memmove(f->unread, f->unread + gone, len);
	f->len = len;
	f->offset += gone;
	evbuffer_free(out);
}

static void
give_back(struct fuzz *f, const char *bytes, size_t len)
{
	if (f->len + len > sizeof(f->unread) ||
	    input_unread(&f->u.input, bytes, len) == -1)
		return;
	memmove(f->unread + len, f->unread, f->len);
	memcpy(f->unread, bytes, len);
	f->len += len;
	f->offset -= len < f->offset ? len : f->offset;
}

static struct terminator
any_terminator(void)
{
	static const char *const delimiters[] = { "a", "ab", "aab", "ba" };
	struct terminator terminator = { .kind = SCAN_NONE };
	const char *delimiter;

	switch (unit_random(4)) {
	case 0:
		break;
	case 1:
		terminator.kind = SCAN_COUNT;
		terminator.count = unit_random(8);
		break;
	default:
		delimiter = delimiters[unit_random(4)];
		terminator.framing = evchat_framing_delimiter(delimiter,
		    strlen(delimiter), 0);
		terminator.kind = SCAN_FRAMING;
	}
	return terminator;
}

/* The driver calls this between steps. */
static void
do_anything(struct unit_input *u, enum input_what what,
    const struct input_step *step)
{
	struct fuzz *f = (struct fuzz *)u;
	struct terminator terminator;
	size_t choice = unit_random(12), some;
	char bytes[3];

	(void)what;
	(void)step;
	harness_fail_allocation(0);
	compare_unread(f);
	if (choice == 0) {
		terminator = any_terminator();
		input_set_terminator(&u->input, &terminator);
	} else if (choice == 1) {
		terminator = any_terminator();
		input_set_next(&u->input, &terminator);
	} else if (choice == 2)
		input_set_max(&u->input, unit_random(6),
		    (enum evchat_oversize)(1 + unit_random(2)));
	else if (choice == 3 && u->lent.len > 0 && u->count-- > 0) {
		some = unit_random(u->lent.len);
		give_back(f, (const char *)u->lent.data + some,
		    u->lent.len - some);
	} else if (choice == 4 && u->count-- > 0) {
		unit_random_bytes(bytes, sizeof(bytes), "ab");
		give_back(f, bytes, 1 + unit_random(sizeof(bytes)));
	} else if (choice == 5) {
		unit_input_discard(u);
		f->offset += f->len;
		f->len = 0;
	} else if (choice == 6)
		u->whole = !u->whole;
	compare_unread(f);
	harness_fail_allocation(unit_random(8) == 0 ? 1 : 0);
}

static void
feed_anything(struct fuzz *f)
{
	struct evbuffer *from = evbuffer_new();
	size_t len, chains = 1 + unit_random(3);

	compare_unread(f);
	while (chains-- > 0) {
		len = 1 + unit_random(unit_random(4) == 0 ? 100 : 6);
		unit_random_bytes(f->unread + f->len, len, "ab");
		unit_add_chain(from, f->unread + f->len, len);
		f->len += len;
	}
	f->u.count = 10;
	unit_input_run(&f->u, from);
	harness_fail_allocation(0);
	evbuffer_free(from);
}

START_TEST(calls_in_any_order_lose_no_byte)
{
	long blocks = harness_blocks();
	struct fuzz f = { .len = 0 };
	size_t i, j;

	for (i = unit_cases(2000); i > 0; i--) {
		unit_input_init(&f.u, unit_random(2), unit_random(2));
		f.u.act = do_anything;
		f.len = f.offset = 0;
		for (j = unit_random(10); j > 0; j--)
			feed_anything(&f);
		unit_input_eof(&f.u);
		harness_fail_allocation(0);
		compare_unread(&f);
		unit_input_free(&f.u);
		if (unit_chains() != 0 || harness_blocks() != blocks)
			ck_abort_msg("memory was kept");
	}
}
END_TEST

static Suite *
input_random_suite(void)
{
	Suite *suite = suite_create("input_random");
	TCase *tc = harness_case(suite, "random");

	tcase_add_test(tc, calls_in_any_order_lose_no_byte);
	return suite;
}

int
main(void)
{
	return harness_main(input_random_suite());
}
